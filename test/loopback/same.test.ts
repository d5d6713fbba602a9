import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { closeAll, errno, type Kit, onBoth } from './kit.ts';

const { AF_INET6, SO_DOMAIN, SOL_IPV6, IPV6_V6ONLY } = CONSTANTS;
const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SHUT_WR, SHUT_RD, SOL_SOCKET, SO_REUSEADDR, SO_TYPE, SO_ACCEPTCONN } =
  CONSTANTS;
const { SO_ERROR, SOL_TCP, TCP_NODELAY, MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL } = CONSTANTS;

const text = (bytes: Uint8Array, n: number): string => Buffer.from(bytes.subarray(0, n)).toString();

/** A listener on the server, with the port that the kernel chose. */
async function listening(k: Kit): Promise<{ listener: number; port: number }> {
  const listener = await k.server.socket(AF_INET, SOCK_STREAM);
  await k.server.bind(listener, { addr: '0.0.0.0', port: 0 });
  await k.server.listen(listener, 5);
  const { port } = await k.server.getsockname(listener);
  return { listener, port };
}

/** A connected pair: the client's descriptor and the accepted one. */
async function connected(k: Kit): Promise<{ fd: number; child: number; listener: number; port: number }> {
  const { listener, port } = await listening(k);
  const fd = await k.client.socket(AF_INET, SOCK_STREAM);
  await k.client.connect(fd, { addr: k.server.ip, port });
  const child = await k.server.accept(listener);
  return { fd, child, listener, port };
}

/** Programs whose results and calls must be the same on both kernels. */
const PROGRAMS: Record<string, (k: Kit) => Promise<unknown>> = {
  'the whole life of a connection': async (k) => {
    const { listener, port } = await listening(k);
    const answering = k.server.spawn('answering', async (me) => {
      const peer = { addr: '', port: 0 };
      const fd = await me.accept(listener, peer);
      const question = new Uint8Array(100);
      const n = await me.read(fd, question);
      await me.write(fd, `you said ${text(question, n)}`);
      const end = await me.read(fd, question);
      await me.close(fd);
      return { fd, n, end, fromClient: peer.addr === k.client.ip };
    });
    const fd = await k.client.socket(AF_INET, SOCK_STREAM);
    await k.client.connect(fd, { addr: k.server.ip, port });
    const peer = await k.client.getpeername(fd);
    const own = await k.client.getsockname(fd);
    await k.client.write(fd, 'ping');
    const answer = new Uint8Array(100);
    const n = await k.client.read(fd, answer);
    await k.client.close(fd);
    return {
      answer: text(answer, n),
      server: await answering.join(),
      peer: peer.addr === k.server.ip && peer.port === port,
      own: own.addr === k.client.ip && own.port >= 32768,
    };
  },

  'names in IPv6': async (k) => {
    const { server: me } = k;
    const names: unknown[] = [];
    for (const [bound, to] of [
      ['::1', '::1'],
      ['::ffff:127.0.0.1', '127.0.0.1'],
      ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ] as const) {
      const listener = await me.socket(AF_INET6, SOCK_STREAM);
      await me.bind(listener, { addr: bound, port: 0 });
      await me.listen(listener, 1);
      const own = await me.getsockname(listener);
      const fd = await me.socket(to.includes(':') ? AF_INET6 : AF_INET, SOCK_STREAM);
      await me.connect(fd, { addr: to, port: own.port });
      const peer = { addr: '', port: 0 };
      const child = await me.accept(listener, peer);
      const seen = [await me.getsockname(child), peer, await me.getsockname(fd), await me.getpeername(fd)];
      names.push(
        own.addr,
        seen.map(({ addr }) => addr.replace(/127\.0\.0\.\d/, '127.x')),
        await me.getsockopt(child, SOL_SOCKET, SO_DOMAIN),
      );
    }
    const fd = await me.socket(AF_INET6, SOCK_STREAM);
    names.push((await me.getsockname(fd)).addr);
    for (const addr of ['127.0.0.1', '::ffff:127.0.0.1']) {
      names.push(await errno(me.connect(await me.socket(AF_INET6, SOCK_STREAM), { addr, port: 1 })));
    }
    names.push(await errno(me.connect(await me.socket(AF_INET, SOCK_STREAM), { addr: '::1', port: 1 })));
    await me.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 1);
    names.push(await errno(me.connect(fd, { addr: '::ffff:127.0.0.1', port: 1 })));
    names.push(await errno(me.bind(fd, { addr: '::ffff:127.0.0.1', port: 0 })));
    return names;
  },

  'nobody listens': async (k) => {
    const { port, listener } = await listening(k);
    await k.server.close(listener);
    const fd = await k.client.socket(AF_INET, SOCK_STREAM);
    const target = { addr: k.server.ip, port };
    return [await errno(k.client.connect(fd, target)), await errno(k.client.connect(fd, target))];
  },

  'an address that is taken': async (k) => {
    const { port } = await listening(k);
    const second = await k.server.socket(AF_INET, SOCK_STREAM);
    return [
      await errno(k.server.bind(second, { addr: k.server.ip, port })),
      await errno(k.server.bind(second, { addr: k.server.ip, port: 0 })),
      await errno(k.server.bind(second, { addr: k.server.ip, port: 0 })),
    ];
  },

  'descriptors that are none': async (k) => {
    const fd = await k.client.socket(AF_INET, SOCK_STREAM);
    await k.client.close(fd);
    const buf = new Uint8Array(4);
    return Promise.all([
      await errno(k.client.read(fd, buf)),
      await errno(k.client.write(fd, 'x')),
      await errno(k.client.close(fd)),
      await errno(k.client.listen(99, 1)),
      await errno(k.client.dup(-1)),
      await errno(k.client.getsockname(1.5)),
      await errno(k.client.bind(1, { addr: k.client.ip, port: 0 })),
      await errno(k.client.read(0, buf)),
      await errno(k.client.write(1, 'four')),
    ]);
  },

  'the lowest free number': async (k) => {
    const open = () => k.client.socket(AF_INET, SOCK_STREAM);
    const [a, b, c] = [await open(), await open(), await open()];
    await k.client.close(b);
    await k.client.close(0);
    return [a, b, c, await k.client.dup(c), await open(), await open(), await k.server.socket(AF_INET, SOCK_STREAM)];
  },

  'a socket without a peer': async (k) => {
    const fd = await k.client.socket(AF_INET, SOCK_STREAM);
    return [
      await errno(k.client.read(fd, new Uint8Array(4))),
      await errno(k.client.write(fd, 'x')),
      await errno(k.client.shutdown(fd, SHUT_WR)),
      await errno(k.client.getpeername(fd)),
      await k.client.getsockname(fd),
      await errno(k.client.accept(fd)),
    ];
  },

  'a stream has no messages': async (k) => {
    const { fd, child } = await connected(k);
    for (let i = 0; i < 5; i++) await k.client.write(fd, `msg${i}`);
    await k.kernel.pause(ms(50));
    const some = new Uint8Array(7);
    const rest = new Uint8Array(100);
    const peeked = await k.server.recv(child, some, MSG_PEEK);
    const first = text(some, await k.server.read(child, some));
    return [peeked, first, text(rest, await k.server.read(child, rest))];
  },

  'MSG_WAITALL waits for all of it': async (k) => {
    const { fd, child } = await connected(k);
    const sending = k.client.spawn('sending', async (me) => {
      for (const part of ['ab', 'cd', 'ef']) {
        await me.write(fd, part);
        await me.sleep(ms(20));
      }
      await me.close(fd);
    });
    const four = new Uint8Array(4);
    const more = new Uint8Array(10);
    const results = [await k.server.recv(child, four, MSG_WAITALL), await k.server.recv(child, more, MSG_WAITALL)];
    await sending.join();
    return [...results, text(four, 4), text(more, 2)];
  },

  'EAGAIN only for those who asked for it': async (k) => {
    const { fd, child } = await connected(k);
    const nonblocking = await k.server.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    await k.server.bind(nonblocking, { addr: k.server.ip, port: 0 });
    await k.server.listen(nonblocking, 1);
    const copy = await k.server.dup(nonblocking);
    const buf = new Uint8Array(1);
    return [
      await errno(k.server.recv(child, buf, MSG_DONTWAIT)),
      await errno(k.server.accept(nonblocking)),
      await errno(k.server.accept(copy)),
      await k.client.write(fd, 'x'),
      await k.server.read(child, buf),
    ];
  },

  'half-close': async (k) => {
    const { fd, child } = await connected(k);
    const buf = new Uint8Array(10);
    await k.client.write(fd, 'all');
    await k.client.shutdown(fd, SHUT_WR);
    await k.kernel.pause(ms(50));
    const read = [await k.server.read(child, buf), await k.server.read(child, buf)];
    await k.server.write(child, 'still here');
    return [...read, await k.client.read(fd, buf), await errno(k.client.write(fd, 'x')), text(buf, 10)];
  },

  'the peer is reset': async (k) => {
    const { fd, child } = await connected(k);
    await k.client.write(fd, 'unread');
    await k.kernel.pause(ms(50));
    await k.server.close(child); // with bytes unread: a reset
    await k.kernel.pause(ms(50));
    return [
      await errno(k.client.write(fd, 'x')),
      await errno(k.client.write(fd, 'x')),
      await k.client.read(fd, new Uint8Array(1)),
    ];
  },

  'a reset is reported once, by the read that waited for it': async (k) => {
    const { fd, child } = await connected(k);
    await k.client.write(fd, 'unread');
    await k.kernel.pause(ms(50));
    const reading = k.client.spawn('reading', (me) => errno(me.read(fd, new Uint8Array(1))));
    await k.kernel.pause(ms(50));
    await k.server.close(child);
    return [await reading.join(), await k.client.read(fd, new Uint8Array(1))];
  },

  'writing after the end': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.close(child);
    await k.kernel.pause(ms(50));
    const first = await errno(k.client.write(fd, 'x')); // taken; the answer is a reset
    await k.kernel.pause(ms(50));
    return [first, await errno(k.client.write(fd, 'x')), await errno(k.client.write(fd, 'x'))];
  },

  options: async (k) => {
    const { listener, fd } = await connected(k);
    await k.client.setsockopt(fd, SOL_TCP, TCP_NODELAY, 1);
    await k.client.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return [
      await k.client.getsockopt(fd, SOL_TCP, TCP_NODELAY),
      await k.client.getsockopt(fd, SOL_SOCKET, SO_REUSEADDR),
      await k.server.getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN),
      await k.client.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN),
      await k.client.getsockopt(fd, SOL_SOCKET, SO_TYPE),
      await k.client.getsockopt(fd, SOL_SOCKET, SO_ERROR),
      await errno(k.client.getsockopt(fd, SOL_SOCKET, 9999)),
      await errno(k.client.setsockopt(fd, SOL_TCP, 9999, 1)),
    ];
  },

  'shutting down the reading side of a blocked reader': async (k) => {
    const { fd } = await connected(k);
    const reading = k.client.spawn('reading', (me) => me.read(fd, new Uint8Array(1)));
    await k.kernel.pause(ms(20));
    await k.client.shutdown(fd, SHUT_RD);
    return reading.join();
  },

  'two threads accept, each gets one': async (k) => {
    const { listener, port } = await listening(k);
    const take = (name: string) => k.server.spawn(name, (me) => me.accept(listener));
    const takers = [take('first'), take('second')];
    await k.kernel.pause(ms(20));
    for (const _ of takers) {
      await k.client.connect(await k.client.socket(AF_INET, SOCK_STREAM), { addr: k.server.ip, port });
      await k.kernel.pause(ms(20));
    }
    return Promise.all(takers.map((taker) => taker.join()));
  },

  'listen() without bind()': async (k) => {
    const listener = await k.server.socket(AF_INET, SOCK_STREAM);
    await k.server.listen(listener, 1);
    const { port } = await k.server.getsockname(listener);
    const fd = await k.client.socket(AF_INET, SOCK_STREAM);
    await k.client.connect(fd, { addr: k.server.ip, port });
    return port > 0;
  },

  'from the second host to the first': async (k) => {
    const listener = await k.client.socket(AF_INET, SOCK_STREAM);
    await k.client.bind(listener, { addr: k.client.ip, port: 0 });
    await k.client.listen(listener, 1);
    const fd = await k.server.socket(AF_INET, SOCK_STREAM);
    await k.server.connect(fd, { addr: k.client.ip, port: (await k.client.getsockname(listener)).port });
    const peer = { addr: '', port: 0 };
    await k.client.accept(listener, peer);
    return peer.addr === k.server.ip;
  },
};

(process.platform === 'linux' ? describe : describe.skip)('the same program on both kernels', () => {
  afterEach(closeAll);
  for (const [name, program] of Object.entries(PROGRAMS)) {
    it(name, async () => {
      const { simulator, loopback } = await onBoth(program);
      assert.deepEqual(loopback.value, simulator.value);
      assert.deepEqual(loopback.calls, simulator.calls);
    });
  }
});
