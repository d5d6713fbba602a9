/** Claims about the window that the receiver advertises. */
import assert from 'node:assert/strict';
import { ms, s } from '../../src/sim/base/time.ts';
import { ACK } from '../../src/sim/wire/tcp.ts';
import { C, connection, experiment, type Lab, onWire, pattern, readAll, sum } from './lab.ts';

/** The sums of the bytes that crossed, at every moment when nothing is on its way. */
const copied = ({ world }: Lab, kind: 'copy.in' | 'copy.out') => sum(world.log.of(kind).map(({ length }) => length));

/** A connection whose receive buffer, of SO_RCVBUF 4096, is full: the last window was 0. */
async function full(lab: Lab) {
  const pair = await connection(lab, { receive: 4096 });
  lab.A.spawn('full writer', (me) => me.write(pair.fd, pattern(60_000)));
  await lab.pause(3000);
  return pair;
}

describe('claims: flow-control', () => {
  it('window-advertised-in-acks', () =>
    experiment(async (lab) => {
      const { B } = lab;
      const { child } = await connection(lab);
      assert.equal(onWire(lab)[1]?.window, 65_160);
      assert.equal(await B.getsockopt(child, C.SOL_SOCKET, C.SO_RCVBUF), 131_072);
    }));

  // Room is memory: it takes two segments of 536 bytes to free what one of them needs, overhead included.
  it('window-advertised-in-acks: a closed window opens by no less than a segment', () =>
    experiment(
      async (lab) => {
        const { A, B, begin, pause } = lab;
        const { fd, child } = await connection(lab, { receive: 4096 });
        for (let i = 0; i < 7; i++) {
          await A.write(fd, pattern(536));
          await pause(100);
        }
        assert.equal(lab.world.packets({ from: 'server' }).at(-1)?.window, 0);
        const part = begin();
        const updates: number[][] = [];
        for (const size of [1, 535, 536]) {
          await readAll(B, child, size);
          updates.push(part.packets().map(({ window }) => window));
        }
        assert.deepEqual(updates, [[], [], [536]]);
      },
      { client: { sysctl: { 'net.ipv4.tcp_timestamps': 0 } } },
    ));

  // The window begins with 64,000 and ends with 65,535, all that 16 bits hold: with SO_RCVBUF set there is no scaling, and
  // segments turn out to take less of the buffer than the half that is set aside at first.
  for (const [rtt, cap] of [
    [20, 65.535 / 20],
    [200, 65.535 / 200],
  ] as const) {
    it(`window-advertised-in-acks: a window of 64,000 and a round trip of ${rtt} ms`, () =>
      experiment(
        async (lab) => {
          const { A, B, pause } = lab;
          const { fd, child } = await connection(lab, { receive: 64_000 });
          await A.setsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF, 212_992);
          A.spawn('writer', (me) => me.write(fd, pattern(3_000_000)));
          B.spawn('reader', (me) => readAll(me, child, 3_000_000));
          await pause(20 * rtt);
          const before = copied(lab, 'copy.out');
          await pause(20 * rtt);
          const rate = (copied(lab, 'copy.out') - before) / (20 * rtt) / 1000;
          assert.ok(rate <= cap && rate > 0.9 * cap, `${rate} MB/s`);
        },
        { rtt },
      ));
  }

  it('full-buffer-stops-acks', () =>
    experiment(async (lab) => {
      const { A, wire, begin, pause, rows } = lab;
      const { fd } = await full(lab);
      const [before] = rows('server', 'ESTAB');
      const last = lab.world.packets({ from: 'server' }).at(-1);
      assert.equal(last?.window, 0);
      const ack = onWire(lab).findLast(({ srcPort }) => srcPort === 80)!;
      const { port: srcPort } = await A.getsockname(fd);
      const part = begin();
      const { timestamps } = onWire(lab).findLast((segment) => segment.srcPort === srcPort)!.options;
      wire.inject('server', A.ip, {
        srcPort,
        dstPort: 80,
        seq: ack.ack,
        ack: ack.seq,
        flags: ACK,
        options: { timestamps: timestamps! },
        payload: new Uint8Array(536),
      });
      await pause(9);
      assert.deepEqual(
        part.packets({ from: 'server' }).map(({ flags, ack, window }) => [flags, ack, window]),
        [['ACK', last?.ack, 0]],
      );
      assert.equal(rows('server', 'ESTAB')[0]?.recvQ, before?.recvQ);
      assert.ok((rows('client')[0]?.sendQ ?? 0) > 0);
    }));

  it('full-buffer-is-congestion-control: a slow reader', () =>
    experiment(async (lab) => {
      const { A, pause, world } = lab;
      const { fd } = await connection(lab);
      A.spawn('writer', (me) => me.write(fd, pattern(200_000)));
      await pause(2000);
      const sent = world.log.of('tcp.send', { host: 0 });
      assert.equal(sent.at(-1)?.edge, sent.at(-1)?.nxt, 'the window is closed');
      assert.ok(sent.every(({ cwnd }, i) => i === 0 || cwnd >= (sent[i - 1]?.cwnd ?? 0)));
    }));

  it('full-buffer-is-congestion-control: a lost segment', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause, wire } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      let data = 0;
      wire.rule = ({ segment }) => (segment.payload.length > 0 && ++data === 25 ? 'lose' : undefined);
      B.spawn('reader', (me) => readAll(me, child, 100_000));
      await A.write(fd, pattern(100_000));
      await pause(500);
      const sent = part.log.of('tcp.send', { host: 0 });
      const before = Math.max(...sent.filter(({ ssthresh }) => ssthresh > 1e9).map(({ cwnd }) => cwnd));
      const threshold = sent.find(({ ssthresh }) => ssthresh < 1e9)?.ssthresh ?? 0;
      assert.equal(threshold, Math.floor((before * 717) / 1024), 'CUBIC takes 0.7 of it');
      assert.ok(Math.min(...sent.map(({ edge, una }) => edge - una)) > 20_000, 'the window of the receiver stays open');
    }));

  // Without UDP.
  it('full-buffer-drops-packets', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab, { receive: 4096 });
      const part = begin();
      const writer = A.spawn('writer', async (me) => {
        for (let i = 0; i < 100; i++) await me.write(fd, pattern(500));
      });
      await pause(5000);
      assert.equal((await readAll(B, child, 50_000)).length, 50_000);
      await writer.join();
      assert.equal(part.log.of('packet.dropped').length, 0);
    }));

  // All but the window of exactly 0: this sender leaves the last part of a window alone that no full segment fits.
  it('backpressure-chain', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause, rows, world } = lab;
      const { fd, child } = await connection(lab);
      const part = begin();
      A.spawn('writer', async (me) => {
        for (;;) {
          await me.write(fd, pattern(10_000));
          await me.sleep(ms(100));
        }
      });
      B.spawn('reader', async (me) => {
        for (;;) {
          await me.sleep(ms(100));
          await readAll(me, child, 5000);
        }
      });
      const queues = () => ({
        received: rows('server', 'ESTAB')[0]?.recvQ ?? 0,
        sending: rows('client')[0]?.sendQ ?? 0,
      });
      const reached: string[] = [];
      const reach = (what: string, yes: boolean) => yes && !reached.includes(what) && reached.push(what);
      for (let step = 1; step <= 50; step++) {
        await pause(50);
        const { received, sending } = queues();
        const { nxt, una } = world.log.of('tcp.send', { host: 0 }).at(-1)!;
        if (nxt === una) assert.equal(copied(lab, 'copy.in'), copied(lab, 'copy.out') + received + sending);
        if (step === 20) assert.ok(Math.abs(received - 50_000) <= 5000, `${received} bytes wait after a second`);
        reach('Recv-Q at its maximum', received > 65_536 - 1448);
        reach('Send-Q grows', sending > 20_000);
        reach(
          'write blocks',
          part.calls({ call: 'write' }).some(({ waited }) => waited),
        );
      }
      assert.deepEqual(reached, ['Recv-Q at its maximum', 'Send-Q grows', 'write blocks']);
    }));

  it('flow-versus-congestion-control', () =>
    experiment(async (lab) => {
      const { A, begin, pause } = lab;
      const { fd } = await connection(lab);
      const part = begin();
      A.spawn('writer', (me) => me.write(fd, pattern(100_000)));
      await pause(19);
      assert.equal(sum(part.data('client').map(({ length }) => length)), 14_480);
      const limited = async (socket: number) => (await A.getsockopt(socket, C.SOL_TCP, C.TCP_INFO)).tcpi_rwnd_limited;
      assert.equal(await limited(fd), 0);

      const small = await connection(lab, { port: 81, receive: 2896 });
      const narrow = begin();
      A.spawn('second writer', (me) => me.write(small.fd, pattern(100_000)));
      await pause(19);
      const mine = narrow.data('client').filter(({ target }) => target.endsWith(':81'));
      assert.equal(sum(mine.map(({ length }) => length)), 2896);
      assert.equal(narrow.log.of('packet.dropped').length, 0);
      assert.ok(((await limited(small.fd)) ?? 0) > 0);
    }));

  // The peer sends segments of 536 bytes, without timestamps.
  it('slow-reader-pauses-sender: segments of 536 bytes', () =>
    experiment(
      async (lab) => {
        const { A, B, begin, pause } = lab;
        const { fd, child } = await connection(lab, { receive: 4096 });
        await A.setsockopt(fd, C.SOL_TCP, C.TCP_NODELAY, 1);
        const part = begin();
        A.spawn('writer', async (me) => {
          for (;;) {
            await me.write(fd, pattern(536));
            await me.sleep(ms(50));
          }
        });
        B.spawn('reader', async (me) => {
          await me.sleep(s(5));
          await readAll(me, child, 60_000);
        });
        await pause(5500);
        const acks = part.packets({ from: 'server', flags: 'ACK' });
        const closed = acks.findIndex(({ window }) => window === 0);
        assert.deepEqual(
          acks.slice(0, closed + 1).map(({ window }) => window),
          [2920, 2680, 2144, 1608, 1072, 536, 0],
        );
        const probes = part.times(part.packets({ from: 'client', length: 0 }));
        assert.equal(probes.length, 4);
        const since = [part.ms(acks[closed]?.arrived), ...probes];
        for (const [i, probe] of probes.entries()) {
          const gap = (probe - (since[i] ?? 0)) / 2 ** i;
          assert.ok(gap >= 200 && gap < 256, `probe ${i} came after ${gap} ms, doubled ${i} times`);
        }
        const update = acks.find(({ sent }) => part.ms(sent) === 5000);
        assert.ok((update?.window ?? 0) > 0);
        const again = part.data('client').find(({ sent }) => part.ms(sent) > 1000);
        assert.equal(part.ms(again?.sent), 5010);
      },
      { client: { sysctl: { 'net.ipv4.tcp_timestamps': 0 } } },
    ));

  // With full segments: the second one fills more than half of the buffer, so its ACK waits 40 ms, and the round trip that
  // the sender knows is 25 ms.
  it('slow-reader-pauses-sender', () =>
    experiment(async (lab) => {
      const { A, B, begin, pause } = lab;
      const { fd, child } = await connection(lab, { receive: 4096 });
      const part = begin();
      A.spawn('writer', (me) => me.write(fd, pattern(60_000)));
      B.spawn('reader', async (me) => {
        await me.sleep(s(5));
        await readAll(me, child, 60_000);
      });
      await pause(6000);
      const closed = part.packets({ from: 'server', window: 0 });
      assert.ok(closed.length > 0);
      const since = part.ms(closed[0]?.arrived);
      const before = part.packets({ from: 'client', length: 0 }).filter(({ sent }) => part.ms(sent) < 5000);
      const probes = part.times(before);
      const gaps = probes.map((time, i) => time - (i === 0 ? since : (probes[i - 1] ?? 0)));
      assert.deepEqual(gaps, [225, 470, 900, 1820]);
      const update = part.packets({ from: 'server' }).find(({ sent }) => part.ms(sent) === 5000);
      assert.ok((update?.window ?? 0) > 0);
      assert.ok(
        part.data('client').some(({ sent }) => part.ms(sent) === 5010),
        'A resumes',
      );
    }));
});
