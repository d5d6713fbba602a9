/**
 * The buffers of each connection: the program's own, the send buffer and the receive buffer of both ends, cut into
 * stretches that mean something, with the exact variables of TCP.
 *
 * Folded from `tcp.send` and `tcp.recv`; what was lost comes from the packets, what the bytes are from the calls.
 */

import type { State } from '../sim/tcp/states.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { buffersText } from './buffers-text.ts';
import { preview } from './calls.ts';
import {
  type CallFacts,
  countBefore,
  cursorAt,
  factsOf,
  lastBefore,
  perLog,
  perWindow,
  type SockFacts,
} from './facts.ts';
import { type PacketFacts, packetsOf } from './packets.ts';
import { moveOf } from './sequence.ts';
import { stateAt } from './states.ts';
import { callData } from './strace.ts';
import { type Stream, streamsOf } from './stream.ts';
import type {
  BuffersModel,
  Connection,
  EndBuffers,
  ReceiveBuffer,
  Segment,
  SendBuffer,
  Side,
  UserBuffer,
  View,
} from './view.ts';

/** How much of a stretch's bytes is shown, in characters. */
const PREVIEW = 64;
/** How much of what is done with stays in the picture: this part of the buffer's limit. */
const PAST = 1 / 4;

/** The packets with payload that a side of a connection sent, the positions at which they were, the longest flight. */
interface Sent {
  packets: PacketFacts[];
  positions: number[];
  longest: number;
}

const dataOf = perLog((log) => {
  const sent = new Map<string, Sent>();
  for (const packet of packetsOf(log)) {
    if (packet.connection < 0 || packet.length === 0) continue;
    const key = `${packet.connection}/${packet.side}`;
    let list = sent.get(key);
    if (!list) sent.set(key, (list = { packets: [], positions: [], longest: 0 }));
    list.packets.push(packet);
    list.positions.push(packet.sent);
    list.longest = Math.max(list.longest, packet.endTime - packet.time);
  }
  return (connection: number, side: Side) =>
    sent.get(`${connection}/${side}`) ?? { packets: [], positions: [], longest: 0 };
});

/** The reads and writes of each socket, by position of enter. */
const transfersOf = perLog((log) => {
  const { calls } = factsOf(log);
  const bySock = new Map<string, CallFacts[]>();
  for (const call of calls) {
    if (call.sock === 0) continue;
    const name = (log.at(call.enter) as EventOf<'call.enter'>).call;
    const way = WRITES.has(name) ? 'write' : READS.has(name) ? 'read' : undefined;
    if (!way) continue;
    const key = `${call.sock}/${way}`;
    const list = bySock.get(key);
    if (list) list.push(call);
    else bySock.set(key, [call]);
  }
  return (sock: number, way: 'read' | 'write') => bySock.get(`${sock}/${way}`) ?? [];
});
/** The program has closed, and the FIN is not yet known to be acknowledged. */
const CLOSED_HERE = new Set<State>(['FIN-WAIT-1', 'CLOSING', 'LAST-ACK']);
/** Nothing is left to send; Linux keeps a TIME-WAIT connection in a small socket of its own. */
const OVER = new Set<State>(['TIME-WAIT', 'CLOSED']);
const WRITES = new Set(['write', 'send']);
const READS = new Set(['read', 'recv']);

/** The connections that have buffers at some instant of the window. */
const drawnOf = perWindow((log, from) => {
  const { socks, connections } = factsOf(log);
  const hasBuffers = (sock: SockFacts | undefined): boolean => {
    const sends = sock?.of['tcp.send'];
    if (!sock || !sends) return false;
    const started = sends[0] !== undefined && sends[0] < from;
    return (started && !OVER.has(stateAt(log, sock, from))) || countBefore(sends, from) < sends.length;
  };
  return connections.filter(({ ends }) => ends.some(({ sock }) => hasBuffers(socks.get(sock))));
});

/** A stretch, or nothing when it is empty. */
function stretch(kind: Segment['kind'], from: number, to: number, stream?: Stream): Segment[] {
  if (to <= from) return [];
  const text = stream ? preview(stream.at(from, Math.min(to - from, PREVIEW * 4)), PREVIEW) : '';
  return [{ kind, from, to, length: to - from, preview: text }];
}

function sendBuffer(log: Log, at: number, start: number, sock: SockFacts, stream: Stream): SendBuffer | null {
  const last = lastBefore(sock.of['tcp.send'], at);
  if (last < 0) return null;
  const { n, una, nxt, end, edge, limit, cwnd, ssthresh } = log.at(last) as EventOf<'tcp.send'>;
  const first = Math.max(1, una);
  const sent = Math.max(first, Math.min(nxt, end));
  const used = Math.max(0, end - first);
  const before = lastBefore(sock.of['tcp.send'], start + 1);
  const known = before < 0 ? 1 : Math.max(1, (log.at(before) as EventOf<'tcp.send'>).una);
  const past = Math.min(first, Math.max(known, first - Math.floor(limit * PAST)));
  const free = Math.max(0, limit - used);
  return {
    n,
    una,
    nxt,
    end,
    edge,
    limit,
    used,
    free,
    cwnd,
    ssthresh,
    window: Math.max(0, edge - una),
    fin:
      una > end
        ? 'acknowledged'
        : nxt > end
          ? 'in flight'
          : CLOSED_HERE.has(stateAt(log, sock, at))
            ? 'queued'
            : 'none',
    segments: [
      ...stretch('acknowledged', past, Math.min(first, end), stream),
      ...inFlight(log, at, sock, first, sent, stream),
      ...stretch('unsent', sent, end, stream),
      ...stretch('free', Math.max(1, end), Math.max(1, end) + free),
    ],
  };
}

/** What is sent and not acknowledged, and those parts whose last packet was dropped. */
function inFlight(log: Log, at: number, sock: SockFacts, una: number, nxt: number, stream: Stream): Segment[] {
  const { packets, positions } = dataOf(log)(sock.connection, sock.side);
  const lost: [from: number, to: number][] = [];
  const seen: [from: number, to: number][] = [];
  for (let k = countBefore(positions, at) - 1, left = nxt - una; k >= 0 && left > 0; k--) {
    const packet = packets[k] as PacketFacts;
    const from = Math.max(packet.seq, una);
    const to = Math.min(packet.seq + packet.length, nxt);
    if (to <= from) {
      // Nothing older than the acknowledged bytes matters, unless it was sent again since.
      if (packet.seq + packet.length <= una && !packet.retransmission && !packet.copy) break;
      continue;
    }
    for (const [a, b] of without([from, to], seen)) {
      left -= b - a;
      if (packet.fate === 'dropped' && packet.end < at) lost.push([a, b]);
    }
    seen.push([from, to]);
  }
  lost.sort(([a], [b]) => a - b);
  const out: Segment[] = [];
  let next = una;
  for (const [from, to] of merged(lost)) {
    out.push(...stretch('in flight', next, from, stream), ...stretch('lost', from, to, stream));
    next = to;
  }
  return [...out, ...stretch('in flight', next, nxt, stream)];
}

type Range = [from: number, to: number];

/** The parts of a range that none of `others` covers. */
function without(range: Range, others: readonly Range[]): Range[] {
  let parts: Range[] = [range];
  for (const [c, d] of others) {
    parts = parts.flatMap(([a, b]): Range[] =>
      d <= a || c >= b ? [[a, b]] : [...(c > a ? [[a, c] as Range] : []), ...(d < b ? [[d, b] as Range] : [])],
    );
  }
  return parts;
}

/** Rising ranges with those that touch joined. */
function merged(ranges: readonly Range[]): Range[] {
  const out: Range[] = [];
  for (const [from, to] of ranges) {
    const last = out.at(-1);
    if (last && last[1] >= from) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

function receiveBuffer(log: Log, at: number, start: number, sock: SockFacts, stream: Stream): ReceiveBuffer | null {
  const last = lastBefore(sock.of['tcp.recv'], at);
  if (last < 0) return null;
  const { n, read, nxt, edge, limit, ooo } = log.at(last) as EventOf<'tcp.recv'>;
  const fin = (sock.of['tcp.state'] ?? []).some(
    (i) => i < at && moveOf(log.at(i) as EventOf<'tcp.state'>).on.startsWith('rcv FIN'),
  );
  const end = Math.max(read, nxt - (fin ? 1 : 0));
  const before = lastBefore(sock.of['tcp.recv'], start + 1);
  const known = before < 0 ? 1 : (log.at(before) as EventOf<'tcp.recv'>).read;
  const past = Math.min(read, Math.max(known, read - Math.floor(limit * PAST)));
  const early = merged(pairs(ooo));
  const segments = [...stretch('read', past, read, stream), ...stretch('unread', read, end, stream)];
  let next = end;
  for (const [from, to] of early) {
    segments.push(...stretch('hole', next, from), ...stretch('out of order', from, to, stream));
    next = to;
  }
  segments.push(...stretch('free', next, edge));
  const ranges = early.map(([from, to]) => ({ from, to }));
  return { n, read, nxt, edge, limit, unread: end - read, window: Math.max(0, edge - nxt), ooo: ranges, fin, segments };
}

function pairs(flat: readonly number[]): Range[] {
  const out: Range[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) out.push([flat[i] as number, flat[i + 1] as number]);
  return out.sort(([a], [b]) => a - b);
}

/** The program's buffer in the last read or write of a socket: while it is in it, and at the instant it returns. */
function userBuffer(
  log: Log,
  at: number,
  start: number,
  sock: SockFacts,
  way: 'read' | 'write',
  stream: Stream,
): UserBuffer | null {
  const call = transfersOf(log)(sock.id, way).findLast(({ enter }) => enter < at);
  if (!call) return null;
  const open = call.exit < 0 || call.exit >= at;
  if (!open && (call.exit < start || log.timeAt(call.exit) < cursorAt(log, at).time)) return null;
  const data = callData(log, call);
  let copied = 0;
  for (const i of call.copies) if (i < at) copied += (log.at(i) as EventOf<'copy.in' | 'copy.out'>).length;
  const block = lastBefore(call.blocks, at);
  const waiting = open && block >= 0 && lastBefore(call.wakes, at) < block;
  const read = lastBefore(sock.of['tcp.recv'], at);
  const position = read < 0 ? 1 : (log.at(read) as EventOf<'tcp.recv'>).read - copied;
  const bytes = way === 'write' ? data.data : stream.at(position, Math.min(copied, PREVIEW * 4));
  return {
    n: call.n,
    call: data.call,
    fd: data.enter.fd,
    size: way === 'write' ? data.data.length : Number(data.args[2] ?? 0),
    copied,
    waits: waiting ? (log.at(block) as EventOf<'call.block'>).on : '',
    preview: preview(bytes, PREVIEW),
    open,
  };
}

type Wire = BuffersModel['connections'][number]['wire'];

function wireOf(log: Log, at: number, connection: Connection): Wire {
  const { time } = cursorAt(log, at);
  return ([0, 1] as const).flatMap((side) => {
    const { packets, positions, longest } = dataOf(log)(connection.id, side);
    const wire: Wire[number][] = [];
    for (let k = countBefore(positions, at) - 1; k >= 0; k--) {
      const packet = packets[k] as PacketFacts;
      if (packet.time + longest < time) break;
      if (packet.end >= 0 && packet.end < at) continue;
      const { n, seq, length, endTime } = packet;
      const whole = endTime - packet.time;
      wire.push({ n, side, from: seq, to: seq + length, progress: whole > 0 ? (time - packet.time) / whole : 0 });
    }
    return wire.reverse();
  });
}

export const buffers: View<BuffersModel> = {
  id: 'buffers',
  title: 'Buffers',
  model(log, at, options) {
    const facts = factsOf(log);
    const start = options?.from ?? facts.from;
    const streams = streamsOf(log);
    const endBuffers = (connection: Connection, k: number): EndBuffers[] => {
      const end = connection.ends[k];
      const sock = end && facts.socks.get(end.sock);
      if (!end || !sock) return [];
      const out = streams(connection.id, end.side);
      const into = streams(connection.id, (1 - end.side) as Side);
      const state = stateAt(log, sock, at);
      const receive = state === 'CLOSED' ? null : receiveBuffer(log, at, start, sock, into);
      return [
        {
          end,
          state,
          writing: userBuffer(log, at, start, sock, 'write', out),
          send: OVER.has(state) ? null : sendBuffer(log, at, start, sock, out),
          // What was not read yet can be read still.
          receive: OVER.has(state) && receive?.unread === 0 ? null : receive,
          reading: userBuffer(log, at, start, sock, 'read', into),
        },
      ];
    };
    return {
      now: cursorAt(log, at),
      connections: drawnOf(log, options).map((connection) => ({
        connection,
        ends: connection.ends.flatMap((_, k) => endBuffers(connection, k)),
        wire: wireOf(log, at, connection),
      })),
    };
  },
  text: buffersText,
};
