/**
 * The columns of a log: 24 bytes per event and its fields as 32-bit words, in typed arrays that grow.
 *
 * `begin` writes what every event has; the words of its fields follow in the order of the table. What they mean is the
 * log's business.
 */

const EVENTS_AT_FIRST = 256;
const WORDS_AT_FIRST = 1024;

const f64 = new Float64Array(1);
const f64Words = new Int32Array(f64.buffer);

/** The columns cut to their length. */
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

export class Columns implements ColumnArrays {
  /** How many events there are, and how many words they take. */
  length = 0;
  wordCount = 0;

  n: Uint32Array;
  t: Float64Array;
  kind: Uint8Array;
  host: Int8Array;
  task: Uint16Array;
  sock: Uint32Array;
  cause: Int32Array;
  at: Uint32Array;
  words: Int32Array;

  /** @param arrays a content to begin with; not copied. */
  constructor(arrays?: ColumnArrays) {
    this.n = arrays?.n ?? new Uint32Array(EVENTS_AT_FIRST);
    this.t = arrays?.t ?? new Float64Array(EVENTS_AT_FIRST);
    this.kind = arrays?.kind ?? new Uint8Array(EVENTS_AT_FIRST);
    this.host = arrays?.host ?? new Int8Array(EVENTS_AT_FIRST);
    this.task = arrays?.task ?? new Uint16Array(EVENTS_AT_FIRST);
    this.sock = arrays?.sock ?? new Uint32Array(EVENTS_AT_FIRST);
    this.cause = arrays?.cause ?? new Int32Array(EVENTS_AT_FIRST);
    this.at = arrays?.at ?? new Uint32Array(EVENTS_AT_FIRST);
    this.words = arrays?.words ?? new Int32Array(WORDS_AT_FIRST);
    if (arrays) {
      this.length = arrays.n.length;
      this.wordCount = arrays.words.length;
    }
  }

  /** Appends an event; `fields`: how many words it will have at most, which must follow at once. */
  begin(
    kind: number,
    n: number,
    t: number,
    host: number,
    task: number,
    sock: number,
    cause: number,
    fields: number,
  ): void {
    const i = this.length;
    if (i === this.n.length) this.#growEvents();
    if (this.wordCount + fields > this.words.length) this.#growWords(fields);
    this.n[i] = n;
    this.t[i] = t;
    this.kind[i] = kind;
    this.host[i] = host;
    this.task[i] = task;
    this.sock[i] = sock;
    this.cause[i] = cause;
    this.at[i] = this.wordCount;
    this.length = i + 1;
  }

  /** Appends a word: the low 32 bits of an integer. */
  word(value: number): void {
    this.words[this.wordCount++] = value;
  }

  /** Appends a float of 64 bits, in two words. */
  double(value: number): void {
    f64[0] = value;
    this.word(f64Words[0] as number);
    this.word(f64Words[1] as number);
  }

  /** The float in two words from `w` on. */
  doubleAt(w: number): number {
    f64Words[0] = this.words[w] as number;
    f64Words[1] = this.words[w + 1] as number;
    return f64[0] as number;
  }

  /** The columns, cut to their length. Views of live memory: copy before more is appended. */
  cut(): ColumnArrays {
    const { length } = this;
    return {
      n: this.n.subarray(0, length),
      t: this.t.subarray(0, length),
      kind: this.kind.subarray(0, length),
      host: this.host.subarray(0, length),
      task: this.task.subarray(0, length),
      sock: this.sock.subarray(0, length),
      cause: this.cause.subarray(0, length),
      at: this.at.subarray(0, length),
      words: this.words.subarray(0, this.wordCount),
    };
  }

  #growEvents(): void {
    const size = Math.max(EVENTS_AT_FIRST, this.n.length * 2);
    this.n = copyInto(new Uint32Array(size), this.n);
    this.t = copyInto(new Float64Array(size), this.t);
    this.kind = copyInto(new Uint8Array(size), this.kind);
    this.host = copyInto(new Int8Array(size), this.host);
    this.task = copyInto(new Uint16Array(size), this.task);
    this.sock = copyInto(new Uint32Array(size), this.sock);
    this.cause = copyInto(new Int32Array(size), this.cause);
    this.at = copyInto(new Uint32Array(size), this.at);
  }

  #growWords(more: number): void {
    const size = Math.max(WORDS_AT_FIRST, this.words.length * 2, this.wordCount + more);
    this.words = copyInto(new Int32Array(size), this.words);
  }
}

function copyInto<A extends { set(from: A): void }>(bigger: A, array: A): A {
  bigger.set(array);
  return bigger;
}
