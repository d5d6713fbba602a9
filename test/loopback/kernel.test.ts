import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ms, ns, s } from '../../src/sim/base/time.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { closeAll, errno, type Kit, openFiles, real } from './kit.ts';

const { AF_INET, AF_INET6, SOCK_STREAM, SOL_SOCKET, SO_SNDBUF } = CONSTANTS;

async function listening(k: Kit, backlog = 5): Promise<{ listener: number; port: number }> {
  const listener = await k.server.socket(AF_INET, SOCK_STREAM);
  await k.server.bind(listener, { addr: k.server.ip, port: 0 });
  await k.server.listen(listener, backlog);
  return { listener, port: (await k.server.getsockname(listener)).port };
}

async function connected(k: Kit): Promise<{ fd: number; child: number }> {
  const { listener, port } = await listening(k);
  const fd = await k.client.socket(AF_INET, SOCK_STREAM);
  await k.client.connect(fd, { addr: k.server.ip, port });
  return { fd, child: await k.server.accept(listener) };
}

/** What a program that connects to a port of 127.0.0.1 meets. */
const answers = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: { code?: string }) => resolve(error.code ?? 'error'));
  });

(process.platform === 'linux' ? describe : describe.skip)('the real kernel', () => {
  afterEach(closeAll);

  describe('stays on the machine', () => {
    for (const addr of [
      '10.0.0.1',
      '8.8.8.8',
      '192.168.0.1',
      '255.255.255.255',
      '::ffff:8.8.8.8',
      'fe80::1',
      'localhost',
      '',
    ])
      it(`refuses ${addr || 'no address'} before any call is made`, async () => {
        const k = await real();
        const fd = await k.value(() => k.client.socket(AF_INET, SOCK_STREAM));
        for (const call of ['connect', 'bind'] as const) {
          const outcome = await k.run(() => k.client[call](fd, { addr, port: 80 }));
          assert.equal(outcome.end, 'threw');
          if (outcome.end === 'threw') assert.match(String(outcome.error), /^Refused: .*127\.0\.0\.0\/8 and ::1/);
        }
        assert.deepEqual(k.calls(), { client: ['socket() = 3'] });
      });

    it('says what stands in for an address of the topology', async () => {
      const k = await real();
      const fd = await k.value(() => k.client.socket(AF_INET, SOCK_STREAM));
      const outcome = await k.run(() => k.client.connect(fd, { addr: '10.0.0.2', port: 80 }));
      assert.match(outcome.end === 'threw' ? String(outcome.error) : '', /127\.0\.0\.2, which server\.ip gives/);
    });

    it('narrows the wildcard to the address of the host, and the log tells', async () => {
      const k = await real();
      const names = await k.value(async () => {
        const bound = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.bind(bound, { addr: '0.0.0.0', port: 0 });
        const unbound = await k.server.socket(AF_INET, SOCK_STREAM);
        await k.server.listen(unbound, 1);
        return [await k.server.getsockname(bound), await k.server.getsockname(unbound)];
      });
      assert.deepEqual(
        names.map(({ addr }) => addr),
        ['127.0.0.2', '127.0.0.2'],
      );
      const bind = k.events('call.enter').find(({ call }) => call === 'bind');
      assert.deepEqual(JSON.parse(bind?.args ?? ''), [3, { addr: '127.0.0.2', port: 0 }, 16]);
      assert.deepEqual(
        k.events('sock.name').map(({ local }) => local),
        names.map(({ addr, port }) => `${addr}:${port}`),
      );
    });

    it('over IPv6 too', async () => {
      const k = await real();
      const result = await k.value(async () => {
        const listener = await k.server.socket(AF_INET6, SOCK_STREAM);
        await k.server.listen(listener, 1);
        const { addr, port } = await k.server.getsockname(listener);
        const fd = await k.client.socket(AF_INET6, SOCK_STREAM);
        await k.client.connect(fd, { addr: '::1', port });
        const peer = { addr: '', port: 0 };
        await k.server.accept(listener, peer);
        return [addr, peer.addr, (await k.client.getpeername(fd)).addr];
      });
      assert.deepEqual(result, ['::1', '::1', '::1']);
    });

    it('lets nobody make a raw or a local socket, or a port that is none', async () => {
      const k = await real();
      const refused = await k.value(async () => {
        const fd = await k.client.socket(AF_INET, SOCK_STREAM);
        return [
          await errno(k.client.socket(AF_INET, 3)),
          await errno(k.client.socket(1, SOCK_STREAM)),
          await errno(k.client.socket(17, 3)),
          await errno(k.client.connect(fd, { addr: '127.0.0.1', port: 65_616 })),
        ];
      });
      for (const message of refused) assert.match(String(message), /are let to AF_INET|is no port/);
    });
  });

  describe('waits as a blocking call does', () => {
    it('write() takes all bytes, however slowly they are read', async () => {
      const k = await real();
      const size = 600_000;
      const data = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251);
      const got = new Uint8Array(size);
      await k.value(async () => {
        const { fd, child } = await connected(k);
        await k.client.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 20_000);
        const writing = k.client.spawn('writing', (me) => me.write(fd, data));
        for (let have = 0; have < size; ) {
          const n = await k.server.read(child, got.subarray(have, have + 50_000));
          assert.ok(n > 0);
          have += n;
        }
        assert.equal(await writing.join(), size);
      });
      assert.deepEqual(Buffer.compare(got, data), 0);
      const write = k.events('call.enter').find(({ call }) => call === 'write');
      const waits = k.events('call.block').filter(({ enter }) => enter === write?.n);
      assert.ok(waits.length > 0 && waits.every(({ on }) => on === 'room in the send buffer of descriptor 3'));
      assert.equal(k.events('call.wake').filter(({ enter }) => enter === write?.n).length, waits.length);
    });

    it('the program goes on meanwhile', async () => {
      const k = await real();
      let turns = 0;
      await k.value(async () => {
        const { fd, child } = await connected(k);
        const turning = setInterval(() => turns++, 1);
        const reading = k.server.spawn('reading', (me) => me.read(child, new Uint8Array(1)));
        await k.client.sleep(ms(60));
        clearInterval(turning);
        await k.client.write(fd, 'x');
        await reading.join();
      });
      assert.ok(turns > 1, `${turns} turns`);
    });

    it('a hundred threads wait at once', async () => {
      const k = await real();
      const sum = await k.value(async () => {
        const { listener, port } = await listening(k, 100);
        const echoes = Array.from({ length: 50 }, (_, i) =>
          k.client.spawn(`echo ${i}`, async (me) => {
            const fd = await me.socket(AF_INET, SOCK_STREAM);
            await me.connect(fd, { addr: k.server.ip, port });
            return me.read(fd, new Uint8Array(4));
          }),
        );
        const answers: Promise<number>[] = [];
        for (let i = 0; i < 50; i++) {
          const fd = await k.server.accept(listener);
          const answering = k.server.spawn(`answer ${i}`, async (me) => {
            await me.sleep(ms(20));
            return me.write(fd, 'four');
          });
          answers.push(answering.join());
        }
        await Promise.all(answers);
        const read = await Promise.all(echoes.map((echo) => echo.join()));
        return read.reduce((a, b) => a + b);
      });
      assert.equal(sum, 200);
    });

    it('close() by another thread takes nothing from a call that waits', async () => {
      const k = await real();
      const read = await k.value(async () => {
        const { fd, child } = await connected(k);
        const reading = k.server.spawn('reading', (me) => me.read(child, new Uint8Array(10)));
        await k.kernel.pause(ms(5));
        await k.server.close(child);
        assert.equal(await k.server.socket(AF_INET, SOCK_STREAM), child); // its number is free
        await k.client.write(fd, 'late');
        const n = await reading.join();
        return [n, await k.client.read(fd, new Uint8Array(1))];
      });
      assert.deepEqual(read, [4, 0]);
    });

    it('who pauses without end keeps nobody from going on', async () => {
      const k = await real();
      await k.value(async () => {
        const { fd, child } = await connected(k);
        let read = false;
        k.server.spawn('reading', async (me) => {
          await me.read(child, new Uint8Array(1));
          read = true;
        });
        await k.client.write(fd, 'x');
        while (!read) await k.kernel.pause(ns(0));
      });
    });

    it('a thread waits in one call at a time', async () => {
      const k = await real();
      const outcome = await k.run(async () => {
        const { child } = await connected(k);
        await Promise.all([k.server.read(child, new Uint8Array(1)), k.server.read(child, new Uint8Array(1))]);
      });
      assert.match(outcome.end === 'threw' ? String(outcome.error) : '', /still inside read\(\), waiting for data/);
    });
  });

  describe('ends a run', () => {
    it('interrupted in accept(): the main thread is free again, the other thread still waits', async () => {
      let stop = false;
      const k = await real({ interrupted: () => stop });
      const { listener, port } = await k.value(() => listening(k));
      const outcome = await k.run(async () => {
        k.server.spawn('waiting', (me) => me.accept(listener));
        setTimeout(() => {
          stop = true;
        }, 5);
        await k.server.accept(listener);
      });
      assert.deepEqual(outcome, { end: 'interrupted' });
      assert.deepEqual(k.calls().server?.at(-1), 'accept(3) = EINTR');
      stop = false;
      await k.value(async () => {
        await k.client.connect(await k.client.socket(AF_INET, SOCK_STREAM), { addr: k.server.ip, port });
        await k.kernel.pause(ms(5));
      });
      assert.deepEqual(k.calls().waiting, ['accept(3) = 4']);
    });

    it('stuck: who waits for what', async () => {
      const k = await real({}, ms(50));
      const outcome = await k.run(async () => {
        const { child } = await connected(k);
        await k.server.read(child, new Uint8Array(1));
      });
      assert.deepEqual(outcome, {
        end: 'stuck',
        waiting: [
          'server: server is in read(), waiting for data on descriptor 4',
          'and nothing has happened for 50 ms',
        ],
      });
    });

    it('stuck on something that no call brings about', async () => {
      const outcome = await (await real({}, ms(50))).run(() => new Promise(() => {}));
      assert.match(outcome.end === 'stuck' ? (outcome.waiting[0] ?? '') : outcome.end, /no system call/);
    });

    it('a sleep is something to come', async () => {
      const k = await real({}, ms(50));
      await k.value(() => k.client.sleep(ms(200)));
      await k.value(() => k.kernel.pause(ms(200)));
    });

    it('bounded in time and in events', async () => {
      const forever = async (k: Kit) => {
        for (;;) await k.client.sleep(ms(1));
      };
      const a = await real();
      assert.deepEqual(await a.run(() => forever(a), { time: ms(50) }), { end: 'limit', what: '50 ms of real time' });
      const b = await real();
      assert.deepEqual(await b.run(() => forever(b), { events: 20 }), { end: 'limit', what: '20 events' });
    });

    it('by an error that a thread threw and nobody joined', async () => {
      const k = await real();
      const outcome = await k.run(async () => {
        k.client.spawn('bad', async () => {
          throw new Error('thread broke');
        });
        await k.kernel.pause(ms(1));
      });
      assert.match(outcome.end === 'threw' ? String(outcome.error) : outcome.end, /thread broke/);
    });
  });

  describe('leaves nothing open', () => {
    it('after dispose, with threads that wait', async () => {
      await (await real()).kernel.dispose(); // koffi has opened what it needs
      const before = openFiles();
      const k = await real();
      await k.value(async () => {
        const { fd, child } = await connected(k);
        await k.client.dup(fd);
        k.server.spawn('reading', (me) => me.read(child, new Uint8Array(1)));
        await k.kernel.pause(ms(1));
      });
      assert.notDeepEqual(openFiles(), before);
      await k.kernel.dispose();
      assert.deepEqual(openFiles(), before);
      await assert.rejects(k.client.socket(AF_INET, SOCK_STREAM), /closed/);
    });

    it('not even a port in TIME-WAIT', async () => {
      const bound = async (k: Kit, port: number) => {
        const fd = await k.client.socket(AF_INET, SOCK_STREAM);
        await k.client.bind(fd, { addr: k.client.ip, port });
        return fd;
      };
      const first = await real();
      const port = await first.value(async () => {
        const listener = await bound(first, 0);
        await first.client.listen(listener, 1);
        const name = await first.client.getsockname(listener);
        await first.server.connect(await first.server.socket(AF_INET, SOCK_STREAM), name);
        await first.client.accept(listener);
        return name.port;
      });
      await first.kernel.dispose();
      const second = await real();
      assert.equal(await second.value(() => bound(second, port)), 3);
    });

    it('after its worker was terminated in the middle of a cell', async () => {
      const path = fileURLToPath(new URL('abandoned.ts', import.meta.url));
      const worker = new Worker(
        `import('tsx/esm/api').then((tsx) => tsx.tsImport(${JSON.stringify(path)}, ${JSON.stringify(import.meta.url)}))`,
        { eval: true },
      );
      try {
        const port: number = await new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        });
        assert.equal(await answers(port), 'connected');
        await worker.terminate();
        assert.equal(await answers(port), 'ECONNREFUSED');
      } finally {
        await worker.terminate();
      }
    });

    it('and a program that opens without end has a thousand descriptors, no more', async () => {
      const k = await real();
      const most = await k.value(async () => {
        for (let last = 0; ; ) {
          const fd = await errno(k.client.socket(AF_INET, SOCK_STREAM));
          if (typeof fd !== 'number') return [last, fd];
          last = fd;
        }
      });
      assert.deepEqual(most, [1023, 'EMFILE']);
    });
  });

  describe('logs', () => {
    it('who there is, and real time that never goes back', async () => {
      const k = await real();
      await k.value(() => connected(k));
      assert.deepEqual(
        k.events('host.up').map(({ name, address }) => [name, address]),
        [
          ['client', '127.0.0.1'],
          ['server', '127.0.0.2'],
        ],
      );
      assert.match(k.events('host.up')[0]?.kernel ?? '', /^Linux \d+\./);
      const times = [...k.kernel.log].map(({ t }) => t);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.ok(k.kernel.now() >= (times.at(-1) ?? s(1)));
    });

    it('both ends of a connection under mirrored names', async () => {
      const k = await real();
      await k.value(() => connected(k));
      const ends = k.events('sock.name').filter(({ peer }) => peer !== '');
      assert.ok(ends.some((a) => ends.some((b) => a.sock !== b.sock && a.local === b.peer && a.peer === b.local)));
      const listener = k.events('sock.new')[0]?.sock;
      assert.equal(k.events('sock.new').at(-1)?.listener, listener);
    });
  });

  it('threads stand still between cells, the kernel does not', async () => {
    const k = await real();
    let read = false;
    await k.value(async () => {
      const { fd, child } = await connected(k);
      k.server.spawn('reading', async (me) => {
        await me.read(child, new Uint8Array(1));
        read = true;
      });
      await k.kernel.pause(ms(1));
      await k.client.write(fd, 'x');
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(read, false);
    await k.value(() => k.kernel.pause(ms(5)));
    assert.equal(read, true);
  });
});
