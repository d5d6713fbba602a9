/**
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), each to bytes. Integers are big-endian, which the section header
 * declares, so that a dump of the file reads like the headers in it. What is in the blocks is the caller's business.
 */
import { concat, utf8 } from '../sim/base/bytes.ts';
import type { Time } from '../sim/base/time.ts';
import type { Address } from '../sim/wire/address.ts';
import { putU16, putU32 } from '../sim/wire/octets.ts';

/* biome-ignore format: a table */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, names: 4, packet: 6 } as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Raw IPv4 and IPv6: the first four bits of each packet tell which. */
const LINKTYPE_RAW = 101;
/** Timestamps count 10^-9 seconds. */
const NANOSECONDS = 9;
/** The length of a section that nobody counted. */
const UNKNOWN_LENGTH = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255);

/** An option of a block: its code, and its value before padding. */
export type Option = readonly [code: number, value: Uint8Array];

/* biome-ignore format: a table */
export const OPTION = {
  // of any block
  comment:     (text: string): Option => [1, utf8(text)],
  // of a section
  os:          (text: string): Option => [3, utf8(text)],
  application: (text: string): Option => [4, utf8(text)],
  // of an interface
  name:        (text: string): Option => [2, utf8(text)],
  description: (text: string): Option => [3, utf8(text)],
  /** Address and mask. */
  ipv4:        ({ bytes }: Address, prefix: number): Option => [4, concat([bytes, words(-(2 ** (32 - prefix)))])],
  /** Address and length of the prefix. */
  ipv6:        ({ bytes }: Address, prefix: number): Option => [5, concat([bytes, Uint8Array.of(prefix)])],
  /** In bits per second. */
  speed:       (rate: number): Option => [8, u64(rate)],
  // of a packet
  direction:   (way: 'in' | 'out'): Option => [2, words(way === 'in' ? 1 : 2)],
  /** The same packet on two interfaces has the same number. */
  packetId:    (n: number): Option => [5, u64(n)],
} as const;

/** Begins a file: everything after it belongs to this section. */
export const sectionHeader = (options: readonly Option[]): Uint8Array =>
  block(BLOCK.section, [words(BYTE_ORDER_MAGIC, 0x0001_0000), UNKNOWN_LENGTH], options);

/** Describes the next interface; the first is number 0. Its packets' times count from `epoch`, in seconds since 1970. */
export const interfaceDescription = (epoch: number, options: readonly Option[]): Uint8Array =>
  block(
    BLOCK.interface,
    [words(LINKTYPE_RAW * 0x1_0000, 0)],
    [...options, [9, Uint8Array.of(NANOSECONDS)], [14, u64(epoch)]],
  );

/** Names of addresses, for readers that show names. */
export function nameResolution(names: readonly { address: Address; name: string }[]): Uint8Array {
  const records = names.map(({ address: { family, bytes }, name }) =>
    record(family === 4 ? 1 : 2, concat([bytes, utf8(`${name}\0`)])),
  );
  return block(BLOCK.names, [...records, END], []);
}

/** A packet, whole, seen by interface number `on`. */
export function enhancedPacket(on: number, time: Time, bytes: Uint8Array, options: readonly Option[]): Uint8Array {
  const head = words(on, Math.floor(time / 2 ** 32), time % 2 ** 32, bytes.length, bytes.length);
  return block(BLOCK.packet, [head, padded(bytes)], options);
}

/** Type, length, body, options, and the length again, so that a reader can go backwards. */
function block(type: number, body: readonly Uint8Array[], options: readonly Option[]): Uint8Array {
  const tail = options.length === 0 ? [] : [...options.map(([code, value]) => record(code, value)), END];
  const inner = concat([...body, ...tail]);
  const length = inner.length + 12;
  return concat([words(type, length), inner, words(length)]);
}

/** An option, or a record of names: code, length, value, and zeros to a whole word. */
function record(code: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  putU16(head, 0, code);
  putU16(head, 2, value.length);
  return concat([head, padded(value)]);
}

/** Ends a list of options or of names. */
const END = new Uint8Array(4);

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const out = new Uint8Array((bytes.length + 3) & ~3);
  out.set(bytes);
  return out;
}

function words(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4);
  for (const [i, value] of values.entries()) putU32(out, i * 4, value);
  return out;
}

const u64 = (value: number): Uint8Array => words(Math.floor(value / 2 ** 32), value % 2 ** 32);
