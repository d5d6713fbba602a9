/**
 * What is already drawn, so that words can be put where nothing is: lines and boxes, found by the strips of the picture
 * that they reach into. Asking costs what is near, not what there is.
 */
import { type Box, boxesTouch, corners, type Line, lineCrosses } from './boxes.ts';

/** Height of a strip. */
const STRIP = 48;

export class Clearing {
  readonly #lines = new Map<number, Line[]>();
  readonly #boxes = new Map<number, Box[]>();

  addLine(line: Line): void {
    const { a, b } = line;
    for (const strip of strips(Math.min(a.y, b.y), Math.max(a.y, b.y))) put(this.#lines, strip, line);
  }

  addBox(box: Box): void {
    const [top, bottom] = reach(box);
    for (const strip of strips(top, bottom)) put(this.#boxes, strip, box);
  }

  /** Whether nothing lies in the box; `own` is a line that may. */
  isFree(box: Box, own?: Line): boolean {
    const [top, bottom] = reach(box);
    for (const strip of strips(top, bottom)) {
      for (const line of this.#lines.get(strip) ?? []) if (line !== own && lineCrosses(box, line)) return false;
      for (const other of this.#boxes.get(strip) ?? []) if (boxesTouch(box, other)) return false;
    }
    return true;
  }
}

function reach(box: Box): [top: number, bottom: number] {
  const ys = corners(box).map(({ y }) => y);
  return [Math.min(...ys), Math.max(...ys)];
}

function* strips(top: number, bottom: number): Generator<number> {
  for (let strip = Math.floor(top / STRIP); strip <= Math.floor(bottom / STRIP); strip++) yield strip;
}

function put<T>(map: Map<number, T[]>, key: number, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
