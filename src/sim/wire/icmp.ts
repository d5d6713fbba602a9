/**
 * ICMP for IPv4 (RFC 792, RFC 1191) and for IPv6 (RFC 4443): messages to and from bytes, and what each error means.
 *
 * An error quotes the packet that it is about: at least its IP header and the eight bytes after it, which for TCP hold the
 * ports and the sequence number. A message here is what an IP packet carries; the IP header around it is the caller's. Whom
 * an error concerns, and what is to be done, is decided above.
 */
import { type Address, addressAt } from './address.ts';
import { checksum, pseudoHeaderSum } from './checksum.ts';
import { fresh } from './fresh.ts';
import { IPV4_HEADER, PROTOCOL } from './ipv4.ts';
import { IPV6_HEADER } from './ipv6.ts';
import type { Malformed } from './malformed.ts';
import { getU16, getU32, putU16, putU32 } from './octets.ts';

export const ICMP_HEADER = 8;
/** What an error quotes of the packet after its IP header, at least. */
export const QUOTED = 8;

/** Types of ICMP for IPv4. */
/* biome-ignore format: a table */
export const ICMP4 = {
  echoReply: 0, unreachable: 3, sourceQuench: 4, redirect: 5, echo: 8, timeExceeded: 11, parameterProblem: 12,
} as const;
/** Types of ICMP for IPv6. */
/* biome-ignore format: a table */
export const ICMP6 = {
  unreachable: 1, packetTooBig: 2, timeExceeded: 3, parameterProblem: 4, echo: 128, echoReply: 129,
} as const;

/** Code of an IPv4 `unreachable`: the packet is larger than the next link takes, and may not be fragmented. */
export const FRAGMENTATION_NEEDED = 4;

/* biome-ignore format: a table */
export const UNREACHABLE4 = [
  // by code: the words, the errno of the kernel (net/ipv4/icmp.c icmp_err_convert), and whether it counts as final there
  { about: 'network unreachable',               errno: 'ENETUNREACH',  fatal: false },
  { about: 'host unreachable',                  errno: 'EHOSTUNREACH', fatal: false },
  { about: 'protocol unreachable',              errno: 'ENOPROTOOPT',  fatal: true },
  { about: 'port unreachable',                  errno: 'ECONNREFUSED', fatal: true },
  { about: 'fragmentation needed',              errno: 'EMSGSIZE',     fatal: false },
  { about: 'source route failed',               errno: 'EOPNOTSUPP',   fatal: false },
  { about: 'network unknown',                   errno: 'ENETUNREACH',  fatal: true },
  { about: 'host unknown',                      errno: 'EHOSTDOWN',    fatal: true },
  { about: 'source host isolated',              errno: 'ENONET',       fatal: true },
  { about: 'network prohibited',                errno: 'ENETUNREACH',  fatal: true },
  { about: 'host prohibited',                   errno: 'EHOSTUNREACH', fatal: true },
  { about: 'network unreachable for this TOS',  errno: 'ENETUNREACH',  fatal: false },
  { about: 'host unreachable for this TOS',     errno: 'EHOSTUNREACH', fatal: false },
  { about: 'prohibited by a filter',            errno: 'EHOSTUNREACH', fatal: true },
  { about: 'precedence violated',               errno: 'EHOSTUNREACH', fatal: true },
  { about: 'precedence too low',                errno: 'EHOSTUNREACH', fatal: true },
] as const;

/* biome-ignore format: a table */
export const UNREACHABLE6 = [
  // by code (net/ipv6/icmp.c tab_unreach)
  { about: 'no route',                          errno: 'ENETUNREACH',  fatal: false },
  { about: 'prohibited by an administrator',    errno: 'EACCES',       fatal: true },
  { about: 'beyond the scope of the source',    errno: 'EHOSTUNREACH', fatal: false },
  { about: 'address unreachable',               errno: 'EHOSTUNREACH', fatal: false },
  { about: 'port unreachable',                  errno: 'ECONNREFUSED', fatal: true },
  { about: 'source address failed policy',      errno: 'EACCES',       fatal: true },
  { about: 'route is to be rejected',           errno: 'EACCES',       fatal: true },
] as const;

/** A message: type and code, the four bytes after the checksum, and the rest, which is a quote in an error. */
export interface Icmp {
  type: number;
  code: number;
  /** MTU, identifier and sequence, pointer, or nothing: by type. */
  info: number;
  rest: Uint8Array;
}

/** The bytes of a message from `src` to `dst`: their family says which ICMP it is. */
export function emitIcmp({ type, code, info, rest }: Icmp, src: Address, dst: Address): Uint8Array {
  const out = fresh(ICMP_HEADER + rest.length);
  out[0] = type;
  out[1] = code;
  putU32(out, 4, info);
  out.set(rest, ICMP_HEADER);
  putU16(out, 2, checksum(out, 0, out.length, pseudo(src, dst, out.length)));
  return out;
}

/** The message that a packet from `src` to `dst` carried, or why it is none. `rest` is a view, no copy. */
export function parseIcmp(bytes: Uint8Array, src: Address, dst: Address): Icmp | Malformed {
  if (bytes.length < ICMP_HEADER) return { malformed: 'icmp truncated', at: bytes.length };
  if (checksum(bytes, 0, bytes.length, pseudo(src, dst, bytes.length)) !== 0)
    return { malformed: 'icmp checksum', at: 2 };
  return {
    type: bytes[0] as number,
    code: bytes[1] as number,
    info: getU32(bytes, 4),
    rest: bytes.subarray(ICMP_HEADER),
  };
}

/** For IPv6 the addresses count in the checksum (RFC 4443 section 2.3). */
const pseudo = (src: Address, dst: Address, length: number): number =>
  src.family === 6 ? pseudoHeaderSum(src, dst, PROTOCOL.icmp6, length) : 0;

/** The MTU in `info` of an IPv4 `fragmentation needed`: its low 16 bits (RFC 1191 section 4). */
export const nextHopMtu = (info: number): number => info & 0xffff;

/** The beginning of the TCP segment that an error quotes. */
export interface Quote {
  /** Of the packet that was sent: from here to there. */
  src: Address;
  dst: Address;
  srcPort: number;
  dstPort: number;
  seq: number;
  /** What is quoted of the segment itself. */
  segment: Uint8Array;
}

/** Which TCP segment an error is about; undefined when it quotes something else, or too little. */
export function quotedSegment({ rest }: Icmp): Quote | undefined {
  const version = (rest[0] ?? 0) >> 4;
  const header = version === 4 ? ((rest[0] as number) & 15) * 4 : IPV6_HEADER;
  if (version !== 4 && version !== 6) return undefined;
  if (header < IPV4_HEADER || rest.length < header + QUOTED) return undefined;
  if (rest[version === 4 ? 9 : 6] !== PROTOCOL.tcp) return undefined;
  const [from, to] = version === 4 ? [12, 16] : [8, 24];
  return {
    src: addressAt(rest, from, version),
    dst: addressAt(rest, to, version),
    srcPort: getU16(rest, header),
    dstPort: getU16(rest, header + 2),
    seq: getU32(rest, header + 4),
    segment: rest.subarray(header),
  };
}
