/** Claims about the three-way handshake, and what happens when it fails. */
import assert from 'node:assert/strict';
import { seq, seqDiff, seqNumber } from '../../src/sim/base/seq.ts';
import { ACK, PSH, SYN } from '../../src/sim/wire/tcp.ts';
import { failure } from '../sim/world-kit.ts';
import { BLACK_HOLE, C, connection, dial, experiment, listener, onWire, read, socket } from './lab.ts';

/** When SYNs leave for an address that never answers, in seconds. */
const SYN_TIMES = [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67];
const OLD_SYN_TIMES = [0, 1, 3, 7, 15, 31, 63];

describe('claims: handshake', () => {
  it('three-way-handshake', () =>
    experiment(
      async (lab) => {
        const { A, B, world } = lab;
        const door = await listener(lab);
        const fd = await dial(lab);
        await A.write(fd, 'request');
        assert.equal(await read(B, await B.accept(door)), 'request');
        const segments = world.packets().slice(0, 4);
        assert.deepEqual(
          segments.map(({ from, flags, length, sent, arrived }) => [
            from,
            flags,
            length,
            sent / 1e6,
            (arrived ?? 0) / 1e6,
          ]),
          [
            ['client', 'SYN', 0, 0, 11],
            ['server', 'SYN,ACK', 0, 11, 22],
            ['client', 'ACK', 0, 22, 33],
            ['client', 'PSH,ACK', 7, 22, 33],
          ],
        );
        const path = (host: string) =>
          world.states({ host }).flatMap(({ to, time }) => (to === 'LISTEN' ? [] : `${to} ${time / 1e6}`));
        assert.deepEqual(path('client'), ['SYN-SENT 0', 'ESTABLISHED 22']);
        assert.deepEqual(path('server'), ['SYN-RECEIVED 11', 'ESTABLISHED 33']);
      },
      { rtt: 22 },
    ));

  it('initial-sequence-number-random', () =>
    experiment(async (lab) => {
      const { A, B, until, pause } = lab;
      await listener(lab);
      const one = await socket(A);
      await A.bind(one, { addr: A.ip, port: 40_000 });
      assert.equal(await failure(A.connect(one, { addr: B.ip, port: 9 })), 'ECONNREFUSED');
      await until(1000);
      assert.equal(await failure(A.connect(one, { addr: B.ip, port: 9 })), 'ECONNREFUSED');
      for (const _ of [1, 2, 3]) await dial(lab);
      await pause(50);
      const [first, second, ...others] = onWire(lab)
        .filter(({ flags }) => flags === SYN)
        .map(({ seq }) => seq);
      assert.equal(seqDiff(second!, first!), 15_625_000, 'one second of a clock that ticks every 64 ns');
      const [a, b, c] = others;
      const steps = [seqDiff(b!, a!), seqDiff(c!, b!)];
      assert.ok(steps.every((step) => Math.abs(step) > 1_000_000) && steps[0] !== steps[1], String(steps));
    }));

  // A world has one number that may be chosen, for both sides.
  it('syn-consumes-one-sequence-number', () =>
    experiment(
      async (lab) => {
        await listener(lab);
        await lab.A.write(await dial(lab), 'x');
        await lab.pause(50);
        assert.deepEqual(
          onWire(lab)
            .slice(0, 4)
            .map((segment) => [seqNumber(segment.seq), seqNumber(segment.ack)]),
          [
            [1_234_567_890, 0],
            [1_234_567_890, 1_234_567_891],
            [1_234_567_891, 1_234_567_891],
            [1_234_567_891, 1_234_567_891],
          ],
        );
        assert.match(lab.world.tcpdump('client'), /Flags \[\.\], ack 1, /);
      },
      { world: { initialSequence: 1_234_567_890 } },
    ));

  it('final-ack-completes-both-ends', () =>
    experiment(async (lab) => {
      const { B, rows, until, world } = lab;
      const door = await listener(lab);
      const dialling = dial(lab);
      await until(25);
      assert.equal(rows('client')[0]?.state, 'ESTAB');
      assert.deepEqual(
        rows('server').map(({ state }) => state),
        ['LISTEN', 'SYN-RECV'],
      );
      await until(31);
      assert.equal(world.states({ host: 'server', to: 'ESTABLISHED' })[0]?.time, 30e6);
      assert.equal(rows('server', 'LISTEN')[0]?.recvQ, 1);
      await B.accept(door);
      assert.equal(rows('server', 'LISTEN')[0]?.recvQ, 0);
      await dialling;
    }));

  it('final-ack-completes-both-ends: the third packet is lost', () =>
    experiment(async (lab) => {
      const { A, wire, until, world } = lab;
      wire.loseFirst(({ to, segment }) => to === 'server' && segment.flags === ACK);
      await listener(lab);
      const fd = await dial(lab);
      await until(40);
      assert.equal(lab.rows('server')[1]?.state, 'SYN-RECV');
      await A.write(fd, 'x');
      await until(2000);
      assert.equal(world.states({ host: 'server', to: 'ESTABLISHED' })[0]?.time, 50e6);
      assert.equal(world.packets({ flags: 'SYN,ACK' }).length, 1);
    }));

  it('connect-blocks', () =>
    experiment(async (lab) => {
      const { A, B, world, begin } = lab;
      await listener(lab);
      await dial(lab);
      assert.deepEqual(
        world.packets().map(({ flags, sent }) => [flags, sent / 1e6]),
        [
          ['SYN', 0],
          ['SYN,ACK', 10],
          ['ACK', 20],
        ],
      );
      assert.equal(lab.milliseconds(), 20);

      const part = begin();
      const fd = await socket(A, C.SOCK_NONBLOCK);
      assert.equal(await failure(A.connect(fd, { addr: B.ip, port: 80 })), 'EINPROGRESS');
      assert.equal(part.ms(), 0);
      const watched = { fd, events: C.POLLOUT, revents: 0 };
      assert.equal(await A.poll([watched], -1), 1);
      assert.deepEqual([watched.revents, part.ms()], [C.POLLOUT, 20]);
      assert.equal(await A.getsockopt(fd, C.SOL_SOCKET, C.SO_ERROR), 0);
      assert.equal(await A.write(fd, 'x'), 1);

      const closed = begin();
      assert.equal(await failure(dial(lab, 81)), 'ECONNREFUSED');
      assert.equal(closed.ms(), 20);
    }));

  for (const [name, client, times, end] of [
    ['Linux 6.18', {}, SYN_TIMES, 131],
    ['tcp_syn_linear_timeouts = 0', { sysctl: { 'net.ipv4.tcp_syn_linear_timeouts': 0 } }, OLD_SYN_TIMES, 127],
    ['Linux 6.1', { kernel: '6.1' }, OLD_SYN_TIMES, 127],
  ] as const) {
    it(`connect-timeout-over-two-minutes: ${name}`, () =>
      experiment(
        async ({ A, world, milliseconds }) => {
          const fd = await socket(A);
          assert.equal(await failure(A.connect(fd, { addr: BLACK_HOLE, port: 80 })), 'ETIMEDOUT');
          assert.equal(milliseconds(), end * 1000);
          const syns = world.packets();
          assert.deepEqual(
            syns.map(({ flags, sent }) => [flags, sent / 1e9]),
            times.map((time) => ['SYN', time]),
          );
          assert.equal(syns.filter(({ retransmission }) => retransmission).length, times.length - 1);
        },
        { client },
      ));
  }

  it('dial-needs-a-deadline', () =>
    experiment(async ({ A, world, rows, milliseconds, pause }) => {
      const fd = await socket(A, C.SOCK_NONBLOCK);
      assert.equal(await failure(A.connect(fd, { addr: BLACK_HOLE, port: 80 })), 'EINPROGRESS');
      assert.equal(await A.poll([{ fd, events: C.POLLOUT, revents: 0 }], 2500), 0);
      assert.equal(rows('client', 'SYN-SENT').length, 1);
      await A.close(fd);
      assert.equal(milliseconds(), 2500);
      assert.deepEqual(rows('client'), []);
      await pause(200_000);
      assert.deepEqual(
        world.packets().map(({ sent }) => sent / 1e9),
        [0, 1, 2],
      );
    }));

  it('syn-flood-fills-syn-queue', () =>
    experiment(
      async (lab) => {
        const { A, rows, wire, pause, begin } = lab;
        await failure(dial(lab, 9));
        await listener(lab, { backlog: 4 });
        const part = begin();
        for (let i = 0; i < 20; i++) {
          const options = { mss: 1460, sackPermitted: true };
          wire.inject('server', `10.0.0.${101 + i}`, { srcPort: 1000, dstPort: 80, seq: seq(i), flags: SYN, options });
        }
        await pause(1);
        assert.equal(rows('server', 'SYN-RECV').length, 5);
        assert.equal(part.log.of('packet.dropped', { reason: 'SYN queue full' }).length, 15);
        const honest = failure(dial(lab));
        await pause(62_000);
        assert.equal(rows('client', 'SYN-SENT').length, 1);
        assert.equal(rows('server', 'SYN-RECV').length, 5);
        await pause(63_000 - part.ms() + 0.1);
        assert.equal(rows('server', 'SYN-RECV').length, 0);
        const flooded = part.packets({ flags: 'SYN,ACK', target: '10.0.0.101:1000' });
        assert.deepEqual(
          part.times(flooded).map((time) => time / 1000),
          [0, 1, 3, 7, 15, 31],
        );
        assert.equal(await honest, '', 'the honest client gets in at last');
        assert.equal((await A.getsockname(4)).addr, A.ip);
      },
      { server: { sysctl: { 'net.ipv4.tcp_syncookies': 0 } } },
    ));

  // A server that is restarted while nothing comes through: what it says as it goes down is lost.
  it('tcp-keeps-state', () =>
    experiment(async (lab) => {
      const { A, B, rows, wire, begin, pause } = lab;
      const { fd, child, listening } = await connection(lab);
      wire.cut();
      await B.setsockopt(child, C.SOL_SOCKET, C.SO_LINGER, { onoff: 1, linger: 0 });
      for (const one of [child, listening]) await B.close(one);
      assert.deepEqual(rows('server'), []);
      await pause(1000);
      wire.mend();
      await pause(3_600_000);
      assert.equal(rows('client')[0]?.state, 'ESTAB');
      const part = begin();
      assert.equal(await A.write(fd, 'x'), 1);
      assert.equal(await failure(A.read(fd, new Uint8Array(1))), 'ECONNRESET');
      assert.equal(part.ms(), 20);
      assert.deepEqual(
        part.packets().map(({ flags }) => flags),
        ['PSH,ACK', 'RST'],
      );
    }));

  // Without /proc/net/sockstat; the firewall is a hand on the cable.
  it('half-open-entry-in-syn-queue', () =>
    experiment(async (lab) => {
      const { rows, until, world } = lab;
      await listener(lab);
      const dialling = dial(lab);
      await until(11);
      assert.deepEqual(
        rows('server').map(({ state, local, recvQ }) => [state, local, recvQ]),
        [
          ['LISTEN', '0.0.0.0:80', 0],
          ['SYN-RECV', '10.0.0.2:80', 0],
        ],
      );
      assert.equal(world.log.of('queue.syn').at(-1)?.length, 1);
      assert.equal(world.log.of('queue.accept').at(-1)?.length, 0);
      await dialling;
    }));

  it('half-open-entry-in-syn-queue: something in between drops the SYN', () =>
    experiment(async (lab) => {
      const { wire, until, world } = lab;
      await listener(lab);
      wire.cut();
      const dialling = dial(lab);
      await until(1005);
      assert.deepEqual(
        world.packets().map(({ flags, sent }) => [flags, sent / 1e6]),
        [
          ['SYN', 0],
          ['SYN', 1000],
        ],
      );
      assert.equal(world.log.of('queue.syn', { change: 'add' }).length, 0);
      wire.mend();
      await dialling;
    }));

  it('segment-without-connection-dropped', () =>
    experiment(async (lab) => {
      const { A, wire, pause } = lab;
      assert.equal(await failure(dial(lab, 9999)), 'ECONNREFUSED');
      const stray = { srcPort: 1234, dstPort: 80, seq: seq(7) };
      wire.inject('server', A.ip, { ...stray, flags: ACK, ack: seq(12_345) });
      wire.inject('server', A.ip, { ...stray, flags: ACK | PSH, ack: seq(0), payload: new Uint8Array(4) });
      await pause(50);
      const sent = lab.world.packets({ from: 'server' });
      assert.deepEqual(
        sent.map(({ flags }) => flags),
        ['RST,ACK', 'RST', 'RST'],
      );
      const [syn, ...segments] = onWire(lab);
      const [refusal, ...resets] = segments.filter(({ srcPort }) => srcPort !== 1234);
      assert.deepEqual([seqNumber(refusal!.seq), seqDiff(refusal!.ack, syn!.seq)], [0, 1]);
      assert.deepEqual(
        resets.map((reset) => seqNumber(reset.seq)),
        [12_345, 0],
      );
    }));
});
