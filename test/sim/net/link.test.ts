import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ms, type Time, us, ZERO } from '../../../src/sim/base/time.ts';
import { Link, type LinkOptions, type Port } from '../../../src/sim/net/link.ts';
import { Scheduler } from '../../../src/sim/net/scheduler.ts';
import { Log } from '../../../src/sim/trace/log.ts';
import type { EventOf } from '../../../src/sim/trace/schema.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { isMalformed } from '../../../src/sim/wire/malformed.ts';
import { type Packet, parseTcpIp, TcpPacket } from '../../../src/sim/wire/packet.ts';
import { anySegment } from '../wire/arbitrary.ts';

const ENDS = { src: address('10.0.0.1'), dst: address('10.0.0.2') };
const [SEGMENT] = fc.sample(anySegment, { numRuns: 1, seed: 1 });
const PATH: LinkOptions = { delay: ms(10), rate: Infinity, queue: 1000, loss: 0, mtu: 1500 };

interface Arrival {
  /** Its place among the packets that were sent. */
  id: number;
  at: Time;
  packet: Packet;
  number: number;
}

/** Sends `count` packets, one each millisecond, and gives those that arrive. */
function send(options: Partial<LinkOptions>, count = 400, seed = 1): { log: Log; arrivals: Arrival[] } {
  assert.ok(SEGMENT);
  const scheduler = new Scheduler();
  const log = new Log();
  const arrivals: Arrival[] = [];
  const port = (index: number, arrive: Port['arrive']): Port => ({ index, name: `host${index}`, arrive });
  const from = port(0, () => assert.fail('nothing comes back'));
  const to = port(1, (packet, number) => {
    const id = packet instanceof TcpPacket ? packet.id : -1;
    arrivals.push({ id, at: scheduler.now, packet, number });
  });
  const link = new Link(0, [from, to], { ...PATH, ...options }, seed, scheduler, log);
  for (let id = 0; id < count; id++) {
    scheduler.at(ms(id), () => link.send(from, new TcpPacket(SEGMENT, { ...ENDS, id }), 1, -1));
  }
  for (let next = scheduler.peek(); next !== undefined; next = scheduler.peek()) {
    log.now = next;
    scheduler.step();
  }
  return { log, arrivals };
}

const late = ({ id, at }: Arrival): number => at - ms(id);
const between = (value: number, low: number, high: number) => assert.ok(value >= low && value <= high, `${value}`);

describe('a link', () => {
  it('delivers every packet once, in order, after its delay, unless told otherwise', () => {
    const { arrivals } = send({});
    assert.deepEqual(
      arrivals.map(({ id, at }) => [id, at]),
      Array.from({ length: 400 }, (_, id) => [id, ms(id + 10)]),
    );
  });

  it('makes packets wait while the wire is busy, as many as the queue holds', () => {
    assert.ok(SEGMENT);
    const bytes = new TcpPacket(SEGMENT, ENDS).length + 14;
    // each packet is 2.5 ms on the wire, and one is sent every millisecond
    const { log, arrivals } = send({ rate: (bytes * 8) / 0.0025, queue: 3 }, 20);
    const queued = [...log.of('packet.queued')].map(({ length }) => length);
    assert.deepEqual(queued.slice(0, 5), [0, 1, 1, 2, 2]);
    assert.ok([...log.of('packet.dropped')].every(({ reason }) => reason === 'link queue full'));
    for (const [i, { at }] of arrivals.entries()) assert.equal(at, us(2500 * (i + 1)) + ms(10));
  });

  it('says in the log what was set', () => {
    const { log } = send({ duplicate: 0.1, corrupt: 0.2, jitter: ms(3), reorder: 0.4, gap: 5 }, 0);
    const [up] = log.of('link.up') as Iterable<EventOf<'link.up'>>;
    const { duplicate, corrupt, jitter, reorder, gap } = up as EventOf<'link.up'>;
    assert.deepEqual(
      { duplicate, corrupt, jitter, reorder, gap },
      { duplicate: 0.1, corrupt: 0.2, jitter: ms(3), reorder: 0.4, gap: 5 },
    );
  });

  it('gives each chance its own random numbers: one more of them changes nothing about the others', () => {
    const lost = (options: Partial<LinkOptions>) =>
      new Set([...send({ loss: 0.1, ...options }).log.of('packet.dropped')].map(({ t }) => t));
    const alone = lost({});
    assert.ok(alone.size > 20);
    for (const options of [{ corrupt: 0.3 }, { reorder: 0.3 }, { jitter: ms(2) }]) {
      assert.deepEqual(lost(options), alone);
    }
  });
});

describe('a link that duplicates', () => {
  it('delivers some packets twice; the second is a packet of its own that nobody sent', () => {
    const { log, arrivals } = send({ duplicate: 0.25 });
    const sent = [...log.of('packet.sent')];
    const copies = sent.filter(({ host }) => host === -1);
    between(copies.length, 70, 130);
    assert.equal(arrivals.length, 400 + copies.length);
    for (const copy of copies) {
      const original = sent.find(({ n }) => n === copy.cause);
      assert.deepEqual(copy.bytes, original?.bytes);
      assert.equal(original?.host, 0);
    }
    assert.deepEqual(
      arrivals.map(({ number }) => number).sort((a, b) => a - b),
      sent.map(({ n }) => n),
    );
  });

  it('and loses, delivers one of the two when the other is lost', () => {
    const { arrivals } = send({ duplicate: 1, loss: 1 });
    assert.equal(arrivals.length, 400);
  });
});

describe('a link that corrupts', () => {
  it('flips one bit, which the receiver can tell', () => {
    const { log, arrivals } = send({ corrupt: 0.25 });
    const damaged = arrivals.filter(({ packet }) => !(packet instanceof TcpPacket));
    between(damaged.length, 70, 130);
    const sent = new Map([...log.of('packet.sent')].map((event) => [event.n, event.bytes]));
    for (const { packet, number } of damaged) {
      const before = sent.get(number) as Uint8Array;
      const flipped = packet.bytes().reduce((bits, byte, i) => {
        let difference = byte ^ (before[i] as number);
        for (; difference !== 0; difference &= difference - 1) bits++;
        return bits;
      }, 0);
      assert.equal(flipped, 1);
      assert.ok(isMalformed(parseTcpIp(packet.bytes())));
    }
  });
});

describe('a link with jitter', () => {
  it('varies the delay evenly to both sides, and lets packets overtake each other', () => {
    const { arrivals } = send({ jitter: ms(4) });
    const delays = arrivals.map(late);
    for (const delay of delays) between(delay, ms(6), ms(14) - 1);
    assert.ok(Math.min(...delays) < ms(7) && Math.max(...delays) > ms(13));
    assert.ok(arrivals.some(({ id }, i) => id < (arrivals[i - 1]?.id ?? 0)));
  });

  it('keeps the order when it has a rate', () => {
    const { arrivals } = send({ jitter: ms(4), rate: 1e9 });
    assert.deepEqual(
      arrivals.map(({ id }) => id),
      Array.from({ length: 400 }, (_, id) => id),
    );
    assert.ok(new Set(arrivals.map(late)).size > 100);
  });

  it('delivers nothing before it was sent, however large the jitter', () => {
    const { arrivals } = send({ delay: ms(1), jitter: ms(4) });
    for (const arrival of arrivals) between(late(arrival), ZERO, ms(5));
  });
});

describe('a link that reorders', () => {
  it('does not hold some packets back, so that they overtake the others', () => {
    const { arrivals } = send({ reorder: 0.25 });
    const ahead = arrivals.filter((arrival) => late(arrival) === 0);
    between(ahead.length, 70, 130);
    assert.ok(arrivals.every((arrival) => late(arrival) === 0 || late(arrival) === ms(10)));
  });

  it('takes every fifth packet, when it is certain and the gap is 5', () => {
    const { arrivals } = send({ reorder: 1, gap: 5 }, 50);
    const ahead = arrivals.filter((arrival) => late(arrival) === 0).map(({ id }) => id);
    assert.deepEqual(ahead, [4, 9, 14, 19, 24, 29, 34, 39, 44, 49]);
  });
});
