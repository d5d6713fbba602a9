/** The algorithms at work: two megabytes through the simulator, over a bottleneck. */
import assert from 'node:assert/strict';
import { ms } from '../../../../src/sim/base/time.ts';
import { connected, type Kit, kit } from '../../world-kit.ts';

const BYTES = 2_000_000;
/** 10 Mbit/s and a round trip of 40 ms: 33 segments. */
const RATE = 10e6;

interface Result {
  /** Of the rate of the link. */
  share: number;
  drops: number;
  notes: string[];
}

async function transfer(algorithm: string, queue: number, loss = 0): Promise<Result> {
  const sysctl = { 'net.ipv4.tcp_congestion_control': algorithm };
  const k = kit({ link: { delay: ms(20), rate: RATE, queue, loss }, client: { sysctl } });
  const took = await k.value(async () => {
    const { fd, child } = await connected(k);
    const begin = k.kernel.now();
    k.server.spawn('reads', async (me) => {
      const into = new Uint8Array(65_536);
      for (let left = BYTES; left > 0; ) left -= await me.recv(child, into, 0);
      await me.send(child, new Uint8Array(1), 0);
    });
    const block = new Uint8Array(100_000);
    for (let left = BYTES; left > 0; left -= block.length) await k.client.send(fd, block, 0);
    await k.client.recv(fd, new Uint8Array(1), 0);
    return k.kernel.now() - begin;
  });
  return {
    share: (BYTES * 8) / (took / 1e9) / RATE,
    drops: k.events('packet.dropped').length,
    notes: notes(k),
  };
}

const notes = (k: Kit): string[] => k.events('tcp.note').map(({ rule }) => rule);

describe('over a bottleneck', () => {
  it('Reno finds the end of the queue by losing a window; CUBIC leaves slow start before', async () => {
    const [reno, cubic] = [await transfer('reno', 100), await transfer('cubic', 100)];
    assert.ok(reno.share > 0.85 && cubic.share > 0.85, `${reno.share} and ${cubic.share}`);
    assert.ok(reno.drops > 80, String(reno.drops));
    assert.ok(cubic.drops < 20, String(cubic.drops));
    assert.ok(cubic.notes.some((rule) => rule.startsWith('HyStart')));
  });

  it('CUBIC keeps a short queue busier than Reno', async () => {
    const [reno, cubic] = [await transfer('reno', 20), await transfer('cubic', 20)];
    assert.ok(cubic.share > reno.share, `${cubic.share} and ${reno.share}`);
  });

  it('BBR fills the pipe and no more, and goes from STARTUP by DRAIN to PROBE_BW', async () => {
    const bbr = await transfer('bbr', 100);
    assert.ok(bbr.share > 0.85, String(bbr.share));
    assert.equal(bbr.drops, 0);
    const modes = bbr.notes.flatMap((rule) => /BBR: .*?(STARTUP|DRAIN|PROBE_BW|PROBE_RTT)/.exec(rule)?.[1] ?? []);
    assert.deepEqual(modes.slice(0, 2), ['DRAIN', 'PROBE_BW']);
  });

  it('BBR does not take random loss for congestion, as the others must', async () => {
    const lossy = async (algorithm: string) => (await transfer(algorithm, 100, 0.01)).share;
    const [reno, cubic, bbr] = [await lossy('reno'), await lossy('cubic'), await lossy('bbr')];
    assert.ok(Math.max(reno, cubic) < 0.5 && bbr > 0.75, `${reno}, ${cubic} and ${bbr}`);
  });
});
