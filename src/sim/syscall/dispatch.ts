/**
 * From a call's name to its handler, and the life of a call: entered, perhaps blocked and woken, left. Logs all of it.
 * Knows no promises: whoever makes a call gives a function that takes the outcome.
 */
import { must } from '../base/bug.ts';
import type { Host } from '../kernel/host.ts';
import { letGo, releaseFile } from '../kernel/release.ts';
import type { Parked, PendingCall, ProcessState, Reply, Task } from '../kernel/task.ts';
import type { Call, Handler } from './call.ts';
import { type Answer, descriptorOf, keptArgs, logEnter, logExit } from './call-log.ts';
import { connect } from './connect.ts';
import * as epoll from './epoll.ts';
import * as files from './files.ts';
import * as sockets from './handlers.ts';
import type { Position } from './kernel.ts';
import { recvmsg } from './messages.ts';
import * as moves from './moves.ts';
import { getsockopt, setsockopt } from './options.ts';
import * as ready from './ready.ts';
import type { CallName } from './signatures.ts';
import * as transfer from './transfer.ts';

/** A handler of some call: which arguments it takes is known by the facade alone. */
type AnyHandler = (call: Call, args: never) => () => Reply;

/* biome-ignore format: a table */
const HANDLERS: Record<CallName, AnyHandler> = {
  socket: sockets.socket, bind: sockets.bind, listen: sockets.listen, accept: sockets.accept, accept4: sockets.accept,
  connect, shutdown: sockets.shutdown, getsockname: sockets.getsockname, getpeername: sockets.getpeername,
  setsockopt, getsockopt,
  read: transfer.read, readv: transfer.readv, recv: transfer.recv, recvfrom: transfer.recv, recvmsg,
  write: transfer.write, writev: transfer.writev, send: transfer.send, sendto: transfer.send, sendmsg: transfer.sendmsg,
  poll: ready.poll, select: ready.select, epoll_create: epoll.create, epoll_create1: epoll.create1, epoll_ctl: epoll.control,
  epoll_wait: epoll.wait, epoll_pwait: epoll.wait,
  close: files.close, dup: files.dup, fcntl: files.fcntl, ioctl: files.ioctl, pipe2: files.pipe2, open: files.open,
  lseek: files.lseek, sendfile: moves.sendfile, splice: moves.splice,
  nanosleep: ready.nanosleep,
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
  const fd = descriptorOf(name, args);
  const file = process.fds.get(fd);
  const sock = file?.socket?.id ?? 0;
  const enter = logEnter(log, { ...here, sock, cause: -1 }, { pid: process.pid, name, args, position });
  const call: Call = { host, process, task, log, here, enter, at: host.now, fd, file };
  const attempt = (HANDLERS[name] as Handler<readonly unknown[]>)(call, args);
  task.call = { name, enter, on: '', queues: [], alarm: undefined, file, held: false, attempt, done };
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
  stopWaiting(host, task);
  const reply = call.attempt();
  if ('park' in reply) {
    wait(host, task, call, reply);
    return;
  }
  leave(host, task, call, reply);
  call.done(reply);
}

function wait(host: Host, task: Task, call: PendingCall, { park, on, until }: Parked): void {
  const { log, scheduler, runQueue } = host.machine;
  call.on = on;
  call.queues = park;
  for (const queue of park) queue.add(task);
  if (call.file && !call.held && call.file.references > 0) {
    call.file.references++;
    call.held = true;
  }
  const blocked = log.add('call.block', { host: host.index, task: task.id }, { enter: call.enter, on });
  if (until === undefined) return;
  call.alarm = scheduler.at(until, () => {
    call.alarm = undefined;
    runQueue.ready(task, blocked);
  });
}

function leave(host: Host, task: Task, call: PendingCall, answer: Answer): void {
  if (call.held && call.file && --call.file.references === 0) {
    const lingering = releaseFile(host, call.file); // the call that ends here is not close(): it does not wait
    if (lingering) letGo(host, lingering.socket);
  }
  logExit(host.machine.log, { host: host.index, task: task.id }, call.enter, call.name, answer);
  task.call = undefined;
}

function stopWaiting(host: Host, task: Task): void {
  const { call } = task;
  if (!call) return;
  for (const queue of call.queues) queue.remove(task);
  call.queues = [];
  if (call.alarm) host.machine.scheduler.cancel(call.alarm);
  call.alarm = undefined;
}

/** Gives a thread's call up, as a signal would: it ends with EINTR and nobody hears of it. */
export function giveUp(host: Host, task: Task): void {
  const { call } = task;
  if (!call) return;
  stopWaiting(host, task);
  host.machine.runQueue.remove(task);
  leave(host, task, call, { errno: 'EINTR' });
}
