import assert from 'node:assert/strict';
import { s, us } from '../../../src/sim/base/time.ts';
import { sampleRtt, smoothedRtt } from '../../../src/sim/tcp/rtt.ts';
import { Duo } from './duo.ts';

describe('tcp: round-trip times of minutes', () => {
  it('are smoothed like others, and the timeout keeps its bound', () => {
    const { a } = new Duo();
    for (const seconds of [300, 500, 1, 400]) {
      sampleRtt(a, seconds * 1e6);
      assert.ok(smoothedRtt(a) > 0 && smoothedRtt(a) < s(537), `${smoothedRtt(a)}`);
      assert.ok(a.rtt.rttvar4 > 0 && a.rtt.mdev4 > 0);
      assert.equal(a.rtt.rto, s(120));
    }
    assert.equal(smoothedRtt(a), us(298_937_500));
  });

  it('an echo of a timestamp from long ago tells nothing of the path', () => {
    const duo = Duo.established();
    const { srtt8 } = duo.a.rtt;
    duo.drop = ({ from }) => from === 'b';
    duo.write('a', 'x');
    duo.pass(s(900)); // sent again and again: only the echo could tell how long it took
    const last = duo.sent.filter(({ from }) => from === 'b').at(-1);
    assert.ok(last);
    const echo = (last.segment.options.timestamps?.ecr ?? 0) - 2_147_484;
    const stamps = { val: last.segment.options.timestamps?.val ?? 0, ecr: echo >>> 0 };
    duo.inject('a', { ...last.segment, options: { timestamps: stamps } });
    assert.equal(duo.a.rtt.srtt8, srtt8);
  });
});
