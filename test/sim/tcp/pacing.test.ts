import assert from 'node:assert/strict';
import { seq } from '../../../src/sim/base/seq.ts';
import { ms, s, type Time } from '../../../src/sim/base/time.ts';
import { spaceAfter } from '../../../src/sim/tcp/pacing.ts';
import { newTcb, type Tcb } from '../../../src/sim/tcp/tcb.ts';
import { SETTINGS } from './duo.ts';

/** A connection that has sent its first ten segments, paced at 3,000 bytes a second. */
function paced(): Tcb {
  const end = { addr: 0, port: 0 } as unknown as Tcb['local'];
  const tcb = newTcb({
    settings: SETTINGS,
    local: end,
    remote: end,
    iss: seq(0),
    timestampOffset: 0,
    sendLimit: 1e6,
    receiveLimit: 1e6,
  });
  tcb.pacing.by = 'tcp';
  tcb.cc.pacingRate = 3000;
  tcb.stats.dataSegsOut = 10;
  return tcb;
}

describe('pacing', () => {
  it('spaces packets by their size and the rate', () => {
    const tcb = paced();
    tcb.pacing.next = s(1);
    spaceAfter(tcb, 300, s(1));
    assert.equal(tcb.pacing.next, s(1.1));
    spaceAfter(tcb, 600, s(1.1));
    assert.equal(tcb.pacing.next, s(1.3));
  });

  it('gives back time that was not used, half an interval at most', () => {
    const tcb = paced();
    tcb.pacing.next = s(1);
    spaceAfter(tcb, 300, (s(1) + ms(10)) as Time);
    assert.equal(tcb.pacing.next, s(1.1));
    spaceAfter(tcb, 300, s(9));
    assert.equal(tcb.pacing.next, s(9.05));
  });

  it('counts whole nanoseconds', () => {
    const tcb = paced();
    for (let i = 1; i < 20; i++) {
      spaceAfter(tcb, 1000 + i, s(i * 10));
      assert.ok(Number.isInteger(tcb.pacing.next));
    }
  });

  it('leaves the first ten segments alone', () => {
    const tcb = paced();
    tcb.stats.dataSegsOut = 9;
    spaceAfter(tcb, 300, s(1));
    assert.equal(tcb.pacing.next, s(1));
  });
});
