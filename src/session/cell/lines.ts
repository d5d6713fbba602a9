/** Offsets of a text as lines and columns, both counted from 1, columns in UTF-16 units as editors count them. */
export class LineIndex {
  readonly #starts: number[] = [0];

  /** @param lineBreak what ends a line. Editors do not count U+2028 and U+2029; JavaScript engines do. */
  constructor(text: string, lineBreak: RegExp = /\r\n|[\n\r]/g) {
    for (const found of text.matchAll(lineBreak)) this.#starts.push(found.index + found[0].length);
  }

  position(offset: number): { line: number; column: number } {
    const line = lastAtMost(this.#starts, offset);
    return { line: line + 1, column: offset - this.#starts[line]! + 1 };
  }

  /** The offset of a position, or `undefined` when there is no such line. */
  offset(line: number, column: number): number | undefined {
    const start = this.#starts[line - 1];
    return start === undefined ? undefined : start + column - 1;
  }
}

/** Index of the last element that is not above `value`, in an ascending array whose first element is not above it. */
export function lastAtMost(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
