/**
 * The log as bytes, and as JSON.
 *
 * `encode` and `decode` carry a log between processes: a header, then the columns as they lie in memory, each on an
 * 8-byte boundary, so that decoding is a check and a few views, not a parse. What follows from the rest does not travel:
 * where an event's words begin, and its number in a log without gaps; instants travel as steps. Of the store only those
 * bytes travel that an event refers to, each once. The version is a hash of the table of event kinds: whoever changes the
 * table changes the version, and bytes of another version are refused by name. `decode` never throws and never trusts: every number that would be followed is checked first, so that a log that
 * decodes can be read to its end.
 *
 * Columns are little-endian, as every machine is that runs an editor; on another the magic number would not match.
 */
import { concat, fromUtf8, utf8 } from '../base/bytes.ts';
import type { ColumnArrays } from './columns.ts';
import { checksumPlace, headerLength, LAYOUTS, type Layout, LIES, payloadLength, widthAt } from './layout.ts';
import { Log } from './log.ts';
import { Ranges } from './ranges.ts';
import { EVENTS, type Event } from './schema.ts';

/** 'SNBL', read as a little-endian word. */
const MAGIC = 0x4c424e53;
const HEADER_WORDS = 10;
/** Changes whenever the layout of the bytes does. */
const LAYOUT = 2;

/** The hash (FNV-1a, 32 bits) of layout and table of event kinds: what a log means depends on them. */
export const LOG_VERSION: number = [...`${LAYOUT} ${JSON.stringify(EVENTS)}`].reduce(
  (hash, ch) => Math.imul(hash ^ (ch.codePointAt(0) as number), 0x01000193) >>> 0,
  0x811c9dc5,
);

/** The words of the header. */
type Sizes = [
  magic: number,
  version: number,
  size: number,
  events: number,
  numbers: number,
  words: number,
  blob: number,
  texts: number,
  textBytes: number,
  /** Instants are told by their distance from the one before. */
  stepped: number,
];

export type Decoded = { ok: true; log: Log } | { ok: false; reason: string };

// Not by bit operators: a damaged header may name sizes beyond 32 bits.
const aligned = (size: number): number => Math.ceil(size / 8) * 8;
const asBytes = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Visits every reference to the store: the index of the word with the address, and how many bytes are meant. */
function references(c: ColumnArrays, visit: (word: number, length: number) => void): void {
  const { words } = c;
  for (let i = 0; i < c.n.length; i++) {
    let w = c.at[i] as number;
    for (const how of (LAYOUTS[c.kind[i] as number] as Layout).lies) {
      if (how === LIES.bytes) visit(w, (words[w + 1] as number) >>> 0);
      else if (how === LIES.packet) {
        const lengths = words[w + 2] as number;
        visit(w, headerLength(lengths));
        visit(w + 1, payloadLength(lengths));
      } else if (how === LIES.pieces) {
        for (let i = w + 1; i < w + widthAt(words, how, w); i += 2) visit(i, (words[i + 1] as number) >>> 0);
      }
      w += widthAt(words, how, w);
    }
  }
}

/** The bytes that events refer to, side by side. Their new addresses are written into the words. */
function gather(log: Log, c: ColumnArrays): Uint8Array {
  let count = 0;
  references(c, (_, length) => {
    if (length > 0) count++;
  });
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  count = 0;
  references(c, (word, length) => {
    if (length === 0) return;
    starts[count] = c.words[word] as number;
    ends[count] = (starts[count] as number) + length;
    count++;
  });
  const ranges = new Ranges(starts, ends);
  const blob = new Uint8Array(ranges.size);
  ranges.each((start, end) => log.copyBytes(start, end, blob.subarray(ranges.place(start))));
  references(c, (word, length) => {
    c.words[word] = length === 0 ? 0 : ranges.place((c.words[word] as number) >>> 0);
  });
  return blob;
}

/** How far each instant is from the one before, when 32 bits can tell: nearly always. */
function stepsOf(times: Float64Array): Uint32Array | undefined {
  const steps = new Uint32Array(times.length);
  let before = 0;
  for (let i = 0; i < times.length; i++) {
    const step = (times[i] as number) - before;
    if (step > 0xffffffff) return undefined;
    steps[i] = step;
    before = times[i] as number;
  }
  return steps;
}

function summed(steps: Uint32Array): Float64Array {
  const times = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) times[i] = sum += steps[i] as number;
  return times;
}

/** The log as bytes for {@link decode}. */
export function encode(log: Log): Uint8Array {
  const c = log.columns();
  const blob = gather(log, c);
  const texts = log.texts.map(utf8);
  const textEnds = new Uint32Array(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) textEnds[i] = end += text.length;

  const numbers = c.n.every((n, i) => n === i) ? c.n.subarray(0, 0) : c.n;
  const header = new Uint32Array(HEADER_WORDS);
  const steps = stepsOf(c.t);
  const parts: ArrayBufferView[] = [
    header,
    numbers,
    steps ?? c.t,
    c.kind,
    c.host,
    c.task,
    c.sock,
    c.cause,
    c.words,
    blob,
  ];
  const size = [...parts, textEnds].reduce((sum, part) => sum + aligned(part.byteLength), 0) + aligned(end);
  header.set([MAGIC, LOG_VERSION, size, c.n.length, numbers.length, c.words.length, blob.length, texts.length, end]);
  header[9] = steps ? 1 : 0;

  const out = new Uint8Array(size);
  let at = 0;
  for (const part of [...parts, textEnds, concat(texts)]) {
    out.set(asBytes(part), at);
    at += aligned(part.byteLength);
  }
  return out;
}

/** The log of {@link encode}'s bytes. It may share memory with them. Anything else gives a reason in words. */
export function decode(bytes: Uint8Array): Decoded {
  if (bytes.length < HEADER_WORDS * 4) return { ok: false, reason: 'not a log: too short' };
  // Columns need their own alignment, which a slice of a larger message need not have.
  const source = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const header = new Uint32Array(source.buffer, source.byteOffset, HEADER_WORDS);
  const [magic, version, size, events, numbers, words, blob, texts, textBytes, stepped] = header as unknown as Sizes;
  if (magic !== MAGIC) return { ok: false, reason: 'not a log: it does not begin like one' };
  if (version !== LOG_VERSION) return { ok: false, reason: 'the log was written by another version of the simulator' };
  if (size !== bytes.length) return { ok: false, reason: `the log is cut: ${bytes.length} of ${size} bytes` };

  let at = HEADER_WORDS * 4;
  const place = (bytesPerItem: number, count: number): number => {
    const here = at;
    at += aligned(bytesPerItem * count);
    return source.byteOffset + here;
  };
  const places = {
    n: place(4, numbers),
    t: place(stepped === 1 ? 4 : 8, events),
    kind: place(1, events),
    host: place(1, events),
    task: place(2, events),
    sock: place(4, events),
    cause: place(4, events),
    words: place(4, words),
    blob: place(1, blob),
    textEnds: place(4, texts),
    texts: place(1, textBytes),
  };
  const counted = numbers === events || numbers === 0;
  if (at !== size || !counted) return { ok: false, reason: 'the log is damaged: its parts do not add up to its size' };

  const buffer = source.buffer;
  const textEnds = new Uint32Array(buffer, places.textEnds, texts);
  const textBlob = new Uint8Array(buffer, places.texts, textBytes);
  const list: string[] = [];
  let start = 0;
  for (const end of textEnds) {
    if (end < start || end > textBlob.length) return { ok: false, reason: 'the log is damaged: a text lies outside' };
    list.push(fromUtf8(textBlob.subarray(start, end)));
    start = end;
  }
  const columns: ColumnArrays = {
    n: numbers === 0 ? Uint32Array.from({ length: events }, (_, i) => i) : new Uint32Array(buffer, places.n, events),
    t: stepped === 1 ? summed(new Uint32Array(buffer, places.t, events)) : new Float64Array(buffer, places.t, events),
    kind: new Uint8Array(buffer, places.kind, events),
    host: new Int8Array(buffer, places.host, events),
    task: new Uint16Array(buffer, places.task, events),
    sock: new Uint32Array(buffer, places.sock, events),
    cause: new Int32Array(buffer, places.cause, events),
    at: new Uint32Array(events),
    words: new Int32Array(buffer, places.words, words),
  };
  const store = new Uint8Array(buffer, places.blob, blob);
  const damage = damageOf(columns, list.length, store.length);
  if (damage !== '') return { ok: false, reason: `the log is damaged: ${damage}` };
  return { ok: true, log: new Log({ content: { columns, texts: list, bytes: store } }) };
}

/** What is wrong with columns from elsewhere; '' when they can be read to the end. Finds where each event's words begin. */
function damageOf(c: ColumnArrays, texts: number, bytes: number): string {
  const { words } = c;
  const outside = (w: number, length: number) => ((words[w] as number) >>> 0) + length > bytes;
  let next = 0;
  let now = 0;
  let word = 0;
  for (let i = 0; i < c.n.length; i++) {
    const n = c.n[i] as number;
    const t = c.t[i] as number;
    if (n < next) return `event ${n} follows event ${next - 1}`;
    if (!Number.isSafeInteger(t) || t < now) return `event ${n} is at ${t} ns, after ${now} ns`;
    next = n + 1;
    now = t;
    const layout = LAYOUTS[c.kind[i] as number];
    if (!layout) return `event ${n} is of no known kind`;
    c.at[i] = word;
    for (const how of layout.lies) {
      const w = word;
      const value = words[w];
      if (value === undefined) return `event ${n} is cut`;
      if ((how === LIES.ranges || how === LIES.pieces) && value < 0) return `event ${n} is cut`;
      word += widthAt(words, how, w);
      if (word > words.length) return `event ${n} is cut`;
      if (how === LIES.text && !(value >= 0 && value < texts)) return `event ${n} names no text`;
      if (how === LIES.bytes && outside(w, (words[w + 1] as number) >>> 0)) return `event ${n} has bytes outside`;
      if (how === LIES.pieces) {
        for (let i = w + 1; i < word; i += 2) {
          if (outside(i, (words[i + 1] as number) >>> 0)) return `event ${n} has bytes outside`;
        }
      }
      if (how !== LIES.packet) continue;
      const lengths = words[w + 2] as number;
      const headers = headerLength(lengths);
      if (outside(w, headers) || outside(w + 1, payloadLength(lengths))) return `event ${n} has bytes outside`;
      if (checksumPlace(lengths) > Math.max(0, headers - 2)) return `event ${n} has its checksum outside`;
    }
  }
  return '';
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

/** The log for JSON: its version, and events as plain objects, their fields by name, bytes in hexadecimal. */
export function toJson(log: Log): { version: number; events: Record<string, unknown>[] } {
  const plain = (event: Event): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(event).map(([key, value]) => [key, value instanceof Uint8Array ? hex(value) : value]),
    );
  return { version: LOG_VERSION, events: Array.from(log, plain) };
}
