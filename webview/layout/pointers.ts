/**
 * Pointers into a stream (SND.UNA, SND.NXT, RCV.NXT, ...) and the words under them. Pointers that name the same byte
 * share one mark; words stay apart and inside the line. Pure.
 */
import { count } from '../words.ts';
import { spread } from './spread.ts';

export interface Pointer {
  name: string;
  at: number;
}

export interface PointerMark {
  /** 'SND.UNA SND.NXT' */
  names: string;
  /** '1,449' */
  value: string;
  /** Where it points, and the middle of its words. */
  x: number;
  textX: number;
  width: number;
  /** Where a line must lead to the words because they had to move aside; null when they are under the mark. */
  lead: number | null;
}

/** @param x of a stream position. */
export function pointerMarks(
  pointers: readonly Pointer[],
  x: (at: number) => number,
  width: number,
  charWidth: number,
): PointerMark[] {
  const groups = new Map<number, string[]>();
  for (const { name, at } of pointers) groups.set(at, [...(groups.get(at) ?? []), name]);
  const marks = [...groups]
    .sort(([p], [q]) => p - q)
    .map(([at, names]) => {
      const text = names.join(' = ');
      const length = text.length + 1 + count(at).length;
      return { names: text, value: count(at), x: x(at), width: length * charWidth + 10 };
    });
  let before = 0;
  const wanted = marks.map(({ x: here, width: size }) => {
    const inside = Math.min(Math.max(here, size / 2), Math.max(size / 2, width - size / 2));
    before = Math.max(before, inside);
    return { at: before, size };
  });
  const middles = spread(wanted, 0);
  // Back from the right end: all stay on the line when they fit on it.
  let end = width;
  for (let i = wanted.length - 1; i >= 0; i--) {
    const { size } = wanted[i] as { size: number };
    middles[i] = Math.min(middles[i] as number, end - size / 2);
    end = (middles[i] as number) - size / 2;
  }
  return marks.map((mark, i) => {
    const textX = middles[i] ?? mark.x;
    const aside = textX - mark.x;
    const reach = mark.width / 2;
    return { ...mark, textX, lead: Math.abs(aside) > reach + 1 ? textX - Math.sign(aside) * (reach - 8) : null };
  });
}
