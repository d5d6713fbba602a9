import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SimBug } from '../../../src/sim/base/bug.ts';
import { seq } from '../../../src/sim/base/seq.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { checksum } from '../../../src/sim/wire/checksum.ts';
import { readField } from '../../../src/sim/wire/fields.ts';
import { emitIpv4, IPV4_HEADER, parseIpv4 } from '../../../src/sim/wire/ipv4.ts';
import { emitIpv6 } from '../../../src/sim/wire/ipv6.ts';
import { isMalformed, MALFORMATIONS } from '../../../src/sim/wire/malformed.ts';
import { emitTcpIp, parseTcpIp } from '../../../src/sim/wire/packet.ts';
import {
  ACK,
  emitTcp,
  FIN,
  FLAGS,
  parseTcp,
  type Segment,
  SYN,
  segmentLength,
  TCP_FIELDS,
} from '../../../src/sim/wire/tcp.ts';
import { anyEnvelope, anyEnvelope4, anyEnvelope6, anySegment } from './arbitrary.ts';
import { CAPTURED, CAPTURED_6, fromHex } from './captured.ts';

const src = address('10.0.0.1');
const dst = address('10.0.0.2');
const SEGMENT: Segment = {
  srcPort: 40000,
  dstPort: 8080,
  seq: seq(2 ** 32 - 3),
  ack: seq(1),
  flags: ACK,
  window: 64240,
  urgent: 0,
  options: { timestamps: { val: 1, ecr: 2 } },
  payload: Uint8Array.from([1, 2, 3, 4, 5]),
};

const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));

describe('a TCP segment', () => {
  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(anySegment, anyEnvelope, (segment, { src: a, dst: b }) => {
        assert.deepEqual(parseTcp(emitTcp(segment, a, b), a, b), segment);
      }),
    );
  });

  it('says in its fields what it was made of', () => {
    fc.assert(
      fc.property(anySegment, (segment) => {
        const bytes = emitTcp(segment, src, dst);
        const fields = Object.fromEntries(TCP_FIELDS.map((field) => [field.name, readField(bytes, 0, field)]));
        assert.equal(fields['source port'], segment.srcPort);
        assert.equal(fields['destination port'], segment.dstPort);
        assert.equal(seq(fields['sequence number'] as number), segment.seq);
        assert.equal(seq(fields.acknowledgement as number), segment.ack);
        assert.equal((fields['data offset'] as number) * 4, bytes.length - segment.payload.length);
        assert.equal(fields.reserved, 0);
        assert.equal(fields.window, segment.window);
        assert.equal(fields['urgent pointer'], segment.urgent);
        for (const { name, bit } of FLAGS) assert.equal(fields[name], segment.flags & bit ? 1 : 0, name);
      }),
    );
  });

  it('takes one of sequence space for SYN and for FIN', () => {
    assert.equal(segmentLength(SEGMENT), 5);
    assert.equal(segmentLength({ ...SEGMENT, flags: SYN | FIN }), 7);
  });

  it('is malformed when cut anywhere, and parsing never throws', () => {
    const bytes = emitTcp(SEGMENT, src, dst);
    for (let length = 0; length < bytes.length; length++) {
      const parsed = parseTcp(bytes.subarray(0, length), src, dst);
      assert.ok(isMalformed(parsed), `${length} bytes`);
      const what = length < 20 ? 'tcp truncated' : length < 32 ? 'tcp options' : 'tcp checksum';
      assert.equal(parsed.malformed, what);
    }
  });

  it('is malformed when its data offset is below five words', () => {
    const bytes = emitTcp(SEGMENT, src, dst);
    bytes[12] = 0x40;
    assert.deepEqual(parseTcp(bytes, src, dst), { malformed: 'tcp data offset', at: 12 });
  });

  it('is malformed under another address, with a checksum over the pseudo header', () => {
    assert.ok(isMalformed(parseTcp(emitTcp(SEGMENT, src, dst), src, address('10.0.0.3'))));
  });

  it('is not emitted with more than 40 bytes of options', () => {
    const block = { left: seq(1), right: seq(2) };
    const options = { ...SEGMENT.options, sack: [block, block, block, block] };
    assert.throws(() => emitTcp({ ...SEGMENT, options }, src, dst), SimBug);
  });
});

describe('a TCP segment in an IP packet', () => {
  it('comes back with its envelope, and knows its congestion mark', () => {
    fc.assert(
      fc.property(anySegment, anyEnvelope, (segment, ip) => {
        const marked = ip.ecn === 0 ? segment : { ...segment, ecn: ip.ecn };
        assert.deepEqual(parseTcpIp(emitTcpIp(segment, ip)), { ip, segment: marked });
      }),
    );
  });

  it('has the bytes of the two codecs one after the other', () => {
    fc.assert(
      fc.property(anySegment, anyEnvelope6, (segment, ip) => {
        const payload = emitTcp(segment, ip.src, ip.dst);
        const packet = emitIpv6({ ...ip, nextHeader: 6, hopLimit: ip.ttl, payload });
        assert.deepEqual(emitTcpIp(segment, ip), packet);
      }),
    );
    fc.assert(
      fc.property(anySegment, anyEnvelope4, (segment, { flowLabel: _, ...ip }) => {
        const payload = emitTcp(segment, ip.src, ip.dst);
        const options = new Uint8Array(0);
        const packet = { ...ip, protocol: 6, mf: false, fragmentOffset: 0, options, payload };
        assert.deepEqual(emitTcpIp(segment, ip), emitIpv4(packet));
        assert.deepEqual(parseIpv4(emitTcpIp(segment, ip)), packet);
      }),
    );
  });

  it('is by default a whole packet with DF and a TTL of 64', () => {
    const parsed = parseTcpIp(emitTcpIp(SEGMENT, { src, dst }));
    assert.ok(!isMalformed(parsed));
    assert.deepEqual(parsed.ip, { src, dst, id: 0, ttl: 64, dscp: 0, ecn: 0, df: true, flowLabel: 0 });
  });

  it('is malformed when any single bit is flipped', () => {
    fc.assert(
      fc.property(anySegment, anyEnvelope4, fc.nat(), (segment, ip, n) => {
        const bytes = emitTcpIp(segment, ip);
        assert.ok(isMalformed(parseTcpIp(flip(bytes, n % (bytes.length * 8)))));
      }),
      { numRuns: 500 },
    );
    const bytes = emitTcpIp(SEGMENT, { src, dst });
    for (let bit = 0; bit < bytes.length * 8; bit++) assert.ok(isMalformed(parseTcpIp(flip(bytes, bit))), `bit ${bit}`);
  });

  it('is malformed when cut anywhere', () => {
    const bytes = emitTcpIp(SEGMENT, { src, dst });
    for (let length = 0; length < bytes.length; length++) {
      const parsed = parseTcpIp(bytes.subarray(0, length));
      assert.ok(isMalformed(parsed) && parsed.at === length, `${length} bytes`);
    }
  });

  it('never throws, whatever the bytes, and gives only known reasons', () => {
    const anything = fc.uint8Array({ maxLength: 80 });
    // Every other one gets a header that holds, so that the checks of TCP are reached
    const framed = anything.map((payload) =>
      emitIpv4({
        src,
        dst,
        protocol: 6,
        ttl: 1,
        id: 0,
        dscp: 0,
        ecn: 0,
        df: false,
        mf: false,
        fragmentOffset: 0,
        options: new Uint8Array(0),
        payload,
      }),
    );
    fc.assert(
      fc.property(fc.oneof(anything, framed), (bytes) => {
        const parsed = parseTcpIp(bytes);
        if (isMalformed(parsed)) assert.ok(parsed.malformed in MALFORMATIONS && parsed.at <= bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  const rebuilt = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = emitTcpIp(SEGMENT, { src, dst });
    change(bytes);
    bytes[10] = bytes[11] = 0;
    const sum = checksum(bytes, 0, IPV4_HEADER);
    bytes[10] = sum >> 8;
    bytes[11] = sum & 255;
    return bytes;
  };
  const BAD: [what: string, bytes: Uint8Array, malformed: string, at: number][] = [
    [
      'another protocol',
      rebuilt((b) => {
        b[9] = 17;
      }),
      'ipv4 protocol',
      9,
    ],
    [
      'more fragments to come',
      rebuilt((b) => {
        b[6] = 0x20;
      }),
      'ipv4 fragment',
      6,
    ],
    [
      'a fragment offset',
      rebuilt((b) => {
        b[7] = 1;
      }),
      'ipv4 fragment',
      6,
    ],
    [
      'a short TCP header',
      rebuilt((b) => {
        b[3] = 39;
      }),
      'tcp truncated',
      39,
    ],
    [
      'a bad TCP checksum',
      rebuilt((b) => {
        b[56] = 0;
      }),
      'tcp checksum',
      36,
    ],
  ];
  for (const [what, bytes, malformed, at] of BAD) {
    it(`with ${what}: ${malformed}`, () => assert.deepEqual(parseTcpIp(bytes.slice()), { malformed, at }));
  }
});

describe('what Linux sent', () => {
  for (const { about, hex } of [...CAPTURED, ...CAPTURED_6]) {
    it(`is emitted again byte for byte: ${about}`, () => {
      const parsed = parseTcpIp(fromHex(hex));
      assert.ok(!isMalformed(parsed));
      assert.equal(Buffer.from(emitTcpIp(parsed.segment, parsed.ip)).toString('hex'), hex);
    });
  }

  it('reads as what it is: a SYN', () => {
    const syn = parseTcpIp(fromHex(CAPTURED[0]?.hex ?? ''));
    assert.deepEqual(syn, {
      ip: { src, dst, id: 10073, ttl: 64, dscp: 0, ecn: 0, df: true, flowLabel: 0 },
      segment: {
        srcPort: 40000,
        dstPort: 8080,
        seq: seq(698729078),
        ack: seq(0),
        flags: SYN,
        window: 64240,
        urgent: 0,
        options: { mss: 1460, sackPermitted: true, timestamps: { val: 3444851600, ecr: 0 }, windowScale: 10 },
        payload: new Uint8Array(0),
      },
    });
  });
});
