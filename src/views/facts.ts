/**
 * The log indexed once: who exists, what each socket, call and packet left behind, and where.
 *
 * Every view begins here. An index entry holds positions in the log, never copies of events, so that a view answers at
 * any cursor by a binary search. Facts are kept per log and made again when the log has grown.
 */
import type { Time } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Kind } from '../sim/trace/schema.ts';
import type { Connection, Cursor, End, Lifeline, Side, ViewOptions } from './view.ts';

/** A socket: positions of the events about it, each list rising. */
export interface SockFacts {
  id: number;
  host: number;
  /** The listening socket that it was born of, or 0. */
  listener: number;
  /** Its names; those of its last connection, if it ever had a peer. */
  local: string;
  peer: string;
  /** The connection's id, or -1. */
  connection: number;
  side: Side;
  born: number;
  /** Position of `sock.free`; the log's length while it lives. */
  freed: number;
  of: Partial<Record<Kind, number[]>>;
}

/** A system call. */
export interface CallFacts {
  /** Positions of enter and exit (-1: not yet); `n` is the number of enter. */
  n: number;
  enter: number;
  exit: number;
  /** Positions of `call.block` and `call.wake`. */
  blocks: number[];
  wakes: number[];
  /** Positions of `copy.in` and `copy.out`. */
  copies: number[];
  sock: number;
  host: number;
  task: number;
}

/** A packet's way, by positions. */
export interface PacketWay {
  n: number;
  sent: number;
  /** The bit that the link flipped, or -1. */
  damaged: number;
  /** Position of its arrival or drop, or -1. */
  end: number;
}

export interface TaskFacts {
  id: number;
  pid: number;
  host: number;
  name: string;
  /** As strace numbers threads: the first has the process's number, later ones count on. */
  tid: number;
}

export interface Facts {
  readonly log: Log;
  readonly length: number;
  /** Position of the last `cell.begin`, or 0: where drawing starts unless told otherwise. */
  readonly from: number;
  readonly hosts: readonly Lifeline[];
  readonly tasks: ReadonlyMap<number, TaskFacts>;
  readonly socks: ReadonlyMap<number, SockFacts>;
  readonly connections: readonly Connection[];
  /** By position of enter. */
  readonly calls: readonly CallFacts[];
  readonly callOf: ReadonlyMap<number, CallFacts>;
  /** By position of sending. */
  readonly packets: readonly PacketWay[];
}

/** A function of a log, computed once for each length of it. */
export function perLog<T>(make: (log: Log) => T): (log: Log) => T {
  const made = new WeakMap<Log, { length: number; value: T }>();
  return (log) => {
    let entry = made.get(log);
    if (entry?.length !== log.length) made.set(log, (entry = { length: log.length, value: make(log) }));
    return entry.value;
  };
}

/** A function of a log and of the position where drawing starts, computed once for each. */
export function perWindow<T>(make: (log: Log, from: number) => T): (log: Log, options?: ViewOptions) => T {
  const windows = perLog(() => new Map<number, T>());
  return (log, options) => {
    const from = options?.from ?? factsOf(log).from;
    const made = windows(log);
    let value = made.get(from);
    if (value === undefined) made.set(from, (value = make(log, from)));
    return value;
  };
}

/** The cursor after the first `at` events. */
export function cursorAt(log: Log, at: number): Cursor {
  const last = Math.min(at, log.length) - 1;
  return last < 0 ? { at: 0, n: -1, time: 0 as Time } : { at: last + 1, n: log.numberAt(last), time: log.timeAt(last) };
}

/** How many of the rising `positions` lie before `at`. */
export function countBefore(positions: readonly number[] | undefined, at: number): number {
  let low = 0;
  let high = positions?.length ?? 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions?.[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last of the rising `positions` before `at`, or -1. */
export const lastBefore = (positions: readonly number[] | undefined, at: number): number =>
  positions?.[countBefore(positions, at) - 1] ?? -1;

export const factsOf = perLog(collect);

/** Kinds whose fields are read only when a cursor asks. */
const HEAD_ONLY = new Set<Kind>(['tcp.state', 'tcp.send', 'tcp.recv', 'tcp.isn', 'tcp.rtt', 'tcp.note', 'sock.error']);

function collect(log: Log): Facts {
  const hosts: Lifeline[] = [];
  const tasks = new Map<number, TaskFacts>();
  const socks = new Map<number, SockFacts>();
  const calls: CallFacts[] = [];
  const callOf = new Map<number, CallFacts>();
  const packets: PacketWay[] = [];
  const packetOf = new Map<number, PacketWay>();
  let from = 0;

  for (let i = 0; i < log.length; i++) {
    const kind = log.kindAt(i);
    const sock = socks.get(log.sockAt(i));
    if (sock) (sock.of[kind] ??= []).push(i);
    if (HEAD_ONLY.has(kind)) continue;
    const event = log.at(i);
    switch (event.kind) {
      case 'cell.begin':
        from = i;
        break;
      case 'host.up':
        hosts.push({ host: event.host, name: event.name, address: event.address, address6: event.address6 });
        break;
      case 'task.start': {
        const threads = [...tasks.values()].filter((task) => task.pid === event.pid && task.host === event.host);
        const tid = event.pid + threads.length;
        tasks.set(event.task, { id: event.task, pid: event.pid, host: event.host, name: event.name, tid });
        break;
      }
      case 'sock.new':
        socks.set(event.sock, {
          id: event.sock,
          host: event.host,
          listener: event.listener,
          local: '',
          peer: '',
          connection: -1,
          side: event.listener === 0 ? 0 : 1,
          born: i,
          freed: log.length,
          of: { 'sock.new': [i] },
        });
        break;
      case 'sock.name':
        // A failed connect() takes the names back; what they were still says whose packets those were.
        if (sock && (event.peer !== '' || sock.peer === '')) {
          sock.local = event.local;
          sock.peer = event.peer;
        }
        break;
      case 'sock.free':
        if (sock) sock.freed = i;
        break;
      case 'call.enter': {
        const { n, host, task } = event;
        const call: CallFacts = {
          n,
          enter: i,
          exit: -1,
          blocks: [],
          wakes: [],
          copies: [],
          sock: event.sock,
          host,
          task,
        };
        calls.push(call);
        callOf.set(n, call);
        break;
      }
      case 'call.block':
      case 'call.wake':
      case 'call.exit':
      case 'copy.in':
      case 'copy.out': {
        const call = callOf.get(event.enter);
        if (!call) break;
        if (call.sock === 0) call.sock = event.sock;
        if (kind === 'call.exit') call.exit = i;
        else (kind === 'call.block' ? call.blocks : kind === 'call.wake' ? call.wakes : call.copies).push(i);
        break;
      }
      case 'packet.sent': {
        const way: PacketWay = { n: event.n, sent: i, damaged: -1, end: -1 };
        packets.push(way);
        packetOf.set(event.n, way);
        break;
      }
      case 'packet.damaged': {
        const way = packetOf.get(event.packet);
        if (way) way.damaged = event.bit;
        break;
      }
      case 'packet.arrived':
      case 'packet.dropped': {
        const way = packetOf.get(event.packet);
        if (way) way.end = i;
        break;
      }
    }
  }
  hosts.sort((a, b) => a.host - b.host);
  const connections = pair(socks, hosts);
  return { log, length: log.length, from, hosts, tasks, socks, connections, calls, callOf, packets };
}

/** Joins the sockets whose names mirror each other; a name that is used again later pairs with its own time. */
function pair(socks: Map<number, SockFacts>, hosts: readonly Lifeline[]): Connection[] {
  const pairs: SockFacts[][] = [];
  const waiting = new Map<string, SockFacts[]>();
  const named = [...socks.values()].filter((sock) => sock.local !== '' && sock.peer !== '');
  const since = (sock: SockFacts) => sock.of['sock.name']?.[0] ?? sock.born;
  for (const sock of named.sort((a, b) => since(a) - since(b))) {
    const mirror = waiting.get(`${sock.peer} ${sock.local}`)?.findLast((other) => other.freed > since(sock));
    if (mirror) {
      const alone = pairs[mirror.connection] as SockFacts[];
      alone.push(sock);
      sock.connection = mirror.connection;
      const key = `${sock.peer} ${sock.local}`;
      waiting.set(
        key,
        (waiting.get(key) ?? []).filter((other) => other !== mirror),
      );
    } else {
      sock.connection = pairs.push([sock]) - 1;
      const key = `${sock.local} ${sock.peer}`;
      waiting.set(key, [...(waiting.get(key) ?? []), sock]);
    }
  }
  return pairs.map((ends, id) => {
    // The end born of a listener was opened to; when both opened (RFC 9293 figure 8), the first to be named is A.
    ends.sort((a, b) => Number(a.listener !== 0) - Number(b.listener !== 0));
    for (const [k, sock] of ends.entries()) sock.side = ends.length === 1 && sock.listener !== 0 ? 1 : (k as Side);
    const [a] = ends as [SockFacts];
    return {
      id,
      ends: ends.map((sock) => endOf(sock, hosts)),
      label: a.side === 0 ? `${a.local} → ${a.peer}` : `${a.peer} → ${a.local}`,
    };
  });
}

/** The socket as an end, with its final name. */
export function endOf(sock: SockFacts, hosts: readonly Lifeline[]): End {
  const { id, side, host, local, peer } = sock;
  return { sock: id, side, host, name: hosts.find((line) => line.host === host)?.name ?? '', local, peer };
}
