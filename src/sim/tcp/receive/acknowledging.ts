/**
 * When an arrival is acknowledged: at once, or a little later in the hope that data carries the ACK or that one will do for
 * several (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2). Linux acknowledges at once while it believes that the sender
 * starts slowly (quick acknowledgments), and puts off more when the program answers what it receives ("pingpong").
 * tcp_input.c tcp_event_data_recv, __tcp_ack_snd_check; tcp_output.c tcp_send_delayed_ack, tcp_event_ack_sent.
 */
import { seqDiff } from '../../base/seq.ts';
import { ms, type Time } from '../../base/time.ts';
import { rtoMin, smoothedRtt } from '../rtt.ts';
import type { Tcb } from '../tcb.ts';
import { sendAck } from '../transmit.ts';
import { note, setTimer, type Turn } from '../turn.ts';
import { offeredWindow } from '../window.ts';
import { sendCompressed } from './sack.ts';

/** Linux TCP_DELACK_MIN, TCP_ATO_MIN. */
export const DELAYED_ACK_MIN = ms(40);
/** Linux TCP_DELACK_MAX. */
export const DELAYED_ACK_MAX = ms(200);
/** Linux TCP_MAX_QUICKACKS. */
export const MAX_QUICK_ACKS = 16;
/** A tick of a kernel with 1000 Hz. */
const TICK = ms(1);
/** Duplicate ACKs that make a sender repeat (Linux TCP_FASTRETRANS_THRESH): so many are never put off. */
const DUPLICATES = 3;

/** The program answers what it receives (inet_csk_in_pingpong_mode). */
export const inPingpong = ({ ack, settings }: Tcb): boolean => ack.pingpong >= settings.receive.pingpongThreshold;

/** From now on, or no longer, ACKs wait to be carried by data (inet_csk_enter_pingpong_mode, inet_csk_exit_pingpong_mode). */
export function setPingpong({ ack, settings }: Tcb, on: boolean): void {
  ack.pingpong = on ? settings.receive.pingpongThreshold : 0;
}

/** So many ACKs at once as half the window takes segments, 16 at most (tcp_incr_quickack). */
function moreQuick({ rcv, ack }: Tcb, most: number): void {
  const half = Math.floor(rcv.wnd / (2 * rcv.mss));
  ack.quick = Math.max(ack.quick, Math.min(half === 0 ? 2 : half, most));
}

/** Acknowledge at once for a while (tcp_enter_quickack_mode). */
export function enterQuickAck(tcb: Tcb, most = MAX_QUICK_ACKS): void {
  moreQuick(tcb, most);
  setPingpong(tcb, false);
  tcb.ack.ato = DELAYED_ACK_MIN;
}

const inQuickAck = (tcb: Tcb): boolean => tcb.settings.receive.quickAck || (tcb.ack.quick > 0 && !inPingpong(tcb));

/** How long an ACK may wait follows the gaps between segments (tcp_event_data_recv). */
export function estimateAto({ tcb, now }: Turn): void {
  const { ack } = tcb;
  const gap = now - ack.lastData;
  ack.lastData = now;
  if (ack.ato === 0) {
    moreQuick(tcb, MAX_QUICK_ACKS);
    ack.ato = DELAYED_ACK_MIN;
  } else if (gap <= DELAYED_ACK_MIN / 2) {
    ack.ato = Math.floor(ack.ato / 2 + DELAYED_ACK_MIN / 2) as Time;
  } else if (gap < ack.ato) {
    ack.ato = Math.min(Math.floor(ack.ato / 2) + gap, tcb.rtt.rto, DELAYED_ACK_MAX) as Time;
  } else if (gap > tcb.rtt.rto) {
    moreQuick(tcb, MAX_QUICK_ACKS); // the sender was idle and starts over: help it
  }
}

/** Data left soon after data came: the program answers (tcp_output.c tcp_event_data_sent). */
export function dataSent({ tcb, now }: Turn): void {
  const { ack } = tcb;
  if (now - ack.lastData < ack.ato && ack.pingpong < 255) ack.pingpong++;
}

/** A segment that acknowledges is about to leave: nothing waits any more (tcp_output.c tcp_event_ack_sent). */
export function ackSent(turn: Turn): void {
  const { ack, timers } = turn.tcb;
  if (ack.quick > 0 && ack.pending && --ack.quick === 0) ack.ato = DELAYED_ACK_MIN;
  ack.pending = false;
  ack.pushed = 0;
  ack.noMemory = false;
  turn.ackNow = false;
  if (timers['delayed ACK'] !== undefined) setTimer(turn, 'delayed ACK', undefined);
  if (ack.compressed === 0) return;
  ack.compressed = 0;
  setTimer(turn, 'compressed ACK', undefined);
}

/**
 * Decides about what is still to be acknowledged after an arrival, when data has had its chance to carry the ACK
 * (tcp_ack_snd_check): sets `turn.ackNow`, or a timer.
 */
export function acknowledgeArrival(turn: Turn): void {
  const { tcb } = turn;
  const { rcv, ack } = tcb;
  if (!ack.pending || turn.ackNow || tcb.state === 'CLOSED') return;
  if ((seqDiff(rcv.nxt, rcv.wup) > rcv.mss && worthTelling(tcb)) || inQuickAck(tcb)) turn.ackNow = true;
  else if (rcv.early.length === 0) delayAck(turn);
  else compressAck(turn);
}

/** The right edge of the window advances, or the reader waits for more: else the next read acknowledges. */
const worthTelling = (tcb: Tcb): boolean =>
  seqDiff(tcb.rcv.nxt, tcb.rcv.copied) < tcb.opts.receiveLowat || offeredWindow(tcb) >= tcb.rcv.wnd;

/** The wait of a delayed ACK: no longer than a round trip, or 40 ms if that is more. */
function ackDelay(tcb: Tcb): Time {
  const { ack } = tcb;
  if (ack.ato === 0) return TICK; // before the first data there is no estimate: the next tick
  let delay = ack.ato;
  if (delay > DELAYED_ACK_MIN) {
    let most = inPingpong(tcb) || ack.pushed > 0 ? DELAYED_ACK_MAX : ms(500);
    const roundTrip = smoothedRtt(tcb);
    if (roundTrip > 0) most = Math.min(most, Math.max(roundTrip, DELAYED_ACK_MIN)) as Time;
    delay = Math.min(delay, most) as Time;
  }
  // a delayed ACK must come before the peer's timeout, if that is like ours (tcp_delack_max)
  return Math.min(delay, tcb.opts.delayedAckMax, Math.max(rtoMin(tcb), 2 * TICK) - TICK) as Time;
}

/** tcp_output.c tcp_send_delayed_ack */
function delayAck(turn: Turn): void {
  const { tcb, now } = turn;
  const set = tcb.timers['delayed ACK'];
  const delay = ackDelay(tcb);
  if (set === undefined) {
    note(turn, 'the ACK waits: perhaps data can carry it', '9293 3.8.6.3', 'tcp_output.c tcp_send_delayed_ack');
    setTimer(turn, 'delayed ACK', delay);
  } else if (set <= now + delay / 4) {
    turn.ackNow = true; // it is about to be due anyway
  } else if (now + delay < set) {
    setTimer(turn, 'delayed ACK', delay);
  }
}

/**
 * Data came out of order: the first three ACKs leave at once, for fast retransmit; of those after them one in a millisecond,
 * or in a twentieth of the round trip if that is less (SACK compression).
 */
function compressAck(turn: Turn): void {
  const { tcb } = turn;
  const { rcv, ack, settings } = tcb;
  const { compressMost, compressDelay, compressSlack } = settings.receive;
  if (!tcb.sackOk || ack.compressed >= compressMost) {
    turn.ackNow = true;
    return;
  }
  if (seqDiff(ack.duplicatesFor, rcv.nxt) !== 0) {
    ack.duplicatesFor = rcv.nxt;
    ack.duplicates = 0;
  }
  if (ack.duplicates < DUPLICATES) {
    ack.duplicates++;
    turn.ackNow = true;
    return;
  }
  if (ack.compressed++ > 0) return;
  note(turn, 'ACKs of data out of order wait to become one', '2018 4', 'tcp_input.c __tcp_ack_snd_check');
  const { srtt8 } = tcb.rtt;
  const us8 = srtt8 > 0 && srtt8 < rcv.rtt.us8 ? srtt8 : rcv.rtt.us8;
  const delay = Math.min(compressDelay, Math.floor((us8 * 125) / 20));
  setTimer(turn, 'compressed ACK', (delay + compressSlack) as Time);
}

/** The delayed ACK found no company (tcp_timer.c tcp_delack_timer_handler). */
export function delayedAckDue(turn: Turn): void {
  const { tcb } = turn;
  const { ack } = tcb;
  if (sendCompressed(turn) || !ack.pending) return;
  note(turn, 'the delayed ACK is due', '9293 3.8.6.3', 'tcp_timer.c tcp_delack_timer_handler');
  if (inPingpong(tcb)) {
    setPingpong(tcb, false);
    ack.ato = DELAYED_ACK_MIN;
  } else {
    ack.ato = Math.min(ack.ato * 2, tcb.rtt.rto, DELAYED_ACK_MAX) as Time;
  }
  turn.ackNow = true;
}

/** The wait of compressed ACKs is over (tcp_timer.c tcp_compressed_ack_kick). */
export function compressedAckDue(turn: Turn): void {
  if (turn.tcb.ack.compressed === 0) return;
  note(turn, 'one ACK for all that came out of order', '2018 4', 'tcp_timer.c tcp_compressed_ack_kick');
  sendAck(turn);
}
