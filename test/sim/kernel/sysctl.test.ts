/** Settings: names, values, bounds, and how a host obeys them. */
import assert from 'node:assert/strict';
import { KERNEL_VERSIONS, type KernelVersion } from '../../../src/sim/base/kernels.ts';
import { profileOf, sysctlOf } from '../../../src/sim/kernel/profiles.ts';
import {
  defaultSysctl,
  isSysctl,
  SYSCTLS,
  type SysctlName,
  sysctlText,
  writeSysctl,
} from '../../../src/sim/kernel/sysctl.ts';
import { createSimulator } from '../../../src/sim/world.ts';
import { AF_INET, kit, SOCK_STREAM } from '../world-kit.ts';

describe('settings', () => {
  it('are read as sysctl(8) prints them', () => {
    const sysctl = defaultSysctl();
    assert.equal(sysctlText(sysctl, 'net.ipv4.tcp_syn_retries'), '6');
    assert.equal(sysctlText(sysctl, 'net.ipv4.tcp_rmem'), '4096\t131072\t33554432');
    assert.equal(sysctlText(sysctl, 'net.ipv4.tcp_congestion_control'), 'cubic');
    assert.ok(!isSysctl('toString'));
  });

  it('take what they print, unless they cannot be written', () => {
    for (const name of Object.keys(SYSCTLS) as SysctlName[]) {
      const sysctl = defaultSysctl();
      const refusal = writeSysctl(sysctl, name, sysctlText(sysctl, name));
      assert.equal(refusal, name === 'net.ipv4.tcp_available_congestion_control' ? 'EPERM' : undefined, name);
      assert.deepEqual(sysctl, defaultSysctl(), name);
    }
  });

  it('obey their bounds and forms, as the kernel has them', () => {
    const write = (name: string, value: string) => writeSysctl(defaultSysctl(), name, value) ?? 'done';
    assert.equal(write('net.ipv4.tcp_no_such', '1'), 'ENOENT');
    assert.equal(write('constructor', '1'), 'ENOENT');
    assert.equal(write('net.ipv4.tcp_syn_retries', '127'), 'done');
    assert.equal(write('net.ipv4.tcp_syn_retries', '128'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_syn_retries', '0'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_syn_retries', '5 6'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_syn_retries', ''), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_syn_retries', 'yes'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_sack', '255'), 'done');
    assert.equal(write('net.ipv4.tcp_rto_max_ms', '999'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_fastopen', '0x70403'), 'done');
    assert.equal(write('net.ipv4.tcp_notsent_lowat', '-1'), 'done');
    assert.equal(write('net.ipv4.ip_local_port_range', '2000 1000'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_rmem', '0 1 1'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_congestion_control', 'vegas'), 'ENOENT');
    assert.equal(write('net.ipv4.tcp_congestion_control', 'reno'), 'done');
    assert.equal(write('net.ipv4.tcp_allowed_congestion_control', 'reno vegas'), 'ENOENT');
    assert.equal(write('net.ipv4.tcp_allowed_congestion_control', 'cubic'), 'done');
    assert.equal(write('net.ipv4.tcp_fastopen_key', 'a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4'), 'done');
    assert.equal(write('net.ipv4.tcp_fastopen_key', 'a1a1'), 'EINVAL');
    assert.equal(write('net.ipv4.tcp_challenge_ack_limit', '5'), 'not simulated');
  });

  it('name a default algorithm that may then be chosen by programs', () => {
    const sysctl = defaultSysctl();
    writeSysctl(sysctl, 'net.ipv4.tcp_allowed_congestion_control', 'reno');
    assert.equal(sysctlText(sysctl, 'net.ipv4.tcp_allowed_congestion_control'), 'reno');
    writeSysctl(sysctl, 'net.ipv4.tcp_congestion_control', 'bbr');
    assert.equal(sysctlText(sysctl, 'net.ipv4.tcp_allowed_congestion_control'), 'reno bbr');
  });

  it('that are lists take fewer numbers than they hold, and hexadecimal ones', () => {
    const sysctl = defaultSysctl();
    assert.equal(writeSysctl(sysctl, 'net.ipv4.tcp_wmem', '0x2000  20000'), undefined);
    assert.deepEqual(sysctl['net.ipv4.tcp_wmem'], [8192, 20_000, 4_194_304]);
  });
});

describe('kernel profiles', () => {
  it('have the defaults of their release', () => {
    const values = (name: SysctlName) => KERNEL_VERSIONS.map((version) => sysctlText(sysctlOf(version), name));
    const receive = '4096\t131072\t';
    assert.deepEqual(values('net.ipv4.tcp_rmem'), [`${receive}6291456`, `${receive}6291456`, `${receive}33554432`]);
    assert.deepEqual(values('net.ipv4.tcp_syn_linear_timeouts'), ['0', '0', '4']);
    assert.deepEqual(values('net.ipv4.tcp_challenge_ack_limit'), ['1000', '2147483647', '2147483647']);
    assert.deepEqual(values('net.ipv4.tcp_tso_rtt_log'), ['0', '9', '9']);
    assert.deepEqual(values('net.core.rmem_max'), ['212992', '212992', '4194304']);
    const absent = (version: KernelVersion) => profileOf(version).absent;
    assert.ok(absent('5.15').has('net.ipv4.tcp_tso_rtt_log') && !absent('6.1').has('net.ipv4.tcp_tso_rtt_log'));
    assert.ok(absent('6.1').has('net.ipv4.tcp_rto_max_ms'));
    assert.equal(absent('6.18').size, 0);
  });

  const world = (kernel: KernelVersion, sysctl: Record<string, number | string> = {}) =>
    createSimulator({
      seed: 1,
      topology: { hosts: [{ name: 'a', address: '10.0.0.1', kernel, sysctl }], links: [] },
      hooks: { position: () => undefined, drain: () => Promise.resolve(), interrupted: () => false },
    });

  it('say who they are in the log', () => {
    const up = [...world('6.1').log.of('host.up')];
    assert.deepEqual(
      up.map(({ kernel }) => kernel),
      ['simulator 6.1'],
    );
  });

  it('refuse a setting that they do not have', () => {
    assert.throws(
      () => world('6.1', { 'net.ipv4.tcp_rto_max_ms': 5000 }),
      /host a: sysctl .*tcp_rto_max_ms=5000: ENOENT/,
    );
    assert.throws(() => world('6.18', { 'net.ipv4.tcp_rto_max_ms': 5 }), /EINVAL/);
    world('6.18', { 'net.ipv4.tcp_rto_max_ms': 5000 });
  });

  it('differ in how a connect() without an answer goes on', async () => {
    const sent = async (kernel: KernelVersion) => {
      const k = kit({ client: { kernel }, link: { loss: 1 } });
      await k.run(async () => {
        const fd = await k.client.socket(AF_INET, SOCK_STREAM);
        await k.client.connect(fd, { addr: k.server.ip, port: 80 });
      });
      return k.events('packet.sent').map(({ t }) => t / 1e9);
    };
    assert.deepEqual(await sent('6.1'), [0, 1, 3, 7, 15, 31, 63]);
    assert.deepEqual(await sent('6.18'), [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
  });
});
