/** TCP over IPv6: what stands in the headers, and what a path's MTU means. Numbers are those of Linux 6.18 over a veth pair. */
import assert from 'node:assert/strict';
import { SOCKOPT as O } from '../../../src/sim/base/sockopt.ts';
import { s } from '../../../src/sim/base/time.ts';
import { CONSTANTS } from '../../../src/sim/syscall/signatures.ts';
import { isMalformed } from '../../../src/sim/wire/malformed.ts';
import { parseTcpIp, type TcpIp } from '../../../src/sim/wire/packet.ts';
import { RST, SYN } from '../../../src/sim/wire/tcp.ts';
import { ss } from '../../../src/views/ss.ts';
import { strace } from '../../../src/views/strace.ts';
import { tcpdump } from '../../../src/views/tcpdump.ts';
import { failure, type Kit, type KitOptions, kit } from '../world-kit.ts';

const { AF_INET6, SOCK_STREAM, SOL_IPV6, SOL_IP } = CONSTANTS;

const dual = (options: KitOptions = {}): Kit =>
  kit({ client: { address6: '2001:db8::1' }, server: { address6: '2001:db8::2' }, ...options });

/** Opens a connection over IPv6 from the client to the server. */
async function connected6(k: Kit, to = '2001:db8::2', before: (fd: number) => Promise<void> = async () => {}) {
  const listener = await k.server.socket(AF_INET6, SOCK_STREAM);
  await k.server.bind(listener, { addr: '::', port: 80 });
  await k.server.listen(listener, 5);
  const fd = await k.client.socket(AF_INET6, SOCK_STREAM);
  await before(fd);
  await k.client.connect(fd, { addr: to, port: 80 });
  return { fd, child: await k.server.accept(listener) };
}

/** The packets that a host sent. */
const sent = (k: Kit, host: number): TcpIp[] =>
  k.events('packet.sent').flatMap((event) => {
    const parsed = parseTcpIp(event.bytes);
    assert.ok(!isMalformed(parsed), 'well formed');
    return event.host === host ? [parsed] : [];
  });

describe('a connection over IPv6', () => {
  it('carries every byte once, in order', async () => {
    const k = dual({ link: { loss: 0.05, rate: 1e7, queue: 20 }, seed: 7 });
    const data = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) >> 3);
    const got = await k.value(async () => {
      const { fd, child } = await connected6(k);
      const writer = k.client.spawn('writer', async (me) => {
        await me.write(fd, data);
        await me.close(fd);
      });
      const all: number[] = [];
      const room = new Uint8Array(8192);
      for (let n = await k.server.read(child, room); n > 0; n = await k.server.read(child, room)) {
        all.push(...room.subarray(0, n));
      }
      await writer.join();
      return all;
    });
    assert.deepEqual(Uint8Array.from(got), data);
  });

  it('offers an MSS of the MTU less 60 bytes, and the windows of Linux', async () => {
    const k = dual();
    await k.value(() => connected6(k));
    const [syn] = sent(k, 0);
    const [answer] = sent(k, 1);
    assert.deepEqual([syn?.segment.options.mss, syn?.segment.window], [1440, 64_800]);
    assert.deepEqual([answer?.segment.options.mss, answer?.segment.window], [1440, 64_260]);
  });

  it('has 65,476 bytes for a segment on the loopback device', async () => {
    const k = dual();
    await k.value(async () => {
      const listener = await k.client.socket(AF_INET6, SOCK_STREAM);
      await k.client.bind(listener, { addr: '::1', port: 80 });
      await k.client.listen(listener, 1);
      const fd = await k.client.socket(AF_INET6, SOCK_STREAM);
      await k.client.connect(fd, { addr: '::1', port: 80 });
      assert.equal(await k.client.getsockopt(fd, SOL_IPV6, O.IPV6_MTU), 65_536);
    });
    assert.equal(sent(k, 0)[0]?.segment.options.mss, 65_476);
  });

  it('keeps one flow label each way, which another connection does not share', async () => {
    const k = dual();
    await k.value(async () => {
      const { fd, child } = await connected6(k);
      await k.client.write(fd, 'hello');
      await k.server.read(child, new Uint8Array(9));
      await k.client.sleep(s(1));
    });
    const labels = (host: number) => new Set(sent(k, host).map(({ ip }) => ip.flowLabel));
    assert.deepEqual([labels(0).size, labels(1).size], [1, 1]);
    const both = new Set([...labels(0), ...labels(1)]);
    assert.equal(both.size, 2);
    assert.ok(!both.has(0));
  });

  it('takes another flow label when the retransmission timer expires: another path may do better', async () => {
    const k = dual({ link: { loss: 1 } });
    const fd = await k.value(() => k.client.socket(AF_INET6, SOCK_STREAM));
    await k.run(() => k.client.connect(fd, { addr: '2001:db8::2', port: 80 }), { time: s(4) });
    const labels = sent(k, 0).map(({ ip }) => ip.flowLabel);
    assert.ok(labels.length >= 3);
    assert.equal(new Set(labels).size, labels.length);
  });

  it('carries no flow label without IPV6_AUTOFLOWLABEL', async () => {
    const k = dual();
    await k.value(() =>
      connected6(k, '2001:db8::2', (fd) => k.client.setsockopt(fd, SOL_IPV6, O.IPV6_AUTOFLOWLABEL, 0)),
    );
    assert.deepEqual([...new Set(sent(k, 0).map(({ ip }) => ip.flowLabel))], [0]);
  });

  it('obeys IPV6_UNICAST_HOPS and IPV6_TCLASS, and over IPv4 IP_TTL and IP_TOS', async () => {
    for (const [to, ttl, dscp] of [
      ['2001:db8::2', 7, 46],
      ['::ffff:10.0.0.2', 9, 10],
    ] as const) {
      const k = dual();
      await k.value(() =>
        connected6(k, to, async (fd) => {
          await k.client.setsockopt(fd, SOL_IPV6, O.IPV6_UNICAST_HOPS, 7);
          await k.client.setsockopt(fd, SOL_IPV6, O.IPV6_TCLASS, 46 << 2);
          await k.client.setsockopt(fd, SOL_IP, O.IP_TTL, 9);
          await k.client.setsockopt(fd, SOL_IP, O.IP_TOS, 10 << 2);
        }),
      );
      for (const { ip } of sent(k, 0)) assert.deepEqual([ip.ttl, ip.dscp], [ttl, dscp]);
      assert.deepEqual([sent(k, 1)[0]?.ip.ttl, sent(k, 1)[0]?.ip.dscp], [64, 0]);
    }
  });

  it('is refused by a reset', async () => {
    const k = dual();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET6, SOCK_STREAM);
      assert.equal(await failure(k.client.connect(fd, { addr: '2001:db8::2', port: 9 })), 'ECONNREFUSED');
    });
    const [reset] = sent(k, 1);
    assert.ok(reset && (reset.segment.flags & RST) !== 0);
    assert.equal(reset.ip.src.text, '2001:db8::2');
  });

  it('does not exist over a link of fewer than 1280 bytes', async () => {
    const k = dual({ link: { mtu: 1279 } });
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET6, SOCK_STREAM);
      assert.equal(await failure(k.client.connect(fd, { addr: '2001:db8::2', port: 80 })), 'ENETUNREACH');
      const four = await k.client.socket(AF_INET6, SOCK_STREAM);
      assert.equal(await failure(k.client.connect(four, { addr: '::ffff:10.0.0.2', port: 80 })), 'ECONNREFUSED');
    });
  });
});

describe('the views of a connection over IPv6', () => {
  it('print what the tools of Linux print', async () => {
    const k = dual();
    await k.value(() => connected6(k));
    const { log } = k.kernel;
    const port = sent(k, 0)[0]?.segment.srcPort;
    const capture = tcpdump.text(tcpdump.model(log, log.length)).split('\n');
    assert.match(
      capture[1] ?? '',
      new RegExp(`^\\S+ IP6 2001:db8::1\\.${port} > 2001:db8::2\\.80: Flags \\[S\\], seq `),
    );
    const calls = strace.text(strace.model(log, log.length, { host: 0 }));
    const address =
      '{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::2", &sin6_addr), sin6_scope_id=0}, 28)';
    assert.ok(calls.includes(`connect(3, ${address}`), calls);
    const sockets = ss.text(ss.model(log, log.length));
    assert.match(sockets, new RegExp(`^ESTAB .* \\[2001:db8::1\\]:${port} +\\[2001:db8::2\\]:80`, 'm'));
    assert.match(sockets, /^LISTEN .* \*:80 +\*:\*$/m);
  });

  it('print IPv4 through a socket of AF_INET6 in its mapped form', async () => {
    const k = dual();
    await k.value(() => connected6(k, '::ffff:10.0.0.2'));
    const { log } = k.kernel;
    assert.match(tcpdump.text(tcpdump.model(log, log.length)), /^\S+ IP 10\.0\.0\.1\.\d+ > 10\.0\.0\.2\.80: /m);
    assert.match(
      ss.text(ss.model(log, log.length)),
      /^ESTAB .* \[::ffff:10\.0\.0\.1\]:\d+ +\[::ffff:10\.0\.0\.2\]:80/m,
    );
  });
});

describe('the congestion mark of a packet', () => {
  it('reaches TCP with the segment, in either family', async () => {
    for (const to of ['2001:db8::2', '::ffff:10.0.0.2']) {
      const k = dual({
        client: { address6: '2001:db8::1', sysctl: { 'net.ipv4.tcp_ecn': 1 } },
        server: { address6: '2001:db8::2', sysctl: { 'net.ipv4.tcp_ecn': 1 } },
      });
      await k.value(async () => {
        const { fd } = await connected6(k, to);
        await k.client.write(fd, 'hello');
        await k.client.sleep(s(1));
      });
      const marks = sent(k, 0).map(({ segment, ip }) => [segment.payload.length > 0, ip.ecn, segment.ecn ?? 0]);
      assert.deepEqual(
        marks.filter(([data]) => data),
        [[true, 2, 2]],
        to,
      );
      assert.deepEqual(
        sent(k, 0)
          .filter(({ segment }) => segment.flags & SYN)
          .map(({ ip }) => ip.ecn),
        [0],
      );
    }
  });
});
