/**
 * Timeouts (RFC 9293 section 3.10.8): what happens when a timer of the connection is due. Calling it when nothing is
 * due does nothing, so a stale alarm is harmless.
 */
import { human, type Time } from '../base/time.ts';
import { keepAliveTimeout } from './keepalive.ts';
import { output } from './output.ts';
import { probeDelay, sendProbe } from './persist.ts';
import { compressedAckDue, delayedAckDue, setPingpong } from './receive/acknowledging.ts';
import { enterLoss, enterRecovery } from './recovery/alert.ts';
import { rearmRetransmission, sendLossProbe } from './recovery/probe.ts';
import { detectLoss } from './recovery/rack.ts';
import { reduce } from './recovery/reduce.ts';
import { resend, retransmit, retransmitLost } from './retransmit.ts';
import { backedOff, RTO_MAX, RTO_MIN } from './rtt.ts';
import { inFlight } from './segmentation.ts';
import { NEVER, type Tcb, TIMERS, type TimerName } from './tcb.ts';
import { sendReset } from './transmit.ts';
import { begin, type Effect, enter, finish, note, setXmitTimer, type Turn } from './turn.ts';

/** Applies the timers of this connection that are due at `now`. */
export function timerExpires(tcb: Tcb, now: Time): { fired: TimerName[]; effects: Effect[] } {
  const turn = begin(tcb, now);
  const fired: TimerName[] = [];
  for (const name of TIMERS) {
    const at = tcb.timers[name];
    if (at === undefined || at > now) continue;
    tcb.timers[name] = undefined;
    fired.push(name);
    EXPIRE[name](turn);
  }
  if (fired.length > 0) output(turn);
  return { fired, effects: turn.effects };
}

const EXPIRE: Record<TimerName, (turn: Turn) => void> = {
  retransmit: retransmitTimeout,
  'loss probe': (turn) => {
    note(
      turn,
      'the last segments are not acknowledged: probe for loss',
      '8985 7.3',
      'tcp_output.c tcp_send_loss_probe',
    );
    sendLossProbe(turn);
  },
  reordering: reorderingTimeout,
  pacing: () => {},
  persist: probeTimeout,
  'delayed ACK': delayedAckDue,
  'compressed ACK': compressedAckDue,
  keepalive: (turn) => {
    if (keepAliveTimeout(turn) === 'give up') giveUp(turn);
  },
  'FIN-WAIT-2': (turn) => {
    note(
      turn,
      'nobody holds this socket and the peer does not close: gone',
      '',
      'tcp_timer.c, net.ipv4.tcp_fin_timeout',
    );
    giveUp(turn);
  },
  'TIME-WAIT': (turn) => {
    enter(turn, 'time-wait timeout', 'CLOSED');
    finish(turn);
  },
};

function giveUp(turn: Turn): void {
  enter(turn, 'timeout', 'CLOSED');
  finish(turn, 'ETIMEDOUT');
}

/**
 * How long an unanswered segment is sent again before the connection fails: the time that `retries` doublings from
 * 200 ms would take, 924.6 s for 15 (tcp_timer.c retransmits_timed_out).
 */
function patience(retries: number): number {
  const doublings = Math.floor(Math.log2(RTO_MAX / RTO_MIN));
  if (retries <= doublings) return (2 ** (retries + 1) - 1) * RTO_MIN;
  return (2 ** (doublings + 1) - 1) * RTO_MIN + (retries - doublings) * RTO_MAX;
}

function expired(tcb: Tcb, now: Time): boolean {
  const { settings, rtt } = tcb;
  if (tcb.state === 'SYN-SENT') return rtt.timeouts >= settings.synRetries + settings.synLinearTimeouts;
  if (tcb.state === 'SYN-RECEIVED') return rtt.timeouts >= settings.synackRetries;
  const retries = tcb.orphan ? settings.orphanRetries || 8 : settings.retries2;
  const since = tcb.loss.retransStamp;
  return rtt.timeouts > 0 && since !== NEVER && now - since >= patience(retries);
}

/** Segments that were only late have had their time: what is still missing is lost (tcp_rack_reo_timeout). */
function reorderingTimeout(turn: Turn): void {
  const { tcb } = turn;
  const before = inFlight(tcb);
  const lost = tcb.rate.lost;
  detectLoss(tcb, turn.now);
  if (before !== inFlight(tcb)) {
    if (tcb.cc.state !== 'Recovery') {
      enterRecovery(turn, false);
      if (!tcb.cc.control.main) reduce(tcb, 1, tcb.rate.lost - lost, false);
    }
    retransmitLost(turn);
  }
  if (tcb.timers.retransmit === undefined) rearmRetransmission(turn);
}

/** RFC 6298 section 5.4 to 5.7; tcp_timer.c tcp_retransmit_timer. */
function retransmitTimeout(turn: Turn): void {
  const { tcb } = turn;
  const head = tcb.queue.sent.head;
  if (!head) return;
  if (expired(tcb, turn.now)) {
    note(
      turn,
      `sent ${tcb.rtt.timeouts + 1} times without an answer: given up`,
      '9293 3.8.3',
      'tcp_timer.c tcp_write_timeout',
    );
    giveUp(turn);
    return;
  }
  const waited = human((turn.now - head.at) as Time);
  const what = head.syn ? (tcb.state === 'SYN-SENT' ? 'SYN' : 'SYN,ACK') : 'segment';
  note(
    turn,
    `${what} not acknowledged for ${waited}: sent again (RTO)`,
    '6298 5.4',
    'tcp_timer.c tcp_retransmit_timer',
  );
  if (!head.syn) enterLoss(turn);
  tcb.rtt.timeouts++;
  tcb.stats.totalRto++;
  if (head.syn) setPingpong(tcb, false);
  if (head.syn) resend(turn, head, 1);
  else if (tcb.queue.sent.head) retransmit(turn, tcb.queue.sent.head, 1);
  const linear = tcb.state === 'SYN-SENT' && tcb.rtt.timeouts <= tcb.settings.synLinearTimeouts;
  if (!linear) tcb.rtt.backoff++;
  setXmitTimer(turn, 'retransmit', backedOff(tcb));
}

/** RFC 9293 section 3.8.6.1; tcp_timer.c tcp_probe_timer. */
function probeTimeout(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.counts.packetsOut > 0 || !tcb.queue.unsent.head) return;
  if (tcb.rtt.probes >= tcb.settings.retries2) {
    note(
      turn,
      `${tcb.rtt.probes} window probes without an answer: given up`,
      '9293 3.8.3',
      'tcp_timer.c tcp_probe_timer',
    );
    if (tcb.orphan) sendReset(turn);
    giveUp(turn);
    return;
  }
  note(turn, 'the window is still closed: probe it', '9293 3.8.6.1', 'tcp_output.c tcp_write_wakeup');
  tcb.rtt.probes++;
  sendProbe(turn);
  tcb.rtt.backoff++;
  if (tcb.counts.packetsOut === 0) setXmitTimer(turn, 'persist', probeDelay(tcb));
}
