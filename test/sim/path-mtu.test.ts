/** A path whose middle takes less than its ends: routers that say so, routers that do not, and what TCP makes of both. */
import assert from 'node:assert/strict';
import { ms, s } from '../../src/sim/base/time.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { parseTcpIp } from '../../src/sim/wire/packet.ts';
import { SYN } from '../../src/sim/wire/tcp.ts';
import { packetsOf } from '../../src/views/packets.ts';
import { connected, type Kit, kit } from './world-kit.ts';

const BYTES = 20_000;

/** The client sends so many bytes over a path; gives how many of them the server reads. */
async function transfer(k: Kit, port = 80): Promise<number> {
  return k.value(async () => {
    const { fd, child } = await connected(k, port);
    await k.client.write(fd, new Uint8Array(BYTES).fill(7));
    await k.client.close(fd);
    let read = 0;
    for (const buffer = new Uint8Array(4096); ; ) {
      const n = await k.server.read(child, buffer);
      if (n === 0) return read;
      for (let i = 0; i < n; i++) assert.equal(buffer[i], 7);
      read += n;
    }
  });
}

/** Sizes of the packets from client to server, in order. */
const sizes = (k: Kit): number[] => k.events('packet.sent').flatMap((e) => (e.host === 0 ? [e.bytes.length] : []));
const refused = (k: Kit) => k.events('packet.dropped').filter(({ reason }) => reason === 'too big for the next link');
const said = (k: Kit): string[] => packetsOf(k.kernel.log).flatMap(({ words }) => (words === '' ? [] : [words]));
const mssOfSyns = (k: Kit): (number | undefined)[] =>
  k.events('packet.sent').flatMap(({ bytes, host }) => {
    const parsed = parseTcpIp(bytes);
    return !isMalformed(parsed) && host === 0 && parsed.segment.flags & SYN ? [parsed.segment.options.mss] : [];
  });

describe('a path with a smaller MTU in its middle', () => {
  it('is found out by what the router says, once; all arrives', async () => {
    const k = kit({ link: { mtu: 1500, pathMtu: 1000 } });
    assert.equal(await transfer(k), BYTES);
    assert.ok(refused(k).length >= 1);
    assert.deepEqual([...new Set(said(k))], ['ICMP need to frag (mtu 1000)']);
    const after = sizes(k).slice(sizes(k).lastIndexOf(1500) + 1);
    assert.ok(after.length > 10 && after.every((size) => size <= 1000) && after.includes(1000));
  });

  it('is known to the next connection, until the news is ten minutes old', async () => {
    const k = kit({ link: { mtu: 1500, pathMtu: 1000 } });
    await transfer(k);
    const before = refused(k).length;
    await transfer(k, 81);
    assert.equal(refused(k).length, before);
    assert.deepEqual(mssOfSyns(k), [1460, 960]);
    await k.value(() => k.client.sleep(s(601)));
    await transfer(k, 82);
    assert.ok(refused(k).length > before);
  });

  it('loses what is too large without the congestion window shrinking for it', async () => {
    const k = kit({ link: { mtu: 1500, pathMtu: 1000 } });
    await transfer(k);
    const windows = k.events('tcp.send').flatMap(({ host, cwnd }) => (host === 0 ? [cwnd] : []));
    assert.ok(Math.min(...windows) >= 10, `cwnd fell to ${Math.min(...windows)}`);
  });

  it('answers from an address of its own, half-way, and quotes the packet', async () => {
    const k = kit({ link: { mtu: 1500, pathMtu: 1000, delay: ms(10) } });
    await transfer(k);
    const [drop] = refused(k);
    assert.ok(drop);
    const icmp = k.events('packet.sent').find(({ cause }) => cause === drop.packet);
    const packet = packetsOf(k.kernel.log).find(({ n }) => n === icmp?.n);
    const first = k.events('packet.sent').find(({ n }) => n === drop.packet);
    assert.deepEqual([packet?.from, packet?.to, packet?.fate], [-1, 0, 'arrived']);
    assert.equal((packet?.endTime ?? 0) - (first?.t ?? 0), ms(10), 'half the way there, and back');
    assert.deepEqual([...(icmp?.bytes.subarray(12, 16) ?? [])], [198, 51, 100, 1]);
    assert.deepEqual(icmp?.bytes.subarray(28, 68), first?.bytes.subarray(0, 40));
  });

  it('is what IP_MTU tells of a connection', async () => {
    const k = kit({ link: { mtu: 1500, pathMtu: 1000 } });
    const { SOL_IP } = CONSTANTS;
    const IP_MTU = 14;
    await k.value(async () => {
      const { fd } = await connected(k);
      assert.equal(await k.client.getsockopt(fd, SOL_IP, IP_MTU), 1500);
      await k.client.write(fd, new Uint8Array(1448));
      await k.client.sleep(ms(100));
      assert.equal(await k.client.getsockopt(fd, SOL_IP, IP_MTU), 1000);
    });
  });

  it('is found in IPv6 by its packet too big', async () => {
    const k = kit({
      link: { mtu: 1500, pathMtu: 1300 },
      client: { address6: '2001:db8::1' },
      server: { address6: '2001:db8::2' },
    });
    const { AF_INET6, SOCK_STREAM } = CONSTANTS;
    await k.value(async () => {
      const listener = await k.server.socket(AF_INET6, SOCK_STREAM);
      await k.server.bind(listener, { addr: '::', port: 80 });
      await k.server.listen(listener, 5);
      const fd = await k.client.socket(AF_INET6, SOCK_STREAM);
      await k.client.connect(fd, { addr: '2001:db8::2', port: 80 });
      const child = await k.server.accept(listener);
      await k.client.write(fd, new Uint8Array(BYTES));
      for (let left = BYTES; left > 0; ) left -= await k.server.read(child, new Uint8Array(left));
    });
    assert.deepEqual([...new Set(said(k))], ['ICMP6, packet too big, mtu 1300']);
  });
});

describe('a black hole', () => {
  it('swallows a connection: nothing arrives, and it times out', async () => {
    const k = kit({ link: { mtu: 1500, pathMtu: 1000, blackHole: true } });
    await k.run(async () => {
      const { fd, child } = await connected(k);
      await k.client.write(fd, new Uint8Array(BYTES));
      await k.client.sleep(s(2000));
      await assert.rejects(k.client.write(fd, new Uint8Array(1)), /ETIMEDOUT/);
      assert.equal(child > 0, true);
    });
    assert.deepEqual(said(k), []);
    assert.ok(refused(k).length > 5);
  });

  it('is escaped by probing, net.ipv4.tcp_mtu_probing=1 (RFC 4821)', async () => {
    const k = kit({
      link: { mtu: 1500, pathMtu: 1000, blackHole: true },
      client: { sysctl: { 'net.ipv4.tcp_mtu_probing': 1 } },
    });
    assert.equal(await transfer(k), BYTES);
    const notes = k.events('tcp.note').map(({ rule }) => rule);
    assert.ok(notes.some((rule) => /perhaps a black hole/.test(rule)));
  });

  it('costs little where every connection probes: large segments only once one has arrived', async () => {
    const k = kit({
      link: { mtu: 1500, pathMtu: 1300, blackHole: true },
      client: { sysctl: { 'net.ipv4.tcp_mtu_probing': 2 } },
    });
    await k.value(async () => {
      const { fd, child } = await connected(k);
      k.server.spawn('sink', async (me) => {
        for (const buffer = new Uint8Array(65_536); (await me.read(child, buffer)) > 0; );
      });
      for (let i = 0; i < 40; i++) {
        await k.client.write(fd, new Uint8Array(BYTES));
        await k.client.sleep(ms(100));
      }
      await k.client.close(fd);
      await k.client.sleep(s(5));
    });
    const largest = Math.max(
      ...k.events('packet.sent').flatMap((e) => {
        const arrived = !refused(k).some(({ packet }) => packet === e.n);
        return e.host === 0 && arrived ? [e.bytes.length] : [];
      }),
    );
    assert.ok(largest > 1250 && largest <= 1300, `${largest}`);
    assert.ok(refused(k).length < 10, `${refused(k).length}`);
  });
});
