import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fresh } from '../../../src/sim/wire/fresh.ts';

describe('fresh memory', () => {
  it('is zero, of the size asked for, and shared with no one', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(2000), fc.nat(70000)), { minLength: 1, maxLength: 80 }), (sizes) => {
        const arrays = sizes.map((size) => fresh(size));
        for (const [i, array] of arrays.entries()) {
          assert.equal(array.length, sizes[i]);
          assert.ok(array.every((byte) => byte === 0));
          array.fill(0xff);
        }
      }),
      { numRuns: 50 },
    );
  });
});
