/**
 * The log's store of bytes: what programs wrote and read, and the headers of packets, each kept once.
 *
 * Bytes lie in chunks that never move, so a view of them stays good for as long as someone holds it: TCP's queues and
 * the packets on their way are such views, and a field whose bytes already lie here is written as a reference. An
 * address is an unsigned 32-bit number; chunks take whole slots of the address space, and no byte string is cut in two.
 * Nothing is ever changed or taken away. What the bytes mean is not known here.
 */
import { must } from '../base/bug.ts';
import { EMPTY, equalBytes } from '../base/bytes.ts';

/** Addresses per slot, as a power of two: every slot belongs to one chunk. */
const SLOT_BITS = 16;
const SLOT = 1 << SLOT_BITS;
/** Chunks grow with the store between these; long byte strings get a chunk of their own. */
const CHUNK_MIN = 1 << 12;
const CHUNK_MAX = 1 << 24;

/** From this length on it is worth looking whether the same bytes were put before. */
const LONG = 1024;
/** Of how many lengths. */
const RECENT = 64;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly buffer: ArrayBufferLike;
  /** Where `bytes` begins in `buffer`. */
  readonly offset: number;
  /** The address of its first byte. */
  readonly base: number;
}

const NOTHING: Chunk = { bytes: EMPTY, buffer: EMPTY.buffer, offset: 0, base: 0 };

/** A chunk that is being filled, and how far. */
interface Filling {
  chunk: Chunk;
  used: number;
}

export class Store {
  /** The chunk that {@link room} gave a place in, and where in it. */
  bytes: Uint8Array = EMPTY;
  offset = 0;

  /** By slot. */
  readonly #slots: Chunk[] = [];
  readonly #chunks = new Map<ArrayBufferLike, Chunk>();
  /** Of all chunks. */
  #size = 0;
  // small things lie apart, so that what programs write lies in one piece as often as can be
  readonly #written: Filling = { chunk: NOTHING, used: 0 };
  readonly #headers: Filling = { chunk: NOTHING, used: 0 };
  /** The last of each length that was long enough: programs often write the same again. */
  readonly #recent = new Map<number, number>();
  /** Where bytes were last found: the next are most often there too. */
  #found = NOTHING;

  /** @param bytes the content, from address 0 on; not copied, and not to be changed any more. */
  constructor(bytes: Uint8Array = EMPTY) {
    if (bytes.length > 0) this.#add(bytes);
  }

  /** Bytes of memory that the chunks take. */
  get size(): number {
    return this.#size;
  }

  /** Makes room for `size` bytes, to be written at once into `bytes` from `offset` on. @returns their address */
  room(size: number): number {
    return this.#fill(this.#headers, size);
  }

  /** Whether these bytes lie here. */
  has(bytes: Uint8Array): boolean {
    return this.#addressOf(bytes) >= 0;
  }

  /** The address of these bytes, which are copied unless they, or long ones like them, lie here already. */
  put(bytes: Uint8Array): number {
    const { length } = bytes;
    if (length === 0) return 0;
    const known = this.#addressOf(bytes);
    if (known >= 0) return known;
    if (length < LONG) return this.#copyOf(bytes);
    const recent = this.#recent.get(length);
    if (recent !== undefined && equalBytes(this.view(recent, length), bytes)) return recent;
    if (this.#recent.size === RECENT) this.#recent.clear();
    const address = this.#copyOf(bytes);
    this.#recent.set(length, address);
    return address;
  }

  #copyOf(bytes: Uint8Array): number {
    if (bytes.length <= CHUNK_MAX / 4) {
      if (bytes.length >= LONG) this.#written.used = (this.#written.used + 7) & ~7; // compared by words
      const address = this.#fill(this.#written, bytes.length);
      this.bytes.set(bytes, this.offset);
      return address;
    }
    const chunk = this.#add(new Uint8Array(bytes.length));
    chunk.bytes.set(bytes);
    return chunk.base;
  }

  /** The `length` bytes at an address: a view. */
  view(address: number, length: number): Uint8Array {
    if (length === 0) return EMPTY;
    const chunk = this.#slots[address >>> SLOT_BITS] as Chunk;
    return new Uint8Array(chunk.buffer, chunk.offset + address - chunk.base, length);
  }

  /** Copies `[start, end)`, which may go over from one chunk to the next, to the beginning of `out`. */
  copy(start: number, end: number, out: Uint8Array): void {
    for (let from = start; from < end; ) {
      const chunk = this.#slots[from >>> SLOT_BITS] as Chunk;
      const to = Math.min(end, chunk.base + chunk.bytes.length);
      out.set(chunk.bytes.subarray(from - chunk.base, to - chunk.base), from - start);
      from = to;
    }
  }

  /** Where these bytes lie, or -1 when they are elsewhere. */
  #addressOf(bytes: Uint8Array): number {
    const { buffer } = bytes;
    if (buffer !== this.#found.buffer) {
      const chunk = this.#chunks.get(buffer);
      if (!chunk) return -1;
      this.#found = chunk;
    }
    const at = bytes.byteOffset - this.#found.offset;
    return at >= 0 && at + bytes.length <= this.#found.bytes.length ? this.#found.base + at : -1;
  }

  #fill(filling: Filling, size: number): number {
    if (filling.used + size > filling.chunk.bytes.length) {
      const most = Math.min(CHUNK_MAX, Math.max(CHUNK_MIN, this.#size));
      filling.chunk = this.#add(new Uint8Array(Math.max(size, most)));
      filling.used = 0;
    }
    const { chunk, used } = filling;
    this.bytes = chunk.bytes;
    this.offset = used;
    filling.used = used + size;
    return chunk.base + used;
  }

  #add(bytes: Uint8Array): Chunk {
    const slots = Math.ceil(bytes.length / SLOT);
    must(this.#slots.length + slots <= SLOT, 'a log of at most 4 GiB of bytes');
    const base = this.#slots.length * SLOT;
    const chunk = { bytes, buffer: bytes.buffer, offset: bytes.byteOffset, base };
    for (let i = 0; i < slots; i++) this.#slots.push(chunk);
    this.#chunks.set(bytes.buffer, chunk);
    this.#size += bytes.length;
    return chunk;
  }
}
