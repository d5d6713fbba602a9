import assert from 'node:assert/strict';
import fc from 'fast-check';
import { byteAxis } from '../../../webview/layout/axis.ts';
import { nearest, warp } from '../../../webview/layout/warp.ts';

const times = fc.array(fc.nat(1e9), { minLength: 1, maxLength: 200 }).map((all) => all.sort((a, b) => a - b));

describe('time along the slider', () => {
  it('folds the minute after a handshake, and says so', () => {
    const { places, folds } = warp([0, 20, 40, 60, 60_060]);
    assert.deepEqual(folds, [{ index: 4, length: 60_000 }]);
    assert.ok((places[3] as number) > 0.3, 'the handshake keeps its room');
  });

  it('keeps order, and every instant its own place', () => {
    fc.assert(
      fc.property(times, (all) => {
        const { places } = warp(all);
        assert.equal(places.length, all.length);
        for (let i = 1; i < places.length; i++) assert.ok((places[i] as number) > (places[i - 1] as number));
        assert.equal(places[0], 0);
        if (all.length > 1) assert.equal(places.at(-1), 1);
      }),
    );
  });

  it('gives equal waits equal lengths', () => {
    const { places } = warp([0, 10, 20, 30]);
    assert.deepEqual(
      places.map((place) => Math.round(place * 3)),
      [0, 1, 2, 3],
    );
  });

  it('finds the instant at any place', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (all, at) => {
        const { places } = warp(all);
        const best = Math.min(...places.map((place) => Math.abs(place - at)));
        assert.equal(Math.abs((places[nearest(places, at)] as number) - at), best);
      }),
    );
  });
});

const extents = fc
  .tuple(fc.nat(1000), fc.nat(200_000), fc.nat(200_000))
  .map(([from, data, window]) => ({ from: from + 1, end: from + 1 + data, edge: from + 1 + data + window }));

describe('bytes along a line', () => {
  it('keep their order and stay inside', () => {
    fc.assert(
      fc.property(extents, fc.nat(300_000), fc.nat(300_000), fc.nat(70_000), (extent, a, b, window) => {
        const axis = byteAxis(extent, 600, extent.from, window);
        const [low, high] = a < b ? [a, b] : [b, a];
        assert.ok(axis.x(low) <= axis.x(high));
        assert.ok(axis.x(low) >= 0 && axis.x(high) <= 600 + 1e-6);
      }),
    );
  });

  it('show sixteen bytes in a window of 65,535 large, and the rest behind a break', () => {
    const axis = byteAxis({ from: 1, end: 17, edge: 65_536 }, 600, 1, 65_535);
    assert.equal(axis.knee, 17);
    assert.ok(axis.x(17) > 300);
    assert.equal(axis.x(65_536), 600);
    assert.ok(Math.abs(axis.x(9) * 2 - axis.x(17)) < 1e-9, 'bytes are to scale');
  });

  it('need no break when the stream fills the window', () => {
    const axis = byteAxis({ from: 1, end: 40_001, edge: 65_536 }, 600, 1, 65_535);
    assert.equal(axis.knee, axis.to);
  });

  it('follow a stream that is long beside the window, in steps', () => {
    const at = (now: number) => byteAxis({ from: 1, end: 10_000_001, edge: 10_065_536 }, 600, now, 65_536);
    assert.equal(at(1).from, at(30_000).from);
    for (const now of [1, 32_769, 5_000_000, 9_999_000]) {
      const axis = at(now);
      assert.ok(axis.from <= now && now + 65_536 <= axis.to);
    }
  });
});
