/** Claims about the two buffers of a socket. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import { C, connection, experiment, type Lab, pattern, read, readAll, socket, sum } from './lab.ts';

/** [A's send, B's receive, B's send, A's receive] */
function buffers({ rows }: Lab): number[] {
  const [a, b] = [rows('client')[0], rows('server', 'ESTAB')[0]];
  return [a?.sendQ ?? 0, b?.recvQ ?? 0, b?.sendQ ?? 0, a?.recvQ ?? 0];
}

describe('claims: buffers', () => {
  it('each-socket-has-two-buffers', () =>
    experiment(async (lab) => {
      const { A, B, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, pattern(300));
      assert.deepEqual(buffers(lab), [300, 0, 0, 0]);
      await pause(100);
      assert.deepEqual(buffers(lab), [0, 300, 0, 0]);
      await B.write(child, pattern(50));
      assert.deepEqual(buffers(lab), [0, 300, 50, 0]);
      await pause(100);
      assert.deepEqual(buffers(lab), [0, 300, 0, 50]);
    }));

  it('buffers-are-packet-queues', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      for (let i = 0; i < 10; i++) await A.write(fd, pattern(100));
      const { nxt, end } = part.log.of('tcp.send', { host: 0 }).at(-1)!;
      assert.equal(end - nxt, 900);
      await pause(200);
      assert.deepEqual(
        part.data('client').map(({ length }) => length),
        [100, 900],
      );
      assert.equal((await read(B, child, 1000)).length, 1000);
    }));

  // TCP alone.
  it('default-sizes-16k-87k', () =>
    experiment(async (lab) => {
      const { A, B } = lab;
      const size = (fd: number, name: number) => A.getsockopt(fd, C.SOL_SOCKET, name);
      const fresh = await socket(A);
      assert.deepEqual([await size(fresh, C.SO_SNDBUF), await size(fresh, C.SO_RCVBUF)], [16_384, 131_072]);
      await A.setsockopt(fresh, C.SOL_SOCKET, C.SO_RCVBUF, 4096);
      assert.equal(await size(fresh, C.SO_RCVBUF), 8192);
      for (const receive of [0, 4096]) {
        const { fd, child } = await connection(lab, { port: 80 + receive, receive });
        const length = receive ? 50_000 : 500_000;
        await Promise.all([A.write(fd, pattern(length)), readAll(B, child, length)]);
        assert.ok((await size(fd, C.SO_SNDBUF)) > 16_384);
        const after = await B.getsockopt(child, C.SOL_SOCKET, C.SO_RCVBUF);
        if (receive) assert.equal(after, 8192, 'a size that the program has set stays');
        else assert.ok(after > 131_072, `grown to ${after}`);
      }
    }));

  it('buffers-reserved-at-socket', () =>
    experiment(
      async (lab) => {
        const { A, B, wire, pause } = lab;
        const charged = (name: 'SK_MEMINFO_RMEM_ALLOC' | 'SK_MEMINFO_WMEM_QUEUED') =>
          [...wire.memory('client'), ...wire.memory('server')].map((memory) => memory[name] ?? 0);
        const sizes: number[] = [];
        for (let i = 0; i < 1000; i++) {
          const fd = await socket(B);
          for (const name of [C.SO_SNDBUF, C.SO_RCVBUF]) sizes.push(await B.getsockopt(fd, C.SOL_SOCKET, name));
        }
        assert.equal(sum(sizes), 147_456_000, 'so much they might take');
        const { fd, child } = await connection(lab);
        assert.deepEqual([...charged('SK_MEMINFO_RMEM_ALLOC'), ...charged('SK_MEMINFO_WMEM_QUEUED')], [0, 0, 0, 0]);
        await A.write(fd, pattern(10_000));
        const [sending = 0] = charged('SK_MEMINFO_WMEM_QUEUED');
        assert.ok(sending >= 10_000, `${sending} bytes`);
        await pause(100);
        const [, receiving = 0] = charged('SK_MEMINFO_RMEM_ALLOC');
        assert.ok(receiving >= 10_000, `${receiving} bytes`);
        await readAll(B, child, 10_000);
        assert.deepEqual([...charged('SK_MEMINFO_RMEM_ALLOC'), ...charged('SK_MEMINFO_WMEM_QUEUED')], [0, 0, 0, 0]);
      },
      { world: { openFiles: 2000 } },
    ));

  it('memory-bound-is-sum-of-queues', () =>
    experiment(
      async (lab) => {
        const { A, B, rows, wire, pause } = lab;
        const { fd, child } = await connection(lab, { receive: 4096 });
        assert.equal(await B.getsockopt(child, C.SOL_SOCKET, C.SO_RCVBUF), 8192);
        await A.setsockopt(fd, C.SOL_TCP, C.TCP_NODELAY, 1);
        A.spawn('writer', async (me) => {
          for (;;) await me.write(fd, pattern(536));
        });
        await pause(5000);
        assert.equal(lab.world.packets({ from: 'server' }).at(-1)?.window, 0);
        assert.equal(rows('server', 'ESTAB')[0]?.recvQ, 3752);
        const [{ SK_MEMINFO_RMEM_ALLOC: charged = 0, SK_MEMINFO_RCVBUF: limit = 0 } = {}] = wire.memory('server');
        assert.equal(limit, 8192);
        assert.ok(charged > limit, `${charged} bytes are charged`);
      },
      { client: { sysctl: { 'net.ipv4.tcp_timestamps': 0 } } },
    ));

  // (A's write may wait for room in its send buffer, which is smaller than 50,000 at first.)
  for (const [receive, stopped] of [
    [0, false],
    [4096, true],
  ] as const) {
    it(`kernel-buffers-smooth-bursts: SO_RCVBUF ${receive || 'default'}`, () =>
      experiment(async (lab) => {
        const { A, B, begin, pause } = lab;
        const { fd, child } = await connection(lab, { receive });
        const part = begin();
        B.spawn('reader', async (me) => {
          for (;;) {
            await me.sleep(ms(100));
            await readAll(me, child, 5000);
          }
        });
        A.spawn('writer', async (me) => {
          for (;;) {
            await me.write(fd, pattern(50_000));
            await me.sleep(ms(1000));
          }
        });
        await pause(5000);
        if (!stopped) assert.ok(part.data('client').length > 150);
        const zeros = part.packets({ from: 'server', window: 0 }).map(({ sent }) => Math.floor(part.ms(sent) / 1000));
        assert.deepEqual([...new Set(zeros)], stopped ? [0, 1, 2, 3, 4] : []);
      }));
  }
});
