/**
 * Why something happened: the chain of causes of an event in words, newest first, down to the line of the cell.
 *
 * The log names the cause of each event; this file only puts them into words, and beside a retransmission tells what
 * became of the packet that it repeats.
 */

import { errnoName } from '../sim/base/errno.ts';
import { human, seconds, type Time } from '../sim/base/time.ts';
import { ERRQUEUE } from '../sim/base/uapi.ts';
import { SIGNATURES } from '../sim/syscall/signatures.ts';
import { TRANSITIONS } from '../sim/tcp/states.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Event, EventOf } from '../sim/trace/schema.ts';
import { shortCall } from './calls.ts';
import { factsOf, perLog } from './facts.ts';
import { type PacketFacts, packetsOf } from './packets.ts';
import { labelOf, moveOf } from './sequence.ts';
import { callData, resultText } from './strace.ts';
import type { Cause } from './view.ts';

const packetIndex = perLog((log) => new Map(packetsOf(log).map((packet) => [packet.n, packet])));

/**
 * The chain of causes that ends in event number `n`, that event first. Empty when the log does not hold it; cut where
 * the log (a window of a longer one) does not hold the next.
 */
export function causes(log: Log, n: number): Cause[] {
  const chain: Cause[] = [];
  for (let i = log.indexOf(n); i >= 0; ) {
    const event = log.at(i);
    chain.push(causeOf(log, event), ...alsoOf(log, event));
    i = event.cause >= 0 && event.cause < event.n ? log.indexOf(event.cause) : -1;
  }
  return chain;
}

function causeOf(log: Log, event: Event): Cause {
  const base = { n: event.n, time: event.t, text: textOf(log, event) };
  switch (event.kind) {
    case 'tcp.note':
      return {
        ...base,
        ...(event.rfc && { rfc: `RFC ${event.rfc}` }),
        ...(event.linux && { linux: event.linux }),
      };
    case 'tcp.state': {
      const rfc = TRANSITIONS[event.row]?.rfc;
      return { ...base, ...(rfc && { rfc: `RFC 9293 ${rfc}` }) };
    }
    case 'call.enter': {
      const man = event.call in SIGNATURES ? SIGNATURES[event.call as keyof typeof SIGNATURES].man : '';
      return {
        ...base,
        ...(man && { linux: man }),
        ...(event.cell !== '' && { cell: event.cell, line: event.line }),
      };
    }
    default:
      return base;
  }
}

/** What became of the packet that a retransmission repeats. */
function alsoOf(log: Log, event: Event): Cause[] {
  if (event.kind !== 'packet.sent') return [];
  const packet = packetIndex(log).get(event.n);
  if (!packet?.retransmission) return [];
  const first = packetsOf(log).findLast(
    (other) =>
      other.n < packet.n &&
      other.connection === packet.connection &&
      other.side === packet.side &&
      covers(other, packet),
  );
  if (!first || first.end < 0 || first.endNumber > event.n) return [];
  return [causeOf(log, log.at(first.end))];
}

const covers = (a: PacketFacts, b: PacketFacts): boolean => a.space > 0 && a.seq <= b.seq && a.seq + a.space > b.seq;

/** One event as a sentence without its full stop. */
function textOf(log: Log, event: Event): string {
  const host = factsOf(log).hosts.find((line) => line.host === event.host)?.name ?? '';
  const packet = (n: number): string => {
    const found = packetIndex(log).get(n);
    return found ? labelOf(found) : `packet ${n}`;
  };
  const call = (n: number): string => {
    const found = factsOf(log).callOf.get(n);
    return found ? shortCall(callData(log, found)) : 'a call';
  };
  switch (event.kind) {
    case 'packet.sent': {
      const { copy, retransmission } = packetIndex(log).get(event.n) ?? {};
      if (copy) return `the link made a copy of ${packet(event.n)}`;
      return `${host} sent ${packet(event.n)}${retransmission ? ' again' : ''}`;
    }
    case 'packet.damaged':
      return `bit ${event.bit} of ${packet(event.packet)} was flipped on the link`;
    case 'packet.queued':
      return `${packet(event.packet)} waits for the wire behind ${packets(event.length)}`;
    case 'packet.arrived':
      return `${packet(event.packet)} arrived at ${host}`;
    case 'packet.dropped':
      return `${packet(event.packet)} was dropped: ${event.reason}`;
    case 'tcp.note':
      return event.rule;
    case 'tcp.state': {
      const { from, to, on } = moveOf(event);
      return `${host}: ${from} → ${to} on ${on}`;
    }
    case 'timer.fire':
      return `the ${event.timer} timer of ${host} fired`;
    case 'timer.set':
      return `the ${event.timer} timer of ${host} was set for ${seconds(event.at)}, in ${human((event.at - event.t) as Time)}`;
    case 'timer.off':
      return `the ${event.timer} timer of ${host} was stopped`;
    case 'call.enter':
      return `${host} called ${call(event.n)}`;
    case 'call.block':
      return `${call(event.enter)} waits for ${event.on}`;
    case 'call.wake':
      return `${call(event.enter)} of ${host} was woken`;
    case 'call.exit':
      return `${call(event.enter)} of ${host} returned ${resultText(event, true)}`;
    default:
      return plainText(event, host);
  }
}

/** What an entry of the error queue is about, by ee_origin. */
const REPORTS: Readonly<Record<number, string>> = {
  [ERRQUEUE.SO_EE_ORIGIN_ICMP]: 'an ICMP error',
  [ERRQUEUE.SO_EE_ORIGIN_ICMP6]: 'an ICMPv6 error',
  [ERRQUEUE.SO_EE_ORIGIN_TIMESTAMPING]: 'the time of a byte that was sent',
  [ERRQUEUE.SO_EE_ORIGIN_ZEROCOPY]: 'the memory of a send is free again',
};

const packets = (n: number): string => (n === 1 ? 'another' : `${n} others`);

/** Events that seldom stand in a chain. */
function plainText(event: Exclude<Event, EventOf<'packet.sent'>>, host: string): string {
  switch (event.kind) {
    case 'copy.in':
      return `${event.length} bytes were copied from the program into the send buffer of ${host}`;
    case 'copy.out':
      return `${event.length} bytes were copied from the receive buffer of ${host} to the program`;
    case 'sock.new':
      return event.listener === 0 ? `${host} made a socket` : `${host} made a socket for the new connection`;
    case 'sock.error':
      return `the socket of ${host} failed: ${errnoName(event.errno) ?? event.errno}`;
    case 'sock.free':
      return `${host} freed the socket`;
    case 'queue.syn':
    case 'queue.accept': {
      const queue = event.kind === 'queue.syn' ? 'SYN queue' : 'accept queue';
      return `${queue} of ${host}: ${event.change}, ${event.length} of ${event.limit}`;
    }
    case 'queue.error':
      return `error queue of ${host}: ${REPORTS[event.origin] ?? 'an error'}, ${event.length} in it`;
    case 'tcp.send':
      return `${host}: SND.UNA ${event.una}, SND.NXT ${event.nxt}, written to ${event.end}`;
    case 'tcp.recv':
      return `${host}: RCV.NXT ${event.nxt}, read to ${event.read}, window to ${event.edge}`;
    case 'tcp.rtt':
      return `${host} measured a round trip of ${human(event.sample)}: RTO ${human(event.rto)}`;
    case 'cell.begin':
      return `the cell ${event.cell} began`;
    case 'cell.end':
      return `the cell ${event.cell} ended`;
    default:
      return `${host}: ${event.kind}`;
  }
}
