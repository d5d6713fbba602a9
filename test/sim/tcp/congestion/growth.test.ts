import assert from 'node:assert/strict';
import { avoidAi, isCwndLimited, slowStart } from '../../../../src/sim/tcp/congestion/growth.ts';
import { RENO } from '../../../../src/sim/tcp/congestion/reno.ts';
import { flowOf } from './kit.ts';

const block = (over: Parameters<typeof flowOf>[2]) => flowOf(RENO, undefined, over).cc;

describe('slow start', () => {
  it('adds what was acknowledged', () => {
    const cc = block({ cwnd: 10 });
    assert.equal(slowStart(cc, 4), 0);
    assert.equal(cc.cwnd, 14);
  });

  it('stops at the threshold and leaves the rest to congestion avoidance', () => {
    const cc = block({ cwnd: 10, ssthresh: 12 });
    assert.equal(slowStart(cc, 5), 3);
    assert.equal(cc.cwnd, 12);
  });

  it('obeys the clamp', () => {
    const cc = block({ cwnd: 10, clamp: 11 });
    slowStart(cc, 5);
    assert.equal(cc.cwnd, 11);
  });
});

describe('additive increase', () => {
  it('takes a step when enough segments were acknowledged, and keeps what is over', () => {
    const cc = block({ cwnd: 10 });
    avoidAi(cc, 10, 9);
    assert.deepEqual([cc.cwnd, cc.count], [10, 9]);
    avoidAi(cc, 10, 3);
    assert.deepEqual([cc.cwnd, cc.count], [11, 2]);
  });

  it('takes several steps for an acknowledgment of many', () => {
    const cc = block({ cwnd: 10 });
    avoidAi(cc, 4, 13);
    assert.deepEqual([cc.cwnd, cc.count], [13, 1]);
  });

  it('pays what was counted towards a larger step with one segment', () => {
    const cc = block({ cwnd: 10, count: 90 });
    avoidAi(cc, 10, 1);
    assert.deepEqual([cc.cwnd, cc.count], [11, 1]);
  });
});

describe('a window that is not used', () => {
  it('does not grow: in slow start half of it must have been used', () => {
    assert.equal(isCwndLimited(block({ cwnd: 10, maxPacketsOut: 5 })), false);
    assert.equal(isCwndLimited(block({ cwnd: 10, maxPacketsOut: 6 })), true);
  });

  it('does not grow: in congestion avoidance it must have held data back', () => {
    assert.equal(isCwndLimited(block({ cwnd: 10, ssthresh: 10, maxPacketsOut: 9 })), false);
    assert.equal(isCwndLimited(block({ cwnd: 10, ssthresh: 10, isCwndLimited: true })), true);
  });
});
