/**
 * Sending again (Linux tcp_output.c __tcp_retransmit_skb, tcp_xmit_retransmit_queue): one record, or all that are
 * presumed lost as far as the congestion window allows.
 */

import { seqDiff, seqLt } from '../base/seq.ts';
import { deviceRefuses, flagsOf, splitSkb } from './output.ts';
import { mustWait, spaceAfter } from './pacing.ts';
import { segmentSent } from './rate.ts';
import { payloadOf, reportSent } from './reports.ts';
import { backedOff } from './rtt.ts';
import { currentMss, inFlight, setSegments, tsoSegments, windowEnd } from './segmentation.ts';
import { EVER_RETRANS, LOST, payloadLength, RETRANS, SACKED, type Skb } from './send-queue.ts';
import { sendSyn } from './syn.ts';
import { NEVER, type Tcb } from './tcb.ts';
import { transmit } from './transmit.ts';
import { setXmitTimer, type Turn } from './turn.ts';

/** What was acknowledged of a record is cut off; the count of its segments follows. @returns segments that went */
export function trimAcknowledged(tcb: Tcb, skb: Skb, mss: number): number {
  const before = skb.segs;
  tcb.queue.trimHead(skb, seqDiff(tcb.snd.una, skb.seq));
  setSegments(skb, mss);
  return before - skb.segs;
}

/** Adapts the counts after a record came to count as `delta` segments fewer (tcp_adjust_pcount). */
export function adjustSegments(tcb: Tcb, skb: Skb, delta: number): void {
  const { counts } = tcb;
  counts.packetsOut -= delta;
  if (skb.marks & SACKED) counts.sackedOut -= delta;
  if (skb.marks & RETRANS) counts.retransOut -= delta;
  if (skb.marks & LOST) counts.lostOut -= delta;
  if (!tcb.sackOk && counts.sackedOut > 0 && delta > 0) counts.sackedOut -= Math.min(counts.sackedOut, delta);
}

/** Cuts a record that was sent, counts included (tcp_fragment in the retransmission queue). */
export function splitSent(tcb: Tcb, skb: Skb, length: number, mss: number): Skb {
  const before = skb.segs;
  const rest = splitSkb(tcb, tcb.queue.sent, skb, length, mss);
  const delta = before - skb.segs - rest.segs;
  if (delta !== 0) adjustSegments(tcb, skb, delta);
  return rest;
}

/**
 * Sends a record again, at most `segments` of it: a longer one is cut. Marks it as sent again (tcp_retransmit_skb).
 * @returns false when the peer's window does not take it
 */
export function retransmit(turn: Turn, skb: Skb, segments: number): boolean {
  if (!resend(turn, skb, segments)) return false;
  const { tcb } = turn;
  skb.marks |= RETRANS;
  tcb.counts.retransOut += skb.segs;
  if (tcb.loss.retransStamp === NEVER) tcb.loss.retransStamp = skb.at;
  tcb.cc.undoRetrans = Math.max(tcb.cc.undoRetrans, 0) + skb.segs;
  return true;
}

/** Sends a record again without counting it as a retransmission in flight: a loss probe (__tcp_retransmit_skb). */
export function resend(turn: Turn, skb: Skb, segments: number): boolean {
  const { tcb } = turn;
  tcb.mtu.probe = undefined; // nobody will know now why it was lost
  if (skb.syn) {
    sendSyn(turn);
    sentAgain(turn, skb, 0);
    return true;
  }
  if (seqLt(skb.seq, tcb.snd.una)) tcb.queue.trimHead(skb, seqDiff(tcb.snd.una, skb.seq));
  const mss = currentMss(tcb);
  let window = seqDiff(windowEnd(tcb), skb.seq);
  if (window <= 0) {
    if (seqDiff(skb.seq, tcb.snd.una) !== 0) return false; // the peer took its window back
    window = mss; // SND.UNA goes all the same: it probes
  }
  let most = mss * segments;
  if (most > window) most = window - (window % mss) || window;
  if (payloadLength(skb) > most) {
    splitSent(tcb, skb, most, mss);
  } else {
    const before = skb.segs;
    const delta = before - setSegments(skb, mss);
    if (delta !== 0) adjustSegments(tcb, skb, delta);
    const room = Math.min(window, mss);
    if (payloadLength(skb) < room) collapse(turn, skb, room);
  }
  const length = payloadLength(skb);
  sentAgain(turn, skb, length);
  if (deviceRefuses(turn)) return false;
  const payload = payloadOf(tcb, skb);
  transmit(turn, skb.seq, flagsOf(skb), payload, { size: mss });
  if (skb.stampFlags) reportSent(turn, skb, payload);
  spaceAfter(tcb, length, turn.now);
  return true;
}

function sentAgain(turn: Turn, skb: Skb, length: number): void {
  const { stats, queue } = turn.tcb;
  stats.totalRetrans += skb.segs;
  stats.bytesRetrans += length;
  skb.marks |= EVER_RETRANS;
  skb.at = turn.now;
  segmentSent(turn.tcb.rate, skb, turn.tcb.counts.packetsOut);
  queue.sentNow(skb);
}

/** Small neighbours that are to be sent again too go in the same packet (tcp_retrans_try_collapse). */
function collapse(turn: Turn, to: Skb, room: number): void {
  const { tcb } = turn;
  if (!tcb.settings.retransCollapse || to.segs > 1 || to.syn) return;
  for (let next = to.next; next; next = to.next) {
    if (next.segs > 1 || next.marks & SACKED || to.eor || to.zerocopy >= 0 || next.zerocopy >= 0) break;
    const length = payloadLength(to) + payloadLength(next);
    if (length > room || seqLt(windowEnd(tcb), next.end)) break;
    join(tcb, to, next);
  }
}

/** The record after `to` becomes part of it (tcp_collapse_retrans). */
function join(tcb: Tcb, to: Skb, next: Skb): void {
  const { queue, counts, loss } = tcb;
  const bytes = payloadLength(next);
  to.end = next.end;
  to.fin ||= next.fin;
  to.push ||= next.push;
  to.eor = next.eor;
  to.marks |= next.marks & EVER_RETRANS;
  if (loss.hint === next) loss.hint = to;
  if (loss.highestSack === next) loss.highestSack = next.next;
  // the two count as one segment from now on
  counts.packetsOut -= next.segs;
  if (next.marks & RETRANS) counts.retransOut -= next.segs;
  if (next.marks & LOST) counts.lostOut -= next.segs;
  if (!tcb.sackOk && counts.sackedOut > 0) counts.sackedOut -= Math.min(counts.sackedOut, next.segs);
  queue.drop(queue.sent, next);
  to.memory += bytes;
  queue.memory += bytes;
}

/** Sends again what is presumed lost, as far as the congestion window allows (tcp_xmit_retransmit_queue). */
export function retransmitLost(turn: Turn): void {
  const { tcb } = turn;
  const { counts, cc, loss, queue } = tcb;
  if (counts.packetsOut === 0) return;
  const head = queue.sent.head;
  const most = tsoSegments(tcb, currentMss(tcb));
  let rearm = false;
  let hole: Skb | undefined;
  for (let skb = loss.hint ?? head; skb; skb = skb.next) {
    if (mustWait(turn)) break;
    if (!hole) loss.hint = skb;
    const room = Math.min(cc.cwnd - inFlight(tcb), most);
    if (room <= 0) break;
    if (counts.retransOut >= counts.lostOut) break;
    if (!(skb.marks & LOST)) {
      if (!hole && !(skb.marks & (RETRANS | SACKED))) hole = skb;
      continue;
    }
    if (skb.marks & (SACKED | RETRANS)) continue;
    if (!retransmit(turn, skb, room)) break;
    if (cc.state === 'CWR' || cc.state === 'Recovery') cc.prrOut += skb.segs;
    if (skb === queue.sent.head && tcb.timers.reordering === undefined) rearm = true;
  }
  if (rearm) setXmitTimer(turn, 'retransmit', backedOff(tcb));
}

/** Something that is still unacknowledged was sent again at some time (tcp_any_retrans_done). */
export const anyRetransmitted = ({ counts, queue }: Tcb): boolean =>
  counts.retransOut > 0 || ((queue.sent.head?.marks ?? 0) & EVER_RETRANS) !== 0;
