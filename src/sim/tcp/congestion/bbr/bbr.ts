/**
 * BBR, version 1 (Linux tcp_bbr.c; draft-cardwell-iccrg-bbr-congestion-control-00): the sender keeps a model of the
 * path, its bandwidth (the best delivery rate of ten rounds) and its delay (the smallest round trip of ten seconds), and
 * sends at that rate with about twice their product in flight. Loss as such is no signal.
 *
 * Each acknowledgment passes `main`: model first, then mode (modes.ts), then rate and window (target.ts). It needs
 * pacing, so `init` turns it on.
 */
import type { Time } from '../../../base/time.ts';
import type { RateSample } from '../../rate.ts';
import {
  type CaEvent,
  type CaState,
  type CongestionControl,
  type Flow,
  INFINITE_SSTHRESH,
  INITIAL_CWND,
  jiffies,
  micros,
  packetsInFlight,
  type Remark,
} from '../control.ts';
import { updateMax } from './filter.ts';
import { resetLongTerm, sampleLongTerm } from './long-term.ts';
import { checkDrain, checkFull, checkProbeRttDone, saveCwnd, updateCycle, updateGains, updateMinRtt } from './modes.ts';
import { type Bbr, BW_UNIT, bandwidth, CWND_MIN, type Mode, newBbr, own, UNIT } from './state.ts';
import { initPacingRate, minTsoSegs, setPacingRate, targetCwnd } from './target.ts';

/** Rounds over which the best delivery rate counts. */
const BW_ROUNDS = 10;
/** Rounds over which one half of the aggregation filter counts. */
const EXTRA_ACKED_ROUNDS = 5;
/** An epoch of so many segments begins anew. */
const ACK_EPOCH_MAX = 2 ** 20;

const remark = (rule: string, linux: string): Remark => ({ rule, rfc: '', linux: `tcp_bbr.c ${linux}` });
/** What a change of mode means. */
const ENTERED: Readonly<Record<Mode, Remark>> = {
  STARTUP: remark('BBR: the pipe was never full: STARTUP goes on', 'bbr_reset_startup_mode'),
  DRAIN: remark('BBR: the bandwidth has stopped growing: DRAIN, the queue shall run empty', 'bbr_check_drain'),
  PROBE_BW: remark('BBR: PROBE_BW, the rate goes round its cycle about the bandwidth', 'bbr_reset_probe_bw_mode'),
  PROBE_RTT: remark(
    'BBR: the smallest round trip is 10 s old: PROBE_RTT, four segments in flight',
    'bbr_update_min_rtt',
  ),
};

function init(flow: Flow, now: Time): void {
  const ca = newBbr();
  flow.cc.private = ca;
  flow.cc.ssthresh = INFINITE_SSTHRESH;
  ca.minRtt = flow.rtt.minRtt;
  ca.minRttAt = jiffies(now);
  ca.ackEpochUs = micros(now);
  initPacingRate(flow, ca);
  resetLongTerm(flow, ca);
  flow.pacing.by = 'tcp';
}

function main(flow: Flow, sample: RateSample, now: Time): Remark | undefined {
  const ca = own(flow);
  const { mode } = ca;
  updateBandwidth(flow, ca, sample);
  updateAggregation(flow, ca, sample);
  updateCycle(flow, ca, sample, now);
  checkFull(ca, sample);
  checkDrain(flow, ca, now);
  updateMinRtt(flow, ca, sample, now);
  updateGains(ca);
  const bw = bandwidth(ca);
  setPacingRate(flow, ca, bw, ca.pacingGain);
  setCwnd(flow, ca, sample, bw);
  return ca.mode === mode ? undefined : ENTERED[ca.mode];
}

/** Rounds are counted by what was in flight when they began; the best rate of ten of them is the bandwidth. */
function updateBandwidth(flow: Flow, ca: Bbr, sample: RateSample): void {
  ca.roundStart = false;
  if (sample.delivered < 0 || sample.intervalUs <= 0) return;
  if (sample.priorDelivered >= ca.roundEnd) {
    ca.roundEnd = flow.rate.delivered;
    ca.rounds++;
    ca.roundStart = true;
    ca.packetConservation = false;
  }
  sampleLongTerm(flow, ca, sample.losses, sample.isAppLimited);
  const bw = Math.floor((sample.delivered * BW_UNIT) / sample.intervalUs);
  // what the program held back shows the path only where it shows more than was known
  if (!sample.isAppLimited || bw >= ca.bw.v0) updateMax(ca.bw, BW_ROUNDS, ca.rounds, bw);
}

/** How many segments more than expected are acknowledged at once: the most of five to ten rounds. */
function updateAggregation(flow: Flow, ca: Bbr, sample: RateSample): void {
  if (sample.ackedSacked <= 0 || sample.delivered < 0 || sample.intervalUs <= 0) return;
  if (ca.roundStart && ++ca.extraAckedRounds >= EXTRA_ACKED_ROUNDS) {
    ca.extraAckedRounds = 0;
    ca.extraAckedIndex = ca.extraAckedIndex === 0 ? 1 : 0;
    ca.extraAcked[ca.extraAckedIndex] = 0;
  }
  const epoch = Math.max(flow.rate.deliveredUs - ca.ackEpochUs, 0);
  let expected = Math.floor((bandwidth(ca) * epoch) / BW_UNIT);
  if (ca.ackEpochAcked <= expected || ca.ackEpochAcked + sample.ackedSacked >= ACK_EPOCH_MAX) {
    ca.ackEpochAcked = 0;
    ca.ackEpochUs = flow.rate.deliveredUs;
    expected = 0;
  }
  ca.ackEpochAcked = Math.min(ACK_EPOCH_MAX - 1, ca.ackEpochAcked + sample.ackedSacked);
  const extra = Math.min(ca.ackEpochAcked - expected, flow.cc.cwnd);
  if (extra > ca.extraAcked[ca.extraAckedIndex]) ca.extraAcked[ca.extraAckedIndex] = extra;
}

function setCwnd(flow: Flow, ca: Bbr, sample: RateSample, bw: number): void {
  const { cc } = flow;
  const acked = sample.ackedSacked;
  let { cwnd } = cc;
  if (acked > 0) {
    cwnd = inRecovery(flow, ca, sample);
    if (ca.packetConservation) {
      cwnd = Math.max(cwnd, packetsInFlight(flow) + acked);
    } else {
      const target = targetCwnd(flow, ca, bw, ca.cwndGain);
      if (ca.fullBwReached) cwnd = Math.min(cwnd + acked, target);
      else if (cwnd < target || flow.rate.delivered < INITIAL_CWND) cwnd += acked;
      cwnd = Math.max(cwnd, CWND_MIN);
    }
  }
  cc.cwnd = Math.min(cwnd, cc.clamp);
  if (ca.mode === 'PROBE_RTT') cc.cwnd = Math.min(cc.cwnd, CWND_MIN);
}

/** The window less what was lost; entering recovery what is in flight, leaving it what there was before. */
function inRecovery(flow: Flow, ca: Bbr, sample: RateSample): number {
  const { cc } = flow;
  const { prevState } = ca;
  let { cwnd } = cc;
  if (sample.losses > 0) cwnd = Math.max(cwnd - sample.losses, 1);
  const recovering = cc.state === 'Recovery' || cc.state === 'Loss';
  if (cc.state === 'Recovery' && prevState !== 'Recovery') {
    ca.packetConservation = true;
    ca.roundEnd = flow.rate.delivered;
    cwnd = packetsInFlight(flow) + sample.ackedSacked;
  } else if ((prevState === 'Recovery' || prevState === 'Loss') && !recovering) {
    cwnd = Math.max(cwnd, ca.priorCwnd);
    ca.packetConservation = false;
  }
  ca.prevState = cc.state;
  return cwnd;
}

/** Loss leaves the threshold alone; the window is remembered. */
function ssthresh(flow: Flow): number {
  saveCwnd(flow, own(flow));
  return flow.cc.ssthresh;
}

/** The reduction was an error: so may have been the judgment that the pipe is full. */
function undoCwnd(flow: Flow): number {
  const ca = own(flow);
  ca.fullBw = 0;
  ca.fullBwCount = 0;
  resetLongTerm(flow, ca);
  return flow.cc.cwnd;
}

function event(flow: Flow, event: CaEvent, now: Time): void {
  if (event !== 'TX_START' || flow.rate.appLimited === 0) return;
  const ca = own(flow);
  ca.idleRestart = true;
  ca.ackEpochUs = micros(now);
  ca.ackEpochAcked = 0;
  if (ca.mode === 'PROBE_BW') setPacingRate(flow, ca, bandwidth(ca), UNIT);
  else if (ca.mode === 'PROBE_RTT') checkProbeRttDone(flow, ca, now);
}

function setState(flow: Flow, state: CaState): void {
  if (state !== 'Loss') return;
  const ca = own(flow);
  ca.prevState = 'Loss';
  ca.fullBw = 0;
  ca.roundStart = true;
  sampleLongTerm(flow, ca, 1, false);
}

export const BBR: CongestionControl = {
  name: 'bbr',
  init,
  ssthresh,
  undoCwnd,
  main,
  setState,
  event,
  minTsoSegs,
  bufferedWindows: 3, // it may grow the window in recovery too
};
