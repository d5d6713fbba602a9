import assert from 'node:assert/strict';
import { ms, ZERO } from '../../../../src/sim/base/time.ts';
import { RENO } from '../../../../src/sim/tcp/congestion/reno.ts';
import { acknowledge, fill, flowOf, lose } from './kit.ts';

describe('Reno', () => {
  it('doubles in slow start', () => {
    const flow = flowOf(RENO);
    for (let round = 1; round <= 4; round++) {
      fill(flow, ms(100 * round));
      for (let left = flow.cc.cwnd; left > 0; left -= 2) acknowledge(flow, 2, 100_000, ms(100 * round));
    }
    assert.equal(flow.cc.cwnd, 160);
  });

  it('halves after a loss, to two segments at least', () => {
    assert.equal(RENO.ssthresh(flowOf(RENO, ZERO, { cwnd: 21 }), ZERO), 10);
    assert.equal(RENO.ssthresh(flowOf(RENO, ZERO, { cwnd: 3 }), ZERO), 2);
  });

  it('grows by one segment per round trip after a loss', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 20 });
    fill(flow, ZERO);
    lose(flow, ZERO);
    const windows = [];
    for (let round = 1; round <= 3; round++) {
      for (let left = flow.cc.cwnd; left > 0; left--) acknowledge(flow, 1, 100_000, ms(100 * round));
      windows.push(flow.cc.cwnd);
    }
    assert.deepEqual(windows, [11, 12, 13]);
  });

  it('takes a reduction back', () => {
    const flow = flowOf(RENO, ZERO, { cwnd: 20 });
    lose(flow, ZERO);
    assert.equal(RENO.undoCwnd(flow, ZERO), 20);
  });
});
