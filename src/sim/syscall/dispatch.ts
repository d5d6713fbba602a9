/**
 * From a call's name to its handler, and the life of a call: entered, perhaps blocked and woken, left. Logs all of it.
 * Knows no promises: whoever makes a call gives a function that takes the outcome.
 */
import { must } from '../base/bug.ts';
import { EMPTY } from '../base/bytes.ts';
import { errnoNumber } from '../base/errno.ts';
import type { Host } from '../kernel/host.ts';
import { type PendingCall, type ProcessState, type Reply, type Task, WaitQueue } from '../kernel/task.ts';
import type { Call, Handler } from './call.ts';
import * as handlers from './handlers.ts';
import type { Position } from './kernel.ts';
import { getsockopt, setsockopt } from './options.ts';
import { type CallName, SIGNATURES } from './signatures.ts';
import { recv, send } from './transfer.ts';

/** The outcome of a finished call. */
export type Outcome = Exclude<Reply, { park: unknown }>;

/** A handler of some call: which arguments it takes is known by the facade alone. */
type AnyHandler = (call: Call, args: never) => () => Reply;

/* biome-ignore format: a table */
const HANDLERS: Record<CallName, AnyHandler> = {
  socket: handlers.socket, bind: handlers.bind, listen: handlers.listen, accept: handlers.accept,
  connect: handlers.connect, shutdown: handlers.shutdown, close: handlers.closeFd, dup: handlers.dup,
  getsockname: handlers.getsockname, getpeername: handlers.getpeername, nanosleep: handlers.nanosleep,
  read: (call, [fd, buf]: readonly [number, Uint8Array]) => recv(call, [fd, buf, 0]),
  write: (call, [fd, data]: readonly [number, Uint8Array]) => send(call, [fd, data, 0]),
  recv, send, setsockopt, getsockopt,
};

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

/** The arguments as the log keeps them, in the order of the signature: buffers become null, counts are spelled out. */
function loggedArgs(name: CallName, args: readonly unknown[]): string {
  const given = [...args];
  const buffer = args.find(isBytes);
  const values = SIGNATURES[name].args.map(([, form]) => {
    switch (form) {
      case 'count':
        return buffer?.length ?? 0;
      case 'addrlen':
        return name === 'accept' || name === 'getsockname' || name === 'getpeername' ? null : 16;
      case 'optlen':
        return 4;
      case 'addr-out':
      case 'optval-out':
      case 'null':
        return null;
      default: {
        const value = given.shift();
        return isBytes(value) ? null : value;
      }
    }
  });
  return JSON.stringify(values);
}

export interface Invocation {
  host: Host;
  process: ProcessState;
  task: Task;
  name: CallName;
  args: readonly unknown[];
  position: Position | undefined;
  done: (outcome: Outcome) => void;
}

/** Makes a call: tries it at once, and parks the thread if it cannot finish. */
export function invoke(invocation: Invocation): void {
  const { host, process, task, name, args, position, done } = invocation;
  const { log } = host.machine;
  must(task.call === undefined, `thread ${task.name} is in two calls`);
  const here = { host: host.index, task: task.id };
  const fd = SIGNATURES[name].args[0]?.[1] === 'fd' ? (args[0] as number) : -1;
  const out = SIGNATURES[name].args.some(([, form]) => form === 'out');
  const enter = log.add(
    'call.enter',
    { ...here, sock: process.fds.get(fd)?.socket?.id ?? 0, cause: -1 },
    {
      pid: process.pid,
      call: name,
      fd,
      args: loggedArgs(name, args),
      data: out ? EMPTY : (args.find(isBytes) ?? EMPTY),
      cell: position?.cell ?? '',
      line: position?.line ?? 0,
      column: position?.column ?? 0,
    },
  );
  const call: Call = { host, process, task, log, here, enter: () => enter, ownQueue: () => new WaitQueue() };
  const attempt = (HANDLERS[name] as Handler<readonly unknown[]>)(call, args);
  task.call = { name, enter, on: '', queues: [], attempt, done };
  log.cause = enter;
  proceed(host, task);
  log.cause = -1;
}

/** Resumes a woken thread: its call is tried again. */
export function resume(host: Host, task: Task): void {
  const { call } = task;
  const woken = task.woken ?? -1;
  task.woken = undefined;
  if (!call) return;
  const { log } = host.machine;
  log.cause = log.add('call.wake', { host: host.index, task: task.id, cause: woken }, { enter: call.enter });
  proceed(host, task);
  log.cause = -1;
}

function proceed(host: Host, task: Task): void {
  const call = task.call as PendingCall;
  leaveQueues(task);
  const reply = call.attempt();
  if ('park' in reply) {
    call.on = reply.on;
    call.queues = reply.park;
    for (const queue of reply.park) queue.add(task);
    host.machine.log.add('call.block', { host: host.index, task: task.id }, { enter: call.enter, on: reply.on });
    return;
  }
  logExit(host, task, call, reply);
  task.call = undefined;
  call.done(reply);
}

function logExit(host: Host, task: Task, call: PendingCall, reply: Outcome): void {
  const failed = 'errno' in reply;
  host.machine.log.add(
    'call.exit',
    { host: host.index, task: task.id },
    {
      enter: call.enter,
      call: call.name,
      result: failed ? -1 : reply.result,
      errno: failed ? errnoNumber(reply.errno) : 0,
      out: failed ? '[]' : JSON.stringify(reply.out ?? []),
      data: failed ? EMPTY : (reply.data ?? EMPTY),
    },
  );
}

function leaveQueues(task: Task): void {
  for (const queue of task.call?.queues ?? []) queue.remove(task);
}

/** Gives a thread's call up, as a signal would: it ends with EINTR and nobody hears of it. */
export function giveUp(host: Host, task: Task): void {
  const { call } = task;
  if (!call) return;
  leaveQueues(task);
  host.machine.runQueue.remove(task);
  logExit(host, task, call, { errno: 'EINTR' });
  task.call = undefined;
}
