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
