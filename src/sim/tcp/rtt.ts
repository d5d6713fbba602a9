/**
 * Round-trip time and retransmission timeout (RFC 6298), in the fixed-point form of Linux (tcp_input.c
 * tcp_rtt_estimator): microseconds, srtt times 8, deviations times 4. Linux differs from the RFC in two ways: the
 * deviation never counts less than 200 ms, so RTO = SRTT + max(200 ms, 4 RTTVAR), and a falling RTT raises the
 * deviation less than a rising one.
 */
import { powerOf2 } from '../base/bits.ts';
import { seqLt } from '../base/seq.ts';
import { ms, type Time, us } from '../base/time.ts';
import type { Tcb } from './tcb.ts';

/** Linux TCP_RTO_MIN; RFC 6298 says 1 s. */
export const RTO_MIN = ms(200);

/** The least that the deviation adds to a timeout: the route's, the socket's or the host's word, in this order (tcp_rto_min). */
export const rtoMin = ({ opts, settings }: Tcb): Time => settings.routeRtoMin ?? (opts.rtoMin || settings.rtoMin);
/** The longest timeout (tcp_rto_max). */
export const rtoMax = ({ opts, settings }: Tcb): Time => opts.rtoMax || settings.rtoMax;

/** Microseconds from one instant to another, as the kernel's microsecond clock counts them. */
export const elapsed = (from: Time, to: Time): number => Math.floor(to / 1000) - Math.floor(from / 1000);

/**
 * Takes a sample for the smallest round trip (tcp_update_rtt_min). Linux keeps the three best of the window; here the
 * best is kept until it is too old.
 * @param delayed it may be a delayed ACK's: then only a smaller one counts
 */
export function sampleMin({ rtt, settings }: Tcb, micros: number, delayed: boolean, now: Time): void {
  if (micros < 0 || (delayed && micros > rtt.minRtt)) return;
  if (micros > rtt.minRtt && now - rtt.minAt <= settings.minRttWindow) return;
  rtt.minRtt = micros === 0 ? 1000 : micros;
  rtt.minAt = now;
}

/** These variables have 32 bits: a round trip of more than nine minutes wraps (struct tcp_sock). */
const u32 = (value: number): number => value >>> 0;

/** Takes a sample in microseconds of a segment that was sent once (Karn's algorithm is the caller's). */
export function sampleRtt(tcb: Tcb, sample: number): void {
  const { rtt } = tcb;
  const m = Math.max(1, sample);
  const least = rtoMin(tcb) / 1000;
  if (rtt.srtt8 === 0) {
    rtt.srtt8 = u32(m * 8);
    rtt.mdev4 = u32(m * 2); // half the sample: the first RTO is three times the RTT
    rtt.rttvar4 = Math.max(rtt.mdev4, least);
    rtt.mdevMax4 = rtt.rttvar4;
    rtt.seq = tcb.snd.nxt;
  } else {
    const error = m - (rtt.srtt8 >>> 3);
    rtt.srtt8 = Math.max(1, u32(rtt.srtt8 + error));
    let change = Math.abs(error) - (rtt.mdev4 >>> 2);
    if (error < 0 && change > 0) change = Math.floor(change / 8);
    rtt.mdev4 = u32(rtt.mdev4 + change);
    if (rtt.mdev4 > rtt.mdevMax4) {
      rtt.mdevMax4 = rtt.mdev4;
      rtt.rttvar4 = Math.max(rtt.rttvar4, rtt.mdevMax4);
    }
    if (seqLt(rtt.seq, tcb.snd.una)) {
      if (rtt.mdevMax4 < rtt.rttvar4) rtt.rttvar4 -= (rtt.rttvar4 - rtt.mdevMax4) >>> 2;
      rtt.seq = tcb.snd.nxt;
      rtt.mdevMax4 = least;
    }
  }
  rtt.rto = Math.min(us((rtt.srtt8 >>> 3) + rtt.rttvar4), rtoMax(tcb)) as Time;
}

/** The smoothed round trip; 0 before the first sample. */
export const smoothedRtt = (tcb: Tcb): Time => us(tcb.rtt.srtt8 >>> 3);

/** The timeout with backoff (RFC 6298 5.5), within bounds. */
export const backedOff = (tcb: Tcb): Time => Math.min(tcb.rtt.rto * powerOf2(tcb.rtt.backoff), rtoMax(tcb)) as Time;
