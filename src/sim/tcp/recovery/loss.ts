/**
 * Which segments in flight are lost, and when to say so: three segments known to have arrived above one (RFC 6675
 * DupThresh with SACK, RFC 5681 duplicate ACKs without), or a timeout. Linux 6.x decides by time instead of by count
 * (RACK-TLP, RFC 8985); that is not modelled yet.
 */
import { seqLe } from '../../base/seq.ts';
import { thresholdAfterLoss } from '../congestion/reno.ts';
import type { Tcb } from '../tcb.ts';
import { note, type Turn } from '../turn.ts';

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

/** Marks what the acknowledgment just taken shows to be lost; enters fast recovery at the first. */
export function detectLoss(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.cc.recovery === 'timeout') return;
  let above = 0;
  let marked = false;
  for (let i = tcb.flights.length - 1; i >= 0; i--) {
    const flight = tcb.flights[i] as Tcb['flights'][number];
    if (flight.sacked) above++;
    else if (above >= DUP_THRESH && !flight.lost && flight.again === 0) marked = flight.lost = true;
  }
  const head = tcb.flights[0];
  if (!tcb.sackOk && head && tcb.cc.duplicates >= DUP_THRESH && tcb.cc.recovery === 'none' && !head.lost) {
    marked = head.lost = true;
  }
  if (marked && tcb.cc.recovery === 'none') enterFastRecovery(turn);
}

function enterFastRecovery(turn: Turn): void {
  const { tcb } = turn;
  note(
    turn,
    'fast retransmit: three segments above a hole have arrived',
    '5681 3.2',
    'tcp_input.c tcp_fastretrans_alert',
  );
  tcb.cc.ssthresh = thresholdAfterLoss(tcb);
  tcb.cc.cwnd = tcb.cc.ssthresh;
  tcb.cc.recovery = 'fast';
  tcb.cc.recover = tcb.snd.nxt;
  turn.retransmitNow = true;
}

/** New data was acknowledged during recovery: over, or a partial acknowledgment that shows the next hole (RFC 6582). */
export function progress(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.cc.recovery === 'none') return;
  if (seqLe(tcb.cc.recover, tcb.snd.una)) {
    tcb.cc.recovery = 'none';
    tcb.cc.cwnd = Math.max(tcb.cc.cwnd, 2);
    return;
  }
  const head = tcb.flights[0];
  if (tcb.cc.recovery === 'fast' && !tcb.sackOk && head && head.again === 0) head.lost = true;
}

/** A retransmission timeout: everything not known to have arrived is presumed lost (tcp_enter_loss). */
export function timeoutLoss(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.cc.recovery !== 'timeout') {
    tcb.cc.ssthresh = thresholdAfterLoss(tcb);
    tcb.cc.recover = tcb.snd.nxt;
  }
  tcb.cc.recovery = 'timeout';
  tcb.cc.cwnd = 1;
  tcb.cc.count = 0;
  for (const flight of tcb.flights) if (!flight.sacked) flight.lost = true;
}
