/**
 * Packets of a script, to and from the bytes on the simulated wire. Ports, addresses and sequence numbers are those of the
 * wire here; what a script calls them is the flow's business (flow.ts).
 */
import type { Address } from '../sim/wire/address.ts';
import { checksum, pseudoHeaderSum } from '../sim/wire/checksum.ts';
import { emitIpv4, PROTOCOL, parseIpv4 } from '../sim/wire/ipv4.ts';
import { emitIpv6, parseIpv6 } from '../sim/wire/ipv6.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { getU16, getU32, putU16, putU32 } from '../sim/wire/octets.ts';
import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, TCP_HEADER, URG } from '../sim/wire/tcp.ts';
import type { IpInfo, TcpOption } from './script.ts';
import { optionBytes, putOptions, readOptions, type SeenOption } from './tcp-options.ts';

/** Letters of a script for the control bits, in the order in which they are printed. */
/* biome-ignore format: a table */
export const FLAG_LETTERS: readonly (readonly [letter: string, bit: number])[] = [
  ['F', FIN], ['S', SYN], ['R', RST], ['P', PSH], ['.', ACK], ['U', URG], ['E', ECE], ['W', CWR], ['A', AE],
];
/** The bits of the ACE field (RFC 9768): a digit in a script's flags. */
export const ACE_BITS = AE | CWR | ECE;

/** The bits that a script's flags stand for. */
export function flagBits(flags: string): number {
  let bits = 0;
  for (const letter of flags) {
    const found = FLAG_LETTERS.find(([known]) => known === letter);
    bits |= found ? found[1] : Number(letter) << 6;
  }
  return bits;
}

/** The letters for these bits; '-' for none. */
export const flagText = (bits: number): string =>
  FLAG_LETTERS.filter(([, bit]) => bits & bit)
    .map(([letter]) => letter)
    .join('') || '-';

/** A TCP packet on the wire. */
export interface WirePacket {
  src: Address;
  dst: Address;
  srcPort: number;
  dstPort: number;
  seq: number;
  ack: number;
  flags: number;
  window: number;
  urgent: number;
  /** The byte: DSCP and ECN; in IPv6 the traffic class. */
  tos: number;
  /** In IPv6 the hop limit. */
  ttl: number;
  /** IPv6; 0: none. */
  flowLabel: number;
  length: number;
  options: readonly SeenOption[];
}

const ECN: Readonly<Record<string, number>> = { noecn: 0, ect1: 1, ect0: 2, ce: 3 };
/** A packet from afar: what packetdrill puts into packets whose script does not say. */
const TTL = 255;

/** The bytes of a packet that the script's peer sends; its payload is zeros. Options as given, then zeros to a whole word. */
export function emitPacket(
  packet: Omit<WirePacket, 'tos' | 'ttl' | 'flowLabel' | 'options'> & { options: readonly TcpOption[] },
  { tos = 0, ecn, ttl = TTL, flowLabel = 0 }: IpInfo,
  id: number,
): Uint8Array {
  const raw = optionBytes(packet.options);
  const options = new Uint8Array((raw.length + 3) & ~3);
  options.set(raw);
  const out = new Uint8Array(TCP_HEADER + options.length + packet.length);
  putU16(out, 0, packet.srcPort);
  putU16(out, 2, packet.dstPort);
  putU32(out, 4, packet.seq);
  putU32(out, 8, packet.ack);
  putU16(out, 12, packet.flags);
  putU16(out, 14, packet.window);
  putU16(out, 18, packet.urgent);
  putOptions(out, options);
  const { src, dst } = packet;
  putU16(out, 16, checksum(out, 0, out.length, pseudoHeaderSum(src, dst, PROTOCOL.tcp, out.length)));
  const ends = { src, dst, dscp: tos >> 2, ecn: ecn === undefined ? tos & 3 : (ECN[ecn] as number) };
  if (src.family === 6) return emitIpv6({ ...ends, nextHeader: PROTOCOL.tcp, hopLimit: ttl, flowLabel, payload: out });
  return emitIpv4({
    ...ends,
    protocol: PROTOCOL.tcp,
    ttl,
    id,
    df: true,
    mf: false,
    fragmentOffset: 0,
    options: new Uint8Array(0),
    payload: out,
  });
}

/** The TCP packet in these bytes; undefined when they hold something else. */
export function readPacket(bytes: Uint8Array): WirePacket | undefined {
  const ip = (bytes[0] as number) >> 4 === 6 ? parseIpv6(bytes) : parseIpv4(bytes);
  if (isMalformed(ip) || ('protocol' in ip ? ip.protocol : ip.nextHeader) !== PROTOCOL.tcp) return undefined;
  const tcp = ip.payload;
  if (tcp.length < TCP_HEADER) return undefined;
  const control = getU16(tcp, 12);
  const header = (control >> 12) * 4;
  return {
    src: ip.src,
    dst: ip.dst,
    srcPort: getU16(tcp, 0),
    dstPort: getU16(tcp, 2),
    seq: getU32(tcp, 4),
    ack: getU32(tcp, 8),
    flags: control & 0x1ff,
    window: getU16(tcp, 14),
    urgent: getU16(tcp, 18),
    tos: (ip.dscp << 2) | ip.ecn,
    ttl: 'ttl' in ip ? ip.ttl : ip.hopLimit,
    flowLabel: 'flowLabel' in ip ? ip.flowLabel : 0,
    length: tcp.length - header,
    options: readOptions(tcp, TCP_HEADER, header),
  };
}
