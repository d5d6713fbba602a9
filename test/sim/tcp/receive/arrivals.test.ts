/** Segments of one stream in any order, cut and repeated anyhow: what is read is what was sent, and SACK tells the truth. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FIN } from '../../../../src/sim/wire/tcp.ts';
import { Receiver, stream } from './kit.ts';

/** What a receiver holds, as a set of bytes: the plainest model there is. */
class Model {
  readonly #held = new Set<number>();
  next = 0;

  arrive(from: number, to: number): void {
    for (let i = from; i < to; i++) this.#held.add(i);
    while (this.#held.has(this.next)) this.next++;
  }

  /** Everything in `[from, to)` is held. */
  holds(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (!this.#held.has(i)) return false;
    return true;
  }

  /** Stretches beyond `next`. */
  early(): [number, number][] {
    const all = [...this.#held].filter((i) => i >= this.next).sort((a, b) => a - b);
    const out: [number, number][] = [];
    for (const i of all) {
      const last = out.at(-1);
      if (last && last[1] === i) last[1]++;
      else out.push([i, i + 1]);
    }
    return out;
  }
}

const TOTAL = 3000;
const arrivals = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: TOTAL - 1 }),
    length: fc.integer({ min: 1, max: 400 }),
    read: fc.option(fc.integer({ min: 1, max: 900 }), { nil: 0 }),
  }),
  { maxLength: 60 },
);

describe('receiving in any order', () => {
  it('gives the stream as it was sent, and acknowledges what has come', () =>
    fc.assert(
      fc.property(arrivals, (list) => {
        const receiver = new Receiver();
        const model = new Model();
        const got: number[] = [];
        for (const { from, length, read } of list) {
          const to = Math.min(TOTAL, from + length);
          const before = model.next;
          receiver.data(from, to);
          model.arrive(from, to);
          assert.equal(receiver.offset(receiver.tcb.rcv.nxt), model.next);
          const { early } = receiver.tcb.rcv;
          assert.deepEqual(
            early.ranges.map(({ left, right }) => [receiver.offset(left), receiver.offset(right)]),
            model.early(),
          );
          for (const ack of receiver.sent()) {
            for (const [left, right] of receiver.blocks(ack)) {
              assert.ok(model.holds(left, right), `${left}:${right} is not all there`);
              const duplicate = left < model.next || (from <= left && right <= to);
              assert.ok(duplicate || left > before, `${left}:${right} was in order already`);
            }
          }
          if (read > 0) got.push(...receiver.read(read));
        }
        got.push(...receiver.read());
        assert.deepEqual(Uint8Array.from(got), stream(0, model.next));
      }),
      { numRuns: 300 },
    ));

  it('tells at most four blocks, the one that changed last first', () =>
    fc.assert(
      fc.property(arrivals, (list) => {
        const receiver = new Receiver();
        const model = new Model();
        for (const { from, length } of list) {
          const to = Math.min(TOTAL, from + length);
          const known = model.holds(from, to);
          receiver.data(from, to);
          model.arrive(from, to);
          const { sacks } = receiver.tcb.rcv;
          const stretches = model.early();
          assert.ok(sacks.length <= 4);
          assert.equal(sacks.length === 0, stretches.length === 0);
          for (const { left, right } of sacks) {
            const [l, r] = [receiver.offset(left), receiver.offset(right)];
            assert.ok(model.holds(l, r) && l > model.next, `${l}:${r}`);
          }
          const [first] = sacks;
          if (first && !known && from > model.next) {
            assert.ok(receiver.offset(first.left) <= from && to <= receiver.offset(first.right));
          }
        }
      }),
      { numRuns: 300 },
    ));

  it('takes the end of the stream in its turn, however early it comes', () =>
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
        const receiver = new Receiver();
        for (const [i, part] of order.entries()) {
          const last = part === 7;
          receiver.data(part * 100, part * 100 + 100, last ? { flags: 0x10 | FIN } : {});
          const done = i === 7;
          assert.equal(receiver.tcb.finReceived, done);
        }
        assert.deepEqual(receiver.read(), stream(0, 800));
        assert.equal(receiver.tcb.state, 'CLOSE-WAIT');
        assert.equal(receiver.tcb.rcv.alloc, 0);
      }),
    ));

  it('accounts for all memory, and gives all of it back', () =>
    fc.assert(
      fc.property(arrivals, (list) => {
        const receiver = new Receiver();
        for (const { from, length, read } of list) {
          receiver.data(from, Math.min(TOTAL, from + length));
          const { queue, early, alloc } = receiver.tcb.rcv;
          const sum = [...queue.list(), ...early.list()].reduce((bytes, { truesize }) => bytes + truesize, 0);
          assert.equal(alloc, sum);
          if (read > 0) receiver.read(read);
        }
        receiver.data(0, TOTAL);
        receiver.read();
        assert.equal(receiver.tcb.rcv.alloc, 0);
      }),
      { numRuns: 200 },
    ));

  it('loses nothing that it has acknowledged when memory is short', () =>
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 2304, max: 9000 }), (list, receive) => {
        const receiver = new Receiver({}, { receive });
        let acknowledged = 0;
        const got: number[] = [];
        for (const { from, length, read } of list) {
          receiver.data(from, Math.min(TOTAL, from + length));
          for (const { ack } of receiver.sent()) acknowledged = Math.max(acknowledged, receiver.offset(ack));
          const { queue, early, alloc } = receiver.tcb.rcv;
          const sum = [...queue.list(), ...early.list()].reduce((bytes, { truesize }) => bytes + truesize, 0);
          assert.equal(alloc, sum);
          if (read > 0) got.push(...receiver.read(read));
        }
        got.push(...receiver.read());
        assert.ok(got.length >= acknowledged);
        assert.deepEqual(Uint8Array.from(got), stream(0, got.length));
      }),
      { numRuns: 300 },
    ));
});
