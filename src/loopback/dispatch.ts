/**
 * The life of a system call on the real kernel: entered, perhaps blocked and woken, left. Logs all of it, as the
 * simulator's dispatcher does. Knows no promises: whoever makes a call gives a function that takes the answer.
 */
import { must } from '../sim/base/bug.ts';
import type { Time } from '../sim/base/time.ts';
import { type Answer, descriptorOf, logEnter, logExit } from '../sim/syscall/call-log.ts';
import type { Position } from '../sim/syscall/kernel.ts';
import type { CallName } from '../sim/syscall/signatures.ts';
import type { ThreadState } from '../sim/syscall/threads.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Call, Handler, Park, ProcessState, Reply } from './call.ts';
import { HANDLERS } from './calls.ts';
import type { Libc } from './libc.ts';

/** A host of the topology, as the real kernel stands in for it. */
export interface Host {
  readonly index: number;
  readonly name: string;
  /** Its loopback address. */
  readonly ip: string;
}

/** A thread. */
export interface Task extends ThreadState {
  readonly host: Host;
  readonly process: ProcessState;
  call: PendingCall | undefined;
}

/** A system call in progress. */
export interface PendingCall {
  readonly name: CallName;
  /** Number of its `call.enter`. */
  readonly enter: number;
  /** What it waits for, in words. */
  on: string;
  readonly attempt: () => Reply;
  readonly done: (answer: Answer) => void;
}

export class Dispatcher {
  readonly #libc: Libc;
  readonly #log: Log;
  readonly #now: () => Time;
  readonly #parked = new Map<Task, Park>();
  #sockets = 0;

  constructor(libc: Libc, log: Log, now: () => Time) {
    this.#libc = libc;
    this.#log = log;
    this.#now = now;
  }

  /** The threads that wait in a call, and for what, in the order in which they began to. */
  get parked(): ReadonlyMap<Task, Park> {
    return this.#parked;
  }

  /** Makes a call: tries it at once, and parks the thread if it cannot finish. @throws Refused before it is made */
  invoke(
    task: Task,
    name: CallName,
    args: readonly unknown[],
    position: Position | undefined,
    done: (answer: Answer) => void,
  ): void {
    must(task.call === undefined, `thread ${task.name} is in two calls`);
    const { host, process } = task;
    const here = { host: host.index, task: task.id };
    const call: Call = {
      name,
      libc: this.#libc,
      process,
      ip: host.ip,
      log: this.#log,
      here,
      nextSocket: () => ++this.#sockets,
      now: this.#now,
      at: this.#now(),
    };
    const attempt = (HANDLERS[name] as Handler<readonly unknown[]>)(call, args);
    this.#log.now = this.#now();
    const sock = process.fds.get(descriptorOf(name, args))?.file.sock ?? 0;
    const enter = logEnter(this.#log, { ...here, sock, cause: -1 }, { pid: process.pid, name, args, position });
    task.call = { name, enter, on: '', attempt, done };
    this.#proceed(task, task.call, enter);
  }

  /** Tries the call of a parked thread again: poll(2) or the clock says that it may go on. */
  resume(task: Task): void {
    const { call } = task;
    if (!call) return;
    this.#log.now = this.#now();
    const woken = this.#log.add(
      'call.wake',
      { host: task.host.index, task: task.id, cause: -1 },
      { enter: call.enter },
    );
    const park = this.#parked.get(task);
    this.#parked.delete(task);
    this.#proceed(task, call, woken);
    release(park);
  }

  /** Gives a thread's call up, as a signal would: it ends with EINTR and nobody hears of it. */
  giveUp(task: Task): void {
    const { call } = task;
    if (!call) return;
    const park = this.#parked.get(task);
    this.#parked.delete(task);
    this.#log.now = this.#now();
    this.#leave(task, call, { errno: 'EINTR' });
    release(park);
  }

  #proceed(task: Task, call: PendingCall, cause: number): void {
    const log = this.#log;
    log.cause = cause;
    const reply = call.attempt();
    log.now = this.#now();
    if ('on' in reply) {
      call.on = reply.on;
      for (const { descriptor } of reply.polls) descriptor.hold();
      this.#parked.set(task, reply);
      log.add('call.block', { host: task.host.index, task: task.id }, { enter: call.enter, on: reply.on });
      log.cause = -1;
      return;
    }
    this.#leave(task, call, reply);
    log.cause = -1;
    call.done(reply);
  }

  #leave(task: Task, call: PendingCall, answer: Answer): void {
    logExit(this.#log, { host: task.host.index, task: task.id }, call.enter, call.name, answer);
    task.call = undefined;
  }
}

/** A call that no longer waits lets go of its descriptors. */
function release(park: Park | undefined): void {
  for (const { descriptor } of park?.polls ?? []) descriptor.release();
}
