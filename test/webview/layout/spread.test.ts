import assert from 'node:assert/strict';
import fc from 'fast-check';
import { spread, type Wanted } from '../../../webview/layout/spread.ts';

const EPSILON = 1e-6;
const labels = fc
  .array(
    fc.record({
      at: fc.double({ min: -500, max: 500, noNaN: true }),
      size: fc.double({ min: 1, max: 40, noNaN: true }),
    }),
    {
      maxLength: 60,
    },
  )
  .map((all) => all.sort((a, b) => a.at - b.at));

const low = (middles: readonly number[], wanted: readonly Wanted[], i: number) =>
  (middles[i] as number) - (wanted[i] as Wanted).size / 2;

describe('labels along a line', () => {
  it('stay where they belong when there is room', () => {
    assert.deepEqual(
      spread([
        { at: 10, size: 4 },
        { at: 20, size: 4 },
      ]),
      [10, 20],
    );
  });

  it('share the way when two want the same place', () => {
    assert.deepEqual(
      spread([
        { at: 10, size: 4 },
        { at: 10, size: 4 },
      ]),
      [8, 12],
    );
  });

  it('do not begin before the line does', () => {
    assert.deepEqual(
      spread(
        [
          { at: 0, size: 4 },
          { at: 1, size: 4 },
        ],
        0,
      ),
      [2, 6],
    );
  });

  it('never overlap, keep their order and their limit', () => {
    fc.assert(
      fc.property(labels, (wanted) => {
        const middles = spread(wanted, -500);
        assert.equal(middles.length, wanted.length);
        for (let i = 0; i < wanted.length; i++) {
          assert.ok(low(middles, wanted, i) >= -500 - EPSILON);
          if (i === 0) continue;
          const before = low(middles, wanted, i - 1) + (wanted[i - 1] as Wanted).size;
          assert.ok(low(middles, wanted, i) >= before - EPSILON);
        }
      }),
    );
  });
});
