/** What a script needs beyond the simulator, from its text alone. */
import assert from 'node:assert/strict';
import { needs } from '../../src/packetdrill/needs.ts';
import { parse } from '../../src/packetdrill/parse.ts';
import { ACCEPTED } from './kit.ts';

const lacks = (text: string) => needs(parse(text), () => undefined);

describe('what a script needs', () => {
  it('is nothing when the simulator has it all', () => {
    assert.deepEqual(lacks(`${ACCEPTED}+0 send(4, ..., 1, MSG_DONTWAIT) = 1\n+0 %{ assert tcpi_rtt > 0 }%`), []);
  });

  it('is told completely, each once', () => {
    const found = lacks(`--mss=3
\`sysctl -q net.ipv4.tcp_ecn=3; halt\`
${ACCEPTED}
+0 cap_set(0, 0, 0) = 0
+0 cap_set(0, 0, 0) = 0
+0 setsockopt(4, SOL_TCP, TCP_ULP, [1], 4) = 0
+0 sendto(4, ..., 1, MSG_FASTOPEN|MSG_NOSIGNAL, ..., ...) = 1
+0 > [ect0] P. 1:2002(2001) ack 1
+0 > P.U 1:1001(1000) ack 1 <FO,ECN e0b 1>
+0 < icmp unreachable host_unreachable [1:1(0)]`);
    assert.deepEqual(found.sort(), [
      'AccECN',
      'ICMP',
      'TCP_ULP',
      'cap_set()',
      'command halt',
      'option --mss',
      'sysctl net.ipv4.tcp_ecn=3',
    ]);
  });
});
