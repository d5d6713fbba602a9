/**
 * How the fields of each kind of event lie in words: the table of events, compiled once for those who write and read
 * many of them.
 */
import { EVENTS, type FieldType, KINDS, type Kind } from './schema.ts';

/** How a field lies: its words. Constants of integers, so that a switch over them is a jump. */
export const LIES = {
  /** One word. */
  signed: 0,
  unsigned: 1,
  /** Two words. */
  double: 2,
  /** One word: the number of a text. */
  text: 3,
  /** Two words: address in the store, length. */
  bytes: 4,
  /** One word that says how many follow. */
  ranges: 5,
  /** Three words: addresses of headers and payload, and {@link packetLengths}. */
  packet: 6,
  /** One word that says how many pieces follow: two words each, address and length. */
  pieces: 7,
} as const;

const LIES_AS: Record<FieldType, number> = {
  i32: LIES.signed,
  u32: LIES.unsigned,
  f64: LIES.double,
  time: LIES.double,
  text: LIES.text,
  bytes: LIES.bytes,
  ranges: LIES.ranges,
  packet: LIES.packet,
  pieces: LIES.pieces,
};

/** Words of each of {@link LIES}, without what follows a count. */
const WIDTH: readonly number[] = [1, 1, 2, 1, 2, 1, 3, 1];

/** How many words the field at word `w` takes. */
export function widthAt(words: Int32Array, how: number, w: number): number {
  if (how === LIES.ranges) return 1 + (words[w] as number);
  if (how === LIES.pieces) return 1 + 2 * (words[w] as number);
  return WIDTH[how] as number;
}

/** How many words the fields of an event take that begin at word `w`. */
export function eventWidth(words: Int32Array, { lies }: Layout, w: number): number {
  let at = w;
  for (const how of lies) at += widthAt(words, how, at);
  return at - w;
}

/** The fields of a kind, in the order of the table. */
export interface Layout {
  readonly names: readonly string[];
  readonly lies: readonly number[];
  /** Words that all fields take, without what follows a count. */
  readonly words: number;
}

/** By index of the kind. */
export const LAYOUTS: readonly Layout[] = KINDS.map((kind) => {
  const lies = Object.values(EVENTS[kind]).map((type) => LIES_AS[type]);
  return {
    names: Object.keys(EVENTS[kind]),
    lies,
    words: lies.reduce((sum, how) => sum + (WIDTH[how] as number), 0),
  };
});

const KIND_INDEX = new Map<Kind, number>(KINDS.map((kind, i) => [kind, i]));

/** The index of a kind in KINDS. */
export const kindIndex = (kind: Kind): number => KIND_INDEX.get(kind) as number;

export const MAX_PAYLOAD = 0x1_ffff;
export const MAX_HEADERS = 0xff;
export const MAX_CHECKSUM_AT = 0x7f;

/** The lengths of a packet's parts and where its unfinished checksum is, in one word. */
export const packetLengths = (payload: number, headers: number, checksumAt: number): number =>
  (payload << 15) | (headers << 7) | checksumAt;
export const payloadLength = (word: number): number => word >>> 15;
export const headerLength = (word: number): number => (word >>> 7) & MAX_HEADERS;
export const checksumPlace = (word: number): number => word & MAX_CHECKSUM_AT;
