/**
 * What the log says of a packet against what tshark says: sentence by sentence, with every exception named.
 *
 * The log knows what the hosts knew: what was sent before, which timer fired, how far the windows reached. tshark knows the
 * packets that passed and guesses the rest by rules of thumb. `AGREEMENTS` says where both must mean the same, and which
 * rule of thumb may make tshark mean something else. What no exception covers is a fault.
 */

import { seqNumber } from '../../src/sim/base/seq.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import type { EventOf } from '../../src/sim/trace/schema.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { FIN, RST, SYN } from '../../src/sim/wire/tcp.ts';
import type { Seen } from '../../src/views/capture.ts';
import { perLog } from '../../src/views/facts.ts';
import { type PacketFacts, packetsOf } from '../../src/views/packets.ts';
import { type Case, edgeOf, type Flag } from './analyst.ts';

/** What the log says of a packet: when it left, and where it arrived. */
export interface Fact {
  /** A part of it had been sent before. */
  again: boolean;
  /** The timer whose end sent it; 'arrival': a segment that came; 'call': a program; 'none': no cause in the log. */
  reason: string;
  /**
   * Of the sender's receive side: RCV.NXT and the edge of its window; and the edge at its packet before, with what that
   * acknowledged: in one turn a retransmission may leave before RCV.NXT moves, and an ACK after it.
   */
  nxt: number | undefined;
  edge: number | undefined;
  before: { ack: number | null; edge: number | undefined } | undefined;
  /** The edge of the peer's window, as the sender knew it. */
  room: number | undefined;
  /** The sender noted a fast recovery before. */
  recovering: boolean;
  /** What had come to the receiver before this packet did; undefined: it has not come. */
  arrival: Arrival | undefined;
}

interface Arrival {
  /** Just past the highest sequence number that had come from this sender, or its number where it was empty. */
  highest: number | undefined;
  /** RCV.NXT. */
  nxt: number | undefined;
}

/** What each packet was when it left, by its number. */
export const factsOfPackets = perLog((log: Log): ReadonlyMap<number, Fact> => {
  const packets = new Map(packetsOf(log).map((packet) => [packet.n, packet]));
  const highest = new Map<string, number>();
  const facts = new Map<number, Fact>();
  const recv = new Map<number, EventOf<'tcp.recv'>>();
  const send = new Map<number, EventOf<'tcp.send'>>();
  const last = new Map<number, NonNullable<Fact['before']>>();
  const recovering = new Set<number>();
  for (const event of log) {
    if (event.kind === 'tcp.recv') recv.set(event.sock, event);
    else if (event.kind === 'tcp.send') send.set(event.sock, event);
    else if (event.kind === 'tcp.note' && RECOVERS.test(event.linux)) recovering.add(event.sock);
    else if (event.kind === 'packet.sent') {
      const { nxt, edge } = recv.get(event.sock) ?? { nxt: undefined, edge: undefined };
      const reason = reasonOf(log, event);
      facts.set(event.n, {
        again: packets.get(event.n)?.retransmission === true,
        reason,
        nxt,
        edge,
        before: last.get(event.sock),
        room: send.get(event.sock)?.edge,
        recovering: recovering.has(event.sock),
        arrival: undefined,
      });
      const packet = packets.get(event.n);
      last.set(event.sock, { ack: packet?.ack ?? null, edge: nxt === undefined ? undefined : toldEdge(packet, edge) });
    } else if (event.kind === 'packet.arrived' || event.kind === 'packet.dropped') {
      const packet = packets.get(event.packet);
      const fact = facts.get(event.packet);
      if (!packet || !fact || event.host !== packet.to || isMalformed(packet.parsed)) continue;
      const { ip, segment } = packet.parsed;
      const way = `${ip.src}:${segment.srcPort} ${ip.dst}:${segment.dstPort} ${packet.base.seq}`;
      fact.arrival = { highest: highest.get(way), nxt: recv.get(event.sock)?.nxt };
      if (packet.seq >= 2 ** 31) continue; // of the connection before: below what this one began with
      highest.set(way, Math.max(highest.get(way) ?? 0, packet.seq + packet.space));
    }
  }
  return facts;
});

/** The edge that a packet told. The log's is of the end of the turn: a retransmission may leave before the window moves. */
function toldEdge(packet: PacketFacts | undefined, edge: number | undefined): number | undefined {
  if (!packet?.retransmission || packet.ack === null || edge === undefined || isMalformed(packet.parsed)) return edge;
  const { window } = packet.parsed.segment;
  const scale = Math.round(Math.log2(Math.max(edge - packet.ack, 1) / Math.max(window, 1)));
  return packet.ack + window * 2 ** Math.max(scale, 0);
}

/** Notes that begin a repair without a timeout. */
const RECOVERS = /tcp_enter_recovery|tcp_fastretrans_alert/;

/** What set a packet going: the nearest cause that is no note. */
function reasonOf(log: Log, sent: EventOf<'packet.sent'>): string {
  let cause = sent.cause;
  for (;;) {
    const at = cause < 0 ? -1 : log.indexOf(cause);
    if (at < 0) return 'none';
    const event = log.at(at);
    if (event.kind === 'timer.fire') return event.timer;
    if (event.kind === 'packet.arrived' || event.kind === 'packet.sent') return 'arrival';
    if (event.kind === 'call.enter') return 'call';
    cause = event.cause;
  }
}

/** A packet as both saw it. */
export interface Both {
  fact: Fact;
  seen: Seen;
  flags: ReadonlySet<Flag>;
  case: Case;
}

interface Exception {
  name: string;
  /** The rule of thumb of tshark that it rests on. */
  about: string;
  when(both: Both): boolean;
}

interface Agreement {
  name: string;
  /** Which packets it speaks of. */
  of(both: Both): boolean;
  log(both: Both): boolean;
  tshark(both: Both): boolean;
  but: readonly Exception[];
}

const own = ({ seen: { direction, packet } }: Both): boolean => direction === 'out' || packet.from === packet.to;
const plain = ({ case: { control } }: Both): boolean => (control & (SYN | FIN | RST)) === 0;
const bare = (both: Both): boolean => both.case.length === 0 && plain(both) && !both.seen.packet.probe;
const repeated = ({ flags }: Both): boolean => flags.has('retransmission') || flags.has('out_of_order');
const below = ({ fact: { arrival }, seen: { packet } }: Both): boolean =>
  packet.space > 0 && arrival?.highest !== undefined && packet.seq < arrival.highest;

const LAST_BYTE: Exception = {
  name: 'its last byte alone',
  about: 'one byte just before the next expected one is taken for a keep-alive, whatever it is',
  when: ({ flags, case: { length } }) => flags.has('keep_alive') && length === 1,
};
const ONE_OLD_BYTE: Exception = {
  name: 'new data after one old byte',
  about: 'a segment of two bytes and more that begins one before the next is taken for what follows a window probe',
  when: ({ case: { seq, length, mine } }) => length > 1 && ((seq + 1) | 0) === (mine.next | 0),
};
const NOTHING_BEFORE: Exception = {
  name: 'nothing before it',
  about:
    'a SYN of another number begins a new connection, whatever its receiver makes of it; the number 0 means none yet',
  when: ({ case: { mine } }) => mine.next === 0,
};
const OTHER_NUMBERS: Exception = {
  name: 'other numbers',
  about: 'after a SYN or SYN,ACK with another number all is counted from that one, whatever its receiver made of it',
  when: ({ case: { mine }, seen: { packet } }) => mine.base !== seqNumber(packet.base.seq),
};
const WINDOW_PROBE: Exception = {
  name: 'a window probe',
  about: 'a byte that is sent against a closed window does not move what is expected next, nor when it is sent again',
  when: ({ flags, case: { seq, mine } }) =>
    flags.has('zero_window_probe') || (flags.has('lost_segment') && ((mine.next + 1 - seq) | 0) === 0),
};
const SOON: Exception = {
  name: 'soon after the highest',
  about:
    'within a round trip of the highest segment (3 ms where none was seen) what is below it is taken for reordered',
  when: ({ flags, case: { time, mine, rtt } }) => flags.has('out_of_order') && time - mine.nextTime < (rtt || 3e6),
};
const LATE: Exception = {
  name: 'long after the highest, or up to its end',
  about: 'what comes later than a round trip after the highest segment, or ends where it ends, is taken for sent again',
  when: ({ flags }) => flags.has('retransmission'),
};

export const AGREEMENTS: readonly Agreement[] = [
  {
    name: 'what a host sends again is a retransmission, out of order or keep-alive, and nothing else is',
    of: own,
    log: ({ fact }) => fact.again,
    tshark: repeated,
    but: [LAST_BYTE, ONE_OLD_BYTE, NOTHING_BEFORE],
  },
  {
    name: 'what a host sends is never out of order',
    of: own,
    log: () => false,
    tshark: ({ flags }) => flags.has('out_of_order'),
    but: [SOON],
  },
  {
    name: 'a fast retransmission is one that an arriving acknowledgment caused, with fast recovery noted; others are not',
    of: (both) => own(both) && both.fact.again && repeated(both),
    log: ({ fact }) => fact.reason === 'arrival' && fact.recovering,
    tshark: ({ flags }) => flags.has('fast_retransmission'),
    but: [
      {
        name: 'two duplicates just before',
        about: 'within 20 ms of a second duplicate acknowledgment of it, a segment is fast, whatever sent it',
        when: ({ flags, case: { theirs, seq } }) =>
          flags.has('fast_retransmission') && theirs.duplicates >= 2 && theirs.ack === seq,
      },
      {
        name: 'fewer than two duplicates, or another segment than they ask for',
        about: 'losses are known by duplicates of the acknowledgment alone, not by SACK or by time (RFC 8985)',
        when: ({ flags, case: { theirs, seq } }) =>
          !flags.has('fast_retransmission') && (theirs.duplicates < 2 || theirs.ack !== seq),
      },
    ],
  },
  {
    name: 'a bare acknowledgment that changes neither RCV.NXT nor the window is a duplicate, or answers a keep-alive',
    of: (both) => own(both) && bare(both) && both.fact.before?.edge !== undefined && both.fact.edge !== both.fact.nxt,
    log: ({ fact, seen: { packet } }) => fact.before?.ack === packet.ack && fact.before?.edge === fact.edge,
    tshark: ({ flags }) => flags.has('duplicate_ack') || flags.has('keep_alive_ack'),
    but: [
      NOTHING_BEFORE,
      {
        name: 'after a SYN',
        about: 'the window field of a SYN is not scaled (RFC 7323 2.2): the same window looks like another',
        when: ({ flags, case: { mine } }) => flags.has('window_update') && mine.opening,
      },
      {
        name: 'the most that the field can say',
        about: 'a window that grows beyond 65535 units looks as before',
        when: ({ flags, case: { window } }) => flags.has('duplicate_ack') && window === 65535,
      },
    ],
  },
  {
    name: 'a window is zero when the receive window is closed',
    of: (both) => own(both) && plain(both) && both.fact.nxt !== undefined,
    log: ({ fact }) => fact.edge === fact.nxt,
    tshark: ({ flags }) => flags.has('zero_window') || flags.has('zero_window_probe'),
    but: [],
  },
  {
    name: "the window is full when data reach the edge of the peer's window",
    of: (both) => own(both) && plain(both) && both.case.length > 0 && both.fact.room !== undefined,
    log: ({ fact, seen: { packet } }) => packet.seq + packet.length === fact.room,
    tshark: ({ flags }) => flags.has('window_full'),
    but: [
      {
        name: 'the last window that came',
        about: 'the window of the last packet counts, even where it is older than another (RFC 9293 3.10.7.4: SND.WL1)',
        when: ({ case: { theirs, seq, length }, flags }) =>
          flags.has('window_full') === (((seq + length) | 0) === (edgeOf(theirs) | 0)),
      },
    ],
  },
  {
    name: 'a keep-alive carries nothing new and asks for an answer',
    of: own,
    log: ({ seen: { packet } }) => packet.probe,
    tshark: ({ flags }) => flags.has('keep_alive'),
    but: [LAST_BYTE],
  },
  {
    name: 'what arrives below the highest that arrived is a retransmission or out of order, and nothing else is',
    of: (both) => !own(both),
    log: below,
    tshark: repeated,
    but: [LAST_BYTE, ONE_OLD_BYTE, NOTHING_BEFORE, WINDOW_PROBE, OTHER_NUMBERS],
  },
  {
    name: 'what arrives below the highest is sent again, or else it was overtaken and is out of order',
    of: (both) => !own(both) && below(both) && repeated(both),
    log: ({ fact }) => !fact.again,
    tshark: ({ flags }) => flags.has('out_of_order'),
    but: [SOON, LATE],
  },
  {
    name: 'what arrives beyond the highest shows that something is missing',
    of: (both) => !own(both) && (both.case.control & RST) === 0 && both.fact.arrival?.highest !== undefined,
    log: ({ fact, seen: { packet } }) => packet.seq > (fact.arrival?.highest ?? 0),
    tshark: ({ flags }) => flags.has('lost_segment'),
    but: [NOTHING_BEFORE, WINDOW_PROBE, OTHER_NUMBERS],
  },
  {
    name: 'data that arrive a second time, whole, after they were acknowledged are spurious',
    of: (both) => !own(both) && both.case.length > 0 && both.fact.arrival?.nxt !== undefined,
    log: ({ fact, seen: { packet } }) => packet.seq + packet.length <= (fact.arrival?.nxt ?? 0),
    tshark: ({ flags }) => flags.has('spurious_retransmission'),
    but: [
      LAST_BYTE,
      {
        name: 'not acknowledged yet',
        about: 'what came is known by its acknowledgment, which the receiver may still keep back (delayed ACK)',
        when: ({ case: { seq, length, theirs } }) => ((seq + length - theirs.ack) | 0) > 0,
      },
    ],
  },
];

export interface Disagreement {
  agreement: string;
  /** The exception that explains it; undefined: none does. */
  exception: string | undefined;
}

/** Where log and tshark part over a packet. */
export function disagreements(both: Both): Disagreement[] {
  return AGREEMENTS.filter((one) => one.of(both) && one.log(both) !== one.tshark(both)).map((one) => ({
    agreement: one.name,
    exception: one.but.find((exception) => exception.when(both))?.name,
  }));
}
