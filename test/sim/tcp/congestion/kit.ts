/** A connection as an algorithm sees it: a plain object that sends as fast as its window lets it. */
import { type Seq, seq, seqAdd } from '../../../../src/sim/base/seq.ts';
import { ms, type Time, ZERO } from '../../../../src/sim/base/time.ts';
import {
  type CongestionBlock,
  type CongestionControl,
  INFINITE_SSTHRESH,
  INITIAL_CWND,
  NO_RTT,
  type Remark,
} from '../../../../src/sim/tcp/congestion/control.ts';
import { validate } from '../../../../src/sim/tcp/congestion/validation.ts';
import { newRateBlock, type RateBlock } from '../../../../src/sim/tcp/rate.ts';

export const MSS = 1000;

export interface TestFlow {
  snd: { una: Seq; nxt: Seq; mss: number };
  rtt: { srtt8: number; minRtt: number; rto: Time };
  counts: { packetsOut: number; sackedOut: number; lostOut: number; retransOut: number };
  lastSent: Time;
  rate: RateBlock;
  pacing: { by: 'none' | 'tcp'; next: Time };
  opts: { maxPacingRate: number };
  cc: CongestionBlock;
}

/** A connection just established, at time `now`. */
export function flowOf(control: CongestionControl, now: Time = ZERO, block: Partial<CongestionBlock> = {}): TestFlow {
  const flow: TestFlow = {
    snd: { una: seq(1), nxt: seq(1), mss: MSS },
    rtt: { srtt8: 0, minRtt: NO_RTT, rto: ms(200) },
    counts: { packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0 },
    lastSent: ZERO,
    rate: newRateBlock(),
    pacing: { by: 'none', next: ZERO },
    opts: { maxPacingRate: Number.POSITIVE_INFINITY },
    cc: {
      control,
      private: undefined,
      state: 'Open',
      cwnd: INITIAL_CWND,
      ssthresh: INFINITE_SSTHRESH,
      count: 0,
      clamp: 0xffffffff,
      priorCwnd: 0,
      priorSsthresh: 0,
      isCwndLimited: false,
      maxPacketsOut: 0,
      cwndUsageSeq: seq(1),
      cwndUsed: 0,
      cwndStamp: ZERO,
      pacingRate: Number.POSITIVE_INFINITY,
      ...block,
    },
  };
  control.init(flow, now);
  return flow;
}

/** Sends what the window allows of `most` segments, and validates the window as the core does after a burst. */
export function fill(flow: TestFlow, now: Time, most = Number.POSITIVE_INFINITY): void {
  const { cc, counts, snd } = flow;
  const burst = Math.max(0, Math.min(cc.cwnd - counts.packetsOut, most));
  if (burst > 0) {
    if (counts.packetsOut === 0) cc.control.event?.(flow, 'TX_START', now);
    snd.nxt = seqAdd(snd.nxt, burst * snd.mss);
    counts.packetsOut += burst;
    flow.lastSent = now;
  }
  const limited = counts.packetsOut >= cc.cwnd;
  if (burst > 0 || limited) validate(flow, limited, false, false, now);
}

/** An acknowledgment of `segments`, and then as much data as the window allows: what the core does, in its order. */
export function acknowledge(flow: TestFlow, segments: number, rttUs: number, now: Time): Remark | undefined {
  const { cc, counts, snd } = flow;
  const inFlight = counts.packetsOut;
  snd.una = seqAdd(snd.una, segments * snd.mss);
  counts.packetsOut -= segments;
  const remark = cc.control.acked?.(flow, segments, rttUs, inFlight, now);
  cc.control.avoid?.(flow, segments, now);
  fill(flow, now);
  return remark;
}

/** A loss was found: as the core enters recovery, and leaves it with the window reduced. */
export function lose(flow: TestFlow, now: Time): void {
  const { cc } = flow;
  cc.priorCwnd = cc.cwnd;
  cc.ssthresh = cc.control.ssthresh(flow, now);
  cc.control.setState?.(flow, 'Recovery', now);
  cc.state = 'Recovery';
  cc.cwnd = cc.ssthresh;
  cc.count = 0;
  cc.control.setState?.(flow, 'Open', now);
  cc.state = 'Open';
  flow.counts.packetsOut = Math.min(flow.counts.packetsOut, cc.cwnd);
}
