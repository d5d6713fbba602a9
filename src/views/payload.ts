/**
 * What a renderer is given: the window of the log that a cell left behind, and which views of it to draw.
 *
 * Bytes: the word 'SNBP' and the format's version, the length of a JSON header, the header, then (on an 8-byte
 * boundary, so that the log's columns can be read where they lie) the log as `encode` of sim/trace/codec.ts wrote it.
 * Decoding trusts nothing: bytes of another version, cut bytes or bytes of something else give a reason in words.
 */
import { concat, fromUtf8, utf8 } from '../sim/base/bytes.ts';
import { decode } from '../sim/trace/codec.ts';
import type { Log } from '../sim/trace/log.ts';

/** The media type of such bytes. */
export const RUN_MIME = 'application/vnd.socknb.run';

/** Raised whenever the header changes its meaning; the log has a version of its own. */
const PAYLOAD_VERSION = 1;
/** 'SNBP', read as a little-endian word. */
const MAGIC = 0x50424e53;
const PREFIX = 12;

export interface PayloadHeader {
  /** Ids of the views to draw, in order. Ids that a reader does not know are kept: it says that it does not know them. */
  views: readonly string[];
  /** The cell's label, as the log names it. */
  cell: string;
  /** A heading for people. */
  title?: string;
  kernel: 'simulator' | 'loopback';
  /** Views that were asked for and that this kernel cannot feed, each with the reason as a sentence. */
  absent: readonly { view: string; reason: string }[];
}

export type DecodedPayload = { ok: true; header: PayloadHeader; log: Log } | { ok: false; reason: string };

const aligned = (size: number): number => (size + 7) & ~7;

/** Header and log as bytes for {@link decodePayload}. */
export function encodePayload(header: PayloadHeader, log: Uint8Array): Uint8Array {
  const json = utf8(JSON.stringify(header));
  const prefix = new Uint8Array(PREFIX);
  const words = new DataView(prefix.buffer);
  words.setUint32(0, MAGIC, true);
  words.setUint32(4, PAYLOAD_VERSION, true);
  words.setUint32(8, json.length, true);
  const gap = new Uint8Array(aligned(PREFIX + json.length) - PREFIX - json.length);
  return concat([prefix, json, gap, log]);
}

/** Header and log of {@link encodePayload}'s bytes. Never throws. The log may share memory with the bytes. */
export function decodePayload(bytes: Uint8Array): DecodedPayload {
  if (bytes.length < PREFIX) return { ok: false, reason: 'not a recorded run: too short' };
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (words.getUint32(0, true) !== MAGIC)
    return { ok: false, reason: 'not a recorded run: it does not begin like one' };
  if (words.getUint32(4, true) !== PAYLOAD_VERSION) {
    return { ok: false, reason: 'the run was recorded by another version of Socket Notebooks' };
  }
  const size = words.getUint32(8, true);
  if (aligned(PREFIX + size) > bytes.length) return { ok: false, reason: 'the recorded run is cut' };
  const header = headerOf(fromUtf8(bytes.subarray(PREFIX, PREFIX + size)));
  if (!header) return { ok: false, reason: 'the recorded run is damaged: its header cannot be read' };
  const decoded = decode(bytes.subarray(aligned(PREFIX + size)));
  return decoded.ok ? { ok: true, header, log: decoded.log } : decoded;
}

const isText = (value: unknown): value is string => typeof value === 'string';

function headerOf(json: string): PayloadHeader | undefined {
  let value: Partial<Record<keyof PayloadHeader, unknown>> | null;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { views, cell, title, kernel, absent } = value;
  const fits =
    Array.isArray(views) &&
    views.every(isText) &&
    isText(cell) &&
    (title === undefined || isText(title)) &&
    (kernel === 'simulator' || kernel === 'loopback') &&
    Array.isArray(absent) &&
    absent.every((entry) => isText(entry?.view) && isText(entry?.reason));
  if (!fits) return undefined;
  return { views, cell, kernel, absent, ...(title === undefined ? {} : { title }) };
}
