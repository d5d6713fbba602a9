/**
 * The packets that pass a host as `tcpdump -n -ttttt` prints them: those it sends when they leave, those it receives
 * when they arrive, the time counted from the beginning of the world.
 *
 * As tcpdump does, a SYN shows its absolute sequence number, later segments count from it, and windows are not scaled. A
 * segment without ACK is absolute too, and so is a reset that is the first answer in its conversation.
 */
import { seconds } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import { endpointText } from '../sim/wire/address.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { packetFamily, packetText } from '../sim/wire/print.ts';
import { ACK, RST, SYN } from '../sim/wire/tcp.ts';
import { bytesOf, seenAt, usualHost } from './capture.ts';
import { cursorAt, factsOf, perWindow } from './facts.ts';
import type { PacketFacts } from './packets.ts';
import type { Line, TcpdumpModel, View } from './view.ts';

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
  const answered = new Set<string>();
  return seenAt(log, host, from).map((seen) => {
    const { n, time, packet } = seen;
    const bytes = bytesOf(log, seen);
    const text = `${packetFamily(bytes)} ${packetText(bytes, isAbsolute(packet, answered) ? undefined : packet.base)}`;
    return { n, time, host, sock: packet.sock, text };
  });
}

/** Whether tcpdump has nothing to count a packet's numbers from. `answered`: conversations in which an ACK was seen. */
function isAbsolute({ parsed }: PacketFacts, answered: Set<string>): boolean {
  if (isMalformed(parsed)) return false;
  const { ip, segment } = parsed;
  if ((segment.flags & ACK) === 0) return true;
  const ends = [endpointText(ip.src, segment.srcPort), endpointText(ip.dst, segment.dstPort)].sort().join(' ');
  const first = !answered.has(ends);
  answered.add(ends);
  return (segment.flags & SYN) !== 0 || (first && (segment.flags & RST) !== 0);
}

export const tcpdump: View<TcpdumpModel> = {
  id: 'tcpdump',
  title: 'Packets',
  model(log, at, options) {
    const { hosts } = factsOf(log);
    const shown = options?.host ?? usualHost(log);
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
