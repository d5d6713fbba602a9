/**
 * Reno (RFC 5681; Linux tcp_cong.c): slow start, then one segment more per round trip, half the window after a loss.
 * Windows are counted in segments, as Linux counts them.
 */
import type { Tcb } from '../tcb.ts';
import type { CongestionControl, Flow } from './control.ts';
import { avoidAi, inSlowStart, isCwndLimited, slowStart } from './growth.ts';

function avoid({ cc }: Flow, acked: number): void {
  if (!isCwndLimited(cc)) return;
  const left = inSlowStart(cc) ? slowStart(cc, acked) : acked;
  if (left > 0) avoidAi(cc, cc.cwnd, left);
}

/** The window before the reduction, if it is larger (tcp_reno_undo_cwnd). */
export const undoCwnd = ({ cc }: Flow): number => Math.max(cc.cwnd, cc.priorCwnd);

export const RENO: CongestionControl = {
  name: 'reno',
  init: ({ cc }) => {
    cc.private = undefined;
  },
  ssthresh: ({ cc }) => Math.max(cc.cwnd >> 1, 2),
  avoid,
  undoCwnd,
};

/**
 * New data was acknowledged: `segments` of them left the network, out of `before` that were outstanding. A window that
 * was not used does not grow (tcp_is_cwnd_limited, RFC 7661).
 */
export function acknowledged(tcb: Tcb, segments: number, before: number): void {
  const { cc } = tcb;
  if (cc.cwnd < cc.ssthresh ? cc.cwnd >= 2 * before : before < cc.cwnd) return;
  let left = segments;
  if (cc.cwnd < cc.ssthresh) {
    const grown = Math.min(cc.cwnd + left, cc.ssthresh);
    left -= grown - cc.cwnd;
    cc.cwnd = grown;
  }
  cc.count += left;
  if (left > 0 && cc.count >= cc.cwnd) {
    cc.count -= cc.cwnd;
    cc.cwnd++;
  }
}

/** The slow start threshold after a loss (tcp_reno_ssthresh). */
export const thresholdAfterLoss = (tcb: Tcb): number => Math.max(tcb.cc.cwnd >> 1, 2);

/** A handshake whose SYN was lost twice begins with one segment (tcp_init_transfer). Asked before the SYN is acknowledged. */
export function startSmallAfterLostSyn(tcb: Tcb): void {
  if ((tcb.flights[0]?.again ?? 0) > 1) tcb.cc.cwnd = 1;
}
