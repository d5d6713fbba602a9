/**
 * What a capture at a host sees, as tcpdump there would: a packet that the host sends when it leaves, one that reaches it
 * when it arrives. What was lost on the way is seen at its sender alone; what the host itself refuses, it has seen.
 */
import { flipped } from '../sim/base/bytes.ts';
import type { Time } from '../sim/base/time.ts';
import { DROPS } from '../sim/net/drops.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { factsOf } from './facts.ts';
import { type PacketFacts, packetsOf } from './packets.ts';

/** A packet as one host sees it pass. */
export interface Seen {
  /** The event at which it is seen: the packet's sending or its end. */
  n: number;
  time: Time;
  /** On the loopback device a packet leaves and arrives in one place: it is seen once, as Linux shows it, coming in. */
  direction: 'in' | 'out';
  host: number;
  packet: PacketFacts;
}

/** Drops that happen before a packet reaches a host: a capture there does not see it. */
const ON_THE_WAY = new Set<string>([DROPS.lost, DROPS.queueFull, DROPS.tooBig]);

/** The packets that pass a host from position `from` of the log on, in order. */
export function seenAt(log: Log, host: number, from = 0): Seen[] {
  const seen: Seen[] = [];
  for (const packet of packetsOf(log)) {
    const loopback = packet.to === packet.from;
    if (packet.from === host && packet.sent >= from) {
      seen.push({ n: packet.n, time: packet.time, direction: loopback ? 'in' : 'out', host, packet });
    }
    if (packet.to !== host || loopback || packet.end < from || packet.end < 0) continue;
    if (!ON_THE_WAY.has(packet.reason)) {
      seen.push({ n: packet.endNumber, time: packet.endTime, direction: 'in', host, packet });
    }
  }
  return seen.sort((a, b) => a.n - b.n);
}

/** The bytes that the host sees: as they were sent, or as the link has left them. */
export function bytesOf(log: Log, { direction, packet }: Seen): Uint8Array {
  const { bytes } = log.at(packet.sent) as EventOf<'packet.sent'>;
  return direction === 'in' && packet.damaged >= 0 ? flipped(bytes, packet.damaged) : bytes;
}

/** The host that a capture is taken at unless told otherwise: the first to send; -1 without hosts. */
export const usualHost = (log: Log): number => packetsOf(log)[0]?.from ?? factsOf(log).hosts[0]?.host ?? -1;
