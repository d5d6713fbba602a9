/** Waiting for readiness and for time: poll, epoll, timeouts, and calls whose descriptor is closed meanwhile. */
import assert from 'node:assert/strict';
import { ms, s } from '../../../src/sim/base/time.ts';
import type { EpollEvent, Process } from '../../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../../src/sim/syscall/signatures.ts';
import { connected, failure, kit, SOL_SOCKET } from '../world-kit.ts';

/** An epoll on the server with one entry. */
async function watching(server: Process, fd: number, events: number): Promise<number> {
  const epfd = await server.epoll_create1();
  await server.epoll_ctl(epfd, C.EPOLL_CTL_ADD, fd, { events, data: fd });
  return epfd;
}

describe('epoll', () => {
  it('costs a wake-up for what is ready, however many are watched', async () => {
    const k = kit();
    await k.value(async () => {
      const { listener, fd, child } = await connected(k);
      const epfd = await watching(k.server, child, C.EPOLLIN);
      for (let i = 0; i < 50; i++) {
        await k.client.connect(await k.client.socket(C.AF_INET, C.SOCK_STREAM), { addr: k.server.ip, port: 80 });
        const idle = await k.server.accept(listener);
        await k.server.epoll_ctl(epfd, C.EPOLL_CTL_ADD, idle, { events: C.EPOLLIN, data: idle });
      }
      const waiting = k.server.spawn('waiting', async (me) => {
        const events: EpollEvent[] = [];
        await me.epoll_wait(epfd, events, 64, -1);
        return events;
      });
      await k.client.write(fd, 'x');
      assert.deepEqual(await waiting.join(), [{ events: C.EPOLLIN, data: child }]);
      const waits = k.events('call.wake').length;
      assert.equal(k.events('call.block').filter(({ on }) => /epoll/.test(on)).length, 1);
      assert.ok(waits > 0);
    });
  });

  for (const [flag, woken] of [
    [0, 2],
    [C.EPOLLEXCLUSIVE, 1],
  ] as const)
    it(`a connection wakes ${woken} of two threads that watch the listener ${flag ? 'with' : 'without'} EPOLLEXCLUSIVE`, async () => {
      const k = kit();
      await k.value(async () => {
        const listener = await k.server.socket(C.AF_INET, C.SOCK_STREAM);
        await k.server.bind(listener, { addr: k.server.ip, port: 80 });
        await k.server.listen(listener, 5);
        let count = 0;
        for (const name of ['one', 'two']) {
          const epfd = await watching(k.server, listener, C.EPOLLIN | flag);
          k.server.spawn(name, async (me) => {
            const ready = await me.epoll_wait(epfd, [], 1, 1000);
            count += ready;
          });
        }
        await k.client.connect(await k.client.socket(C.AF_INET, C.SOCK_STREAM), { addr: k.server.ip, port: 80 });
        await k.client.sleep(ms(100));
        assert.equal(count, woken);
      });
    });

  it('reports in turn when there is no room for all: level-triggered entries go to the end of the list', async () => {
    const k = kit();
    await k.value(async () => {
      const { listener, fd, child } = await connected(k);
      const epfd = await watching(k.server, child, C.EPOLLIN);
      const second = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
      await k.client.connect(second, { addr: k.server.ip, port: 80 });
      const other = await k.server.accept(listener);
      await k.server.epoll_ctl(epfd, C.EPOLL_CTL_ADD, other, { events: C.EPOLLIN, data: other });
      await k.client.write(fd, 'x');
      await k.client.write(second, 'y');
      await k.client.sleep(ms(50));
      const order: number[] = [];
      for (let i = 0; i < 4; i++) {
        const events: EpollEvent[] = [];
        await k.server.epoll_wait(epfd, events, 1, 0);
        order.push(events[0]?.data as number);
      }
      assert.deepEqual(order, [child, other, child, other]);
    });
  });

  it('can be watched by poll() and by another epoll', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      const inner = await watching(k.server, child, C.EPOLLIN);
      const outer = await watching(k.server, inner, C.EPOLLIN);
      const waiting = k.server.spawn('waiting', async (me) => me.epoll_wait(outer, [], 1, -1));
      assert.equal(await k.server.poll([{ fd: inner, events: C.POLLIN }], 0), 0);
      await k.client.write(fd, 'x');
      assert.equal(await waiting.join(), 1);
      assert.equal(await k.server.poll([{ fd: inner, events: C.POLLIN }], 0), 1);
    });
  });
});

describe('timeouts of blocking calls', () => {
  it('SO_RCVTIMEO: EAGAIN at the instant, and a short count for what has come', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.server.setsockopt(child, SOL_SOCKET, C.SO_RCVTIMEO, ms(300));
      const start = k.milliseconds();
      assert.equal(await failure(k.server.read(child, new Uint8Array(4))), 'EAGAIN');
      assert.equal(k.milliseconds() - start, 300);
      await k.client.write(fd, 'ab');
      assert.equal(await k.server.recv(child, new Uint8Array(4), C.MSG_WAITALL), 2);
      assert.equal(k.milliseconds() - start, 600);
    });
  });

  it('SO_SNDTIMEO: a write that waits for room ends short; connect() is left to the background', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd } = await connected(k);
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_SNDTIMEO, ms(200));
      const start = k.milliseconds();
      const all = 10_000_000;
      const taken = await k.client.write(fd, new Uint8Array(all));
      assert.ok(taken > 0 && taken < all);
      assert.ok(k.milliseconds() - start >= 200);
      assert.equal(await failure(k.client.write(fd, 'x')), 'EAGAIN');
      const nobody = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
      await k.client.setsockopt(nobody, SOL_SOCKET, C.SO_SNDTIMEO, ms(50));
      const target = { addr: '10.0.0.77', port: 80 };
      assert.equal(await failure(k.client.connect(nobody, target)), 'EINPROGRESS');
      assert.equal(await failure(k.client.connect(nobody, target)), 'EALREADY');
    });
  });

  it('poll() and nanosleep() end at their instants though others wait for longer', async () => {
    const k = kit();
    await k.value(async () => {
      const { child } = await connected(k);
      const start = k.milliseconds();
      const ends: number[] = [];
      const threads = [30, 10, 20].map((time) =>
        k.server.spawn(`t${time}`, async (me) => {
          if (time === 20) await me.sleep(ms(time));
          else await me.poll([{ fd: child, events: C.POLLIN }], time);
          ends.push(k.milliseconds() - start);
        }),
      );
      for (const thread of threads) await thread.join();
      assert.deepEqual(ends, [10, 20, 30]);
    });
  });
});

describe('a descriptor that is closed while a call waits on it', () => {
  it('leaves the call alone: the connection is closed when the call is over', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      const reading = k.server.spawn('reading', async (me) => me.read(child, new Uint8Array(8)));
      await k.server.sleep(ms(1));
      await k.server.close(child);
      assert.equal(await failure(k.server.read(child, new Uint8Array(8))), 'EBADF');
      await k.client.sleep(s(1));
      assert.equal(k.states('server').includes('LAST-ACK') || k.states('server').includes('FIN-WAIT-1'), false);
      await k.client.write(fd, 'late');
      assert.equal(await reading.join(), 4);
      await k.client.sleep(s(1));
      assert.ok(k.states('server').includes('FIN-WAIT-1'));
    });
  });
});

describe('files that go out without a copy', () => {
  it('sendfile() of a file longer than the send buffer waits for room, and copies nothing', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      const file = await k.client.open('/big', C.O_RDWR | C.O_CREAT);
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i);
      await k.client.write(file, bytes);
      const copies = k.events('copy.in').length;
      const sending = k.client.spawn('sending', async (me) => me.sendfile(fd, file, { value: 0 }, 300_000));
      const got = new Uint8Array(300_000);
      assert.equal(await k.server.recv(child, got, C.MSG_WAITALL), 300_000);
      assert.equal(await sending.join(), 300_000);
      assert.deepEqual(got, bytes);
      assert.equal(k.events('copy.in').length, copies);
    });
  });
});
