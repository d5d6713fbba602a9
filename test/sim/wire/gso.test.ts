import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concat } from '../../../src/sim/base/bytes.ts';
import { seqAdd } from '../../../src/sim/base/seq.ts';
import { cutSegment } from '../../../src/sim/wire/gso.ts';
import { CWR, FIN, PSH } from '../../../src/sim/wire/tcp.ts';
import { anySegment } from './arbitrary.ts';

const large = anySegment.filter(({ payload }) => payload.length > 0);

describe('a large segment cut by the device', () => {
  it('becomes segments of the size asked for, the last perhaps smaller, with the same bytes in order', () => {
    fc.assert(
      fc.property(large, fc.integer({ min: 1, max: 1500 }), (segment, size) => {
        const parts = cutSegment(segment, size);
        assert.deepEqual(concat(parts.map(({ payload }) => payload)), segment.payload);
        for (const [i, part] of parts.entries()) {
          assert.deepEqual(part.seq, seqAdd(segment.seq, i * size));
          if (i < parts.length - 1) assert.equal(part.payload.length, size);
          assert.equal(part.payload.buffer, segment.payload.buffer);
        }
      }),
    );
  });

  it('has FIN and PSH on the last, CWR on the first, and all else on each', () => {
    fc.assert(
      fc.property(large, fc.integer({ min: 1, max: 1500 }), (segment, size) => {
        const parts = cutSegment(segment, size);
        const last = parts.length - 1;
        for (const [i, { flags, seq, payload, ...rest }] of parts.entries()) {
          const { flags: all, seq: _seq, payload: _payload, ...same } = segment;
          assert.deepEqual(rest, same);
          assert.equal(flags & ~(FIN | PSH | CWR), all & ~(FIN | PSH | CWR));
          assert.equal(flags & (FIN | PSH), i === last ? all & (FIN | PSH) : 0);
          assert.equal(flags & CWR, i === 0 ? all & CWR : 0);
        }
      }),
    );
  });
});
