/**
 * The packets that pass a host as `tcpdump -n -ttttt` prints them: those it sends when they leave, those it receives
 * when they arrive, the time counted from the beginning of the world.
 *
 * As tcpdump does, a SYN shows its absolute sequence number, later segments count from it, and windows are not scaled.
 */
import { seconds, type Time } from '../sim/base/time.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { packetText } from '../sim/wire/print.ts';
import { SYN } from '../sim/wire/tcp.ts';
import { cursorAt, factsOf, perWindow } from './facts.ts';
import { type PacketFacts, packetsOf } from './packets.ts';
import type { Line, TcpdumpModel, View } from './view.ts';

/** Drops that happen before a packet reaches a host: a capture there does not see it. */
const ON_THE_WAY = new Set(['lost on the link', 'link queue full']);

const linesOf = perWindow((log, from) => {
  const byHost = new Map<number, Line[]>();
  const add = (n: number, time: Time, host: number, packet: PacketFacts) => {
    const { bytes } = log.at(packet.sent) as EventOf<'packet.sent'>;
    const syn = !isMalformed(packet.parsed) && (packet.parsed.segment.flags & SYN) !== 0;
    const text = `IP ${packetText(bytes, syn ? undefined : packet.base)}`;
    const lines = byHost.get(host);
    const line = { n, time, host, sock: packet.sock, text };
    if (lines) lines.push(line);
    else byHost.set(host, [line]);
  };
  for (const packet of packetsOf(log)) {
    if (packet.sent >= from) add(packet.n, packet.time, packet.from, packet);
    const reached = packet.fate === 'arrived' || (packet.fate === 'dropped' && !ON_THE_WAY.has(packet.reason));
    // On the loopback device a packet leaves and arrives in one place.
    if (reached && packet.end >= from && packet.to !== packet.from)
      add(packet.endNumber, packet.endTime, packet.to, packet);
  }
  for (const lines of byHost.values()) lines.sort((a, b) => a.n - b.n);
  return byHost;
});

export const tcpdump: View<TcpdumpModel> = {
  id: 'tcpdump',
  title: 'Packets',
  model(log, at, options) {
    const { hosts } = factsOf(log);
    const byHost = linesOf(log, options);
    const shown = options?.host ?? hosts.find(({ host }) => byHost.has(host))?.host ?? hosts[0]?.host;
    return {
      now: cursorAt(log, at),
      host: hosts.find(({ host }) => host === shown) ?? null,
      hosts,
      lines: byHost.get(shown ?? -1) ?? [],
    };
  },
  text({ now, host, lines }) {
    const past = lines.filter(({ n }) => n <= now.n).map(({ time, text }) => `${seconds(time)} ${text}`);
    return [`${host?.name ?? ''}$ tcpdump -n -ttttt`, ...past].join('\n');
  },
};
