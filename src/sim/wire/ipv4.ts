/**
 * IPv4 (RFC 791): the header's fields, and packets to and from bytes.
 *
 * Parsing makes the checks of Linux (net/ipv4/ip_input.c, ip_rcv_core) in their order. Nothing here routes or reassembles.
 */

import { must } from '../base/bug.ts';
import { type Address, addressAt } from './address.ts';
import { checksum } from './checksum.ts';
import type { Field } from './fields.ts';
import { fresh } from './fresh.ts';
import type { Malformed } from './malformed.ts';
import { getU16, putU16, putU32 } from './octets.ts';

export const IPV4_HEADER = 20;

/** Protocol numbers (IANA) of what an IP packet may carry here. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/* biome-ignore format: a table */
export const IPV4_FIELDS = [
  { name: 'version',         bit: 0,   bits: 4,  form: 'decimal', about: 'always 4' },
  { name: 'IHL',             bit: 4,   bits: 4,  form: 'decimal', about: 'length of the header in 32-bit words' },
  { name: 'DSCP',            bit: 8,   bits: 6,  form: 'decimal', about: 'how routers should treat the packet (RFC 2474)' },
  { name: 'ECN',             bit: 14,  bits: 2,  form: 'decimal', about: 'congestion mark: 0 not capable, 1 and 2 capable, 3 congestion met (RFC 3168)' },
  { name: 'total length',    bit: 16,  bits: 16, form: 'decimal', about: 'header and payload in bytes' },
  { name: 'identification',  bit: 32,  bits: 16, form: 'decimal', about: 'the same in all fragments of one packet' },
  { name: 'reserved',        bit: 48,  bits: 1,  form: 'flag',    about: 'zero' },
  { name: 'DF',              bit: 49,  bits: 1,  form: 'flag',    about: 'do not fragment' },
  { name: 'MF',              bit: 50,  bits: 1,  form: 'flag',    about: 'more fragments follow' },
  { name: 'fragment offset', bit: 51,  bits: 13, form: 'decimal', about: 'where this fragment belongs, in units of 8 bytes' },
  { name: 'TTL',             bit: 64,  bits: 8,  form: 'decimal', about: 'hops left before the packet is dropped' },
  { name: 'protocol',        bit: 72,  bits: 8,  form: 'decimal', about: 'what the payload is: 1 ICMP, 6 TCP, 17 UDP' },
  { name: 'header checksum', bit: 80,  bits: 16, form: 'hex',     about: 'Internet checksum of the header (RFC 1071)' },
  { name: 'source',          bit: 96,  bits: 32, form: 'address', about: 'address of the sender' },
  { name: 'destination',     bit: 128, bits: 32, form: 'address', about: 'address of the receiver' },
] as const satisfies readonly Field[];

/** What the sender of an IPv4 packet decides; version, lengths and checksum follow from it. */
export interface Ipv4 {
  src: Address;
  dst: Address;
  /** One of {@link PROTOCOL}, or another number of 8 bits. */
  protocol: number;
  /** Hops left, 0 to 255. */
  ttl: number;
  /** 16 bits. */
  id: number;
  /** 6 bits. */
  dscp: number;
  /** 2 bits. */
  ecn: number;
  /** Do not fragment. */
  df: boolean;
  /** More fragments follow. */
  mf: boolean;
  /** In bytes, a multiple of 8. */
  fragmentOffset: number;
  /** The bytes of the options as they are, a multiple of 4 and at most 40. */
  options: Uint8Array;
}

/** A header with what it carries. */
export interface Ipv4Packet extends Ipv4 {
  payload: Uint8Array;
}

/**
 * The packet in these bytes. Bytes after the total length are padding of the link and ignored. `options` and `payload`
 * are views of `bytes`, not copies.
 */
export function parseIpv4(bytes: Uint8Array): Ipv4Packet | Malformed {
  const bad = checkIpv4(bytes);
  if (bad) return bad;
  const header = ((bytes[0] as number) & 15) * 4;
  const fragment = getU16(bytes, 6);
  const tos = bytes[1] as number;
  return {
    src: addressAt(bytes, 12, 4),
    dst: addressAt(bytes, 16, 4),
    protocol: bytes[9] as number,
    ttl: bytes[8] as number,
    id: getU16(bytes, 4),
    dscp: tos >> 2,
    ecn: tos & 3,
    df: (fragment & 0x4000) !== 0,
    mf: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    options: bytes.subarray(IPV4_HEADER, header),
    payload: bytes.subarray(header, getU16(bytes, 2)),
  };
}

/** What is wrong with the IPv4 header at the start of these bytes, or undefined when all is well. */
export function checkIpv4(bytes: Uint8Array): Malformed | undefined {
  if (bytes.length < IPV4_HEADER) return { malformed: 'ipv4 truncated', at: bytes.length };
  const first = bytes[0] as number;
  if (first >> 4 !== 4) return { malformed: 'ipv4 version', at: 0 };
  const header = (first & 15) * 4;
  if (header < IPV4_HEADER) return { malformed: 'ipv4 header length', at: 0 };
  if (bytes.length < header) return { malformed: 'ipv4 truncated', at: bytes.length };
  if (checksum(bytes, 0, header) !== 0) return { malformed: 'ipv4 checksum', at: 10 };
  const total = getU16(bytes, 2);
  if (total > bytes.length) return { malformed: 'ipv4 payload', at: bytes.length };
  if (total < header) return { malformed: 'ipv4 total length', at: 2 };
  return undefined;
}

/** The bytes of a packet, in a fresh array. @throws SimBug when lengths do not fit the header's fields. */
export function emitIpv4(packet: Ipv4Packet): Uint8Array {
  const header = IPV4_HEADER + packet.options.length;
  const out = fresh(header + packet.payload.length);
  out.set(packet.options, IPV4_HEADER);
  out.set(packet.payload, header);
  writeIpv4(out, packet, header);
  return out;
}

/** Fills in the header of the packet that `out` is to be; its options, up to byte `header`, are there already. */
export function writeIpv4(out: Uint8Array, ip: Omit<Ipv4, 'options'>, header: number): void {
  must(header % 4 === 0 && header <= 60, 'IPv4 options of at most 40 bytes in whole words');
  must(ip.fragmentOffset % 8 === 0, 'a fragment offset in units of 8 bytes');
  writeIpv4Header(out, 0, ip, ip.protocol, out.length);
  out[0] = 0x40 | (header >> 2);
  putU16(out, 6, (ip.df ? 0x4000 : 0) | (ip.mf ? 0x2000 : 0) | (ip.fragmentOffset >> 3));
  putU16(out, 10, 0);
  putU16(out, 10, checksum(out, 0, header));
}

/** Writes the header of a whole packet of `length` bytes, without options, at `at`, whatever is there. */
export function writeIpv4Header(
  out: Uint8Array,
  at: number,
  ip: Pick<Ipv4, 'src' | 'dst' | 'ttl' | 'id' | 'dscp' | 'ecn' | 'df'>,
  protocol: number,
  length: number,
  id: number = ip.id,
): void {
  must(ip.src.family === 4 && ip.dst.family === 4, 'IPv4 addresses in an IPv4 header');
  must(length <= 0xffff, 'an IPv4 packet of at most 65535 bytes');
  out[at] = 0x45;
  out[at + 1] = (ip.dscp << 2) | ip.ecn;
  putU16(out, at + 2, length);
  putU16(out, at + 4, id);
  putU16(out, at + 6, ip.df ? 0x4000 : 0);
  out[at + 8] = ip.ttl;
  out[at + 9] = protocol;
  putU16(out, at + 10, 0);
  putU32(out, at + 12, ip.src.word);
  putU32(out, at + 16, ip.dst.word);
  putU16(out, at + 10, checksum(out, at, at + IPV4_HEADER));
}
