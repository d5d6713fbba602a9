/**
 * SEND (RFC 9293 section 3.10.2; Linux tcp.c tcp_sendmsg_locked): takes bytes from the program into records of the send
 * queue, and lets them leave while the rest is still being taken, as Linux does.
 */
import { seqAdd, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { limitedBy } from './chrono.ts';
import { restartAfterIdle } from './congestion/validation.ts';
import { CORKED, nagleOf, PUSH, pushPending, unsent, writeXmit } from './output.ts';
import { checkAppLimited } from './rate.ts';
import { stampWrite } from './reports.ts';
import { currentMss, inFlight, sizeGoal } from './segmentation.ts';
import { newSkb, payloadLength, type Skb } from './send-queue.ts';
import type { Tcb } from './tcb.ts';
import { begin, type Effect, note, type Turn } from './turn.ts';

/** How the program asked for it. */
export interface SendFlags {
  /** MSG_MORE: more will follow at once. */
  more?: boolean;
  /** MSG_EOR: the end of a record: nothing is joined behind it. */
  eor?: boolean;
  /** MSG_OOB: the last byte is urgent. */
  oob?: boolean;
  /** MSG_ZEROCOPY: the number of the write. */
  zerocopy?: number;
  /** With it: where in the bytes each of the program's buffers ends. */
  pieces?: readonly number[];
  /** What is to be reported of the last byte: see reports.ts. */
  stamps?: number;
  /** The call waits for room if it must: what is taken now need not be all. */
  waits?: boolean;
  /** Bytes from here on follow in the same call: it ends only when all are taken. */
  rest?: boolean;
}

/** Bytes that may wait unsent before the socket counts as full (tcp_notsent_lowat). */
const lowat = ({ opts, settings }: Tcb): number => opts.notSentLowat || settings.notSentLowat;

/** Whether the send buffer takes another record, and not too much waits unsent (sk_stream_memory_free). */
export const memoryFree = (tcb: Tcb): boolean => tcb.queue.memory < tcb.sendLimit && unsent(tcb) < lowat(tcb);

/** Whether a program that waits to write is told: a third of the buffer is free (sk_stream_is_writeable). */
export const writable = (tcb: Tcb): boolean =>
  tcb.sendLimit - tcb.queue.memory >= tcb.queue.memory >> 1 &&
  tcb.queue.memory < tcb.sendLimit &&
  2 * unsent(tcb) < lowat(tcb);

/**
 * Takes bytes from index `from` on, as many as the send buffer has room for, and sends what may leave. `bytes` must not
 * change afterwards.
 * @returns how many were taken: 0 to `bytes.length - from`; fewer than all: the buffer is full
 */
export function send(
  tcb: Tcb,
  bytes: Uint8Array,
  from: number,
  flags: SendFlags,
  now: Time,
): { taken: number; effects: Effect[] } {
  const turn = begin(tcb, now);
  const { snd, queue, counts } = tcb;
  checkAppLimited(tcb.rate, unsent(tcb), snd.mss, inFlight(tcb), tcb.cc.cwnd, counts.lostOut, counts.retransOut);
  let mss = currentMss(tcb);
  let goal = flags.oob ? mss : sizeGoal(tcb, mss);
  let at = from;
  while (at < bytes.length) {
    let skb = queue.unsent.tail;
    let room = skb && !skb.fin ? goal - payloadLength(skb) : 0;
    if (!skb || room <= 0 || skb.eor || skb.zerocopy !== (flags.zerocopy ?? -1) || skb.frags >= MAX_FRAGS) {
      if (skb && room > 0 && skb.frags >= MAX_FRAGS) markPush(tcb, skb);
      if (!memoryFree(tcb)) break;
      skb = entail(turn);
      if (flags.zerocopy !== undefined) skb.zerocopy = flags.zerocopy;
      room = goal;
    }
    const most = Math.min(room, bytes.length - at);
    const length = flags.zerocopy === undefined ? most : pinned(skb, at, most, flags.pieces ?? [bytes.length]);
    if (at === from) skb.push = false;
    queue.append(at === 0 && length === bytes.length ? bytes : bytes.subarray(at, at + length));
    snd.write = skb.end = seqAdd(skb.end, length);
    skb.memory += length;
    queue.memory += length;
    skb.segs = 0;
    at += length;
    if (at === bytes.length) {
      if (flags.eor && !flags.rest) skb.eor = true;
      break;
    }
    if (payloadLength(skb) < goal || flags.oob) continue;
    if (mustPush(tcb)) {
      markPush(tcb, skb);
      pushPending(turn, PUSH);
    } else if (skb === queue.unsent.head) {
      writeXmit(turn, mss, PUSH, 'one');
    }
    mss = currentMss(tcb);
    goal = sizeGoal(tcb, mss);
  }
  const taken = at - from;
  if (at < bytes.length) tcb.noSpace = true;
  if (taken > 0 && flags.stamps && (at === bytes.length || !flags.waits)) stampWrite(tcb, flags.stamps);
  if (taken > 0) endOfWrite(turn, at === bytes.length ? flags : { ...flags, more: false });
  return { taken, effects: turn.effects };
}

/** How many pieces of the program's memory a record may point to (MAX_SKB_FRAGS), and how large one is at most: a page. */
const MAX_FRAGS = 17;
const PAGE = 4096;

/** Lets a record point to the program's buffers from `at` on, as far as it has room for them (skb_zerocopy_iter_stream). */
function pinned(skb: Skb, at: number, most: number, pieces: readonly number[]): number {
  let length = 0;
  for (const end of pieces) {
    if (end <= at + length) continue;
    while (length < most && at + length < end) {
      if (skb.frags === MAX_FRAGS) return length;
      length += Math.min(PAGE, end - at - length, most - length);
      skb.frags++;
    }
  }
  return length;
}

/** Sends what may leave, though nothing was written: an option was changed (tcp_push_pending_frames). */
export function push(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  pushPending(turn);
  return turn.effects;
}

/** A fresh record at the end of the stream (tcp_skb_entail). */
function entail(turn: Turn): Skb {
  const { tcb, now } = turn;
  const skb = newSkb(tcb.snd.write, tcb.snd.write);
  const first = !tcb.queue.unsent.head;
  tcb.queue.entail(skb);
  if (first) limitedBy(tcb, 'busy', now);
  if (tcb.settings.slowStartAfterIdle && restartAfterIdle(tcb, now)) {
    note(turn, 'nothing was sent for a timeout: the window starts over', '5681 4.1', 'tcp_output.c tcp_cwnd_restart');
  }
  return skb;
}

/** More than half the peer's largest window was written since PSH was last asked for (forced_push). */
const mustPush = ({ snd }: Tcb): boolean => seqLt(seqAdd(snd.pushed, snd.maxWnd >> 1), snd.write);

function markPush(tcb: Tcb, skb: Skb): void {
  skb.push = true;
  tcb.snd.pushed = tcb.snd.write;
}

/** The call has taken its bytes (tcp_push). */
function endOfWrite(turn: Turn, flags: SendFlags): void {
  const { tcb } = turn;
  const last = tcb.queue.unsent.tail;
  if (!last) return;
  if (!flags.more || mustPush(tcb)) markPush(tcb, last);
  if (flags.oob) tcb.snd.up = tcb.snd.write;
  pushPending(turn, flags.more ? CORKED : nagleOf(tcb));
}

/** Bytes that the peer has not acknowledged, sent or not (SIOCOUTQ). */
