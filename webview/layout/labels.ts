/**
 * Where the words on a slanted arrow go: along it, never under a line, never over other words.
 *
 * Each arrow offers its text in several lengths, longest first. Places are tried from the arrow's middle outwards, above
 * the line before below it; the first that is free is taken. An arrow for which nothing is free stays without words,
 * and the drawing shows them when the arrow is looked at. Pure; arrows are given in the order of their importance.
 */
import { type Box, boxesTouch, type Line, lineCrosses, type Point } from './boxes.ts';

/** An arrow that wants words. */
export interface Labelled extends Line {
  /** From the longest to the shortest. */
  texts: readonly string[];
}

export interface Placed {
  text: string;
  box: Box;
}

export interface LabelMetrics {
  /** Width of one character; the font is monospaced. */
  charWidth: number;
  /** Height of a line of text. */
  height: number;
  /** From the arrow to the text's middle. */
  offset: number;
}

/** Along the arrow, in tries from its middle outwards. */
const PLACES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.28, 0.72, 0.22, 0.78];

/** Words that face the reader: a line is never written upside down. */
const upright = (angle: number): number =>
  angle > Math.PI / 2 ? angle - Math.PI : angle < -Math.PI / 2 ? angle + Math.PI : angle;

function boxAt(arrow: Line, text: string, place: number, below: boolean, metrics: LabelMetrics): Box {
  const { a, b } = arrow;
  const angle = upright(Math.atan2(b.y - a.y, b.x - a.x));
  const away = below ? metrics.offset : -metrics.offset;
  return {
    middle: {
      x: a.x + (b.x - a.x) * place - Math.sin(angle) * away,
      y: a.y + (b.y - a.y) * place + Math.cos(angle) * away,
    },
    width: text.length * metrics.charWidth,
    height: metrics.height,
    angle,
  };
}

/** How much room an arrow leaves to words at a place: they end before its ends. */
const roomAt = ({ a, b }: Line, place: number): number =>
  Math.hypot(b.x - a.x, b.y - a.y) * Math.min(place, 1 - place) * 2;

const high = ({ y }: Point, other: Point): number => Math.min(y, other.y);
const low = ({ y }: Point, other: Point): number => Math.max(y, other.y);

/**
 * A place for each arrow's words, or null.
 * @param taken what must stay free besides: other lines, and boxes that are already written.
 */
export function placeLabels(
  arrows: readonly Labelled[],
  metrics: LabelMetrics,
  taken: { lines?: readonly Line[]; boxes?: readonly Box[] } = {},
): (Placed | null)[] {
  const lines = [...arrows, ...(taken.lines ?? [])].sort((p, q) => high(p.a, p.b) - high(q.a, q.b));
  // Lines by where they begin, and the most that any of them reaches down: whoever asks about a stretch of the
  // picture looks at the lines of that stretch alone.
  const tops = lines.map(({ a, b }) => high(a, b));
  const reach = lines.reduce((most, { a, b }) => Math.max(most, low(a, b) - high(a, b)), 0);
  const boxes: Box[] = [...(taken.boxes ?? [])];

  const isFree = (box: Box): boolean => {
    const half = Math.hypot(box.width, box.height) / 2;
    for (let i = firstAtLeast(tops, box.middle.y - half - reach); i < lines.length; i++) {
      if ((tops[i] as number) > box.middle.y + half) break;
      if (lineCrosses(box, lines[i] as Line)) return false;
    }
    return !boxes.some((other) => boxesTouch(box, other));
  };

  return arrows.map((arrow) => {
    for (const text of arrow.texts) {
      for (const below of [false, true]) {
        for (const place of PLACES) {
          if (text.length * metrics.charWidth > roomAt(arrow, place)) continue;
          const box = boxAt(arrow, text, place, below, metrics);
          if (!isFree(box)) continue;
          boxes.push(box);
          return { text, box };
        }
      }
    }
    return null;
  });
}

/** The first index of a rising list whose value is at least `value`. */
function firstAtLeast(rising: readonly number[], value: number): number {
  let from = 0;
  let to = rising.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((rising[middle] as number) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
