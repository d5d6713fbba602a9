/**
 * The clock and what is to happen.
 *
 * Theory of operation. Time stands still while anything happens and jumps from one event to the next. Events are
 * ordered by instant and, at one instant, by the order in which they were asked for; that order is total, so a run can
 * be repeated exactly. An event is a function that may ask for more events, never for earlier ones. Nothing here waits.
 */
import { must } from '../base/bug.ts';
import { type Time, ZERO } from '../base/time.ts';

/** Something asked for; keep it to call it off. */
export interface Alarm {
  readonly at: Time;
  readonly order: number;
  run: (() => void) | undefined;
}

const before = (a: Alarm, b: Alarm): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class Scheduler {
  #now = ZERO;
  #order = 0;
  #heap: Alarm[] = [];
  #cancelled = 0;

  get now(): Time {
    return this.#now;
  }

  /** How many events are still to come. */
  get pending(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Asks for `run` at `t`, which must not be past. */
  at(t: Time, run: () => void): Alarm {
    must(t >= this.#now, `an event at ${t} when it is ${this.#now}`);
    const alarm: Alarm = { at: t, order: this.#order++, run };
    this.#heap.push(alarm);
    this.#up(this.#heap.length - 1);
    return alarm;
  }

  /** Calls an event off. Harmless when it is over. */
  cancel(alarm: Alarm): void {
    if (alarm.run === undefined) return;
    alarm.run = undefined;
    this.#cancelled++;
  }

  /** The instant of the next event. */
  peek(): Time | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.at;
  }

  /** Moves the clock to the next event and runs it; false when there is none. */
  step(): boolean {
    this.#dropCancelled();
    const alarm = this.#pop();
    if (!alarm) return false;
    this.#now = alarm.at;
    const run = alarm.run;
    alarm.run = undefined;
    run?.();
    return true;
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && (this.#heap[0] as Alarm).run === undefined) {
      this.#pop();
      this.#cancelled--;
    }
  }

  #pop(): Alarm | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= heap.length) return first;
      const right = left + 1;
      const child = right < heap.length && before(heap[right] as Alarm, heap[left] as Alarm) ? right : left;
      if (!before(heap[child] as Alarm, heap[i] as Alarm)) return first;
      [heap[i], heap[child]] = [heap[child] as Alarm, heap[i] as Alarm];
      i = child;
    }
  }

  #up(start: number): void {
    const heap = this.#heap;
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i] as Alarm, heap[parent] as Alarm)) return;
      [heap[i], heap[parent]] = [heap[parent] as Alarm, heap[i] as Alarm];
      i = parent;
    }
  }
}
