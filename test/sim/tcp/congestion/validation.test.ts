import assert from 'node:assert/strict';
import { seqAdd } from '../../../../src/sim/base/seq.ts';
import { ms, s, ZERO } from '../../../../src/sim/base/time.ts';
import { updatePacingRate } from '../../../../src/sim/tcp/congestion/pacing.ts';
import { RENO } from '../../../../src/sim/tcp/congestion/reno.ts';
import { currentSsthresh, restartAfterIdle, validate } from '../../../../src/sim/tcp/congestion/validation.ts';
import { flowOf } from './kit.ts';

describe('the window after a pause', () => {
  const pausing = (idle: number, cwnd: number) => {
    const flow = flowOf(RENO, ZERO, { cwnd });
    flow.lastSent = s(1);
    const restarted = restartAfterIdle(flow, (s(1) + ms(idle)) as typeof ZERO);
    return { restarted, cwnd: flow.cc.cwnd, ssthresh: flow.cc.ssthresh };
  };

  it('stays for one timeout', () => {
    assert.deepEqual(pausing(200, 80), { restarted: false, cwnd: 80, ssthresh: 0x7fffffff });
  });

  it('halves for each further one, down to the initial window', () => {
    assert.equal(pausing(201, 80).cwnd, 40);
    assert.equal(pausing(401, 80).cwnd, 20);
    assert.equal(pausing(601, 80).cwnd, 10);
    assert.equal(pausing(60_000, 80).cwnd, 10);
  });

  it('never grows', () => assert.equal(pausing(60_000, 4).cwnd, 4));

  it('keeps in mind what the path took', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 80, ssthresh: 20 });
    restartAfterIdle(flow, s(60));
    assert.equal(flow.cc.ssthresh, 60);
  });

  it('is left alone while data is outstanding', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 80 });
    flow.counts.packetsOut = 1;
    assert.equal(restartAfterIdle(flow, s(60)), false);
  });
});

describe('what a program uses of its window', () => {
  it('is remembered for a round trip', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 40 });
    flow.snd.nxt = seqAdd(flow.snd.una, 30_000);
    flow.counts.packetsOut = 30;
    validate(flow, false, true, false, ms(1));
    flow.counts.packetsOut = 5;
    validate(flow, false, true, false, ms(2));
    assert.equal(flow.cc.maxPacketsOut, 30);
    flow.snd.una = flow.snd.nxt;
    validate(flow, false, true, false, ms(3));
    assert.equal(flow.cc.maxPacketsOut, 5);
  });

  it('when it is less for a whole timeout, takes the window half way down to it', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 40, ssthresh: 30 });
    flow.counts.packetsOut = 20;
    validate(flow, false, true, false, ms(100));
    assert.equal(flow.cc.cwnd, 40);
    validate(flow, false, true, false, ms(200));
    assert.deepEqual([flow.cc.cwnd, flow.cc.ssthresh], [30, 30]);
  });

  it('does not take the window down while the send buffer is what is full, nor when the sysctl is off', () => {
    for (const [idleRestart, blocked] of [
      [true, true],
      [false, false],
    ] as const) {
      const flow = flowOf(RENO, ZERO, { cwnd: 40, ssthresh: 30 });
      flow.counts.packetsOut = 20;
      validate(flow, false, idleRestart, blocked, ms(200));
      assert.equal(flow.cc.cwnd, 40);
    }
  });
});

describe('the threshold to come back to', () => {
  it('is three quarters of the window at least, unless the window is being reduced', () => {
    assert.equal(currentSsthresh(flowOf(RENO, ZERO, { cwnd: 41, ssthresh: 10 })), 30);
    assert.equal(currentSsthresh(flowOf(RENO, ZERO, { cwnd: 41, ssthresh: 10, state: 'Recovery' })), 10);
  });
});

describe('the pacing rate', () => {
  it('is a window per round trip and a fifth more', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 100, ssthresh: 50 });
    flow.rtt.srtt8 = 8 * 100_000;
    updatePacingRate(flow, 200, 120, Number.POSITIVE_INFINITY);
    assert.equal(flow.cc.pacingRate, 1_200_000);
  });

  it('is two windows per round trip far below the threshold', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 100 });
    flow.rtt.srtt8 = 8 * 100_000;
    updatePacingRate(flow, 200, 120, Number.POSITIVE_INFINITY);
    assert.equal(flow.cc.pacingRate, 2_000_000);
  });

  it('obeys SO_MAX_PACING_RATE', () => {
    const flow = flowOf(RENO);
    flow.rtt.srtt8 = 8 * 100_000;
    updatePacingRate(flow, 200, 120, 5000);
    assert.equal(flow.cc.pacingRate, 5000);
  });
});
