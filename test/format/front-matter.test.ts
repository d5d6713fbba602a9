import assert from 'node:assert/strict';
import { MAX_FRONT_MATTER } from '../../src/format/front-matter.ts';
import type { FrontMatter } from '../../src/format/notebook.ts';
import { parse } from '../../src/format/parse.ts';
import { serialize } from '../../src/format/serialize.ts';
import { ms } from '../../src/sim/base/time.ts';

/** The front matter of a YAML block. */
function read(yaml: string): FrontMatter {
  const text = `---\n${yaml}\n---\n`;
  const result = parse(text);
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(serialize(result.notebook), text);
  return result.notebook.frontMatter;
}

/** Asserts the errors of a YAML block, as `line:column+length message`, lines counted from the `---`. */
function errors(yaml: string, ...expected: string[]): void {
  const result = parse(`---\n${yaml}\n---\n`);
  assert.ok(!result.ok, 'the text parses');
  const found = result.errors.map((e) => `${e.line}:${e.column}+${e.length} ${e.message}`);
  assert.deepEqual(
    found.map((line, i) => line.slice(0, expected[i]?.length)),
    expected,
  );
}

const LINK = { between: ['client', 'server'], delay: ms(10), queue: 1000, loss: 0, mtu: 1500 };
const HOSTS = {
  client: { address: '10.0.0.1', address6: '2001:db8::1' },
  server: { address: '10.0.0.2', address6: '2001:db8::2' },
};

describe('format: front matter', () => {
  it('has defaults when it is absent or empty', () => {
    const result = parse('# T');
    assert.ok(result.ok);
    const { raw: _, ...absent } = result.notebook.frontMatter;
    const { raw: __, ...empty } = read('');
    const expected = { format: 1, seed: 1, claims: [], extra: {}, topology: { hosts: HOSTS, links: [LINK] } };
    assert.deepEqual(absent, expected);
    assert.deepEqual(empty, expected);
  });

  it('reads every known key and keeps the others', () => {
    const {
      raw,
      topology: _,
      ...rest
    } = read(
      'format: 1\ntitle: A life # c\nlevel: 1\nminutes: 25\nseed: 4294967295\nkernel: loopback\nclaims: [a-b, c]\nauthor: {x: [1]}',
    );
    assert.ok(raw.includes('# c'));
    assert.deepEqual(rest, {
      format: 1,
      title: 'A life',
      level: '1',
      minutes: 25,
      seed: 4294967295,
      kernel: 'loopback',
      claims: ['a-b', 'c'],
      extra: { author: { x: [1] } },
    });
  });

  it('resolves anchors and survives odd keys', () => {
    assert.deepEqual(read('x: &a hello\ntitle: *a').title, 'hello');
    assert.deepEqual(Object.keys(read('__proto__: 1\nconstructor: 2').extra), ['__proto__', 'constructor']);
  });

  it('is only read in the first line', () => {
    const result = parse('\n---\nseed: x\n---\n');
    assert.ok(result.ok);
    assert.equal(result.notebook.frontMatter.raw, '');
  });

  it('names the place of bad YAML', () => {
    errors('title: "x', '2:10+1 Bad YAML: Missing closing "quote');
    errors('\ta: 1', '2:1+1 Bad YAML: Tabs are not allowed as indentation.');
    errors('title: x: y', '2:8+1 Bad YAML: ');
    errors('a: 1\na: 2', '3:1+1 Bad YAML: Map keys must be unique.');
    errors('- 1', '2:1+3 The front matter must be a mapping of keys to values.');
    errors('x: *nothing', '2:4+8 Bad YAML: no anchor `&nothing` stands before this.');
    errors('? [a]\n: 1', '2:3+3 A key must be a plain word.');
    errors('a: 1\n...\nb: 2', '4:1+4 Bad YAML: ');
  });

  it('names the place of a bad value', () => {
    errors('seed: -1', '2:7+2 `seed` must be a whole number from 0 to 4294967295.');
    errors('seed: 1.5', '2:7+3 `seed` must be a whole number');
    errors('seed: 4294967296', '2:7+10 `seed`');
    errors('minutes: long', '2:10+4 `minutes` must be a number');
    errors('title:', '2:1+5 `title` must be a text.');
    errors('title: [a]', '2:8+3 `title` must be a text.');
    errors('kernel: bsd', '2:9+3 `kernel` must be one of: simulator, loopback.');
    errors('claims: a', '2:9+1 `claims` must be a list of claims.');
    errors('claims:\n  - a-b\n  - A b', '4:5+3 Claim `A b` must be a slug');
    errors('claims: [a, a]', '2:13+1 Claim `a` is listed twice.');
  });

  it('refuses an unknown version and says nothing about the rest', () => {
    errors('format: 2\nseed: x', '2:9+1 Unknown format version: this program reads `format: 1`.');
    errors('format: "1"', '2:9+3 Unknown format version');
    errors('format:', '2:1+6 Unknown format version');
  });

  it('refuses a huge block before the YAML parser sees it', () => {
    errors(`a: ${'['.repeat(MAX_FRONT_MATTER)}`, '1:1+3 The front matter is longer than 16384 characters.');
    errors(`a: ${'['.repeat(MAX_FRONT_MATTER - 10)}`, '2:');
  });

  it('refuses aliases that multiply', () => {
    let yaml = 'a: &a [x]';
    for (const [last, key] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg'])
      yaml += `\n${key}: &${key} [${`*${last},`.repeat(10)}]`;
    const result = parse(`---\n${yaml}\n---\n`);
    assert.ok(!result.ok && result.errors[0]?.message.startsWith('Bad YAML: Excessive alias count'));
  });

  it('counts lines in CR and CRLF files', () => {
    for (const eol of ['\r', '\r\n']) {
      const result = parse(`---\ntitle: T\nseed: x\n---\n`.replaceAll('\n', eol));
      assert.ok(!result.ok);
      assert.deepEqual(
        result.errors.map(({ line, column }) => [line, column]),
        [[3, 7]],
      );
    }
  });
});

describe('format: topology', () => {
  const topology = (yaml: string) => read(`topology:\n  ${yaml.replaceAll('\n', '\n  ')}`).topology;
  const fault = (yaml: string, ...expected: string[]) =>
    errors(`topology:\n  ${yaml.replaceAll('\n', '\n  ')}`, ...expected);

  it('reads hosts and links with units', () => {
    const text =
      'hosts: {a: 10.0.0.1, router: 10.0.0.254, b2: 192.168.1.1}\nlinks:\n' +
      '- { between: [a, router], delay: 1.5ms, rate: 100 Mbit/s, queue: 50, loss: 0.01, mtu: 9000 }\n' +
      '- { between: [router, b2], delay: 0 }';
    assert.deepEqual(topology(text), {
      hosts: { a: { address: '10.0.0.1' }, router: { address: '10.0.0.254' }, b2: { address: '192.168.1.1' } },
      links: [
        { between: ['a', 'router'], delay: 1_500_000, rate: 1e8, queue: 50, loss: 0.01, mtu: 9000 },
        { between: ['router', 'b2'], delay: 0, queue: 1000, loss: 0, mtu: 1500 },
      ],
    });
    const delays = { '7ns': 7, '7us': 7e3, '7ms': 7e6, '7s': 7e9, '0.1 us': 100 };
    for (const [delay, ns] of Object.entries(delays)) {
      assert.equal(topology(`links: [{between: [client, server], delay: ${delay}}]`).links[0]?.delay, ns);
    }
    const rates = { '9bit/s': 9, '9 kbit/s': 9e3, '2.5Mbit/s': 2.5e6, '1Gbit/s': 1e9 };
    for (const [rate, bits] of Object.entries(rates)) {
      assert.equal(topology(`links: [{between: [client, server], rate: ${rate}}]`).links[0]?.rate, bits);
    }
  });

  it('reads kernels and settings of hosts', () => {
    const text =
      'hosts:\n  a: 10.0.0.1\n  b: { address: 10.0.0.2, kernel: 6.1, sysctl: { net.ipv4.tcp_sack: 0, ' +
      'net.ipv4.tcp_rmem: 4096 65536 65536 } }';
    const sysctl = { 'net.ipv4.tcp_sack': '0', 'net.ipv4.tcp_rmem': '4096 65536 65536' };
    assert.deepEqual(topology(text).hosts, {
      a: { address: '10.0.0.1' },
      b: { kernel: '6.1', sysctl, address: '10.0.0.2' },
    });
    const host = (setup: string) => `hosts: {a: 10.0.0.1, b: {address: 10.0.0.2, ${setup}}}`;
    fault(host('kernel: 4.19'), '3:55+4 `topology.hosts.b.kernel` must be one of: 5.15, 6.1, 6.18.');
    fault(host('kernle: 6.1'), '3:47+6 `kernle` is no key of a host; the keys are: address, address6, kernel, sysctl.');
    fault(host('sysctl: {tcp_sack: 0}'), '3:56+8 `tcp_sack` is no setting, such as net.ipv4.tcp_sack.');
    fault('hosts: {a: {kernel: 6.1}, b: 10.0.0.2}', '3:14+13 A host needs `address: 10.0.0.1`');
  });

  it('reads addresses of either family, or both, as RFC 5952 writes them', () => {
    const text =
      'hosts:\n  a: { address: 10.0.0.1, address6: "2001:DB8:0::1" }\n  b: "2001:db8::2"\n  c: { address6: fd00::3 }\nlinks: []';
    assert.deepEqual(topology(text).hosts, {
      a: { address: '10.0.0.1', address6: '2001:db8::1' },
      b: { address6: '2001:db8::2' },
      c: { address6: 'fd00::3' },
    });
  });

  it('says what may happen to packets, in the words of tc-netem(8)', () => {
    const chances = 'duplicate: 0.01, corrupt: 0.001, reorder: 0.25, gap: 5, jitter: 2ms';
    const [link] = topology(`links: [{between: [client, server], ${chances}}]`).links;
    assert.deepEqual(link, { ...LINK, duplicate: 0.01, corrupt: 0.001, reorder: 0.25, gap: 5, jitter: 2_000_000 });
  });

  it('reads that a router stands in a link, and whether it says what it does not forward', () => {
    const link = (more: string) =>
      read(`topology:\n  links:\n    - { between: [client, server], ${more} }`).topology.links[0];
    assert.deepEqual(link('path-mtu: 1400'), { ...LINK, pathMtu: 1400 });
    assert.deepEqual(link('path-mtu: 1400, black-hole: true'), { ...LINK, pathMtu: 1400, blackHole: true });
    assert.deepEqual(link('path-mtu: 1400, black-hole: false'), { ...LINK, pathMtu: 1400 });
  });

  it('joins two hosts by default, and one by nothing', () => {
    assert.deepEqual(topology('hosts: {a: 10.0.0.1, b: 10.0.0.2}').links, [{ ...LINK, between: ['a', 'b'] }]);
    assert.deepEqual(topology('hosts: {a: 10.0.0.1}').links, []);
    assert.deepEqual(topology('links: []').links, []);
  });

  it('names the place of a bad value', () => {
    fault('hosts: {A: 10.0.0.1, b: 10.0.0.2}', '3:11+1 Host `A` needs a name');
    fault('hosts: {await: 10.0.0.1}', '3:11+5 Host `await` needs a name');
    fault('hosts: {a: 10.0.0.1, b: 10.0.0.256}', '3:27+10 `10.0.0.256` is no IPv4 address');
    fault('hosts: {a: 127.0.0.1}', '3:14+9 `127.0.0.1` is no IPv4 address');
    fault('hosts: {a: 10.0.0}', '3:14+6 `10.0.0` is no');
    fault('hosts: {a: 10.0.0.01}', '3:14+9');
    fault('hosts: {a: 10.0.0.1, b: 10.0.0.1}', '3:27+8 Two hosts have the address 10.0.0.1.');
    fault('hosts: {a: {address: 10.0.0.1, address6: 10.0.0.2}}', '3:44+8 `10.0.0.2` is no IPv6 address');
    fault('hosts: {a: {address: "::1"}}', '3:24+5 `::1` is no IPv4 address');
    for (const bad of ['::1', '::', 'fe80::1', 'ff02::1', '::ffff:10.0.0.1', '2001:db8::g']) {
      fault(`hosts: {a: {address6: "${bad}"}}`, `3:25+${bad.length + 2} \`${bad}\` is no IPv6 address`);
    }
    fault('hosts: {a: "2001:db8::1", b: {address6: "2001:DB8::1"}}', '3:43+13 Two hosts have the address 2001:db8::1.');
    fault('hosts: {a: {}}', '3:14+2 A host needs `address: 10.0.0.1`, `address6: 2001:db8::1` or both.');
    fault('hosts: [a]', '3:10+3 `topology.hosts` must be a mapping');
    fault('hosts: {a: 1.0.0.1, b: 1.0.0.2, c: 1.0.0.3}', '3:3+43 `topology` has more than two hosts');
    fault('nodes: {}', '3:3+5 `nodes` is no key of topology');
    const link = (rest: string) => `links:\n- {between: [client, server], ${rest}}`;
    fault(link('delay: 10'), '4:40+2 `topology.links[0].delay` must be a number with a unit (ns, us, ms, s)');
    fault(link('delay: -1ms'), '4:40+4');
    fault(link('dely: 1ms'), '4:33+4 `dely` is no key of a link');
    fault(link('rate: 0'), '4:39+1 A link rate must be above zero.');
    fault(link('rate: 1Gb/s'), '4:39+5 `topology.links[0].rate` must be a number with a unit (bit/s');
    fault(link('loss: 1.5'), '4:39+3 `topology.links[0].loss` must be a number from 0 to 1.');
    fault(link('reorder: 2'), '4:42+1 `topology.links[0].reorder` must be a number from 0 to 1.');
    fault(link('gap: 5'), '4:38+1 `gap` says which packets `reorder` is for: give that, too.');
    fault(link('jitter: 5'), '4:41+1 `topology.links[0].jitter` must be a number with a unit (ns, us, ms, s)');
    fault(link('loss: 1%'), '4:39+2');
    fault(link('queue: 0'), '4:40+1');
    fault(link('mtu: 67'), '4:38+2');
    fault('links: [{between: [client, nobody]}]', '3:30+6 `nobody` is no host; the hosts are: client, server.');
    fault('links: [{between: [client, client]}]', '3:21+16 A link joins two different hosts.');
    fault('links: [{between: [client]}]', '3:21+8 A link joins two different hosts.');
    fault('links: [{delay: 1ms}]', '3:11+12 A link needs `between: [host, host]`.');
    fault('links: [{between: [client, server]}, {between: [server, client]}]', '3:40+27 There are two links between');
  });
});
