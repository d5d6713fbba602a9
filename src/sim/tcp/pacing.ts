/**
 * Spacing packets by the pacing rate (Linux tcp_output.c tcp_update_skb_after_send, tcp_pacing_check): by TCP itself for
 * algorithms that need it, for SO_MAX_PACING_RATE, and in place of the fq qdisc. Otherwise packets leave as they may.
 */
import type { Time } from '../base/time.ts';
import type { Tcb } from './tcb.ts';
import { setTimer, type Turn } from './turn.ts';

/** A packet of `bytes` leaves: when the next one may (tcp_update_skb_after_send). */
export function spaceAfter(tcb: Tcb, bytes: number, now: Time): void {
  const { pacing } = tcb;
  const rate = tcb.cc.pacingRate;
  const before = pacing.next;
  pacing.next = Math.max(pacing.next, now) as Time;
  if (pacing.by === 'none') return;
  if (tcb.stats.dataSegsOut < 10 || rate === Number.POSITIVE_INFINITY || rate === 0) return;
  const gap = Math.floor((bytes * 1e9) / rate);
  const credit = pacing.next - before;
  pacing.next = (pacing.next + gap - Math.min(Math.floor(gap / 2), credit)) as Time;
}

/** Whether TCP itself must wait before it sends; then the timer is set (tcp_pacing_check). */
export function mustWait(turn: Turn): boolean {
  const { pacing, timers } = turn.tcb;
  if (pacing.by === 'none' || pacing.next <= turn.now) return false;
  if (timers.pacing === undefined) setTimer(turn, 'pacing', (pacing.next - turn.now) as Time);
  return true;
}
