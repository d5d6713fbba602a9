/**
 * How windows grow, the steps that Reno and CUBIC share (RFC 5681 section 3.1; Linux tcp_cong.c, net/tcp.h).
 */
import type { CongestionBlock } from './control.ts';

/** Below the threshold the window doubles each round trip (tcp_in_slow_start). */
export const inSlowStart = (cc: CongestionBlock): boolean => cc.cwnd < cc.ssthresh;

/**
 * Whether the window, and not the program or the peer, holds data back (tcp_is_cwnd_limited): a window that is not used
 * says nothing about the network and does not grow (RFC 7661). In slow start half of it must have been used.
 */
export const isCwndLimited = (cc: CongestionBlock): boolean =>
  cc.isCwndLimited || (inSlowStart(cc) && cc.cwnd < 2 * cc.maxPacketsOut);

/**
 * Slow start: one segment more for each acknowledged one, up to the threshold (tcp_slow_start). An acknowledgment of
 * many counts as many acknowledgments.
 * @returns how many of `acked` are left for congestion avoidance
 */
export function slowStart(cc: CongestionBlock, acked: number): number {
  const grown = Math.min(cc.cwnd + acked, cc.ssthresh);
  const left = acked - (grown - cc.cwnd);
  cc.cwnd = Math.min(grown, cc.clamp);
  return left;
}

/** Additive increase: one segment more for each `every` acknowledged ones (tcp_cong_avoid_ai). */
export function avoidAi(cc: CongestionBlock, every: number, acked: number): void {
  // what was counted towards a larger step is worth one segment at most
  if (cc.count >= every) {
    cc.count = 0;
    cc.cwnd++;
  }
  cc.count += acked;
  if (cc.count >= every) {
    const steps = Math.floor(cc.count / every);
    cc.count -= steps * every;
    cc.cwnd += steps;
  }
  cc.cwnd = Math.min(cc.cwnd, cc.clamp);
}
