/** Connections that nobody holds any more: how many a host keeps, and who may have their names. */
import assert from 'node:assert/strict';
import { SOCKOPT as O } from '../../../src/sim/base/sockopt.ts';
import { ms, s } from '../../../src/sim/base/time.ts';
import { CONSTANTS } from '../../../src/sim/syscall/signatures.ts';
import { AF_INET, connected, failure, type Kit, kit, SOCK_STREAM, SOL_SOCKET, SOL_TCP } from '../world-kit.ts';

/** The client closes first, then the server: the client's end is in TIME-WAIT. */
async function closeBoth(k: Kit, fd: number, child: number): Promise<void> {
  await k.client.close(fd);
  await k.client.sleep(ms(50));
  await k.server.close(child);
  await k.client.sleep(ms(50));
}

/** Only one port to connect from. */
const ONE_PORT = { 'net.ipv4.ip_local_port_range': '40000 40000' };

describe('tcp_tw_reuse', () => {
  /** How connect() ends whose only port is in TIME-WAIT. @param wait before it, in ms, beside the 50 of the end */
  async function again(sysctl: Record<string, number | string>, wait: number): Promise<string> {
    const k = kit({ client: { sysctl: { ...ONE_PORT, ...sysctl } } });
    return k.value(async () => {
      const { fd, child } = await connected(k);
      await closeBoth(k, fd, child);
      await k.client.sleep(ms(wait));
      const second = await k.client.socket(AF_INET, SOCK_STREAM);
      return failure(k.client.connect(second, { addr: k.server.ip, port: 80 }));
    });
  }

  it('is for loopback alone unless it is switched on', async () => {
    assert.equal(await again({}, 5000), 'EADDRNOTAVAIL');
    assert.equal(await again({ 'net.ipv4.tcp_tw_reuse': 1 }, 5000), '');
    assert.equal(await again({ 'net.ipv4.tcp_tw_reuse': 0 }, 5000), 'EADDRNOTAVAIL');
  });

  it('waits for tcp_tw_reuse_delay, so that timestamps can tell old from new', async () => {
    assert.equal(await again({ 'net.ipv4.tcp_tw_reuse': 1 }, 500), 'EADDRNOTAVAIL');
    assert.equal(await again({ 'net.ipv4.tcp_tw_reuse': 1, 'net.ipv4.tcp_tw_reuse_delay': 200 }, 500), '');
  });

  it('needs timestamps', async () => {
    assert.equal(await again({ 'net.ipv4.tcp_tw_reuse': 1, 'net.ipv4.tcp_timestamps': 0 }, 5000), 'EADDRNOTAVAIL');
  });

  it('begins 65537 beyond where the old connection ended, with what the peer’s clock said', async () => {
    const k = kit({ client: { sysctl: { ...ONE_PORT, 'net.ipv4.tcp_tw_reuse': 1 } } });
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await closeBoth(k, fd, child);
      await k.client.sleep(s(2));
      const second = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.connect(second, { addr: k.server.ip, port: 80 });
    });
    const isns = k.events('tcp.isn').filter(({ host, irs }) => host === 0 && irs === 0);
    assert.equal(isns.length, 2);
    assert.equal(((isns[1]?.iss ?? 0) - (isns[0]?.iss ?? 0)) | 0, 2 + 65_537);
  });
});

describe('limits', () => {
  it('of TIME-WAIT: beyond tcp_max_tw_buckets a connection does not wait, but has its last ACK', async () => {
    const k = kit({ client: { sysctl: { 'net.ipv4.tcp_max_tw_buckets': 1 } } });
    await k.value(async () => {
      for (const port of [80, 81, 82]) {
        const { fd, child } = await connected(k, port);
        await k.client.shutdown(fd, CONSTANTS.SHUT_WR);
        await k.client.sleep(ms(50));
        await k.server.close(child);
        await k.client.sleep(ms(50));
      }
    });
    const ends = k.events('tcp.note').filter(({ rule }) => rule.startsWith('too many connections are in TIME-WAIT'));
    assert.equal(ends.length, 2);
    assert.equal(k.states('server').filter((state) => state === 'CLOSED').length, 3);
    assert.equal(k.states('client').filter((state) => state === 'CLOSED').length, 2);
  });

  it('of orphans: beyond tcp_max_orphans a connection is reset when the program lets go', async () => {
    const k = kit({ client: { sysctl: { 'net.ipv4.tcp_max_orphans': 0 } } });
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.client.close(fd);
      await k.client.sleep(ms(50));
      assert.equal(await failure(k.server.read(child, new Uint8Array(1))), '');
      assert.equal(await failure(k.server.write(child, 'x')), 'EPIPE');
    });
  });
});

describe('FIN-WAIT-2', () => {
  /** When the client's end is gone, in seconds after close(). */
  async function gone(timeout: number, sysctl: Record<string, number>): Promise<number> {
    const k = kit({ client: { sysctl } });
    let closed = 0;
    await k.value(async () => {
      const { fd } = await connected(k);
      if (timeout !== 0) await k.client.setsockopt(fd, SOL_TCP, O.TCP_LINGER2, timeout);
      await k.client.close(fd);
      closed = k.milliseconds();
      await k.client.sleep(s(300));
    });
    const end = k.events('tcp.state').find(({ host, to }) => host === 0 && to === 0);
    return Math.round(((end?.t ?? 0) / 1e6 - closed) / 1000);
  }

  it('of an orphan ends after tcp_fin_timeout, or TCP_LINGER2', async () => {
    assert.equal(await gone(0, {}), 60);
    assert.equal(await gone(0, { 'net.ipv4.tcp_fin_timeout': 20 }), 20);
    assert.equal(await gone(5, {}), 5);
  });

  it('longer than 60 s goes in two parts, each as long as the time exceeds 60 s, as in Linux', async () => {
    assert.equal(await gone(0, { 'net.ipv4.tcp_fin_timeout': 100 }), 80);
  });
});

describe('SO_LINGER', () => {
  const linger = async (k: Kit, seconds: number): Promise<{ took: number; failed: string }> => {
    const { fd } = await connected(k);
    await k.client.setsockopt(fd, SOL_SOCKET, O.SO_LINGER, { onoff: 1, linger: seconds });
    await k.client.write(fd, 'x');
    const before = k.milliseconds();
    const failed = await failure(k.client.close(fd));
    return { took: k.milliseconds() - before, failed };
  };

  it('makes close() wait for the acknowledgment of all', async () => {
    const k = kit();
    const { took, failed } = await k.value(() => linger(k, 5));
    assert.equal(failed, '');
    assert.ok(took >= 20 && took < 200, `${took} ms`);
  });

  it('makes it wait no longer than it says', async () => {
    const k = kit({ link: { loss: 0 } });
    const took = await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.server.setsockopt(child, SOL_SOCKET, O.SO_RCVBUF, 1);
      await k.client.setsockopt(fd, SOL_SOCKET, O.SO_LINGER, { onoff: 1, linger: 2 });
      await k.client.write(fd, new Uint8Array(20_000));
      const before = k.milliseconds();
      await k.client.close(fd);
      return k.milliseconds() - before;
    });
    assert.equal(took, 2000);
  });
});
