/**
 * The packets of a log in the reader's terms: whose connection, relative numbers, scaled window, sent again or not.
 *
 * The bytes are the only source; the log adds when and where a packet ended. Relative numbers count from each side's
 * initial sequence number, learned from its SYN, else from `tcp.isn`, else from its first packet.
 */
import { type Seq, seq, seqAdd, seqDiff, seqLt, seqNumber } from '../sim/base/seq.ts';
import type { Time } from '../sim/base/time.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { endpointText } from '../sim/wire/address.ts';
import { isMalformed, type Malformed } from '../sim/wire/malformed.ts';
import { parseTcpIp, segmentStart, type TcpIp } from '../sim/wire/packet.ts';
import { type Base, optionText, packetText } from '../sim/wire/print.ts';
import { ACK, FIN, PSH, RST, type Segment, SYN, segmentLength, TCP_HEADER } from '../sim/wire/tcp.ts';
import { optionLength } from '../sim/wire/tcp-options.ts';
import { type Facts, factsOf, type PacketWay, perLog } from './facts.ts';
import type { Side } from './view.ts';

export interface PacketFacts extends PacketWay {
  time: Time;
  from: number;
  to: number;
  sock: number;
  connection: number;
  /** The sender's end; 0 when it belongs to no connection. */
  side: Side;
  fate: 'arrived' | 'dropped' | 'on the way';
  /** Number and instant of the end; -1 and the log's end while it is on the way. */
  endNumber: number;
  endTime: Time;
  reason: string;
  parsed: TcpIp | Malformed;
  /** What it is when it is no TCP segment: 'ICMP host 10.0.0.2 unreachable'; '' for one. */
  words: string;
  /** What relative numbers count from. */
  base: Base;
  /** The rest is 0, false or null for a malformed packet. */
  seq: number;
  ack: number | null;
  length: number;
  /** SEG.LEN: payload, and one each for SYN and FIN. */
  space: number;
  window: number;
  /** As tcpdump prints them. */
  options: string;
  retransmission: boolean;
  /** A copy that the link made: nobody sent it. */
  copy: boolean;
  /** Carries nothing new, at a sequence number before the next: asks for an answer (window probe, keep-alive). */
  probe: boolean;
}

/** What is known of one direction of a connection while its packets are read in order. */
interface Direction {
  iss: Seq | undefined;
  /** The highest sequence number sent, exclusive. */
  highest: Seq | undefined;
  /** The shift in the SYN's options; undefined: none was offered. */
  scale: number | undefined;
}

export const packetsOf = perLog((log): readonly PacketFacts[] => {
  const facts = factsOf(log);
  const directions = new Map<string, Direction>();
  const routes = routesOf(facts);
  return facts.packets.map((way) => {
    const event = log.at(way.sent) as EventOf<'packet.sent'>;
    const parsed = parseTcpIp(event.bytes);
    const packet = blank(facts, way, event, parsed);
    if (isMalformed(parsed)) {
      packet.words = icmpWords(event.bytes) ?? parsed.malformed;
      return packet;
    }
    const { ip, segment } = parsed;
    const source = endpointText(ip.src, segment.srcPort);
    const target = endpointText(ip.dst, segment.dstPort);
    const own = facts.socks.get(event.sock);
    // A reset for nobody comes from no socket: its addresses still say which conversation it answers.
    const route = routes.get(`${source} ${target}`)?.findLast((sock) => sock.born <= way.sent);
    const sock = own && own.connection >= 0 ? own : route;
    packet.connection = sock?.connection ?? -1;
    packet.side = sock ? (sock === own || sock.local === source ? sock.side : ((1 - sock.side) as Side)) : 0;
    const conversation = packet.connection >= 0 ? `${packet.connection}` : [source, target].sort().join(' ');
    const mine = direction(directions, facts, conversation, packet.connection, source, packet.side);
    const theirs = direction(directions, facts, conversation, packet.connection, target, (1 - packet.side) as Side);
    // a SYN that nobody of this connection sent, with another number: it counts from itself, and changes nothing
    const stranger = segment.flags & SYN && !own && sock && mine.iss !== undefined && mine.iss !== segment.seq;
    const from = stranger ? { ...mine, iss: segment.seq, highest: undefined } : mine;
    interpret(packet, segment, from, theirs);
    packet.base = { seq: from.iss ?? segment.seq, ack: theirs.iss ?? seq(0) };
    packet.options = optionWords(event.bytes, packet.base.ack);
    return packet;
  });
});

/** A packet before its bytes are interpreted. One literal, since there may be very many. */
function blank(
  facts: Facts,
  way: PacketWay,
  event: EventOf<'packet.sent'>,
  parsed: PacketFacts['parsed'],
): PacketFacts {
  const { log } = facts;
  const { end } = way;
  const dropped = end >= 0 && log.kindAt(end) === 'packet.dropped';
  return {
    n: way.n,
    sent: way.sent,
    end,
    damaged: way.damaged,
    time: event.t,
    from: event.host,
    to: event.to,
    sock: event.sock,
    connection: -1,
    side: 0,
    fate: end < 0 ? 'on the way' : dropped ? 'dropped' : 'arrived',
    endNumber: end < 0 ? -1 : log.numberAt(end),
    endTime: end < 0 ? log.now : log.timeAt(end),
    reason: dropped ? (log.at(end) as EventOf<'packet.dropped'>).reason : '',
    parsed,
    words: '',
    base: { seq: seq(0), ack: seq(0) },
    seq: 0,
    ack: null,
    length: 0,
    space: 0,
    window: 0,
    options: '',
    retransmission: false,
    copy: event.host < 0 && event.sock > 0,
    probe: false,
  };
}

/** What an ICMP message says, about as tcpdump puts it; undefined for anything else. */
function icmpWords(bytes: Uint8Array): string | undefined {
  const said = /: (ICMP.*), length \d+$/.exec(packetText(bytes));
  return said?.[1]?.replace(/ \S+ unreachable - need/, ' need');
}

/** Sockets with both names, by 'source target' of the packets that they send, and the same for those sent to them. */
function routesOf(facts: Facts) {
  const routes = new Map<string, { born: number; connection: number; side: Side; local: string }[]>();
  for (const sock of facts.socks.values()) {
    if (sock.connection < 0) continue;
    for (const key of [`${sock.local} ${sock.peer}`, `${sock.peer} ${sock.local}`]) {
      routes.set(key, [...(routes.get(key) ?? []), sock]);
    }
  }
  return routes;
}

function direction(
  all: Map<string, Direction>,
  facts: Facts,
  conversation: string,
  connection: number,
  source: string,
  side: Side,
): Direction {
  const key = connection >= 0 ? `${conversation}/${side}` : `${conversation}/${source}`;
  let known = all.get(key);
  if (!known) all.set(key, (known = { iss: issOf(facts, connection, side), highest: undefined, scale: undefined }));
  return known;
}

/** The initial sequence number of a side, as either socket knows it. */
function issOf(facts: Facts, connection: number, side: Side): Seq | undefined {
  for (const end of facts.connections[connection]?.ends ?? []) {
    const at = facts.socks.get(end.sock)?.of['tcp.isn']?.at(-1);
    const isn = at === undefined ? undefined : (facts.log.at(at) as EventOf<'tcp.isn'>);
    if (!isn) continue;
    if (end.side === side) return seq(isn.iss);
    if (isn.irs !== 0) return seq(isn.irs);
  }
  return undefined;
}

function interpret(packet: PacketFacts, segment: Segment, mine: Direction, theirs: Direction): void {
  const { flags, options } = segment;
  const syn = (flags & SYN) !== 0;
  if (syn && mine.iss !== segment.seq) Object.assign(mine, { iss: segment.seq, highest: undefined });
  mine.iss ??= flags & RST ? segment.seq : seqAdd(segment.seq, -1);
  if (syn) mine.scale = options.windowScale;
  packet.length = segment.payload.length;
  packet.space = segmentLength(segment);
  packet.seq = seqDiff(segment.seq, mine.iss) >>> 0;
  if (flags & ACK) packet.ack = seqDiff(segment.ack, (theirs.iss ??= seqAdd(segment.ack, -1))) >>> 0;
  const scaled = !syn && mine.scale !== undefined && theirs.scale !== undefined;
  packet.window = segment.window << (scaled ? Math.min(mine.scale as number, 14) : 0);
  const end = seqAdd(segment.seq, packet.space);
  const before = mine.highest !== undefined && seqLt(segment.seq, mine.highest);
  packet.retransmission = before && packet.space > 0 && !packet.copy;
  packet.probe = before && packet.space === 0 && (flags & RST) === 0 && !packet.copy;
  if (packet.space > 0 && (mine.highest === undefined || seqLt(mine.highest, end))) mine.highest = end;
}

/** 'SYN,ACK': the flags that say what a segment is for. */
export function flagWords(flags: number): string {
  const words = [
    flags & SYN ? 'SYN' : '',
    flags & FIN ? 'FIN' : '',
    flags & RST ? 'RST' : '',
    flags & PSH ? 'PSH' : '',
    flags & ACK ? 'ACK' : '',
  ].filter((word) => word !== '');
  return words.join(',') || 'none';
}

/** The options as tcpdump prints them, in the order of their bytes; SACK blocks relative to `iss`. */
function optionWords(bytes: Uint8Array, iss: Seq): string {
  const tcp = segmentStart(bytes);
  const end = tcp + ((bytes[tcp + 12] as number) >> 4) * 4;
  const words: string[] = [];
  for (let at = tcp + TCP_HEADER; at < end; ) {
    const length = optionLength(bytes, at, end);
    if (length === 0) break;
    words.push(optionText(bytes.subarray(at, at + length), seqNumber(iss)));
    at += length;
  }
  return words.join(',');
}
