/**
 * Policers: a token bucket drops what exceeds its rate, after a burst of credit. Two intervals in a row, each from loss
 * to loss, with much loss and the same throughput show one; its rate is then BBR's bandwidth for a while (Linux
 * tcp_bbr.c bbr_lt_bw_sampling).
 */
import type { Flow } from '../control.ts';
import { enterProbeBw } from './modes.ts';
import { type Bbr, BW_UNIT, UNIT } from './state.ts';
import { bytesPerSecond } from './target.ts';

/** An interval takes 4 rounds at least and 16 at most; its bandwidth is used for 48. */
const MIN_ROUNDS = 4;
const USE_ROUNDS = 48;
/** Lost for each 256 delivered that make an interval lossy: a fifth. */
const LOSS_THRESH = 50;
/** Two bandwidths are the same within an eighth, or within 4 kbit/s. */
const SAME_RATIO = UNIT / 8;
const SAME_BYTES = 4000 / 8;

/** Begins an interval. */
function beginInterval(flow: Flow, ca: Bbr): void {
  ca.ltMs = Math.floor(flow.rate.deliveredUs / 1000);
  ca.ltDelivered = flow.rate.delivered;
  ca.ltLost = flow.rate.lost;
  ca.ltRounds = 0;
}

/** Forgets all. */
export function resetLongTerm(flow: Flow, ca: Bbr): void {
  ca.ltBw = 0;
  ca.ltUseBw = false;
  ca.ltIsSampling = false;
  beginInterval(flow, ca);
}

/** An acknowledgment, or a timeout: `losses` were newly found. */
export function sampleLongTerm(flow: Flow, ca: Bbr, losses: number, appLimited: boolean): void {
  if (ca.ltUseBw) {
    if (ca.mode === 'PROBE_BW' && ca.roundStart && ++ca.ltRounds >= USE_ROUNDS) {
      resetLongTerm(flow, ca);
      enterProbeBw(flow, ca);
    }
    return;
  }
  // the first loss says that the bucket is empty
  if (!ca.ltIsSampling) {
    if (losses === 0) return;
    beginInterval(flow, ca);
    ca.ltIsSampling = true;
  }
  if (appLimited) {
    resetLongTerm(flow, ca);
    return;
  }
  if (ca.roundStart) ca.ltRounds++;
  if (ca.ltRounds < MIN_ROUNDS) return;
  if (ca.ltRounds > 4 * MIN_ROUNDS) {
    resetLongTerm(flow, ca);
    return;
  }
  if (losses === 0) return;
  const lost = flow.rate.lost - ca.ltLost;
  const delivered = flow.rate.delivered - ca.ltDelivered;
  if (delivered === 0 || lost * UNIT < LOSS_THRESH * delivered) return;
  const elapsed = Math.floor(flow.rate.deliveredUs / 1000) - ca.ltMs;
  if (elapsed < 1) return;
  intervalDone(flow, ca, Math.floor((delivered * BW_UNIT) / (elapsed * 1000)));
}

function intervalDone(flow: Flow, ca: Bbr, bw: number): void {
  if (ca.ltBw > 0) {
    const diff = Math.abs(bw - ca.ltBw);
    if (diff * UNIT <= SAME_RATIO * ca.ltBw || bytesPerSecond(diff, flow.snd.mss, UNIT) <= SAME_BYTES) {
      ca.ltBw = Math.floor((bw + ca.ltBw) / 2);
      ca.ltUseBw = true;
      ca.pacingGain = UNIT;
      ca.ltRounds = 0;
      return;
    }
  }
  ca.ltBw = bw;
  beginInterval(flow, ca);
}
