/**
 * How far each socket's streams ever reach in a run, so that a byte keeps its place while the reader scrubs.
 * Read from the log once. Pure.
 */
import type { Log } from '../../src/sim/trace/log.ts';
import type { Extent } from './axis.ts';

/** Calls that move bytes, by direction. */
const WRITES = new Set(['write', 'send']);
const READS = new Set(['read', 'recv']);

export interface SocketExtents {
  /** Whether a program ever wrote to it or read from it. */
  written: boolean;
  readFrom: boolean;
  /** What it sent. */
  sent: Extent | undefined;
  /** What it received. */
  received: Extent | undefined;
}

const wider = (extent: Extent | undefined, from: number, end: number, edge: number): Extent =>
  extent
    ? { from: Math.min(extent.from, from), end: Math.max(extent.end, end), edge: Math.max(extent.edge, edge) }
    : { from, end, edge };

/** By socket. The SYN is no byte of the stream: positions begin at 1. */
export function socketExtents(log: Log): Map<number, SocketExtents> {
  const all = new Map<number, SocketExtents>();
  const of = (sock: number): SocketExtents => {
    const known = all.get(sock) ?? { written: false, readFrom: false, sent: undefined, received: undefined };
    all.set(sock, known);
    return known;
  };
  for (const { sock, una, end, edge } of log.of('tcp.send')) {
    const known = of(sock);
    known.sent = wider(known.sent, Math.max(1, una), Math.max(1, end), Math.max(1, edge));
  }
  for (const { sock, read, nxt, edge, ooo } of log.of('tcp.recv')) {
    const known = of(sock);
    known.received = wider(known.received, Math.max(1, read), Math.max(1, read), Math.max(1, nxt, edge, ...ooo));
  }
  for (const { sock, call } of log.of('call.enter')) {
    if (sock === 0) continue;
    if (WRITES.has(call)) of(sock).written = true;
    if (READS.has(call)) of(sock).readFrom = true;
  }
  return all;
}

/** The stretch that both ends of a stream share. */
export function joined(sent: Extent | undefined, received: Extent | undefined): Extent {
  const from = Math.min(sent?.from ?? received?.from ?? 1, received?.from ?? sent?.from ?? 1);
  return {
    from,
    end: Math.max(sent?.end ?? 1, received?.end ?? 1, from),
    edge: Math.max(sent?.edge ?? 1, received?.edge ?? 1, from + 1),
  };
}
