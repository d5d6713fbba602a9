/**
 * Where the points of a sequence diagram stand: time turned into rows.
 *
 * Rows never go up as time goes on. Time is to scale, a packet's typical flight being {@link FLIGHT_ROWS} rows, but
 * two points of one lane never come closer than a row, and a wait of many flights is folded.
 */
import { human, type Time } from '../sim/base/time.ts';
import type { Fold, Point } from './view.ts';

/** Height of a typical packet's arrow. */
const FLIGHT_ROWS = 2;
/** The least that a later instant lies lower. */
const LEAST = 0.5;
/** Waits of more typical flights than this are folded. */
const FOLD_ABOVE = 3;
const FOLD_ROWS = 1.5;

/** A length of time as people say it: four digits are enough. */
const rounded = (length: Time): string => human(Number(length.toPrecision(4)) as Time);

/** Arrows leave and end in one lane of a lifeline; calls and states stand in the other. */
export type Lane = 'arrow' | 'margin';

export class Rows {
  readonly folds: Fold[] = [];
  /** For the cursor: the lowest row reached by each point, in order of events. */
  readonly reached = { n: [] as number[], row: [] as number[] };
  readonly #flight: number;
  #time: Time | undefined;
  #base = 0;
  #lowest = 0;
  #lanes = new Map<number, number>();

  /** @param flight how long a packet typically takes, in nanoseconds, above 0. */
  constructor(flight: number) {
    this.#flight = flight;
  }

  /** The height of the diagram. */
  get height(): number {
    return this.#lowest + 1;
  }

  /** The point of the next event, at instant `time` (which never falls). */
  point(n: number, time: Time, host: number, lane: Lane): Point {
    if (this.#time === undefined) this.#time = time;
    if (time > this.#time) this.#advance(time);
    const mine = 2 * host + (lane === 'arrow' ? 0 : 1);
    const other = mine ^ 1;
    // What follows in the other lane may stand beside its cause; in the same lane it must stand below.
    const row = Math.max(this.#base, (this.#lanes.get(mine) ?? -1) + 1, this.#lanes.get(other) ?? 0);
    this.#lanes.set(mine, row);
    this.#lowest = Math.max(this.#lowest, row);
    this.reached.n.push(n);
    this.reached.row.push(this.#lowest);
    return { n, time, row };
  }

  #advance(time: Time): void {
    const from = this.#time as Time;
    const length = (time - from) as Time;
    const rows = (length / this.#flight) * FLIGHT_ROWS;
    if (length > this.#flight * FOLD_ABOVE) {
      this.folds.push({ from, to: time, length, row: this.#lowest + 0.5, rows: FOLD_ROWS, label: rounded(length) });
      this.#base = this.#lowest + FOLD_ROWS + 1;
    } else {
      this.#base = this.#lowest + Math.max(LEAST, rows);
    }
    this.#time = time;
  }
}
