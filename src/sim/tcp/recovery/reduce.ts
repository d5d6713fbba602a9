/**
 * The congestion window while it is being reduced and when it may grow again: entering CWR, proportional rate reduction,
 * and the end of it (Linux tcp_input.c tcp_enter_cwr, tcp_cwnd_reduction, tcp_cong_control; RFC 6937).
 */
import type { AckNews } from '../acknowledge.ts';
import { type CaState, INFINITE_SSTHRESH, type Remark } from '../congestion/control.ts';
import { inSlowStart } from '../congestion/growth.ts';
import { updatePacingRate } from '../congestion/pacing.ts';
import { generateSample } from '../rate.ts';
import { inFlight } from '../segmentation.ts';
import type { Tcb } from '../tcb.ts';
import { note, type Turn } from '../turn.ts';

/** Moves the congestion machine (tcp_set_ca_state). */
export function setCaState(turn: Turn, state: CaState): void {
  const { tcb } = turn;
  tcb.cc.control.setState?.(tcb, state, turn.now);
  tcb.cc.state = state;
}

export const isReducing = ({ cc }: Tcb): boolean => cc.state === 'CWR' || cc.state === 'Recovery';

/** A reduction begins (tcp_init_cwnd_reduction). */
export function beginReduction(turn: Turn): void {
  const { tcb } = turn;
  const { cc } = tcb;
  cc.highSeq = tcb.snd.nxt;
  tcb.probe = undefined;
  cc.count = 0;
  cc.priorCwnd = cc.cwnd;
  cc.prrDelivered = 0;
  cc.prrOut = 0;
  cc.ssthresh = cc.control.ssthresh(tcb, turn.now);
  if (tcb.ecn.on) tcb.ecn.queueCwr = true;
}

/** ECN, or the device, calls for less though nothing was lost (tcp_enter_cwr; RFC 3168 section 6.1.2). */
export function enterCwr(turn: Turn): void {
  const { tcb } = turn;
  tcb.cc.priorSsthresh = 0;
  if (tcb.cc.state !== 'Open' && tcb.cc.state !== 'Disorder') return;
  note(
    turn,
    'congestion, though nothing is known to be lost: the window is reduced',
    '3168 6.1.2',
    'tcp_input.c tcp_enter_cwr',
  );
  tcb.cc.undoMarker = undefined;
  beginReduction(turn);
  setCaState(turn, 'CWR');
}

/** As much leaves as the way down to ssthresh allows (tcp_cwnd_reduction). */
export function reduce(tcb: Tcb, delivered: number, newlyLost: number, advanced: boolean): void {
  const { cc } = tcb;
  if (delivered <= 0 || cc.priorCwnd === 0) return;
  const pipe = inFlight(tcb);
  cc.prrDelivered += delivered;
  const room = cc.ssthresh - pipe;
  let allowance: number;
  if (room < 0) {
    allowance = Math.floor((cc.ssthresh * cc.prrDelivered + cc.priorCwnd - 1) / cc.priorCwnd) - cc.prrOut;
  } else {
    allowance = Math.max(cc.prrDelivered - cc.prrOut, delivered);
    if (advanced && newlyLost === 0) allowance++;
    allowance = Math.min(room, allowance);
  }
  // the first retransmission always leaves
  cc.cwnd = pipe + Math.max(allowance, cc.prrOut > 0 ? 0 : 1);
}

/** The reduction is over: the window is the threshold, unless it was undone (tcp_end_cwnd_reduction). */
export function endReduction(turn: Turn): void {
  const { tcb } = turn;
  const { cc } = tcb;
  if (cc.control.main) return;
  if (cc.ssthresh < INFINITE_SSTHRESH && (cc.state === 'CWR' || cc.undoMarker !== undefined)) {
    cc.cwnd = cc.ssthresh;
    cc.cwndStamp = turn.now;
  }
  cc.control.event?.(tcb, 'COMPLETE_CWR', turn.now);
}

/** The rate follows the window (tcp_update_pacing_rate). */
export function updateRate(tcb: Tcb): void {
  const { settings } = tcb;
  if (!tcb.cc.control.main)
    updatePacingRate(tcb, settings.pacingSsRatio, settings.pacingCaRatio, tcb.opts.maxPacingRate);
}

/** What the algorithm has decided. */
export function remark(turn: Turn, what: Remark | undefined): void {
  if (what) note(turn, what.rule, what.rfc, what.linux);
}

/** After an acknowledgment: the window of a reduction, or growth (tcp_cong_control). */
export function congestionControl(turn: Turn, delivered: number, lost: number, news: AckNews): void {
  const { tcb, now } = turn;
  const { cc, rate, loss, settings } = tcb;
  generateSample(rate, delivered, lost, loss.reneged, tcb.rtt.minRtt, now);
  if (cc.control.main) {
    remark(turn, cc.control.main(tcb, rate.sample, now));
    return;
  }
  if (isReducing(tcb)) {
    reduce(tcb, delivered, lost, news.advanced);
  } else {
    const progress = news.dataAcked || news.synAcked || news.sacked;
    const raise = loss.reordering > settings.reordering ? progress : news.dataAcked;
    if (raise && cc.state !== 'CWR') {
      const doubling = inSlowStart(cc);
      cc.control.avoid?.(tcb, delivered, now);
      if (doubling && !inSlowStart(cc))
        note(
          turn,
          'the window has reached its threshold: congestion avoidance',
          '5681 3.1',
          'tcp_cong.c tcp_slow_start',
        );
      cc.cwndStamp = now;
    }
  }
  updateRate(tcb);
}
