/**
 * Putting segments in order (RFC 9293 section 3.10.7.4, seventh check). Bytes that come early wait in `tcb.early`,
 * sorted and without overlaps; what arrived first is kept, as Linux keeps it (tcp_data_queue_ofo).
 */
import { type Seq, seqAdd, seqDiff, seqLe, seqLt, seqMax } from '../base/seq.ts';
import type { Tcb } from './tcb.ts';

/** Takes bytes at their turn into the receive buffer, and every early segment that is now in order. */
export function takeInOrder(tcb: Tcb, bytes: Uint8Array): void {
  tcb.in.push(bytes);
  tcb.rcv.nxt = seqAdd(tcb.rcv.nxt, bytes.length);
  for (let next = tcb.early[0]; next && seqLe(next.seq, tcb.rcv.nxt); next = tcb.early[0]) {
    tcb.early.shift();
    const old = seqDiff(tcb.rcv.nxt, next.seq);
    if (old < next.bytes.length) {
      tcb.in.push(next.bytes, old);
      tcb.rcv.nxt = seqAdd(next.seq, next.bytes.length);
    }
    if (next.fin && seqDiff(seqAdd(next.seq, next.bytes.length), tcb.rcv.nxt) === 0) {
      tcb.finReceived = true;
      tcb.early = [];
    }
  }
  tcb.sacks = tcb.finReceived ? [] : tcb.sacks.filter((block) => seqLt(tcb.rcv.nxt, block.right));
}

/**
 * Keeps bytes that came before their turn: only the parts that are not here yet.
 * @returns the first stretch that was here already, for DSACK
 */
export function keepEarly(tcb: Tcb, at: Seq, bytes: Uint8Array, fin: boolean): Stretch | undefined {
  let twice: Stretch | undefined;
  let start = at;
  let rest = bytes;
  const kept: Tcb['early'] = [];
  for (const held of tcb.early) {
    const heldEnd = seqAdd(held.seq, held.bytes.length);
    if (rest.length > 0 && seqLt(start, held.seq)) {
      const gap = Math.min(rest.length, seqDiff(held.seq, start));
      kept.push({ seq: start, bytes: rest.slice(0, gap), fin: fin && gap === rest.length });
      start = seqAdd(start, gap);
      rest = rest.subarray(gap);
    }
    const covered = Math.min(rest.length, Math.max(0, seqDiff(heldEnd, start)));
    if (covered > 0) twice ??= { left: start, right: seqAdd(start, covered) };
    start = seqAdd(start, covered);
    rest = rest.subarray(covered);
    kept.push(held);
  }
  if (rest.length > 0 || (fin && bytes.length === 0)) kept.push({ seq: start, bytes: rest.slice(), fin });
  tcb.early = kept;
  const length = bytes.length + (fin ? 1 : 0);
  if (length > 0) blockAround(tcb, at, seqAdd(at, length));
  return twice;
}

type Stretch = { left: Seq; right: Seq };

/** Joins a new stretch with the blocks that it touches, and puts the result first. */
function blockAround(tcb: Tcb, from: Seq, to: Seq): void {
  let left = from;
  let right = to;
  const others = tcb.sacks.filter((block) => {
    if (seqLt(right, block.left) || seqLt(block.right, left)) return true;
    if (seqLt(block.left, left)) left = block.left;
    right = seqMax(right, block.right);
    return false;
  });
  tcb.sacks = [{ left, right }, ...others];
}
