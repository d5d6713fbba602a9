/**
 * From a call's name to its handler, and the life of a call: entered, perhaps blocked and woken, left. Logs all of it.
 * Knows no promises: whoever makes a call gives a function that takes the outcome.
 */
import { must } from '../base/bug.ts';
import type { Host } from '../kernel/host.ts';
import type { PendingCall, ProcessState, Reply, Task } from '../kernel/task.ts';
import type { Call, Handler } from './call.ts';
import { type Answer, descriptorOf, keptArgs, logEnter, logExit } from './call-log.ts';
import * as handlers from './handlers.ts';
import type { Position } from './kernel.ts';
import { getsockopt, setsockopt } from './options.ts';
import type { CallName } from './signatures.ts';
import { recv, send } from './transfer.ts';

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

export interface Invocation {
  host: Host;
  process: ProcessState;
  task: Task;
  name: CallName;
  args: readonly unknown[];
  position: Position | undefined;
  done: (answer: Answer) => void;
}

/** Makes a call: tries it at once, and parks the thread if it cannot finish. */
export function invoke(invocation: Invocation): void {
  const { host, process, task, name, position, done } = invocation;
  const { log } = host.machine;
  const args = keptArgs(log, name, invocation.args);
  must(task.call === undefined, `thread ${task.name} is in two calls`);
  const here = { host: host.index, task: task.id };
  const sock = process.fds.get(descriptorOf(name, args))?.socket?.id ?? 0;
  const enter = logEnter(log, { ...here, sock, cause: -1 }, { pid: process.pid, name, args, position });
  const call: Call = { host, process, task, log, here, enter };
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
  leave(host, task, call, reply);
  call.done(reply);
}

function leave(host: Host, task: Task, call: PendingCall, answer: Answer): void {
  logExit(host.machine.log, { host: host.index, task: task.id }, call.enter, call.name, answer);
  task.call = undefined;
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
  leave(host, task, call, { errno: 'EINTR' });
}
