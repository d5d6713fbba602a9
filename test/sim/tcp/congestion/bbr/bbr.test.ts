import assert from 'node:assert/strict';
import { seqAdd } from '../../../../../src/sim/base/seq.ts';
import { ms, s, type Time } from '../../../../../src/sim/base/time.ts';
import { BBR } from '../../../../../src/sim/tcp/congestion/bbr/bbr.ts';
import type { Bbr, Mode } from '../../../../../src/sim/tcp/congestion/bbr/state.ts';
import { bdp, bytesPerSecond } from '../../../../../src/sim/tcp/congestion/bbr/target.ts';
import { NO_RTT } from '../../../../../src/sim/tcp/congestion/control.ts';
import {
  beginSample,
  generateSample,
  type RatedSegment,
  segmentDelivered,
  segmentSent,
} from '../../../../../src/sim/tcp/rate.ts';
import { flowOf, type TestFlow } from '../kit.ts';

const MSS = 1000;
const memory = (flow: TestFlow): Bbr => {
  assert.ok(flow.cc.private?.kind === 'bbr');
  return flow.cc.private;
};

type Sent = { -readonly [K in keyof RatedSegment]: RatedSegment[K] };

/** A sender that paces, a bottleneck with a queue, and a path: time goes from departure to departure and arrival. */
class Path {
  readonly flow = flowOf(BBR, s(1));
  now: Time = s(1);
  readonly inFlight: { segment: Sent; arrives: number }[] = [];
  busyUntil = 0;
  /** Nanoseconds per segment at the bottleneck, and of the way there and back. */
  readonly perSegment: number;
  readonly delay: number;
  /** The most segments that were in flight at once, by mode. */
  readonly peaks = new Map<Mode, number>();
  readonly modes: Mode[] = ['STARTUP'];
  /** How many segments the program still has. */
  data = Number.POSITIVE_INFINITY;
  queueLimit = Number.POSITIVE_INFINITY;

  constructor(segmentsPerSecond: number, delay: number) {
    this.perSegment = 1e9 / segmentsPerSecond;
    this.delay = delay;
  }

  run(until: Time): void {
    while (this.now < until) {
      const { flow } = this;
      const canSend = this.inFlight.length < flow.cc.cwnd && this.data > 0;
      const next = this.inFlight[0]?.arrives ?? Number.POSITIVE_INFINITY;
      if (canSend && flow.pacing.next <= Math.min(next, until)) {
        this.now = Math.max(this.now, flow.pacing.next) as Time;
        this.send();
      } else if (next <= until) {
        this.now = next as Time;
        this.acknowledge();
      } else {
        this.now = until;
      }
    }
  }

  private send(): void {
    const { flow } = this;
    const { snd, rate, counts, pacing } = flow;
    if (this.inFlight.length === 0) BBR.event?.(flow, 'TX_START', this.now);
    const segment: Sent = {
      at: this.now,
      end: seqAdd(snd.nxt, MSS),
      marks: 0,
      txDelivered: 0,
      txDeliveredUs: 0,
      txFirstSentUs: 0,
      txAppLimited: false,
    };
    segmentSent(rate, segment, counts.packetsOut);
    snd.nxt = segment.end;
    this.busyUntil = Math.max(this.busyUntil, this.now) + this.perSegment;
    this.inFlight.push({ segment, arrives: Math.round(this.busyUntil + this.delay) });
    counts.packetsOut = this.inFlight.length;
    this.data--;
    if (this.data === 0) rate.appLimited = rate.delivered + counts.packetsOut;
    pacing.next = Math.round(this.now + (MSS * 1e9) / flow.cc.pacingRate) as Time;
    const { mode } = memory(flow);
    this.peaks.set(mode, Math.max(this.peaks.get(mode) ?? 0, counts.packetsOut));
  }

  private acknowledge(): void {
    const { flow, now } = this;
    const { rate, rtt, counts } = flow;
    const prior = this.inFlight.length;
    const first = this.inFlight.shift();
    assert.ok(first);
    const rttUs = Math.floor((now - first.segment.at) / 1000);
    rtt.srtt8 = rttUs * 8;
    rtt.minRtt = Math.min(rtt.minRtt, rttUs);
    const sample = beginSample(rate, prior);
    segmentDelivered(rate, first.segment);
    rate.delivered++;
    counts.packetsOut = this.inFlight.length;
    sample.rttUs = rttUs;
    generateSample(rate, 1, 0, false, rtt.minRtt, now);
    BBR.main?.(flow, sample, now);
    const { mode } = memory(flow);
    if (mode !== this.modes.at(-1)) this.modes.push(mode);
  }
}

describe('BBR', () => {
  it('fills the pipe, drains the queue it made, and cruises at the bandwidth with little queue', () => {
    const path = new Path(1000, ms(40)); // 1 Mbyte/s and 40 ms: 41 segments
    path.run(s(4));
    assert.deepEqual(path.modes, ['STARTUP', 'DRAIN', 'PROBE_BW']);
    const { flow } = path;
    const ca = memory(flow);
    const estimate = bytesPerSecond(ca.bw.v0, MSS, 256);
    assert.ok(estimate > 960_000 && estimate <= 1_000_000, String(estimate));
    assert.ok(ca.minRtt >= 40_000 && ca.minRtt <= 42_000, String(ca.minRtt));
    assert.ok(flow.cc.cwnd > 80 && flow.cc.cwnd < 100, String(flow.cc.cwnd));
    path.peaks.clear();
    path.run(s(6));
    assert.ok((path.peaks.get('PROBE_BW') ?? 0) < 60, String(path.peaks.get('PROBE_BW')));
  });

  it('goes round its cycle: five quarters, three quarters, and six phases of one', () => {
    const path = new Path(1000, ms(40));
    path.run(s(4));
    const gains = new Map<number, number>();
    for (let t = 4000; t < 8000; t++) {
      path.run(ms(t));
      const { pacingGain } = memory(path.flow);
      gains.set(pacingGain, (gains.get(pacingGain) ?? 0) + 1);
    }
    assert.deepEqual([...gains.keys()].sort(), [192, 256, 320]);
    assert.ok((gains.get(256) ?? 0) > 4 * (gains.get(320) ?? 0));
  });

  it('looks for the delay of the path with four segments when it was not seen for ten seconds', () => {
    const path = new Path(1000, ms(40));
    path.run(s(4));
    (path as { delay: number }).delay = ms(60); // the path has become longer
    path.run(s(16));
    assert.ok(path.modes.includes('PROBE_RTT'), path.modes.join(' '));
    assert.equal(memory(path.flow).mode, 'PROBE_BW');
    assert.ok(memory(path.flow).minRtt >= 60_000);
    assert.ok(path.flow.cc.cwnd > 100);
  });

  it('does not take a program that sends little for a slow path', () => {
    const path = new Path(1000, ms(40));
    path.run(s(4));
    const before = memory(path.flow).bw.v0;
    for (let t = 4; t < 9; t++) {
      path.data = 4;
      path.run(s(t + 1));
    }
    assert.ok(memory(path.flow).bw.v0 >= 0.9 * before);
  });

  it('keeps as much in flight as arrives in the first round of recovery, and comes back', () => {
    const path = new Path(1000, ms(40));
    path.run(s(4));
    const { flow } = path;
    const before = flow.cc.cwnd;
    assert.equal(BBR.ssthresh(flow, path.now), flow.cc.ssthresh);
    flow.cc.state = 'Recovery';
    const inFlight = flow.counts.packetsOut;
    path.run((path.now + ms(2)) as Time);
    assert.ok(flow.cc.cwnd <= inFlight + 2, `${flow.cc.cwnd} of ${inFlight}`);
    path.run((path.now + ms(200)) as Time);
    flow.cc.state = 'Open';
    path.run((path.now + ms(100)) as Time);
    assert.ok(flow.cc.cwnd >= before - 10, `${flow.cc.cwnd} of ${before}`);
  });

  it('turns pacing on, and begins with the initial window per millisecond', () => {
    const flow = flowOf(BBR, s(1));
    assert.equal(flow.pacing.by, 'tcp');
    assert.equal(flow.cc.pacingRate, bytesPerSecond(Math.floor((10 * 2 ** 24) / 1000), MSS, 739));
    assert.ok(Math.abs(flow.cc.pacingRate - 10 * 1000 * MSS * 2.885 * 0.99) < 100_000);
  });

  it('finds a policer: much loss at the same rate, twice', () => {
    const path = new Path(1000, ms(40));
    path.run(s(4));
    const { flow } = path;
    for (let i = 0; i < 200 && !memory(flow).ltUseBw; i++) {
      flow.rate.lost += 15;
      flow.rate.sample.losses = 0;
      const { sample } = flow.rate;
      path.run((path.now + ms(50)) as Time);
      sample.losses = 15;
      BBR.main?.(flow, sample, path.now);
    }
    const ca = memory(flow);
    assert.ok(ca.ltUseBw);
    assert.equal(ca.pacingGain, 256);
    const rate = bytesPerSecond(ca.ltBw, MSS, 256);
    assert.ok(rate > 800_000 && rate < 1_000_000, String(rate));
  });
});

describe('the arithmetic of BBR', () => {
  it('multiplies as 64 bits do', () => {
    for (const bw of [1, 715, 2 ** 20 + 7, 2 ** 24 + 12_345, 2 ** 27 + 1]) {
      for (const gain of [88, 256, 739]) {
        const exact = (((BigInt(bw) * 1448n * BigInt(gain)) >> 8n) * 990_000n) >> 24n;
        assert.equal(bytesPerSecond(bw, 1448, gain), Number(exact));
        const ca = { ...memory(flowOf(BBR)), minRtt: 123_457 };
        const product = (((BigInt(bw) * 123_457n * BigInt(gain)) >> 8n) + 2n ** 24n - 1n) >> 24n;
        assert.equal(bdp(ca, bw, gain), Number(product));
      }
    }
  });

  it('takes the initial window for a path of which no round trip is known', () => {
    const ca = memory(flowOf(BBR));
    assert.equal(ca.minRtt, NO_RTT);
    assert.equal(bdp(ca, 2 ** 24, 512), 10);
  });
});
