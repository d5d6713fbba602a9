/** Claims about how the stream is cut, numbered and acknowledged. */
import assert from 'node:assert/strict';
import { seqDiff } from '../../src/sim/base/seq.ts';
import { ACK } from '../../src/sim/wire/tcp.ts';
import { C, connection, dial, experiment, onWire, pattern, readAll, socket, sum, warm } from './lab.ts';

describe('claims: segmentation', () => {
  // A link has one MTU for both ends.
  for (const [mtu, mss] of [
    [1500, 1460],
    [1400, 1360],
  ] as const) {
    it(`mss-limits-segment: MTU ${mtu}`, () =>
      experiment(
        async (lab) => {
          const { A, pause } = lab;
          const { fd } = await connection(lab);
          assert.equal(await A.getsockopt(fd, C.SOL_TCP, C.TCP_MAXSEG), mss - 12);
          await A.write(fd, pattern(10_000));
          await pause(100);
          const segments = onWire(lab);
          assert.deepEqual([segments[0]?.options.mss, segments[1]?.options.mss], [mss, mss]);
          assert.equal(Math.max(...segments.map(({ payload }) => payload.length)), mss - 12);
        },
        { link: { mtu } },
      ));
  }

  it('mss-limits-segment: each side announces its own', () =>
    experiment(
      async (lab) => {
        const { A, B, pause } = lab;
        const door = await socket(B);
        await B.setsockopt(door, C.SOL_TCP, C.TCP_MAXSEG, 1360);
        await B.bind(door, { addr: C.INADDR_ANY, port: 80 });
        await B.listen(door, 5);
        const fd = await dial(lab);
        const child = await B.accept(door);
        await Promise.all([A.write(fd, pattern(10_000)), B.write(child, pattern(10_000)), pause(100)]);
        const segments = onWire(lab);
        assert.deepEqual([segments[0]?.options.mss, segments[1]?.options.mss], [1460, 1360]);
        const most = (port: number) =>
          Math.max(...segments.map(({ dstPort, payload }) => (dstPort === port ? payload.length : 0)));
        assert.equal(most(80), 1360);
      },
      { client: { sysctl: { 'net.ipv4.tcp_timestamps': 0 } } },
    ));

  // PSH is on the last segment of what is built at once, here two segments at a time.
  it('tcp-cuts-and-numbers', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      await A.write(fd, pattern(5000));
      await pause(100);
      await A.write(fd, pattern(10));
      assert.deepEqual(
        part.data('client').map(({ seq, length }) => [seq, length]),
        [
          [1, 1448],
          [1449, 1448],
          [2897, 1448],
          [4345, 656],
          [5001, 10],
        ],
      );
      assert.deepEqual(
        part.data('client').map(({ flags }) => flags),
        ['ACK', 'PSH,ACK', 'ACK', 'PSH,ACK', 'PSH,ACK'],
      );
    }));

  it('one-write-several-packets', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      await A.write(fd, pattern(2000));
      assert.equal(part.ms(), 0);
      await pause(100);
      assert.deepEqual(
        part.data('client').map(({ length, sent }) => [length, part.ms(sent)]),
        [
          [1448, 0],
          [552, 0],
        ],
      );
      const acks = part.packets({ from: 'server' }).map(({ ack }) => ack);
      assert.ok(acks.length === 1 || acks.length === 2);
      assert.equal(acks.at(-1), 2001);
    }));

  // B reads what comes: an ACK of every second segment supposes that the window goes on opening.
  it('every-segment-is-acknowledged', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await warm(lab);
      const part = begin();
      B.spawn('reader', (me) => readAll(me, child, 28_960));
      await A.write(fd, pattern(28_960));
      await pause(200);
      const data = part.data('client');
      assert.deepEqual(
        [data.length, new Set(part.times(data)).size, sum(data.map(({ length }) => length))],
        [20, 1, 28_960],
      );
      const acks = part.packets({ from: 'server' });
      assert.equal(acks.length, 10);
      assert.equal((acks.at(-1)?.ack ?? 0) - (data[0]?.seq ?? 0), 28_960);
      assert.equal(part.packets({ from: 'client' }).length, 20, 'an ACK is not acknowledged');
    }));

  it('every-segment-is-acknowledged: any of the ten but the last is lost', async () => {
    for (let lost = 0; lost < 9; lost++) {
      await experiment(async (lab) => {
        const { A, B, begin, pause, wire } = lab;
        const { fd, child } = await warm(lab);
        const part = begin();
        B.spawn('reader', (me) => readAll(me, child, 28_960));
        let acks = 0;
        wire.rule = ({ to, segment }) =>
          to === 'client' && segment.flags === ACK && acks++ === lost ? 'lose' : undefined;
        await A.write(fd, pattern(28_960));
        await pause(2000);
        assert.equal(part.log.of('packet.dropped').length, 1);
        assert.equal(part.packets({ retransmission: true }).length, 0, `ACK ${lost}`);
      });
    }
  });

  it('receiver-requests-retransmission', () =>
    experiment(async (lab) => {
      const { A, begin, pause, wire } = lab;
      const { fd } = await connection(lab);
      let data = 0;
      wire.rule = ({ segment }) => (segment.payload.length > 0 && ++data === 2 ? 'lose' : undefined);
      const part = begin();
      await A.write(fd, pattern(5 * 1448));
      await pause(1000);
      const acks = part.packets({ from: 'server' });
      const duplicates = acks.filter(({ ack, sent }) => ack === 1449 && part.ms(sent) === 10).slice(1);
      assert.equal(duplicates.length, 3);
      const blocks = onWire(lab).flatMap(({ options }) => options.sack?.slice(0, 1) ?? []);
      assert.deepEqual(
        blocks.map(({ left, right }) => seqDiff(right, left)),
        [1448, 2896, 4344],
      );
      const again = part.packets({ retransmission: true });
      assert.deepEqual(
        again.map(({ seq }) => seq),
        [1449],
      );
      assert.ok((part.times(again)[0] ?? 0) <= 45);
      assert.equal(part.log.of('timer.fire', { timer: 'retransmit' }).length, 0);
      assert.equal(acks.at(-1)?.ack, 1 + 5 * 1448);
    }));

  it('receiver-requests-retransmission: the last segment is lost', () =>
    experiment(async (lab) => {
      const { A, begin, pause, wire } = lab;
      const { fd } = await connection(lab);
      let data = 0;
      wire.rule = ({ segment }) => (segment.payload.length > 0 && ++data === 5 ? 'lose' : undefined);
      const part = begin();
      await A.write(fd, pattern(5 * 1448));
      await pause(1000);
      const again = part.packets({ retransmission: true });
      assert.equal(again.length, 1);
      const [time = 0] = part.times(again);
      assert.ok(time > 200 && time < 500, `after ${time} ms`);
      const before = part.packets({ from: 'server' }).filter(({ sent }) => part.ms(sent) < time);
      assert.equal(new Set(before.map(({ ack }) => ack)).size, before.length, 'no ACK came twice');
      assert.equal(part.log.of('timer.fire', { host: 0 }).length, 1);
    }));
});
