/**
 * The bytes of each direction of a connection, by their position in the stream.
 *
 * Learned from what the program handed over (`copy.in` with the call's data), placed by the end of the send buffer that
 * is logged after each copy, so that a window of the log knows them too; where a program's calls are not in the log,
 * from the packets that carried them.
 */
import { EMPTY } from '../sim/base/bytes.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { factsOf, perLog, type SockFacts } from './facts.ts';
import { packetsOf } from './packets.ts';
import type { Side } from './view.ts';

/** A piece of the stream: its first byte's position (the stream begins at 1) and its bytes. */
interface Piece {
  from: number;
  bytes: Uint8Array;
}

/** What is known of one direction: pieces by rising position. */
export class Stream {
  readonly #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = [...pieces].sort((a, b) => a.from - b.from);
  }

  /** The bytes from position `from` on, at most `length`; fewer where no more are known, none where `from` is not. */
  at(from: number, length: number): Uint8Array {
    const out: number[] = [];
    for (let k = this.#find(from); k < this.#pieces.length && out.length < length; k++) {
      const { from: start, bytes } = this.#pieces[k] as Piece;
      const next = from + out.length;
      if (start > next) break;
      const part = bytes.subarray(next - start, next - start + length - out.length);
      for (const byte of part) out.push(byte);
    }
    return out.length === 0 ? EMPTY : Uint8Array.from(out);
  }

  /** The first piece that ends after `position`. */
  #find(position: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { from, bytes } = this.#pieces[middle] as Piece;
      if (from + bytes.length > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const NOTHING = new Stream([]);

/** The streams of a log: what side `side` of connection `id` sends. */
export const streamsOf = perLog((log) => {
  const facts = factsOf(log);
  const streams = new Map<string, Stream>();
  const carried = new Map<string, Piece[]>();
  for (const packet of packetsOf(log)) {
    if (packet.length === 0 || isMalformed(packet.parsed)) continue;
    const key = `${packet.connection}/${packet.side}`;
    let pieces = carried.get(key);
    if (!pieces) carried.set(key, (pieces = []));
    pieces.push({ from: packet.seq, bytes: packet.parsed.segment.payload });
  }
  for (const { id, ends } of facts.connections) {
    for (const side of [0, 1] as const) {
      const sock = facts.socks.get(ends.find((end) => end.side === side)?.sock ?? -1);
      const written = sock ? writtenTo(log, sock) : [];
      streams.set(`${id}/${side}`, new Stream(written.length > 0 ? written : (carried.get(`${id}/${side}`) ?? [])));
    }
  }
  return (id: number, side: Side): Stream => streams.get(`${id}/${side}`) ?? NOTHING;
});

function writtenTo(log: Log, sock: SockFacts): Piece[] {
  const facts = factsOf(log);
  const pieces: Piece[] = [];
  let pending: Uint8Array[] = [];
  const copies = sock.of['copy.in'] ?? [];
  const positions = [...copies, ...(copies.length > 0 ? (sock.of['tcp.send'] ?? []) : [])].sort((a, b) => a - b);
  for (const i of positions) {
    const event = log.at(i) as EventOf<'copy.in'> | EventOf<'tcp.send'>;
    if (event.kind === 'copy.in') {
      const call = facts.callOf.get(event.enter);
      const data = call ? (log.at(call.enter) as EventOf<'call.enter'>).data : EMPTY;
      pending.push(data.subarray(event.from, event.from + event.length));
      continue;
    }
    let end = event.end;
    for (const bytes of pending.reverse()) pieces.push({ from: (end -= bytes.length), bytes });
    pending = [];
  }
  return pieces;
}
