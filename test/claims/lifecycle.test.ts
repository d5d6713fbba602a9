/** Claims about the life of a connection: the calls that make it, and what each of them does. */
import assert from 'node:assert/strict';
import { failure } from '../sim/world-kit.ts';
import { C, dial, experiment, type Lab, listener, read, socket } from './lab.ts';

describe('claims: lifecycle', () => {
  it('calls-of-a-connection', () =>
    experiment(async (lab) => {
      const { A, B, world } = lab;
      const serve = async () => {
        const door = await listener(lab);
        const child = await B.accept(door);
        assert.notEqual(child, door);
        assert.equal(await read(B, child), 'ask');
        await B.write(child, 'answer');
        await B.close(child);
      };
      const serving = serve();
      const fd = await dial(lab);
      await A.write(fd, 'ask');
      assert.equal(await read(A, fd), 'answer');
      await A.close(fd);
      await serving;
      const calls = (host: string) => world.calls({ host }).map(({ call }) => call);
      assert.deepEqual(calls('server'), ['socket', 'bind', 'listen', 'accept', 'read', 'write', 'close']);
      assert.deepEqual(calls('client'), ['socket', 'connect', 'write', 'read', 'close']);
      assert.ok(world.calls().every(({ result }) => result !== undefined && result >= 0));
    }));

  it('socket-call-only-allocates', () =>
    experiment(async ({ A, rows, world, pause }) => {
      assert.equal(await socket(A), 3);
      assert.equal(await failure(A.write(3, 'x')), 'EPIPE');
      assert.equal(await failure(A.read(3, new Uint8Array(1))), 'ENOTCONN');
      await pause(1000);
      assert.deepEqual([rows('client'), world.packets(), world.states()], [[], [], []]);
    }));

  it('bind-fixes-local-address', () =>
    experiment(async (lab) => {
      const { A, B, rows, world, pause } = lab;
      const door = await socket(B);
      await B.bind(door, { addr: C.INADDR_ANY, port: 80 });
      assert.equal(await failure(dial(lab)), 'ECONNREFUSED');
      assert.deepEqual(
        world.packets({ from: 'server' }).map(({ flags }) => flags),
        ['RST,ACK'],
      );
      assert.equal(await failure(B.bind(await socket(B), { addr: C.INADDR_ANY, port: 80 })), 'EADDRINUSE');
      await B.listen(door, 5);
      const fd = await dial(lab);
      await B.accept(door);
      await A.write(fd, 'HELLO');
      await pause(50);
      assert.deepEqual(
        rows('server').map(({ state, recvQ }) => [state, recvQ]),
        [
          ['LISTEN', 0],
          ['ESTAB', 5],
        ],
      );
    }));

  it('listen-makes-socket-passive', () =>
    experiment(async (lab) => {
      const { B, rows, world, milliseconds, until } = lab;
      const door = await listener(lab);
      const calls = world.calls({ host: 'server' }).length;
      await dial(lab);
      assert.equal(milliseconds(), 20);
      await until(1000);
      assert.equal(world.calls({ host: 'server' }).length, calls);
      const [row] = rows('server', 'LISTEN');
      assert.deepEqual([row?.recvQ, row?.sendQ], [1, 5]);
      const packets = world.packets().length;
      assert.equal(await failure(B.write(door, 'x')), 'EPIPE');
      assert.equal(world.packets().length, packets);
    }));

  // The routing table and the filters of the card are no objects of the simulator: what is seen is that both SYNs arrive.
  it('nic-and-routes-learn-listening-port', () =>
    experiment(async (lab) => {
      const { world } = lab;
      assert.equal(await failure(dial(lab)), 'ECONNREFUSED');
      await listener(lab);
      await dial(lab);
      const syns = world.packets({ flags: 'SYN' });
      assert.deepEqual(
        syns.map((syn) => [syn.to, (syn.arrived ?? 0) - syn.sent]),
        [
          ['server', 10e6],
          ['server', 10e6],
        ],
      );
      assert.deepEqual(
        world.packets({ from: 'server' }).map(({ flags }) => flags),
        ['RST,ACK', 'SYN,ACK'],
      );
    }));

  it('accept-creates-the-connection', () =>
    experiment(async (lab) => {
      const { A, B, rows, world, milliseconds, until } = lab;
      const door = await listener(lab);
      const fd = await dial(lab);
      assert.equal(milliseconds(), 20);
      await A.write(fd, 'HELLO');
      await until(100);
      assert.deepEqual(
        rows('server', 'ESTAB').map(({ recvQ }) => recvQ),
        [5],
      );
      assert.equal(world.packets({ from: 'server' }).at(-1)?.ack, 6);
      assert.equal(world.log.of('fd.open', { host: 1 }).length, 1, 'the listener alone has a descriptor');
      await until(1000);
      const child = await B.accept(door);
      assert.equal(milliseconds(), 1000);
      assert.equal(await read(B, child), 'HELLO');
      assert.ok(world.calls({ host: 'server' }).every(({ waited }) => !waited));
    }));

  it('accept-returns-child-socket', () =>
    experiment(async (lab) => {
      const { A, B, rows, pause } = lab;
      const door = await listener(lab);
      const clients = [await dial(lab), await dial(lab), await dial(lab)];
      const children: number[] = [];
      for (const _ of clients) children.push(await B.accept(door));
      assert.deepEqual(children, [4, 5, 6]);
      for (const fd of clients) await A.write(fd, '0123456789');
      await pause(50);
      const [listening, ...connections] = rows('server');
      assert.deepEqual([listening?.state, listening?.recvQ], ['LISTEN', 0]);
      assert.deepEqual(
        connections.map(({ state, recvQ, local }) => [state, recvQ, local]),
        children.map(() => ['ESTAB', 10, '10.0.0.2:80']),
      );
      assert.equal(new Set(connections.map(({ peer }) => peer)).size, 3);
    }));

  it('ephemeral-port-random', async () => {
    const ports = async (lab: Lab, port: number) => {
      await listener(lab, { port, backlog: 20 });
      const found: number[] = [];
      for (let i = 0; i < 20; i++) found.push((await lab.A.getsockname(await dial(lab, port))).port);
      return found;
    };
    const [first, again, other, elsewhere] = await Promise.all([
      experiment((lab) => ports(lab, 80), { seed: 1 }),
      experiment((lab) => ports(lab, 80), { seed: 1 }),
      experiment((lab) => ports(lab, 80), { seed: 2 }),
      experiment((lab) => ports(lab, 81), { seed: 1 }),
    ]);
    assert.equal(new Set(first).size, 20);
    assert.ok(first?.every((port) => port >= 32_768 && port <= 60_999 && port % 2 === 0));
    assert.deepEqual(again, first);
    assert.notEqual(other?.[0], first?.[0]);
    assert.notEqual(elsewhere?.[0], first?.[0]);
  });
});
