/**
 * BBR's modes and when they change (Linux tcp_bbr.c): STARTUP until the bandwidth stops growing, DRAIN until the queue
 * is gone, then PROBE_BW for good, but for PROBE_RTT when the smallest round trip was not seen for 10 s.
 */
import { seqNumber } from '../../../base/seq.ts';
import type { Time } from '../../../base/time.ts';
import { markAppLimited, type RateSample } from '../../rate.ts';
import { type Flow, HZ, jiffies, packetsInFlight } from '../control.ts';
import { type Bbr, CWND_GAIN, CWND_MIN, CYCLE, DRAIN_GAIN, HIGH_GAIN, NOT_SET, UNIT } from './state.ts';
import { inflightOf, inNetAtDeparture } from './target.ts';

/** Rounds without a quarter more bandwidth after which the pipe counts as full. */
const FULL_ROUNDS = 3;
const MIN_RTT_WINDOW = 10 * HZ;
/** How long PROBE_RTT keeps little in flight. */
const PROBE_RTT_TIME = HZ / 5;

/** PROBE_BW begins at any phase but the one that drains; Linux draws, here the sequence number is what differs. */
export function enterProbeBw(flow: Flow, ca: Bbr): void {
  ca.mode = 'PROBE_BW';
  ca.cycleIndex = CYCLE.length - 1 - (seqNumber(flow.snd.nxt) % 7);
  nextPhase(flow, ca);
}

function nextPhase(flow: Flow, ca: Bbr): void {
  ca.cycleIndex = (ca.cycleIndex + 1) % CYCLE.length;
  ca.cycleUs = flow.rate.deliveredUs;
}

/** Goes round the cycle: a phase lasts a round trip, probing until it shows, draining until it is done. */
export function updateCycle(flow: Flow, ca: Bbr, sample: RateSample, now: Time): void {
  if (ca.mode === 'PROBE_BW' && isPhaseOver(flow, ca, sample, now)) nextPhase(flow, ca);
}

function isPhaseOver(flow: Flow, ca: Bbr, sample: RateSample, now: Time): boolean {
  const isFull = flow.rate.deliveredUs - ca.cycleUs > ca.minRtt;
  if (ca.pacingGain === UNIT) return isFull;
  const inflight = inNetAtDeparture(flow, ca, sample.priorInFlight, now);
  const bw = ca.bw.v0;
  if (ca.pacingGain > UNIT) return isFull && (sample.losses > 0 || inflight >= inflightOf(flow, ca, bw, ca.pacingGain));
  return isFull || inflight <= inflightOf(flow, ca, bw, UNIT);
}

/** STARTUP: has the bandwidth stopped growing? */
export function checkFull(ca: Bbr, sample: RateSample): void {
  if (ca.fullBwReached || !ca.roundStart || sample.isAppLimited) return;
  if (ca.bw.v0 >= Math.floor((ca.fullBw * 320) / UNIT)) {
    ca.fullBw = ca.bw.v0;
    ca.fullBwCount = 0;
    return;
  }
  ca.fullBwReached = ++ca.fullBwCount >= FULL_ROUNDS;
}

/** From STARTUP to DRAIN, and on when what is in flight is what the pipe holds. */
export function checkDrain(flow: Flow, ca: Bbr, now: Time): void {
  if (ca.mode === 'STARTUP' && ca.fullBwReached) {
    ca.mode = 'DRAIN';
    flow.cc.ssthresh = inflightOf(flow, ca, ca.bw.v0, UNIT);
  }
  if (ca.mode !== 'DRAIN') return;
  const inflight = inNetAtDeparture(flow, ca, packetsInFlight(flow), now);
  if (inflight <= inflightOf(flow, ca, ca.bw.v0, UNIT)) enterProbeBw(flow, ca);
}

/** The smallest round trip, and PROBE_RTT when it is too old. */
export function updateMinRtt(flow: Flow, ca: Bbr, sample: RateSample, now: Time): void {
  const clock = jiffies(now);
  const expired = clock > ca.minRttAt + MIN_RTT_WINDOW;
  if (sample.rttUs >= 0 && (sample.rttUs <= ca.minRtt || (expired && !sample.isAckDelayed))) {
    ca.minRtt = sample.rttUs;
    ca.minRttAt = clock;
  }
  if (expired && !ca.idleRestart && ca.mode !== 'PROBE_RTT') {
    ca.mode = 'PROBE_RTT';
    saveCwnd(flow, ca);
    ca.probeRttDone = NOT_SET;
  }
  if (ca.mode === 'PROBE_RTT') {
    markAppLimited(flow.rate, packetsInFlight(flow)); // low rates of this time say nothing
    if (ca.probeRttDone === NOT_SET && packetsInFlight(flow) <= CWND_MIN) {
      ca.probeRttDone = clock + PROBE_RTT_TIME;
      ca.probeRttRoundDone = false;
      ca.roundEnd = flow.rate.delivered;
    } else if (ca.probeRttDone !== NOT_SET) {
      if (ca.roundStart) ca.probeRttRoundDone = true;
      if (ca.probeRttRoundDone) checkProbeRttDone(flow, ca, now);
    }
  }
  if (sample.delivered > 0) ca.idleRestart = false;
}

/** PROBE_RTT may be over. */
export function checkProbeRttDone(flow: Flow, ca: Bbr, now: Time): void {
  if (ca.probeRttDone === NOT_SET || jiffies(now) <= ca.probeRttDone) return;
  ca.minRttAt = jiffies(now);
  flow.cc.cwnd = Math.max(flow.cc.cwnd, ca.priorCwnd);
  if (ca.fullBwReached) enterProbeBw(flow, ca);
  else ca.mode = 'STARTUP';
}

/** The window to come back to after recovery or PROBE_RTT. */
export function saveCwnd({ cc }: Flow, ca: Bbr): void {
  const whole = ca.prevState !== 'Recovery' && ca.prevState !== 'Loss' && ca.mode !== 'PROBE_RTT';
  ca.priorCwnd = whole ? cc.cwnd : Math.max(ca.priorCwnd, cc.cwnd);
}

/** What the mode asks for. */
export function updateGains(ca: Bbr): void {
  switch (ca.mode) {
    case 'STARTUP':
      ca.pacingGain = ca.cwndGain = HIGH_GAIN;
      break;
    case 'DRAIN':
      ca.pacingGain = DRAIN_GAIN;
      ca.cwndGain = HIGH_GAIN;
      break;
    case 'PROBE_BW':
      ca.pacingGain = ca.ltUseBw ? UNIT : (CYCLE[ca.cycleIndex] ?? UNIT);
      ca.cwndGain = CWND_GAIN;
      break;
    case 'PROBE_RTT':
      ca.pacingGain = ca.cwndGain = UNIT;
  }
}
