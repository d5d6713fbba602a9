/**
 * The columns of a log: 28 bytes per event, and its fields as 32-bit words. They lie in pages that never move, so that a
 * log grows without copying what it has.
 *
 * `begin` writes what every event has; the words of its fields follow in the order of the table, and lie side by side.
 * What they mean is the log's business.
 */

/** Events per page, as a power of two. */
const PAGE_BITS = 11;
const PAGE = 1 << PAGE_BITS;
/** Words per page; an event that has more gets as many pages as it takes, in one piece. */
const WORDS_BITS = 13;
const WORDS = 1 << WORDS_BITS;

/** Where an event without fields has them. */
const NO_WORDS = new Int32Array(0);

const f64 = new Float64Array(1);
const f64Words = new Int32Array(f64.buffer);

/** The columns in one piece each: as they travel. */
export interface ColumnArrays {
  n: Uint32Array;
  t: Float64Array;
  kind: Uint8Array;
  host: Int8Array;
  task: Uint16Array;
  sock: Uint32Array;
  cause: Int32Array;
  /** Index of the first of its words. */
  at: Uint32Array;
  words: Int32Array;
}

/** A page of all columns but the words. */
class Page {
  readonly n = new Uint32Array(PAGE);
  readonly t = new Float64Array(PAGE);
  readonly kind = new Uint8Array(PAGE);
  readonly host = new Int8Array(PAGE);
  readonly task = new Uint16Array(PAGE);
  readonly sock = new Uint32Array(PAGE);
  readonly cause = new Int32Array(PAGE);
  readonly at = new Uint32Array(PAGE);
}

export class Columns {
  /** How many events there are. */
  length = 0;
  /** The instant of the next event, in nanoseconds. */
  now = 0;
  readonly #pages: Page[] = [];
  #page: Page | undefined;
  /** By the first bits of a word's index: the array that it lies in, beginning at the index without its last bits. */
  readonly #slots: Int32Array[] = [];
  /** The page of words that is being filled, the index of its first, and how many it has. */
  #words = NO_WORDS;
  #base = 0;
  #used = 0;

  /** @param from a content to begin with. */
  constructor(from?: ColumnArrays) {
    if (!from) return;
    for (let i = 0; i < from.n.length; i += PAGE) {
      const page = new Page();
      for (const name of ['n', 't', 'kind', 'host', 'task', 'sock', 'cause', 'at'] as const) {
        page[name].set(from[name].subarray(i, i + PAGE));
      }
      this.#pages.push(page);
    }
    this.length = from.n.length;
    this.#page = this.#pages[this.#pages.length - 1];
    for (let w = 0; w < from.words.length; w += WORDS) this.#slots.push(from.words.subarray(w));
  }

  /** Appends an event at `now`; `fields`: how many words it will have at most, which must follow at once. */
  begin(kind: number, n: number, host: number, task: number, sock: number, cause: number, fields: number): void {
    const k = this.length & (PAGE - 1);
    if (k === 0) this.#pages.push((this.#page = new Page()));
    if (this.#used + fields > this.#words.length) this.#growWords(fields);
    const page = this.#page as Page;
    page.n[k] = n;
    page.t[k] = this.now;
    page.kind[k] = kind;
    page.host[k] = host;
    page.task[k] = task;
    page.sock[k] = sock;
    page.cause[k] = cause;
    page.at[k] = this.#base + this.#used;
    this.length++;
  }

  /** Appends a word: the low 32 bits of an integer. */
  word(value: number): void {
    this.#words[this.#used++] = value;
  }

  /** Appends a float of 64 bits, in two words. */
  double(value: number): void {
    f64[0] = value;
    this.word(f64Words[0] as number);
    this.word(f64Words[1] as number);
  }

  /** How many words were appended to this page: for {@link amend}. */
  get mark(): number {
    return this.#used;
  }

  /** Adds to a word of the event that is being written. */
  amend(mark: number, more: number): void {
    this.#words[mark] = (this.#words[mark] as number) + more;
  }

  n(i: number): number {
    return this.#pageOf(i).n[i & (PAGE - 1)] as number;
  }
  t(i: number): number {
    return this.#pageOf(i).t[i & (PAGE - 1)] as number;
  }
  kind(i: number): number {
    return this.#pageOf(i).kind[i & (PAGE - 1)] as number;
  }
  host(i: number): number {
    return this.#pageOf(i).host[i & (PAGE - 1)] as number;
  }
  task(i: number): number {
    return this.#pageOf(i).task[i & (PAGE - 1)] as number;
  }
  sock(i: number): number {
    return this.#pageOf(i).sock[i & (PAGE - 1)] as number;
  }
  cause(i: number): number {
    return this.#pageOf(i).cause[i & (PAGE - 1)] as number;
  }

  /** The array in which the words of event `i` lie. */
  wordsOf(i: number): Int32Array {
    return this.#slots[(this.#pageOf(i).at[i & (PAGE - 1)] as number) >>> WORDS_BITS] ?? NO_WORDS;
  }

  /** Where in {@link wordsOf} they begin. */
  startOf(i: number): number {
    return (this.#pageOf(i).at[i & (PAGE - 1)] as number) & (WORDS - 1);
  }

  /** The columns in one piece each, the words of events side by side. @param width of event `i`'s fields, in words */
  flat(width: (i: number) => number): ColumnArrays {
    const { length } = this;
    const one = <A extends { set(from: A, at: number): void; subarray(a: number, b: number): A }>(
      out: A,
      column: (page: Page) => A,
    ): A => {
      for (const [k, page] of this.#pages.entries()) {
        out.set(column(page).subarray(0, Math.min(PAGE, length - k * PAGE)), k * PAGE);
      }
      return out;
    };
    const at = new Uint32Array(length);
    let size = 0;
    for (let i = 0; i < length; i++) {
      at[i] = size;
      size += width(i);
    }
    const words = new Int32Array(size);
    for (let i = 0; i < length; i++) {
      const from = this.wordsOf(i);
      const start = this.startOf(i) - (at[i] as number);
      const end = i + 1 < length ? (at[i + 1] as number) : size;
      for (let w = at[i] as number; w < end; w++) words[w] = from[start + w] as number;
    }
    return {
      n: one(new Uint32Array(length), (page) => page.n),
      t: one(new Float64Array(length), (page) => page.t),
      kind: one(new Uint8Array(length), (page) => page.kind),
      host: one(new Int8Array(length), (page) => page.host),
      task: one(new Uint16Array(length), (page) => page.task),
      sock: one(new Uint32Array(length), (page) => page.sock),
      cause: one(new Int32Array(length), (page) => page.cause),
      at,
      words,
    };
  }

  #pageOf(i: number): Page {
    return this.#pages[i >>> PAGE_BITS] as Page;
  }

  #growWords(atLeast: number): void {
    const slots = Math.max(1, Math.ceil(atLeast / WORDS));
    const words = new Int32Array(slots * WORDS);
    this.#words = words;
    this.#base = this.#slots.length * WORDS;
    this.#used = 0;
    for (let i = 0; i < slots; i++) this.#slots.push(i === 0 ? words : words.subarray(i * WORDS));
  }
}

/** The float in two words from `w` on. */
export function doubleAt(words: Int32Array, w: number): number {
  f64Words[0] = words[w] as number;
  f64Words[1] = words[w + 1] as number;
  return f64[0] as number;
}
