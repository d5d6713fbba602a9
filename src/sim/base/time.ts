/**
 * Time is an integer count of nanoseconds since the world began.
 *
 * It is a plain number (2^53 ns is 104 days of virtual time), branded so that a bare number of unknown unit is not
 * taken for a time by accident. Nothing in the simulator reads a real clock.
 */
declare const timeBrand: unique symbol;

/** Nanoseconds: an instant (since the world began) or a duration. */
export type Time = number & { readonly [timeBrand]: true };

/** Nanoseconds as a {@link Time}; rounds to the nearest integer. */
export const ns = (n: number): Time => Math.round(n) as Time;
/** Microseconds as a {@link Time}. */
export const us = (n: number): Time => ns(n * 1e3);
/** Milliseconds as a {@link Time}. */
export const ms = (n: number): Time => ns(n * 1e6);
/** Seconds as a {@link Time}. */
export const s = (n: number): Time => ns(n * 1e9);

export const ZERO = 0 as Time;
/** `a + b`, as a time. */
export const after = (a: Time, b: Time): Time => (a + b) as Time;

/** The time in seconds with six decimals, as `tcpdump -ttttt` and `strace -r` print it: `0.020000`. */
export function seconds(t: Time): string {
  const micros = Math.round(t / 1e3);
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
}

/** The time in the unit a reader expects at its size, exact to the nanosecond: `20 ms`, `60.02 s`, `1.448 us`. */
export function human(t: Time): string {
  const [unit, size] = t >= 1e9 ? ['s', 1e9] : t >= 1e6 ? ['ms', 1e6] : t >= 1e3 ? ['us', 1e3] : ['ns', 1];
  return t === 0 ? '0' : `${Number((t / (size as number)).toFixed(9))} ${unit}`;
}
