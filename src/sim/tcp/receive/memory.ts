/**
 * The memory of the receive buffer. SO_RCVBUF counts what segments take in the kernel, not what they carry: each packet
 * lies in a buffer of its own, whose size is a power of two, with struct sk_buff beside it. When the limit is passed, Linux
 * first packs what is queued, then throws away what came out of order, last first, and at last refuses what comes
 * (tcp_input.c tcp_try_rmem_schedule, tcp_prune_queue, tcp_collapse).
 *
 * Sizes are those of a packet that a driver puts into one buffer, as the tun device does.
 */
import { concat } from '../../base/bytes.ts';
import { type Seq, seqAdd, seqDiff, seqLe, seqLt, seqMax } from '../../base/seq.ts';
import type { Segment } from '../../wire/tcp.ts';
import type { Tcb } from '../tcb.ts';
import { note, type Turn } from '../turn.ts';
import { takesShortWay } from './prediction.ts';
import type { Skb } from './queue.ts';

/** struct sk_buff, on x86-64. */
const SKB = 256;
/** struct skb_shared_info, at the end of each buffer. */
const SHARED_INFO = 320;
/** Room that drivers leave before the packet (NET_SKB_PAD). */
const PAD = 64;
/** The smallest buffer for a packet (skbuff_small_head). */
const SMALL_HEAD = 576;
/** A buffer of one page, less struct skb_shared_info: as much is packed together (SKB_MAX_ORDER). */
const PACKED = 4096 - SHARED_INFO;

/** Size of the buffer that holds so many bytes. */
const bufferSize = (bytes: number): number => (bytes <= SMALL_HEAD ? SMALL_HEAD : 1 << (32 - Math.clz32(bytes - 1)));

/**
 * Kernel memory that a packet takes (skb->truesize).
 * @param payload bytes @param headers bytes of the IP and TCP headers, options included
 */
export function trueSize(payload: number, headers = 52): number {
  const bytes = PAD + headers + payload + SHARED_INFO;
  // larger packets lie in pages that they share
  return bytes <= 8192 ? bufferSize(bytes) + SKB : SMALL_HEAD + SKB + payload;
}

/** Bytes that the buffer of such a packet takes behind it (skb_tailroom). */
export const tailroom = (truesize: number, payload: number, headers: number): number =>
  Math.max(0, truesize - SKB - SHARED_INFO - PAD - headers - payload);

/** Bytes of the headers that a segment came with. */
export function headersOf({ settings }: Tcb, { options }: Segment): number {
  const { timestamps, sack } = options;
  return settings.receive.ipHeader + 20 + (timestamps ? 12 : 0) + (sack ? 4 + 8 * sack.length : 0);
}

/** How much payload is expected in so much memory (tcp_win_from_space). */
export const windowFromSpace = ({ rcv }: Tcb, space: number): number => Math.floor((space * rcv.ratio) / 256);
/** The inverse (tcp_space_from_win). */
export const spaceFromWindow = ({ rcv }: Tcb, window: number): number => Math.floor((window * 256) / rcv.ratio);
/** Payload for which the whole receive buffer is made (tcp_full_space). */
export const fullSpace = (tcb: Tcb): number => windowFromSpace(tcb, tcb.rcv.limit);
/** Payload for which there is room now; negative when too much is queued (tcp_space). */
export const freeSpace = (tcb: Tcb): number => windowFromSpace(tcb, tcb.rcv.limit - tcb.rcv.alloc);

const fits = ({ rcv }: Tcb): boolean => rcv.alloc <= rcv.limit;

/**
 * Whether there is memory for a segment; makes some if it can (tcp_try_rmem_schedule). A segment that header prediction
 * has let through is not asked as long as memory is set aside, so that a little more than the limit may be taken.
 */
export function hasMemory(turn: Turn, skb: Skb): boolean {
  const { tcb } = turn;
  return takesShortWay(tcb, skb.truesize) || fits(tcb) || prune(turn, skb);
}

/** Memory is set aside in pages. */
const PAGE = 4096;

/** A segment is queued: its memory is taken (skb_set_owner_r). */
export function charge({ rcv }: Tcb, truesize: number): void {
  if (truesize > rcv.forward) rcv.forward += Math.ceil((truesize - rcv.forward) / PAGE) * PAGE;
  rcv.alloc += truesize;
  rcv.forward -= truesize;
}

/** A segment is gone: its memory is free, whole pages of it for everybody (sock_rfree, sk_mem_uncharge). */
export function uncharge({ rcv }: Tcb, truesize: number): void {
  rcv.alloc -= truesize;
  rcv.forward += truesize;
  if (rcv.forward >= PAGE) rcv.forward %= PAGE;
}

/** Tries to get within the limit; says whether that was reached (tcp_prune_queue). */
function prune(turn: Turn, incoming: Skb): boolean {
  const { tcb } = turn;
  const { rcv } = tcb;
  clampWindow(tcb);
  if (fits(tcb)) return true;
  collapseEarly(tcb);
  rcv.queue.replace(collapse(tcb, rcv.queue.list(), rcv.copied, rcv.nxt));
  if (fits(tcb)) {
    note(turn, 'the receive buffer is full: what it holds is packed', '', 'tcp_input.c tcp_collapse');
    return true;
  }
  if (pruneEarly(tcb, incoming)) {
    note(
      turn,
      'the receive buffer is full: what came out of order is thrown away, last first',
      '2018 8',
      'tcp_input.c tcp_prune_ofo_queue',
    );
  }
  if (fits(tcb)) return true;
  rcv.prediction = false;
  return false;
}

/** The buffer has reached its bounds: it may grow to what it holds, or else little more is offered (tcp_clamp_window). */
function clampWindow({ rcv, ack, settings }: Tcb): void {
  const { rmemMax } = settings.receive;
  ack.quick = 0;
  if (rcv.limit < rmemMax && !rcv.locked) rcv.limit = Math.min(rcv.alloc, rmemMax);
  if (rcv.alloc > rcv.limit) rcv.ssthresh = Math.min(rcv.clamp, 2 * rcv.advMss);
}

/** Packs each stretch of the out-of-order queue; single small segments are left alone (tcp_collapse_ofo_queue). */
function collapseEarly(tcb: Tcb): void {
  const { early, limit } = tcb.rcv;
  if (early.length === 0) return;
  const skbs = early.list();
  const packed: Skb[] = [];
  let tiny = 0;
  for (let from = 0; from < skbs.length; ) {
    const { seq: start, truesize } = skbs[from] as Skb;
    let { end } = skbs[from] as Skb;
    let size = truesize;
    let to = from + 1;
    for (; to < skbs.length && seqLe((skbs[to] as Skb).seq, end); to++) {
      const skb = skbs[to] as Skb;
      size += skb.truesize;
      end = seqMax(end, skb.end);
    }
    const stretch = skbs.slice(from, to);
    from = to;
    if (size !== truesize || seqDiff(end, start) >= PACKED) {
      packed.push(...collapse(tcb, stretch, start, end));
      continue;
    }
    packed.push(...stretch);
    tiny += size;
    if (tiny > limit >> 3) {
      packed.push(...skbs.slice(to));
      break;
    }
  }
  early.replace(packed);
}

/** It takes more memory than its payload accounts for. */
const bloated = (tcb: Tcb, { truesize, bytes }: Skb): boolean => windowFromSpace(tcb, truesize) > bytes.length;

/**
 * Segments in order, from the first one on that is worth it copied together into buffers of a page (tcp_collapse). FIN
 * stays as it is.
 */
function collapse(tcb: Tcb, skbs: readonly Skb[], from: Seq, to: Seq): Skb[] {
  const out: Skb[] = [];
  let start = from;
  let i = 0;
  for (; i < skbs.length; i++) {
    const skb = skbs[i] as Skb;
    const next = skbs[i + 1];
    if (seqLe(skb.end, start)) {
      uncharge(tcb, skb.truesize);
      continue;
    }
    if (!skb.fin && (bloated(tcb, skb) || seqLt(skb.seq, start))) break;
    if (next && seqDiff(next.seq, skb.end) !== 0) break;
    start = skb.end;
    out.push(skb);
  }
  while (i < skbs.length && seqLt(start, to) && !(skbs[i] as Skb).fin) {
    const most = Math.min(PACKED, seqDiff(to, start));
    const parts: Uint8Array[] = [];
    const seq = start;
    let left = most;
    while (left > 0 && i < skbs.length) {
      const skb = skbs[i] as Skb;
      if (skb.fin) break;
      const offset = seqDiff(start, skb.seq);
      const part = skb.bytes.subarray(offset, offset + left);
      parts.push(part);
      left -= part.length;
      start = seqAdd(start, part.length);
      if (seqLt(start, skb.end)) continue;
      uncharge(tcb, skb.truesize);
      i++;
    }
    const bytes = concat(parts);
    const size = bufferSize(most + SHARED_INFO);
    const packed = {
      seq,
      end: start,
      bytes,
      fin: false,
      truesize: size + SKB,
      room: size - SHARED_INFO - bytes.length,
    };
    charge(tcb, packed.truesize);
    out.push(packed);
  }
  for (; i < skbs.length; i++) out.push(skbs[i] as Skb);
  return out;
}

/**
 * Throws away what came out of order, from the highest sequence number down to the incoming segment, an eighth of the
 * buffer at least; SACK begins anew (tcp_prune_ofo_queue). Says whether anything went.
 */
function pruneEarly(tcb: Tcb, incoming: Skb): boolean {
  const { rcv } = tcb;
  let goal = rcv.limit >> 3;
  let pruned = false;
  for (let last = rcv.early.last(); last; last = rcv.early.last()) {
    if (seqLt(last.seq, incoming.seq)) break;
    rcv.early.pop();
    uncharge(tcb, last.truesize);
    goal -= last.truesize;
    pruned = true;
    if (goal > 0 && rcv.early.length > 0) continue;
    if (fits(tcb)) break;
    goal = rcv.limit >> 3;
  }
  if (pruned) {
    rcv.sacks.length = 0;
    rcv.dsack = undefined;
  }
  return pruned;
}

/** The queue is nearly full: readers are woken for whatever there is (tcp_rmem_pressure). */
export const underPressure = ({ rcv }: Tcb): boolean => rcv.alloc > rcv.limit - (rcv.limit >> 3);
