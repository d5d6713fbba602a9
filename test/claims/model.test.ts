/** Claims about what a socket is. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import { failure } from '../sim/world-kit.ts';
import { C, connection, dial, experiment, listener, onWire, pattern, read, readAll, socket, text } from './lab.ts';

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

  // Without /proc/self/fd.
  it('socket-is-a-file-descriptor', () =>
    experiment(async (lab) => {
      const { fd, child } = await connection(lab);
      assert.equal(await lab.A.write(fd, 'abc'), 3);
      assert.equal(await read(lab.B, child), 'abc');
      assert.equal(await failure(lab.A.lseek(fd, 0, C.SEEK_SET)), 'ESPIPE');
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

  for (const [control, mtu, size] of [
    ['cubic', 1500, 1448],
    ['reno', 1500, 1448],
    ['cubic', 1400, 1348],
  ] as const) {
    it(`kernel-runs-the-protocol: ${control}, MTU ${mtu}`, () =>
      experiment(
        async (lab) => {
          const { A, B, begin, wire, world } = lab;
          const { fd, child } = await connection(lab);
          const part = begin();
          let data = 0;
          wire.rule = ({ segment }) => (segment.payload.length > 0 && ++data === 20 ? 'lose' : undefined);
          const reading = readAll(B, child, 100_000);
          assert.equal(await A.write(fd, pattern(100_000)), 100_000);
          assert.deepEqual(await reading, pattern(100_000));
          assert.equal(await A.getsockopt(fd, C.SOL_TCP, C.TCP_CONGESTION), control);
          assert.deepEqual(
            world.calls({ host: 'client' }).map(({ call, result }) => `${call} ${result}`),
            ['socket 3', 'connect 0', 'write 100000', 'getsockopt 0'],
          );
          const segments = part.data('client');
          assert.ok(Math.abs(segments.length - 100_000 / size) < 4, `${segments.length} segments`);
          assert.equal(Math.max(...segments.map(({ length }) => length)), size);
          assert.equal(segments.filter(({ retransmission }) => retransmission).length, 1);
        },
        { link: { mtu }, client: { sysctl: { 'net.ipv4.tcp_congestion_control': control } } },
      ));
  }

  // Relative to the initial sequence numbers, as the log has them.
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

  // A host has one address of a family: the third one here is an IPv6 address.
  it('socket-struct-keyed-by-addresses', () =>
    experiment(
      async (lab) => {
        const { B, rows } = lab;
        const fresh = await socket(B);
        assert.deepEqual(await B.getsockname(fresh), { addr: '0.0.0.0', port: 0 });
        assert.equal(await failure(B.getpeername(fresh)), 'ENOTCONN');
        const door = await listener(lab);
        assert.deepEqual(await B.getsockname(door), { addr: '0.0.0.0', port: 80 });
        assert.deepEqual([rows('server')[0]?.state, rows('server')[0]?.peer], ['LISTEN', '0.0.0.0:*']);

        const both = await B.socket(C.AF_INET6, C.SOCK_STREAM);
        await B.bind(both, { addr: C.in6addr_any, port: 443 });
        await B.listen(both, 5);
        const names = [];
        for (const addr of ['10.0.0.2', '2001:db8::2', '127.0.0.1']) {
          const fd = await B.socket(addr.includes(':') ? C.AF_INET6 : C.AF_INET, C.SOCK_STREAM);
          await B.connect(fd, { addr, port: 443 });
          names.push((await B.getsockname(await B.accept(both))).addr);
        }
        assert.deepEqual(names, ['::ffff:10.0.0.2', '2001:db8::2', '::ffff:127.0.0.1']);

        const local = await socket(B);
        await B.bind(local, { addr: '127.0.0.1', port: 81 });
        await B.listen(local, 5);
        assert.equal(await failure(dial(lab, 81)), 'ECONNREFUSED');
      },
      { server: { address6: '2001:db8::2' } },
    ));

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

  // The library is this test's own.
  it('frameworks-do-the-socket-work', () =>
    experiment(async (lab) => {
      const { A, B, begin } = lab;
      const fetch = async (url: URL): Promise<string> => {
        const fd = await socket(A);
        await A.connect(fd, { addr: url.hostname, port: Number(url.port) });
        await A.write(fd, `GET ${url.pathname} HTTP/1.0\r\n\r\n`);
        const response = text(await readAll(A, fd, 65_536));
        await A.close(fd);
        return response.slice(response.indexOf('\r\n\r\n') + 4);
      };
      const door = await listener(lab, { port: 8080 });
      B.spawn('server', async (me) => {
        const child = await me.accept(door);
        const path = (await read(me, child)).split(' ')[1];
        await me.write(child, 'HTTP/1.0 200 OK\r\n\r\n');
        await me.write(child, `you asked for ${path}`);
        await me.close(child);
      });
      const part = begin();
      assert.equal(await fetch(new URL('http://10.0.0.2:8080/lesson')), 'you asked for /lesson');
      const calls = part.calls({ thread: 'client' }).map(({ call }) => call);
      assert.deepEqual(calls, ['socket', 'connect', 'write', 'read', 'read', 'read', 'close']);
    }));

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
