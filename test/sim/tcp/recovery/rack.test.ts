import assert from 'node:assert/strict';
import { ms, s, type Time } from '../../../../src/sim/base/time.ts';
import { markLost } from '../../../../src/sim/tcp/recovery/rack.ts';
import { sampleRtt } from '../../../../src/sim/tcp/rtt.ts';
import { Duo } from '../duo.ts';

describe('tcp/recovery/rack: how late a segment may be', () => {
  for (const rtt of [ms(20), s(1), s(3), s(20)]) {
    it(`an eighth of the round trip, also of one of ${rtt / 1e9} s`, () => {
      const duo = Duo.established();
      const { a } = duo;
      a.rtt.srtt8 = 0;
      sampleRtt(a, rtt);
      duo.write('a', new Uint8Array(2896));
      const [first, second] = a.flights;
      assert.ok(first && second);
      second.sacked = true;
      second.at = (first.at + 1) as Time;
      a.rack = { ...a.rack, at: second.at, end: second.end, rtt, minRtt: rtt };
      const lateAt = first.at + rtt + rtt / 8;
      assert.deepEqual(markLost(a, (lateAt - 1e6) as Time), { marked: 0, wait: ms(1) });
      assert.deepEqual(markLost(a, lateAt as Time), { marked: 1, wait: undefined });
    });
  }
});
