/**
 * IPv6 (RFC 8200): the header's fields, and packets to and from bytes.
 *
 * Parsing makes the checks of Linux (net/ipv6/ip6_input.c, ip6_rcv_core) in their order. Extension headers are walked over,
 * not obeyed, and never written. Nothing here routes, fragments or reassembles.
 */
import { must } from '../base/bug.ts';
import { type Address, addressAt } from './address.ts';
import type { Field } from './fields.ts';
import { fresh } from './fresh.ts';
import type { Malformed } from './malformed.ts';
import { getU16, getU32, putU16, putU32 } from './octets.ts';

export const IPV6_HEADER = 40;

/** The smallest MTU that a link may have (RFC 8200 section 5; Linux IPV6_MIN_MTU). */
export const IPV6_MIN_MTU = 1280;

/* biome-ignore format: a table */
export const IPV6_FIELDS = [
  { name: 'version',        bit: 0,   bits: 4,   form: 'decimal', about: 'always 6' },
  { name: 'DSCP',           bit: 4,   bits: 6,   form: 'decimal', about: 'how routers should treat the packet (RFC 2474)' },
  { name: 'ECN',            bit: 10,  bits: 2,   form: 'decimal', about: 'congestion mark: 0 not capable, 1 and 2 capable, 3 congestion met (RFC 3168)' },
  { name: 'flow label',     bit: 12,  bits: 20,  form: 'hex',     about: 'the same in all packets of one flow (RFC 6437)' },
  { name: 'payload length', bit: 32,  bits: 16,  form: 'decimal', about: 'what follows this header, in bytes' },
  { name: 'next header',    bit: 48,  bits: 8,   form: 'decimal', about: 'what follows: 6 TCP, 17 UDP, 58 ICMPv6, or an extension header' },
  { name: 'hop limit',      bit: 56,  bits: 8,   form: 'decimal', about: 'hops left before the packet is dropped' },
  { name: 'source',         bit: 64,  bits: 128, form: 'address', about: 'address of the sender' },
  { name: 'destination',    bit: 192, bits: 128, form: 'address', about: 'address of the receiver' },
] as const satisfies readonly Field[];

/** Extension headers that begin with the next header and their length beyond 8 bytes, in units of 8 (RFC 8200 section 4). */
/* biome-ignore format: a table */
export const EXTENSION_HEADERS: ReadonlyMap<number, string> = new Map([
  [0, 'hop-by-hop options'], [43, 'routing'], [60, 'destination options'],
]);
/** The fragment header: 8 bytes (RFC 8200 section 4.5). */
export const FRAGMENT_HEADER = 44;

/** What the sender of an IPv6 packet decides; version and length follow from it. */
export interface Ipv6 {
  src: Address;
  dst: Address;
  /** PROTOCOL of ipv4.ts, or another number of 8 bits. */
  nextHeader: number;
  /** Hops left, 0 to 255. */
  hopLimit: number;
  /** 6 bits: the upper part of the traffic class. */
  dscp: number;
  /** 2 bits: the rest of the traffic class. */
  ecn: number;
  /** 20 bits. */
  flowLabel: number;
}

/** A header with what it carries: extension headers, if any, included. */
export interface Ipv6Packet extends Ipv6 {
  payload: Uint8Array;
}

/** The packet in these bytes. Bytes after the payload are padding of the link and ignored. `payload` is a view, no copy. */
export function parseIpv6(bytes: Uint8Array): Ipv6Packet | Malformed {
  const bad = checkIpv6(bytes);
  if (bad) return bad;
  const first = getU32(bytes, 0);
  return {
    src: addressAt(bytes, 8, 6),
    dst: addressAt(bytes, 24, 6),
    nextHeader: bytes[6] as number,
    hopLimit: bytes[7] as number,
    dscp: (first >>> 22) & 63,
    ecn: (first >>> 20) & 3,
    flowLabel: first & 0xfffff,
    payload: bytes.subarray(IPV6_HEADER, IPV6_HEADER + getU16(bytes, 4)),
  };
}

/** What is wrong with the IPv6 header at the start of these bytes, or undefined when all is well. */
export function checkIpv6(bytes: Uint8Array): Malformed | undefined {
  if (bytes.length < IPV6_HEADER) return { malformed: 'ipv6 truncated', at: bytes.length };
  if ((bytes[0] as number) >> 4 !== 6) return { malformed: 'ipv6 version', at: 0 };
  if (IPV6_HEADER + getU16(bytes, 4) > bytes.length) return { malformed: 'ipv6 payload', at: bytes.length };
  return undefined;
}

/** Where the header of the upper layer begins. */
export interface UpperLayer {
  protocol: number;
  at: number;
}

/** Walks over the extension headers of a packet that {@link checkIpv6} has taken, as ip6_protocol_deliver_rcu does. */
export function upperLayer(bytes: Uint8Array): UpperLayer | Malformed {
  const end = IPV6_HEADER + getU16(bytes, 4);
  let protocol = bytes[6] as number;
  let at = IPV6_HEADER;
  while (EXTENSION_HEADERS.has(protocol)) {
    if (at + 8 > end) return { malformed: 'ipv6 extension', at };
    const next = at + 8 + (bytes[at + 1] as number) * 8;
    if (next > end) return { malformed: 'ipv6 extension', at };
    protocol = bytes[at] as number;
    at = next;
  }
  return protocol === FRAGMENT_HEADER ? { malformed: 'ipv6 fragment', at } : { protocol, at };
}

/** The bytes of a packet, in a fresh array. @throws SimBug when the payload is longer than its field can say */
export function emitIpv6(packet: Ipv6Packet): Uint8Array {
  const { nextHeader, hopLimit, payload } = packet;
  const out = fresh(IPV6_HEADER + payload.length);
  out.set(payload, IPV6_HEADER);
  writeIpv6Header(out, 0, packet, nextHeader, hopLimit, payload.length);
  return out;
}

/** Writes the header of a packet with `length` bytes after it at `at`, whatever is there. */
export function writeIpv6Header(
  out: Uint8Array,
  at: number,
  ip: Pick<Ipv6, 'src' | 'dst' | 'dscp' | 'ecn' | 'flowLabel'>,
  nextHeader: number,
  hopLimit: number,
  length: number,
): void {
  must(length <= 0xffff, 'an IPv6 payload of at most 65535 bytes');
  must(ip.src.family === 6 && ip.dst.family === 6, 'IPv6 addresses in an IPv6 header');
  putU32(out, at, 0x6000_0000 | (ip.dscp << 22) | (ip.ecn << 20) | ip.flowLabel);
  putU16(out, at + 4, length);
  out[at + 6] = nextHeader;
  out[at + 7] = hopLimit;
  out.set(ip.src.bytes, at + 8);
  out.set(ip.dst.bytes, at + 24);
}
