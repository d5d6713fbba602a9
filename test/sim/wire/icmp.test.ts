/** ICMP messages to and from bytes, what they quote, and how they print: the lines are those of tcpdump 4.99.3 -n. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { flipped } from '../../../src/sim/base/bytes.ts';
import { parseAddress } from '../../../src/sim/wire/address.ts';
import { emitIcmp, ICMP4, ICMP6, parseIcmp, quotedSegment } from '../../../src/sim/wire/icmp.ts';
import { isMalformed } from '../../../src/sim/wire/malformed.ts';
import { icmp6Text, icmpText } from '../../../src/sim/wire/print-icmp.ts';
import { fromHex } from './captured.ts';

const address = (text: string) => {
  const found = parseAddress(text);
  assert.ok(found);
  return found;
};
const [ROUTER, CLIENT] = [address('10.0.0.254'), address('10.0.0.1')];
const [ROUTER6, CLIENT6] = [address('2001:db8::fe'), address('2001:db8::1')];
/** The first 8 bytes of a segment from port 40000 to port 80, sequence number 1000. */
const TCP = '9c400050000003e8';
/** Its packet from 10.0.0.1 to 10.0.0.2, and from 2001:db8::1 to 2001:db8::2. */
const QUOTE = fromHex(`4500001c00074000400626ca0a0000010a000002${TCP}`);
const QUOTE6 = fromHex(`600000000008064020010db800000000000000000000000120010db8000000000000000000000002${TCP}`);

const message = fc.record(
  { type: fc.nat(255), code: fc.nat(255), info: fc.nat(0xffffffff), rest: fc.uint8Array({ maxLength: 64 }) },
  { noNullPrototype: true },
);

describe('an ICMP message', () => {
  for (const [name, src, dst] of [
    ['IPv4', ROUTER, CLIENT],
    ['IPv6', ROUTER6, CLIENT6],
  ] as const) {
    it(`is read as it was written, in ${name}; a flipped bit is noticed`, () => {
      fc.assert(
        fc.property(message, fc.nat(), (icmp, at) => {
          const bytes = emitIcmp(icmp, src, dst);
          assert.deepEqual(parseIcmp(bytes, src, dst), icmp);
          const bad = parseIcmp(flipped(bytes, at % (bytes.length * 8)), src, dst);
          assert.ok(isMalformed(bad) && bad.malformed === 'icmp checksum');
        }),
      );
    });
  }

  it('counts the addresses in the checksum of IPv6, and not in that of IPv4', () => {
    const echo = { type: 8, code: 0, info: 1, rest: new Uint8Array(4) };
    assert.ok(!isMalformed(parseIcmp(emitIcmp(echo, ROUTER, CLIENT), CLIENT, CLIENT)));
    assert.ok(isMalformed(parseIcmp(emitIcmp(echo, ROUTER6, CLIENT6), CLIENT6, CLIENT6)));
  });

  it('shorter than its header is none', () => {
    assert.deepEqual(parseIcmp(new Uint8Array(7), ROUTER, CLIENT), { malformed: 'icmp truncated', at: 7 });
  });
});

describe('what an ICMP error quotes', () => {
  const quoted = (rest: Uint8Array) => quotedSegment({ type: 3, code: 0, info: 0, rest });
  it('names the segment: addresses, ports, sequence number', () => {
    const { src, dst, segment, ...rest } = quoted(QUOTE) ?? assert.fail();
    assert.deepEqual(segment, fromHex(TCP));
    assert.deepEqual([src.text, dst.text, rest], ['10.0.0.1', '10.0.0.2', { srcPort: 40000, dstPort: 80, seq: 1000 }]);
    const six = quoted(QUOTE6) ?? assert.fail();
    assert.deepEqual([six.src.text, six.dst.text, six.dstPort, six.seq], ['2001:db8::1', '2001:db8::2', 80, 1000]);
  });

  it('may be too little, of another protocol, or no packet at all', () => {
    const udp = QUOTE.slice();
    udp[9] = 17;
    for (const rest of [
      new Uint8Array(0),
      QUOTE.subarray(0, 27),
      QUOTE6.subarray(0, 47),
      udp,
      fromHex('ff'.repeat(60)),
    ]) {
      assert.equal(quoted(rest), undefined);
    }
  });
});

describe('the line of an ICMP message', () => {
  const bytes = (type: number, code: number, info = 0, rest: Uint8Array = QUOTE) =>
    emitIcmp({ type, code, info, rest }, ROUTER, CLIENT);

  it('is that of tcpdump for IPv4', () => {
    const { echo, echoReply, unreachable, timeExceeded, parameterProblem, sourceQuench } = ICMP4;
    const ping = new Uint8Array(8);
    /* biome-ignore format: a table */
    const LINES: [Uint8Array, string][] = [
      [bytes(echo, 0, 0x10002, ping),      'ICMP echo request, id 1, seq 2, length 16'],
      [bytes(echoReply, 0, 0x10002, ping), 'ICMP echo reply, id 1, seq 2, length 16'],
      [bytes(unreachable, 0),              'ICMP net 10.0.0.2 unreachable, length 36'],
      [bytes(unreachable, 1),              'ICMP host 10.0.0.2 unreachable, length 36'],
      [bytes(unreachable, 2),              'ICMP 10.0.0.2 protocol 6 unreachable, length 36'],
      [bytes(unreachable, 3),              'ICMP 10.0.0.2 tcp port 80 unreachable, length 36'],
      [bytes(unreachable, 4, 1400),        'ICMP 10.0.0.2 unreachable - need to frag (mtu 1400), length 36'],
      [bytes(unreachable, 4),              'ICMP 10.0.0.2 unreachable - need to frag, length 36'],
      [bytes(unreachable, 5),              'ICMP 10.0.0.2 unreachable - source route failed, length 36'],
      [bytes(unreachable, 6),              'ICMP net 10.0.0.2 unreachable - unknown, length 36'],
      [bytes(unreachable, 7),              'ICMP host 10.0.0.2 unreachable - unknown, length 36'],
      [bytes(unreachable, 8),              'ICMP 10.0.0.2 unreachable - source host isolated, length 36'],
      [bytes(unreachable, 9),              'ICMP net 10.0.0.2 unreachable - admin prohibited, length 36'],
      [bytes(unreachable, 10),             'ICMP host 10.0.0.2 unreachable - admin prohibited, length 36'],
      [bytes(unreachable, 11),             'ICMP net 10.0.0.2 unreachable - tos prohibited, length 36'],
      [bytes(unreachable, 12),             'ICMP host 10.0.0.2 unreachable - tos prohibited, length 36'],
      [bytes(unreachable, 13),             'ICMP host 10.0.0.2 unreachable - admin prohibited filter, length 36'],
      [bytes(unreachable, 14),             'ICMP host 10.0.0.2 unreachable - host precedence violation, length 36'],
      [bytes(unreachable, 15),             'ICMP host 10.0.0.2 unreachable - precedence cutoff, length 36'],
      [bytes(unreachable, 16),             'ICMP 10.0.0.2 unreachable - #16, length 36'],
      [bytes(timeExceeded, 0),             'ICMP time exceeded in-transit, length 36'],
      [bytes(timeExceeded, 1),             'ICMP ip reassembly time exceeded, length 36'],
      [bytes(sourceQuench, 0),             'ICMP source quench, length 36'],
      [bytes(parameterProblem, 0, 0x14000000), 'ICMP parameter problem - octet 20, length 36'],
      [bytes(parameterProblem, 1),         'ICMP parameter problem - code 1, length 36'],
      [bytes(unreachable, 0, 0, new Uint8Array(3)), ' [|icmp]'],
    ];
    for (const [message, line] of LINES) assert.equal(icmpText(message), line);
  });

  it('is that of tcpdump for IPv6', () => {
    const { echo, echoReply, unreachable, packetTooBig, timeExceeded, parameterProblem } = ICMP6;
    const six = (type: number, code: number, info = 0, rest = QUOTE6) => bytes(type, code, info, rest);
    /* biome-ignore format: a table */
    const LINES: [Uint8Array, string][] = [
      [six(echo, 0, 0x10002, new Uint8Array(8)),      'ICMP6, echo request, id 1, seq 2, length 16'],
      [six(echoReply, 0, 0x10002, new Uint8Array(8)), 'ICMP6, echo reply, id 1, seq 2, length 16'],
      [six(unreachable, 0),        'ICMP6, destination unreachable, unreachable route 2001:db8::2, length 56'],
      [six(unreachable, 1),        'ICMP6, destination unreachable,  unreachable prohibited 2001:db8::2, length 56'],
      [six(unreachable, 2),        'ICMP6, destination unreachable, beyond scope 2001:db8::2, source address 2001:db8::1, length 56'],
      [six(unreachable, 3),        'ICMP6, destination unreachable, unreachable address 2001:db8::2, length 56'],
      [six(unreachable, 4),        'ICMP6, destination unreachable, unreachable port, 2001:db8::2 tcp port 80, length 56'],
      [six(packetTooBig, 0, 1400), 'ICMP6, packet too big, mtu 1400, length 56'],
      [six(timeExceeded, 0),       'ICMP6, time exceeded in-transit for 2001:db8::2, length 56'],
      [six(timeExceeded, 1),       'ICMP6, time exceeded in-transit (reassembly), length 56'],
      [six(parameterProblem, 0, 6), 'ICMP6, parameter problem, erroneous - octet 6, length 56'],
      [six(parameterProblem, 1, 6), 'ICMP6, parameter problem, next header - octet 6, length 56'],
    ];
    for (const [message, line] of LINES) assert.equal(icmp6Text(message), line);
  });
});
