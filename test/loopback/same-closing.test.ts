/** Ends of connections: programs whose results and calls must be the same on both kernels. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import type { Process } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../src/sim/syscall/signatures.ts';
import { closeAll, errno, type Kit, onBoth } from './kit.ts';

/** A connected pair, the accepted end non-blocking. */
async function connected(k: Kit): Promise<{ fd: number; child: number; listener: number; port: number }> {
  const listener = await k.server.socket(C.AF_INET, C.SOCK_STREAM);
  await k.server.setsockopt(listener, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
  await k.server.bind(listener, { addr: '0.0.0.0', port: 0 });
  await k.server.listen(listener, 5);
  const { port } = await k.server.getsockname(listener);
  const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
  await k.client.connect(fd, { addr: k.server.ip, port });
  const child = await k.server.accept4(listener, undefined, C.SOCK_NONBLOCK);
  return { fd, child, listener, port };
}

/** Long enough for a segment and its answer, and for a delayed ACK. */
const settle = (k: Kit) => k.kernel.pause(ms(60));

const ALL = C.POLLIN | C.POLLOUT | C.POLLPRI | C.POLLRDHUP;

/** All that can be asked of a socket without changing it much: what is ready, the pending error, the state. */
async function look(me: Process, fd: number): Promise<unknown> {
  const list = [{ fd, events: ALL, revents: 0 }];
  await me.poll(list, 0);
  const { tcpi_state: state } = await me.getsockopt(fd, C.SOL_TCP, C.TCP_INFO);
  return { ready: list[0]?.revents, state };
}

/** Reads or writes without waiting: a count, or the errno. */
const take = async (me: Process, fd: number, count = 100) =>
  (await errno(me.recv(fd, new Uint8Array(count), C.MSG_DONTWAIT))) || 'taken';
const give = async (me: Process, fd: number, data = 'x') =>
  (await errno(me.send(fd, data, C.MSG_DONTWAIT | C.MSG_NOSIGNAL))) || 'given';
const soError = (me: Process, fd: number) => me.getsockopt(fd, C.SOL_SOCKET, C.SO_ERROR);
const names = ['SHUT_RD', 'SHUT_WR', 'SHUT_RDWR'] as const;

const PROGRAMS: Record<string, (k: Kit) => Promise<unknown>> = {
  'shutdown() of a socket that is not connected': async (k) => {
    const seen: unknown[] = [];
    const fresh = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    for (const how of names) seen.push(await errno(k.client.shutdown(fresh, C[how])));
    seen.push(await errno(k.client.shutdown(fresh, 3)), await errno(k.client.shutdown(99, 0)));
    const { listener } = await connected(k);
    seen.push(await errno(k.server.shutdown(listener, C.SHUT_WR)), await look(k.server, listener));
    seen.push(await errno(k.server.shutdown(listener, C.SHUT_RD)), await errno(k.server.accept(listener)));
    seen.push(await look(k.server, listener));
    return seen;
  },

  'unread data and close(): the peer is reset': async (k) => {
    const { fd, child } = await connected(k);
    await k.client.write(fd, 'unread');
    await settle(k);
    await k.server.close(child);
    await settle(k);
    const seen: unknown[] = [await look(k.client, fd)];
    seen.push(
      await take(k.client, fd),
      await take(k.client, fd),
      await give(k.client, fd),
      await soError(k.client, fd),
    );
    seen.push(await look(k.client, fd), await errno(k.client.shutdown(fd, C.SHUT_WR)));
    return seen;
  },

  'SO_LINGER without time: the peer is reset, and SO_ERROR tells it once': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.setsockopt(child, C.SOL_SOCKET, C.SO_LINGER, { onoff: 1, linger: 0 });
    await k.server.close(child);
    await settle(k);
    const seen: unknown[] = [await look(k.client, fd), await soError(k.client, fd), await soError(k.client, fd)];
    seen.push(await give(k.client, fd), await take(k.client, fd));
    return seen;
  },

  'a reset in CLOSE-WAIT is a broken pipe': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.shutdown(child, C.SHUT_WR);
    await settle(k);
    const seen: unknown[] = [await look(k.client, fd)];
    await k.server.setsockopt(child, C.SOL_SOCKET, C.SO_LINGER, { onoff: 1, linger: 0 });
    await k.server.close(child);
    await settle(k);
    seen.push(await look(k.client, fd), await take(k.client, fd), await give(k.client, fd), await give(k.client, fd));
    return seen;
  },

  'SO_LINGER with time: close() comes back when the peer has all': async (k) => {
    const { fd, child } = await connected(k);
    await k.client.setsockopt(fd, C.SOL_SOCKET, C.SO_LINGER, { onoff: 1, linger: 5 });
    await k.client.write(fd, 'all of it');
    const closed = await errno(k.client.close(fd));
    return [closed, await take(k.server, child), await take(k.server, child), await look(k.server, child)];
  },

  'writing to a peer that has gone: once it is taken, then the reset, then EPIPE': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.close(child);
    await settle(k);
    const seen: unknown[] = [await look(k.client, fd), await give(k.client, fd)];
    await settle(k);
    seen.push(await look(k.client, fd), await give(k.client, fd), await give(k.client, fd), await take(k.client, fd));
    return seen;
  },

  'connect() again, to somewhere else, after a refusal': async (k) => {
    const { listener, port } = await connected(k);
    const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    const nobody = { addr: k.server.ip, port: 1 };
    const seen: unknown[] = [await errno(k.client.connect(fd, nobody)), await look(k.client, fd)];
    seen.push(await soError(k.client, fd), await errno(k.client.connect(fd, { addr: k.server.ip, port })));
    seen.push(await errno(k.client.connect(fd, { addr: k.server.ip, port })), await look(k.client, fd));
    await k.server.close(listener);
    await settle(k);
    seen.push(await take(k.client, fd));
    return seen;
  },

  'the names of a connection in TIME-WAIT': async (k) => {
    const { fd, child, port } = await connected(k);
    const own = await k.client.getsockname(fd);
    await k.client.close(fd);
    await settle(k);
    await k.server.close(child);
    await settle(k);
    const seen: unknown[] = [];
    const plain = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    seen.push(await errno(k.client.bind(plain, own)));
    const reusing = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    await k.client.setsockopt(reusing, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
    seen.push(
      await errno(k.client.bind(reusing, own)),
      await errno(k.client.connect(reusing, { addr: k.server.ip, port })),
    );
    return seen;
  },

  'a port that was bound with SO_REUSEADDR, in TIME-WAIT: another connection takes the names': async (k) => {
    const { listener, port } = await connected(k);
    const first = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    await k.client.setsockopt(first, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
    await k.client.bind(first, { addr: k.client.ip, port: 0 });
    const own = await k.client.getsockname(first);
    await k.client.connect(first, { addr: k.server.ip, port });
    const child = await k.server.accept(listener);
    const second = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    await k.client.setsockopt(second, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
    const seen: unknown[] = [await errno(k.client.bind(second, own))];
    seen.push(await errno(k.client.connect(second, { addr: k.server.ip, port })));
    await k.client.close(first);
    await settle(k);
    await k.server.close(child);
    await settle(k);
    const third = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    await k.client.setsockopt(third, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
    seen.push(
      await errno(k.client.bind(third, own)),
      await errno(k.client.connect(third, { addr: k.server.ip, port })),
    );
    seen.push(await look(k.client, third));
    return seen;
  },
};

for (const how of names) {
  PROGRAMS[`shutdown(${how}), as both ends see it`] = async (k) => {
    const { fd, child } = await connected(k);
    const seen: unknown[] = [await errno(k.client.shutdown(fd, C[how]))];
    await settle(k);
    seen.push(await look(k.client, fd), await look(k.server, child));
    seen.push(await take(k.client, fd), await give(k.client, fd));
    await settle(k);
    seen.push(await take(k.server, child), await give(k.server, child));
    await settle(k);
    seen.push(await look(k.client, fd), await take(k.client, fd), await take(k.server, child));
    seen.push(await errno(k.client.shutdown(fd, C[how])), await errno(k.server.shutdown(child, C.SHUT_RDWR)));
    await settle(k);
    seen.push(await look(k.client, fd), await look(k.server, child), await take(k.server, child));
    seen.push(await errno(k.client.shutdown(fd, C.SHUT_RDWR)));
    await settle(k);
    seen.push(await errno(k.client.getpeername(fd)));
    seen.push((await k.client.getsockname(fd)).port > 0);
    return seen;
  };
}

(process.platform === 'linux' ? describe : describe.skip)('ends of connections: the same on both kernels', () => {
  afterEach(closeAll);

  for (const [name, program] of Object.entries(PROGRAMS))
    it(name, async () => {
      const { simulator, loopback } = await onBoth(program);
      assert.deepEqual(simulator.value, loopback.value);
      assert.deepEqual(simulator.calls, loopback.calls);
    });
});
