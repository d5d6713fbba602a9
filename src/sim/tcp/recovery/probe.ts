/**
 * Tail loss probes (RFC 8985 section 7; Linux tcp_output.c tcp_schedule_loss_probe, tcp_send_loss_probe): when the last
 * segments of a flight are lost no later arrival can tell, so after two round trips one segment is sent that will. And
 * the timer that it shares with the retransmission timeout.
 */
import { type Seq, seqDiff, seqLt } from '../../base/seq.ts';
import { s, type Time } from '../../base/time.ts';
import type { AckNews } from '../acknowledge.ts';
import { NODELAY, writeXmit } from '../output.ts';
import { resend, splitSent } from '../retransmit.ts';
import { backedOff, rtoMin } from '../rtt.ts';
import { currentMss, fitsWindow } from '../segmentation.ts';
import { payloadLength } from '../send-queue.ts';
import type { Tcb } from '../tcb.ts';
import { note, setTimer, setXmitTimer, type Turn } from '../turn.ts';
import { TIMEOUT_MIN } from './rack.ts';
import { beginReduction, endReduction, setCaState } from './reduce.ts';
import { keepOpen } from './undo.ts';

/** How long until the head would time out (tcp_rto_delta_us). */
export const remainingTimeout = (tcb: Tcb, now: Time): number => {
  const head = tcb.queue.sent.head;
  return head ? backedOff(tcb) - (now - head.at) : 0;
};

/** Starts the retransmission timer over, or stops it (tcp_rearm_rto). */
export function rearmRetransmission(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.counts.packetsOut === 0) {
    setTimer(turn, 'retransmit', undefined);
    setTimer(turn, 'loss probe', undefined);
    setTimer(turn, 'reordering', undefined);
    return;
  }
  let delay: number = backedOff(tcb);
  const { timers } = tcb;
  if (timers.reordering !== undefined || timers['loss probe'] !== undefined)
    delay = Math.max(remainingTimeout(tcb, turn.now), 1000);
  setXmitTimer(turn, 'retransmit', delay as Time);
}

/** After an acknowledgment: a probe, or else the timeout (tcp_set_xmit_timer). */
export function rearmAfterAck(turn: Turn): void {
  if (!scheduleLossProbe(turn, true)) rearmRetransmission(turn);
}

/** Sets the probe in place of the timeout, where Linux does. @param advancing an ACK moved things: the timeout counts from now */
export function scheduleLossProbe(turn: Turn, advancing: boolean): boolean {
  const { tcb } = turn;
  const { counts, rtt, cc } = tcb;
  if (!tcb.settings.lossProbes || counts.packetsOut === 0 || !tcb.sackOk) return false;
  if ((cc.state !== 'Open' && cc.state !== 'CWR') || tcb.state === 'SYN-SENT' || tcb.state === 'SYN-RECEIVED')
    return false;
  let delay: number = s(1);
  if (rtt.srtt8 > 0) {
    delay = (rtt.srtt8 >>> 2) * 1000;
    delay += counts.packetsOut === 1 ? rtoMin(tcb) : TIMEOUT_MIN; // one alone may wait for a delayed ACK
  }
  const timeout = advancing ? backedOff(tcb) : remainingTimeout(tcb, turn.now);
  if (timeout > 0) delay = Math.min(delay, timeout);
  setXmitTimer(turn, 'loss probe', delay as Time);
  return true;
}

/** The probe is due: new data if there is any, else the last segment again (tcp_send_loss_probe). */
export function sendLossProbe(turn: Turn): void {
  const { tcb } = turn;
  if (!tcb.probe) {
    const mss = currentMss(tcb);
    const head = tcb.queue.unsent.head;
    if (head && fitsWindow(tcb, head, mss)) {
      const before = tcb.counts.packetsOut;
      writeXmit(turn, mss, NODELAY, 'probe');
      if (tcb.counts.packetsOut > before) probeSent(turn, false);
    } else if (repeatLast(turn, mss)) {
      probeSent(turn, true);
    }
  }
  rearmRetransmission(turn);
}

function probeSent(turn: Turn, again: boolean): void {
  turn.tcb.probe = { end: turn.tcb.snd.nxt, again };
  setTimer(turn, 'loss probe', undefined); // the timeout counts from now
  setTimer(turn, 'reordering', undefined);
}

function repeatLast(turn: Turn, mss: number): boolean {
  const { tcb } = turn;
  let last = tcb.queue.sent.tail;
  if (!last) return false;
  const most = (last.segs - 1) * mss;
  if (last.segs > 1 && payloadLength(last) > most) last = splitSent(tcb, last, most, mss);
  return resend(turn, last, 1);
}

/** What the ACK tells of the last probe (tcp_process_tlp_ack). */
export function judgeProbe(turn: Turn, ack: Seq, news: AckNews): void {
  const { tcb } = turn;
  const { probe } = tcb;
  if (!probe || seqLt(ack, probe.end)) return;
  if (!probe.again || news.dsackOfProbe) {
    tcb.probe = undefined;
  } else if (seqDiff(ack, probe.end) > 0) {
    note(turn, 'the probe repaired a loss: the window is reduced once', '8985 7.4', 'tcp_input.c tcp_process_tlp_ack');
    beginReduction(turn);
    setCaState(turn, 'CWR');
    endReduction(turn);
    keepOpen(turn);
  } else if (!news.advanced && !news.data && !news.windowUpdate && !news.dataAcked && !news.synAcked && !news.sacked) {
    tcb.probe = undefined; // both copies arrived
  }
}
