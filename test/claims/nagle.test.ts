/** Claims about Nagle's algorithm and delayed ACKs. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import { ACK } from '../../src/sim/wire/tcp.ts';
import { C, connection, converse, experiment, type Lab, type Part, pattern, read, readAll, warm } from './lab.ts';

const sizes = (part: Part) => part.data('client').map(({ length, sent }) => [length, part.ms(sent)]);

/** Bytes of TCP and IP headers, as on the wire. */
const headers = (part: Part): number =>
  part.log
    .of('packet.sent', { host: 0 })
    .map(({ bytes }) => ((bytes[0] as number) & 15) * 4 + ((bytes[32] as number) >> 4) * 4)
    .reduce((a, b) => a + b, 0);

/** A writes `count` times `size` bytes, 1 ms apart. */
async function type(lab: Lab, count: number, size: number, noDelay: boolean): Promise<Part> {
  const { fd } = await connection(lab);
  await lab.A.setsockopt(fd, C.SOL_TCP, C.TCP_NODELAY, noDelay ? 1 : 0);
  const part = lab.begin();
  for (let i = 0; i < count; i++) {
    await lab.A.write(fd, pattern(size));
    await lab.pause(1);
  }
  await lab.pause(200);
  return part;
}

describe('claims: nagle', () => {
  it('nagle-waits-for-full-segment', () =>
    experiment(async (lab) => {
      const { A, begin, pause, wire } = lab;
      const { fd } = await connection(lab);
      wire.rule = ({ to, segment }) => (to === 'client' && segment.flags === ACK ? ms(500) : undefined);
      const part = begin();
      await A.write(fd, pattern(1));
      await pause(1);
      await A.write(fd, pattern(1));
      await pause(1);
      await A.write(fd, pattern(1448));
      await pause(1000);
      const fresh = part.data('client').filter(({ retransmission }) => !retransmission);
      assert.deepEqual(
        fresh.map(({ length, sent }) => [length, part.ms(sent)]),
        [
          [1, 0],
          [1448, 2],
          [1, 44], // a loss probe: two round trips and 2 ms after the last segment, Nagle or not
        ],
      );
    }));

  it('keystroke-overhead-40-bytes: TCP_NODELAY', () =>
    experiment(async (lab) => {
      const part = await type(lab, 10, 1, true);
      assert.equal(part.data('client').length, 10);
      assert.equal(headers(part), 520);
    }));

  it('keystroke-overhead-40-bytes: Nagle', () =>
    experiment(async (lab) => {
      const part = await type(lab, 10, 1, false);
      assert.deepEqual(sizes(part), [
        [1, 0],
        [9, 20],
      ]);
      assert.equal(headers(part), 104);
    }));

  // 20 packets are in flight at a time: more than the ten that a fresh connection may send.
  it('nagle-is-a-trade-off: TCP_NODELAY', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await warm(lab);
      await A.setsockopt(fd, C.SOL_TCP, C.TCP_NODELAY, 1);
      const part = begin();
      B.spawn('acknowledges at once', async (me) => {
        for (let have = 0; have < 1000; have += await me.read(child, new Uint8Array(1000)))
          await me.setsockopt(child, C.SOL_TCP, C.TCP_QUICKACK, 1);
      });
      for (let i = 0; i < 100; i++) {
        await A.write(fd, pattern(10));
        await pause(1);
      }
      await pause(200);
      assert.deepEqual(
        sizes(part),
        Array.from({ length: 100 }, (_, i) => [10, i]),
      );
    }));

  it('nagle-is-a-trade-off: Nagle', () =>
    experiment(async (lab) => {
      const part = await type(lab, 100, 10, false);
      assert.deepEqual(part.times(part.data('client')), [0, 20, 40, 60, 80, 100]);
    }));

  it('nagle-is-a-trade-off: TCP_CORK', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      await A.setsockopt(fd, C.SOL_TCP, C.TCP_CORK, 1);
      const part = begin();
      for (let i = 0; i < 100; i++) {
        await A.write(fd, pattern(10));
        await pause(1);
      }
      await A.setsockopt(fd, C.SOL_TCP, C.TCP_CORK, 0);
      assert.deepEqual(sizes(part), [[1000, 100]]);
      await A.setsockopt(fd, C.SOL_TCP, C.TCP_CORK, 1);
      await pause(200);
      const forgotten = begin();
      await A.write(fd, pattern(10));
      await pause(1000);
      assert.deepEqual(
        sizes(forgotten),
        [[10, 220]],
        'what is held goes out when the retransmission timeout has passed',
      );
    }));

  it('nagle-is-a-trade-off: one write', () =>
    experiment(async (lab) => {
      const part = await type(lab, 1, 1000, false);
      assert.deepEqual(sizes(part), [[1000, 0]]);
    }));

  it('apps-disable-nagle', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      assert.equal(await A.getsockopt(fd, C.SOL_TCP, C.TCP_NODELAY), 0);
      const held = begin();
      for (const _ of [1, 2]) await A.write(fd, pattern(100));
      await pause(200);
      assert.deepEqual(held.times(held.data('client')), [0, 20]);
      await A.setsockopt(fd, C.SOL_TCP, C.TCP_NODELAY, 1);
      const eager = begin();
      for (const _ of [1, 2]) await A.write(fd, pattern(100));
      assert.deepEqual(eager.times(eager.data('client')), [0, 0]);
    }));

  for (const [name, writes, noDelay, reply, delayed] of [
    ['two writes', [100, 100], 0, 80, 1],
    ['two writes, TCP_NODELAY', [100, 100], 1, 20, 0],
    ['one write', [200], 0, 20, 0],
  ] as const) {
    it(`nagle-plus-delayed-ack: ${name}`, () =>
      experiment(async (lab) => {
        const { A, B, begin } = lab;
        const pair = await connection(lab);
        await converse(lab, pair);
        await A.setsockopt(pair.fd, C.SOL_TCP, C.TCP_NODELAY, noDelay);
        const part = begin();
        B.spawn('server', async (me) => {
          await readAll(me, pair.child, 200);
          await me.write(pair.child, 'reply');
        });
        for (const size of writes) await A.write(pair.fd, pattern(size));
        assert.equal(await read(A, pair.fd), 'reply');
        assert.equal(part.ms(), reply);
        assert.equal(part.log.of('timer.fire', { host: 1, timer: 'delayed ACK' }).length, delayed);
      }));
  }
});
