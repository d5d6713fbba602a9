import assert from 'node:assert/strict';
import fc from 'fast-check';
import { newMaxFilter, updateMax } from '../../../../../src/sim/tcp/congestion/bbr/filter.ts';

describe('the windowed maximum', () => {
  it('is the largest of the window', () => {
    const filter = newMaxFilter();
    const seen: number[] = [];
    for (const [t, v] of [5, 9, 7, 3, 8].entries()) {
      updateMax(filter, 10, t, v);
      seen.push(filter.v0);
    }
    assert.deepEqual(seen, [5, 9, 9, 9, 9]);
  });

  it('lets go of what is too old, and knows the next best', () => {
    const filter = newMaxFilter();
    updateMax(filter, 10, 0, 100);
    for (let t = 1; t <= 10; t++) updateMax(filter, 10, t, 50 - t);
    assert.equal(filter.v0, 100);
    updateMax(filter, 10, 11, 20);
    assert.ok(filter.v0 < 100 && filter.v0 >= 40, String(filter.v0));
  });

  it('is never less than the newest nor more than the largest of the window', () => {
    const measurements = fc.array(fc.record({ gap: fc.nat({ max: 4 }), v: fc.nat({ max: 1000 }) }), { minLength: 1 });
    fc.assert(
      fc.property(measurements, (all) => {
        const filter = newMaxFilter();
        const past: { t: number; v: number }[] = [];
        let t = 100;
        for (const { gap, v } of all) {
          t += gap;
          past.push({ t, v });
          updateMax(filter, 10, t, v);
          const recent = past.filter((one) => t - one.t <= 10).map((one) => one.v);
          assert.ok(filter.v0 >= v);
          assert.ok(filter.v0 <= Math.max(...recent));
        }
      }),
    );
  });
});
