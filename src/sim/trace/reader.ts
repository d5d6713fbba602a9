/**
 * Reading a log: events as plain objects, and questions that need no object.
 *
 * Bytes and packets that an event gives are views of the store or fresh arrays: nobody may change the former. What is
 * written, and when, is the business of log.ts.
 */
import { SimBug } from '../base/bug.ts';
import { concat } from '../base/bytes.ts';
import type { Time } from '../base/time.ts';
import { type ColumnArrays, type Columns, doubleAt } from './columns.ts';
import { wholeFrame } from './frame.ts';
import {
  checksumPlace,
  eventWidth,
  headerLength,
  kindIndex,
  LAYOUTS,
  type Layout,
  LIES,
  payloadLength,
  widthAt,
} from './layout.ts';
import { type Event, type EventOf, KINDS, type Kind } from './schema.ts';
import type { Store } from './store.ts';

/** Two parts of a packet that lie apart, as the log keeps them: the checksum may not be complete (frame.ts). */
export interface PacketParts {
  /** Empty when all of the packet is in `payload`. */
  headers: Uint8Array;
  payload: Uint8Array;
}

export abstract class LogReader {
  protected readonly columnsHeld: Columns;
  protected readonly bytesHeld: Store;
  protected readonly textsHeld: string[];

  constructor(columns: Columns, bytes: Store, texts: string[]) {
    this.columnsHeld = columns;
    this.bytesHeld = bytes;
    this.textsHeld = texts;
  }

  /** How many events are here. */
  get length(): number {
    return this.columnsHeld.length;
  }

  /** The texts that events name by number. */
  get texts(): readonly string[] {
    return this.textsHeld;
  }

  /** The event at index `i` (0 to length - 1) as a plain object. */
  at(i: number): Event {
    const c = this.columnsHeld;
    if (!(i >= 0 && i < c.length)) throw new SimBug(`no event at index ${i}`);
    const k = c.kind(i);
    const event: Record<string, unknown> = {
      n: c.n(i),
      t: c.t(i),
      kind: KINDS[k],
      host: c.host(i),
      sock: c.sock(i),
      task: c.task(i),
      cause: c.cause(i),
    };
    const { names, lies } = LAYOUTS[k] as Layout;
    const words = c.wordsOf(i);
    let w = c.startOf(i);
    for (let f = 0; f < lies.length; f++) {
      const how = lies[f] as number;
      event[names[f] as string] = this.#read(how, words, w);
      w += widthAt(words, how, w);
    }
    return event as unknown as Event;
  }

  /** The kind of the event at index `i`, without reading its fields. */
  kindAt(i: number): Kind {
    return KINDS[this.columnsHeld.kind(i)] as Kind;
  }

  /** The instant of the event at index `i`. */
  timeAt(i: number): Time {
    return this.columnsHeld.t(i) as Time;
  }

  /** The number of the event at index `i`. */
  numberAt(i: number): number {
    return this.columnsHeld.n(i);
  }

  /** The host of the event at index `i`. */
  hostAt(i: number): number {
    return this.columnsHeld.host(i);
  }

  /** The socket of the event at index `i`. */
  sockAt(i: number): number {
    return this.columnsHeld.sock(i);
  }

  /** The task of the event at index `i`. */
  taskAt(i: number): number {
    return this.columnsHeld.task(i);
  }

  /** The `k`th word of the event at index `i`, unsigned: a field, when those before it take one word each. */
  wordAt(i: number, k: number): number {
    const c = this.columnsHeld;
    return (c.wordsOf(i)[c.startOf(i) + k] as number) >>> 0;
  }

  /** The packet of the `packet.sent` at index `i`, in its parts. */
  packetAt(i: number): PacketParts {
    const words = this.columnsHeld.wordsOf(i);
    const w = this.columnsHeld.startOf(i) + 2; // after `to` and `link`
    const lengths = words[w + 2] as number;
    return {
      headers: this.bytesHeld.view((words[w] as number) >>> 0, headerLength(lengths)),
      payload: this.bytesHeld.view((words[w + 1] as number) >>> 0, payloadLength(lengths)),
    };
  }

  /** The index of event number `n`, or -1 when it is not in this log. */
  indexOf(n: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const here = this.numberAt(middle);
      if (here === n) return middle;
      if (here < n) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** How many events happened at or before `t`: the index just past the last of them. */
  countUntil(t: Time): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeAt(middle) <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The events of one kind from index `from` on, in order. */
  *of<K extends Kind>(kind: K, from = 0): Generator<EventOf<K>> {
    const k = kindIndex(kind);
    for (let i = from; i < this.length; i++) if (this.columnsHeld.kind(i) === k) yield this.at(i) as EventOf<K>;
  }

  /** All events from index `from` on, in order. */
  *[Symbol.iterator](from = 0): Generator<Event> {
    for (let i = from; i < this.length; i++) yield this.at(i);
  }

  /** The columns in one piece each: copies. */
  columns(): ColumnArrays {
    const c = this.columnsHeld;
    return c.flat((i) => eventWidth(c.wordsOf(i), LAYOUTS[c.kind(i)] as Layout, c.startOf(i)));
  }

  /** Copies the bytes at addresses `[start, end)` of the store, as the words of events name them, into `out`. */
  copyBytes(start: number, end: number, out: Uint8Array): void {
    this.bytesHeld.copy(start, end, out);
  }

  #read(how: number, words: Int32Array, w: number): unknown {
    const word = words[w] as number;
    switch (how) {
      case LIES.signed:
        return word;
      case LIES.unsigned:
        return word >>> 0;
      case LIES.double:
        return doubleAt(words, w);
      case LIES.text:
        return this.textsHeld[word];
      case LIES.bytes:
        return this.bytesHeld.view(word >>> 0, (words[w + 1] as number) >>> 0);
      case LIES.ranges:
        return Array.from(words.subarray(w + 1, w + 1 + word), (edge) => edge >>> 0);
      case LIES.pieces:
        return this.#joined(words, w + 1, word);
      default: {
        const lengths = words[w + 2] as number;
        const payload = this.bytesHeld.view((words[w + 1] as number) >>> 0, payloadLength(lengths));
        const headers = headerLength(lengths);
        if (headers === 0) return payload;
        return wholeFrame(this.bytesHeld.view(word >>> 0, headers), payload, checksumPlace(lengths));
      }
    }
  }

  /** The `count` pieces that begin at word `w`: a view when there is one. */
  #joined(words: Int32Array, w: number, count: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let i = w; i < w + 2 * count; i += 2) {
      parts.push(this.bytesHeld.view((words[i] as number) >>> 0, (words[i + 1] as number) >>> 0));
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : concat(parts);
  }
}
