/**
 * What BBR remembers of a connection (Linux tcp_bbr.c struct bbr), and its units: bandwidth in segments per microsecond
 * times 2^24, gains in 1/256. Linux counts in 64 bits; here every product stays below 2^53, so results are the same.
 */
import { SimBug } from '../../../base/bug.ts';
import type { CaState, Flow } from '../control.ts';
import { type MaxFilter, newMaxFilter } from './filter.ts';

/** Growing until the pipe is full; letting the queue run empty; cruising and probing in turn; looking for the path's delay. */
export type Mode = 'STARTUP' | 'DRAIN' | 'PROBE_BW' | 'PROBE_RTT';

export interface Bbr {
  readonly kind: 'bbr';
  mode: Mode;
  /** The smallest round trip in 10 s, microseconds, and when it was seen, in jiffies. */
  minRtt: number;
  minRttAt: number;
  /** When PROBE_RTT may end, in jiffies; {@link NOT_SET} before so little is in flight. */
  probeRttDone: number;
  probeRttRoundDone: boolean;
  /** The largest delivery rate of 10 rounds. */
  readonly bw: MaxFilter;
  /** Rounds so far, and how much is delivered when the present one ends. */
  rounds: number;
  roundEnd: number;
  /** This acknowledgment begins a round. */
  roundStart: boolean;
  /** When the present phase of the gain cycle began, microseconds, and which it is. */
  cycleUs: number;
  cycleIndex: number;
  /** The congestion state at the acknowledgment before. */
  prevState: CaState;
  /** First round of recovery: as much is sent as arrives. */
  packetConservation: boolean;
  /** Sending again after a pause of the program. */
  idleRestart: boolean;
  pacingGain: number;
  cwndGain: number;
  /** STARTUP found the pipe full: for so many rounds the bandwidth stayed near `fullBw`. */
  fullBwReached: boolean;
  fullBwCount: number;
  fullBw: number;
  hasSeenRtt: boolean;
  /** The window before recovery or PROBE_RTT. */
  priorCwnd: number;
  /** Looking for a policer: an interval since a loss, and the bandwidth it allowed (long-term.ts). */
  ltIsSampling: boolean;
  ltRounds: number;
  ltUseBw: boolean;
  ltBw: number;
  ltDelivered: number;
  ltLost: number;
  ltMs: number;
  /** Acknowledgments that come in heaps: since when, how many segments, and the most beyond what was expected. */
  ackEpochUs: number;
  ackEpochAcked: number;
  readonly extraAcked: [number, number];
  extraAckedRounds: number;
  extraAckedIndex: 0 | 1;
}

export const NOT_SET = -1;
/** One, as a bandwidth. */
export const BW_UNIT = 2 ** 24;
/** One, as a gain. */
export const UNIT = 256;
/** 2 / ln 2: the least that doubles the rate each round. */
export const HIGH_GAIN = Math.floor((UNIT * 2885) / 1000) + 1;
export const DRAIN_GAIN = Math.floor((UNIT * 1000) / 2885);
export const CWND_GAIN = UNIT * 2;
/** PROBE_BW: ask for more, give it back, and cruise. */
export const CYCLE: readonly number[] = [320, 192, UNIT, UNIT, UNIT, UNIT, UNIT, UNIT];
/** At least so many segments in flight, so that delayed acknowledgments do not stop the flow. */
export const CWND_MIN = 4;

export const newBbr = (): Bbr => ({
  kind: 'bbr',
  mode: 'STARTUP',
  minRtt: 0,
  minRttAt: 0,
  probeRttDone: NOT_SET,
  probeRttRoundDone: false,
  bw: newMaxFilter(),
  rounds: 0,
  roundEnd: 0,
  roundStart: false,
  cycleUs: 0,
  cycleIndex: 0,
  prevState: 'Open',
  packetConservation: false,
  idleRestart: false,
  pacingGain: 0,
  cwndGain: 0,
  fullBwReached: false,
  fullBwCount: 0,
  fullBw: 0,
  hasSeenRtt: false,
  priorCwnd: 0,
  ltIsSampling: false,
  ltRounds: 0,
  ltUseBw: false,
  ltBw: 0,
  ltDelivered: 0,
  ltLost: 0,
  ltMs: 0,
  ackEpochUs: 0,
  ackEpochAcked: 0,
  extraAcked: [0, 0],
  extraAckedRounds: 0,
  extraAckedIndex: 0,
});

export function own({ cc }: Flow): Bbr {
  if (cc.private?.kind !== 'bbr') throw new SimBug('BBR was not initialised');
  return cc.private;
}

/** The bandwidth of the path as estimated: the policer's, if there is one. */
export const bandwidth = (ca: Bbr): number => (ca.ltUseBw ? ca.ltBw : ca.bw.v0);
