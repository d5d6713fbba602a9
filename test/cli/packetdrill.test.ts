/** `socknb packetdrill`: files and folders in, text, TAP, XML or a table out, and an exit code. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socknb } from '../../src/cli/socknb.ts';
import { readPcapng } from '../captures/reader.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socknb-'));
  mkdirSync(join(folder, 'more'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const ran = { code: -1, out: '', err: '' };
  const tell = (to: 'out' | 'err') => (text: string) => {
    ran[to] += text.replaceAll(`${folder}/`, '');
  };
  ran.code = await socknb(['packetdrill', ...args], {
    out: tell('out'),
    err: tell('err'),
    spawn: () => assert.fail('no session is needed'),
    onInterrupt: () => () => {},
  });
  return ran;
}

const GOOD = '0 < S 0:0(0) win 1000\n+0 > R. 0:0(0) ack 1 win 0\n';
const BAD = GOOD.replace('ack 1', 'ack 2');

describe('socknb packetdrill', () => {
  it('runs all scripts of a folder and tells how each ended', async () => {
    write('good.pkt', GOOD);
    write('more/lacking.pkt', `${GOOD}+0 recvmmsg(3) = 0\n`);
    write('more/readme.txt', 'no script');
    const { code, out } = await run(folder);
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      'good.pkt: passed in 0 of virtual time',
      'more/lacking.pkt:3: not supported: recvmmsg() at line 3',
      '2 scripts: 1 passed, 1 not supported',
      '',
    ]);
  });

  it('runs them over the version of IP that is asked for, leaving out those for the other', async () => {
    const mss = (n: number) => GOOD.replace('> R. 0:0(0) ack 1 win 0', `> . 0:0(0) <mss ${n}>`);
    const listening = '0 socket(..., SOCK_STREAM, 0) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n';
    const answer = `${listening}+0 < S 0:0(0) win 1000 <mss 1400>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n`;
    write('any.pkt', answer);
    write('only-v4.pkt', mss(1));
    write(
      'only-v6.pkt',
      `${answer}+0 accept(3, {sa_family = AF_INET6, sin_port = htons(1), sin_addr = inet_addr("::1")}, ...) = 4\n`,
    );
    for (const [version, files] of [
      ['ipv4', ['any', 'only-v4']],
      ['ipv4-mapped-v6', ['any', 'only-v4']],
      ['ipv6', ['any', 'only-v6']],
    ] as const) {
      const { out } = await run('--ip-version', version, folder);
      assert.deepEqual(
        [...out.matchAll(/^(\S+)\.pkt:/gm)].map(([, name]) => name),
        files,
      );
      assert.match(out, /^any\.pkt: passed/m);
    }
    assert.equal((await run('--ip-version', 'ipv5', folder)).code, 2);
  });

  it('exits with 1 when a script fails, with 2 when one cannot be read', async () => {
    write('bad.pkt', BAD);
    const failed = await run(join(folder, 'bad.pkt'));
    assert.equal(failed.code, 1);
    assert.match(failed.out, /^bad\.pkt:2: another packet was sent[\s\S]*\* ack {6}2 {9}1\n/);
    write('broken.pkt', '0 close(');
    assert.equal((await run(folder)).code, 2);
  });

  it('tells in the form that is asked for', async () => {
    write('bad.pkt', BAD);
    assert.match((await run('--format', 'tap', folder)).out, /^TAP version 14\n1\.\.1\nnot ok 1 - bad\.pkt\n/);
    assert.match((await run('--format', 'junit', folder)).out, /<testcase classname="packetdrill" name="bad\.pkt"/);
    assert.match((await run('--format', 'xml', folder)).err, /--format is text, tap, junit, table, not 'xml'/);
  });

  it('shows pictures of the host under test', async () => {
    write('good.pkt', GOOD);
    const { out } = await run('--show', 'tcpdump', '--show', 'strace', folder);
    assert.match(
      out,
      /── Packets ─+\nhost\$ tcpdump -n -ttttt\n0\.000000 IP 192\.0\.2\.1\.40000 > 192\.168\.0\.1\.8080: Flags \[S\]/,
    );
    assert.match(out, /── System calls ─/);
    assert.match((await run('--show', 'foo', folder)).err, /--show is sequence, .*, not 'foo'/);
  });

  it('writes captures: one script into the file named, several into a folder, each beside its like', async () => {
    write('good.pkt', GOOD);
    const one = join(folder, 'one.pcapng');
    assert.equal((await run('--pcapng', one, join(folder, 'good.pkt'))).code, 0);
    assert.equal(readPcapng(readFileSync(one)).packets.length, 2);
    write('more/bad.pkt', BAD);
    const out = join(folder, 'captures');
    assert.equal((await run('--pcapng', out, folder)).code, 1);
    const made = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pcapng'));
    assert.deepEqual(made.map((name) => name.replace(/.*socknb-[^/]*\//, '')).sort(), [
      'good.pcapng',
      'more/bad.pcapng',
    ]);
    for (const name of made) assert.equal(readPcapng(readFileSync(join(out, name))).packets.length, 2);
    assert.match((await run('--pcapng', join(folder, 'good.pkt', 'x'), folder)).err, /good\.pkt/);
  });

  it('shows what a suite lacks, most needed first', async () => {
    write('a.pkt', `${GOOD}+0 recvmmsg(3) = 0\n`);
    write('b.pkt', `${GOOD}+0 recvmmsg(3) = 0\n+0 < udp (10)\n`);
    write('c.pkt', BAD);
    write('d.pkt', GOOD);
    const { out } = await run('--format', 'table', folder);
    assert.deepEqual(out.split('\n'), [
      'unsupported  a.pkt:3  (recvmmsg())',
      'unsupported  b.pkt:3  (recvmmsg(); UDP)',
      'failed       c.pkt:2  (other behaviour)',
      'passed       d.pkt',
      '',
      'scripts  alone  needs',
      '      2      1  recvmmsg()',
      '      1      1  other behaviour',
      '      1      0  UDP',
      '',
      '4 scripts: 1 passed, 1 failed, 2 not supported',
      '',
    ]);
  });

  it('defines words, and reads the files that commands name', async () => {
    write('x.pkt', GOOD.replace('win 1000', 'win WINDOW').replace('0 <', '`./more/set.sh`\n0 <'));
    write('more/set.sh', 'sysctl -q net.ipv4.tcp_sack=0\n');
    assert.equal((await run('--define', 'WINDOW=10', folder)).code, 0);
    assert.equal((await run(folder)).code, 2);
    assert.match((await run('--define', 'WINDOW', folder)).err, /--define is NAME=VALUE/);
  });

  it('says when there is nothing to run', async () => {
    assert.match((await run(folder)).err, /no script there/);
    assert.match((await run(join(folder, 'gone.pkt'))).err, /gone\.pkt: no such file/);
    assert.equal((await run(join(folder, 'gone.pkt'))).code, 2);
  });
});
