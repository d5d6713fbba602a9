import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ms, s, type Time, ZERO } from '../../../../src/sim/base/time.ts';
import { INFINITE_SSTHRESH } from '../../../../src/sim/tcp/congestion/control.ts';
import { CUBIC, cubed, cubeRoot } from '../../../../src/sim/tcp/congestion/cubic.ts';
import { acknowledge, fill, flowOf, lose, type TestFlow } from './kit.ts';

/** Acknowledges everything once per round trip of 100 ms, two segments at a time, for a while. */
function run(flow: TestFlow, from: Time, rounds: number, rttUs = 100_000): Time {
  let now = from;
  for (let round = 0; round < rounds; round++) {
    now = (now + ms(100)) as Time;
    for (let left = flow.counts.packetsOut; left > 0; left -= 2) acknowledge(flow, Math.min(2, left), rttUs, now);
  }
  return now;
}

describe('CUBIC', () => {
  it('keeps seven tenths of the window after a loss', () => {
    const flow = flowOf(CUBIC, ZERO, { cwnd: 100 });
    assert.equal(CUBIC.ssthresh(flow, ZERO), 70);
    assert.equal(CUBIC.ssthresh(flowOf(CUBIC, ZERO, { cwnd: 2 }), ZERO), 2);
  });

  it('comes back to the old window when the curve says so, after about the cube root of 0.3 W / C seconds', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 1000 });
    fill(flow, s(1));
    lose(flow, s(1));
    const k = Math.cbrt((0.3 * 1000) / 0.4);
    assert.equal(Math.round(k), 9);
    let now = run(flow, s(1), 45);
    assert.ok(flow.cc.cwnd > 900 && flow.cc.cwnd < 1000, `half way it is at ${flow.cc.cwnd}`);
    now = run(flow, now, 45);
    assert.ok(Math.abs(flow.cc.cwnd - 1000) <= 5, `then at ${flow.cc.cwnd}`);
    now = run(flow, now, 45);
    assert.ok(flow.cc.cwnd > 1030, `and later beyond: ${flow.cc.cwnd}`);
  });

  it('makes room when a loss comes before the old window was reached again', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 100 });
    fill(flow, s(1));
    lose(flow, s(1));
    run(flow, s(1), 5);
    const { cwnd } = flow.cc;
    assert.ok(cwnd < 100);
    CUBIC.ssthresh(flow, s(2));
    const memory = flow.cc.private;
    assert.ok(memory?.kind === 'cubic');
    assert.equal(memory.lastMaxCwnd, Math.floor((cwnd * (1024 + 717)) / 2048));
  });

  it('grows no slower than Reno would on a short path', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 20 });
    fill(flow, s(1));
    lose(flow, s(1));
    assert.equal(flow.cc.cwnd, 14);
    let now: Time = s(1);
    // 2 ms of round trip: the cubic curve has hardly moved after 400 ms, Reno's with beta 0.7 gains 0.53 a round trip
    for (let round = 0; round < 100; round++) {
      now = (now + ms(2)) as Time;
      for (let left = flow.counts.packetsOut; left > 0; left--) acknowledge(flow, 1, 2000, now);
    }
    assert.ok(flow.cc.cwnd >= 14 + 0.4 * 100, `at ${flow.cc.cwnd}`);
  });

  it('grows by a half per round trip at most', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 100, ssthresh: 10 });
    fill(flow, s(1));
    let before = flow.cc.cwnd;
    let now: Time = s(1);
    for (let round = 0; round < 100; round++) {
      now = run(flow, now, 1);
      assert.ok(flow.cc.cwnd <= before * 1.5 + 1);
      before = flow.cc.cwnd;
    }
  });

  it('forgets the curve at a timeout', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 100 });
    lose(flow, s(1));
    flow.cc.ssthresh = CUBIC.ssthresh(flow, s(2));
    CUBIC.setState?.(flow, 'Loss', s(2));
    const memory = flow.cc.private;
    assert.ok(memory?.kind === 'cubic');
    assert.equal(memory.lastMaxCwnd, 0);
    assert.equal(memory.delayMin, 0);
  });

  it('does not take a pause for time on the curve', () => {
    const busy = flowOf(CUBIC, s(1), { cwnd: 200 });
    const idle = flowOf(CUBIC, s(1), { cwnd: 200 });
    for (const [flow, pause] of [
      [busy, 0],
      [idle, 60],
    ] as const) {
      fill(flow, s(1));
      lose(flow, s(1));
      let now = run(flow, s(1), 20);
      acknowledge(flow, flow.counts.packetsOut, 100_000, now);
      flow.counts.packetsOut = 0;
      now = (now + s(pause)) as Time;
      fill(flow, now);
      run(flow, now, 20);
    }
    assert.ok(Math.abs(busy.cc.cwnd - idle.cc.cwnd) <= 2, `${busy.cc.cwnd} and ${idle.cc.cwnd}`);
  });

  it('takes a reduction back', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 100 });
    lose(flow, s(1));
    assert.equal(CUBIC.undoCwnd(flow, s(1)), 100);
  });

  it('gives the same windows whatever the time is', () => {
    const windows = [s(0), s(1000), s(5_000_000)].map((start) => {
      const flow = flowOf(CUBIC, start, { cwnd: 100 });
      fill(flow, start);
      lose(flow, start);
      run(flow, start, 100);
      return flow.cc.cwnd;
    });
    assert.equal(new Set(windows).size, 1, String(windows));
  });
});

describe('HyStart', () => {
  /** Slow start over a path whose round trip in a round is told by a function. */
  let said: string | undefined;
  function slowStart(rttOf: (round: number) => number, spacingUs: number, rounds: number): TestFlow {
    said = undefined;
    const flow = flowOf(CUBIC, s(1));
    flow.rtt.srtt8 = 8 * rttOf(0);
    flow.cc.pacingRate = 1e6;
    let now: Time = s(1);
    fill(flow, now);
    for (let round = 0; round < rounds && flow.cc.ssthresh === INFINITE_SSTHRESH; round++) {
      now = (now + ms(rttOf(round) / 1000)) as Time;
      const burst = flow.counts.packetsOut;
      for (let i = 0; i < burst; i += 2) {
        said ??= acknowledge(flow, 2, rttOf(round), (now + i * 500 * spacingUs) as Time)?.rule;
        if (flow.cc.ssthresh !== INFINITE_SSTHRESH) break;
      }
    }
    return flow;
  }

  it('lets slow start go on while the round trip stays the same', () => {
    assert.equal(slowStart(() => 100_000, 1, 6).cc.ssthresh, INFINITE_SSTHRESH);
    assert.equal(said, undefined);
  });

  it('ends slow start when the round trip of a round has grown by an eighth', () => {
    assert.equal(slowStart((round) => 100_000 + (round >= 3 ? 12_400 : 0), 1, 6).cc.ssthresh, INFINITE_SSTHRESH);
    const flow = slowStart((round) => 100_000 + (round >= 3 ? 12_600 : 0), 1, 6);
    assert.ok(flow.cc.ssthresh < 160 && flow.cc.ssthresh >= 80, String(flow.cc.ssthresh));
    assert.match(said ?? '', /round trip .* has grown/);
  });

  it('asks for 4 ms more at least, and for 16 ms at most', () => {
    assert.equal(slowStart((round) => 8000 + (round >= 3 ? 3900 : 0), 1, 6).cc.ssthresh, INFINITE_SSTHRESH);
    assert.notEqual(slowStart((round) => 8000 + (round >= 3 ? 4100 : 0), 1, 6).cc.ssthresh, INFINITE_SSTHRESH);
    assert.equal(slowStart((round) => 400_000 + (round >= 3 ? 15_900 : 0), 1, 6).cc.ssthresh, INFINITE_SSTHRESH);
    assert.notEqual(slowStart((round) => 400_000 + (round >= 3 ? 16_100 : 0), 1, 6).cc.ssthresh, INFINITE_SSTHRESH);
  });

  it('ends slow start when acknowledgments keep coming for half a round trip', () => {
    const flow = slowStart(() => 100_000, 900, 10);
    assert.notEqual(flow.cc.ssthresh, INFINITE_SSTHRESH);
    assert.ok(flow.cc.ssthresh > 100);
    assert.match(said ?? '', /acknowledgments keep coming/);
  });

  it('leaves windows below 16 segments alone', () => {
    const flow = flowOf(CUBIC, s(1), { cwnd: 8 });
    fill(flow, s(1));
    for (let i = 0; i < 7; i++) {
      CUBIC.acked?.(flow, 1, 10_000 + 20_000 * i, 8, ms(1000 + i));
      CUBIC.acked?.(flow, 1, 10_000 + 20_000 * i, 8, ms(1000 + i));
    }
    assert.equal(flow.cc.ssthresh, INFINITE_SSTHRESH);
  });
});

describe('the arithmetic of CUBIC', () => {
  it('finds cube roots within half a percent and one', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (a) => {
        const root = Math.cbrt(a);
        assert.ok(Math.abs(cubeRoot(a) - root) <= 1 + root / 200, `${cubeRoot(a)} for ${root}`);
      }),
    );
  });

  it('cubes as 64 bits do', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 26 - 1 }), (x) => {
        const exact = BigInt.asUintN(64, 410n * BigInt(x) ** 3n) >> 40n;
        assert.equal(cubed(x), Number(exact));
      }),
      { numRuns: 2000 },
    );
  });
});
