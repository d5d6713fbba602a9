/**
 * The clock and what is to happen.
 *
 * Theory of operation. Time stands still while anything happens and jumps from one event to the next. Events are
 * ordered by instant and, at one instant, by the order in which they were asked for; that order is total, so a run can
 * be repeated exactly. An event is an alarm that may set more alarms, never for earlier instants. Nothing here waits.
 *
 * Alarms lie in a binary heap. Most of them are timers that are put off again and again, and hardly ever ring: an alarm
 * that is put off or called off keeps its place in the heap, and is moved or dropped when it comes to the top.
 */
import { SimBug } from '../base/bug.ts';
import { type Time, ZERO } from '../base/time.ts';

const OFF = -1;

/** Something that can be asked for, again and again. Fields are the scheduler's. */
export abstract class Alarm {
  /** When it rings, if it is set. */
  at: Time = ZERO;
  /** Its rank among those that ring at the same instant; {@link OFF}: it is not set. */
  order = OFF;
  /** The rank that its place in the heap was taken with; {@link OFF}: it has none. */
  place = OFF;
  placeAt: Time = ZERO;

  /** The instant has come. The alarm is off, and may be set again. */
  abstract ring(): void;

  /** Whether it is set. */
  get set(): boolean {
    return this.order !== OFF;
  }
}

/** An alarm that calls a function. */
class Call extends Alarm {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  ring(): void {
    this.#run();
  }
}

export class Scheduler {
  #now = ZERO;
  #nextOrder = 0;
  #current = OFF;
  #set = 0;
  // the heap, an array per column: numbers are compared where they lie
  readonly #ats: number[] = [];
  readonly #orders: number[] = [];
  readonly #alarms: Alarm[] = [];

  get now(): Time {
    return this.#now;
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.#set;
  }

  /** A rank for an alarm that will be set later: as if it had been asked for now. */
  ticket(): number {
    return this.#nextOrder++;
  }

  /** Whether an event of this instant and rank has had its turn. */
  isPast(at: Time, order: number): boolean {
    return at < this.#now || (at === this.#now && order <= this.#current);
  }

  /** Asks for `run` at `t`, which must not be past. */
  at(t: Time, run: () => void): Alarm {
    const alarm = new Call(run);
    this.set(alarm, t);
    return alarm;
  }

  /** Sets an alarm to `t`, which must not be past, wherever it was set before. `order`: from {@link ticket}. */
  set(alarm: Alarm, t: Time, order = this.#nextOrder++): void {
    if (t < this.#now) throw new SimBug(`an event at ${t} when it is ${this.#now}`);
    if (alarm.order === OFF) this.#set++;
    alarm.at = t;
    alarm.order = order;
    const { place, placeAt } = alarm;
    if (place !== OFF && (placeAt < t || (placeAt === t && place <= order))) return; // moved when it comes to the top
    alarm.place = order;
    alarm.placeAt = t;
    this.#push(t, order, alarm);
  }

  /** Calls an alarm off. Harmless when it is off. */
  cancel(alarm: Alarm): void {
    if (alarm.order === OFF) return;
    alarm.order = OFF;
    this.#set--;
  }

  /** The instant of the next event. */
  peek(): Time | undefined {
    return this.#settle()?.at;
  }

  /** Moves the clock to the next event and lets it happen; false when there is none. */
  step(): boolean {
    const alarm = this.#settle();
    if (!alarm) return false;
    this.#now = alarm.at;
    this.#current = alarm.order;
    alarm.order = OFF;
    alarm.place = OFF;
    this.#set--;
    this.#removeTop();
    alarm.ring();
    return true;
  }

  /** The alarm that rings next, at the top of the heap; what was put off or called off is out of its way. */
  #settle(): Alarm | undefined {
    for (;;) {
      const alarm = this.#alarms[0];
      const place = this.#orders[0];
      if (alarm === undefined || alarm.order === place) return alarm;
      if (alarm.place !== place)
        this.#removeTop(); // it has a better place
      else if (alarm.order === OFF) {
        alarm.place = OFF;
        this.#removeTop();
      } else {
        alarm.place = alarm.order;
        alarm.placeAt = alarm.at;
        this.#sink(alarm.at, alarm.order, alarm);
      }
    }
  }

  #push(at: number, order: number, alarm: Alarm): void {
    const ats = this.#ats;
    const orders = this.#orders;
    const alarms = this.#alarms;
    let i = alarms.length;
    ats.push(at);
    orders.push(order);
    alarms.push(alarm);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const parentAt = ats[parent] as number;
      if (parentAt < at || (parentAt === at && (orders[parent] as number) < order)) break;
      ats[i] = parentAt;
      orders[i] = orders[parent] as number;
      alarms[i] = alarms[parent] as Alarm;
      i = parent;
    }
    ats[i] = at;
    orders[i] = order;
    alarms[i] = alarm;
  }

  #removeTop(): void {
    const at = this.#ats.pop() as number;
    const order = this.#orders.pop() as number;
    const alarm = this.#alarms.pop() as Alarm;
    if (this.#alarms.length > 0) this.#sink(at, order, alarm);
  }

  /** Puts an alarm in the place of the top, and moves it down to where it belongs. */
  #sink(at: number, order: number, alarm: Alarm): void {
    const ats = this.#ats;
    const orders = this.#orders;
    const alarms = this.#alarms;
    const { length } = alarms;
    let i = 0;
    for (let child = 1; child < length; child = 2 * i + 1) {
      let childAt = ats[child] as number;
      const right = child + 1;
      if (right < length) {
        const rightAt = ats[right] as number;
        if (rightAt < childAt || (rightAt === childAt && (orders[right] as number) < (orders[child] as number))) {
          child = right;
          childAt = rightAt;
        }
      }
      if (at < childAt || (at === childAt && order < (orders[child] as number))) break;
      ats[i] = childAt;
      orders[i] = orders[child] as number;
      alarms[i] = alarms[child] as Alarm;
      i = child;
    }
    ats[i] = at;
    orders[i] = order;
    alarms[i] = alarm;
  }
}
