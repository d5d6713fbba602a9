/**
 * TCP segments (RFC 9293 section 3.1) to and from bytes.
 *
 * `Segment` is the one form in which a segment is known above the wire: TCP consumes and produces it. Nothing here knows
 * a connection: windows are not scaled, and sequence numbers not made relative.
 */

import { must } from '../base/bug.ts';
import { type Seq, seq, seqNumber } from '../base/seq.ts';
import { completeChecksum, fold, wordSum } from '../base/sum.ts';
import type { Address } from './address.ts';
import { checksum, pseudoHeaderSum } from './checksum.ts';
import type { Field } from './fields.ts';
import { fresh } from './fresh.ts';
import { PROTOCOL } from './ipv4.ts';
import type { Malformed } from './malformed.ts';
import { getU16, getU32, putU16, putU32 } from './octets.ts';
import { MAX_OPTIONS, parseTcpOptions, type TcpOptions, tcpOptionsLength, writeTcpOptions } from './tcp-options.ts';

export const FIN = 0x001;
export const SYN = 0x002;
export const RST = 0x004;
export const PSH = 0x008;
export const ACK = 0x010;
export const URG = 0x020;
export const ECE = 0x040;
export const CWR = 0x080;
export const AE = 0x100;

/** The control bits in the order in which tcpdump prints them. */
/* biome-ignore format: a table */
export const FLAGS = [
  { name: 'FIN', bit: FIN, letter: 'F', about: 'the sender has no more data' },
  { name: 'SYN', bit: SYN, letter: 'S', about: 'opens: the sequence number is the initial one' },
  { name: 'RST', bit: RST, letter: 'R', about: 'the connection is aborted, or does not exist' },
  { name: 'PSH', bit: PSH, letter: 'P', about: 'hand the data to the application without waiting for more' },
  { name: 'ACK', bit: ACK, letter: '.', about: 'the acknowledgement number counts' },
  { name: 'URG', bit: URG, letter: 'U', about: 'the urgent pointer counts' },
  { name: 'ECE', bit: ECE, letter: 'E', about: 'a congestion mark arrived (RFC 3168)' },
  { name: 'CWR', bit: CWR, letter: 'W', about: 'the congestion window was reduced (RFC 3168)' },
  { name: 'AE',  bit: AE,  letter: 'e', about: 'counts congestion marks together with CWR and ECE (RFC 9768)' },
] as const;

export const TCP_HEADER = 20;
/** Where the checksum stands in the header. */
export const TCP_CHECKSUM = 16;

/* biome-ignore format: a table */
export const TCP_FIELDS = [
  { name: 'source port',      bit: 0,   bits: 16, form: 'decimal', about: 'port of the sender' },
  { name: 'destination port', bit: 16,  bits: 16, form: 'decimal', about: 'port of the receiver' },
  { name: 'sequence number',  bit: 32,  bits: 32, form: 'decimal', about: 'of the first byte of data, or of the SYN' },
  { name: 'acknowledgement',  bit: 64,  bits: 32, form: 'decimal', about: 'the next sequence number that the sender expects' },
  { name: 'data offset',      bit: 96,  bits: 4,  form: 'decimal', about: 'length of the header in 32-bit words' },
  { name: 'reserved',         bit: 100, bits: 3,  form: 'decimal', about: 'zero' },
  { name: 'AE',               bit: 103, bits: 1,  form: 'flag',    about: FLAGS[8].about },
  { name: 'CWR',              bit: 104, bits: 1,  form: 'flag',    about: FLAGS[7].about },
  { name: 'ECE',              bit: 105, bits: 1,  form: 'flag',    about: FLAGS[6].about },
  { name: 'URG',              bit: 106, bits: 1,  form: 'flag',    about: FLAGS[5].about },
  { name: 'ACK',              bit: 107, bits: 1,  form: 'flag',    about: FLAGS[4].about },
  { name: 'PSH',              bit: 108, bits: 1,  form: 'flag',    about: FLAGS[3].about },
  { name: 'RST',              bit: 109, bits: 1,  form: 'flag',    about: FLAGS[2].about },
  { name: 'SYN',              bit: 110, bits: 1,  form: 'flag',    about: FLAGS[1].about },
  { name: 'FIN',              bit: 111, bits: 1,  form: 'flag',    about: FLAGS[0].about },
  { name: 'window',           bit: 112, bits: 16, form: 'decimal', about: 'bytes that the sender can take, before scaling' },
  { name: 'checksum',         bit: 128, bits: 16, form: 'hex',     about: 'Internet checksum of pseudo header, header and data' },
  { name: 'urgent pointer',   bit: 144, bits: 16, form: 'decimal', about: 'offset from the sequence number to the end of urgent data' },
] as const satisfies readonly Field[];

/** A segment. */
export interface Segment {
  srcPort: number;
  dstPort: number;
  seq: Seq;
  /** Counts only when ACK is set; 0 otherwise, by custom. */
  ack: Seq;
  /** Control bits: {@link FIN}, {@link SYN}, … or-ed together. */
  flags: number;
  /** As in the header, 16 bits: not scaled. */
  window: number;
  /** Counts only when URG is set. */
  urgent: number;
  options: TcpOptions;
  /** The ECN field of the IP header that it came in (RFC 3168 section 5); absent: 0. Not part of the segment's bytes. */
  ecn?: number;
  payload: Uint8Array;
}

/** How much sequence space a segment takes: its bytes, and one each for SYN and FIN (SEG.LEN of RFC 9293). */
export const segmentLength = (segment: Segment): number =>
  segment.payload.length + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0);

/** The segment that an IP packet from `src` to `dst` carried. Its payload is a view of `bytes`, not a copy. */
export const parseTcp = (bytes: Uint8Array, src: Address, dst: Address): Segment | Malformed =>
  readTcp(bytes, 0, bytes.length, pseudoHeaderSum(src, dst, PROTOCOL.tcp, bytes.length));

/** The segment in `bytes[from, to)`. `pseudo`: the sum over the pseudo header; offsets in Malformed count from `from`. */
export function readTcp(bytes: Uint8Array, from: number, to: number, pseudo: number): Segment | Malformed {
  if (to - from < TCP_HEADER) return { malformed: 'tcp truncated', at: to - from };
  const control = getU16(bytes, from + 12);
  const header = (control >> 12) * 4;
  if (header < TCP_HEADER) return { malformed: 'tcp data offset', at: 12 };
  if (to - from < header) return { malformed: 'tcp options', at: to - from };
  if (checksum(bytes, from, to, pseudo) !== 0) return { malformed: 'tcp checksum', at: 16 };
  return {
    srcPort: getU16(bytes, from),
    dstPort: getU16(bytes, from + 2),
    seq: seq(getU32(bytes, from + 4)),
    ack: seq(getU32(bytes, from + 8)),
    flags: control & 0x1ff,
    window: getU16(bytes, from + 14),
    urgent: getU16(bytes, from + 18),
    options: parseTcpOptions(bytes, from + TCP_HEADER, from + header),
    payload: bytes.subarray(from + header, to),
  };
}

/** The bytes of a segment that an IP packet from `src` to `dst` is to carry, in a fresh array. */
export function emitTcp(segment: Segment, src: Address, dst: Address): Uint8Array {
  const header = tcpHeaderLength(segment);
  const out = fresh(header + segment.payload.length);
  writeTcpHeader(out, 0, segment, header, pseudoHeaderSum(src, dst, PROTOCOL.tcp, out.length));
  out.set(segment.payload, header);
  completeChecksum(out, header, TCP_CHECKSUM);
  return out;
}

/** Length of the header with options. @throws SimBug when the options take more than {@link MAX_OPTIONS} bytes. */
export function tcpHeaderLength(segment: Segment): number {
  const options = tcpOptionsLength(segment.options);
  must(options <= MAX_OPTIONS, 'TCP options of at most 40 bytes');
  return TCP_HEADER + options;
}

/**
 * Writes the header of a segment, with options, to `out[at, at + header)`, whatever is there. The checksum field gets the
 * folded sum of pseudo header and header: what is left to do is to add the payload and complement (CHECKSUM_PARTIAL).
 * @param header {@link tcpHeaderLength}. @param pseudo the sum over the pseudo header.
 * @param start and `flags`: those of a part of the segment.
 */
export function writeTcpHeader(
  out: Uint8Array,
  at: number,
  segment: Segment,
  header: number,
  pseudo: number,
  start: Seq = segment.seq,
  flags: number = segment.flags,
): void {
  putU16(out, at, segment.srcPort);
  putU16(out, at + 2, segment.dstPort);
  putU32(out, at + 4, seqNumber(start));
  putU32(out, at + 8, seqNumber(segment.ack));
  putU16(out, at + 12, (header << 10) | (flags & 0x1ff));
  putU16(out, at + 14, segment.window);
  putU16(out, at + TCP_CHECKSUM, 0);
  putU16(out, at + 18, segment.urgent);
  writeTcpOptions(out, at + TCP_HEADER, segment.options);
  putU16(out, at + TCP_CHECKSUM, fold(wordSum(out, at, at + header, pseudo)));
}
