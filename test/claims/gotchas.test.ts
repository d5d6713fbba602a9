/** Claims about what goes wrong in programs. */
import assert from 'node:assert/strict';
import { s } from '../../src/sim/base/time.ts';
import { failure } from '../sim/world-kit.ts';
import { C, connection, dial, experiment, listener, pattern, read, readAll, socket } from './lab.ts';

describe('claims: gotchas', () => {
  it('read-without-deadline-hangs', () =>
    experiment(async (lab) => {
      const { A, wire, rows, world, pause } = lab;
      const { fd } = await connection(lab);
      A.spawn('reader', (me) => read(me, fd));
      wire.cut();
      await pause(3_600_000);
      assert.equal(rows('client')[0]?.state, 'ESTAB');
      assert.equal(world.calls({ thread: 'reader' })[0]?.returned, undefined);
    }));

  it('read-without-deadline-hangs: SO_RCVTIMEO of 30 s', () =>
    experiment(async (lab) => {
      const { A, wire, begin } = lab;
      const { fd } = await connection(lab);
      await A.setsockopt(fd, C.SOL_SOCKET, C.SO_RCVTIMEO, s(30));
      wire.cut();
      const part = begin();
      assert.equal(await failure(read(A, fd)), 'EAGAIN');
      assert.equal(part.ms(), 30_000);
    }));

  it('read-without-deadline-hangs: SO_KEEPALIVE', () =>
    experiment(async (lab) => {
      const { A, wire, begin } = lab;
      const { fd } = await connection(lab);
      wire.cut();
      const part = begin();
      await A.setsockopt(fd, C.SOL_SOCKET, C.SO_KEEPALIVE, 1);
      assert.equal(await failure(read(A, fd)), 'ETIMEDOUT');
      assert.equal(Math.round(part.ms() / 1000), 7875);
      const sent = part.packets().map(({ flags }) => flags);
      assert.deepEqual(sent, [...Array.from({ length: 9 }, () => 'ACK'), 'RST,ACK']);
    }));

  for (const openFiles of [64, 1024]) {
    it(`forgotten-close-leaks-descriptors: ${openFiles} at most`, () =>
      experiment(
        async ({ A }) => {
          for (let fd = 3; fd < openFiles; fd++) assert.equal(await socket(A), fd);
          assert.equal(await failure(socket(A)), 'EMFILE');
        },
        { world: { openFiles } },
      ));
  }

  it('forgotten-close-leaks-descriptors: ten of them', () =>
    experiment(async (lab) => {
      const { B, rows, pause } = lab;
      const door = await listener(lab);
      for (let i = 0; i < 10; i++) {
        await dial(lab);
        await B.close(await B.accept(door));
      }
      await pause(3_600_000);
      assert.equal(rows('client', 'CLOSE-WAIT').length, 10);
    }));

  it('full-buffer-explains-missing-data', () =>
    experiment(async (lab) => {
      const { A, wire, rows, pause } = lab;
      const unread = await connection(lab, { port: 80 });
      const down = await connection(lab, { port: 81 });
      await connection(lab, { port: 82 });
      A.spawn('writer', (me) => me.write(unread.fd, pattern(1_000_000)));
      await pause(5000);
      wire.rule = ({ segment }) => (segment.dstPort === 81 ? 'lose' : undefined);
      await A.write(down.fd, pattern(100));
      const seen = async () => {
        await pause(2000);
        return [80, 81, 82].map((port) => {
          const a = rows('client').find(({ peer }) => peer.endsWith(`:${port}`))!;
          const b = rows('server', 'ESTAB').find(({ local }) => local.endsWith(`:${port}`))!;
          return { received: b.recvQ, sending: a.sendQ > 0, timer: /\((\w*)/.exec(a.timer)?.[1] };
        });
      };
      const hangs = await seen();
      assert.ok((hangs[0]?.received ?? 0) > 0);
      assert.deepEqual(hangs, [
        { received: hangs[0]?.received, sending: true, timer: 'persist' },
        { received: 0, sending: true, timer: 'on' },
        { received: 0, sending: false, timer: undefined },
      ]);
      assert.deepEqual(await seen(), hangs);
    }));

  for (const late of [true, false]) {
    it(`full-buffer-explains-missing-data: the reader is ${late ? 'late' : 'prompt'}`, () =>
      experiment(async (lab) => {
        const { A, B, begin, pause } = lab;
        const { fd, child } = await connection(lab, { receive: 4096 });
        const part = begin();
        const writing = A.spawn('writer', (me) => me.write(fd, pattern(1_000_000)));
        if (late) {
          await pause(1000);
          const received = part.log.of('tcp.recv', { host: 1 }).at(-1)?.nxt ?? 0;
          assert.ok(received > 0 && received < 8192, `${received} bytes`);
        }
        assert.equal((await readAll(B, child, 1_000_000)).length, 1_000_000);
        await writing.join();
        if (!late) assert.equal(part.packets({ from: 'server', window: 0 }).length, 0);
      }));
  }
});
