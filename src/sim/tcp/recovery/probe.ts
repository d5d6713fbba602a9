/**
 * Tail loss probes (RFC 8985 section 7; Linux tcp_output.c tcp_schedule_loss_probe, tcp_send_loss_probe): when the last
 * segments of a flight are lost no later arrival can tell, so after two round trips one segment is sent that will.
 */
import { seqDiff, seqLt } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import { thresholdAfterLoss } from '../congestion/reno.ts';
import { backedOff, RTO_MIN } from '../rtt.ts';
import type { Tcb } from '../tcb.ts';
import { note, setTimer, type Turn } from '../turn.ts';
import { TIMEOUT_MIN } from './rack.ts';

/** Arms the probe in place of the retransmission timer, where Linux does; otherwise the retransmission timer. */
export function armRetransmission(turn: Turn, sending: boolean): void {
  const { tcb } = turn;
  setTimer(turn, 'reordering', undefined);
  if (tcb.flights.length === 0) {
    setTimer(turn, 'retransmit', undefined);
    setTimer(turn, 'loss probe', undefined);
    return;
  }
  const timeout = sending ? remainingTimeout(tcb, turn.now) : backedOff(tcb);
  const probe = probeTimeout(tcb);
  setTimer(turn, 'retransmit', probe === undefined ? backedOff(tcb) : undefined);
  setTimer(turn, 'loss probe', probe === undefined ? undefined : (Math.min(probe, timeout) as Time));
}

/** How long until the head would time out (tcp_rto_delta_us). */
export const remainingTimeout = (tcb: Tcb, now: Time): Time => {
  const head = tcb.flights[0];
  return Math.max(head ? backedOff(tcb) - (now - head.at) : 0, TIMEOUT_MIN) as Time;
};

function probeTimeout(tcb: Tcb): number | undefined {
  if (!tcb.sackOk || tcb.cc.recovery !== 'none' || tcb.probe || tcb.rtt.srtt8 === 0) return undefined;
  if (tcb.flights.some((flight) => flight.syn || flight.sacked)) return undefined;
  const twoRounds = (tcb.rtt.srtt8 >> 2) * 1000;
  return twoRounds + (tcb.flights.length === 1 ? RTO_MIN : TIMEOUT_MIN); // one alone may wait for a delayed ACK
}

/** What the ACK tells of the last probe (tcp_process_tlp_ack). */
export function judgeProbe(turn: Turn, ack: Tcb['snd']['una'], bare: boolean): void {
  const { tcb } = turn;
  const { probe } = tcb;
  if (!probe || seqLt(ack, probe.end)) return;
  if (!probe.again) {
    tcb.probe = undefined;
  } else if (seqDiff(ack, probe.end) > 0) {
    note(turn, 'the probe repaired a loss: the window is reduced once', '8985 7.4', 'tcp_input.c tcp_process_tlp_ack');
    tcb.cc.ssthresh = thresholdAfterLoss(tcb);
    tcb.cc.cwnd = tcb.cc.ssthresh;
    tcb.probe = undefined;
  } else if (bare) {
    tcb.probe = undefined; // both copies arrived
  }
}
