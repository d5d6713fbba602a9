import assert from 'node:assert/strict';
import { equalBytes } from '../../src/sim/base/bytes.ts';
import { ms, s } from '../../src/sim/base/time.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { STATES } from '../../src/sim/tcp/states.ts';
import { AF_INET, connected, type Kit, kit, SOCK_STREAM, SOL_SOCKET } from './world-kit.ts';

describe('world: how a run ends', () => {
  it('stuck: who waits for what', async () => {
    const k = kit();
    const outcome = await k.run(async () => {
      const { child, fd } = await connected(k);
      k.client.spawn('reader', (me) => me.read(fd, new Uint8Array(1)));
      await k.server.read(child, new Uint8Array(1));
    });
    assert.deepEqual(outcome, {
      end: 'stuck',
      waiting: [
        'server: server is in read(), waiting for data on descriptor 4',
        'client: reader is in read(), waiting for data on descriptor 3',
      ],
    });
  });

  it('stuck on something that no call brings about', async () => {
    const outcome = await kit().run(() => new Promise(() => {}));
    assert.equal(outcome.end, 'stuck');
    assert.match(outcome.end === 'stuck' ? (outcome.waiting[0] ?? '') : '', /no system call/);
  });

  it('after being stuck the main threads are free again; other threads still wait', async () => {
    const k = kit();
    const { fd, child } = await k.value(() => connected(k));
    await k.run(() => k.server.read(child, new Uint8Array(1)));
    await k.value(async () => {
      await k.client.write(fd, 'x');
      assert.equal(await k.server.read(child, new Uint8Array(1)), 1);
    });
  });

  it('interrupted between events', async () => {
    let events = 0;
    const k = kit({ hooks: { interrupted: () => ++events > 500 } });
    const outcome = await k.run(async () => {
      for (;;) await k.client.sleep(ms(1));
    });
    assert.deepEqual(outcome, { end: 'interrupted' });
  });

  it('bounded in time and in events', async () => {
    const forever = async (k: Kit) => {
      for (;;) await k.client.sleep(ms(1));
    };
    const a = kit();
    assert.deepEqual(await a.run(() => forever(a), { time: s(1) }), { end: 'limit', what: '1 s of virtual time' });
    const b = kit();
    assert.deepEqual(await b.run(() => forever(b), { events: 100 }), { end: 'limit', what: '100 events' });
  });

  it('an error of a thread that nobody joins is not lost; one that is joined is thrown there', async () => {
    const k = kit();
    const lost = await k.run(async () => {
      k.client.spawn('bad', async () => {
        throw new Error('thread broke');
      });
      await k.kernel.pause(ms(1));
    });
    assert.match(lost.end === 'threw' ? String(lost.error) : lost.end, /thread broke/);
    const joined = await kit().run(async () => 1);
    assert.deepEqual(joined, { end: 'returned', value: 1 });
  });

  it('time stands still between cells, and what is on its way stays there', async () => {
    const k = kit();
    const { fd, child } = await k.value(() => connected(k));
    await k.value(() => k.client.write(fd, 'on its way'));
    const then = k.milliseconds();
    await k.value(async () => 'no time passes');
    assert.equal(k.milliseconds(), then);
    await k.value(() => k.server.read(child, new Uint8Array(100)));
    assert.equal(k.milliseconds(), then + 10);
  });

  it('threads go on in later cells', async () => {
    const k = kit();
    const { fd, child } = await k.value(() => connected(k));
    await k.value(async () => {
      k.server.spawn('echo', async (me) => {
        const buf = new Uint8Array(100);
        for (let n = await me.read(child, buf); n > 0; n = await me.read(child, buf))
          await me.write(child, buf.subarray(0, n));
      });
    });
    for (const word of ['one', 'three']) {
      await k.value(async () => {
        await k.client.write(fd, word);
        assert.equal(await k.client.read(fd, new Uint8Array(100)), word.length);
      });
    }
  });
});

describe('world: links', () => {
  it('a rate takes its time, a queue has its limit', async () => {
    const k = kit({ link: { rate: 1e6, queue: 3 } });
    await k.value(async () => {
      const { fd } = await connected(k);
      await k.client.write(fd, new Uint8Array(14_480));
      await k.kernel.pause(ms(5));
    });
    const dropped = k.events('packet.dropped');
    assert.equal(dropped.length, 6, 'of ten: one on the wire, three wait');
    assert.ok(dropped.every((e) => e.reason === 'link queue full'));
  });

  it('every packet arrives, is dropped, or is still on its way; every cause is an earlier event', async () => {
    const k = kit({ link: { loss: 0.2 }, seed: 7 });
    await transfer(k, 50_000, 3000);
    const sent = new Set(k.events('packet.sent').map((e) => e.n));
    const ended = [...k.events('packet.arrived'), ...k.events('packet.dropped')].map((e) => e.packet);
    assert.equal(new Set(ended).size, ended.length, 'a packet ends once');
    assert.ok(ended.every((n) => sent.has(n)));
    for (const event of k.kernel.log) assert.ok(event.cause < event.n);
  });
});

/** Client writes `size` bytes and closes; server reads to the end and closes. Returns what it read. */
async function transfer(k: Kit, size: number, chunk: number): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: size }, (_, i) => (i * 13 + (i >> 7)) & 255);
  return k.value(async () => {
    const { fd, child, listener } = await connected(k);
    const writer = k.client.spawn('writer', async (me) => {
      await me.write(fd, data);
      await me.shutdown(fd, CONSTANTS.SHUT_WR); // not close(): an orphan gives up after 102 s without an answer
      await me.read(fd, new Uint8Array(1));
      await me.close(fd);
    });
    const got: number[] = [];
    const buf = new Uint8Array(chunk);
    for (let n = await k.server.read(child, buf); n > 0; n = await k.server.read(child, buf))
      got.push(...buf.subarray(0, n));
    await k.server.close(child);
    await writer.join();
    await k.server.close(listener);
    await k.kernel.pause(s(2000));
    assert.ok(equalBytes(Uint8Array.from(got), data), 'what is read is what was written');
    return data;
  });
}

describe('world: what is left', () => {
  it('a socket that was closed at both ends leaves nothing: no timer, no event to come', async () => {
    const k = kit();
    await transfer(k, 1000, 100);
    const open = new Set(k.events('sock.new').map((e) => e.sock));
    for (const { sock } of k.events('sock.free')) open.delete(sock);
    assert.deepEqual([...open], []);
  });

  it('SOCK_STREAM of two worlds do not meet', async () => {
    const [a, b] = [kit({ seed: 1 }), kit({ seed: 2 })];
    await a.value(() => a.client.socket(AF_INET, SOCK_STREAM));
    assert.equal(b.kernel.log.length, 7);
  });
});

describe('world: a listener that is closed', () => {
  it('forgets unfinished handshakes and resets finished ones; both leave their queues', async () => {
    const k = kit();
    await k.value(async () => {
      const listener = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.bind(listener, { addr: '0.0.0.0', port: 80 });
      await k.server.listen(listener, 5);
      const finished = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.connect(finished, { addr: k.server.ip, port: 80 });
      const unfinished = await k.client.socket(AF_INET, SOCK_STREAM | CONSTANTS.SOCK_NONBLOCK);
      await k.client.connect(unfinished, { addr: k.server.ip, port: 80 }).catch(() => {});
      await k.kernel.pause(ms(15)); // the SYN is there, the last ACK is not
      await k.server.close(listener);
      await k.kernel.pause(s(1));
    });
    const last = new Map(k.events('tcp.state').map((e) => [e.sock, STATES[e.to]]));
    assert.deepEqual(new Set(last.values()), new Set(['CLOSED']));
    for (const kind of ['queue.syn', 'queue.accept'] as const) assert.equal(k.events(kind).at(-1)?.length, 0);
  });
});

describe('world: the loopback device', () => {
  it('no packet is longer than IPv4 can say, though a segment nearly is', async () => {
    const k = kit();
    await k.value(async () => {
      const listener = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.setsockopt(listener, SOL_SOCKET, CONSTANTS.SO_RCVBUF, 1 << 20);
      await k.server.bind(listener, { addr: '127.0.0.1', port: 80 });
      await k.server.listen(listener, 1);
      const fd = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.connect(fd, { addr: '127.0.0.1', port: 80 });
      const child = await k.server.accept(listener);
      const sizes = [109_548, 6223, 15_177, 19]; // what waits for the window comes to one byte more than a segment
      const writer = k.server.spawn('writer', async (me) => {
        for (const size of sizes) await me.write(fd, new Uint8Array(size));
        await me.close(fd);
      });
      const buf = new Uint8Array(1460);
      let received = 0;
      for (let n = await k.server.read(child, buf); n > 0; n = await k.server.read(child, buf)) received += n;
      await writer.join();
      assert.equal(received, 130_967);
    });
    const longest = Math.max(...k.events('packet.sent').map(({ bytes }) => bytes.length));
    assert.ok(longest > 65_000 && longest <= 65_535, `${longest}`);
  });
});
