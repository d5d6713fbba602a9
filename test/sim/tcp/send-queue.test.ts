/**
 * The send queue against a naive model: an array of bytes and arrays of records. Whatever is done to both, bytes, order,
 * memory and the order of sending stay the same.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seq, seqAdd, seqDiff } from '../../../src/sim/base/seq.ts';
import type { Time } from '../../../src/sim/base/time.ts';
import { newSkb, payloadLength, SendQueue, SKB_OVERHEAD, type Skb } from '../../../src/sim/tcp/send-queue.ts';
import { records } from './invariants.ts';

const START = seq(-5000); // the stream crosses the wrap

type Step =
  | { do: 'write'; size: number; chunks: number }
  | { do: 'send' }
  | { do: 'again'; which: number }
  | { do: 'unlist'; which: number }
  | { do: 'split'; which: number; at: number }
  | { do: 'trim'; bytes: number }
  | { do: 'slice'; from: number; length: number };

const nat = (max: number) => fc.integer({ min: 0, max });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), size: fc.integer({ min: 1, max: 3000 }), chunks: nat(3) }),
  fc.record({ do: fc.constant('send' as const) }),
  fc.record({ do: fc.constant('again' as const), which: nat(99) }),
  fc.record({ do: fc.constant('unlist' as const), which: nat(99) }),
  fc.record({ do: fc.constant('split' as const), which: nat(99), at: nat(99) }),
  fc.record({ do: fc.constant('trim' as const), bytes: nat(4000) }),
  fc.record({ do: fc.constant('slice' as const), from: nat(99), length: nat(99) }),
);

/** What a record is: where it begins and ends in the stream (0-based), and whether it was sent. */
interface Model {
  from: number;
  to: number;
  sent: boolean;
  /** In the order of sending. */
  listed: boolean;
}

class Both {
  readonly queue = new SendQueue();
  readonly bytes: number[] = [];
  readonly model: Model[] = [];
  /** Records in the order in which they were last sent. */
  order: Model[] = [];
  una = 0;

  constructor() {
    this.queue.begin(START);
  }

  take(action: Step): void {
    const { queue, model } = this;
    const skbs = [...records(queue.sent), ...records(queue.unsent)];
    const pick = <T>(of: readonly T[], which: number): T | undefined => of[which % Math.max(1, of.length)];
    switch (action.do) {
      case 'write': {
        const from = this.bytes.length;
        const skb = newSkb(seqAdd(START, from), seqAdd(START, from));
        queue.entail(skb);
        for (let i = 0; i <= action.chunks; i++) {
          const part = Uint8Array.from({ length: action.size }, (_, j) => (from + i * 17 + j * 31) & 255);
          queue.append(part);
          this.bytes.push(...part);
          skb.end = seqAdd(skb.end, part.length);
          skb.memory += part.length;
          queue.memory += part.length;
        }
        model.push({ from, to: this.bytes.length, sent: false, listed: false });
        break;
      }
      case 'send': {
        const skb = queue.unsent.head;
        const one = model.find(({ sent }) => !sent);
        if (!skb || !one) break;
        queue.moveToSent(skb);
        queue.sentNow(skb);
        one.sent = one.listed = true;
        this.order.push(one);
        break;
      }
      case 'again': {
        const one = pick(
          model.filter(({ sent }) => sent),
          action.which,
        );
        if (!one) break;
        queue.sentNow(skbs[model.indexOf(one)] as Skb);
        this.order = [...this.order.filter((other) => other !== one), one];
        one.listed = true;
        break;
      }
      case 'unlist': {
        const one = pick(model, action.which);
        if (!one) break;
        queue.unlist(skbs[model.indexOf(one)] as Skb);
        this.order = this.order.filter((other) => other !== one);
        one.listed = false;
        break;
      }
      case 'split': {
        const one = pick(model, action.which);
        if (!one || one.to - one.from < 2) break;
        const at = one.from + 1 + (action.at % (one.to - one.from - 1));
        const i = model.indexOf(one);
        queue.split(one.sent ? queue.sent : queue.unsent, skbs[i] as Skb, at - one.from);
        const rest = { ...one, from: at };
        one.to = at;
        model.splice(i + 1, 0, rest);
        if (one.listed) this.order.splice(this.order.indexOf(one) + 1, 0, rest);
        break;
      }
      case 'trim':
        this.acknowledge(Math.min(this.una + action.bytes, model.findLast(({ sent }) => sent)?.to ?? this.una));
        break;
      case 'slice': {
        const there = this.bytes.length - this.una;
        const from = this.una + Math.floor((there * action.from) / 100);
        const length = Math.floor(((this.bytes.length - from) * action.length) / 100);
        assert.deepEqual([...queue.slice(seqAdd(START, from), length)], this.bytes.slice(from, from + length));
      }
    }
  }

  acknowledge(to: number): void {
    const { queue, model } = this;
    this.una = to;
    for (let one = model[0]; one && one.from < to; one = model[0]) {
      const skb = queue.sent.head as Skb;
      if (one.to > to) {
        queue.trimHead(skb, to - one.from);
        one.from = to;
        break;
      }
      queue.drop(queue.sent, skb);
      model.shift();
      this.order = this.order.filter((other) => other !== one);
    }
    queue.release(seqAdd(START, to));
  }

  check(): void {
    const { queue, model } = this;
    const skbs = [...records(queue.sent), ...records(queue.unsent)];
    const place = (skb: Skb) => ({ from: seqDiff(skb.seq, START), to: seqDiff(skb.end, START) });
    const plain = ({ from, to }: Model) => ({ from, to });
    assert.deepEqual(skbs.map(place), model.map(plain));
    assert.equal(records(queue.sent).length, model.filter(({ sent }) => sent).length);
    assert.deepEqual(
      skbs.map(({ memory }) => memory),
      model.map(({ from, to }) => SKB_OVERHEAD + to - from),
    );
    assert.equal(queue.memory, model.length * SKB_OVERHEAD + this.bytes.length - this.una);
    assert.equal(queue.length, this.bytes.length - this.una);
    assert.equal(queue.empty, model.length === 0);
    assert.equal(seqDiff(queue.from, START), this.una);
    const order: Skb[] = [];
    for (let skb = queue.sentFirst; skb; skb = skb.sentNext) order.push(skb);
    assert.deepEqual(order.map(place), this.order.map(plain));
    for (const skb of skbs) {
      const at = seqDiff(skb.seq, START);
      const length = payloadLength(skb);
      assert.deepEqual([...queue.slice(skb.seq, length)], this.bytes.slice(at, at + length));
    }
  }
}

describe('tcp/send-queue', () => {
  it('does what a naive one does', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const both = new Both();
        for (const one of steps) {
          both.take(one);
          both.check();
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives a view when the bytes lie together, a copy when they do not', () => {
    const queue = new SendQueue();
    queue.begin(START);
    const [one, two] = [new Uint8Array(100).fill(1), new Uint8Array(100).fill(2)];
    queue.append(one);
    queue.append(two);
    assert.equal(queue.slice(seqAdd(START, 20), 50).buffer, one.buffer);
    const across = queue.slice(seqAdd(START, 90), 20);
    assert.deepEqual([...across], [...Array(10).fill(1), ...Array(10).fill(2)]);
    assert.notEqual(across.buffer, one.buffer);
    queue.release(seqAdd(START, 150));
    assert.equal(queue.slice(seqAdd(START, 150), 50).buffer, two.buffer);
  });

  it('a cut moves PSH, FIN, MSG_EOR and the stamp to the part that they are about', () => {
    const queue = new SendQueue();
    queue.begin(START);
    queue.append(new Uint8Array(300));
    const skb = newSkb(START, seqAdd(START, 301));
    Object.assign(skb, { push: true, fin: true, eor: true, memory: SKB_OVERHEAD + 300 });
    Object.assign(skb, { stampFlags: 3, stampAt: seqAdd(START, 99), at: 7 as Time });
    queue.entail(skb);
    const rest = queue.split(queue.unsent, skb, 100);
    assert.deepEqual([skb.push, skb.fin, skb.eor, skb.stampFlags], [false, false, false, 3]);
    assert.deepEqual([rest.push, rest.fin, rest.eor, rest.stampFlags], [true, true, true, 0]);
    assert.deepEqual([payloadLength(skb), payloadLength(rest)], [100, 200]);
    assert.deepEqual([skb.memory, rest.memory, queue.memory], [932, 1032, 1964]);
  });

  it('a SYN is no payload: what is cut off begins behind it', () => {
    const queue = new SendQueue();
    const syn = newSkb(START, seqAdd(START, 1));
    syn.syn = true;
    queue.begin(seqAdd(START, 1));
    queue.entail(syn);
    assert.equal(payloadLength(syn), 0);
    assert.equal(queue.length, 0);
    assert.equal(queue.empty, false);
  });
});
