/**
 * Packets on their way: a segment in an IPv4 packet as one object, and packets that are known by their bytes alone.
 *
 * Between the hosts of a world a packet is never turned into bytes and back: the receiver takes the segment that the
 * sender made, payload and all, and nobody changes it. Its bytes are written when somebody wants to see them. Bytes come
 * first only where they are not of our making (a script's peer, a frame damaged on the way): these are parsed.
 */
import { completeChecksum } from '../base/sum.ts';
import { pseudoHeaderSum4 } from './checksum.ts';
import { fresh } from './fresh.ts';
import { checkIpv4, IPV4_HEADER, type Ipv4, PROTOCOL, writeIpv4Header } from './ipv4.ts';
import type { Malformed } from './malformed.ts';
import { getU16, getU32 } from './octets.ts';
import { readTcp, type Segment, TCP_CHECKSUM, tcpHeaderLength, writeTcpHeader } from './tcp.ts';

/** What may be chosen of the IPv4 packet around a segment; left out: a whole packet, DF, TTL 64, the rest 0. */
export type Envelope = Pick<Ipv4, 'src' | 'dst'> & Partial<Pick<Ipv4, 'id' | 'ttl' | 'dscp' | 'ecn' | 'df'>>;

/** A segment in an IPv4 packet. Not to be changed: sender, link, log and receiver hold the same. */
export class TcpPacket {
  readonly src: number;
  readonly dst: number;
  readonly id: number;
  readonly ttl: number;
  readonly dscp: number;
  readonly ecn: number;
  readonly df: boolean;
  readonly segment: Segment;
  /** Bytes of the IPv4 and the TCP header. */
  readonly headerLength: number;

  constructor(segment: Segment, { src, dst, id = 0, ttl = 64, dscp = 0, ecn = 0, df = true }: Envelope) {
    this.src = src;
    this.dst = dst;
    this.id = id;
    this.ttl = ttl;
    this.dscp = dscp;
    this.ecn = ecn;
    this.df = df;
    this.segment = segment;
    this.headerLength = IPV4_HEADER + tcpHeaderLength(segment);
  }

  /** Bytes of the whole packet. */
  get length(): number {
    return this.headerLength + this.segment.payload.length;
  }

  get payload(): Uint8Array {
    return this.segment.payload;
  }

  /** Where the TCP checksum is, which {@link writeHeaders} leaves without the payload's part. */
  get checksumAt(): number {
    return IPV4_HEADER + TCP_CHECKSUM;
  }

  /** Writes both headers to `out[at, at + headerLength)`, whatever is there. */
  writeHeaders(out: Uint8Array, at: number): void {
    const { segment, headerLength } = this;
    const tcp = headerLength - IPV4_HEADER + segment.payload.length;
    writeIpv4Header(out, at, this, PROTOCOL.tcp, this.length);
    const pseudo = pseudoHeaderSum4(this.src, this.dst, PROTOCOL.tcp, tcp);
    writeTcpHeader(out, at + IPV4_HEADER, segment, headerLength - IPV4_HEADER, pseudo);
  }

  /** The packet as bytes, in a fresh array. */
  bytes(): Uint8Array {
    const out = fresh(this.length);
    this.writeHeaders(out, 0);
    out.set(this.segment.payload, this.headerLength);
    completeChecksum(out, this.headerLength, this.checksumAt);
    return out;
  }
}

/** A packet that is known by its bytes alone: whatever was put on the wire. */
export class RawPacket {
  readonly headerLength = 0;
  readonly checksumAt = 0;
  readonly payload: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.payload = bytes;
  }

  get length(): number {
    return this.payload.length;
  }

  writeHeaders(): void {}

  bytes(): Uint8Array {
    return this.payload;
  }
}

export type Packet = TcpPacket | RawPacket;

/** The bytes of an IPv4 packet that carries a segment, in a fresh array. */
export const emitTcpIpv4 = (segment: Segment, envelope: Envelope): Uint8Array =>
  new TcpPacket(segment, envelope).bytes();

/** An IPv4 packet that carries a whole segment. */
export interface TcpIpv4 {
  ip: Required<Envelope>;
  segment: Segment;
}

/** The segment in an IPv4 packet, and the part of the IPv4 header that may matter to it. */
export function parseTcpIpv4(bytes: Uint8Array): TcpIpv4 | Malformed {
  const bad = checkIpv4(bytes);
  if (bad) return bad;
  if (bytes[9] !== PROTOCOL.tcp) return { malformed: 'ipv4 protocol', at: 9 };
  const fragment = getU16(bytes, 6);
  if ((fragment & 0x3fff) !== 0) return { malformed: 'ipv4 fragment', at: 6 };
  const header = ((bytes[0] as number) & 15) * 4;
  const end = getU16(bytes, 2);
  const src = getU32(bytes, 12);
  const dst = getU32(bytes, 16);
  const segment = readTcp(bytes, header, end, pseudoHeaderSum4(src, dst, PROTOCOL.tcp, end - header));
  if ('malformed' in segment) return { malformed: segment.malformed, at: header + segment.at };
  const tos = bytes[1] as number;
  return {
    ip: {
      src,
      dst,
      id: getU16(bytes, 4),
      ttl: bytes[8] as number,
      dscp: tos >> 2,
      ecn: tos & 3,
      df: (fragment & 0x4000) !== 0,
    },
    segment,
  };
}
