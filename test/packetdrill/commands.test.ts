/** Commands: what they change on the simulated host, and what they refuse. */
import assert from 'node:assert/strict';
import { outcomeOf } from './kit.ts';

/** A server's answer to a SYN with all options, with `command` run before. */
const answer = (command: string, options: string, read?: (path: string) => string | undefined) =>
  outcomeOf(
    `\`${command}\`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
+0 > S. 0:0(0) ack 1 ${options}`,
    read ? { read } : {},
  );
const RMEM = 'net.ipv4.tcp_rmem="4096 131072 6291456"';
const WHOLE = '<mss 1460,sackOK,TS val 1 ecr 1,nop,wscale 7>';

describe('commands of a script', () => {
  it('set what the host has', () => {
    assert.equal(answer(`sysctl -q ${RMEM}`, WHOLE).end, 'passed');
    assert.equal(
      answer(`sysctl -w ${RMEM} net.ipv4.tcp_timestamps=0`, '<mss 1460,nop,nop,sackOK,nop,wscale 7>').end,
      'passed',
    );
    assert.equal(
      answer(`sysctl -q ${RMEM}; sysctl net/ipv4/tcp_sack=0`, '<mss 1460,nop,nop,TS val 1 ecr 1,nop,wscale 7>').end,
      'passed',
    );
    assert.equal(
      answer('../x/set_sysctls.py /proc/sys/net/ipv4/tcp_window_scaling=0', '<mss 1460,sackOK,TS val 1 ecr 1>').end,
      'passed',
    );
  });

  it('may come from a shell script beside the script', () => {
    const files: Record<string, string> = {
      '../common/all.sh': '#!/bin/sh\n# settings\n. ./nothing\n',
      'some.sh': `sysctl -q net.ipv4.tcp_rmem="4096 131072 $((6*1024*1024))" > /dev/null 2>&1 # large\n`,
    };
    assert.equal(answer('./some.sh', WHOLE, (path) => files[path.replace('./', '')]).end, 'passed');
    const lost = answer('../common/all.sh', WHOLE, (path) => files[path]);
    assert.deepEqual(lost, { end: 'unsupported', line: 1, what: 'command . ./nothing' });
    const gone = answer('../gone.sh', WHOLE, (path) => files[path]);
    assert.deepEqual(gone, { end: 'unsupported', line: 1, what: 'command gone.sh' });
    const loop = answer('loop.sh', WHOLE, () => 'loop.sh');
    assert.equal(loop.end, 'unsupported');
  });

  it('say what to do when one fails', () => {
    const fallback = `sysctl -q net.ipv4.tcp_no_such=1 || sysctl -q ${RMEM}`;
    assert.equal(answer(fallback, WHOLE).end, 'passed');
    assert.equal(answer(`sysctl -q ${RMEM} || mv x y`, WHOLE).end, 'passed');
    assert.equal(answer(`mv x y && sysctl -q ${RMEM}`, WHOLE).end, 'unsupported');
  });

  it('write to files that stand for settings', () => {
    assert.equal(answer('echo "4096 131072 6291456" > /proc/sys/net/ipv4/tcp_rmem', WHOLE).end, 'passed');
    assert.equal(answer('echo 1 > /proc/sys/net/ipv4/tcp_no_such', WHOLE).end, 'unsupported');
    assert.equal(answer('echo 1 > /tmp/x', WHOLE).end, 'unsupported');
  });

  it('read files, and fail where nothing is found', () => {
    const listening = (command: string) =>
      outcomeOf(`0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 \`${command}\``);
    assert.equal(listening('grep " 0A " /proc/net/tcp | grep ":1F90"').end, 'passed');
    assert.equal(listening('grep " 0A " /proc/net/tcp | grep ":1F91"').end, 'failed');
    assert.equal(listening('cat /proc/net/tcp6 | grep ":1F90"').end, 'failed');
    assert.equal(listening('cat /proc/sys/net/ipv4/tcp_retries2 | grep 15').end, 'passed');
    assert.equal(listening('cat /etc/passwd').end, 'unsupported');
    assert.equal(listening('nstat | grep TcpExt').end, 'unsupported');
    assert.equal(listening('dd bs=1 count=5 if=/dev/zero of=/tmp/x; cat /tmp/x; rm -f /tmp/x').end, 'passed');
    assert.equal(listening('dd if=/dev/random of=/tmp/x').end, 'unsupported');
  });

  it('change routes and the device', () => {
    const route = (metrics: string) =>
      `sysctl -q ${RMEM}; ip route change 192.0.2.1 via 192.168.0.2 dev tun0 ${metrics}`;
    assert.equal(answer(route('advmss 600 mtu lock 640'), WHOLE.replace('1460', '600')).end, 'passed');
    assert.equal(answer(route('mtu 1400'), WHOLE.replace('1460', '1360')).end, 'passed');
    assert.equal(answer(route('hoplimit 3'), WHOLE).end, 'unsupported');
    assert.equal(answer(route('mtu x'), WHOLE).end, 'unsupported');
    const link = `sysctl -q ${RMEM}; ip link set dev tun0 mtu 1280`;
    assert.equal(answer(link, WHOLE.replace('1460', '1240')).end, 'passed');
    assert.equal(answer('ip link set dev tun0 up', WHOLE).end, 'unsupported');
    assert.equal(answer(`sysctl -q ${RMEM}; ethtool -K tun0 tso off gso off`, WHOLE).end, 'passed');
    assert.equal(answer('ethtool -K tun0 lro on', WHOLE).end, 'unsupported');
  });

  it('may ask for what is as it is, and for nothing else', () => {
    assert.equal(answer(`sysctl -q ${RMEM} net.ipv4.tcp_ecn=0 && ip tcp_metrics flush all`, WHOLE).end, 'passed');
    assert.equal(answer(`sysctl -q ${RMEM}; tc qdisc add dev tun0 root pfifo`, WHOLE).end, 'passed');
    const refused = [
      'sysctl -q net.ipv4.tcp_ecn=3',
      'sysctl net.ipv4.tcp_ecn',
      'sysctl net.ipv4.tcp_sack=yes',
      'sysctl net.ipv4.ip_no_pmtu_disc=1',
      'sysctl net.ipv4.tcp_syn_retries=0',
      'tc qdisc add dev tun0 root netem delay 1ms',
      'mv x y',
    ];
    for (const command of refused) assert.equal(answer(command, WHOLE).end, 'unsupported', command);
  });
});
