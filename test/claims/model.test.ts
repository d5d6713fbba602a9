/** Claims about what a socket is. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import { failure } from '../sim/world-kit.ts';
import { C, connection, dial, experiment, listener, onWire, pattern, read, readAll, socket } from './lab.ts';

describe('claims: model', () => {
  it('socket-is-endpoint', () =>
    experiment(async (lab) => {
      const { A, B, rows } = lab;
      const { fd, child } = await connection(lab);
      const mine = await A.getsockname(fd);
      assert.equal(mine.addr, '10.0.0.1');
      assert.deepEqual(await B.getpeername(child), mine);
      assert.deepEqual(await A.getpeername(fd), await B.getsockname(child));
      assert.deepEqual([rows('client', 'ESTAB').length, rows('server', 'ESTAB').length], [1, 1]);
    }));

  it('socket-as-two-way-mailbox', () =>
    experiment(async (lab) => {
      const { A, B, milliseconds, pause } = lab;
      const { fd, child } = await connection(lab);
      assert.equal(milliseconds(), 30);
      await B.write(child, 'spam');
      assert.equal(await read(A, fd), 'spam');
      assert.equal(milliseconds(), 40);
      await Promise.all([A.write(fd, 'there'), B.write(child, 'back')]);
      assert.deepEqual(await Promise.all([read(A, fd), read(B, child)]), ['back', 'there']);
      await A.write(fd, 'ab');
      await A.write(fd, 'cd');
      await pause(200);
      assert.equal(await read(B, child), 'abcd');
    }));

  // There is neither /proc nor lseek().
  it('socket-is-a-file-descriptor', () =>
    experiment(async (lab) => {
      const { fd, child } = await connection(lab);
      assert.equal(await lab.A.write(fd, 'abc'), 3);
      assert.equal(await read(lab.B, child), 'abc');
    }));

  it('fd-small-integer-per-process', () =>
    experiment(async ({ A, B }) => {
      assert.deepEqual([await socket(A), await socket(A)], [3, 4]);
      await A.close(3);
      assert.equal(await socket(A), 3);
      assert.equal(await socket(B), 3);
    }));

  // close() of the only descriptor stands for the end of the process.
  it('socket-lives-in-kernel', () =>
    experiment(async (lab) => {
      const { A, B, rows, world } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, 'HELLO');
      await A.close(fd);
      assert.equal(world.log.of('fd.open', { host: 0 }).length, world.log.of('fd.close', { host: 0 }).length);
      assert.equal(rows('client')[0]?.state, 'FIN-WAIT-1');
      await lab.pause(100);
      assert.equal(rows('client')[0]?.state, 'FIN-WAIT-2');
      assert.equal(await read(B, child), 'HELLO');
    }));

  // With the one congestion control that there is.
  for (const [mtu, size] of [
    [1500, 1448],
    [1400, 1348],
  ] as const) {
    it(`kernel-runs-the-protocol: MTU ${mtu}`, () =>
      experiment(
        async (lab) => {
          const { A, B, begin, wire } = lab;
          const { fd, child } = await connection(lab);
          const part = begin();
          let data = 0;
          wire.rule = ({ segment }) => (segment.payload.length > 0 && ++data === 20 ? 'lose' : undefined);
          const reading = readAll(B, child, 100_000);
          assert.equal(await A.write(fd, pattern(100_000)), 100_000);
          assert.deepEqual(await reading, pattern(100_000));
          assert.equal(part.calls({ host: 'client' }).length, 1);
          const segments = part.data('client');
          assert.ok(Math.abs(segments.length - 100_000 / size) < 4, `${segments.length} segments`);
          assert.equal(Math.max(...segments.map(({ length }) => length)), size);
          assert.equal(segments.filter(({ retransmission }) => retransmission).length, 1);
        },
        { link: { mtu } },
      ));
  }

  // Relative to the initial sequence numbers, which cannot be chosen.
  it('control-block-per-connection', () =>
    experiment(async (lab) => {
      const { A, pause, world } = lab;
      const { fd } = await connection(lab);
      const block = () => {
        const { una, nxt } = world.log.of('tcp.send', { host: 0 }).at(-1)!;
        return [una, nxt, world.log.of('tcp.recv', { host: 0 }).at(-1)?.nxt];
      };
      assert.deepEqual(block(), [1, 1, 1]);
      await A.write(fd, pattern(300));
      assert.deepEqual(block(), [1, 301, 1]);
      await pause(100);
      assert.deepEqual(block(), [301, 301, 1]);
    }));

  // B has two addresses: 10.0.0.2 and 127.0.0.1.
  it('socket-struct-keyed-by-addresses', () =>
    experiment(async (lab) => {
      const { B, rows } = lab;
      const fresh = await socket(B);
      assert.deepEqual(await B.getsockname(fresh), { addr: '0.0.0.0', port: 0 });
      assert.equal(await failure(B.getpeername(fresh)), 'ENOTCONN');
      const door = await listener(lab);
      assert.deepEqual(await B.getsockname(door), { addr: '0.0.0.0', port: 80 });
      assert.deepEqual([rows('server')[0]?.state, rows('server')[0]?.peer], ['LISTEN', '0.0.0.0:*']);
      await dial(lab);
      const inside = await socket(B);
      await B.connect(inside, { addr: '127.0.0.1', port: 80 });
      const names = [];
      for (const _ of [1, 2]) names.push((await B.getsockname(await B.accept(door))).addr);
      assert.deepEqual(names.sort(), ['10.0.0.2', '127.0.0.1']);

      const local = await socket(B);
      await B.bind(local, { addr: '127.0.0.1', port: 81 });
      await B.listen(local, 5);
      assert.equal(await failure(dial(lab, 81)), 'ECONNREFUSED');
    }));

  // A copy by dup() stands for the one that fork() makes.
  it('fd-inherited-across-fork', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      const copy = await B.dup(child);
      const part = begin();
      const reading = read(A, fd);
      await B.close(child);
      await pause(1000);
      assert.deepEqual([part.packets(), part.calls({ call: 'read' })[0]?.returned], [[], undefined]);
      await B.close(copy);
      assert.equal(await reading, '');
      assert.equal(part.packets({ from: 'server' }).filter(({ flags }) => flags.includes('FIN')).length, 1);

      const second = await connection(lab, { port: 81 });
      await B.dup(second.child);
      const at = begin();
      await B.shutdown(second.child, C.SHUT_WR);
      assert.deepEqual(
        at.packets().map(({ flags, sent }) => [flags, at.ms(sent)]),
        [['FIN,ACK', 0]],
      );
    }));

  for (const rtt of [0, 0.5, 150]) {
    it(`local-or-remote-peer: round trip ${rtt} ms`, () =>
      experiment(
        async (lab) => {
          const { A, B, begin } = lab;
          const on = rtt === 0 ? B : A;
          const door = await listener(lab);
          B.spawn('echo', async (me) => {
            const child = await me.accept(door);
            await me.write(child, await read(me, child));
          });
          const part = begin();
          const echoed = await on
            .spawn('client', async (me) => {
              const fd = await socket(me);
              await me.connect(fd, { addr: rtt === 0 ? '127.0.0.1' : B.ip, port: 80 });
              await me.write(fd, 'echo');
              return read(me, fd);
            })
            .join();
          assert.equal(echoed, 'echo');
          assert.equal(part.ms(), 2 * rtt);
          assert.equal(onWire(lab)[0]?.options.mss, rtt === 0 ? 65_495 : 1460);
          assert.ok(part.log.of('packet.sent').every(({ link }) => link === (rtt === 0 ? -1 : 0)));
          assert.deepEqual(
            part.calls({ thread: 'client' }).map(({ call }) => call),
            rtt === 0 || on === A ? ['socket', 'connect', 'write', 'read'] : [],
          );
        },
        { rtt: rtt || 20 },
      ));
  }

  // The stream; there are no datagrams.
  it('sockets-are-reliable', () =>
    experiment(
      async (lab) => {
        const { A, B } = lab;
        const { fd, child } = await connection(lab);
        const reading = readAll(B, child, 1000);
        for (let i = 0; i < 100; i++) {
          assert.equal(await A.write(fd, pattern(1000).subarray(10 * i, 10 * i + 10)), 10);
          await A.sleep(ms(5));
        }
        assert.deepEqual(await reading, pattern(1000));
        assert.ok(lab.world.packets().some(({ dropped }) => dropped === 'lost on the link'));
      },
      { link: { loss: 0.2 } },
    ));
});
