/**
 * When a connection that is not answered is given up, and how the program's TCP_USER_TIMEOUT shortens the wait (RFC 9293
 * section 3.8.3, RFC 5482; Linux tcp_timer.c tcp_write_timeout, tcp_probe_timer). Nothing here sends anything but a reset.
 */
import { human, ms, s, type Time } from '../base/time.ts';
import { suspectBlackHole } from './mtu-probe.ts';
import { backedOff, RTO_MIN, rtoMax } from './rtt.ts';
import { NEVER, type Tcb } from './tcb.ts';
import { sendReset } from './transmit.ts';
import { enter, finish, note, type Turn } from './turn.ts';

/** Linux TCP_TIMEOUT_MIN: two ticks. */
const TIMEOUT_MIN = ms(2);
/** A tick of a kernel with 1000 Hz. */
const TICK = ms(1);
/** TCP_TIMEOUT_INIT: the timeout before the first round trip. */
const FIRST_TIMEOUT = s(1);
/** A connection that sent something within this time is reset, not dropped, when orphans are too many (TCP_TIMEWAIT_LEN). */
const RECENT = s(60);
/** Retries of an orphan that is still alive when no setting says otherwise (tcp_orphan_retries). */
const ORPHAN_RETRIES = 8;

/** The connection has failed: what an ICMP message said went wrong, or else ETIMEDOUT (tcp_write_err). */
export function giveUp(turn: Turn): void {
  enter(turn, 'timeout', 'CLOSED');
  finish(turn, turn.tcb.softError ?? 'ETIMEDOUT');
}

/** The time that so many retransmissions would take, each after twice the time of the one before (tcp_model_timeout). */
function modelTimeout(retries: number, base: Time, most: Time): number {
  const doublings = Math.floor(Math.log2(most / base));
  if (retries <= doublings) return (2 ** (retries + 1) - 1) * base;
  return (2 ** (doublings + 1) - 1) * base + (retries - doublings) * most;
}

/**
 * Whether retransmissions have gone on for as long as `retries` would take, or for the user timeout. Linux counts time,
 * not packets, and from the first retransmission on; of a SYN from the SYN on (retransmits_timed_out).
 */
function timedOut({ tcb, now }: Turn, retries: number, userTimeout: Time): boolean {
  const since = tcb.loss.retransStamp;
  if (tcb.rtt.timeouts === 0 || since === NEVER) return false;
  const opening = tcb.state === 'SYN-SENT' || tcb.state === 'SYN-RECEIVED';
  const limit = userTimeout || modelTimeout(retries, opening ? FIRST_TIMEOUT : RTO_MIN, rtoMax(tcb));
  return now - since >= limit;
}

/** How often an orphan is tried again; `alive`: its timeout has not reached the maximum (tcp_orphan_retries). */
function orphanRetries({ settings, softError }: Tcb, alive: boolean): number {
  const retries = softError && !alive ? 0 : settings.orphanRetries;
  return retries === 0 && alive ? ORPHAN_RETRIES : retries;
}

/**
 * Whether the host has too many orphans to keep this one, which counts double for each reason to doubt it. If so it is
 * over (tcp_out_of_resources).
 */
function outOfResources(turn: Turn, reset: boolean): boolean {
  const { tcb, now } = turn;
  const { totals, maxOrphans } = tcb.settings;
  const silent = now - tcb.lastSent;
  const doubts = (silent > 2 * rtoMax(tcb) || !reset ? 1 : 0) + (tcb.softError ? 1 : 0);
  if (totals.orphans * 2 ** doubts <= maxOrphans) return false;
  note(turn, 'too many connections that nobody holds: this one is dropped', '', 'tcp_timer.c tcp_out_of_resources');
  if (reset || silent <= RECENT || (tcb.snd.wnd === 0 && tcb.counts.packetsOut === 0)) sendReset(turn);
  enter(turn, 'timeout', 'CLOSED');
  finish(turn);
  return true;
}

/** The retransmission timer is due once more: is this enough? @returns whether the connection is over */
export function writeTimeout(turn: Turn): boolean {
  const { tcb } = turn;
  const { settings, opts, rtt } = tcb;
  if (tcb.state === 'SYN-SENT' || tcb.state === 'SYN-RECEIVED') return synTimeout(turn);
  if (timedOut(turn, settings.retries1, 0 as Time)) suspectBlackHole(turn);
  let retries = settings.retries2;
  if (tcb.orphan) {
    const alive = backedOff(tcb) < rtoMax(tcb);
    retries = orphanRetries(tcb, alive);
    if (outOfResources(turn, alive || !timedOut(turn, retries, 0 as Time))) return true;
  }
  if (!timedOut(turn, retries, opts.userTimeout)) return false;
  const why = opts.userTimeout ? `for ${human(opts.userTimeout)}, the user timeout` : `after ${rtt.timeouts} timeouts`;
  note(turn, `no answer ${why}: given up`, opts.userTimeout ? '5482' : '9293 3.8.3', 'tcp_timer.c tcp_write_timeout');
  giveUp(turn);
  return true;
}

/** A SYN counts its timeouts; a listener's SYN,ACK has a count of its own (reqsk_timer_handler). */
function synTimeout(turn: Turn): boolean {
  const { tcb } = turn;
  const { settings, opts, rtt } = tcb;
  const retries = opts.synCount || (tcb.active ? settings.synRetries : settings.synackRetries);
  const most = tcb.state === 'SYN-SENT' ? retries + settings.synLinearTimeouts : retries;
  // whoever has answered already has until the end of TCP_DEFER_ACCEPT to send something (syn_ack_recalc)
  if (!tcb.active && tcb.deferred && rtt.timeouts < opts.deferAccept) return false;
  if (rtt.timeouts < most && !(tcb.active && timedOut(turn, retries, opts.userTimeout))) return false;
  const what = tcb.state === 'SYN-SENT' ? 'SYN' : 'SYN,ACK';
  const times = rtt.timeouts === 0 ? 'once' : `${rtt.timeouts + 1} times`;
  note(turn, `${what} sent ${times} without an answer: given up`, '9293 3.8.3', 'tcp_timer.c tcp_write_timeout');
  giveUp(turn);
  return true;
}

/**
 * The peer took its window back and says nothing more while data is out: its silence counts, not the number of
 * retransmissions (tcp_rtx_probe0_timed_out).
 */
export function shrunkWindowTimedOut({ tcb, now }: Turn, firstSent: Time): boolean {
  const since = tcb.loss.retransStamp === NEVER ? firstSent : tcb.loss.retransStamp;
  const { userTimeout } = tcb.opts;
  let limit = 2 * rtoMax(tcb);
  if (userTimeout > 0) {
    if (now - since > userTimeout) return true;
    limit = Math.min(limit, userTimeout);
  }
  return now - tcb.stats.lastAckRecv > limit && now - since > limit;
}

/** Another window probe is due: is this enough? @returns whether the connection is over */
export function probesTimedOut(turn: Turn): boolean {
  const { tcb, now } = turn;
  const { settings, opts, rtt } = tcb;
  let most = settings.retries2;
  let over = opts.userTimeout > 0 && rtt.probesSince !== NEVER && now - rtt.probesSince >= opts.userTimeout;
  if (rtt.probesSince === NEVER) rtt.probesSince = now;
  if (!over && tcb.orphan) {
    const alive = backedOff(tcb) < rtoMax(tcb);
    most = orphanRetries(tcb, alive);
    over = !alive && rtt.backoff >= most;
    if (!over && outOfResources(turn, true)) return true;
  }
  if (!over && rtt.probes < most) return false;
  note(turn, `${rtt.probes} window probes in vain: given up`, '9293 3.8.3', 'tcp_timer.c tcp_probe_timer');
  giveUp(turn);
  return true;
}

/** A retransmission timeout ends no later than the user timeout (tcp_clamp_rto_to_user_timeout). */
export function withinUserTimeout({ tcb, now }: Turn, timeout: Time): Time {
  const { userTimeout } = tcb.opts;
  const since = tcb.loss.retransStamp;
  if (userTimeout === 0 || since === NEVER) return timeout;
  const left = userTimeout - (now - since);
  return left <= 0 ? TICK : (Math.min(timeout, left) as Time);
}

/** The same for window probes (tcp_clamp_probe0_to_user_timeout). */
export function probeWithinUserTimeout({ tcb, now }: Turn, delay: Time): Time {
  const { userTimeout } = tcb.opts;
  const since = tcb.rtt.probesSince;
  if (userTimeout === 0 || since === NEVER) return delay;
  return Math.min(delay, Math.max(userTimeout - (now - since), TIMEOUT_MIN)) as Time;
}
