import assert from 'node:assert/strict';
import { s } from '../../../../src/sim/base/time.ts';
import { CUBIC } from '../../../../src/sim/tcp/congestion/cubic.ts';
import { limitRate } from '../../../../src/sim/tcp/congestion/pacing.ts';
import { available, change, DEFAULT, find, inOrder } from '../../../../src/sim/tcp/congestion/registry.ts';
import { RENO } from '../../../../src/sim/tcp/congestion/reno.ts';
import { flowOf } from './kit.ts';

describe('the algorithms of a host', () => {
  it('are known by name, CUBIC the default', () => {
    assert.equal(DEFAULT.name, 'cubic');
    for (const name of available().split(' ')) assert.equal(find(name)?.name, name);
    assert.equal(find('vegas'), undefined);
  });

  it('are listed in the order in which they are available, once each', () => {
    assert.equal(inOrder(['cubic', 'reno', 'cubic']), 'reno cubic');
    assert.equal(inOrder([]), '');
  });
});

describe('a connection that changes its algorithm', () => {
  it('keeps window and threshold, and begins with a clean memory', () => {
    const flow = flowOf(RENO, s(1), { cwnd: 33, ssthresh: 20, priorSsthresh: 40 });
    change(flow, CUBIC, s(2));
    assert.deepEqual([flow.cc.control.name, flow.cc.cwnd, flow.cc.ssthresh], ['cubic', 33, 20]);
    assert.equal(flow.cc.priorSsthresh, 0);
    assert.equal(flow.cc.private?.kind, 'cubic');
    const memory = flow.cc.private;
    change(flow, CUBIC, s(3));
    assert.equal(flow.cc.private, memory, 'the same again changes nothing');
    change(flow, RENO, s(4));
    assert.equal(flow.cc.private, undefined);
  });
});

describe('SO_MAX_PACING_RATE', () => {
  it('makes TCP pace, at that rate at most', () => {
    const flow = flowOf(RENO);
    limitRate(flow);
    assert.equal(flow.pacing.by, 'none');
    flow.opts.maxPacingRate = 5000;
    limitRate(flow);
    assert.deepEqual([flow.pacing.by, flow.cc.pacingRate], ['tcp', 5000]);
  });
});
