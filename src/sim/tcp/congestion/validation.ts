/**
 * Congestion window validation (RFC 7661 in spirit, RFC 2861 in detail; Linux tcp_output.c): a window that was not used
 * for a while is no longer evidence of what the network takes, so it shrinks.
 */
import { seqLe } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import { type Flow, HZ, INITIAL_CWND, jiffies } from './control.ts';
import { isCwndLimited } from './growth.ts';

/** The retransmission timeout in ticks of the coarse clock, rounded up as the kernel keeps it. */
const timeout = ({ rtt }: Flow): number => Math.ceil((rtt.rto * HZ) / 1e9);

/**
 * After each burst: remembers how much of the window was used in this round.
 * @param limited the window was what stopped the burst
 * @param idleRestart net.ipv4.tcp_slow_start_after_idle
 * @param blocked the program waits for room in the send buffer: it is not what limits (SOCK_NOSPACE)
 */
export function validate(flow: Flow, limited: boolean, idleRestart: boolean, blocked: boolean, now: Time): void {
  const { cc, counts } = flow;
  const round = seqLe(cc.cwndUsageSeq, flow.snd.una);
  if (round || limited || (!cc.isCwndLimited && counts.packetsOut > cc.maxPacketsOut)) {
    cc.isCwndLimited = limited;
    cc.maxPacketsOut = counts.packetsOut;
    cc.cwndUsageSeq = flow.snd.nxt;
  }
  if (isCwndLimited(cc)) {
    cc.cwndUsed = 0;
    cc.cwndStamp = now;
    return;
  }
  cc.cwndUsed = Math.max(cc.cwndUsed, counts.packetsOut);
  const unused = jiffies(now) - jiffies(cc.cwndStamp);
  if (idleRestart && unused >= timeout(flow) && !cc.control.main) applicationLimited(flow, blocked, now);
}

/** For a whole timeout the program sent less than it could: half way down to what it used (tcp_cwnd_application_limited). */
function applicationLimited(flow: Flow, blocked: boolean, now: Time): void {
  const { cc } = flow;
  if (cc.state === 'Open' && !blocked) {
    const used = Math.max(cc.cwndUsed, INITIAL_CWND);
    if (used < cc.cwnd) {
      cc.ssthresh = currentSsthresh(flow);
      cc.cwnd = (cc.cwnd + used) >> 1;
    }
    cc.cwndUsed = 0;
  }
  cc.cwndStamp = now;
}

/** The threshold to remember what the path took once: at least three quarters of the window (tcp_current_ssthresh). */
export function currentSsthresh({ cc }: Flow): number {
  if (cc.state === 'CWR' || cc.state === 'Recovery') return cc.ssthresh;
  return Math.max(cc.ssthresh, (cc.cwnd >> 1) + (cc.cwnd >> 2));
}

/**
 * Before data is sent when nothing is outstanding: the window halves for each timeout that passed since the last data,
 * down to the initial one (tcp_slow_start_after_idle_check, tcp_cwnd_restart; RFC 5681 section 4.1).
 * @returns whether it was reduced: the event is CWND_RESTART
 */
export function restartAfterIdle(flow: Flow, now: Time): boolean {
  const { cc } = flow;
  if (flow.counts.packetsOut > 0 || cc.control.main) return false;
  const rto = timeout(flow);
  let idle = jiffies(now) - jiffies(flow.lastSent);
  if (idle <= rto) return false;
  cc.control.event?.(flow, 'CWND_RESTART', now);
  cc.ssthresh = currentSsthresh(flow);
  const least = Math.min(INITIAL_CWND, cc.cwnd);
  let cwnd = cc.cwnd;
  while ((idle -= rto) > 0 && cwnd > least) cwnd >>= 1;
  cc.cwnd = Math.max(cwnd, least);
  cc.cwndStamp = now;
  cc.cwndUsed = 0;
  return true;
}
