/**
 * Where the words on a slanted arrow go: along it, never under a line, never over other words.
 *
 * Each arrow offers its text in several lengths, longest first. Places are tried from the arrow's middle outwards, above
 * the line before below it; the first that is free is taken. An arrow for which nothing is free stays without words,
 * and the drawing shows them when the arrow is looked at. Pure; arrows are given in the order of their importance.
 */
import type { Box, Line } from './boxes.ts';
import type { Clearing } from './clearing.ts';

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

/** The corners of words on a steep arrow may stand out by so much. */
const OVERHANG = 7;

/** Whether the words stay between the ends of their arrow, from left to right. */
function within(box: Box, { a, b }: Line): boolean {
  const c = Math.abs(Math.cos(box.angle));
  const s = Math.abs(Math.sin(box.angle));
  const reach = (box.width * c + box.height * s) / 2 - OVERHANG;
  return box.middle.x - reach >= Math.min(a.x, b.x) && box.middle.x + reach <= Math.max(a.x, b.x);
}

/**
 * A place for each arrow's words, or null. The words taken are added to `clearing`.
 * @param clearing holds the arrows themselves, and whatever else is drawn.
 */
export function placeLabels(arrows: readonly Labelled[], metrics: LabelMetrics, clearing: Clearing): (Placed | null)[] {
  return arrows.map((arrow) => {
    for (const text of arrow.texts) {
      for (const below of [false, true]) {
        for (const place of PLACES) {
          if (text.length * metrics.charWidth > roomAt(arrow, place)) continue;
          const box = boxAt(arrow, text, place, below, metrics);
          if (!within(box, arrow) || !clearing.isFree(box)) continue;
          clearing.addBox(box);
          return { text, box };
        }
      }
    }
    return null;
  });
}
