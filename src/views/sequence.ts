/**
 * The sequence diagram: packets as arrows between the lifelines of the hosts, system calls and states beside them.
 *
 * Everything but the cursor is laid out once per window, so that a reader scrubs through a picture that holds still.
 */
import { errnoName } from '../sim/base/errno.ts';
import type { Time } from '../sim/base/time.ts';
import { STATES, TRANSITIONS } from '../sim/tcp/states.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Event, EventOf, Kind } from '../sim/trace/schema.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { FIN, RST, SYN } from '../sim/wire/tcp.ts';
import { shortCall } from './calls.ts';
import { type CallFacts, countBefore, cursorAt, factsOf, perWindow } from './facts.ts';
import { flagWords, type PacketFacts, packetsOf } from './packets.ts';
import { Rows } from './rows.ts';
import { sequenceText } from './sequence-text.ts';
import { callData, resultText } from './strace.ts';
import type { Arrow, CallMark, Mark, NoteMark, Point, SequenceModel, StateMark, View } from './view.ts';

/** What does not depend on the cursor. */
interface Diagram extends Omit<SequenceModel, 'now' | 'inFlight'> {
  /** The lowest row reached by each drawn event. */
  reached: { readonly n: readonly number[]; readonly row: readonly number[] };
}

/** Kinds that are drawn where they happen, beside the packets and calls. */
const MARKED = new Set<Kind>(['tcp.state', 'timer.fire', 'sock.error', 'queue.syn', 'queue.accept']);
/** What a typical flight is taken to be when no packet arrived: calls alone still need a scale. */
const FLIGHT_UNKNOWN = 10e6;

const diagramOf = perWindow((log, from): Diagram => {
  const facts = factsOf(log);
  const first = from < log.length ? log.numberAt(from) : log.next;
  const packets = packetsOf(log).filter((p) => p.sent >= from || p.end >= from || p.fate === 'on the way');
  const calls = facts.calls.filter((call) => call.exit < 0 || call.exit >= from);
  const rows = new Rows(typicalFlight(packets));

  // Where each drawn event belongs: what came before the window stands at its top.
  const points = new Map<number, Point>();
  const packetHost = new Map<number, number>();
  const drawn: number[] = [];
  for (const { sent, end, from, to } of packets) {
    drawn.push(sent);
    if (end >= 0) drawn.push(end);
    packetHost.set(sent, from);
    packetHost.set(end, to);
  }
  for (const { enter, exit } of calls) {
    drawn.push(enter);
    if (exit >= 0) drawn.push(exit);
  }
  for (let i = from; i < log.length; i++) if (MARKED.has(log.kindAt(i))) drawn.push(i);
  const marks: Mark[] = [];
  for (const i of drawn.sort((a, b) => a - b)) {
    const n = log.numberAt(i);
    const time = log.timeAt(i);
    if (n < first) {
      points.set(n, { n, time, row: 0 });
      continue;
    }
    const event = MARKED.has(log.kindAt(i)) ? log.at(i) : undefined;
    if (event && !isNotable(event)) continue;
    const host = event?.host ?? packetHost.get(i) ?? log.at(i).host;
    const point = rows.point(n, time, host, packetHost.has(i) ? 'arrow' : 'margin');
    points.set(n, point);
    if (event) marks.push(eventMark(event, point));
  }
  marks.push(...calls.map((call) => callMark(log, call, points)));
  return {
    lifelines: facts.hosts,
    connections: facts.connections.filter(({ ends }) =>
      ends.some(({ sock }) => (facts.socks.get(sock)?.freed ?? 0) >= from),
    ),
    arrows: packets.map((packet) => arrowOf(packet, points)),
    marks: marks.sort((a, b) => a.n - b.n),
    folds: rows.folds,
    rows: rows.height,
    reached: rows.reached,
  };
});

/** The median time that a packet takes, of those that arrived. */
function typicalFlight(packets: readonly PacketFacts[]): number {
  const flights = packets.filter((p) => p.fate === 'arrived' && p.endTime > p.time).map((p) => p.endTime - p.time);
  return flights.sort((a, b) => a - b)[flights.length >> 1] ?? FLIGHT_UNKNOWN;
}

const at = (points: ReadonlyMap<number, Point>, n: number): Point => points.get(n) ?? { n, time: 0 as Time, row: 0 };

function arrowOf(packet: PacketFacts, points: ReadonlyMap<number, Point>): Arrow {
  const { n, from, to, fate, reason, connection, side, sock, seq, ack, length, window, retransmission } = packet;
  const flags = isMalformed(packet.parsed) ? packet.words : flagWords(packet.parsed.segment.flags);
  const end = packet.end < 0 ? null : at(points, packet.endNumber);
  return {
    n,
    from,
    to,
    sent: at(points, n),
    fate,
    end,
    reason,
    connection,
    side,
    sock,
    flags,
    seq,
    ack,
    length,
    window,
    options: packet.options,
    retransmission,
    label: `${labelOf(packet)}${retransmission ? ' retransmission' : packet.copy ? ' copy' : ''}`,
  };
}

/** What is written at an arrow: the flags that open or close, the bytes, else what is acknowledged and the window. */
export function labelOf(packet: PacketFacts): string {
  if (isMalformed(packet.parsed)) return packet.words;
  const { seq, ack, length, window } = packet;
  const { flags } = packet.parsed.segment;
  const acks = ack === null ? '' : ` ack ${ack}`;
  const words = [
    flags & SYN ? (ack === null ? 'SYN' : 'SYN,ACK') : '',
    flags & FIN ? 'FIN' : '',
    flags & RST ? 'RST' : '',
  ].filter((word) => word !== '');
  if (length > 0) words.push(`${seq}:${seq + length} (${length})`);
  else if (flags & SYN) words.push(`seq ${seq}${acks} win ${window}`);
  else if (flags & (FIN | RST)) words.push(`seq ${seq}${acks}`);
  else if (packet.probe) words.push(`probe seq ${seq} win ${window}`);
  else words.push(`ACK ${ack ?? 0} win ${window}`);
  return words.join(' ');
}

function callMark(log: Log, call: CallFacts, points: ReadonlyMap<number, Point>): CallMark {
  const data = callData(log, call);
  const exit = call.exit < 0 ? undefined : (log.at(call.exit) as EventOf<'call.exit'>);
  const blocked = call.blocks[0] === undefined ? undefined : (log.at(call.blocks[0]) as EventOf<'call.block'>);
  const { cell, line, column } = data.enter;
  return {
    kind: 'call',
    n: call.n,
    host: call.host,
    sock: call.sock,
    task: call.task,
    who: factsOf(log).tasks.get(call.task)?.name ?? '',
    text: shortCall(data),
    enter: at(points, call.n),
    exit: exit ? at(points, exit.n) : null,
    result: exit ? `= ${resultText(exit, false)}` : '',
    waited: blocked?.on ?? '',
    cell,
    line,
    column,
  };
}

const isNotable = (event: Event): boolean =>
  event.kind === 'queue.syn' || event.kind === 'queue.accept' ? event.change === 'drop' : true;

function eventMark(event: Event, point: Point): StateMark | NoteMark {
  const { n, host, sock } = event;
  const place = { n, host, sock, at: point };
  if (event.kind === 'tcp.state') {
    const { from, to, on } = moveOf(event);
    return { kind: 'state', ...place, from, to, on };
  }
  return { kind: 'note', ...place, text: noteText(event) };
}

/** The words of a `tcp.state` event: its row of the transition table. */
export function moveOf(event: EventOf<'tcp.state'>): Pick<StateMark, 'from' | 'to' | 'on'> & { send: string } {
  const row = TRANSITIONS[event.row];
  return {
    from: STATES[event.from] ?? 'CLOSED',
    to: STATES[event.to] ?? 'CLOSED',
    on: row?.on ?? '',
    send: row?.send ?? '',
  };
}

/** What a mark says of a timer, an error or a full queue. */
export function noteText(event: Event): string {
  switch (event.kind) {
    case 'timer.fire':
      return `${event.timer} timer`;
    case 'sock.error':
      return errnoName(event.errno) ?? `errno ${event.errno}`;
    case 'queue.syn':
      return 'SYN queue full';
    case 'queue.accept':
      return 'accept queue full';
    default:
      return event.kind;
  }
}

export const sequence: View<SequenceModel> = {
  id: 'sequence',
  title: 'Sequence',
  model(log, at, options) {
    const { reached, ...diagram } = diagramOf(log, options);
    const now = cursorAt(log, at);
    const row = reached.row[countBefore(reached.n, now.n + 1) - 1] ?? 0;
    const inFlight = diagram.arrows.filter((a) => a.n <= now.n && (a.end === null || a.end.n > now.n)).map((a) => a.n);
    return { ...diagram, now: { ...now, row }, inFlight };
  },
  text: sequenceText,
};
