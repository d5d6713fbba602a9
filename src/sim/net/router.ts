/**
 * A router in the middle of a link, as far as hosts notice it: the link behind it may take smaller packets than the one before
 * it. What it cannot forward it drops, and says so by ICMP to whom had sent it, unless it is a black hole (RFC 1191 section 4,
 * RFC 4443 section 3.2, RFC 2923 section 2.1). What may be fragmented it forwards: fragments are not simulated.
 */
import { address4, parseAddress } from '../wire/address.ts';
import { FRAGMENTATION_NEEDED, ICMP4, ICMP6 } from '../wire/icmp.ts';
import { icmpPacket } from '../wire/icmp-packet.ts';
import { type Packet, type RawPacket, TcpPacket } from '../wire/packet.ts';

export interface RouterOptions {
  /** Bytes of the largest packet that it forwards. */
  pathMtu: number;
  /** It says nothing. */
  blackHole: boolean;
}

/** Bytes of an error, at most: what every link of the Internet takes (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4). */
const MOST = { 4: 576, 6: 1280 } as const;
/** Bytes of an error before its quote. */
const HEADERS = { 4: 28, 6: 48 } as const;
const TTL = 64;

/** Addresses for documentation (RFC 5737, RFC 3849): the router of link 0 is 198.51.100.1, and 2001:db8:ffff::1. */
const ADDRESS4 = 0xc633_6401;
const address6 = (link: number) => parseAddress(`2001:db8:ffff::${(link + 1).toString(16)}`);

/** Whether a packet ends here. */
export function refuses({ pathMtu }: RouterOptions, packet: Packet): packet is TcpPacket {
  return packet.length > pathMtu && packet instanceof TcpPacket && (packet.src.family === 6 || packet.df);
}

/** What the router of a link says of a packet that it refused. */
export function tooBig({ pathMtu }: RouterOptions, packet: TcpPacket, link: number): RawPacket | undefined {
  const { family } = packet.src;
  const src = family === 4 ? address4(ADDRESS4 + link) : address6(link);
  if (!src) return undefined;
  const rest = packet.bytes().subarray(0, MOST[family] - HEADERS[family]);
  const what =
    family === 4 ? { type: ICMP4.unreachable, code: FRAGMENTATION_NEEDED } : { type: ICMP6.packetTooBig, code: 0 };
  return icmpPacket({ src, dst: packet.src, icmp: { ...what, info: pathMtu, rest } }, { ttl: TTL });
}
