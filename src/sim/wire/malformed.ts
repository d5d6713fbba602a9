/**
 * What a parser answers when bytes are not the packet they should be.
 *
 * Parsers never throw: bad bytes come from the network, not from a mistake in the simulator. The reasons are a table,
 * because who drops such a packet must count it where Linux counts it.
 */

/* biome-ignore format: a table */
export const MALFORMATIONS = {
  // reason               what is wrong, and the kernel's name for the drop (include/net/dropreason-core.h)
  'ipv4 truncated':     { about: 'the IPv4 header is longer than the bytes that came', linux: 'PKT_TOO_SMALL' },
  'ipv4 version':       { about: 'the version is not 4',                               linux: 'IP_INHDR' },
  'ipv4 header length': { about: 'the header length is below five words',              linux: 'IP_INHDR' },
  'ipv4 checksum':      { about: 'the header checksum is wrong',                       linux: 'IP_CSUM' },
  'ipv4 total length':  { about: 'the total length ends inside the header',            linux: 'IP_INHDR' },
  'ipv4 payload':       { about: 'the total length is more than the bytes that came',  linux: 'PKT_TOO_SMALL' },
  'ipv4 fragment':      { about: 'a part of a packet, which must be reassembled first', linux: 'NOT_SPECIFIED' },
  'ipv4 protocol':      { about: 'the payload is of another protocol',                 linux: 'IP_NOPROTO' },
  'ipv6 truncated':     { about: 'fewer than the 40 bytes of the IPv6 header',         linux: 'NOT_SPECIFIED' },
  'ipv6 version':       { about: 'the version is not 6',                               linux: 'UNHANDLED_PROTO' },
  'ipv6 payload':       { about: 'the payload length is more than the bytes that came', linux: 'PKT_TOO_SMALL' },
  'ipv6 extension':     { about: 'an extension header ends beyond the packet',         linux: 'IPV6_BAD_EXTHDR' },
  'ipv6 fragment':      { about: 'a part of a packet, which must be reassembled first', linux: 'NOT_SPECIFIED' },
  'ipv6 next header':   { about: 'the payload is of another protocol',                 linux: 'IP_NOPROTO' },
  'tcp truncated':      { about: 'fewer than the 20 bytes of the fixed TCP header',    linux: 'PKT_TOO_SMALL' },
  'tcp data offset':    { about: 'the data offset is below five words',                linux: 'PKT_TOO_SMALL' },
  'tcp options':        { about: 'the data offset lies beyond the end of the segment', linux: 'NOT_SPECIFIED' },
  'tcp checksum':       { about: 'the checksum over segment and pseudo header is wrong', linux: 'TCP_CSUM' },
  'icmp truncated':     { about: 'fewer than the eight bytes of an ICMP header',       linux: 'PKT_TOO_SMALL' },
  'icmp checksum':      { about: 'the checksum of the ICMP message is wrong',          linux: 'ICMP_CSUM' },
} as const satisfies Record<string, { about: string; linux: string }>;

export type Malformation = keyof typeof MALFORMATIONS;

/** Bytes that are no packet: the reason, and the offset of the first byte that shows it. */
export interface Malformed {
  malformed: Malformation;
  at: number;
}

/** Whether a parser gave up. */
export const isMalformed = (parsed: object): parsed is Malformed => 'malformed' in parsed;
