/** Socket options: values, bounds and errors. What is written here was read off Linux 6.18. */
import assert from 'node:assert/strict';
import { SOCKOPT as O, packOption, SOCKET_OPTIONS, unpackOption } from '../../../src/sim/base/sockopt.ts';
import { packTcpInfo, TCP_INFO_SIZE, unpackTcpInfo } from '../../../src/sim/base/tcp-info.ts';
import type { OptionInput, Process } from '../../../src/sim/syscall/kernel.ts';
import { strace } from '../../../src/views/strace.ts';
import { AF_INET, connected, failure, kit, SOCK_STREAM, SOL_SOCKET, SOL_TCP } from '../world-kit.ts';

const SOL_IP = 0;

/** Sets and reads back on a fresh socket: the value, or the errno of either call. */
async function round(me: Process, level: number, name: number, value: OptionInput): Promise<unknown> {
  const fd = await me.socket(AF_INET, SOCK_STREAM);
  const failed = await failure(me.setsockopt(fd, level, name, value));
  const got = failed || (await me.getsockopt(fd, level, name));
  await me.close(fd);
  return got;
}

/* biome-ignore format: a table */
const ROUNDS: readonly (readonly [level: number, name: number, given: number, got: number | string])[] = [
  [SOL_SOCKET, O.SO_REUSEPORT, 5, 1],
  [SOL_SOCKET, O.SO_PRIORITY, 6, 6],
  [SOL_SOCKET, O.SO_ZEROCOPY, 1, 1],            [SOL_SOCKET, O.SO_ZEROCOPY, 2, 'EINVAL'],
  [SOL_SOCKET, O.SO_RCVLOWAT, 0, 1],            [SOL_SOCKET, O.SO_RCVLOWAT, -1, 16_777_216],
  [SOL_SOCKET, O.SO_SNDLOWAT, 5, 'ENOPROTOOPT'],
  [SOL_SOCKET, O.SO_TYPE, 1, 'ENOPROTOOPT'],
  [SOL_SOCKET, O.SO_BUF_LOCK, 3, 3],            [SOL_SOCKET, O.SO_BUF_LOCK, 4, 'EINVAL'],
  [SOL_SOCKET, O.SO_RCVBUF, 100_000, 200_000],  [SOL_SOCKET, O.SO_RCVBUF, 1, 2304],
  [SOL_SOCKET, O.SO_SNDBUF, 1, 4608],           [SOL_SOCKET, O.SO_SNDBUF, 1e9, 8_388_608],
  [SOL_SOCKET, O.SO_MAX_PACING_RATE, 1e6, 1e6], [SOL_SOCKET, O.SO_MAX_PACING_RATE, -1, -1],
  [SOL_SOCKET, O.SO_TIMESTAMPING, 17, 17],      [SOL_SOCKET, O.SO_TIMESTAMPING, 128, 'EINVAL'],
  [SOL_SOCKET, O.SO_TIMESTAMPING, 1 << 20, 'EINVAL'],
  [SOL_SOCKET, O.SO_RCVTIMEO, 1.5e9, 1.5e9],    [SOL_SOCKET, O.SO_RCVTIMEO, 0, 0],
  [SOL_SOCKET, 9999, 1, 'ENOPROTOOPT'],
  [SOL_IP, O.IP_TOS, 0x13, 0x10],
  [SOL_IP, O.IP_TTL, 7, 7],                     [SOL_IP, O.IP_TTL, -1, 64],
  [SOL_IP, O.IP_TTL, 0, 'EINVAL'],              [SOL_IP, O.IP_TTL, 256, 'EINVAL'],
  [SOL_IP, O.IP_MTU_DISCOVER, 5, 5],            [SOL_IP, O.IP_MTU_DISCOVER, 6, 'EINVAL'],
  [SOL_IP, O.IP_MTU, 1400, 'ENOPROTOOPT'],
  [SOL_TCP, O.TCP_MAXSEG, 88, 88],              [SOL_TCP, O.TCP_MAXSEG, 87, 'EINVAL'],
  [SOL_TCP, O.TCP_MAXSEG, 32_767, 32_767],      [SOL_TCP, O.TCP_MAXSEG, 32_768, 'EINVAL'],
  [SOL_TCP, O.TCP_MAXSEG, 0, 536],
  [SOL_TCP, O.TCP_CORK, 7, 1],
  [SOL_TCP, O.TCP_KEEPIDLE, 32_767, 32_767],    [SOL_TCP, O.TCP_KEEPIDLE, 0, 'EINVAL'],
  [SOL_TCP, O.TCP_KEEPINTVL, 32_768, 'EINVAL'], [SOL_TCP, O.TCP_KEEPCNT, 127, 127],
  [SOL_TCP, O.TCP_KEEPCNT, 128, 'EINVAL'],
  [SOL_TCP, O.TCP_SYNCNT, 127, 127],            [SOL_TCP, O.TCP_SYNCNT, 128, 'EINVAL'],
  [SOL_TCP, O.TCP_LINGER2, 0, 60],              [SOL_TCP, O.TCP_LINGER2, 121, 120],
  [SOL_TCP, O.TCP_LINGER2, -5, -1],
  [SOL_TCP, O.TCP_DEFER_ACCEPT, 5, 7],          [SOL_TCP, O.TCP_DEFER_ACCEPT, 1, 1],
  [SOL_TCP, O.TCP_WINDOW_CLAMP, 1, 1152],       [SOL_TCP, O.TCP_WINDOW_CLAMP, 0, 0],
  [SOL_TCP, O.TCP_QUICKACK, 0, 0],              [SOL_TCP, O.TCP_QUICKACK, 2, 1],
  [SOL_TCP, O.TCP_USER_TIMEOUT, 3000, 3000],    [SOL_TCP, O.TCP_USER_TIMEOUT, -1, 'EINVAL'],
  [SOL_TCP, O.TCP_THIN_LINEAR_TIMEOUTS, 2, 'EINVAL'],
  [SOL_TCP, O.TCP_FASTOPEN, 5, 5],              [SOL_TCP, O.TCP_FASTOPEN, 100_000, 4096],
  [SOL_TCP, O.TCP_FASTOPEN_CONNECT, 1, 1],      [SOL_TCP, O.TCP_FASTOPEN_NO_COOKIE, 2, 'EINVAL'],
  [SOL_TCP, O.TCP_NOTSENT_LOWAT, -1, -1],
  [SOL_TCP, O.TCP_INQ, 1, 1],                   [SOL_TCP, O.TCP_INQ, 2, 'EINVAL'],
  [SOL_TCP, O.TCP_TIMESTAMP, 1, 'EPERM'],
  [SOL_TCP, O.TCP_INFO, 1, 'ENOPROTOOPT'],
  [SOL_TCP, O.TCP_RTO_MAX_MS, 999, 'EINVAL'],   [SOL_TCP, O.TCP_RTO_MAX_MS, 1000, 1000],
  [SOL_TCP, O.TCP_RTO_MIN_US, 200_001, 'EINVAL'], [SOL_TCP, O.TCP_RTO_MIN_US, 4001, 5000],
  [SOL_TCP, O.TCP_DELACK_MAX_US, 100_000, 100_000],
];

describe('socket options', () => {
  for (const [level, name, given, got] of ROUNDS) {
    it(`level ${level}, option ${name}: ${given} gives ${got}`, async () => {
      const k = kit();
      assert.equal(await k.value(() => round(k.client, level, name, given)), got);
    });
  }

  it('are unknown where Linux has none', async () => {
    const k = kit();
    assert.equal(await k.value(() => round(k.client, 99, 1, 1)), 'ENOPROTOOPT');
  });

  it('that are structures, texts and bytes come back as they went in', async () => {
    const k = kit();
    const { client } = k;
    await k.value(async () => {
      const linger = { onoff: 1, linger: 5 };
      assert.deepEqual(await round(client, SOL_SOCKET, O.SO_LINGER, linger), linger);
      assert.equal(await round(client, SOL_TCP, O.TCP_CONGESTION, 'reno'), 'reno');
      assert.equal(await round(client, SOL_TCP, O.TCP_CONGESTION, 'vegas'), 'ENOENT');
      assert.equal(await round(client, SOL_TCP, O.TCP_CONGESTION, 1), 'EINVAL');
      const key = Uint8Array.from({ length: 16 }, (_, i) => i);
      assert.deepEqual(await round(client, SOL_TCP, O.TCP_FASTOPEN_KEY, key), key);
      assert.equal(await round(client, SOL_TCP, O.TCP_FASTOPEN_KEY, key.subarray(1)), 'EINVAL');
    });
  });

  it('keep the time of SO_LINGER when it is switched off', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.setsockopt(fd, SOL_SOCKET, O.SO_LINGER, { onoff: 1, linger: 5 });
      await k.client.setsockopt(fd, SOL_SOCKET, O.SO_LINGER, { onoff: 0, linger: 9 });
      assert.deepEqual(await k.client.getsockopt(fd, SOL_SOCKET, O.SO_LINGER), { onoff: 0, linger: 5 });
    });
  });

  it('are those of the listener on a connection that it accepts', async () => {
    const k = kit();
    await k.value(async () => {
      const listener = await k.server.socket(AF_INET, SOCK_STREAM);
      await k.server.setsockopt(listener, SOL_TCP, O.TCP_USER_TIMEOUT, 3000);
      await k.server.setsockopt(listener, SOL_SOCKET, O.SO_LINGER, { onoff: 1, linger: 5 });
      await k.server.setsockopt(listener, SOL_SOCKET, O.SO_PRIORITY, 3);
      await k.server.bind(listener, { addr: '0.0.0.0', port: 80 });
      await k.server.listen(listener, 5);
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.connect(fd, { addr: k.server.ip, port: 80 });
      const child = await k.server.accept(listener);
      await k.server.setsockopt(listener, SOL_TCP, O.TCP_USER_TIMEOUT, 4000);
      assert.equal(await k.server.getsockopt(child, SOL_TCP, O.TCP_USER_TIMEOUT), 3000);
      assert.equal(await k.server.getsockopt(child, SOL_SOCKET, O.SO_PRIORITY), 3);
      assert.deepEqual(await k.server.getsockopt(child, SOL_SOCKET, O.SO_LINGER), { onoff: 1, linger: 5 });
    });
  });

  it('tell of a connection: its MTU, its segment size, TCP_INFO', async () => {
    const k = kit();
    await k.value(async () => {
      const fresh = await k.client.socket(AF_INET, SOCK_STREAM);
      assert.equal(await failure(k.client.getsockopt(fresh, SOL_IP, O.IP_MTU)), 'ENOTCONN');
      assert.equal((await k.client.getsockopt(fresh, SOL_TCP, O.TCP_INFO)).tcpi_state, 7);
      const { fd } = await connected(k);
      assert.equal(await k.client.getsockopt(fd, SOL_IP, O.IP_MTU), 1500);
      assert.equal(await k.client.getsockopt(fd, SOL_TCP, O.TCP_MAXSEG), 1448);
      const info = await k.client.getsockopt(fd, SOL_TCP, O.TCP_INFO);
      assert.equal(info.tcpi_state, 1);
      assert.equal(info.tcpi_rtt, 20_000);
    });
  });

  it('came with a kernel', async () => {
    const k = kit({ client: { kernel: '6.1' } });
    assert.equal(await k.value(() => round(k.client, SOL_TCP, O.TCP_RTO_MAX_MS, 5000)), 'ENOPROTOOPT');
  });

  it('stand in strace as the real one prints them', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      await k.client.setsockopt(fd, SOL_SOCKET, O.SO_LINGER, { onoff: 1, linger: 5 });
      await k.client.getsockopt(fd, SOL_SOCKET, O.SO_LINGER);
      await k.client.setsockopt(fd, SOL_SOCKET, O.SO_RCVTIMEO, 2.5e9);
      await k.client.getsockopt(fd, SOL_SOCKET, O.SO_SNDTIMEO);
      await k.client.setsockopt(fd, SOL_TCP, O.TCP_CONGESTION, 'reno');
      await k.client.getsockopt(fd, SOL_TCP, O.TCP_CONGESTION);
      await k.client.setsockopt(
        fd,
        SOL_TCP,
        O.TCP_FASTOPEN_KEY,
        Uint8Array.from({ length: 16 }, (_, i) => i),
      );
      await k.client.setsockopt(fd, SOL_TCP, O.TCP_USER_TIMEOUT, 3000);
      await k.client.setsockopt(fd, SOL_IP, O.IP_TOS, 16);
    });
    const { log } = k.kernel;
    const told = strace.text(strace.model(log, log.length)).split('\n');
    const lines = told.flatMap((line) => /([gs]etsockopt\(.*\)) += 0/.exec(line)?.[1] ?? []);
    assert.deepEqual(lines, [
      'setsockopt(3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=5}, 8)',
      'getsockopt(3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=5}, [8])',
      'setsockopt(3, SOL_SOCKET, SO_RCVTIMEO_OLD, "\\2\\0\\0\\0\\0\\0\\0\\0 \\241\\7\\0\\0\\0\\0\\0", 16)',
      'getsockopt(3, SOL_SOCKET, SO_SNDTIMEO_OLD, "\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0", [16])',
      'setsockopt(3, SOL_TCP, TCP_CONGESTION, "reno", 4)',
      'getsockopt(3, SOL_TCP, TCP_CONGESTION, "reno\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0", [16])',
      'setsockopt(3, SOL_TCP, TCP_FASTOPEN_KEY, "\\0\\1\\2\\3\\4\\5\\6\\7\\10\\t\\n\\v\\f\\r\\16\\17", 16)',
      'setsockopt(3, SOL_TCP, TCP_USER_TIMEOUT, [3000], 4)',
      'setsockopt(3, SOL_IP, IP_TOS, [16], 4)',
    ]);
  });
});

describe('values of options in C', () => {
  it('survive the way there and back', () => {
    assert.equal(unpackOption('int', packOption('int', -5)), -5);
    assert.deepEqual(unpackOption('linger', packOption('linger', { onoff: 1, linger: 3 })), { onoff: 1, linger: 3 });
    assert.equal(unpackOption('timeval', packOption('timeval', 1_234_567_000)), 1_234_567_000);
    assert.equal(unpackOption('text', packOption('text', 'cubic', true)), 'cubic');
    assert.deepEqual(unpackOption('bytes', packOption('bytes', [1, 2, 3])), [1, 2, 3]);
  });

  it('have the layout of struct tcp_info', () => {
    const info = {
      tcpi_state: 1,
      tcpi_snd_wscale: 7,
      tcpi_rcv_wscale: 10,
      tcpi_rto: 204_000,
      tcpi_bytes_acked: 2 ** 40,
    };
    const bytes = packTcpInfo(info);
    assert.equal(bytes.length, TCP_INFO_SIZE);
    assert.equal(bytes[6], 0xa7);
    assert.equal(new DataView(bytes.buffer).getUint32(8, true), 204_000);
    assert.equal(new DataView(bytes.buffer).getUint32(124, true), 2 ** 8);
    const back = unpackTcpInfo(bytes);
    for (const [name, value] of Object.entries(info)) assert.equal(back[name], value, name);
    assert.equal(unpackTcpInfo(bytes.subarray(0, 104)).tcpi_pacing_rate, undefined);
  });

  it('have one number per level and name', () => {
    for (const [level, options] of Object.entries(SOCKET_OPTIONS)) {
      const numbers = Object.values(options);
      assert.equal(new Set(numbers).size, numbers.length, level);
    }
  });
});
