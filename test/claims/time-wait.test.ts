/** Claims about TIME-WAIT. */
import assert from 'node:assert/strict';
import { failure } from '../sim/world-kit.ts';
import { C, connection, dial, experiment, type Lab, listener, read, socket, text } from './lab.ts';

/** Opens a connection and closes it, one side first; gives when that side entered TIME-WAIT, in milliseconds. */
async function closed(lab: Lab, first: 'client' | 'server'): Promise<number> {
  const { A, B, pause, world } = lab;
  const { fd, child } = await connection(lab);
  const closing = [() => A.close(fd), () => B.close(child)];
  if (first === 'server') closing.reverse();
  for (const close of closing) {
    await close();
    await pause(100);
  }
  return (world.states({ to: 'TIME-WAIT' })[0]?.time ?? Number.NaN) / 1e6;
}

describe('claims: time-wait', () => {
  for (const timeout of [60, 10]) {
    it(`time-wait-sixty-seconds: tcp_fin_timeout = ${timeout}`, () =>
      experiment(
        async (lab) => {
          const entered = await closed(lab, 'client');
          await lab.until(entered + 59_900);
          assert.equal(lab.rows('client', 'TIME-WAIT').length, 1);
          await lab.until(entered + 60_100);
          assert.deepEqual(lab.rows('client'), []);
        },
        { client: { sysctl: { 'net.ipv4.tcp_fin_timeout': timeout } } },
      ));
  }

  // Linux's value; there is no profile that waits as long as the RFC says.
  it('time-wait-is-two-msl', () =>
    experiment(async (lab) => {
      const entered = await closed(lab, 'client');
      await lab.pause(300_000);
      const left = (lab.world.states({ from: 'TIME-WAIT' })[0]?.time ?? Number.NaN) / 1e6;
      const specified = 2 * 2 * 60_000;
      assert.equal(specified / (left - entered), 4);
    }));

  for (const first of ['client', 'server'] as const) {
    it(`time-wait-on-the-client: the ${first} closes first`, () =>
      experiment(async (lab) => {
        await closed(lab, first);
        const waiting = [...lab.rows('client'), ...lab.rows('server')].filter(({ state }) => state !== 'LISTEN');
        assert.equal(waiting.length, 1);
        assert.equal(waiting[0]?.state, 'TIME-WAIT');
        assert.equal(waiting[0]?.host, first === 'client' ? 0 : 1);
        assert.equal(waiting[0]?.local === '10.0.0.2:80', first === 'server');
      }));
  }

  it('time-wait-on-the-client: two on simultaneous close', () =>
    experiment(async (lab) => {
      const { fd, child } = await connection(lab);
      await lab.A.close(fd);
      await lab.B.close(child);
      await lab.pause(100);
      assert.equal(lab.rows('client', 'TIME-WAIT').length + lab.rows('server', 'TIME-WAIT').length, 2);
    }));

  it('purpose-of-time-wait', () =>
    experiment(async (lab) => {
      const { A, B, wire, begin, pause } = lab;
      const { fd, child } = await connection(lab);
      let duplicate = new Uint8Array();
      wire.rule = ({ to, segment, bytes }) => {
        if (to === 'client' && segment.payload.length > 0) duplicate = bytes.slice();
        return undefined;
      };
      await B.write(child, 'old bytes');
      assert.equal(await read(A, fd), 'old bytes');
      await A.close(fd);
      await pause(100);
      await B.close(child);
      await pause(100);
      const part = begin();
      await pause(5000);
      wire.deliver('client', duplicate);
      await pause(100);
      assert.deepEqual(
        part.packets({ from: 'client' }).map(({ flags, length, sent }) => [flags, length, part.ms(sent)]),
        [['ACK', 0, 5000]],
      );
      assert.equal(part.log.of('copy.out').length, 0);
      assert.equal(part.log.of('tcp.recv').length, 0);
    }));

  // Without TIME-WAIT: there is room for no such connection. Both ends begin at chosen numbers, the same ones again.
  for (const [timestamps, outcome] of [
    [0, 'old bytes'],
    [1, ''],
  ] as const) {
    const sysctl = { 'net.ipv4.tcp_max_tw_buckets': 0, 'net.ipv4.tcp_timestamps': timestamps };
    it(`purpose-of-time-wait: there is none, tcp_timestamps = ${timestamps}`, () =>
      experiment(
        async (lab) => {
          const { A, B, rows, wire, begin, pause } = lab;
          const door = await listener(lab);
          const open = async () => {
            const fd = await socket(A);
            await A.bind(fd, { addr: A.ip, port: 40_000 });
            await A.connect(fd, { addr: B.ip, port: 80 });
            return { fd, child: await B.accept(door) };
          };
          const old = await open();
          let duplicate = new Uint8Array();
          wire.rule = ({ to, segment, bytes }) => {
            if (to === 'client' && segment.payload.length > 0) duplicate = bytes.slice();
            return undefined;
          };
          await B.write(old.child, 'old bytes');
          assert.equal(await read(A, old.fd), 'old bytes');
          await A.close(old.fd);
          await pause(100);
          await B.close(old.child);
          await pause(100);
          assert.deepEqual([...rows('client'), ...rows('server', 'TIME-WAIT')], []);

          await pause(5000);
          const { fd } = await open();
          const part = begin();
          wire.deliver('client', duplicate);
          await pause(100);
          const buffer = new Uint8Array(100);
          const got = await failure(A.recv(fd, buffer, C.MSG_DONTWAIT));
          assert.equal(got || text(buffer.subarray(0, 9)), outcome || 'EAGAIN');
          const rules = part.log.of('tcp.note', { host: 0 }).map(({ rfc }) => rfc);
          assert.equal(
            rules.some((rfc) => rfc.startsWith('7323 5')),
            timestamps === 1,
            'PAWS',
          );
        },
        { world: { initialSequence: 1000 }, client: { sysctl }, server: { sysctl } },
      ));
  }

  /** Uses up the ten ports that A has for one destination; gives what an eleventh connection fails with. */
  const eleven = async (lab: Lab, reuseAddress: 0 | 1, patience = 0): Promise<string> => {
    const { A, B, pause } = lab;
    const door = await listener(lab, { backlog: 20 });
    const open = async (): Promise<number> => {
      const fd = await socket(A);
      await A.setsockopt(fd, C.SOL_SOCKET, C.SO_REUSEADDR, reuseAddress);
      await A.connect(fd, { addr: B.ip, port: 80 });
      return fd;
    };
    for (let i = 0; i < 10; i++) {
      const fd = await open();
      const child = await B.accept(door);
      await A.close(fd);
      await pause(50);
      await B.close(child);
    }
    await pause(100 + patience);
    assert.equal(lab.rows('client', 'TIME-WAIT').length, 10);
    return failure(open());
  };
  const tenPorts = (reuse: number) => ({
    client: { sysctl: { 'net.ipv4.ip_local_port_range': '40000 40009', 'net.ipv4.tcp_tw_reuse': reuse } },
  });

  it('short-connections-exhaust-ports', () =>
    experiment(async (lab) => {
      assert.equal(await eleven(lab, 0), 'EADDRNOTAVAIL');
      await listener(lab, { port: 81 });
      assert.equal(await failure(dial(lab, 81)), '');
      await lab.pause(60_000);
      assert.equal(await failure(dial(lab)), '');
    }, tenPorts(0)));

  for (const [reuseAddress, reuse, patience, outcome] of [
    [1, 0, 1000, 'EADDRNOTAVAIL'],
    [0, 1, 0, 'EADDRNOTAVAIL'],
    [0, 1, 1000, ''],
  ] as const) {
    it(`so-reuseaddr-relieves-time-wait: SO_REUSEADDR ${reuseAddress}, tcp_tw_reuse = ${reuse}, ${patience} ms later`, () =>
      experiment(async (lab) => {
        assert.equal(await eleven(lab, reuseAddress, patience), outcome);
      }, tenPorts(reuse)));
  }

  for (const [reuse, outcome] of [
    [0, 'EADDRINUSE'],
    [1, ''],
  ] as const) {
    it(`so-reuseaddr-relieves-time-wait: SO_REUSEADDR ${reuse}`, () =>
      experiment(async (lab) => {
        const { A, B, pause } = lab;
        const serve = async () => {
          const door = await socket(B);
          await B.setsockopt(door, C.SOL_SOCKET, C.SO_REUSEADDR, reuse);
          const failed = await failure(B.bind(door, { addr: C.INADDR_ANY, port: 80 }));
          if (!failed) await B.listen(door, 5);
          return { door, failed };
        };
        const { door } = await serve();
        const fd = await dial(lab);
        const child = await B.accept(door);
        for (const one of [child, door]) await B.close(one);
        assert.equal(await read(A, fd), '');
        await A.close(fd);
        await pause(100);
        assert.equal(lab.rows('server')[0]?.state, 'TIME-WAIT');
        assert.equal((await serve()).failed, outcome);
      }));
  }

  it('so-reuseaddr-relieves-time-wait: after 60 s', () =>
    experiment(async (lab) => {
      await closed(lab, 'server');
      await lab.B.close(3);
      assert.equal(await failure(listener(lab)), 'EADDRINUSE');
      await lab.pause(60_000);
      assert.equal(await failure(listener(lab)), '');
    }));
});
