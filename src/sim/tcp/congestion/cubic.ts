/**
 * CUBIC (RFC 9438, as Linux tcp_cubic.c has it): after a loss the window approaches its old size along a cubic curve of
 * the time since then, stays there a while, and then probes beyond. The arithmetic is Linux's, integer for integer:
 * time in 1/1024 s, the curve's factor C = 0.4 as 410/1024, beta = 717/1024, and a cube root by table and one step of
 * Newton's method, so that windows agree segment for segment.
 *
 * Until the first loss slow start ends by HyStart (hystart.ts).
 */
import { SimBug } from '../../base/bug.ts';
import { type Seq, seq } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import { type CaEvent, type CaState, type CongestionControl, type Flow, HZ, jiffies, type Remark } from './control.ts';
import { avoidAi, inSlowStart, isCwndLimited, slowStart } from './growth.ts';
import { resetRound, watchDelay } from './hystart.ts';
import { undoCwnd } from './reno.ts';

/** Linux struct bictcp. */
export interface Cubic {
  readonly kind: 'cubic';
  /** The window grows by one for this many acknowledged segments (cnt). */
  every: number;
  /** The window at the last loss, less when it had not recovered since the loss before (last_max_cwnd). */
  lastMaxCwnd: number;
  lastCwnd: number;
  /** Jiffies: when `every` was last computed (last_time). */
  lastTime: number;
  /** Where the curve is flat (bic_origin_point). */
  origin: number;
  /** From the beginning of the epoch to the origin, in 1/1024 s (bic_K). */
  k: number;
  /** Microseconds: the smallest round trip; 0 before the first (delay_min). */
  delayMin: number;
  /** Jiffies: the first acknowledgment in congestion avoidance since the loss; or {@link NO_EPOCH} (epoch_start). */
  epochStart: number;
  /** Segments acknowledged that do not yet count in `renoCwnd` (ack_cnt). */
  ackCount: number;
  /** What Reno's window would be (tcp_cwnd). */
  renoCwnd: number;
  /** HyStart has found where slow start must end (found). */
  found: boolean;
  /** HyStart's round: since when, until which sequence number, and the last acknowledgment of its train. Microseconds. */
  roundStart: number;
  endSeq: Seq;
  lastAck: number;
  /** The smallest round trip of this round, and of how many samples (curr_rtt, sample_cnt). */
  roundRtt: number;
  samples: number;
}

const NO_EPOCH = -1;
/** Multiplicative decrease and the curve's C, of 1024. */
const BETA = 717;
const C = 410;
/** 2^40 / 410: turns a distance of windows into the cube of K (cube_factor). */
const CUBE_FACTOR = Math.floor(2 ** 40 / C);
/** Reno's increase for the same beta, of 8: 8 (1 + beta) / (3 (1 - beta)) (beta_scale). */
const RENO_SCALE = Math.floor(Math.floor((8 * (1024 + BETA)) / 3) / (1024 - BETA));

function own({ cc }: Flow): Cubic {
  if (cc.private?.kind !== 'cubic') throw new SimBug('CUBIC was not initialised');
  return cc.private;
}

/** Forgets the losses and the curve (bictcp_reset). */
function forget(ca: Cubic): void {
  ca.every = 0;
  ca.lastMaxCwnd = 0;
  ca.lastCwnd = 0;
  ca.lastTime = 0;
  ca.origin = 0;
  ca.k = 0;
  ca.delayMin = 0;
  ca.epochStart = NO_EPOCH;
  ca.ackCount = 0;
  ca.renoCwnd = 0;
  ca.found = false;
}

function init(flow: Flow, now: Time): void {
  const ca: Cubic = {
    kind: 'cubic',
    every: 0,
    lastMaxCwnd: 0,
    lastCwnd: 0,
    lastTime: 0,
    origin: 0,
    k: 0,
    delayMin: 0,
    epochStart: NO_EPOCH,
    ackCount: 0,
    renoCwnd: 0,
    found: false,
    roundStart: 0,
    endSeq: seq(0),
    lastAck: 0,
    roundRtt: 0,
    samples: 0,
  };
  resetRound(ca, flow, now);
  flow.cc.private = ca;
}

function avoid(flow: Flow, acked: number, now: Time): void {
  const { cc } = flow;
  if (!isCwndLimited(cc)) return;
  let left = acked;
  if (inSlowStart(cc)) {
    left = slowStart(cc, left);
    if (left === 0) return;
  }
  const ca = own(flow);
  update(ca, cc.cwnd, left, jiffies(now));
  avoidAi(cc, ca.every, left);
}

/** Computes `every` (bictcp_update). */
function update(ca: Cubic, cwnd: number, acked: number, now: number): void {
  ca.ackCount += acked;
  if (ca.lastCwnd === cwnd && now - ca.lastTime <= HZ >> 5) return;
  // at most once per jiffy, but at once after a loss
  if (ca.epochStart === NO_EPOCH || now !== ca.lastTime) {
    ca.lastCwnd = cwnd;
    ca.lastTime = now;
    if (ca.epochStart === NO_EPOCH) beginEpoch(ca, cwnd, acked, now);
    ca.every = followCurve(ca, cwnd, now);
  }
  ca.every = Math.max(Math.min(ca.every, renoPace(ca, cwnd)), 2); // half a segment per acknowledged one at most
}

/** The first acknowledgment in congestion avoidance after a loss: where the curve begins, and where it is flat. */
function beginEpoch(ca: Cubic, cwnd: number, acked: number, now: number): void {
  ca.epochStart = now;
  ca.ackCount = acked;
  ca.renoCwnd = cwnd;
  ca.k = ca.lastMaxCwnd <= cwnd ? 0 : cubeRoot(CUBE_FACTOR * (ca.lastMaxCwnd - cwnd));
  ca.origin = Math.max(ca.lastMaxCwnd, cwnd);
}

/** Acknowledged segments per step on the way to where the curve will be a round trip from now. */
function followCurve(ca: Cubic, cwnd: number, now: number): number {
  const ahead = Math.ceil((ca.delayMin * HZ) / 1e6);
  const t = Math.floor(((now - ca.epochStart + ahead) * 1024) / HZ);
  const rise = cubed(Math.abs(t - ca.k));
  // 32 bits, unsigned: far below the origin the difference wraps and the step is the largest
  const target = (t < ca.k ? ca.origin - rise : ca.origin + rise) >>> 0;
  const every = target > cwnd ? Math.floor(cwnd / (target - cwnd)) : 100 * cwnd;
  // nothing was lost yet: 5 % per round trip at least
  return ca.lastMaxCwnd === 0 ? Math.min(every, 20) : every;
}

/** As fast as Reno would, where CUBIC is slower (RFC 9438 section 4.3). */
function renoPace(ca: Cubic, cwnd: number): number {
  const perStep = (cwnd * RENO_SCALE) >> 3;
  while (ca.ackCount > perStep) {
    ca.ackCount -= perStep;
    ca.renoCwnd++;
  }
  return ca.renoCwnd > cwnd ? Math.floor(cwnd / (ca.renoCwnd - cwnd)) : Number.POSITIVE_INFINITY;
}

const LIMB = 2 ** 20;

/**
 * C x^3 / 2^40 of x in 1/1024 s: segments. As in 64 bits, of which 24 are left; exact for x below 2^26, 18 hours. Limbs of
 * 20 bits, as a double holds 53.
 */
export function cubed(x: number): number {
  const square = x * x;
  const a0 = square % LIMB;
  const a1 = Math.floor(square / LIMB) % LIMB;
  const a2 = Math.floor(square / (LIMB * LIMB));
  const b = C * x;
  const b0 = b % LIMB;
  const b1 = Math.floor(b / LIMB);
  const below = Math.floor((a0 * b0) / LIMB) + a0 * b1 + a1 * b0;
  return (Math.floor(below / LIMB) + a1 * b1 + a2 * b0 + a2 * b1 * LIMB) % 2 ** 24;
}

/** 64 times the cube root of n / 64, less 10: the first guess, by the six leading bits (Linux's table). */
// biome-ignore format: rows of eight, as one counts them
const ROOTS = [
    0,  54,  54,  54, 118, 118, 118, 118,
  123, 129, 134, 138, 143, 147, 151, 156,
  157, 161, 164, 168, 170, 173, 176, 179,
  181, 185, 187, 190, 192, 194, 197, 199,
  200, 202, 204, 206, 209, 211, 213, 215,
  217, 219, 221, 222, 224, 225, 227, 229,
  231, 232, 234, 236, 237, 239, 240, 242,
  244, 245, 246, 248, 250, 251, 252, 254,
];

/** The cube root as Linux finds it: 0.2 % off on average. For whole numbers below 2^53. */
export function cubeRoot(a: number): number {
  if (a < 64) return ((ROOTS[a] ?? 0) + 35) >> 6;
  const bits = a < 2 ** 32 ? 32 - Math.clz32(a) : 64 - Math.clz32(Math.floor(a / 2 ** 32));
  const third = ((bits * 84) >> 8) - 1;
  const lead = ROOTS[Math.floor(a / 2 ** (third * 3))] ?? 0;
  const guess = ((lead + 10) << third) >> 6;
  const better = 2 * guess + Math.floor(a / (guess * (guess - 1)));
  return (better * 341) >> 10; // a third
}

/** A loss ends the epoch; a window that had not recovered yet makes room for others (cubictcp_recalc_ssthresh). */
function ssthresh(flow: Flow): number {
  const { cwnd } = flow.cc;
  const ca = own(flow);
  ca.epochStart = NO_EPOCH;
  ca.lastMaxCwnd = cwnd < ca.lastMaxCwnd ? (cwnd * (1024 + BETA)) >>> 11 : cwnd;
  return Math.max((cwnd * BETA) >>> 10, 2);
}

function setState(flow: Flow, state: CaState, now: Time): void {
  if (state !== 'Loss') return;
  const ca = own(flow);
  forget(ca);
  resetRound(ca, flow, now);
}

/** Time in which the program sent nothing does not count for the curve. */
function event(flow: Flow, event: CaEvent, now: Time): void {
  if (event !== 'TX_START') return;
  const ca = own(flow);
  const idle = jiffies(now) - jiffies(flow.lastSent);
  if (ca.epochStart !== NO_EPOCH && idle > 0) ca.epochStart = Math.min(ca.epochStart + idle, jiffies(now));
}

function acked(flow: Flow, _segments: number, rttUs: number, _inFlight: number, now: Time): Remark | undefined {
  if (rttUs < 0) return undefined;
  const ca = own(flow);
  // round trips right after fast recovery are those of a queue that drains
  if (ca.epochStart !== NO_EPOCH && jiffies(now) - ca.epochStart < HZ) return undefined;
  const delay = Math.max(rttUs, 1);
  if (ca.delayMin === 0 || ca.delayMin > delay) ca.delayMin = delay;
  return !ca.found && inSlowStart(flow.cc) ? watchDelay(ca, flow, delay, now) : undefined;
}

export const CUBIC: CongestionControl = { name: 'cubic', init, ssthresh, avoid, undoCwnd, setState, event, acked };
