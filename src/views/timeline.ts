/**
 * What a scrubber shows of a window of the log: the moments worth a mark, and the positions that it steps through.
 */
import { errnoName } from '../sim/base/errno.ts';
import { seconds } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf, Kind } from '../sim/trace/schema.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { FIN, RST, SYN } from '../sim/wire/tcp.ts';
import { cursorAt, factsOf, perWindow } from './facts.ts';
import { type PacketFacts, packetsOf } from './packets.ts';
import { labelOf, moveOf } from './sequence.ts';
import type { TimelineMark, TimelineModel, View, ViewOptions } from './view.ts';

/** Events that begin a new picture; what follows one until the next is shown together with it. */
const STEPS = new Set<Kind>([
  'call.enter',
  'call.exit',
  'copy.in',
  'copy.out',
  'packet.sent',
  'packet.arrived',
  'packet.dropped',
  'timer.fire',
  'task.end',
]);

const instantsOf = perWindow((log, from): readonly number[] => {
  const cursors = [from];
  for (let i = from + 1; i < log.length; i++) if (STEPS.has(log.kindAt(i))) cursors.push(i);
  cursors.push(log.length);
  return [...new Set(cursors)];
});

/** The cursors that a slider steps through, rising: before the first event, then after each that changes a picture. */
export const instants = (log: Log, options?: ViewOptions): readonly number[] => instantsOf(log, options);

/** At most so many segments of a side are marked as data, evenly spread. */
const DATA_MARKS = 20;

type Kinds = TimelineMark['kind'];

const marksOf = perWindow((log, from): readonly TimelineMark[] => {
  const marks: TimelineMark[] = [];
  const mark = (i: number, kind: Kinds, label: string, host: number, sock: number) => {
    if (i >= from) marks.push({ n: log.numberAt(i), at: i + 1, time: log.timeAt(i), kind, label, host, sock });
  };
  // Of a flow of data its beginning is marked, then one segment now and then; of a window that it closes and opens.
  const spacing = from < log.length ? (log.timeAt(log.length - 1) - log.timeAt(from)) / DATA_MARKS : 0;
  const flowing = new Map<string, number>();
  const shut = new Set<string>();
  for (const packet of packetsOf(log)) {
    const { sent, end, from: host, sock, fate, reason } = packet;
    const way = `${packet.connection}/${packet.side}`;
    const opens = shut.has(way) && packet.window > 0;
    const kind = kindOf(packet, packet.time < (flowing.get(way) ?? 0));
    if (kind === 'data') flowing.set(way, packet.time + Math.max(1, spacing));
    if (packet.ack !== null && packet.window === 0 && kind !== 'reset') {
      if (!shut.has(way)) mark(sent, 'window', 'zero window', host, sock);
      shut.add(way);
    } else if (opens) {
      mark(sent, 'window', `window opens: ${packet.window}`, host, sock);
      shut.delete(way);
    }
    if (kind) mark(sent, kind, labelOf(packet), host, sock);
    if (fate === 'dropped') mark(end, 'loss', reason, host, sock);
  }
  for (const sock of factsOf(log).socks.values()) {
    for (const i of sock.of['tcp.state'] ?? []) {
      const { to } = moveOf(log.at(i) as EventOf<'tcp.state'>);
      mark(i, 'state', to, sock.host, sock.id);
    }
  }
  for (const call of factsOf(log).calls) {
    if (call.exit < from) continue;
    const exit = log.at(call.exit) as EventOf<'call.exit'>;
    if (exit.errno !== 0)
      mark(call.exit, 'error', `${exit.call}: ${errnoName(exit.errno) ?? exit.errno}`, call.host, call.sock);
  }
  return marks.sort((a, b) => a.n - b.n);
});

function kindOf(packet: PacketFacts, flowing: boolean): Kinds | undefined {
  if (isMalformed(packet.parsed)) return undefined;
  const { flags } = packet.parsed.segment;
  if (packet.retransmission) return 'retransmission';
  if (flags & RST) return 'reset';
  if (flags & SYN) return 'handshake';
  if (flags & FIN) return 'close';
  return packet.length > 0 && !flowing ? 'data' : undefined;
}

export const timeline: View<TimelineModel> = {
  id: 'timeline',
  title: 'Timeline',
  model(log, at, options) {
    const steps = instants(log, options);
    const first = steps[0] ?? 0;
    return {
      now: cursorAt(log, at),
      from: first,
      to: log.length,
      start: cursorAt(log, Math.min(first + 1, log.length)).time,
      end: cursorAt(log, log.length).time,
      marks: marksOf(log, options),
      instants: steps,
    };
  },
  text({ now, marks }) {
    const past = marks.filter(({ n }) => n <= now.n);
    if (past.length === 0) return 'nothing to mark yet';
    const clock = Math.max(...past.map(({ time }) => seconds(time).length));
    return past
      .map(({ time, kind, label }) => `${seconds(time).padStart(clock)}  ${kind.padEnd(14)}  ${label}`)
      .join('\n');
  },
};
