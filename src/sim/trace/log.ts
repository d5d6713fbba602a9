/**
 * The append-only log of a run.
 *
 * Events are packed into typed columns (24 bytes and the fields), never kept as objects: a million of them must be
 * cheap to record, to send to a renderer and to scrub through. Reading one makes a fresh plain object. Bytes and texts
 * are stored once. Nothing is ever changed or taken away.
 *
 * A log may be a window of a longer one (see slice.ts): then its events keep their numbers, which rise but have gaps.
 */

import { must } from '../base/bug.ts';
import { EMPTY } from '../base/bytes.ts';
import type { Time } from '../base/time.ts';
import {
  type Context,
  EVENTS,
  type Event,
  type EventOf,
  type Fields,
  type FieldType,
  KINDS,
  type Kind,
} from './schema.ts';

const KIND_INDEX = new Map<Kind, number>(KINDS.map((kind, i) => [kind, i]));
const FIELDS: readonly (readonly [name: string, type: FieldType])[][] = KINDS.map((kind) =>
  Object.entries(EVENTS[kind]),
);

/** The columns, as the codec ships them. */
export interface Columns {
  n: Uint32Array;
  t: Float64Array;
  kind: Uint8Array;
  host: Int8Array;
  task: Uint16Array;
  sock: Uint32Array;
  cause: Int32Array;
  at: Uint32Array;
  words: Int32Array;
  blob: Uint8Array;
  texts: string[];
}

const f64 = new Float64Array(1);
const f64Words = new Int32Array(f64.buffer);

function grown<A extends { length: number; set(from: A): void }>(array: A, size: number, make: (size: number) => A): A {
  if (size <= array.length) return array;
  const bigger = make(Math.max(size, array.length * 2));
  bigger.set(array);
  return bigger;
}

export class Log {
  /** The instant that the next event gets. Set by whoever owns the clock. */
  now = 0 as Time;
  /** The cause that the next event gets unless it names its own; -1: none. */
  cause = -1;

  #length = 0;
  #next = 0;
  #wordCount = 0;
  #blobSize = 0;
  #c: Columns;
  #textIds = new Map<string, number>();

  constructor(columns?: Columns) {
    this.#c = columns ?? {
      n: new Uint32Array(256),
      t: new Float64Array(256),
      kind: new Uint8Array(256),
      host: new Int8Array(256),
      task: new Uint16Array(256),
      sock: new Uint32Array(256),
      cause: new Int32Array(256),
      at: new Uint32Array(256),
      words: new Int32Array(1024),
      blob: new Uint8Array(4096),
      texts: [],
    };
    if (!columns) return;
    this.#length = columns.n.length;
    this.#next = this.#length === 0 ? 0 : (columns.n[this.#length - 1] as number) + 1;
    this.#wordCount = columns.words.length;
    this.#blobSize = columns.blob.length;
    for (const [i, text] of columns.texts.entries()) this.#textIds.set(text, i);
    if (this.#length > 0) this.now = columns.t[this.#length - 1] as Time;
  }

  /** How many events are here. */
  get length(): number {
    return this.#length;
  }

  /** The number that the next event will get. */
  get next(): number {
    return this.#next;
  }

  /** Appends an event at `now` and returns its number. */
  add<K extends Kind>(kind: K, context: Context, fields: Fields<K>): number {
    return this.put(kind, this.#next, this.now, context, fields);
  }

  /** Appends an event under a given number and instant: for windows of another log. */
  put<K extends Kind>(kind: K, n: number, t: Time, context: Context, fields: Fields<K>): number {
    must(n >= this.#next, `event ${n} after event ${this.#next - 1}`);
    const i = this.#length;
    if (i === this.#c.n.length) this.#growEvents();
    const c = this.#c;
    const k = KIND_INDEX.get(kind) as number;
    c.n[i] = n;
    c.t[i] = t;
    c.kind[i] = k;
    c.host[i] = context.host ?? -1;
    c.task[i] = context.task ?? 0;
    c.sock[i] = context.sock ?? 0;
    c.cause[i] = context.cause ?? this.cause;
    c.at[i] = this.#wordCount;
    for (const [name, type] of FIELDS[k] as (typeof FIELDS)[number]) {
      this.#write(type, (fields as Record<string, unknown>)[name]);
    }
    this.#length = i + 1;
    this.#next = n + 1;
    return n;
  }

  /** The event at index `i` (0 to length - 1) as a plain object. */
  at(i: number): Event {
    must(i >= 0 && i < this.#length, `no event at index ${i}`);
    const c = this.#c;
    const k = c.kind[i] as number;
    const event: Record<string, unknown> = {
      n: c.n[i],
      t: c.t[i],
      kind: KINDS[k],
      host: c.host[i],
      sock: c.sock[i],
      task: c.task[i],
      cause: c.cause[i],
    };
    let w = c.at[i] as number;
    for (const [name, type] of FIELDS[k] as (typeof FIELDS)[number]) {
      event[name] = this.#read(type, w);
      w +=
        type === 'ranges' ? 1 + (c.words[w] as number) : type === 'time' || type === 'f64' || type === 'bytes' ? 2 : 1;
    }
    return event as unknown as Event;
  }

  /** The kind of the event at index `i`, without reading its fields. */
  kindAt(i: number): Kind {
    return KINDS[this.#c.kind[i] as number] as Kind;
  }

  /** The instant of the event at index `i`. */
  timeAt(i: number): Time {
    return this.#c.t[i] as Time;
  }

  /** The number of the event at index `i`. */
  numberAt(i: number): number {
    return this.#c.n[i] as number;
  }

  /** The index of event number `n`, or -1 when it is not in this log. */
  indexOf(n: number): number {
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const here = this.#c.n[middle] as number;
      if (here === n) return middle;
      if (here < n) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** How many events happened at or before `t`: the index just past the last of them. */
  countUntil(t: Time): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#c.t[middle] as number) <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The events of one kind from index `from` on, in order. */
  *of<K extends Kind>(kind: K, from = 0): Generator<EventOf<K>> {
    const k = KIND_INDEX.get(kind);
    for (let i = from; i < this.#length; i++) if (this.#c.kind[i] === k) yield this.at(i) as EventOf<K>;
  }

  /** All events from index `from` on, in order. */
  *[Symbol.iterator](from = 0): Generator<Event> {
    for (let i = from; i < this.#length; i++) yield this.at(i);
  }

  /** The columns, cut to their length. Views of live memory: copy before the log grows. */
  columns(): Columns {
    const c = this.#c;
    const cut = <A extends { subarray(a: number, b: number): A }>(a: A, n: number) => a.subarray(0, n);
    const n = this.#length;
    return {
      n: cut(c.n, n),
      t: cut(c.t, n),
      kind: cut(c.kind, n),
      host: cut(c.host, n),
      task: cut(c.task, n),
      sock: cut(c.sock, n),
      cause: cut(c.cause, n),
      at: cut(c.at, n),
      words: cut(c.words, this.#wordCount),
      blob: cut(c.blob, this.#blobSize),
      texts: c.texts,
    };
  }

  #growEvents(): void {
    const c = this.#c;
    const size = Math.max(256, c.n.length * 2);
    c.n = grown(c.n, size, (n) => new Uint32Array(n));
    c.t = grown(c.t, size, (n) => new Float64Array(n));
    c.kind = grown(c.kind, size, (n) => new Uint8Array(n));
    c.host = grown(c.host, size, (n) => new Int8Array(n));
    c.task = grown(c.task, size, (n) => new Uint16Array(n));
    c.sock = grown(c.sock, size, (n) => new Uint32Array(n));
    c.cause = grown(c.cause, size, (n) => new Int32Array(n));
    c.at = grown(c.at, size, (n) => new Uint32Array(n));
  }

  #word(value: number): void {
    const c = this.#c;
    if (this.#wordCount === c.words.length) c.words = grown(c.words, this.#wordCount + 1, (n) => new Int32Array(n));
    c.words[this.#wordCount++] = value;
  }

  #write(type: FieldType, value: unknown): void {
    switch (type) {
      case 'i32':
      case 'u32':
        this.#word(value as number);
        break;
      case 'f64':
      case 'time':
        f64[0] = value as number;
        this.#word(f64Words[0] as number);
        this.#word(f64Words[1] as number);
        break;
      case 'text':
        this.#word(this.#textId(value as string));
        break;
      case 'bytes': {
        const bytes = value as Uint8Array;
        this.#c.blob = grown(this.#c.blob, this.#blobSize + bytes.length, (n) => new Uint8Array(n));
        this.#c.blob.set(bytes, this.#blobSize);
        this.#word(this.#blobSize);
        this.#word(bytes.length);
        this.#blobSize += bytes.length;
        break;
      }
      case 'ranges': {
        const ranges = value as readonly number[];
        this.#word(ranges.length);
        for (const edge of ranges) this.#word(edge);
      }
    }
  }

  #read(type: FieldType, w: number): unknown {
    const { words, texts, blob } = this.#c;
    const word = words[w] as number;
    switch (type) {
      case 'i32':
        return word;
      case 'u32':
        return word >>> 0;
      case 'f64':
      case 'time':
        f64Words[0] = word;
        f64Words[1] = words[w + 1] as number;
        return f64[0];
      case 'text':
        return texts[word];
      case 'bytes': {
        const length = words[w + 1] as number;
        return length === 0 ? EMPTY : blob.subarray(word, word + length);
      }
      case 'ranges':
        return Array.from(words.subarray(w + 1, w + 1 + word), (edge) => edge >>> 0);
    }
  }

  #textId(text: string): number {
    let id = this.#textIds.get(text);
    if (id === undefined) {
      id = this.#c.texts.push(text) - 1;
      this.#textIds.set(text, id);
    }
    return id;
  }
}
