/**
 * IP addresses of both families: from text, from the wire, and back.
 *
 * Addresses are interned: one object per address, so `===` compares them and maps take them as keys. An address never
 * changes. `id` differs from address to address but depends on who came first: good for hashing, and for nothing that
 * anybody can see. Text is that of inet_ntop(3), which is RFC 5952's. No names, no networks, no hosts here.
 */
import { must } from '../base/bug.ts';
import { getU16, getU32 } from './octets.ts';

export interface Address {
  readonly family: 4 | 6;
  /** In network order, 4 or 16; nobody writes to them. */
  readonly bytes: Uint8Array;
  /** `10.0.0.1`, `2001:db8::1`, `::ffff:10.0.0.1`. */
  readonly text: string;
  /** Small, whole, unique among the addresses seen so far. */
  readonly id: number;
  /** The unsigned 32-bit number that an IPv4 address is; 0 for IPv6. */
  readonly word: number;
  /** The sum of its 16-bit words: its share of a pseudo header's checksum. */
  readonly sum: number;
}

const byWord = new Map<number, Address>();
const byWords = new Map<string, Address>();

/** The IPv4 address that is this unsigned 32-bit number: 0x0a000001 is 10.0.0.1. */
export function address4(word: number): Address {
  let found = byWord.get(word);
  if (!found) {
    const bytes = Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word);
    found = intern(4, bytes, bytes.join('.'), word);
    byWord.set(word, found);
  }
  return found;
}

/** The address that stands in `bytes` from `at` on. */
export function addressAt(bytes: Uint8Array, at: number, family: 4 | 6): Address {
  if (family === 4) return address4(getU32(bytes, at));
  let key = '';
  for (let i = 0; i < 16; i += 2) key += String.fromCharCode(getU16(bytes, at + i));
  let found = byWords.get(key);
  if (!found) {
    const copy = bytes.slice(at, at + 16);
    found = intern(6, copy, text6(copy), 0);
    byWords.set(key, found);
  }
  return found;
}

function intern(family: 4 | 6, bytes: Uint8Array, text: string, word: number): Address {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += getU16(bytes, i);
  return Object.freeze({ family, bytes, text, id: byWord.size + byWords.size, word, sum });
}

/** The address that a text names, as inet_pton(3) takes it; undefined when it names none. No zone, no brackets. */
export function parseAddress(text: string): Address | undefined {
  const six = text.includes(':');
  const bytes = six ? bytes6(text) : bytes4(text);
  return bytes && addressAt(Uint8Array.from(bytes), 0, six ? 6 : 4);
}

/** The address that a text names; for texts known to be addresses. @throws SimBug when it is none */
export function address(text: string): Address {
  const found = parseAddress(text);
  must(found !== undefined, `not an IP address: ${text}`);
  return found;
}

/** Dotted decimal: four numbers of 0 to 255 without leading zeros. */
function bytes4(text: string): number[] | undefined {
  const parts = text.split('.');
  const fits = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return fits ? parts.map(Number) : undefined;
}

/** Groups of one to four hexadecimal digits (RFC 4291 section 2.2): `::` once, for at least one; dotted decimal last. */
function bytes6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [bytesOfGroups(halves[0] as string, halves.length === 1), bytesOfGroups(halves[1] ?? '', true)];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function bytesOfGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const dotted = last && i === groups.length - 1 ? bytes4(group) : undefined;
    if (dotted) bytes.push(...dotted);
    else if (/^[\da-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return undefined;
  }
  return bytes;
}

/** RFC 5952: no leading zeros, lower case, `::` for the first of the longest runs of two zero groups or more. */
function text6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => getU16(bytes, 2 * i).toString(16));
  const run = longestRun(groups);
  // the last four bytes are an IPv4 address: mapped (RFC 4291 section 2.5.5.2), or compatible, which is out of use
  if (run.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 'ffff'))) {
    return `::${run.length === 5 ? 'ffff:' : ''}${bytes.subarray(12).join('.')}`;
  }
  if (run.length < 2) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
}

function longestRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** INADDR_ANY and in6addr_any: no address in particular. */
export const ANY4 = address('0.0.0.0');
export const ANY6 = address('::');
export const LOOPBACK4 = address('127.0.0.1');
export const LOOPBACK6 = address('::1');

/** The wildcard, or what a packet carries whose sender has no address yet. */
export const isAny = (a: Address): boolean => a === ANY4 || a === ANY6;

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1. */
export const isLoopback = (a: Address): boolean => (a.family === 4 ? a.bytes[0] === 127 : a === LOOPBACK6);

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291 section 2.5.6): of one link, so never routed. */
export const isLinkLocal = (a: Address): boolean => {
  const first = getU16(a.bytes, 0);
  return a.family === 4 ? first === 0xa9fe : (first & 0xffc0) === 0xfe80;
};

/** 224.0.0.0/4 (RFC 5771) and ff00::/8 (RFC 4291 section 2.7). */
export const isMulticast = (a: Address): boolean =>
  a.family === 4 ? (a.bytes[0] as number) >> 4 === 14 : a.bytes[0] === 0xff;

/** The limited broadcast address (RFC 919 section 7). */
export const isBroadcast = (a: Address): boolean => a === BROADCAST;
const BROADCAST = address('255.255.255.255');

/** ::ffff:0:0/96: how a socket of AF_INET6 names an IPv4 address (RFC 3493 section 3.7); never on the wire. */
export const isMapped = (a: Address): boolean => a.family === 6 && commonPrefix(a, MAPPED) >= 96;
const MAPPED = address('::ffff:0.0.0.0');

/** The IPv4-mapped form of an IPv4 address; an IPv6 address is given back. */
export function mapped(a: Address): Address {
  if (a.family === 6) return a;
  const bytes = MAPPED.bytes.slice();
  bytes.set(a.bytes, 12);
  return addressAt(bytes, 0, 6);
}

/** The IPv4 address in an IPv4-mapped one; any other is given back. */
export const unmapped = (a: Address): Address => (isMapped(a) ? addressAt(a.bytes, 12, 4) : a);

/** How many leading bits two addresses of one family share; 0 across families. */
export function commonPrefix(a: Address, b: Address): number {
  if (a.family !== b.family) return 0;
  for (const [i, byte] of a.bytes.entries()) {
    const differ = byte ^ (b.bytes[i] as number);
    if (differ !== 0) return i * 8 + Math.clz32(differ) - 24;
  }
  return a.bytes.length * 8;
}

/** An address and a port as one text: `10.0.0.1:80`, `[2001:db8::1]:80`. */
export const endpointText = (a: Address, port: number): string =>
  a.family === 4 ? `${a.text}:${port}` : `[${a.text}]:${port}`;
