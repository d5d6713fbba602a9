/**
 * Timeouts (RFC 9293 section 3.10.8): what happens when a timer of the connection is due. Calling it when nothing is
 * due does nothing, so a stale alarm is harmless.
 */
import { human, ms, type Time } from '../base/time.ts';
import { INFINITE_SSTHRESH } from './congestion/control.ts';
import {
  giveUp,
  probesTimedOut,
  probeWithinUserTimeout,
  shrunkWindowTimedOut,
  withinUserTimeout,
  writeTimeout,
} from './giving-up.ts';
import { keepAliveTimeout } from './keepalive.ts';
import { output } from './output.ts';
import { probeDelay, sendProbe } from './persist.ts';
import { compressedAckDue, delayedAckDue, setPingpong } from './receive/acknowledging.ts';
import { enterLoss, enterRecovery } from './recovery/alert.ts';
import { rearmRetransmission, sendLossProbe } from './recovery/probe.ts';
import { detectLoss } from './recovery/rack.ts';
import { reduce } from './recovery/reduce.ts';
import { resend, retransmit, retransmitLost } from './retransmit.ts';
import { backedOff } from './rtt.ts';
import { inFlight } from './segmentation.ts';
import type { Skb } from './send-queue.ts';
import { NEVER, type Tcb } from './tcb.ts';
import { endTimeWait, finWait2Timeout } from './time-wait.ts';
import { TIMERS, type TimerName } from './timers.ts';
import { begin, type Effect, note, setXmitTimer, type Turn } from './turn.ts';

/** A stream with fewer segments in flight is thin (tcp_stream_is_thin). */
const THIN_SEGMENTS = 4;
/** Linux TCP_RESOURCE_PROBE_INTERVAL: how soon what the device refused is tried again. */
const RESOURCE_PROBE_INTERVAL = ms(500);
/** Linux TCP_THIN_LINEAR_RETRIES. */
const THIN_LINEAR_RETRIES = 6;

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
  pacing: pacingOver,
  persist: probeTimeout,
  'delayed ACK': delayedAckDue,
  'compressed ACK': compressedAckDue,
  keepalive: (turn) => {
    if (keepAliveTimeout(turn) === 'give up') giveUp(turn);
  },
  'FIN-WAIT-2': finWait2Timeout,
  'TIME-WAIT': endTimeWait,
};

/** The next packet may leave: what is lost goes before what is new, which `output` sends (tcp_tsq_write). */
function pacingOver(turn: Turn): void {
  const { counts, cc } = turn.tcb;
  if (counts.lostOut > counts.retransOut && cc.cwnd > inFlight(turn.tcb)) retransmitLost(turn);
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
export function retransmitTimeout(turn: Turn): void {
  const { tcb } = turn;
  const head = tcb.queue.sent.head;
  if (!head) return;
  const opening = tcb.state === 'SYN-SENT' || tcb.state === 'SYN-RECEIVED';
  if (tcb.snd.wnd === 0 && !tcb.orphan && !opening) {
    if (!probeShrunkWindow(turn, head)) return;
  } else {
    if (writeTimeout(turn)) return;
    if (!sendHeadAgain(turn, head)) {
      setXmitTimer(turn, 'retransmit', RESOURCE_PROBE_INTERVAL);
      return;
    }
  }
  const linear = tcb.state === 'SYN-SENT' && tcb.rtt.timeouts <= tcb.settings.synLinearTimeouts;
  if (thinLinear(tcb)) tcb.rtt.backoff = 0;
  else if (!linear) tcb.rtt.backoff++;
  const timeout = backedOff(tcb);
  setXmitTimer(turn, 'retransmit', opening && !tcb.active ? timeout : withinUserTimeout(turn, timeout));
}

/** @returns false when the device takes none */
function sendHeadAgain(turn: Turn, head: Skb): boolean {
  const { tcb } = turn;
  if (tcb.deferred && tcb.rtt.timeouts < tcb.opts.deferAccept - 1) {
    tcb.rtt.timeouts++; // the peer has answered: nothing is said until its last chance
    return true;
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
  else if (tcb.queue.sent.head) return retransmit(turn, tcb.queue.sent.head, 1) || !tcb.settings.deviceFull;
  return true;
}

/** The peer closed a window in which data is out already: retransmissions become probes. @returns false: given up */
function probeShrunkWindow(turn: Turn, head: Skb): boolean {
  const linux = 'tcp_timer.c tcp_retransmit_timer';
  if (shrunkWindowTimedOut(turn, head.at)) {
    note(turn, 'the peer took its window back and is silent: given up', '9293 3.8.3', linux);
    giveUp(turn);
    return false;
  }
  note(turn, 'the peer took its window back: what is out is sent again as a probe', '9293 3.8.6.1', linux);
  enterLoss(turn);
  if (turn.tcb.queue.sent.head) retransmit(turn, turn.tcb.queue.sent.head, 1);
  return true;
}

/** Few segments in flight and the program wants no exponential waiting: the first timeouts are alike (thin_lto). */
function thinLinear({ state, opts, settings, counts, cc, rtt }: Tcb): boolean {
  if (state !== 'ESTABLISHED' || !(opts.thinLinear || settings.thinLinear)) return false;
  return counts.packetsOut < THIN_SEGMENTS && cc.ssthresh < INFINITE_SSTHRESH && rtt.timeouts <= THIN_LINEAR_RETRIES;
}

/** RFC 9293 section 3.8.6.1; tcp_timer.c tcp_probe_timer, tcp_output.c tcp_send_probe0. */
function probeTimeout(turn: Turn): void {
  const { tcb } = turn;
  const { rtt, settings } = tcb;
  const idle = () => tcb.counts.packetsOut > 0 || !tcb.queue.unsent.head;
  if (idle()) {
    rtt.probes = 0;
    rtt.probesSince = NEVER;
    return;
  }
  if (probesTimedOut(turn)) return;
  note(turn, 'the window is still closed: probe it', '9293 3.8.6.1', 'tcp_output.c tcp_write_wakeup');
  const sent = sendProbe(turn);
  if (idle()) {
    rtt.probes = rtt.backoff = 0;
    rtt.probesSince = NEVER;
    return;
  }
  rtt.probes++;
  if (sent && rtt.backoff < settings.retries2) rtt.backoff++;
  setXmitTimer(turn, 'persist', probeWithinUserTimeout(turn, sent ? probeDelay(tcb) : RESOURCE_PROBE_INTERVAL));
}
