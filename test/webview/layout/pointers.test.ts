import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pointerMarks } from '../../../webview/layout/pointers.ts';

const NAMES = ['SND.UNA', 'SND.NXT', 'written', 'UNA+WND'];
const marksAt = (places: number[], width = 600) =>
  pointerMarks(
    places.map((at, i) => ({ name: NAMES[i] ?? '', at })),
    (at) => at,
    width,
    6,
  );

describe('pointers into a stream', () => {
  it('that name the same byte share one mark', () => {
    const [mark, ...others] = marksAt([300, 300]);
    assert.deepEqual(others, []);
    assert.equal(mark?.names, 'SND.UNA = SND.NXT');
    assert.equal(mark?.value, '300');
  });

  it('have their words under them when there is room', () => {
    const [first, second] = marksAt([200, 400]);
    assert.deepEqual([first?.textX, first?.lead], [200, null]);
    assert.deepEqual([second?.textX, second?.lead], [400, null]);
  });

  it('keep their order, stay on the line and never overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(600), { minLength: 1, maxLength: 4 }), (places) => {
        const marks = marksAt(places);
        for (const [i, mark] of marks.entries()) {
          assert.ok(mark.textX - mark.width / 2 >= -1e-6 && mark.textX + mark.width / 2 <= 600 + 1e-6);
          const before = marks[i - 1];
          if (before) assert.ok(before.textX + before.width / 2 <= mark.textX - mark.width / 2 + 1e-6);
        }
      }),
    );
  });
});
