/** Claims about closing a connection. */
import assert from 'node:assert/strict';
import { ACK } from '../../src/sim/wire/tcp.ts';
import { failure } from '../sim/world-kit.ts';
import { C, connection, experiment, type Part, pattern, read, readAll, socket } from './lab.ts';

const flags = (part: Part): string[] => part.packets().map((packet) => `${packet.from[0]} ${packet.flags}`);

describe('claims: close', () => {
  it('close-releases-resources', () =>
    experiment(async (lab) => {
      const { A, B, rows, milliseconds } = lab;
      const { fd, child } = await connection(lab);
      const data = pattern(50_000);
      await A.write(fd, data);
      const before = milliseconds();
      await A.close(fd);
      assert.equal(milliseconds(), before);
      assert.equal(await socket(A), fd);
      const [row] = rows('client');
      assert.equal(row?.state, 'FIN-WAIT-1');
      assert.ok((row?.sendQ ?? 0) > 14_480, 'most of it is still here');
      assert.deepEqual(await readAll(B, child, 60_000), data);
      assert.equal(await read(B, child), '');
    }));

  it('four-way-close: the other side closes 200 ms later', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      await A.close(fd);
      assert.equal(await read(B, child), '');
      await pause(200);
      await B.close(child);
      await pause(100);
      assert.deepEqual(flags(part), ['c FIN,ACK', 's ACK', 's FIN,ACK', 'c ACK']);
    }));

  it('four-way-close: the other side closes at once', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      await A.close(fd);
      assert.equal(await read(B, child), '');
      await B.close(child);
      await pause(100);
      assert.deepEqual(flags(part), ['c FIN,ACK', 's FIN,ACK', 'c ACK']);
    }));

  it('four-way-close: both at one instant', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      await A.close(fd);
      await B.close(child);
      await pause(100);
      assert.deepEqual(flags(part).slice(0, 2), ['c FIN,ACK', 's FIN,ACK']);
      for (const host of ['client', 'server'])
        assert.deepEqual(
          part.states({ host }).map(({ to }) => to),
          ['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'],
        );
    }));

  it('half-close-peer-may-send: shutdown', () =>
    experiment(async (lab) => {
      const { A, B, world, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.shutdown(fd, C.SHUT_WR);
      assert.equal(await read(B, child), '');
      assert.equal(await B.write(child, 'late'), 4);
      await B.close(child);
      assert.equal(await read(A, fd), 'late');
      assert.equal(await read(A, fd), '');
      await pause(100);
      assert.ok(!world.packets().some((packet) => packet.flags.includes('RST')));
    }));

  it('half-close-peer-may-send: close', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.close(fd);
      assert.equal(await read(B, child), '');
      const part = begin();
      assert.equal(await B.write(child, 'late'), 4);
      await pause(100);
      assert.deepEqual(flags(part), ['s PSH,ACK', 'c RST']);
      assert.equal(await failure(B.write(child, 'more')), 'EPIPE');
    }));

  it('close-starts-handshake', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, 'unread');
      await pause(100);
      const part = begin();
      await B.close(child);
      assert.equal(await failure(A.read(fd, new Uint8Array(1))), 'ECONNRESET');
      assert.deepEqual(flags(part), ['s RST,ACK']);

      const second = await connection(lab, { port: 81 });
      const copy = await B.dup(second.child);
      const silent = begin();
      await B.close(second.child);
      await pause(100);
      assert.deepEqual(flags(silent), []);
      await B.close(copy);
      assert.deepEqual(flags(silent), ['s FIN,ACK']);
    }));

  it('close-starts-handshake: SO_LINGER of 0 s', () =>
    experiment(async (lab) => {
      const { A, B, begin } = lab;
      const { fd, child } = await connection(lab);
      await B.setsockopt(child, C.SOL_SOCKET, C.SO_LINGER, { onoff: 1, linger: 0 });
      const part = begin();
      await B.close(child);
      assert.equal(await failure(A.read(fd, new Uint8Array(1))), 'ECONNRESET');
      assert.deepEqual(flags(part), ['s RST,ACK']);
    }));

  it('close-starts-handshake: whoever closes first, the traces mirror each other', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const both = [];
      for (const first of [A, B]) {
        const { fd, child } = await connection(lab, { port: first === A ? 80 : 81 });
        const [one, other] = first === A ? [fd, child] : [child, fd];
        const second = first === A ? B : A;
        const part = begin();
        await first.close(one);
        assert.equal(await read(second, other), '');
        await pause(200);
        await second.close(other);
        await pause(100);
        both.push(part.packets().map((p) => [p.from === first.host, p.flags, p.seq, p.ack, part.ms(p.sent)]));
      }
      assert.equal(both[0]?.length, 4);
      assert.deepEqual(both[0], both[1]);
    }));

  it('states-of-an-orderly-close', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause, rows } = lab;
      const { fd, child, listening } = await connection(lab);
      await B.close(listening);
      const part = begin();
      await A.close(fd);
      assert.equal(await read(B, child), '');
      await pause(100);
      await B.close(child);
      await pause(70_000);
      const states = part.states({ host: 'client' }).map(({ from, to }) => [from, to]);
      assert.deepEqual(states, [
        ['ESTABLISHED', 'FIN-WAIT-1'],
        ['FIN-WAIT-1', 'FIN-WAIT-2'],
        ['FIN-WAIT-2', 'TIME-WAIT'],
        ['TIME-WAIT', 'CLOSED'],
      ]);
      assert.deepEqual(rows('client'), []);
    }));

  it('states-of-an-orderly-close: the last ACK is lost', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause, wire } = lab;
      const { fd, child } = await connection(lab);
      await A.close(fd);
      assert.equal(await read(B, child), '');
      await pause(100);
      wire.loseFirst(({ to, segment }) => to === 'server' && segment.flags === ACK);
      const part = begin();
      await B.close(child);
      await pause(1000);
      const fins = part.packets({ from: 'server', flags: 'FIN,ACK' });
      assert.equal(fins.length, 2);
      const again = part.times(fins)[1] ?? 0;
      assert.ok(again >= 200 && again <= 240, `sent again after ${again} ms`);
      const path = part.states({ host: 'server' }).map(({ to, time }) => [to, part.ms(time)]);
      assert.deepEqual(path, [
        ['LAST-ACK', 0],
        ['CLOSED', again + 20],
      ]);
      assert.equal(part.packets({ from: 'client', flags: 'ACK' }).at(-1)?.arrived, part.zero + (again + 20) * 1e6);
    }));

  it('states-of-an-orderly-close: the other side never closes', () =>
    experiment(async (lab) => {
      const { A, rows, world, pause } = lab;
      const { fd } = await connection(lab);
      await A.close(fd);
      await pause(1000);
      const entered = world.states({ to: 'FIN-WAIT-2' })[0]?.time ?? 0;
      await pause(entered / 1e6 + 59_999 - lab.milliseconds());
      assert.equal(rows('client')[0]?.state, 'FIN-WAIT-2');
      await pause(2);
      assert.deepEqual(rows('client'), []);
      await pause(60_000);
      assert.equal(rows('server', 'CLOSE-WAIT').length, 1);
    }));

  it('close-wait-when-sending-own-fin', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause, rows } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      await A.close(fd);
      await pause(500);
      assert.equal(rows('server')[1]?.state, 'CLOSE-WAIT');
      assert.equal(part.packets({ from: 'server' }).filter((p) => p.flags.includes('FIN')).length, 0);
      await pause(500);
      await B.close(child);
      await pause(100);
      assert.deepEqual(
        part.states({ host: 'server' }).map(({ to, time }) => [to, part.ms(time)]),
        [
          ['CLOSE-WAIT', 10],
          ['LAST-ACK', 1000],
          ['CLOSED', 1020],
        ],
      );
    }));
});
