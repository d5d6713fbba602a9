/**
 * Time along a slider, so that a handshake of 60 ms and a wait of 60 s can both be pointed at.
 *
 * Every instant takes a least step, so that each can be reached; time between two instants adds length in proportion,
 * up to a cap: longer waits are folded, and the caller marks them with how long they are. Pure.
 */

export interface Warp {
  /** A place from 0 to 1 for each instant, rising. */
  places: readonly number[];
  /** Waits that are drawn short: between instants `index - 1` and `index`. */
  folds: readonly { index: number; length: number }[];
}

/** How much longer than a least step the middle one of the gaps is drawn. */
const TYPICAL = 2;
/** The longest wait that is drawn to scale, in typical gaps. */
const CAP = 4;

/** @param times of the instants, rising; equal times are apart by the least step. */
export function warp(times: readonly number[]): Warp {
  const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
  const waits = gaps.filter((gap) => gap > 0).sort((a, b) => a - b);
  const typical = waits[waits.length >> 1] ?? 1;
  const folds: { index: number; length: number }[] = [];
  const ends = [0];
  for (const [i, gap] of gaps.entries()) {
    if (gap > typical * CAP) folds.push({ index: i + 1, length: gap });
    ends.push((ends[i] as number) + 1 + TYPICAL * Math.min(gap / typical, CAP));
  }
  const whole = ends.at(-1) || 1;
  return { places: ends.map((end) => end / whole), folds };
}

/** The index of the place that is nearest to `at`. */
export function nearest(places: readonly number[], at: number): number {
  let low = 0;
  let high = places.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) <= at) low = middle;
    else high = middle;
  }
  return Math.abs((places[high] as number) - at) < Math.abs((places[low] as number) - at) ? high : low;
}
