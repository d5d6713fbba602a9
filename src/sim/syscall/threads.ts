/**
 * Who lives in a world: its threads, what each waits for, and which ended by an error that nobody has heard of. Shared by
 * both kernels; knows neither, and no promises.
 */
import type { Log } from '../trace/log.ts';

/** A thread, as far as both kernels have it in common. */
export interface ThreadState {
  /** Unique in the world. */
  readonly id: number;
  readonly name: string;
  /** The call that it is in, and what that waits for, in words. */
  readonly call: { readonly name: string; readonly on: string } | undefined;
}

export class Threads<T extends ThreadState, H extends { readonly index: number; readonly name: string }> {
  readonly #log: Log;
  readonly #hosts = new Map<T, H>();
  readonly #joined = new WeakSet<T>();
  /** Threads that threw, and that nobody has joined. */
  #failed: { thread: T; error: unknown }[] = [];
  #next = 1;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Begins a thread. @param make makes it, given its number */
  start(host: H, pid: number, make: (id: number) => T): T {
    const thread = make(this.#next++);
    this.#hosts.set(thread, host);
    this.#log.add('task.start', { host: host.index, task: thread.id, cause: -1 }, { pid, name: thread.name });
    return thread;
  }

  /** Ends a thread. @param error what it threw; undefined when it returned */
  end(thread: T, error: unknown): void {
    const host = this.hostOf(thread);
    this.#hosts.delete(thread);
    const text = error === undefined ? '' : String((error as { message?: unknown })?.message ?? error);
    this.#log.add('task.end', { host: host.index, task: thread.id, cause: -1 }, { error: text });
    if (error !== undefined && !this.#joined.has(thread)) this.#failed.push({ thread, error });
  }

  /** The host of a living thread. */
  hostOf(thread: T): H {
    return this.#hosts.get(thread) as H;
  }

  /** Somebody waits for the end of this thread, and will learn what it threw. */
  join(thread: T): void {
    this.#joined.add(thread);
    this.#failed = this.#failed.filter((failed) => failed.thread !== thread);
  }

  /** Whether a thread threw an error that nobody has heard of. */
  get failed(): boolean {
    return this.#failed.length > 0;
  }

  /** The first such error; all are taken as heard of. */
  takeError(): unknown {
    return this.#failed.splice(0)[0]?.error;
  }

  /** Who waits for what, one line each, for a run in which nothing can happen any more. */
  waiting(): string[] {
    const lines: string[] = [];
    for (const [{ name, call }, host] of this.#hosts) {
      if (call) lines.push(`${host.name}: ${name} is in ${call.name}(), waiting for ${call.on}`);
    }
    if (lines.length === 0) lines.push('the cell awaits something that no system call will bring about');
    return lines;
  }
}
