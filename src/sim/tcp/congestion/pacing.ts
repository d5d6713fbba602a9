/**
 * The rate at which a window's worth should leave (Linux tcp_input.c tcp_update_pacing_rate). Unless pacing is on it
 * only decides how many segments go to the network card at once, and how much HyStart allows for that.
 */
import type { Flow } from './control.ts';

/** SO_MAX_PACING_RATE: with a limit TCP paces (sk_setsockopt). */
export function limitRate({ cc, pacing, opts }: Flow): void {
  if (opts.maxPacingRate === Number.POSITIVE_INFINITY) return;
  pacing.by = 'tcp';
  cc.pacingRate = Math.min(cc.pacingRate, opts.maxPacingRate);
}

/**
 * A window per smoothed round trip, and more: twice that while the window is far below the threshold, so that slow
 * start can double. For algorithms without `main`, after each acknowledgment.
 * @param slowStartRatio percent, net.ipv4.tcp_pacing_ss_ratio
 * @param avoidanceRatio percent, net.ipv4.tcp_pacing_ca_ratio
 * @param most bytes per second, SO_MAX_PACING_RATE
 */
export function updatePacingRate(flow: Flow, slowStartRatio: number, avoidanceRatio: number, most: number): void {
  const { cc } = flow;
  const ratio = cc.cwnd < cc.ssthresh >> 1 ? slowStartRatio : avoidanceRatio;
  const segments = Math.max(cc.cwnd, flow.counts.packetsOut);
  const rate = flow.snd.mss * 80_000 * ratio * segments; // per 8 microseconds, percent: 10^6 * 8 / 100
  cc.pacingRate = Math.min(flow.rtt.srtt8 > 0 ? Math.floor(rate / flow.rtt.srtt8) : rate, most);
}
