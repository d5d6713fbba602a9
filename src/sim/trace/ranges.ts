/**
 * Which bytes of a store a set of references covers, and where they come to lie when only those are kept, side by side.
 */

export class Ranges {
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  /** Where each range begins when they lie side by side. */
  readonly #places: Uint32Array;
  readonly #count: number;
  /** How many bytes are covered. */
  readonly size: number;

  /** The union of the ranges `[starts[i], ends[i])`, none of them empty. Both arrays are sorted in place. */
  constructor(starts: Uint32Array, ends: Uint32Array) {
    starts.sort();
    ends.sort();
    const places = new Uint32Array(starts.length);
    let count = 0;
    let size = 0;
    let opened = 0;
    let closed = 0;
    while (opened < starts.length) {
      const start = starts[opened] as number;
      do {
        if (opened < starts.length && (starts[opened] as number) <= (ends[closed] as number)) opened++;
        else closed++;
      } while (closed < opened);
      const end = ends[closed - 1] as number;
      starts[count] = start;
      ends[count] = end;
      places[count++] = size;
      size += end - start;
    }
    this.#starts = starts;
    this.#ends = ends;
    this.#places = places;
    this.#count = count;
    this.size = size;
  }

  /** Calls back with each range, in order. */
  each(visit: (start: number, end: number) => void): void {
    for (let i = 0; i < this.#count; i++) visit(this.#starts[i] as number, this.#ends[i] as number);
  }

  /** Where the byte at an address that is covered comes to lie. */
  place(address: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= address) low = middle;
      else high = middle - 1;
    }
    return (this.#places[low] as number) + address - (this.#starts[low] as number);
  }
}
