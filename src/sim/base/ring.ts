/**
 * A queue of bytes: appended at the end, taken from the front, readable anywhere. Memory is taken as bytes come and
 * doubles as needed, so that an idle connection costs next to nothing. How much may be queued is the owner's business.
 */
import { EMPTY } from './bytes.ts';

export class ByteRing {
  #bytes: Uint8Array = EMPTY;
  #start = 0;
  #length = 0;

  /** How many bytes are queued. */
  get length(): number {
    return this.#length;
  }

  /** Appends `bytes[from, to)`. */
  push(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const count = to - from;
    this.#reserve(this.#length + count);
    const size = this.#bytes.length;
    const at = (this.#start + this.#length) & (size - 1);
    const first = Math.min(count, size - at);
    this.#bytes.set(bytes.subarray(from, from + first), at);
    if (first < count) this.#bytes.set(bytes.subarray(from + first, to), 0);
    this.#length += count;
  }

  /** Copies bytes from `offset` on into `out`; returns how many there were, at most `out.length`. */
  peek(offset: number, out: Uint8Array): number {
    const count = Math.max(0, Math.min(out.length, this.#length - offset));
    const size = this.#bytes.length;
    const at = (this.#start + offset) & (size - 1);
    const first = Math.min(count, size - at);
    out.set(this.#bytes.subarray(at, at + first));
    if (first < count) out.set(this.#bytes.subarray(0, count - first), first);
    return count;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
    this.#start = this.#length === 0 ? 0 : (this.#start + count) & (this.#bytes.length - 1);
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return;
    let size = Math.max(1024, this.#bytes.length);
    while (size < needed) size *= 2;
    const bigger = new Uint8Array(size);
    this.peek(0, bigger);
    this.#bytes = bigger;
    this.#start = 0;
  }
}
