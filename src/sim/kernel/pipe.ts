/**
 * A pipe (pipe(7)): bytes that one end writes and the other reads, at most {@link CAPACITY} at a time. Knows no calls.
 */
import { ByteRing } from '../base/ring.ts';
import { POLL } from '../base/uapi.ts';
import { Watchers } from './poll.ts';
import { type RunQueue, WaitQueue } from './task.ts';

/** Sixteen pages. */
const CAPACITY = 65_536;
/** Writes of up to so many bytes are not interleaved, and wait for room for all (PIPE_BUF). */
export const PIPE_BUF = 4096;

export class Pipe {
  readonly bytes = new ByteRing();
  readonly readers = new WaitQueue();
  readonly writers = new WaitQueue();
  readonly watchers = new Watchers();
  readonly #runQueue: RunQueue;
  /** Whether descriptors of each end are left. */
  readable = true;
  writable = true;

  constructor(runQueue: RunQueue) {
    this.#runQueue = runQueue;
  }

  get room(): number {
    return CAPACITY - this.bytes.length;
  }

  /** pipe_poll, for one end. */
  readiness(access: 'read' | 'write' | 'both'): number {
    let bits = 0;
    if (access !== 'write') {
      if (this.bytes.length > 0) bits |= POLL.POLLIN | POLL.POLLRDNORM;
      if (!this.writable) bits |= POLL.POLLHUP;
    }
    if (access !== 'read') {
      if (this.room >= PIPE_BUF) bits |= POLL.POLLOUT | POLL.POLLWRNORM;
      if (!this.readable) bits |= POLL.POLLERR;
    }
    return bits;
  }

  /** Something came in, went out, or an end was closed. */
  changed(cause: number): void {
    this.#runQueue.wake(this.readers, cause);
    this.#runQueue.wake(this.writers, cause);
    this.watchers.notify(0, cause);
  }

  /** The last descriptor of an end is closed. */
  closeEnd(access: 'read' | 'write' | 'both', cause: number): void {
    if (access !== 'write') this.readable = false;
    if (access !== 'read') this.writable = false;
    this.changed(cause);
  }
}
