/** Running: when a script passes, fails, and when it says that it cannot be judged. */
import assert from 'node:assert/strict';
import { sideBySide } from '../../src/packetdrill/report.ts';
import { run } from '../../src/packetdrill/run.ts';
import { seconds } from '../../src/sim/base/time.ts';
import { ACCEPTED, accepted, NEXT, outcomeOf } from './kit.ts';

/** The lines of a mismatch's table; fails when the script did not fail at `line`. */
function table(text: string, line = NEXT): string[] {
  const outcome = accepted(text);
  assert.ok(outcome.end === 'failed', JSON.stringify(outcome));
  assert.equal(outcome.line, line);
  return sideBySide(outcome.compared).map((row) => row.replace(/\s+/g, ' ').trim());
}

describe('running a script', () => {
  it('passes when all is as it says', () => {
    assert.deepEqual(accepted('+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1'), { end: 'passed' });
  });

  it('shows every field of a packet that is another one', () => {
    const rows = table('+0 write(4, ..., 100) = 100\n+0 > . 1:201(200) ack 2 <nop,nop,sackOK>', NEXT + 1);
    assert.deepEqual(rows, [
      'expected actual',
      'time 0.110000 0.110000',
      '* flags . P.',
      '* seq 1:201(200) 1:101(100)',
      '* ack 2 1',
      'urg 0 0',
      '* options <nop,nop,sackOK> none',
    ]);
  });

  it('compares only what the script gives', () => {
    assert.equal(accepted('+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 <...>').end, 'passed');
    assert.ok(
      table('+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 win 7', NEXT + 1).some((row) =>
        /^\* win 7 \d+$/.test(row),
      ),
    );
    assert.ok(
      table('+0 write(4, ..., 100) = 100\n+0 > [ect0] P. 1:101(100) ack 1', NEXT + 1).includes('* ecn ect0 noecn'),
    );
    assert.ok(
      table('+0 write(4, ..., 100) = 100\n+0 > (ttl 63) P. 1:101(100) ack 1', NEXT + 1).includes('* ttl 63 64'),
    );
    assert.ok(
      table('+0 write(4, ..., 100) = 100\n+0 > 80 > 81 P. 1:101(100) ack 1', NEXT + 1).includes(
        '* ports 80 > 81 8080 > 40000',
      ),
    );
  });

  it('holds packets to their time, with a tolerance', () => {
    const fin = '+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n';
    const again = (time: string) => accepted(`${fin}${time} > F. 1:1(0) ack 1`).end;
    assert.equal(again('+.2~+.3'), 'passed');
    assert.equal(again('*'), 'passed');
    assert.equal(again('+.1'), 'failed');
    assert.equal(again('+.5'), 'failed');
    const write = 'write(4, ..., 10) = 10\n';
    assert.equal(accepted(`+0 ${write}+.003 > P. 1:11(10) ack 1`).end, 'passed');
    assert.equal(accepted(`+0 ${write}+.005 > P. 1:11(10) ack 1`).end, 'failed');
    assert.equal(outcomeOf(`--tolerance_usecs=5000\n${ACCEPTED}+0 ${write}+.005 > P. 1:11(10) ack 1`).end, 'passed');
  });

  it('says that a packet is not sent', () => {
    const outcome = accepted('+0 > . 1:1(0) ack 1');
    assert.ok(outcome.end === 'failed');
    assert.deepEqual([outcome.line, outcome.what], [NEXT, 'the script expects a packet here, and none is sent']);
  });

  it('shows results and errors of calls that differ', () => {
    assert.ok(table('+0 read(4, ..., 10) = 5\n', NEXT).length === 0); // blocks for ever
    assert.deepEqual(table('+0 write(4, ..., 10) = 9'), ['expected actual', '* result 9 10']);
    assert.deepEqual(table('+0 close(7) = 0'), ['expected actual', '* result 0 -1 EBADF']);
    assert.deepEqual(table('+0 close(7) = -1 EINVAL'), ['expected actual', '* result -1 EINVAL -1 EBADF']);
    assert.equal(accepted('+0 close(7) = -1 EBADF (Bad file descriptor)').end, 'passed');
    assert.ok(table('+0 getsockopt(4, SOL_TCP, TCP_NODELAY, [1], [4]) = 0').includes('* value [1] [0]'));
  });

  it('holds a blocking call to its end', () => {
    const read = (until: string) =>
      accepted(`+0 ...${until} read(4, ..., 100) = 10\n+.2 < P. 1:11(10) ack 1 win 1000\n+0 > . 1:1(0) ack 11`);
    assert.equal(read('0.2').end, 'passed');
    const late = read('0.1');
    assert.ok(late.end === 'failed' && late.line === NEXT, JSON.stringify(late));
    assert.ok(sideBySide(late.compared).some((row) => /^ {2}\* time +0\.210000 +0\.310000$/.test(row)));
    const never = accepted('+0 ...0.2 read(4, ..., 100) = 10');
    assert.ok(never.end === 'failed' && /does not come back: it waits for data on descriptor 4/.test(never.what));
  });

  it("translates the script's descriptors, and sequence numbers: absolute with SYN, else from there", () => {
    const text = ACCEPTED.replace('= 3', '= 30').replaceAll('(3, ', '(30, ').replace('= 4', '= 77');
    assert.equal(outcomeOf(`${text}+0 write(77, ..., 1) = 1\n+0 > P. 1:2(1) ack 1`).end, 'passed');
    const shifted = ACCEPTED.replace('S 0:0(0)', 'S 900:900(0)').replace(
      'S. 0:0(0) ack 1 ',
      'S. 5000:5000(0) ack 901 ',
    );
    assert.equal(outcomeOf(`${shifted}+0 write(4, ..., 1) = 1\n+0 > P. 1:2(1) ack 1`).end, 'passed');
  });

  it('hides the timestamps that the host chose, and echoes them', () => {
    const text = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000,nop,nop,TS val 5 ecr 0>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 5>
+.01 < . 1:1(0) ack 1 win 65535 <nop,nop,TS val 6 ecr 100>
+.09 accept(3, ..., ...) = 4
+0 write(4, ..., 10) = 10
+0 > P. 1:11(10) ack 1 <nop,nop,TS val 200 ecr 6>
`;
    assert.equal(outcomeOf(text).end, 'passed');
    assert.equal(outcomeOf(`--tcp_ts_tick_usecs=1000\n${text}`).end, 'passed');
    assert.equal(outcomeOf(`--tcp_ts_tick_usecs=1000\n${text.replace('val 200', 'val 300')}`).end, 'failed');
    const forged = outcomeOf(text.replace('ecr 100>\n', 'ecr 123>\n'));
    assert.ok(forged.end === 'failed' && /echoes the timestamp 123, which was never sent/.test(forged.what));
  });

  it('counts absolute times from the first event', () => {
    const text = '5 < S 0:0(0) win 10\n5 > R. 0:0(0) ack 1 win 0\n';
    assert.equal(outcomeOf(`${text}5.5 < . 1:1(0) ack 9 win 10\n5.5 > R 9:9(0) win 0`).end, 'passed');
    assert.equal(outcomeOf(`${text}6 < . 1:1(0) ack 9 win 10\n5.5 > R 9:9(0) win 0`).end, 'failed');
  });

  it('leaves a log of everything', () => {
    const { log } = run(`${ACCEPTED}+0 write(4, ..., 1) = 1\n+0 > P. 1:2(1) ack 1`);
    assert.ok(log);
    const kinds = new Set<string>([...log].map(({ kind }) => kind));
    for (const kind of ['host.up', 'call.enter', 'call.exit', 'packet.sent', 'packet.arrived', 'tcp.state']) {
      assert.ok(kinds.has(kind), kind);
    }
    assert.equal(seconds(log.now), '0.110000');
  });
});

/** What the simulator lacks, by name, and the line that needs it. */
const LACKS: [text: string, what: string][] = [
  ['+0 cap_set(CAP_EFFECTIVE, CAP_NET_RAW, CAP_CLEAR) = 0', 'cap_set()'],
  ['+0 setsockopt(4, SOL_TCP, TCP_REPAIR, [1], 4) = 0', 'TCP_REPAIR'],
  ['+0 send(4, ..., 10, MSG_DONTWAIT|MSG_DONTROUTE) = 10', 'MSG_DONTROUTE'],
  ['+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 5', 'sockets other than TCP'],
  ['+0 < icmp unreachable host_unreachable [udp (100)]', 'ICMP about udp'],
  ['+0 > icmp echo_reply [raw (8)]', 'ICMP'],
  ['+0 < udp (100)', 'UDP'],
  ['+0 < gre: . 1:1(0) ack 1 win 10', 'gre around packets'],
  ['+0 `sysctl -q net.ipv4.tcp_fwmark_accept=1`\n+0 close(4) = 0', 'sysctl net.ipv4.tcp_fwmark_accept=1'],
  ['+0 `halt`\n+0 close(4) = 0', 'command halt'],
  ['+0 %{ assert tcpi_nothing == 1 }%', 'TCP_INFO tcpi_nothing'],
];

describe('what the simulator lacks', () => {
  for (const [text, what] of LACKS)
    it(`ends a script by its name: ${what}`, () => {
      assert.deepEqual(accepted(text), { end: 'unsupported', line: NEXT, what });
    });

  it('counts even when the script expects an error', () => {
    assert.equal(accepted('+0 cap_set(CAP_EFFECTIVE, CAP_NET_RAW, CAP_CLEAR) = -1 EPERM').end, 'unsupported');
  });

  it('is told for options of the script, and a value that cannot be is a fault', () => {
    assert.deepEqual(outcomeOf('--mss=1000\n0 close(3) = 0'), { end: 'unsupported', line: 1, what: 'option --mss' });
    for (const option of [
      'mtu=many',
      'ip_version=ipv5',
      'local_ip=::1',
      'local_ip=fd::g',
      'ip_version=ipv6\n--mtu=1279',
    ])
      assert.equal(outcomeOf(`--${option}\n0 close(3) = 0`).end, 'invalid', option);
  });
});
