/**
 * How many packets wait for the wire: each is known by the instant at which its turn comes. Nothing happens then, so no
 * alarm is set; who asks later learns what has gone in the meantime, and one that asks at that very instant learns what
 * an alarm set at the time would have made of it.
 */
import type { Time } from '../base/time.ts';
import type { Scheduler } from './scheduler.ts';

const AT_FIRST = 16;

export class Waiting {
  readonly #scheduler: Scheduler;
  // a ring; its size is a power of two
  #ats: number[] = [];
  #orders: number[] = [];
  #head = 0;
  #count = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** One more waits, until `at`, which is not before that of the one before. */
  push(at: Time): void {
    if (this.#count === this.#ats.length) this.#grow();
    const i = (this.#head + this.#count++) & (this.#ats.length - 1);
    this.#ats[i] = at;
    this.#orders[i] = this.#scheduler.ticket();
  }

  /** How many wait now. */
  count(): number {
    while (this.#count > 0) {
      const i = this.#head;
      if (!this.#scheduler.isPast(this.#ats[i] as Time, this.#orders[i] as number)) break;
      this.#head = (i + 1) & (this.#ats.length - 1);
      this.#count--;
    }
    return this.#count;
  }

  #grow(): void {
    const unrolled = (ring: number[]): number[] => [...ring.slice(this.#head), ...ring.slice(0, this.#head)];
    const more = new Array<number>(Math.max(AT_FIRST, this.#ats.length)).fill(0);
    this.#ats = [...unrolled(this.#ats), ...more];
    this.#orders = [...unrolled(this.#orders), ...more];
    this.#head = 0;
  }
}
