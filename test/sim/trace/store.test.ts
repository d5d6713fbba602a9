import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Store } from '../../../src/sim/trace/store.ts';

describe('the store of bytes', () => {
  it('gives back what was put, wherever chunks begin and however long it is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(3000), fc.nat(400_000)), { maxLength: 40 }), (sizes) => {
        const store = new Store();
        const put = sizes.map((size, i) => {
          const bytes = new Uint8Array(size).fill(i + 1);
          return { i, size, address: store.put(bytes) };
        });
        for (const { i, size, address } of put) {
          const view = store.view(address, size);
          assert.equal(view.length, size);
          assert.ok(view.every((byte) => byte === i + 1));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('copies what is put, and what it holds already it does not copy', () => {
    const store = new Store();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const address = store.put(bytes);
    bytes.fill(9);
    const view = store.view(address, 4);
    assert.deepEqual([...view], [1, 2, 3, 4]);
    assert.equal(store.put(view), address);
    assert.equal(store.put(view.subarray(1, 3)), address + 1);
  });

  it('keeps long byte strings that are put again and again once, and tells them from ones that differ in a single byte', () => {
    const store = new Store();
    const bytes = new Uint8Array(100_003).fill(5);
    const address = store.put(bytes);
    assert.equal(store.put(bytes.slice()), address);
    for (const at of [0, 50_000, 100_002]) {
      const other = bytes.slice();
      other[at] = 6;
      const place = store.put(other);
      assert.notEqual(place, address);
      assert.deepEqual(store.view(place, other.length), other);
    }
    assert.deepEqual(store.view(address, bytes.length), bytes);
  });

  it('lays what is written one after the other, whatever headers come between', () => {
    const store = new Store();
    store.put(new Uint8Array(10));
    const first = store.put(new Uint8Array(300));
    store.room(52);
    assert.equal(store.put(new Uint8Array(300)), first + 300);
  });

  it('never moves a byte: a view stays good while the store grows', () => {
    const store = new Store();
    const view = store.view(store.put(Uint8Array.of(7, 8)), 2);
    for (let i = 0; i < 100; i++) store.put(new Uint8Array(50_000).fill(i));
    assert.deepEqual([...view], [7, 8]);
    assert.equal(store.put(view), 0);
  });

  it('begins with bytes from elsewhere, and goes on after them', () => {
    const message = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
    const store = new Store(message.subarray(10, 69_000));
    assert.deepEqual(store.view(60_000, 5), message.subarray(60_010, 60_015));
    const address = store.put(Uint8Array.of(5, 5));
    assert.ok(address >= 68_990);
    assert.deepEqual([...store.view(address, 2)], [5, 5]);
    // of the same buffer, and yet none of its bytes
    assert.notEqual(store.put(message.subarray(0, 5)), 0);
  });

  it('copies a range that goes over from one chunk to the next', () => {
    const store = new Store();
    const address = store.put(new Uint8Array(65_536 * 5).fill(1)) + 65_536 * 4;
    assert.equal(store.put(new Uint8Array(65_536 * 5).fill(2)), address + 65_536);
    const out = new Uint8Array(4);
    store.copy(address + 65_534, address + 65_538, out);
    assert.deepEqual([...out], [1, 1, 2, 2]);
  });
});
