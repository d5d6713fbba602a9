/**
 * ICMP errors that a script's peer sends: the notation's words for types and codes, and the packet. It quotes the IP header
 * and the first eight bytes of the segment that the error is about, as packetdrill does.
 */
import { EMPTY } from '../sim/base/bytes.ts';
import { ICMP4, ICMP6, type Icmp, QUOTED } from '../sim/wire/icmp.ts';
import { icmpPacket } from '../sim/wire/icmp-packet.ts';
import { emitIpv4, PROTOCOL } from '../sim/wire/ipv4.ts';
import { emitIpv6 } from '../sim/wire/ipv6.ts';
import { putU16, putU32 } from '../sim/wire/octets.ts';
import type { Ends } from './flow.ts';
import { Unsupported } from './outcome.ts';
import { type IcmpAction, ScriptError } from './script.ts';

type Words = Readonly<Record<string, number>>;

/* biome-ignore format: tables */
const TYPES4: Words = {
  echo_reply: ICMP4.echoReply, unreachable: ICMP4.unreachable, source_quench: ICMP4.sourceQuench, redirect: ICMP4.redirect,
  echo_request: ICMP4.echo, time_exceeded: ICMP4.timeExceeded, parameter_problem: ICMP4.parameterProblem,
};
/* biome-ignore format: tables */
const TYPES6: Words = {
  unreachable: ICMP6.unreachable, packet_too_big: ICMP6.packetTooBig, time_exceeded: ICMP6.timeExceeded,
  parameter_problem: ICMP6.parameterProblem, echo_request: ICMP6.echo, echo_reply: ICMP6.echoReply,
};
/* biome-ignore format: tables */
const CODES4: Readonly<Record<string, Words>> = {
  unreachable: {
    net_unreachable: 0, host_unreachable: 1, protocol_unreachable: 2, port_unreachable: 3, frag_needed: 4,
    source_route_failed: 5, net_unknown: 6, host_unknown: 7, source_host_isolated: 8, net_prohibited: 9,
    host_prohibited: 10, net_unreachable_for_tos: 11, host_unreachable_for_tos: 12, packet_filtered: 13,
    precedence_violation: 14, precedence_cutoff: 15,
  },
};
/* biome-ignore format: tables */
const CODES6: Readonly<Record<string, Words>> = {
  unreachable: {
    net_unreachable: 0, no_route: 0, admin_prohibited: 1, not_neighbour: 2, address_unreachable: 3, port_unreachable: 4,
  },
  time_exceeded: { exceeded_hop_limit: 0, exceeded_frag_time: 1 },
  parameter_problem: { header_field: 0, unknown_next_header: 1, unknown_option: 2 },
};

/** Hops left: what packetdrill puts into packets from afar. */
const TTL = 255;

/** The number that a word stands for; `type_13` and `code_2` say theirs. */
function numberOf(word: string, words: Words | undefined, what: 'type' | 'code', action: IcmpAction): number {
  const [, given] = new RegExp(`^${what}_(\\d+)$`).exec(word) ?? [];
  const found = given === undefined ? words?.[word] : Number(given);
  if (found === undefined || found > 255) throw new ScriptError(`bad ICMP ${what}: ${word}`, action);
  return found;
}

/** @param seq the quoted sequence number, as on the wire @throws Unsupported */
export function emitIcmpError(action: IcmpAction, ends: Ends, seq: number): Uint8Array {
  if (action.quotes && action.quotes.kind !== 'tcp') throw new Unsupported(`ICMP about ${action.quotes.kind}`, action);
  const six = ends.localAddr.family === 6;
  const type = numberOf(action.type, six ? TYPES6 : TYPES4, 'type', action);
  const codes = (six ? CODES6 : CODES4)[action.type];
  const code = action.code === undefined ? 0 : numberOf(action.code, codes, 'code', action);
  const info = action.mtu ?? (action.id ?? 0) * 0x1_0000;
  const icmp: Icmp = { type, code, info, rest: quote(ends, seq) };
  return icmpPacket({ src: ends.remoteAddr, dst: ends.localAddr, icmp }, { ttl: action.ip.ttl ?? TTL }).bytes();
}

/** The IP header of a segment that was sent, with the first bytes of the segment. */
function quote({ localAddr: src, remoteAddr: dst, localPort, remotePort }: Ends, seq: number): Uint8Array {
  const segment = new Uint8Array(QUOTED);
  putU16(segment, 0, localPort);
  putU16(segment, 2, remotePort);
  putU32(segment, 4, seq);
  const common = { src, dst, dscp: 0, ecn: 0, payload: segment };
  if (src.family === 6) return emitIpv6({ ...common, nextHeader: PROTOCOL.tcp, hopLimit: 64, flowLabel: 0 });
  const whole = { df: true, mf: false, fragmentOffset: 0, options: EMPTY, id: 0 };
  return emitIpv4({ ...common, ...whole, protocol: PROTOCOL.tcp, ttl: 64 });
}
