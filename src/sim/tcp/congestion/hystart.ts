/**
 * HyStart: slow start ends before it loses a window's worth (Linux tcp_cubic.c hystart_update). Two signs that the path
 * is full, looked for once per round trip: acknowledgments keep coming closely for longer than the path's round trip
 * explains, and the round trip itself grows.
 */
import { seqLt } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import { type Flow, micros, type Remark } from './control.ts';
import type { Cubic } from './cubic.ts';

/** Smaller windows are left alone, in segments (hystart_low_window). */
const LOW_WINDOW = 16;
/** Acknowledgments this close belong to one train, in microseconds (hystart_ack_delta_us). */
const ACK_DELTA = 2000;
/** Samples of a round before its delay counts (HYSTART_MIN_SAMPLES). */
const MIN_SAMPLES = 8;
/** By how much the round trip must grow: an eighth, in these bounds, in microseconds. */
const DELAY_MIN = 4000;
const DELAY_MAX = 16_000;
/** The most that one packet for the network card holds, in bytes: 64 KiB less room for headers (sk_gso_max_size). */
const GSO_MAX_SIZE = 65_536 - 320 - 1;

const TRAIN: Remark = {
  rule: 'HyStart: acknowledgments keep coming for half a round trip: slow start ends',
  rfc: '9438 4.10',
  linux: 'tcp_cubic.c hystart_update',
};
const DELAY: Remark = {
  rule: 'HyStart: the round trip of this round has grown: slow start ends',
  rfc: '9406 4.2',
  linux: 'tcp_cubic.c hystart_update',
};

/** A round trip begins (bictcp_hystart_reset). */
export function resetRound(ca: Cubic, { snd }: Flow, now: Time): void {
  ca.roundStart = ca.lastAck = micros(now);
  ca.endSeq = snd.nxt;
  ca.roundRtt = 0xffffffff;
  ca.samples = 0;
}

/** Time that segments may spend in large packets rather than on the path: 1 ms at most (hystart_ack_delay). */
const aggregation = (rate: number): number => Math.min(1000, Math.floor((GSO_MAX_SIZE * 4 * 1e6) / rate));

/** An acknowledgment in slow start, with its round trip in microseconds. @returns why slow start ends, if it does */
export function watchDelay(ca: Cubic, flow: Flow, delay: number, nowNs: Time): Remark | undefined {
  const { cc, snd } = flow;
  if (seqLt(ca.endSeq, snd.una)) resetRound(ca, flow, nowNs);
  if (cc.cwnd < LOW_WINDOW) return undefined;

  let why: Remark | undefined;
  const now = micros(nowNs);
  if (now - ca.lastAck <= ACK_DELTA) {
    ca.lastAck = now;
    const whole = ca.delayMin + aggregation(cc.pacingRate);
    // paced segments are spread over half a round trip themselves
    if (now - ca.roundStart > (flow.pacing.by === 'none' ? whole >> 1 : whole)) why = TRAIN;
  }

  ca.roundRtt = Math.min(ca.roundRtt, delay);
  if (ca.samples < MIN_SAMPLES) ca.samples++;
  else if (ca.roundRtt > ca.delayMin + Math.min(Math.max(ca.delayMin >> 3, DELAY_MIN), DELAY_MAX)) why ??= DELAY;

  if (why) {
    ca.found = true;
    cc.ssthresh = cc.cwnd;
  }
  return why;
}
