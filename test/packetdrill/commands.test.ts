/** Commands: what they change on the simulated host, and what they refuse. */
import assert from 'node:assert/strict';
import { simpleCommands } from '../../src/packetdrill/commands.ts';
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

  it('may ask for what is as it is, and for nothing else', () => {
    assert.equal(answer(`sysctl -q ${RMEM} net.ipv4.tcp_ecn=0 && ip tcp_metrics flush all`, WHOLE).end, 'passed');
    assert.equal(answer(`sysctl -q ${RMEM}; tc qdisc add dev tun0 root pfifo`, WHOLE).end, 'passed');
    const refused = [
      'sysctl -q net.ipv4.tcp_ecn=1',
      'sysctl net.ipv4.tcp_ecn',
      'sysctl net.ipv4.tcp_sack=yes',
      'tc qdisc add dev tun0 root fq',
      'ethtool -K tun0 gso on',
      'rm x',
    ];
    for (const command of refused) assert.equal(answer(command, WHOLE).end, 'unsupported', command);
  });

  it('are split as a shell splits them', () => {
    assert.deepEqual(simpleCommands('a "b c" \\\n d > /dev/null 2>&1; e && f || g | h # i\n\n# j\nk $((2*3))'), [
      ['a', 'b c', 'd'],
      ['e'],
      ['f'],
      ['g'],
      ['h'],
      ['k', '6'],
    ]);
  });
});
