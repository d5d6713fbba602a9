/**
 * The append-only log of a run.
 *
 * Events are packed into typed columns (28 bytes and the fields), never kept as objects: a million of them must be
 * cheap to record, to send to a renderer and to scrub through. Reading one makes a fresh plain object. Bytes and texts
 * are stored once. Nothing is ever changed or taken away.
 *
 * `add` takes any kind. The kinds that every segment leaves behind have writers of their own, which take numbers and
 * make no object: a test holds that they write what `add` writes.
 *
 * A log may be a window of a longer one (see slice.ts): then its events keep their numbers, which rise but have gaps.
 */
import { must } from '../base/bug.ts';
import type { Time } from '../base/time.ts';
import { type ColumnArrays, Columns } from './columns.ts';
import type { Frame } from './frame.ts';
import {
  eventWidth,
  kindIndex,
  LAYOUTS,
  type Layout,
  LIES,
  MAX_CHECKSUM_AT,
  MAX_HEADERS,
  MAX_PAYLOAD,
  packetLengths,
  widthAt,
} from './layout.ts';
import { LogReader } from './reader.ts';
import type { Context, Fields, Kind, Written } from './schema.ts';
import { Store } from './store.ts';

/** What a log begins with, and whether it keeps anything. */
export interface LogOptions {
  /** Events of another log, with the texts and bytes that they name. */
  content?: { columns: ColumnArrays; texts: string[]; bytes: Uint8Array };
  /** The store of another log, to be shared. */
  store?: Store;
  /** false: events are numbered and forgotten, for worlds that are too large to be looked at. */
  keep?: boolean;
}

const PACKET_SENT = kindIndex('packet.sent');
const PACKET_QUEUED = kindIndex('packet.queued');
const PACKET_ARRIVED = kindIndex('packet.arrived');
const TCP_SEND = kindIndex('tcp.send');
const TCP_RECV = kindIndex('tcp.recv');
const TCP_NOTE = kindIndex('tcp.note');
const TCP_RTT = kindIndex('tcp.rtt');
const TIMER_SET = kindIndex('timer.set');
const TIMER_OFF = kindIndex('timer.off');

export class Log extends LogReader {
  /** The cause that the next event gets unless it names its own; -1: none. */
  cause = -1;

  #next = 0;
  readonly #keep: boolean;
  readonly #textIds = new Map<string, number>();

  constructor({ content, store, keep = true }: LogOptions = {}) {
    super(new Columns(content?.columns), store ?? new Store(content?.bytes), content?.texts ?? []);
    this.#keep = keep;
    for (const [i, text] of this.textsHeld.entries()) this.#textIds.set(text, i);
    const { length } = this.columnsHeld;
    if (length === 0) return;
    this.#next = this.columnsHeld.n(length - 1) + 1;
    this.now = this.columnsHeld.t(length - 1) as Time;
  }

  /** The instant that the next event gets. Set by whoever owns the clock. */
  get now(): Time {
    return this.columnsHeld.now as Time;
  }

  set now(t: Time) {
    this.columnsHeld.now = t;
  }

  /** Whether events are kept, and not only numbered. */
  get keeps(): boolean {
    return this.#keep;
  }

  /** The number that the next event will get. */
  get next(): number {
    return this.#next;
  }

  /** Appends an event at `now` and returns its number. */
  add<K extends Kind>(kind: K, context: Context, fields: Written<K>): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const k = kindIndex(kind);
    const { names, lies, words } = LAYOUTS[k] as Layout;
    const { host = -1, task = 0, sock = 0, cause = this.cause } = context;
    let room = words;
    if (kind === 'tcp.recv') room += (fields as Fields<'tcp.recv'>).ooo.length;
    else if (kind === 'call.exit') room += 2 * piecesOf((fields as Written<'call.exit'>).data).length;
    this.columnsHeld.begin(k, n, host, task, sock, cause, room);
    const values = fields as Record<string, unknown>;
    for (let f = 0; f < lies.length; f++) this.#write(lies[f] as number, values[names[f] as string]);
    return n;
  }

  /** `packet.sent`: the packet itself, by reference to its payload. */
  packetSent(host: number, sock: number, cause: number, to: number, link: number, packet: Frame): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(PACKET_SENT, n, host, 0, sock, cause, 5);
    c.word(to);
    c.word(link);
    this.#writeFrame(packet);
    return n;
  }

  /** `packet.queued`. */
  packetQueued(host: number, sock: number, cause: number, packet: number, length: number): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(PACKET_QUEUED, n, host, 0, sock, cause, 2);
    c.word(packet);
    c.word(length);
    return n;
  }

  /** `packet.arrived`. */
  packetArrived(host: number, sock: number, packet: number): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(PACKET_ARRIVED, n, host, 0, sock, packet, 1);
    c.word(packet);
    return n;
  }

  /** `tcp.send`; relative sequence numbers. */
  sendVariables(
    host: number,
    sock: number,
    una: number,
    nxt: number,
    end: number,
    edge: number,
    limit: number,
    cwnd: number,
    ssthresh: number,
  ): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(TCP_SEND, n, host, 0, sock, this.cause, 7);
    c.word(una);
    c.word(nxt);
    c.word(end);
    c.word(edge);
    c.word(limit);
    c.word(cwnd);
    c.word(ssthresh);
    return n;
  }

  /** `tcp.recv`; relative sequence numbers. */
  receiveVariables(
    host: number,
    sock: number,
    read: number,
    nxt: number,
    edge: number,
    limit: number,
    ooo: readonly number[],
  ): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(TCP_RECV, n, host, 0, sock, this.cause, 5 + ooo.length);
    c.word(read);
    c.word(nxt);
    c.word(edge);
    c.word(limit);
    this.#writeRanges(ooo);
    return n;
  }

  /** `tcp.rtt`. */
  roundTrip(host: number, sock: number, sample: Time, srtt: Time, rttvar: Time, rto: Time): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(TCP_RTT, n, host, 0, sock, this.cause, 8);
    c.double(sample);
    c.double(srtt);
    c.double(rttvar);
    c.double(rto);
    return n;
  }

  /** `tcp.note`. */
  note(host: number, sock: number, rule: string, rfc: string, linux: string): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(TCP_NOTE, n, host, 0, sock, this.cause, 3);
    c.word(this.#textId(rule));
    c.word(this.#textId(rfc));
    c.word(this.#textId(linux));
    return n;
  }

  /** `timer.set`. */
  timerSet(host: number, sock: number, timer: string, at: Time): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(TIMER_SET, n, host, 0, sock, this.cause, 3);
    c.word(this.#textId(timer));
    c.double(at);
    return n;
  }

  /** `timer.off`. */
  timerOff(host: number, sock: number, timer: string): number {
    const n = this.#next++;
    if (!this.#keep) return n;
    const c = this.columnsHeld;
    c.begin(TIMER_OFF, n, host, 0, sock, this.cause, 1);
    c.word(this.#textId(timer));
    return n;
  }

  /** The same bytes where they stay: in the log's store, or a copy when nothing is kept. Nobody may change them. */
  store(bytes: Uint8Array): Uint8Array {
    if (!this.#keep) return bytes.slice();
    return this.bytesHeld.has(bytes) ? bytes : this.bytesHeld.view(this.bytesHeld.put(bytes), bytes.length);
  }

  /** An empty log for a window of this one: it shares the store. */
  emptyWindow(): Log {
    return new Log({ store: this.bytesHeld });
  }

  /** Appends the event at index `i` of a log that shares the store, with its number and instant. */
  copyOf(log: Log, i: number): void {
    const from = log.columnsHeld;
    const c = this.columnsHeld;
    must(this.bytesHeld === log.bytesHeld, 'a window of another log');
    const layout = LAYOUTS[from.kind(i)] as Layout;
    const words = from.wordsOf(i);
    let w = from.startOf(i);
    const width = eventWidth(words, layout, w);
    const n = from.n(i);
    c.now = from.t(i);
    c.begin(from.kind(i), n, from.host(i), from.task(i), from.sock(i), from.cause(i), width);
    for (const how of layout.lies) {
      if (how === LIES.text) c.word(this.#textId(log.textsHeld[words[w++] as number] as string));
      else for (const stop = w + widthAt(words, how, w); w < stop; w++) c.word(words[w] as number);
    }
    this.#next = n + 1;
  }

  #write(how: number, value: unknown): void {
    const c = this.columnsHeld;
    switch (how) {
      case LIES.signed:
      case LIES.unsigned:
        c.word(value as number);
        break;
      case LIES.double:
        c.double(value as number);
        break;
      case LIES.text:
        c.word(this.#textId(value as string));
        break;
      case LIES.bytes: {
        const bytes = value as Uint8Array;
        c.word(this.bytesHeld.put(bytes));
        c.word(bytes.length);
        break;
      }
      case LIES.ranges:
        this.#writeRanges(value as readonly number[]);
        break;
      case LIES.pieces:
        this.#writePieces(piecesOf(value as Uint8Array | readonly Uint8Array[]));
        break;
      default:
        this.#writeFrame(asFrame(value as Uint8Array));
    }
  }

  #writeRanges(ranges: readonly number[]): void {
    const c = this.columnsHeld;
    c.word(ranges.length);
    for (let i = 0; i < ranges.length; i++) c.word(ranges[i] as number);
  }

  /** Pieces that lie one after the other become one. */
  #writePieces(pieces: readonly Uint8Array[]): void {
    const c = this.columnsHeld;
    const count = c.mark;
    c.word(0);
    let end = -1;
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      const address = this.bytesHeld.put(piece);
      if (address === end) c.amend(c.mark - 1, piece.length);
      else {
        c.amend(count, 1);
        c.word(address);
        c.word(piece.length);
      }
      end = address + piece.length;
    }
  }

  #writeFrame(packet: Frame): void {
    const { headerLength, payloadLength, checksumAt } = packet;
    must(headerLength <= MAX_HEADERS && payloadLength <= MAX_PAYLOAD && checksumAt <= MAX_CHECKSUM_AT, 'a packet');
    const c = this.columnsHeld;
    const store = this.bytesHeld;
    const content = payloadLength === 0 ? 0 : store.put(packet.payload) + packet.payloadFrom;
    const headers = headerLength === 0 ? 0 : store.room(headerLength);
    if (headerLength > 0) packet.writeHeaders(store.bytes, store.offset);
    c.word(headers);
    c.word(content);
    c.word(packetLengths(payloadLength, headerLength, checksumAt));
  }

  #textId(text: string): number {
    let id = this.#textIds.get(text);
    if (id === undefined) {
      id = this.textsHeld.push(text) - 1;
      this.#textIds.set(text, id);
    }
    return id;
  }
}

const piecesOf = (bytes: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] =>
  bytes instanceof Uint8Array ? [bytes] : bytes;

const noHeaders = (): void => {};

/** Whole bytes as a frame. */
const asFrame = (bytes: Uint8Array): Frame => ({
  headerLength: 0,
  payload: bytes,
  payloadFrom: 0,
  payloadLength: bytes.length,
  checksumAt: 0,
  writeHeaders: noHeaders,
});
