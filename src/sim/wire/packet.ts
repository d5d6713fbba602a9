/**
 * Packets on their way: a segment in an IP packet as one object, and packets that are known by their bytes alone.
 *
 * Between the hosts of a world a packet is never turned into bytes and back: the receiver takes the segment that the
 * sender made, payload and all, and nobody changes it. Its bytes are written when somebody wants to see them. Bytes come
 * first only where they are not of our making (a script's peer, a frame damaged on the way): these are parsed.
 */
import type { Seq } from '../base/seq.ts';
import { completeChecksum } from '../base/sum.ts';
import { type Address, addressAt } from './address.ts';
import { pseudoHeaderSum } from './checksum.ts';
import { fresh } from './fresh.ts';
import { cutPart, partFlags, partLength, partSeq } from './gso.ts';
import { checkIpv4, IPV4_HEADER, PROTOCOL, writeIpv4Header } from './ipv4.ts';
import { checkIpv6, IPV6_HEADER, upperLayer, writeIpv6Header } from './ipv6.ts';
import type { Malformed } from './malformed.ts';
import { getU16, getU32 } from './octets.ts';
import { readTcp, type Segment, TCP_CHECKSUM, tcpHeaderLength, writeTcpHeader } from './tcp.ts';

/** The IP header around a segment. */
export interface IpHeader {
  /** Of one family with `dst`. */
  src: Address;
  dst: Address;
  /** Hops left: TTL in IPv4, hop limit in IPv6. */
  ttl: number;
  /** 6 bits. */
  dscp: number;
  /** 2 bits. */
  ecn: number;
  /** IPv4: identification, 16 bits. IPv6 has none: 0. */
  id: number;
  /** Do not fragment: a choice in IPv4 alone. */
  df: boolean;
  /** IPv6: 20 bits. IPv4 has none: 0. */
  flowLabel: number;
}

/** What may be chosen of it; left out: DF, TTL 64, the rest 0. */
export type Envelope = Pick<IpHeader, 'src' | 'dst'> & Partial<IpHeader>;

/** A segment in an IP packet. Not to be changed: sender, link, log and receiver hold the same. */
export class TcpPacket implements IpHeader {
  readonly src: Address;
  readonly dst: Address;
  readonly id: number;
  readonly ttl: number;
  readonly dscp: number;
  readonly ecn: number;
  readonly df: boolean;
  readonly flowLabel: number;
  readonly segment: Segment;
  /** Bytes of the IP header: 20 or 40. */
  readonly ipHeaderLength: number;
  /** Bytes of the IP and the TCP header. */
  readonly headerLength: number;
  /** The device is to cut the packet into parts of so many bytes of payload (gso_size); 0: it is one packet. */
  readonly cutTo: number;

  constructor(segment: Segment, envelope: Envelope, cutTo = 0) {
    const { src, dst, id = 0, ttl = 64, dscp = 0, ecn = 0, df = true, flowLabel = 0 } = envelope;
    this.src = src;
    this.dst = dst;
    this.id = id;
    this.ttl = ttl;
    this.dscp = dscp;
    this.ecn = ecn;
    this.df = df;
    this.flowLabel = flowLabel;
    this.segment = segment;
    this.ipHeaderLength = src.family === 4 ? IPV4_HEADER : IPV6_HEADER;
    this.headerLength = this.ipHeaderLength + tcpHeaderLength(segment);
    this.cutTo = cutTo;
  }

  /** Bytes of the whole packet. */
  get length(): number {
    return this.headerLength + this.segment.payload.length;
  }

  get payload(): Uint8Array {
    return this.segment.payload;
  }

  get payloadFrom(): number {
    return 0;
  }

  get payloadLength(): number {
    return this.segment.payload.length;
  }

  /** Where the TCP checksum is, which {@link writeHeaders} leaves without the payload's part. */
  get checksumAt(): number {
    return this.ipHeaderLength + TCP_CHECKSUM;
  }

  /** Writes both headers to `out[at, at + headerLength)`, whatever is there. */
  writeHeaders(out: Uint8Array, at: number): void {
    const { segment, id } = this;
    this.writeHeadersOf(out, at, segment.payload.length, id, segment.seq, segment.flags);
  }

  /** The same, where they are those of a part. */
  writeHeadersOf(out: Uint8Array, at: number, payload: number, id: number, start: Seq, flags: number): void {
    const { segment, headerLength, ipHeaderLength, src, dst } = this;
    const tcp = headerLength - ipHeaderLength + payload;
    if (src.family === 4) writeIpv4Header(out, at, this, PROTOCOL.tcp, headerLength + payload, id);
    else writeIpv6Header(out, at, this, PROTOCOL.tcp, this.ttl, tcp);
    const pseudo = pseudoHeaderSum(src, dst, PROTOCOL.tcp, tcp);
    writeTcpHeader(out, at + ipHeaderLength, segment, headerLength - ipHeaderLength, pseudo, start, flags);
  }

  /** The packet that a device makes of a part (see gso.ts). */
  part(index: number): TcpPacket {
    const { src, dst, ttl, dscp, ecn, df, flowLabel } = this;
    const header = { src, dst, id: this.partId(index), ttl, dscp, ecn, df, flowLabel };
    return new TcpPacket(cutPart(this.segment, index, this.cutTo), header);
  }

  /** Identifications count on from part to part; IPv6 has none. */
  partId(index: number): number {
    return this.src.family === 4 ? (this.id + index) & 0xffff : 0;
  }

  /** The same segment under a header that a router changed: TTL, DSCP, ECN. */
  with(change: Partial<Pick<IpHeader, 'ttl' | 'dscp' | 'ecn'>>): TcpPacket {
    const { src, dst, id, ttl, dscp, ecn, df, flowLabel } = this;
    return new TcpPacket(this.segment, { src, dst, id, ttl, dscp, ecn, df, flowLabel, ...change });
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

/** A part of a packet that is to be cut, for the log: one object serves for one part after the other. */
export class Part {
  #packet: TcpPacket;
  #index = 0;

  constructor(packet: TcpPacket) {
    this.#packet = packet;
  }

  /** Makes this the `index`th part of a packet. */
  of(packet: TcpPacket, index: number): this {
    this.#packet = packet;
    this.#index = index;
    return this;
  }

  get headerLength(): number {
    return this.#packet.headerLength;
  }

  get payload(): Uint8Array {
    return this.#packet.payload;
  }

  get payloadFrom(): number {
    return this.#index * this.#packet.cutTo;
  }

  get payloadLength(): number {
    return partLength(this.#packet.segment, this.#index, this.#packet.cutTo);
  }

  get checksumAt(): number {
    return this.#packet.checksumAt;
  }

  writeHeaders(out: Uint8Array, at: number): void {
    const packet = this.#packet;
    const { segment, cutTo } = packet;
    const index = this.#index;
    const start = partSeq(segment, index, cutTo);
    const flags = partFlags(segment, index, cutTo);
    packet.writeHeadersOf(out, at, this.payloadLength, packet.partId(index), start, flags);
  }
}

/** A packet that is known by its bytes alone: whatever was put on the wire. */
export class RawPacket {
  readonly headerLength = 0;
  readonly checksumAt = 0;
  readonly cutTo = 0;
  readonly payload: Uint8Array;
  readonly payloadFrom = 0;

  constructor(bytes: Uint8Array) {
    this.payload = bytes;
  }

  get length(): number {
    return this.payload.length;
  }

  get payloadLength(): number {
    return this.payload.length;
  }

  writeHeaders(): void {}

  /** It is never cut. */
  part(): this {
    return this;
  }

  bytes(): Uint8Array {
    return this.payload;
  }
}

export type Packet = TcpPacket | RawPacket;

/** The bytes of an IP packet that carries a segment, in a fresh array. */
export const emitTcpIp = (segment: Segment, envelope: Envelope): Uint8Array => new TcpPacket(segment, envelope).bytes();

/** An IP packet that carries a whole segment. */
export interface TcpIp {
  ip: IpHeader;
  segment: Segment;
}

/** The segment in an IP packet, with the header around it. Its `ecn` is that of the header. */
export function parseTcpIp(bytes: Uint8Array): TcpIp | Malformed {
  const six = (bytes[0] as number) >> 4 === 6;
  const read = six ? readHeader6(bytes) : readHeader4(bytes);
  if ('malformed' in read) return read;
  const { ip, at, end } = read;
  const segment = readTcp(bytes, at, end, pseudoHeaderSum(ip.src, ip.dst, PROTOCOL.tcp, end - at));
  if ('malformed' in segment) return { malformed: segment.malformed, at: at + segment.at };
  if (ip.ecn !== 0) segment.ecn = ip.ecn;
  return { ip, segment };
}

/** Where the TCP header begins in a packet that {@link parseTcpIp} has taken. */
export const segmentStart = (bytes: Uint8Array): number =>
  (bytes[0] as number) >> 4 === 6 ? upperLayer(bytes).at : ((bytes[0] as number) & 15) * 4;

/** A header, and where the segment begins and ends. */
interface Around {
  ip: IpHeader;
  at: number;
  end: number;
}

function readHeader4(bytes: Uint8Array): Around | Malformed {
  const bad = checkIpv4(bytes);
  if (bad) return bad;
  if (bytes[9] !== PROTOCOL.tcp) return { malformed: 'ipv4 protocol', at: 9 };
  const fragment = getU16(bytes, 6);
  if ((fragment & 0x3fff) !== 0) return { malformed: 'ipv4 fragment', at: 6 };
  const tos = bytes[1] as number;
  const ip: IpHeader = {
    src: addressAt(bytes, 12, 4),
    dst: addressAt(bytes, 16, 4),
    id: getU16(bytes, 4),
    ttl: bytes[8] as number,
    dscp: tos >> 2,
    ecn: tos & 3,
    df: (fragment & 0x4000) !== 0,
    flowLabel: 0,
  };
  return { ip, at: ((bytes[0] as number) & 15) * 4, end: getU16(bytes, 2) };
}

function readHeader6(bytes: Uint8Array): Around | Malformed {
  const bad = checkIpv6(bytes);
  if (bad) return bad;
  const upper = upperLayer(bytes);
  if ('malformed' in upper) return upper;
  if (upper.protocol !== PROTOCOL.tcp) return { malformed: 'ipv6 next header', at: upper.at };
  const first = getU32(bytes, 0);
  const ip: IpHeader = {
    src: addressAt(bytes, 8, 6),
    dst: addressAt(bytes, 24, 6),
    id: 0,
    ttl: bytes[7] as number,
    dscp: (first >>> 22) & 63,
    ecn: (first >>> 20) & 3,
    df: true,
    flowLabel: first & 0xfffff,
  };
  return { ip, at: upper.at, end: IPV6_HEADER + getU16(bytes, 4) };
}
