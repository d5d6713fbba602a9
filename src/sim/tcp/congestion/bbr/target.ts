/**
 * What BBR's model means for sending: the rate, and how much may be in flight (Linux tcp_bbr.c bbr_bdp, bbr_inflight,
 * bbr_bw_to_pacing_rate).
 */
import type { Time } from '../../../base/time.ts';
import { type Flow, INITIAL_CWND, NO_RTT } from '../control.ts';
import { type Bbr, BW_UNIT, bandwidth, HIGH_GAIN, UNIT } from './state.ts';

/** A hundredth below the estimate, so that queues shrink. */
const MARGIN = 990_000;
/** Below 1.2 Mbit/s packets for the network card hold one segment, otherwise two. */
const MIN_TSO_RATE = 1_200_000 / 8;
/** The most that one packet for the network card holds (GSO_LEGACY_MAX_SIZE - 1 - MAX_TCP_HEADER). */
const GSO_MAX_SIZE = 65_536 - 1 - 320;
/** The most that acknowledgments in heaps may add: 100 ms at the estimated bandwidth. */
const EXTRA_ACKED_MAX_US = 100_000;

/** Bytes per second of a bandwidth times a gain. */
export function bytesPerSecond(bw: number, mss: number, gain: number): number {
  const x = Math.floor((bw * mss * gain) / UNIT);
  const high = Math.floor(x / BW_UNIT);
  return high * MARGIN + Math.floor(((x - high * BW_UNIT) * MARGIN) / BW_UNIT);
}

const pacingRate = (flow: Flow, bw: number, gain: number): number =>
  Math.min(bytesPerSecond(bw, flow.snd.mss, gain), flow.opts.maxPacingRate);

/** The rate to begin with: the window per round trip, or per millisecond before the first sample, with the high gain. */
export function initPacingRate(flow: Flow, ca: Bbr): void {
  let rtt = 1000;
  if (flow.rtt.srtt8 > 0) {
    rtt = Math.max(flow.rtt.srtt8 >>> 3, 1);
    ca.hasSeenRtt = true;
  }
  flow.cc.pacingRate = pacingRate(flow, Math.floor((flow.cc.cwnd * BW_UNIT) / rtt), HIGH_GAIN);
}

/** Until the pipe is full the rate only grows. */
export function setPacingRate(flow: Flow, ca: Bbr, bw: number, gain: number): void {
  const rate = pacingRate(flow, bw, gain);
  if (!ca.hasSeenRtt && flow.rtt.srtt8 > 0) initPacingRate(flow, ca);
  if (ca.fullBwReached || rate > flow.cc.pacingRate) flow.cc.pacingRate = rate;
}

export const minTsoSegs = ({ cc }: Flow): number => (cc.pacingRate < MIN_TSO_RATE ? 1 : 2);

/** Segments of a packet that takes about a millisecond at this rate. */
function tsoSegsGoal(flow: Flow): number {
  const bytes = Math.min(Math.floor(flow.cc.pacingRate / 1024), GSO_MAX_SIZE);
  return Math.min(Math.max(Math.floor(bytes / flow.snd.mss), minTsoSegs(flow)), 0x7f);
}

/** The bandwidth-delay product times a gain, in segments. */
export function bdp(ca: Bbr, bw: number, gain: number): number {
  if (ca.minRtt === NO_RTT) return INITIAL_CWND;
  const w = bw * ca.minRtt;
  const high = Math.floor(w / UNIT);
  return Math.ceil((high * gain + Math.floor(((w - high * UNIT) * gain) / UNIT)) / BW_UNIT);
}

/** Room for what hosts hold back in large packets and delayed acknowledgments. */
function quantized(flow: Flow, ca: Bbr, cwnd: number): number {
  const even = (cwnd + 3 * tsoSegsGoal(flow) + 1) & ~1;
  return ca.mode === 'PROBE_BW' && ca.cycleIndex === 0 ? even + 2 : even;
}

export const inflightOf = (flow: Flow, ca: Bbr, bw: number, gain: number): number =>
  quantized(flow, ca, bdp(ca, bw, gain));

/** The window for steady sending. */
export const targetCwnd = (flow: Flow, ca: Bbr, bw: number, gain: number): number =>
  quantized(flow, ca, bdp(ca, bw, gain) + aggregation(ca));

/** What acknowledgments in heaps hold back. */
function aggregation(ca: Bbr): number {
  if (!ca.fullBwReached) return 0;
  const most = Math.floor((bandwidth(ca) * EXTRA_ACKED_MAX_US) / BW_UNIT);
  return Math.min(Math.max(ca.extraAcked[0], ca.extraAcked[1]), most);
}

/** Segments that will be in the network when the next packet may leave. */
export function inNetAtDeparture(flow: Flow, ca: Bbr, inflight: number, now: Time): number {
  const wait = Math.floor(Math.max(flow.pacing.next - now, 0) / 1000);
  const delivered = Math.floor((bandwidth(ca) * wait) / BW_UNIT);
  const then = ca.pacingGain > UNIT ? inflight + tsoSegsGoal(flow) : inflight;
  return Math.max(then - delivered, 0);
}
