/** Claims about what write() does, and what it does not do. */
import assert from 'node:assert/strict';
import { ms, s } from '../../src/sim/base/time.ts';
import { failure } from '../sim/world-kit.ts';
import { C, connection, converse, experiment, pattern, read, readAll, sum } from './lab.ts';

describe('claims: send-path', () => {
  it('write-copies-into-send-buffer', () =>
    experiment(async (lab) => {
      const { A, B, wire, begin } = lab;
      const { fd, child } = await connection(lab);
      wire.loseFirst(({ to }) => to === 'server');
      const part = begin();
      const mine = new TextEncoder().encode('HELLO');
      await A.write(fd, mine);
      mine.fill(0x58);
      assert.deepEqual(
        part.log.of('tcp.send').map(({ una, end }) => [una, end - una]),
        [
          [1, 5],
          [1, 5],
        ],
      );
      assert.equal(await read(B, child), 'HELLO');
      assert.equal(part.data('client').length, 2, 'lost, and sent again from the buffer');
    }));

  it('write-returns-when-kernel-has-bytes', () =>
    experiment(async (lab) => {
      const { A, wire, rows, begin, pause } = lab;
      const { fd } = await connection(lab);
      wire.cut();
      const part = begin();
      assert.equal(await A.write(fd, pattern(100)), 100);
      assert.equal(part.ms(), 0);
      await pause(5000);
      assert.deepEqual([rows('client')[0]?.sendQ, rows('server')[1]?.recvQ], [100, 0]);
      wire.mend();
      await pause(10_000);
      assert.ok(part.data('client').at(-1)?.retransmission);
      assert.deepEqual([rows('client')[0]?.sendQ, rows('server')[1]?.recvQ], [0, 100]);
    }));

  it('diagram-write-returns-after-ack', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      await A.write(fd, 'x');
      await pause(100);
      const [call] = part.calls({ call: 'write' });
      const [data, ack] = part.packets();
      assert.deepEqual([part.ms(call?.entered), part.ms(call?.returned)], [0, 0]);
      assert.deepEqual([part.ms(data?.sent), part.ms(data?.arrived)], [0, 10]);
      assert.ok(ack?.from === 'server' && part.ms(ack.arrived) >= 20);
    }));

  it('send-does-not-transmit-immediately', () =>
    experiment(async (lab) => {
      const { A, begin } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      await A.write(fd, pattern(100));
      assert.deepEqual(part.times(part.data('client')), [0]);
      const queued = [C.SIOCOUTQNSD, C.SIOCOUTQ].map((size) => A.ioctl(fd, size));
      assert.deepEqual(await Promise.all(queued), [0, 100], 'nothing is unsent, all is unacknowledged');
    }));

  it('kernel-chooses-when-and-how', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      const lengths = async (writes: number, size: number) => {
        const part = begin();
        for (let i = 0; i < writes; i++) await A.write(fd, pattern(size));
        await pause(200);
        return part.data('client').map(({ length }) => length);
      };
      assert.deepEqual(await lengths(10, 100), [100, 900]);
      assert.deepEqual(await lengths(1, 5000), [1448, 1448, 1448, 656]);
    }));

  // Between TCP and the device packets are larger, as a link that carries them shows: two segments each, because the rate
  // of a fresh connection whose round trip is 20 ms makes no more of a millisecond (tcp_tso_autosize).
  for (const [name, offload, numbers] of [
    ['the device cuts', 'cut', [1, 1449, 2897, 4345]],
    ['before the device', 'whole', [1, 2897]],
  ] as const) {
    it(`send-diagram-layers: ${name}`, () =>
      experiment(
        async (lab) => {
          const { A, begin, rows, pause } = lab;
          const { fd } = await connection(lab);
          const part = begin();
          await A.write(fd, pattern(5000));
          const packets = part.data('client');
          assert.deepEqual(
            packets.map(({ seq }) => seq),
            numbers,
          );
          assert.equal(sum(packets.map(({ length }) => length)), 5000);
          await pause(19.9);
          assert.equal(rows('client')[0]?.sendQ, 5000);
          await pause(100);
          assert.equal(rows('client')[0]?.sendQ, 0);
        },
        { link: { offload } },
      ));
  }

  // The copies of the card are no part of the simulator: what is counted is the processor's.
  it('kernel-copies-to-nic', () =>
    experiment(async (lab) => {
      const { A, wire, begin, pause } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      wire.loseFirst(({ to, segment }) => to === 'server' && segment.payload.length > 0);
      await A.write(fd, pattern(10_000));
      await pause(1000);
      assert.equal(part.packets({ retransmission: true }).length, 1);
      assert.equal(sum(part.log.of('copy.in').map(({ length }) => length)), 10_000);
    }));

  it('partial-write-when-space-short', () =>
    experiment(async (lab) => {
      const { A, B, pause } = lab;
      const { fd, child } = await connection(lab, { receive: 4000 });
      await A.setsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF, 5000);
      const filled = await A.send(fd, pattern(50_000), C.MSG_DONTWAIT);
      assert.equal(filled, 7240, 'the buffer counts 832 bytes more for each packet');
      assert.equal(await failure(A.send(fd, pattern(1), C.MSG_DONTWAIT)), 'EAGAIN');
      let returned = -1;
      const writer = A.spawn('writer', async (me) => (returned = await me.write(fd, pattern(50_000))));
      await pause(60_000);
      assert.equal(returned, -1);
      await readAll(B, child, filled + 50_000);
      assert.equal(await writer.join(), 50_000);
    }));

  it('partial-write-when-space-short: SO_SNDTIMEO', () =>
    experiment(async (lab) => {
      const { A, begin } = lab;
      const { fd } = await connection(lab, { receive: 4000 });
      await A.setsockopt(fd, C.SOL_SOCKET, C.SO_SNDTIMEO, s(1));
      const part = begin();
      const taken = await A.write(fd, pattern(8_000_000));
      assert.ok(taken > 0 && taken < 8_000_000, `${taken} bytes`);
      assert.equal(part.ms(), 1000);
    }));

  it('write-blocks-when-full', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab, { receive: 4000 });
      await A.setsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF, 8192);
      const part = begin();
      assert.equal(await A.getsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF), 16_384);
      assert.equal(await A.write(fd, pattern(10_000)), 10_000);
      const writable = () => A.poll([{ fd, events: C.POLLOUT, revents: 0 }], 0);
      assert.equal(await writable(), 0, 'a third of the buffer must be free, and the overhead counts');
      assert.equal(part.ms(), 0);
      B.spawn('reader', async (me) => {
        await me.sleep(s(5));
        await readAll(me, child, 1e6);
      });
      await pause(1000);
      assert.equal(await writable(), 1);
      let last = 0;
      for (let i = 0; last === 0; i++) {
        assert.ok(i < 100);
        const before = part.ms();
        const ready = await writable();
        assert.equal(await A.write(fd, pattern(1000)), 1000);
        if (part.ms() === before) continue;
        last = part.ms();
        assert.equal(ready, 0, 'POLLOUT is gone before a write blocks');
      }
      assert.ok(last >= 5010 && last < 5060, `returned at ${last} ms`);
    }));

  it('sender-waits-for-ack-to-slide', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      await Promise.all([A.write(fd, pattern(50_000)), pause(39)]);
      const times = part.times(part.data('client'));
      assert.equal(times.filter((time) => time === 0).length, 10);
      assert.equal(times.filter((time) => time === 20).length, 20);
      assert.equal(times.filter((time) => time < 40).length, 30);
      for (const { una, nxt, edge, cwnd } of part.log.of('tcp.send'))
        assert.ok(nxt - una <= cwnd * 1448 && nxt <= edge, `${nxt - una} in flight`);
    }));

  // A send buffer that takes all of it.
  it('overfilling-send-side-adds-latency', () =>
    experiment(
      async (lab) => {
        const { A, B, begin } = lab;
        const { fd, child } = await connection(lab);
        await A.setsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF, 100_000);
        const part = begin();
        await A.write(fd, pattern(100_000));
        const { una, nxt, end } = part.log.of('tcp.send').at(-1)!;
        assert.deepEqual([nxt - una, end - nxt], [14_480, 85_520]);
        await A.write(fd, '0123456789');
        await readAll(B, child, 100_010);
        assert.ok(Math.abs(part.ms() - 850) < 50, `arrived after ${part.ms()} ms`);
      },
      { link: { rate: 1e6 } },
    ));

  it('overfilling-send-side-adds-latency: TCP_NOTSENT_LOWAT', () =>
    experiment(
      async (lab) => {
        const { A, B, begin } = lab;
        const { fd, child } = await connection(lab);
        await A.setsockopt(fd, C.SOL_TCP, C.TCP_NOTSENT_LOWAT, 4000);
        B.spawn('reader', (me) => readAll(me, child, 100_010));
        const part = begin();
        for (let written = 0; written < 100_000; written += 1000) {
          await A.poll([{ fd, events: C.POLLOUT, revents: 0 }], -1);
          await A.write(fd, pattern(1000));
        }
        const unsent = part.log.of('tcp.send', { host: 0 }).map(({ nxt, end }) => end - nxt);
        assert.ok(Math.max(...unsent) > 1000 && Math.max(...unsent) <= 5000, `${Math.max(...unsent)} unsent`);
      },
      { link: { rate: 1e6 } },
    ));

  it('kernel-tracks-delivery', () =>
    experiment(async (lab) => {
      const { A, wire, begin, pause, rows } = lab;
      const pair = await connection(lab);
      await converse(lab, pair);
      wire.cut();
      const part = begin();
      await A.write(pair.fd, pattern(100));
      await pause(8000);
      const [first = 0, ...times] = part.times(part.data('client')).slice(1);
      assert.ok(first > 0 && first <= 240, `first after ${first} ms`);
      const gaps = times.map((time, i) => time - (i === 0 ? first : (times[i - 1] ?? 0)));
      for (const [i, gap] of gaps.slice(1).entries()) assert.equal(gap, 2 * (gaps[i] ?? 0));
      assert.ok(part.log.of('timer.fire', { timer: 'retransmit' }).length >= 1);
      wire.mend();
      await pause(10_000);
      assert.equal(rows('client')[0]?.sendQ, 0);
    }));

  it('tcp-prevents-data-loss', () =>
    experiment(
      async (lab) => {
        const { A, B, world } = lab;
        const { fd, child } = await connection(lab);
        const writing = A.write(fd, pattern(100_000));
        assert.deepEqual(await readAll(B, child, 100_000), pattern(100_000));
        assert.equal(await writing, 100_000);
        assert.ok(world.packets().some(({ dropped }) => dropped === 'lost on the link'));
      },
      { link: { loss: 0.2 } },
    ));

  // close() of the last descriptor stands for the end of the process.
  it('tcp-prevents-data-loss: what the other kernel acknowledged may still be lost', () =>
    experiment(async (lab) => {
      const { A, B, world, pause } = lab;
      const { fd, child } = await connection(lab);
      assert.equal(await A.write(fd, pattern(1000)), 1000);
      await A.sleep(ms(100));
      assert.equal(world.packets({ from: 'server' }).at(-1)?.ack, 1001);
      await B.close(child);
      await pause(50);
      assert.equal(await failure(A.read(fd, new Uint8Array(1))), 'ECONNRESET');
    }));

  it('send-does-not-transmit-immediately: the window of 4,000 bytes is full', () =>
    experiment(async (lab) => {
      const { A, begin, pause, world } = lab;
      const { fd } = await connection(lab, { receive: 4000 });
      for (;;) {
        const { nxt, edge } = world.log.of('tcp.send', { host: 0 }).at(-1)!;
        if (edge === nxt) break;
        await A.write(fd, pattern(Math.min(400, edge - nxt)));
        await pause(100);
      }
      const part = begin();
      await A.write(fd, pattern(100));
      assert.deepEqual(part.packets(), []);
      assert.equal(await A.ioctl(fd, C.SIOCOUTQNSD), 100);
    }));

  it('transmission-can-lag-write', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab, { receive: 2896 });
      const part = begin();
      await A.write(fd, pattern(4344));
      await pause(1000);
      assert.equal((await read(B, child)).length > 0, true);
      await pause(100);
      assert.deepEqual(
        part.data('client').map(({ length, sent }) => [length, part.ms(sent)]),
        [
          [1448, 0],
          [1448, 0],
          [1448, 1010],
        ],
      );
    }));
});
