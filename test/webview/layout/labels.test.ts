import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Box, boxesTouch, corners, type Line, lineCrosses } from '../../../webview/layout/boxes.ts';
import { Clearing } from '../../../webview/layout/clearing.ts';
import { type Labelled, type LabelMetrics, type Placed, placeLabels } from '../../../webview/layout/labels.ts';

const METRICS: LabelMetrics = { charWidth: 6.6, height: 13, offset: 9 };

/** An arrow between two lifelines 300 apart. */
const arrow = (top: number, fall: number, rightwards: boolean, text: string): Labelled => ({
  a: { x: rightwards ? 0 : 300, y: top },
  b: { x: rightwards ? 300 : 0, y: top + fall },
  texts: [text, text.slice(0, 3)],
});

const arrows = fc.array(
  fc
    .tuple(fc.nat(600), fc.integer({ min: 0, max: 90 }), fc.boolean(), fc.string({ minLength: 3, maxLength: 30 }))
    .map((parts) => arrow(...parts)),
  { maxLength: 40 },
);

function place(arrows: readonly Labelled[], boxes: readonly Box[] = []): (Placed | null)[] {
  const clearing = new Clearing();
  for (const each of arrows) clearing.addLine(each);
  for (const box of boxes) clearing.addBox(box);
  return placeLabels(arrows, METRICS, clearing);
}

describe('words on arrows', () => {
  it('stand in the middle of an arrow that is alone, in full', () => {
    const [placed] = place([arrow(0, 40, true, 'SYN seq 0 win 64240')]);
    assert.equal(placed?.text, 'SYN seq 0 win 64240');
    assert.ok(Math.abs((placed?.box.middle.x ?? 0) - 150) < 5);
    assert.ok((placed?.box.middle.y ?? 0) < 20, 'above the line');
  });

  it('are never written upside down', () => {
    const [placed] = place([arrow(0, 40, false, 'ACK 1')]);
    assert.ok(Math.abs(placed?.box.angle ?? Math.PI) <= Math.PI / 2);
  });

  it('move aside where two arrows cross', () => {
    const crossing = [arrow(0, 40, true, 'SYN seq 0'), arrow(0, 40, false, 'SYN seq 0')];
    const placed = place(crossing);
    for (const label of placed) for (const line of crossing) assert.ok(label && !lineCrosses(label.box, line));
  });

  it('are shortened before they are left out', () => {
    const [placed] = place([{ ...arrow(0, 10, true, ''), texts: ['x'.repeat(80), 'ACK'] }]);
    assert.equal(placed?.text, 'ACK');
  });

  it('keep clear of what is already written', () => {
    const lone = arrow(0, 40, true, 'SYN seq 0');
    const written = { middle: { x: 150, y: 20 }, width: 120, height: 60, angle: 0 };
    const [placed] = place([lone], [written]);
    assert.ok(!placed || !boxesTouch(placed.box, written));
  });

  it('never lie under a line and never overlap, whatever the arrows', () => {
    fc.assert(
      fc.property(arrows, (all) => {
        const placed = place(all).filter((label) => label !== null);
        for (const [i, { box }] of placed.entries()) {
          for (const line of all) assert.ok(!lineCrosses(box, line));
          for (const other of placed.slice(i + 1)) assert.ok(!boxesTouch(box, other.box));
          for (const { x } of corners(box)) assert.ok(x > -20 && x < 320, 'inside the lifelines');
        }
      }),
    );
  });
});

describe('boxes', () => {
  const box = { middle: { x: 0, y: 0 }, width: 10, height: 4, angle: 0 };
  it('that share a border do not touch', () => {
    assert.ok(!boxesTouch(box, { ...box, middle: { x: 10, y: 0 } }));
    assert.ok(boxesTouch(box, { ...box, middle: { x: 9.9, y: 0 } }));
  });
  it('turned by a quarter are as wide as they were high', () => {
    const turned = { ...box, angle: Math.PI / 2 };
    const at = (x: number): Line => ({ a: { x, y: -9 }, b: { x, y: 9 } });
    assert.ok(lineCrosses(box, at(4)));
    assert.ok(!lineCrosses(turned, at(4)));
    assert.ok(lineCrosses(turned, at(1.9)));
  });
});
