/** Claims about how data comes from the card into the program. */
import assert from 'node:assert/strict';
import { type Seq, seqDiff } from '../../src/sim/base/seq.ts';
import { ms, s } from '../../src/sim/base/time.ts';
import type { EpollEvent } from '../../src/sim/syscall/kernel.ts';
import { failure } from '../sim/world-kit.ts';
import {
  C,
  connection,
  converse,
  dial,
  experiment,
  type Lab,
  listener,
  onWire,
  pattern,
  read,
  readAll,
  text,
} from './lab.ts';

/** A connection on which three writes of 100 bytes leave as three segments. */
async function eager(lab: Lab) {
  const pair = await connection(lab);
  await lab.A.setsockopt(pair.fd, C.SOL_TCP, C.TCP_NODELAY, 1);
  return pair;
}

describe('claims: receive-path', () => {
  it('kernel-finds-socket-by-4-tuple', () =>
    experiment(async (lab) => {
      const { A, B, rows, wire, begin, pause } = lab;
      const door = await listener(lab);
      const two = [await dial(lab), await dial(lab)];
      const third = B.spawn('third client', async (me) => {
        const fd = await me.socket(C.AF_INET, C.SOCK_STREAM);
        await me.connect(fd, { addr: B.ip, port: 80 });
        await me.write(fd, '333');
      });
      await third.join();
      for (const [i, fd] of two.entries()) await A.write(fd, '1'.repeat(i + 1));
      await pause(50);
      const children = [await B.accept(door), await B.accept(door), await B.accept(door)];
      for (const child of children) assert.equal((await B.getsockname(child)).port, 80);
      const waiting = () =>
        rows('server', 'ESTAB').flatMap(({ local, recvQ }) => (local === '10.0.0.2:80' ? recvQ : []));
      assert.deepEqual(waiting(), [1, 2, 3]);

      const copy = onWire(lab).findLast(({ payload }) => payload.length === 2)!;
      const part = begin();
      wire.inject('server', A.ip, { ...copy, srcPort: copy.srcPort + 1 });
      await pause(50);
      assert.deepEqual(
        part.packets({ from: 'server' }).map(({ flags }) => flags),
        ['RST'],
      );
      assert.deepEqual(waiting(), [1, 2, 3]);
    }));

  // Hash buckets are not seen from outside.
  it('tuple-hash-maps-to-descriptor', () =>
    experiment(async (lab) => {
      const { A, B, rows, world, begin, pause } = lab;
      const door = await listener(lab);
      const fd = await dial(lab);
      await A.write(fd, 'HELLO');
      await pause(50);
      const child = rows('server', 'ESTAB')[0]!;
      assert.equal(child.recvQ, 5);
      const descriptors = () => world.log.of('fd.open', { sock: child.sock }).length;
      assert.equal(descriptors(), 0);
      const one = await B.accept(door);
      const two = await B.dup(one);
      assert.equal(descriptors(), 2);
      assert.equal(await read(B, one), 'HELLO');
      await B.close(one);
      await B.close(two);
      await pause(100);
      const part = begin();
      await A.close(fd);
      await pause(50);
      assert.equal(rows('server', 'TIME-WAIT')[0]?.sock, child.sock);
      assert.equal(part.log.of('packet.arrived', { host: 1 })[0]?.sock, child.sock);
    }));

  it('in-order-data-copied-to-receive-buffer', () =>
    experiment(async (lab) => {
      const { A, rows, wire, pause, world } = lab;
      const { fd } = await eager(lab);
      const queues = () => {
        const { nxt, read: taken, ooo } = world.log.of('tcp.recv', { host: 1 }).at(-1)!;
        return [nxt - taken, ...ooo];
      };
      const late = { seen: 0 };
      wire.rule = ({ segment }) => (segment.payload.length > 0 && ++late.seen === 2 ? ms(5) : undefined);
      for (let i = 0; i < 3; i++) await A.write(fd, pattern(100));
      await pause(11);
      assert.deepEqual(queues(), [100, 201, 301]);
      assert.equal(rows('server', 'ESTAB')[0]?.recvQ, 100);
      await pause(10);
      assert.deepEqual(queues(), [300]);
      assert.equal(world.log.of('copy.out').length, 0);
    }));

  it('receiver-reorders-by-sequence', () =>
    experiment(async (lab) => {
      const { A, B, wire, begin, pause } = lab;
      const { fd, child } = await eager(lab);
      wire.rule = ({ segment }) => {
        if (segment.payload.length === 0) return undefined;
        wire.mend();
        return ms(5);
      };
      const part = begin();
      const reading = B.spawn('reader', (me) => readAll(me, child, 200));
      await A.write(fd, pattern(200).subarray(0, 100));
      await A.write(fd, pattern(200).subarray(100));
      await pause(12);
      const [duplicate] = part.packets({ from: 'server' });
      assert.equal(duplicate?.ack, 1);
      const block = onWire(lab).at(-1)?.options.sack?.[0];
      const first = onWire(lab).find(({ payload }) => payload.length > 0)!;
      const relative = (at: Seq) => seqDiff(at, first.seq) + 1;
      assert.deepEqual([relative(block!.left), relative(block!.right)], [101, 201]);
      assert.equal(part.calls({ call: 'read' })[0]?.returned, undefined);
      assert.deepEqual(await reading.join(), pattern(200));
      await pause(20);
      assert.equal(part.packets({ from: 'server' }).at(-1)?.ack, 201);
      assert.equal(part.calls({ call: 'read' }).length, 1, 'one read gave all');
    }));

  it('ack-sent-when-data-stored', () =>
    experiment(async (lab) => {
      const { A, rows, world, pause } = lab;
      const { fd } = await connection(lab);
      await A.write(fd, pattern(1000));
      await pause(100);
      assert.equal(world.packets({ from: 'server' }).at(-1)?.ack, 1001);
      assert.deepEqual([rows('server', 'ESTAB')[0]?.recvQ, rows('client')[0]?.sendQ], [1000, 0]);
      assert.equal(world.calls({ call: 'read' }).length, 0);
      assert.equal(world.log.of('copy.out').length, 0);
    }));

  for (const [name, size, quick, time] of [
    ['one small segment', 100, false, 50],
    ['two full segments', 2896, false, 10],
    ['one small segment, TCP_QUICKACK', 100, true, 10],
  ] as const) {
    it(`ack-prompt-or-slightly-delayed: ${name}`, () =>
      experiment(async (lab) => {
        const { A, B, begin, pause } = lab;
        const pair = await connection(lab);
        await converse(lab, pair);
        if (quick) await B.setsockopt(pair.child, C.SOL_TCP, C.TCP_QUICKACK, 1);
        const part = begin();
        await A.write(pair.fd, pattern(size));
        await pause(200);
        assert.deepEqual(part.times(part.packets({ from: 'server' })), [time]);
        assert.equal(part.log.of('timer.fire', { timer: 'delayed ACK' }).length, time === 50 ? 1 : 0);
      }));
  }

  // Who is first is a race on the real kernel too; here the reader is, and the others find nothing left.
  it('waiters-are-woken', () =>
    experiment(async (lab) => {
      const { A, B, begin } = lab;
      const { fd, child } = await connection(lab);
      const epfd = await B.epoll_create1();
      await B.epoll_ctl(epfd, C.EPOLL_CTL_ADD, child, { events: C.EPOLLIN, data: 7 });
      const part = begin();
      const readable = new Set([child]);
      const events: EpollEvent[] = [];
      const waiters = [
        B.spawn('select', (me) => me.select(child + 1, readable, undefined, undefined, s(1))),
        B.spawn('epoll_wait', (me) => me.epoll_wait(epfd, events, 8, 1000)),
        B.spawn('read', (me) => read(me, child)),
      ];
      await A.write(fd, 'HELLO');
      assert.deepEqual(await Promise.all(waiters.map((waiter) => waiter.join())), [0, 0, 'HELLO']);
      const wakes = part.log.of('call.wake').map(({ t }) => part.ms(t));
      assert.deepEqual(wakes, [10, 10, 10, 1000, 1000]);
      assert.equal(await failure(B.recv(child, new Uint8Array(9), C.MSG_DONTWAIT)), 'EAGAIN');
    }));

  it('read-moves-data-to-user', () =>
    experiment(async (lab) => {
      const { A, B, rows, world, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, pattern(500));
      const waiting = () => rows('server', 'ESTAB')[0]?.recvQ;
      for (let i = 0; i < 10; i++) {
        await pause(1000);
        assert.equal(waiting(), 500);
      }
      assert.equal(world.log.of('copy.out').length, 0);
      const peeked = new Uint8Array(200);
      assert.equal(await B.recv(child, peeked, C.MSG_PEEK), 200);
      assert.equal(waiting(), 500);
      const taken = new Uint8Array(200);
      assert.equal(await B.read(child, taken), 200);
      assert.deepEqual(taken, peeked);
      assert.equal(waiting(), 300);
    }));

  it('read-blocks-when-empty', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      assert.equal(await failure(B.recv(child, new Uint8Array(1), C.MSG_DONTWAIT)), 'EAGAIN');
      assert.equal(part.ms(), 0);
      A.spawn('writer', async (me) => {
        await me.sleep(ms(100));
        await me.write(fd, 'x');
      });
      assert.equal(await read(B, child), 'x');
      assert.equal(part.ms(), 110);
      await A.shutdown(fd, C.SHUT_WR);
      await pause(50);
      const before = part.ms();
      for (let i = 0; i < 3; i++) assert.equal(await read(B, child), '');
      assert.equal(part.ms(), before);
    }));

  it('read-may-be-short', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, pattern(100));
      await pause(50);
      const part = begin();
      await A.write(fd, pattern(924));
      assert.equal((await readAll(B, child, 1024)).length, 1024);
      const calls = part.calls({ call: 'read' });
      assert.deepEqual(
        calls.map(({ result }) => result),
        [100, 924],
      );
      assert.equal(part.ms(calls[0]?.returned), 0);

      await A.write(fd, pattern(5000));
      const counts: number[] = [];
      for (let have = 0; have < 5000; have += counts.at(-1) ?? 0)
        counts.push(await B.read(child, new Uint8Array(4096)));
      assert.ok(counts.every((count) => count <= 4096));

      await A.write(fd, pattern(100));
      await A.close(fd);
      assert.equal((await readAll(B, child, 1024)).length, 100, 'a short message: the stream ended');
    }));

  it('stream-has-no-messages', () =>
    experiment(async (lab) => {
      const { A, B, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, 'HELLO');
      assert.deepEqual([await read(B, child, 3), await read(B, child, 3)], ['HEL', 'LO']);
      for (let i = 0; i < 5; i++) await A.write(fd, `msg${i}`);
      await pause(200);
      assert.equal(await read(B, child), 'msg0msg1msg2msg3msg4');
      for (let i = 0; i < 5; i++) await A.write(fd, Uint8Array.of(4, 109, 115, 103, 48 + i));
      const messages: string[] = [];
      while (messages.length < 5) {
        const [length = 0] = await readAll(B, child, 1);
        messages.push(text(await readAll(B, child, length)));
      }
      assert.deepEqual(messages, ['msg0', 'msg1', 'msg2', 'msg3', 'msg4']);
    }));

  // From IP upwards; the ring of the card is no part of the simulator.
  it('receive-diagram-layers', () =>
    experiment(async (lab) => {
      const { A, B, begin } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      const reading = B.read(child, new Uint8Array(500));
      await A.write(fd, pattern(100));
      assert.equal(await reading, 100);
      const steps = part.log
        .filter(({ host, t }) => host === 1 && part.ms(t) === 10)
        .flatMap((event) => {
          if (event.kind === 'tcp.recv') return [`RCV.NXT ${event.nxt}, queued ${event.nxt - event.read}`];
          return /^packet.arrived|^call|^copy/.test(event.kind) ? [event.kind] : [];
        });
      const order = [
        'packet.arrived',
        'RCV.NXT 101, queued 100',
        'call.wake',
        'copy.out',
        'RCV.NXT 101, queued 0',
        'call.exit',
      ];
      assert.deepEqual(
        steps.filter((step) => order.includes(step)),
        order,
      );
      assert.equal(part.packets({ from: 'client' })[0]?.flags, 'PSH,ACK');
    }));
});
