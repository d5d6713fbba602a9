import assert from 'node:assert/strict';
import { ms, s } from '../../../src/sim/base/time.ts';
import { SysError } from '../../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../../src/sim/syscall/signatures.ts';
import { AF_INET, connected, failure, type Kit, kit, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } from '../world-kit.ts';

const address = (k: Kit, port = 80) => ({ addr: k.server.ip, port });

describe('system calls: errors, as Linux gives them', () => {
  it('connect() to nobody: ECONNREFUSED after a round trip, and the message that strace prints', async () => {
    const k = kit();
    const error = await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      return k.client.connect(fd, address(k)).catch((e: unknown) => e);
    });
    assert.ok(error instanceof SysError);
    assert.deepEqual([error.code, error.errno, error.syscall], ['ECONNREFUSED', 111, 'connect']);
    assert.equal(error.message, 'connect: -1 ECONNREFUSED (Connection refused)');
    assert.equal(k.milliseconds(), 20);
  });

  it('a refused socket can connect again', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      assert.equal(await failure(k.client.connect(fd, address(k))), 'ECONNREFUSED');
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, address(k));
      await k.server.listen(l, 1);
      await k.client.connect(fd, address(k));
    });
  });

  it('bind() twice: EADDRINUSE for a second socket, EINVAL for the same', async () => {
    const k = kit();
    await k.value(async () => {
      const a = await k.server.socket(AF_INET, SOCK_STREAM);
      const b = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(a, address(k));
      assert.equal(await failure(k.server.bind(b, address(k))), 'EADDRINUSE');
      assert.equal(await failure(k.server.bind(b, { addr: '0.0.0.0', port: 80 })), 'EADDRINUSE');
      assert.equal(await failure(k.server.bind(a, address(k, 81))), 'EINVAL');
      await k.server.bind(b, { addr: '127.0.0.1', port: 80 }); // another address
      assert.equal(
        await failure(k.server.bind(await k.server.socket(AF_INET, SOCK_STREAM), { addr: '10.0.0.9', port: 80 })),
        'EADDRNOTAVAIL',
      );
    });
  });

  it('SO_REUSEADDR: both sockets need it, and never beside a listener', async () => {
    for (const [first, second, want] of [
      [0, 0, 'EADDRINUSE'],
      [1, 0, 'EADDRINUSE'],
      [0, 1, 'EADDRINUSE'],
      [1, 1, ''],
    ] as const) {
      const k = kit();
      await k.value(async () => {
        const a = await k.server.socket(AF_INET, SOCK_STREAM);
        const b = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.setsockopt(a, SOL_SOCKET, C.SO_REUSEADDR, first);
        await k.server.setsockopt(b, SOL_SOCKET, C.SO_REUSEADDR, second);
        await k.server.bind(a, address(k));
        assert.equal(await failure(k.server.bind(b, address(k))), want);
        await k.server.listen(a, 1);
        const c = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.setsockopt(c, SOL_SOCKET, C.SO_REUSEADDR, 1);
        assert.equal(await failure(k.server.bind(c, address(k))), 'EADDRINUSE');
        if (want === '') assert.equal(await failure(k.server.listen(b, 1)), 'EADDRINUSE');
      });
    }
  });

  it('restarting a server whose connections are in TIME-WAIT', async () => {
    for (const reuse of [0, 1]) {
      const k = kit();
      await k.value(async () => {
        const l = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.setsockopt(l, SOL_SOCKET, C.SO_REUSEADDR, reuse);
        await k.server.bind(l, address(k));
        await k.server.listen(l, 1);
        const fd = await k.client.socket(AF_INET, SOCK_STREAM);
        await k.client.connect(fd, address(k));
        const child = await k.server.accept(l);
        await k.server.close(child);
        await k.server.close(l);
        await k.kernel.pause(ms(30));
        await k.client.close(fd);
        await k.kernel.pause(ms(30));
        const again = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.setsockopt(again, SOL_SOCKET, C.SO_REUSEADDR, reuse);
        assert.equal(await failure(k.server.bind(again, address(k))), reuse ? '' : 'EADDRINUSE');
        await k.kernel.pause(s(60));
        if (!reuse) await k.server.bind(again, address(k));
      });
      assert.ok(k.states('server').includes('TIME-WAIT'));
    }
  });

  it('a descriptor that is closed or never was: EBADF from every call', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.close(fd);
      const buf = new Uint8Array(1);
      const calls = [
        k.client.read(fd, buf),
        k.client.write(fd, 'x'),
        k.client.close(fd),
        k.client.dup(99),
        k.client.bind(fd, address(k)),
        k.client.listen(fd, 1),
        k.client.accept(fd),
        k.client.connect(fd, address(k)),
        k.client.shutdown(-1, 0),
        k.client.getsockname(fd),
        k.client.getsockopt(fd, 1, 2),
        k.client.recv(7.5, buf),
      ];
      for (const call of calls) assert.equal(await failure(call), 'EBADF');
      assert.equal(await failure(k.client.listen(0, 1)), 'ENOTSOCK');
    });
  });

  it('sockets without a peer: ENOTCONN to read, EPIPE to write', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      assert.equal(await failure(k.client.read(fd, new Uint8Array(1))), 'ENOTCONN');
      assert.equal(await failure(k.client.write(fd, 'x')), 'EPIPE');
      assert.equal(await failure(k.client.shutdown(fd, C.SHUT_WR)), 'ENOTCONN');
      assert.equal(await failure(k.client.getpeername(fd)), 'ENOTCONN');
      assert.equal(await failure(k.client.accept(fd)), 'EINVAL');
      const l = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(l, address(k));
      await k.server.listen(l, 1);
      assert.equal(await failure(k.server.read(l, new Uint8Array(1))), 'ENOTCONN');
      assert.equal(await failure(k.server.write(l, 'x')), 'EPIPE');
      assert.equal(await failure(k.server.connect(l, address(k))), 'EISCONN');
    });
    assert.equal(k.events('packet.sent').length, 0);
  });

  it('after the peer reset: ECONNRESET once, then EPIPE to write and 0 to read', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.client.write(fd, 'unread');
      await k.kernel.pause(ms(20));
      await k.server.close(child); // unread data: a reset
      await k.kernel.pause(ms(20));
      assert.equal(await failure(k.client.write(fd, 'x')), 'ECONNRESET');
      assert.equal(await failure(k.client.write(fd, 'x')), 'EPIPE');
      assert.equal(await k.client.read(fd, new Uint8Array(10)), 0);
    });
  });

  it('writing to a peer that closed: the first succeeds and draws the reset, the second fails with EPIPE', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.server.close(child);
      await k.kernel.pause(ms(50));
      assert.equal(await k.client.write(fd, 'x'), 1);
      await k.kernel.pause(ms(50));
      assert.equal(await failure(k.client.write(fd, 'x')), 'EPIPE');
    });
  });

  it('non-blocking: EAGAIN, EINPROGRESS, EALREADY, EISCONN; SO_ERROR tells how it ended', async () => {
    const k = kit();
    await k.value(async () => {
      const l = await k.server.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      await k.server.bind(l, address(k));
      await k.server.listen(l, 1);
      assert.equal(await failure(k.server.accept(l)), 'EAGAIN');
      const fd = await k.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      assert.equal(await failure(k.client.connect(fd, address(k))), 'EINPROGRESS');
      assert.equal(await failure(k.client.connect(fd, address(k))), 'EALREADY');
      await k.kernel.pause(ms(30));
      assert.equal(await k.client.getsockopt(fd, SOL_SOCKET, C.SO_ERROR), 0);
      assert.equal(await failure(k.client.connect(fd, address(k))), '', 'the next connect() tells that it went well');
      assert.equal(await failure(k.client.connect(fd, address(k))), 'EISCONN');
      assert.equal(await failure(k.client.read(fd, new Uint8Array(1))), 'EAGAIN');
      const closed = await k.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      await failure(k.client.connect(closed, address(k, 81)));
      await k.kernel.pause(ms(30));
      assert.equal(await k.client.getsockopt(closed, SOL_SOCKET, C.SO_ERROR), 111);
      assert.equal(await k.client.getsockopt(closed, SOL_SOCKET, C.SO_ERROR), 0);
    });
  });

  it('no route: ENETUNREACH; wrong family, type, protocol, option', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      assert.equal(await failure(k.client.connect(fd, { addr: '192.0.2.1', port: 80 })), 'ENETUNREACH');
      assert.equal(await failure(k.client.connect(fd, { addr: 'server', port: 80 })), 'EINVAL');
      assert.equal(await failure(k.client.socket(99, SOCK_STREAM)), 'EAFNOSUPPORT');
      assert.equal(await failure(k.client.socket(AF_INET, 77)), 'ESOCKTNOSUPPORT');
      assert.equal(await failure(k.client.socket(AF_INET, SOCK_STREAM, C.IPPROTO_UDP)), 'EPROTONOSUPPORT');
      assert.equal(await failure(k.client.getsockopt(fd, SOL_SOCKET, 9999)), 'ENOPROTOOPT');
      assert.equal(await failure(k.client.setsockopt(fd, SOL_SOCKET, C.SO_TYPE, 1)), 'ENOPROTOOPT');
    });
  });

  it('1,024 descriptors at most: EMFILE', async () => {
    const k = kit();
    await k.value(async () => {
      let code = '';
      let count = 3;
      while (code === '') {
        code = await failure(k.client.socket(AF_INET, SOCK_STREAM));
        if (code === '') count++;
      }
      assert.deepEqual([code, count], ['EMFILE', 1024]);
    });
  });

  it('a thread that is inside a call is told to start another', async () => {
    const k = kit();
    const outcome = await k.run(async () => {
      const { fd } = await connected(k);
      await Promise.all([k.client.read(fd, new Uint8Array(1)), k.client.read(fd, new Uint8Array(1))]);
    });
    assert.equal(outcome.end, 'threw');
    assert.match(String(outcome.end === 'threw' && outcome.error), /still inside read\(\).*client\.spawn/s);
  });
});
