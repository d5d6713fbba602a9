/**
 * Delivery rate: how fast the network delivers, measured from each segment's departure to its acknowledgment (Linux
 * tcp_rate.c; draft-cheng-iccrg-delivery-rate-estimation). The core calls `segmentSent` before a segment counts as
 * outstanding, `segmentDelivered` for each segment that an acknowledgment or a SACK block newly accounts for,
 * `generateSample` once at the end of each acknowledgment, and `checkAppLimited` when the program writes.
 *
 * Times are microseconds, amounts are segments. Nothing is allocated per segment or acknowledgment.
 */
import { type Seq, seq, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { ANY_RETRANS, SACKED } from './send-queue.ts';

/** What an acknowledgment shows of the path (Linux struct rate_sample). */
export interface RateSample {
  /** Segments delivered over `intervalUs`; -1 when there is no sample. */
  delivered: number;
  /** The longer of the time it took to send them and the time it took to see them acknowledged; -1: no sample. */
  intervalUs: number;
  /** `delivered` of the connection when the newest of them left, and when that count was reached; 0: none yet. */
  priorDelivered: number;
  priorUs: number;
  /** The newest of them left when the program had no more to send. */
  isAppLimited: boolean;
  /** The newest of them had been sent before. */
  isRetrans: boolean;
  /** Its end (Linux last_end_seq). */
  end: Seq;
  /** Microseconds; negative when this acknowledgment shows no round trip. */
  rttUs: number;
  /** The round trip may be a delayed acknowledgment's: one lone small segment. */
  isAckDelayed: boolean;
  /** Segments in flight before this acknowledgment. */
  priorInFlight: number;
  /** Segments newly accounted for, and newly presumed lost. */
  ackedSacked: number;
  losses: number;
}

/** A connection's side. */
export interface RateBlock {
  /** Segments delivered so far, held ones included (Linux tp->delivered). */
  delivered: number;
  /** Segments presumed lost so far (Linux tp->lost). */
  lost: number;
  /** When `delivered` last grew, and when the newest of these segments had been sent. Microseconds. */
  deliveredUs: number;
  firstSentUs: number;
  /** The program is what limits until so many are delivered; 0: it is not (Linux app_limited). */
  appLimited: number;
  /** The last sample worth telling (TCP_INFO's delivery rate). */
  rateDelivered: number;
  rateIntervalUs: number;
  rateAppLimited: boolean;
  /** Of the acknowledgment at hand; begun by `beginSample`. */
  readonly sample: RateSample;
}

/** A segment's side, beside what it is (Linux TCP_SKB_CB(skb)->tx). */
export interface RatedSegment {
  /** When it was last sent. */
  readonly at: Time;
  readonly end: Seq;
  /** Whether it was sent again, whether the peer holds it (send-queue.ts). */
  readonly marks: number;
  /** The connection when it was last sent: `delivered`, `deliveredUs` (-1: already counted), `firstSentUs`, app-limited. */
  txDelivered: number;
  txDeliveredUs: number;
  txFirstSentUs: number;
  txAppLimited: boolean;
}

const micros = (t: Time): number => Math.floor(t / 1000);
const COUNTED = -1;

export const newRateBlock = (): RateBlock => ({
  delivered: 0,
  lost: 0,
  deliveredUs: 0,
  firstSentUs: 0,
  appLimited: 0,
  rateDelivered: 0,
  rateIntervalUs: 0,
  rateAppLimited: false,
  sample: {
    delivered: -1,
    intervalUs: -1,
    priorDelivered: 0,
    priorUs: COUNTED,
    isAppLimited: false,
    isRetrans: false,
    end: seq(0),
    rttUs: -1,
    isAckDelayed: false,
    priorInFlight: 0,
    ackedSacked: 0,
    losses: 0,
  },
});

/** An acknowledgment begins. */
export function beginSample(rate: RateBlock, priorInFlight: number): RateSample {
  const { sample } = rate;
  sample.delivered = -1;
  sample.intervalUs = -1;
  sample.priorDelivered = 0;
  sample.priorUs = COUNTED;
  sample.isAppLimited = false;
  sample.isRetrans = false;
  sample.rttUs = -1;
  sample.isAckDelayed = false;
  sample.priorInFlight = priorInFlight;
  sample.ackedSacked = 0;
  sample.losses = 0;
  return sample;
}

/**
 * A segment leaves, the first time or again (tcp_rate_skb_sent).
 * @param packetsOut segments outstanding before it: with none, the interval begins now
 */
export function segmentSent(rate: RateBlock, segment: RatedSegment, packetsOut: number): void {
  if (packetsOut === 0) rate.firstSentUs = rate.deliveredUs = micros(segment.at);
  segment.txFirstSentUs = rate.firstSentUs;
  segment.txDeliveredUs = rate.deliveredUs;
  segment.txDelivered = rate.delivered;
  segment.txAppLimited = rate.appLimited > 0;
}

/** A segment is newly accounted for: the one sent last gives the sample (tcp_rate_skb_delivered). */
export function segmentDelivered(rate: RateBlock, segment: RatedSegment): void {
  if (segment.txDeliveredUs === COUNTED) return;
  const { sample } = rate;
  const sentUs = micros(segment.at);
  const newest =
    sample.priorDelivered === 0 ||
    sentUs > rate.firstSentUs ||
    (sentUs === rate.firstSentUs && seqLt(sample.end, segment.end));
  if (newest) {
    sample.priorDelivered = segment.txDelivered;
    sample.priorUs = segment.txDeliveredUs;
    sample.isAppLimited = segment.txAppLimited;
    sample.isRetrans = (segment.marks & ANY_RETRANS) !== 0;
    sample.end = segment.end;
    rate.firstSentUs = sentUs;
    sample.intervalUs = sentUs - segment.txFirstSentUs; // of the sending
  }
  if (segment.marks & SACKED) segment.txDeliveredUs = COUNTED; // it will be acknowledged once more
}

/**
 * The acknowledgment is taken: completes its sample (tcp_rate_gen).
 * @param delivered segments newly accounted for; already added to `rate.delivered`
 * @param lost segments newly presumed lost
 * @param reneged the peer dropped what it had held: what it says of time is worth nothing
 * @param minRttUs the smallest round trip known; a sample over less is no sample
 */
export function generateSample(
  rate: RateBlock,
  delivered: number,
  lost: number,
  reneged: boolean,
  minRttUs: number,
  now: Time,
): RateSample {
  const { sample } = rate;
  const nowUs = micros(now);
  if (rate.appLimited > 0 && rate.delivered > rate.appLimited) rate.appLimited = 0;
  if (delivered > 0) rate.deliveredUs = nowUs;
  sample.ackedSacked = delivered;
  sample.losses = lost;
  if (sample.priorUs === COUNTED || reneged) {
    sample.delivered = -1;
    sample.intervalUs = -1;
    return sample;
  }
  sample.delivered = rate.delivered - sample.priorDelivered;
  sample.intervalUs = Math.max(sample.intervalUs, nowUs - sample.priorUs);
  if (sample.intervalUs < minRttUs) {
    sample.intervalUs = -1;
    return sample;
  }
  const better = sample.delivered * rate.rateIntervalUs >= rate.rateDelivered * sample.intervalUs;
  if (!sample.isAppLimited || better) {
    rate.rateDelivered = sample.delivered;
    rate.rateIntervalUs = sample.intervalUs;
    rate.rateAppLimited = sample.isAppLimited;
  }
  return sample;
}

/** The program is what limits: samples of segments sent from here to there show it, not the path. */
export function markAppLimited(rate: RateBlock, inFlight: number): void {
  rate.appLimited = Math.max(rate.delivered + inFlight, 1);
}

/**
 * Before a write is taken: whether the network has been waiting for the program (tcp_rate_check_app_limited). What waits
 * in the host's own queues is not looked at: the simulated card takes a segment at once.
 * @param unsent bytes written and not sent
 */
export function checkAppLimited(
  rate: RateBlock,
  unsent: number,
  mss: number,
  inFlight: number,
  cwnd: number,
  lostOut: number,
  retransOut: number,
): void {
  if (unsent < mss && inFlight < cwnd && lostOut <= retransOut) markAppLimited(rate, inFlight);
}

/** The delivery rate in bytes per second; 0 before the first sample (tcp_compute_delivery_rate). */
export const deliveryRate = (rate: RateBlock, mss: number): number =>
  rate.rateDelivered > 0 && rate.rateIntervalUs > 0
    ? Math.floor((rate.rateDelivered * mss * 1e6) / rate.rateIntervalUs)
    : 0;
