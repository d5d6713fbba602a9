/**
 * The packets that pass a host as `tcpdump -n -ttttt` prints them: those it sends when they leave, those it receives
 * when they arrive, the time counted from the beginning of the world.
 *
 * As tcpdump does, a SYN shows its absolute sequence number, later segments count from it, and windows are not scaled.
 */
import { seconds, type Time } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { packetText } from '../sim/wire/print.ts';
import { SYN } from '../sim/wire/tcp.ts';
import { cursorAt, factsOf, perWindow } from './facts.ts';
import { type PacketFacts, packetsOf } from './packets.ts';
import type { Line, TcpdumpModel, View } from './view.ts';

/** Drops that happen before a packet reaches a host: a capture there does not see it. */
const ON_THE_WAY = new Set(['lost on the link', 'link queue full']);

/** The lines of a window by host, made when a host is asked for. */
const linesOf = perWindow((log, from) => {
  const made = new Map<number, readonly Line[]>();
  return (host: number): readonly Line[] => {
    let lines = made.get(host);
    if (!lines) made.set(host, (lines = captured(log, from, host)));
    return lines;
  };
});

function captured(log: Log, from: number, host: number): Line[] {
  const lines: Line[] = [];
  const add = (n: number, time: Time, packet: PacketFacts) => {
    const { bytes } = log.at(packet.sent) as EventOf<'packet.sent'>;
    const syn = !isMalformed(packet.parsed) && (packet.parsed.segment.flags & SYN) !== 0;
    lines.push({ n, time, host, sock: packet.sock, text: `IP ${packetText(bytes, syn ? undefined : packet.base)}` });
  };
  for (const packet of packetsOf(log)) {
    if (packet.from === host && packet.sent >= from) add(packet.n, packet.time, packet);
    // On the loopback device a packet leaves and arrives in one place.
    if (packet.to !== host || packet.to === packet.from || packet.end < from || packet.end < 0) continue;
    if (!ON_THE_WAY.has(packet.reason)) add(packet.endNumber, packet.endTime, packet);
  }
  return lines.sort((a, b) => a.n - b.n);
}

export const tcpdump: View<TcpdumpModel> = {
  id: 'tcpdump',
  title: 'Packets',
  model(log, at, options) {
    const { hosts } = factsOf(log);
    const busy = packetsOf(log)[0]?.from;
    const shown = options?.host ?? busy ?? hosts[0]?.host ?? -1;
    return {
      now: cursorAt(log, at),
      host: hosts.find(({ host }) => host === shown) ?? null,
      hosts,
      lines: linesOf(log, options)(shown),
    };
  },
  text({ now, host, lines }) {
    const past = lines.filter(({ n }) => n <= now.n).map(({ time, text }) => `${seconds(time)} ${text}`);
    return [`${host?.name ?? ''}$ tcpdump -n -ttttt`, ...past].join('\n');
  },
};
