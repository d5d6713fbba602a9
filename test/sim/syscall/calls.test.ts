import assert from 'node:assert/strict';
import { equalBytes, fromUtf8 } from '../../../src/sim/base/bytes.ts';
import { ms, s } from '../../../src/sim/base/time.ts';
import type { Thread } from '../../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../../src/sim/syscall/signatures.ts';
import { AF_INET, connected, failure, kit, SOCK_STREAM, SOL_SOCKET, SOL_TCP } from '../world-kit.ts';

const pattern = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31 + (i >> 9)) & 255);

describe('system calls: results', () => {
  it('descriptors: the lowest free number, per process', async () => {
    const k = kit();
    await k.value(async () => {
      const open = () => k.client.socket(AF_INET, SOCK_STREAM);
      assert.deepEqual([await open(), await open(), await open()], [3, 4, 5]);
      await k.client.close(4);
      assert.equal(await open(), 4);
      assert.equal(await k.server.socket(AF_INET, SOCK_STREAM), 3);
    });
  });

  it('dup: the connection lives until the last descriptor is closed', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd } = await connected(k);
      const copy = await k.client.dup(fd);
      const before = k.events('packet.sent').length;
      await k.client.close(fd);
      await k.kernel.pause(ms(50));
      assert.equal(k.events('packet.sent').length, before);
      await k.client.close(copy);
      assert.equal(k.states('client').at(-1), 'FIN-WAIT-1');
    });
  });

  it('names of both ends; an ephemeral port is even and in the range', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k, 8080);
      const mine = await k.client.getsockname(fd);
      assert.deepEqual(await k.server.getpeername(child), mine);
      assert.deepEqual(await k.server.getsockname(child), { addr: '10.0.0.2', port: 8080 });
      assert.deepEqual(await k.client.getpeername(fd), { addr: '10.0.0.2', port: 8080 });
      assert.ok(mine.port >= 32_768 && mine.port <= 60_999 && mine.port % 2 === 0, `port ${mine.port}`);
    });
  });

  it('20 connections: distinct even ports; the same seed gives them again, another does not', async () => {
    const ports = async (seed: number) => {
      const k = kit({ seed });
      return k.value(async () => {
        const l = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.bind(l, { addr: '0.0.0.0', port: 80 });
        await k.server.listen(l, 100);
        const found: number[] = [];
        for (let i = 0; i < 20; i++) {
          const fd = await k.client.socket(AF_INET, SOCK_STREAM);
          await k.client.connect(fd, { addr: k.server.ip, port: 80 });
          found.push((await k.client.getsockname(fd)).port);
        }
        return found;
      });
    };
    const one = await ports(1);
    assert.equal(new Set(one).size, 20);
    assert.ok(one.every((p) => p % 2 === 0 && p >= 32_768 && p <= 60_999));
    assert.deepEqual(await ports(1), one);
    assert.notDeepEqual(await ports(2), one);
  });

  it('accept() fetches what the kernel finished; data sent before is there', async () => {
    const k = kit();
    await k.value(async () => {
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, { addr: k.server.ip, port: 80 });
      await k.server.listen(l, 5);
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.connect(fd, { addr: k.server.ip, port: 80 });
      assert.equal(k.milliseconds(), 20);
      await k.client.write(fd, 'HELLO');
      await k.kernel.pause(s(1));
      const before = k.milliseconds();
      const peer = { addr: '', port: 0 };
      const child = await k.server.accept(l, peer);
      const buf = new Uint8Array(10);
      assert.equal(await k.server.read(child, buf), 5);
      assert.equal(k.milliseconds(), before);
      assert.equal(fromUtf8(buf.subarray(0, 5)), 'HELLO');
      assert.deepEqual(peer, await k.client.getsockname(fd));
    });
  });

  it('a backlog of 2 lets 3 clients in; the fourth SYN is dropped and comes again', async () => {
    const k = kit();
    await k.value(async () => {
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, { addr: k.server.ip, port: 80 });
      await k.server.listen(l, 2);
      const fds: number[] = [];
      for (let i = 0; i < 3; i++) {
        fds.push(await k.client.socket(AF_INET, SOCK_STREAM));
        await k.client.connect(fds[i] as number, { addr: k.server.ip, port: 80 });
      }
      const late = await k.client.socket(AF_INET, SOCK_STREAM);
      const start = k.milliseconds();
      k.server.spawn('accepts later', async (me) => {
        await me.sleep(ms(500));
        await me.accept(l);
      });
      await k.client.connect(late, { addr: k.server.ip, port: 80 });
      assert.equal(k.milliseconds() - start, 1020, 'the SYN is sent again after 1 s');
    });
    assert.deepEqual(
      k.events('packet.dropped').map((e) => e.reason),
      ['accept queue full'],
    );
  });

  it('with tcp_abort_on_overflow who finds the accept queue full is reset, and its ACK is dropped', async () => {
    const k = kit({ server: { sysctl: { 'net.ipv4.tcp_abort_on_overflow': 1 } } });
    await k.value(async () => {
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, { addr: k.server.ip, port: 80 });
      await k.server.listen(l, 2);
      const connect = async (me: Pick<Thread, 'socket' | 'connect'>) => {
        const fd = await me.socket(AF_INET, SOCK_STREAM);
        await me.connect(fd, { addr: k.server.ip, port: 80 });
        return fd;
      };
      for (let i = 0; i < 2; i++) await connect(k.client);
      const [, late] = [0, 1].map((i) =>
        k.client.spawn(`client ${i}`, async (me) => me.read(await connect(me), new Uint8Array(1))),
      );
      await assert.rejects(late?.join() ?? Promise.resolve(), /ECONNRESET/);
    });
    assert.deepEqual(
      k.events('packet.dropped').map((e) => e.reason),
      ['accept queue full'],
    );
  });

  it('a blocking write takes everything, however slowly it is read', async () => {
    const k = kit();
    const data = pattern(300_000);
    await k.value(async () => {
      const { fd, child } = await connected(k);
      const writer = k.client.spawn('writer', (me) => me.write(fd, data));
      const whole = new Uint8Array(data.length);
      let have = 0;
      while (have < data.length) {
        have += await k.server.read(child, whole.subarray(have, have + 9000));
        await k.kernel.pause(ms(3));
      }
      assert.equal(await writer.join(), data.length);
      assert.ok(equalBytes(whole, data));
    });
  });

  it('MSG_DONTWAIT writes what fits, MSG_PEEK leaves, MSG_WAITALL waits', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      const n = await k.client.send(fd, pattern(200_000), C.MSG_DONTWAIT);
      assert.ok(n > 0 && n < 200_000);
      await k.kernel.pause(s(1));
      const buf = new Uint8Array(100);
      assert.equal(await k.server.recv(child, buf, C.MSG_PEEK), 100);
      assert.equal(await k.server.recv(child, buf), 100);
      assert.ok(equalBytes(buf, pattern(100)));
      const big = new Uint8Array(n - 100);
      assert.equal(await k.server.recv(child, big, C.MSG_WAITALL), n - 100);
      assert.equal(await failure(k.server.recv(child, buf, C.MSG_DONTWAIT)), 'EAGAIN');
    });
  });

  it('fresh buffers: 16384 and 131072; what is set is doubled', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      const get = (name: number) => k.client.getsockopt(fd, SOL_SOCKET, name);
      assert.deepEqual([await get(C.SO_SNDBUF), await get(C.SO_RCVBUF)], [16_384, 131_072]);
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_RCVBUF, 10_000);
      assert.equal(await get(C.SO_RCVBUF), 20_000);
      await k.client.setsockopt(fd, SOL_TCP, C.TCP_NODELAY, 1);
      assert.equal(await k.client.getsockopt(fd, SOL_TCP, C.TCP_NODELAY), 1);
    });
  });

  it('closing a listener resets those who wait in its queue', async () => {
    const k = kit();
    await k.value(async () => {
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, { addr: k.server.ip, port: 80 });
      await k.server.listen(l, 5);
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.connect(fd, { addr: k.server.ip, port: 80 });
      await k.kernel.pause(ms(20));
      await k.server.close(l);
      await k.kernel.pause(ms(20));
      assert.equal(await failure(k.client.read(fd, new Uint8Array(1))), 'ECONNRESET');
    });
  });

  it('loopback inside a host: no link is used; segments fill half of the window that the SYN,ACK offered', async () => {
    const k = kit();
    await k.value(async () => {
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, { addr: '127.0.0.1', port: 80 });
      await k.server.listen(l, 5);
      const caller = k.server.spawn('caller', async (me) => {
        const fd = await me.socket(AF_INET, SOCK_STREAM);
        await me.connect(fd, { addr: '127.0.0.1', port: 80 });
        await me.write(fd, 'inside');
        return me.getsockopt(fd, SOL_TCP, C.TCP_MAXSEG);
      });
      const child = await k.server.accept(l);
      const buf = new Uint8Array(10);
      assert.equal(await k.server.read(child, buf), 6);
      assert.equal(await caller.join(), 32_741);
    });
    assert.ok(k.events('packet.sent').every((e) => e.link === -1));
    assert.equal(k.milliseconds(), 0);
  });

  it('a program may change its buffer while its write waits: what it wrote stays what it was', async () => {
    const k = kit();
    const got = await k.value(async () => {
      const { fd, child } = await connected(k);
      const data = new Uint8Array(4_000_000).fill(1);
      const writing = k.client.write(fd, data);
      data.fill(2);
      const reader = k.server.spawn('reader', async (me) => {
        const buf = new Uint8Array(100_000);
        let ones = 0;
        while (ones < data.length) {
          const n = await me.read(child, buf);
          for (let i = 0; i < n; i++) if (buf[i] === 1) ones++;
        }
        return ones;
      });
      await writing;
      return reader.join();
    });
    assert.equal(got, 4_000_000);
  });
});
