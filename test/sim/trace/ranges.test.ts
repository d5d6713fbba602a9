import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Ranges } from '../../../src/sim/trace/ranges.ts';

const anyRanges = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 30 })), { maxLength: 20 });

describe('the union of ranges', () => {
  it('has each address that a range has, once and in order', () => {
    fc.assert(
      fc.property(anyRanges, (list) => {
        const covered = new Set(list.flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i)));
        const expected = [...covered].sort((a, b) => a - b);
        const ranges = new Ranges(
          Uint32Array.from(list, ([start]) => start),
          Uint32Array.from(list, ([start, length]) => start + length),
        );
        assert.equal(ranges.size, expected.length);
        assert.deepEqual(
          expected.map((address) => ranges.place(address)),
          expected.map((_, i) => i),
        );
        const visited: number[] = [];
        ranges.each((start, end) => {
          for (let i = start; i < end; i++) visited.push(i);
        });
        assert.deepEqual(visited, expected);
      }),
    );
  });
});
