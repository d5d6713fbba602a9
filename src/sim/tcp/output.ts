/**
 * New data: what leaves, and when, as far as the peer's window, the congestion window, pacing and Nagle allow (Linux
 * tcp_output.c tcp_write_xmit). Runs when the program has written and after each segment that arrived.
 */

import { type Seq, seqAdd, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { FIN, PSH } from '../wire/tcp.ts';
import { limitedBy, noLongerLimitedBy } from './chrono.ts';
import { validate } from './congestion/validation.ts';
import { mayWriteEarly } from './fast-open.ts';
import { probeMtu } from './mtu-probe.ts';
import { mustWait, spaceAfter } from './pacing.ts';
import { probeDelay } from './persist.ts';
import { segmentSent } from './rate.ts';
import { dataSent } from './receive/acknowledging.ts';
import { rearmRetransmission, scheduleLossProbe } from './recovery/probe.ts';
import { enterCwr } from './recovery/reduce.ts';
import { payloadOf, reportSent } from './reports.ts';
import {
  currentMss,
  cwndQuota,
  fitsWindow,
  inFlight,
  type Nagle,
  setSegments,
  shouldDefer,
  smallMustWait,
  splitPoint,
  tsoSegments,
  windowEnd,
} from './segmentation.ts';
import { newSkb, payloadLength, type Skb } from './send-queue.ts';
import type { Tcb } from './tcb.ts';
import { sendAck, transmit } from './transmit.ts';
import { note, setTimer, type Turn } from './turn.ts';

/** Just past the last byte that the program wrote. */
export const endOfData = (tcb: Tcb): Seq => (tcb.finQueued ? seqAdd(tcb.snd.write, -1) : tcb.snd.write);

/** Bytes written and never sent. */
export const unsent = (tcb: Tcb): number => Math.max(0, seqDiff(endOfData(tcb), tcb.snd.nxt));

/** Whether our FIN was sent. */
export const finSent = (tcb: Tcb): boolean => tcb.finQueued && tcb.snd.nxt === tcb.snd.write;

/** Nagle as the socket has it: TCP_NODELAY, TCP_CORK. */
export const nagleOf = (tcb: Tcb): Nagle => (tcb.opts.cork ? CORKED : tcb.noDelay ? NODELAY : NAGLE);
const NAGLE: Nagle = { off: false, cork: false, push: false };
/** Small segments leave too (TCP_NAGLE_OFF). */
export const NODELAY: Nagle = { off: true, cork: false, push: false };
/** Write everything whatever its size (TCP_NAGLE_PUSH). */
export const PUSH: Nagle = { off: false, cork: false, push: true };
/** Hold back what is not full (TCP_NAGLE_CORK). */
export const CORKED: Nagle = { off: false, cork: true, push: false };

/** How much tcp_write_xmit may send: all, one packet, or one packet whatever the window says (a loss probe). */
export type Most = 'all' | 'one' | 'probe';

/**
 * Sends unsent records while something allows it.
 * @returns whether data waits with nothing in flight: then the peer's window must be probed
 */
export function writeXmit(turn: Turn, mss: number, nagle: Nagle, most: Most): boolean {
  const { tcb } = turn;
  const { queue, cc } = tcb;
  let sent = 0;
  let cwndLimited = false;
  let windowLimited = false;
  let segments = -1;
  if (most === 'all' && tcb.mtu.searching) {
    const probed = probeMtu(turn);
    if (probed === 'wait') return false;
    if (probed === 'sent') sent = 1;
  }
  for (let skb = queue.unsent.head; skb; skb = queue.unsent.head) {
    if (mustWait(turn)) break;
    if (segments < 0) segments = tsoSegments(tcb, mss);
    let quota = cwndQuota(tcb);
    if (quota === 0) {
      if (most !== 'probe') break;
      quota = 1;
    }
    quota = Math.min(quota, segments);
    const missing = quota * mss - payloadLength(skb);
    if (missing > 0 && skb.next) growSkb(tcb, skb, missing);
    const segs = setSegments(skb, mss);
    if (!fitsWindow(tcb, skb, mss)) {
      windowLimited = true;
      break;
    }
    if (segs === 1) {
      if (nagleHolds(turn, skb, mss, skb.next ? PUSH : nagle)) break;
    } else if (most === 'all') {
      const why = shouldDefer(tcb, skb, segments, turn.now);
      if (why) {
        cwndLimited = why === 'congestion window';
        windowLimited = why === 'receive window';
        break;
      }
    }
    let limit = mss;
    if (segs > 1 && !seqLt(tcb.snd.una, tcb.snd.up)) limit = splitPoint(tcb, skb, mss, quota, nagle);
    if (payloadLength(skb) > limit) splitSkb(tcb, queue.unsent, skb, limit, mss);
    if (!sendNew(turn, skb, mss)) break;
    sent += skb.segs;
    if (payloadLength(skb) < skb.segs * mss) tcb.snd.sml = skb.end; // tcp_minshall_update
    if (most !== 'all') break;
  }
  if (windowLimited) limitedBy(tcb, 'receive window', turn.now);
  else noLongerLimitedBy(tcb, 'receive window', turn.now);
  cwndLimited ||= inFlight(tcb) >= cc.cwnd;
  if (sent > 0 || cwndLimited) validate(tcb, cwndLimited, tcb.settings.slowStartAfterIdle, tcb.noSpace, turn.now);
  if (sent > 0 && !cwndLimited && !queue.unsent.head && tcb.noSpace) limitedBy(tcb, 'send buffer', turn.now);
  if (sent > 0) {
    if (cc.state === 'CWR' || cc.state === 'Recovery') cc.prrOut += sent;
    if (most !== 'probe') scheduleLossProbe(turn, false);
    return false;
  }
  return tcb.counts.packetsOut === 0 && queue.unsent.head !== undefined;
}

/** A packet of several segments always carries PSH: its receiver need not wait for more (__tcp_transmit_skb). */
export const flagsOf = (skb: Skb): number => (skb.fin ? FIN : 0) | (skb.push || skb.segs > 1 ? PSH : 0);

/** A small segment waits (tcp_nagle_test). */
function nagleHolds(turn: Turn, skb: Skb, mss: number, nagle: Nagle): boolean {
  const { tcb } = turn;
  const length = payloadLength(skb);
  if (nagle.push || skb.fin || length >= mss || seqLt(tcb.snd.una, tcb.snd.up)) return false;
  if (!smallMustWait(tcb, nagle)) return false;
  if (nagle.cork) note(turn, `corked: ${length} bytes wait for a full segment`, '', 'tcp_output.c tcp_nagle_check');
  else
    note(
      turn,
      `Nagle: ${length} bytes wait while a small segment is unacknowledged`,
      '9293 3.7.4',
      'tcp_output.c tcp_nagle_check',
    );
  return true;
}

/** Cuts a record that will not leave whole; what is left counts its segments anew. */
export function splitSkb(tcb: Tcb, list: Tcb['queue']['unsent'], skb: Skb, length: number, mss: number): Skb {
  const rest = tcb.queue.split(list, skb, length);
  setSegments(skb, mss);
  setSegments(rest, mss);
  return rest;
}

/** Moves payload from the next record into one that is smaller than it may be (tcp_grow_skb). */
function growSkb(tcb: Tcb, skb: Skb, missing: number): void {
  const { next } = skb;
  if (!next || skb.eor || skb.fin || skb.zerocopy >= 0 || next.zerocopy >= 0) return;
  const { queue } = tcb;
  const moved = Math.min(missing, payloadLength(next));
  const whole = moved === payloadLength(next);
  skb.end = seqAdd(skb.end, moved);
  skb.memory += moved;
  if (!whole) {
    next.seq = skb.end;
    next.memory -= moved;
    return;
  }
  skb.push = next.push;
  skb.eor = next.eor;
  if (next.fin) {
    skb.fin = true;
    skb.end = next.end;
  }
  queue.drop(queue.unsent, next);
  queue.memory += moved;
}

/**
 * The record leaves for the first time (tcp_transmit_skb, tcp_event_new_data_sent).
 * @returns false when the device takes none: it stays where it is
 */
export function sendNew(turn: Turn, skb: Skb, mss: number): boolean {
  const { tcb } = turn;
  if (deviceRefuses(turn)) return false;
  const { queue, counts, timers, snd } = tcb;
  const length = payloadLength(skb);
  if (inFlight(tcb) === 0) tcb.cc.control.event?.(tcb, 'TX_START', turn.now);
  const before = counts.packetsOut;
  skb.at = Math.max(tcb.pacing.next, turn.now) as Time;
  const payload = payloadOf(tcb, skb);
  transmit(turn, skb.seq, flagsOf(skb), payload, { size: mss, fresh: true });
  if (skb.stampFlags) reportSent(turn, skb, payload);
  tcb.lastSent = turn.now;
  if (length > 0) dataSent(turn);
  spaceAfter(tcb, length, turn.now);
  segmentSent(tcb.rate, skb, before);
  snd.nxt = skb.end;
  queue.moveToSent(skb);
  queue.sentNow(skb);
  tcb.loss.highestSack ??= skb;
  counts.packetsOut += skb.segs;
  if (before === 0 || timers['loss probe'] !== undefined) rearmRetransmission(turn);
  if (timers.persist !== undefined) setTimer(turn, 'persist', undefined);
  return true;
}

/** The queue before the device is full: that is congestion, too (tcp_transmit_skb, NET_XMIT_DROP). */
export function deviceRefuses(turn: Turn): boolean {
  if (!turn.tcb.settings.deviceFull) return false;
  note(turn, 'the queue of the device is full', '', 'tcp_output.c __tcp_transmit_skb');
  enterCwr(turn);
  return true;
}

/** Sends what may leave; probes the peer's window when nothing may (__tcp_push_pending_frames). */
export function pushPending(turn: Turn, nagle: Nagle = nagleOf(turn.tcb)): void {
  const { tcb } = turn;
  if (!tcb.queue.unsent.head || !(CAN_SEND.has(tcb.state) || mayWriteEarly(tcb))) return;
  if (writeXmit(turn, currentMss(tcb), nagle, 'all')) checkProbeTimer(turn);
}

const CAN_SEND: ReadonlySet<string> = new Set(['ESTABLISHED', 'CLOSE-WAIT', 'FIN-WAIT-1', 'CLOSING', 'LAST-ACK']);

function checkProbeTimer(turn: Turn): void {
  const { tcb } = turn;
  const { timers } = tcb;
  if (timers.retransmit !== undefined || timers['loss probe'] !== undefined || timers.reordering !== undefined) return;
  if (timers.persist !== undefined) return;
  const closed = tcb.queue.unsent.head && seqLe(windowEnd(tcb), tcb.queue.unsent.head.seq);
  note(
    turn,
    closed ? 'the peer has no room: probe its window until it opens' : 'nothing may leave: look again later',
    '9293 3.8.6.1',
    'tcp_timer.c tcp_probe_timer',
  );
  setTimer(turn, 'persist', probeDelay(tcb));
}

/** Queues a FIN behind the last byte and sends all (tcp_send_fin). */
export function sendFin(turn: Turn): void {
  const { tcb } = turn;
  const { queue, snd } = tcb;
  tcb.finQueued = true;
  const last = queue.unsent.tail;
  const end = seqAdd(snd.write, 1);
  if (last) {
    last.fin = true;
    last.end = end;
  } else {
    const skb = newSkb(snd.write, end);
    skb.fin = true;
    queue.entail(skb);
    limitedBy(tcb, 'busy', turn.now);
  }
  snd.write = end;
  pushPending(turn, NODELAY);
}

/** The end of a turn in which a segment arrived or a timer fired: new data, then an ACK that nothing else carried. */
export function output(turn: Turn): void {
  pushPending(turn);
  sendAckIfDue(turn);
}

export function sendAckIfDue(turn: Turn): void {
  const { state } = turn.tcb;
  if (turn.ackNow && state !== 'CLOSED' && state !== 'LISTEN' && state !== 'SYN-SENT') sendAck(turn);
}
