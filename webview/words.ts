/** Numbers and times as the drawings write them. Pure. */

const UNITS = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
] as const;

const trimmed = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);

/** Nanoseconds for a narrow column: three decimals at most, in the unit that suits their size. */
export function shortTime(time: number): string {
  if (time === 0) return '0';
  const [unit, size] = UNITS.find(([, each]) => Math.abs(time) >= each) ?? ['ns', 1];
  return `${trimmed((time / size).toFixed(3))} ${unit}`;
}

/** A count as people read it: 64,240. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** At most `room` characters; what is left out of a call is left out of its arguments. */
export function elide(text: string, room: number): string {
  if (text.length <= room) return text;
  const tail = text.endsWith(')') ? '…)' : '…';
  return room <= tail.length ? text.slice(0, Math.max(0, room)) : text.slice(0, room - tail.length) + tail;
}
