/**
 * The state of loss recovery (Linux tcp_input.c tcp_fastretrans_alert, tcp_enter_loss): open, fast recovery, or after a
 * timeout; and what the congestion window does in each. Which segments are lost is RACK's to say (rack.ts), or without
 * SACK three duplicate ACKs'.
 */
import { seqLe } from '../../base/seq.ts';
import { ZERO } from '../../base/time.ts';
import { thresholdAfterLoss } from '../congestion/reno.ts';
import type { Tcb } from '../tcb.ts';
import { note, setTimer, type Turn } from '../turn.ts';
import { markLost, patienceFor, TIMEOUT_MIN } from './rack.ts';

const DUP_THRESH = 3;

/**
 * Segments that are on their way: sent, not acknowledged, not held by the peer, not presumed lost. Without SACK each
 * duplicate ACK stands for one that has arrived somewhere above the hole (tcp_add_reno_sack).
 */
export function inFlight(tcb: Tcb): number {
  let count = 0;
  for (const flight of tcb.flights) if (!flight.sacked && !flight.lost) count++;
  return tcb.sackOk ? count : Math.max(0, count - tcb.cc.duplicates);
}

/** What an acknowledgment brought. */
export interface News {
  /** Segments that are newly known to have arrived. */
  delivered: number;
  /** SND.UNA moved. */
  advanced: boolean;
}

/** After an acknowledgment was taken: finds losses, enters or leaves recovery, sets the window of recovery. */
export function recover(turn: Turn, news: News): void {
  const { tcb } = turn;
  leaveIfDone(tcb);
  let marked = 0;
  if (tcb.flights.length > 0) {
    if (tcb.sackOk) marked = detect(turn);
    else marked = detectWithoutSack(tcb, news);
  }
  if (marked > 0 && tcb.cc.recovery === 'none') enterFastRecovery(turn);
  if (tcb.cc.recovery === 'fast') reduce(tcb, news, marked);
}

/** RACK finds what is lost, and when to look again. @returns how many were marked */
export function detect(turn: Turn): number {
  const { marked, wait } = markLost(turn.tcb, turn.now);
  if (wait !== undefined) {
    setTimer(turn, 'retransmit', undefined);
    setTimer(turn, 'loss probe', undefined);
    setTimer(turn, 'reordering', (wait + TIMEOUT_MIN) as typeof wait);
  }
  return marked;
}

function detectWithoutSack(tcb: Tcb, { advanced }: News): number {
  const head = tcb.flights[0];
  if (!head || head.lost) return 0;
  const first = tcb.cc.recovery === 'none' && tcb.cc.duplicates >= DUP_THRESH;
  const partial = tcb.cc.recovery === 'fast' && advanced && head.again === 0; // RFC 6582: the next hole
  if (first || partial) head.lost = true;
  return first || partial ? 1 : 0;
}

export function enterFastRecovery(turn: Turn): void {
  const { tcb } = turn;
  const { cc } = tcb;
  note(turn, 'a segment sent later has arrived: fast recovery', '8985 6.2', 'tcp_input.c tcp_enter_recovery');
  cc.ssthresh = thresholdAfterLoss(tcb);
  cc.recovery = 'fast';
  cc.recover = tcb.snd.nxt;
  cc.count = 0;
  cc.prr = { delivered: 0, out: 0, priorCwnd: cc.cwnd };
  tcb.probe = undefined;
}

/** Proportional rate reduction (RFC 6937; tcp_cwnd_reduction): as much leaves as the way down to ssthresh allows. */
function reduce(tcb: Tcb, { delivered, advanced }: News, newlyLost: number): void {
  const { cc } = tcb;
  if (delivered <= 0) return;
  const pipe = inFlight(tcb);
  cc.prr.delivered += delivered;
  const room = cc.ssthresh - pipe;
  let allowance: number;
  if (room < 0) {
    allowance = Math.floor((cc.ssthresh * cc.prr.delivered + cc.prr.priorCwnd - 1) / cc.prr.priorCwnd) - cc.prr.out;
  } else {
    allowance = Math.max(cc.prr.delivered - cc.prr.out, delivered);
    if (advanced && newlyLost === 0) allowance++;
    allowance = Math.min(room, allowance);
  }
  // the first retransmission always leaves
  cc.cwnd = pipe + Math.max(allowance, cc.prr.out > 0 ? 0 : 1);
}

/** Everything that was outstanding when recovery began has arrived. */
function leaveIfDone(tcb: Tcb): void {
  const { cc } = tcb;
  if (cc.recovery === 'none' || !seqLe(cc.recover, tcb.snd.una)) return;
  if (cc.recovery === 'fast') cc.cwnd = cc.ssthresh;
  cc.recovery = 'none';
  cc.duplicates = 0;
}

/** A retransmission timeout: what is old enough is presumed lost, the window starts over (tcp_enter_loss). */
export function timeoutLoss(turn: Turn): void {
  const { tcb } = turn;
  const { cc } = tcb;
  if (cc.recovery !== 'timeout') {
    cc.ssthresh = thresholdAfterLoss(tcb);
    cc.recover = tcb.snd.nxt;
  }
  cc.recovery = 'timeout';
  cc.count = 0;
  for (const [i, flight] of tcb.flights.entries()) {
    if (flight.sacked) continue;
    const recent = tcb.sackOk && i > 0 && patienceFor(tcb, flight, ZERO, turn.now) > 0;
    if (!recent) flight.lost = true;
  }
  cc.cwnd = inFlight(tcb) + 1;
}
