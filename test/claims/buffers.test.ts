/** Claims about the two buffers of a socket. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import { C, connection, experiment, type Lab, pattern, read, readAll, socket } from './lab.ts';

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

  // TCP alone; that a set size ends autotuning cannot be seen where there is none.
  it('default-sizes-16k-87k', () =>
    experiment(async (lab) => {
      const { A } = lab;
      const size = (fd: number, name: number) => A.getsockopt(fd, C.SOL_SOCKET, name);
      const fresh = await socket(A);
      assert.deepEqual([await size(fresh, C.SO_SNDBUF), await size(fresh, C.SO_RCVBUF)], [16_384, 131_072]);
      await A.setsockopt(fresh, C.SOL_SOCKET, C.SO_RCVBUF, 4096);
      assert.equal(await size(fresh, C.SO_RCVBUF), 8192);
      const { fd, child } = await connection(lab);
      await Promise.all([A.write(fd, pattern(500_000)), readAll(lab.B, child, 500_000)]);
      assert.ok((await size(fd, C.SO_SNDBUF)) > 16_384);
    }));

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
