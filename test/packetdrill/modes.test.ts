/** Scripts over IPv4, over IPv4 by sockets of AF_INET6, and over IPv6. */
import assert from 'node:assert/strict';
import { MODES, type ModeName } from '../../src/packetdrill/modes.ts';
import { sideBySide } from '../../src/packetdrill/report.ts';
import { run } from '../../src/packetdrill/run.ts';
import { parseTcpIp } from '../../src/sim/wire/packet.ts';
import { ACCEPTED, accepted, outcomeOf } from './kit.ts';

/** The ends of the packets of a run, and the families of its sockets. */
function ends(text: string, mode?: ModeName) {
  const { outcome, log } = run(text, mode && { mode: MODES[mode] });
  assert.equal(outcome.end, 'passed', JSON.stringify(outcome));
  assert.ok(log);
  const packets = [...log.of('packet.sent')].map(({ bytes }) => {
    const parsed = parseTcpIp(bytes);
    return 'ip' in parsed ? `${parsed.ip.src.text} > ${parsed.ip.dst.text}` : parsed.malformed;
  });
  return [[...new Set(packets)], [...new Set([...log.of('sock.new')].map(({ family }) => family))]];
}

describe('a script', () => {
  it('runs over IPv4 unless somebody says otherwise', () => {
    assert.deepEqual(ends(ACCEPTED), [['192.0.2.1 > 192.168.0.1', '192.168.0.1 > 192.0.2.1'], ['AF_INET']]);
  });

  it('runs over what is asked for', () => {
    const four = ['192.0.2.1 > 192.168.0.1', '192.168.0.1 > 192.0.2.1'];
    const six = ['fd3d:fa7b:d17d::1 > fd3d:a0b:17d6::1', 'fd3d:a0b:17d6::1 > fd3d:fa7b:d17d::1'];
    assert.deepEqual(ends(ACCEPTED, 'ipv4'), [four, ['AF_INET']]);
    assert.deepEqual(ends(ACCEPTED, 'ipv4-mapped-v6'), [four, ['AF_INET6']]);
    assert.deepEqual(ends(ACCEPTED, 'ipv6'), [six, ['AF_INET6']]);
  });

  it('says itself what it runs over, and is overruled by who runs it', () => {
    const text = `--ip_version=ipv6\n--local_ip=fd00::9\n${ACCEPTED}`;
    assert.deepEqual(ends(text)[0], ['2001:db8::1 > fd00::9', 'fd00::9 > 2001:db8::1']);
    assert.deepEqual(ends(text, 'ipv4')[0], ['192.0.2.1 > 192.168.0.1', '192.168.0.1 > 192.0.2.1']);
  });

  it('meets the same host: an MSS of 1460 in each', () => {
    for (const mode of Object.values(MODES)) {
      assert.equal(accepted('+0 %{ assert tcpi_advmss == 1460 }%', { mode }).end, 'passed');
    }
  });

  it('names addresses of both families', () => {
    const name = (family: string, addr: string) =>
      `0 socket(${family}, SOCK_STREAM, 0) = 3\n+0 bind(3, {sa_family = ${family}, sin_port = htons(80), sin_addr = inet_addr("${addr}")}, ...)`;
    assert.equal(outcomeOf(`${name('AF_INET6', '::1')} = 0`).end, 'passed');
    assert.equal(outcomeOf(`${name('AF_INET', '127.0.0.1')} = 0`).end, 'passed');
    assert.equal(outcomeOf(`${name('AF_INET6', '2001:db8::77')} = -1 EADDRNOTAVAIL`).end, 'passed');
  });
});

describe('the flow labels of a script', () => {
  const { ipv6: mode } = MODES;
  const write = '+0 write(4, ..., 1000) = 1000\n';
  const data = (label: string, seq: number) => `+0 > (flowlabel ${label}) P. ${seq}:${seq + 1000}(1000) ack 1\n`;

  it('stand for those that the host has chosen', () => {
    assert.equal(accepted(write + data('0x5', 1) + write + data('0x5', 1001), { mode }).end, 'passed');
  });

  it('differ where those differ, and only there', () => {
    const outcome = accepted(write + data('0x5', 1) + write + data('0x6', 1001), { mode });
    assert.ok(outcome.end === 'failed');
    const rows = sideBySide(outcome.compared).map((row) => row.replace(/\s+/g, ' ').trim());
    assert.ok(rows.includes('* flow label 0x6 0x5'), rows.join('\n'));
  });

  it('are taken from the script in packets of the peer', () => {
    const { log } = run(`${ACCEPTED}+0 < (flowlabel 0x5) . 1:1(0) ack 1 win 9`, { mode });
    const last = [...(log?.of('packet.sent') ?? [])].at(-1);
    const parsed = parseTcpIp(last?.bytes ?? new Uint8Array(0));
    assert.ok('ip' in parsed);
    assert.equal(parsed.ip.flowLabel, 5);
  });
});
