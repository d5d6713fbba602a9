/**
 * Processes, threads, and how a thread waits.
 *
 * A thread is in at most one system call. A call that cannot go on parks its thread on wait queues with a function that
 * tries again; whoever changes what it waits for wakes the queue; the world resumes woken threads one at a time. This
 * module knows neither promises nor sockets.
 */
import type { Errno } from '../base/errno.ts';
import type { Time } from '../base/time.ts';
import type { Alarm } from '../net/scheduler.ts';
import type { FdTable, OpenFile } from './file.ts';

/** How a system call ended, or that it cannot yet. */
export type Reply =
  | {
      result: number;
      out?: readonly unknown[];
      data?: Uint8Array;
      /** The same bytes as `data`, as the packets brought them. */
      pieces?: readonly Uint8Array[];
    }
  | { errno: Errno }
  | Parked;

/** A call that waits: on queues, and no longer than until an instant if one is given. */
export interface Parked {
  park: readonly Waitable[];
  /** What for, in words. */
  on: string;
  until?: Time | undefined;
}

/** Something that a thread can wait on. */
export interface Waitable {
  add(task: Task): void;
  remove(task: Task): void;
}

/** A system call in progress. */
export interface PendingCall {
  readonly name: string;
  /** Number of its `call.enter`. */
  readonly enter: number;
  /** What it waits for, in words. */
  on: string;
  queues: readonly Waitable[];
  /** Wakes it at the instant that it waits for. */
  alarm: Alarm | undefined;
  /** The description that it was made on: held while it waits, so that close() by another thread takes nothing from it. */
  readonly file: OpenFile | undefined;
  /** Whether it holds `file`. */
  held: boolean;
  /** Tries again. */
  readonly attempt: () => Reply;
  /** Hands the outcome to whoever made the call. */
  readonly done: (reply: Exclude<Reply, { park: unknown }>) => void;
}

export interface Task {
  /** Unique in the world: a thread id. */
  readonly id: number;
  readonly name: string;
  readonly process: ProcessState;
  call: PendingCall | undefined;
  /** The event that woke it, when it is on the run queue. */
  woken: number | undefined;
}

export interface ProcessState {
  readonly pid: number;
  readonly name: string;
  readonly fds: FdTable;
}

/** Threads waiting for one thing, in the order in which they came. Most queues are empty, and take next to no memory. */
export class WaitQueue implements Waitable {
  #tasks: Task[] = NOBODY;

  /** A thread waits. It does not wait here yet. */
  add(task: Task): void {
    if (this.#tasks === NOBODY) this.#tasks = [task];
    else this.#tasks.push(task);
  }

  remove(task: Task): void {
    const at = this.#tasks.indexOf(task);
    if (at >= 0) this.#tasks.splice(at, 1);
  }

  get empty(): boolean {
    return this.#tasks.length === 0;
  }

  /** The threads, first come first. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }
}

const NOBODY: Task[] = [];

/** The threads that may go on. */
export class RunQueue {
  readonly #ready: Task[] = [];

  /** Puts waiting threads on the run queue; `cause` is the event that did it. `one`: only the first (exclusive wake). */
  wake(queue: WaitQueue, cause: number, one = false): void {
    for (const task of queue.tasks) if (this.ready(task, cause) && one) return;
  }

  /** Puts one thread on the run queue. @returns false when it is there already */
  ready(task: Task, cause: number): boolean {
    if (task.woken !== undefined) return false;
    task.woken = cause;
    this.#ready.push(task);
    return true;
  }

  /** The next thread to run. */
  next(): Task | undefined {
    return this.#ready.shift();
  }

  /** Takes a thread off, because its call was given up. */
  remove(task: Task): void {
    const at = this.#ready.indexOf(task);
    if (at >= 0) this.#ready.splice(at, 1);
    task.woken = undefined;
  }

  get length(): number {
    return this.#ready.length;
  }
}
