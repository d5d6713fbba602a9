import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seq } from '../../../src/sim/base/seq.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { emitIpv4 } from '../../../src/sim/wire/ipv4.ts';
import { emitIpv6 } from '../../../src/sim/wire/ipv6.ts';
import { emitTcpIp } from '../../../src/sim/wire/packet.ts';
import { flagsText, optionText, packetFamily, packetText } from '../../../src/sim/wire/print.ts';
import { ACK, emitTcp, FIN, PSH, RST, type Segment, SYN, URG } from '../../../src/sim/wire/tcp.ts';
import { anyEnvelope, anyIpv6, anySegment } from './arbitrary.ts';
import { CAPTURED, CAPTURED_6, fromHex } from './captured.ts';

const src = address('10.0.0.1');
const dst = address('10.0.0.2');
const SYN_OPTIONS = { mss: 1460, sackPermitted: true, timestamps: { val: 1, ecr: 0 }, windowScale: 7 };
const EMPTY = new Uint8Array(0);
const SEGMENT: Segment = {
  srcPort: 40000,
  dstPort: 9999,
  seq: seq(1000),
  ack: seq(2000),
  flags: ACK,
  window: 100,
  urgent: 0,
  options: {},
  payload: EMPTY,
};
const print = (over: Partial<Segment>) => packetText(emitTcpIp({ ...SEGMENT, ...over }, { src, dst }));
const ENDS = '10.0.0.1.40000 > 10.0.0.2.9999:';

describe('the line of a packet is that of tcpdump', () => {
  for (const { about, hex, text } of CAPTURED) {
    it(`for what Linux sent: ${about}`, () => assert.equal(packetText(fromHex(hex)), text));
  }

  for (const { about, hex, text } of CAPTURED_6) {
    it(`for what Linux sent in IPv6: ${about}`, () => assert.equal(packetText(fromHex(hex)), text));
  }

  it('after the name of the version', () => {
    assert.equal(packetFamily(fromHex(CAPTURED[0]?.hex ?? '')), 'IP');
    assert.equal(packetFamily(fromHex(CAPTURED_6[0]?.hex ?? '')), 'IP6');
  });

  const PRINTED: [over: Partial<Segment>, text: string][] = [
    [
      { flags: SYN, options: SYN_OPTIONS },
      'Flags [S], seq 1000, win 100, options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0',
    ],
    [
      { flags: SYN | ACK, options: { mss: 536 } },
      'Flags [S.], seq 1000, ack 2000, win 100, options [mss 536], length 0',
    ],
    [{}, 'Flags [.], ack 2000, win 100, length 0'],
    [{ payload: new Uint8Array(5) }, 'Flags [.], seq 1000:1005, ack 2000, win 100, length 5'],
    [{ payload: new Uint8Array(5), seq: seq(2 ** 32 - 3) }, 'Flags [.], seq 4294967293:2, ack 2000, win 100, length 5'],
    [{ flags: FIN | PSH | ACK, payload: new Uint8Array(1) }, 'Flags [FP.], seq 1000:1001, ack 2000, win 100, length 1'],
    [{ flags: RST }, 'Flags [R], seq 1000, win 100, length 0'],
    [{ flags: 0, payload: new Uint8Array(5) }, 'Flags [none], seq 1000:1005, win 100, length 5'],
    [{ flags: 0xff, urgent: 7 }, 'Flags [FSRP.UEW], seq 1000, ack 2000, win 100, urg 7, length 0'],
  ];
  for (const [over, text] of PRINTED) it(text, () => assert.equal(print(over), `${ENDS} ${text}`));

  it('counts sequence numbers, acknowledgements and SACK blocks from a base when there is one', () => {
    const segment = { ...SEGMENT, payload: new Uint8Array(5), options: { sack: [{ left: seq(1), right: seq(11) }] } };
    const base = { seq: seq(999), ack: seq(2 ** 32 - 10) };
    assert.equal(
      packetText(emitTcpIp({ ...segment, ack: seq(1) }, { src, dst }), base),
      `${ENDS} Flags [.], seq 1:6, ack 11, win 100, options [nop,nop,sack 1 {11:21}], length 5`,
    );
    const syn = emitTcpIp({ ...SEGMENT, flags: SYN, seq: seq(999) }, { src, dst });
    assert.equal(packetText(syn, base), `${ENDS} Flags [S], seq 0, win 100, length 0`);
  });
});

describe('options in print', () => {
  const PRINTED: [hex: string, text: string][] = [
    ['00', 'eol'],
    ['01', 'nop'],
    ['63040102', 'unknown-99 0x0102'],
    ['6302', 'unknown-99'],
    ['ac05010203', 'unknown-172 0x010203'],
    ['050a0000000100000009', 'sack 1 {1:9}'],
    ['0506000000010101', 'sack invalid sack'],
    ['2202', 'tfo  cookiereq'],
    ['220601020304', 'tfo  cookie 01020304'],
    ['2205010203', 'tfo  (invalid)'],
    [`2214${'07'.repeat(18)}`, 'tfo  (invalid)'],
    [`2213${'07'.repeat(17)}`, 'tfo  (invalid)'],
    ['fe08f98901020304', 'exp-tfo cookie 01020304'],
    ['fe04f989', 'exp-tfo cookiereq'],
    ['fe0601020304', 'exp-0102'],
    ['fe0301', 'exp[bad opt]'],
    ['020301', 'mss 0x01[len 3]'],
    ['04040000', 'sackOK 0x0000[len 4]'],
    ['', '[bad opt]'],
  ];
  for (const [hex, text] of PRINTED) it(text, () => assert.equal(optionText(fromHex(hex)), text));

  it('end the list at an end-of-options byte and at a bad one', () => {
    const withOptions = (hex: string) => {
      const segment = emitTcp(
        { ...SEGMENT, options: { other: [{ kind: 99, data: new Uint8Array(hex.length / 2 - 2) }] } },
        src,
        dst,
      );
      segment.set(fromHex(hex), 20);
      return packetText(carrying(segment)).match(/options \[.*\], length \d+$/)?.[0];
    };
    assert.equal(withOptions('020405b400030307'), 'options [mss 1460,eol], length 0');
    assert.equal(withOptions('020405b463000101'), 'options [mss 1460,[bad opt]], length 0');
    assert.equal(withOptions('0204010263050102'), 'options [mss 258,[bad opt]], length 0');
    assert.equal(withOptions('0204010263040102'), 'options [mss 258,unknown-99 0x0102], length 0');
  });
});

const carrying = (payload: Uint8Array, over: object = {}) =>
  emitIpv4({
    src,
    dst,
    protocol: 6,
    ttl: 64,
    id: 5,
    dscp: 0,
    ecn: 0,
    df: false,
    mf: false,
    fragmentOffset: 0,
    options: EMPTY,
    payload,
    ...over,
  });

describe('a packet that is not whole is printed as far as it goes', () => {
  const whole = emitTcpIp(
    { ...SEGMENT, flags: SYN | ACK, options: SYN_OPTIONS, payload: new Uint8Array(5) },
    { src, dst },
  );
  const CUT: [length: number, text: string][] = [
    [0, '[|ip]'],
    [19, '[|ip]'],
    [20, 'truncated-ip - 45 bytes missing! 10.0.0.1 > 10.0.0.2: [|tcp]'],
    [23, 'truncated-ip - 42 bytes missing! 10.0.0.1 > 10.0.0.2: [|tcp]'],
    [24, `truncated-ip - 41 bytes missing! ${ENDS} [|tcp]`],
    [39, `truncated-ip - 26 bytes missing! ${ENDS} [|tcp]`],
    [
      42,
      `truncated-ip - 23 bytes missing! ${ENDS} Flags [S.], seq 1000:1005, ack 2000, win 100, options [[|tcp]], length 5`,
    ],
    [
      50,
      `truncated-ip - 15 bytes missing! ${ENDS} Flags [S.], seq 1000:1005, ack 2000, win 100, options [mss 1460,sackOK,[|tcp]], length 5`,
    ],
    [
      60,
      `truncated-ip - 5 bytes missing! ${ENDS} Flags [S.], seq 1000:1005, ack 2000, win 100, options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 5`,
    ],
  ];
  for (const [length, text] of CUT) {
    it(`${length} bytes`, () => assert.equal(packetText(whole.subarray(0, length)), text));
  }

  const withByte = (at: number, value: number) => Uint8Array.from(whole, (byte, i) => (i === at ? value : byte));
  const ODD: [what: string, bytes: Uint8Array, text: RegExp][] = [
    ['another version', withByte(0, 0x55), /^unknown ip 5$/],
    ['a short IP header', withByte(0, 0x44), /^bad-hlen 16$/],
    ['a long IP header', withByte(0, 0x4f).subarray(0, 45), /^truncated-ip - 20 bytes missing! \[\|ip\]$/],
    ['a total length inside the header', withByte(3, 10), /^bad-len 10$/],
    ['a wrong IP checksum', withByte(8, 63), /^bad ip cksum 26b5 \(->27b5\)! 10\.0\.0\.1\.40000 > /],
    [
      'a wrong TCP checksum',
      withByte(64, 1),
      /Flags \[S\.\], cksum 0x[0-9a-f]{4} \(incorrect -> 0x[0-9a-f]{4}\), seq /,
    ],
    ['a short TCP header', withByte(32, 0x40), / tcp 29 \[bad hdr length 16 - too short, < 20\]$/],
    ['a long TCP header', withByte(32, 0xf0), /: Flags \[S\.\] \[bad hdr length 60 - too long, > 45\]$/],
    ['another protocol', carrying(new Uint8Array(8), { protocol: 200 }), /^10\.0\.0\.1 > 10\.0\.0\.2: ip-proto-200 8$/],
    [
      'a later fragment',
      carrying(new Uint8Array(24), { fragmentOffset: 8 }),
      /^10\.0\.0\.1 > 10\.0\.0\.2: ip-proto-6 24$/,
    ],
    [
      'a first fragment: its checksum is not of it alone',
      carrying(whole.slice(20, 64), { mf: true }),
      /Flags \[S\.\], seq 1000:1004, /,
    ],
  ];
  for (const [what, bytes, text] of ODD) it(what, () => assert.match(packetText(bytes), text));

  it('whatever the bytes: a line without a break, and no error', () => {
    const damaged = fc.tuple(anySegment, anyEnvelope, fc.nat(), u8AndLength).map(([segment, ip, at, [byte, cut]]) => {
      const bytes = emitTcpIp(segment, ip);
      bytes[at % bytes.length] = byte;
      return bytes.subarray(0, bytes.length - (cut % bytes.length));
    });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        assert.match(packetText(bytes), /^[^\n]+$/);
        assert.doesNotMatch(packetText(bytes), /undefined|NaN/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an IPv6 packet that is out of the ordinary is printed as tcpdump does', () => {
  const syn = fromHex(CAPTURED_6[0]?.hex ?? '');
  const ENDS_6 = '2001:db8::1.40000 > 2001:db8::2.8080:';
  const HOSTS_6 = '2001:db8::1 > 2001:db8::2:';
  const OPTIONS = 'options [mss 1440,sackOK,TS val 1648610041 ecr 0,nop,wscale 10]';
  const FLAGS_SYN = `Flags [S], seq 624994005, win 64800, ${OPTIONS}, length 0`;
  const withByte = (at: number, value: number) => Uint8Array.from(syn, (byte, i) => (i === at ? value : byte));
  /** With an extension header before the segment. */
  const extended = (kind: number, hex: string, packet = syn) => {
    const header = fromHex(hex);
    header[0] = packet[6] as number;
    const out = Uint8Array.from([...packet.subarray(0, 40), ...header, ...packet.subarray(40)]);
    out[6] = kind;
    out[5] = (packet[5] as number) + header.length;
    return out;
  };
  const OPTION = '0000010400000000';
  const ODD: [what: string, bytes: Uint8Array, text: string][] = [
    ['a cut header', syn.subarray(0, 39), '[|ip6]'],
    ['nothing after the header', syn.subarray(0, 40), `truncated-ip6 - 40 bytes missing!${HOSTS_6} [|tcp]`],
    ['a part of the TCP header', syn.subarray(0, 44), `truncated-ip6 - 36 bytes missing!${ENDS_6} [|tcp]`],
    ['another protocol', withByte(6, 99), `${HOSTS_6} ip-proto-99 40`],
    ['no next header', withByte(6, 59), `${HOSTS_6} no next header`],
    ['hop-by-hop options', extended(0, OPTION), `${HOSTS_6} HBH 40000 > 8080: ${FLAGS_SYN}`],
    [
      'two extension headers',
      extended(0, OPTION, extended(60, OPTION)),
      `${HOSTS_6} HBH DSTOPT 40000 > 8080: ${FLAGS_SYN}`,
    ],
    ['an extension header beyond the end', extended(0, '0020010400000000'), `${HOSTS_6} [|hbhopt]`],
  ];
  for (const [what, bytes, text] of ODD) it(what, () => assert.equal(packetText(bytes), text));

  it('a wrong checksum is named', () => {
    assert.match(packetText(withByte(56, 0)), /Flags \[S\], cksum 0x0058 \(incorrect -> 0x3a58\), seq /);
  });

  it('whatever the bytes: a line without a break, and no error', () => {
    const bytes = fc.oneof(
      anyIpv6.map(emitIpv6),
      fc.tuple(fc.constant(syn), fc.nat(79), fc.nat(255), fc.nat(80)).map(([packet, at, value, length]) => {
        return Uint8Array.from(packet, (byte, i) => (i === at && i > 0 ? value : byte)).subarray(0, length);
      }),
    );
    fc.assert(
      fc.property(bytes, (packet) => {
        assert.match(packetText(packet), /^[^\n]+$/);
        assert.doesNotMatch(packetText(packet), /undefined|NaN/);
      }),
      { numRuns: 1000 },
    );
  });
});

const u8AndLength = fc.tuple(fc.nat(255), fc.nat());

describe('control bits in print', () => {
  it('stand in the order of tcpdump', () => assert.equal(flagsText(FIN | SYN | URG | ACK), 'FS.U'));
  it('say none when there is none', () => assert.equal(flagsText(0), 'none'));
});
