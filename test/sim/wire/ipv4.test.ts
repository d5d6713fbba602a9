import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SimBug } from '../../../src/sim/base/bug.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { checksum } from '../../../src/sim/wire/checksum.ts';
import { readField } from '../../../src/sim/wire/fields.ts';
import { emitIpv4, IPV4_FIELDS, type Ipv4Packet, parseIpv4 } from '../../../src/sim/wire/ipv4.ts';
import { isMalformed } from '../../../src/sim/wire/malformed.ts';
import { anyIpv4 } from './arbitrary.ts';

const PACKET: Ipv4Packet = {
  src: address('10.0.0.1'),
  dst: address('10.0.0.2'),
  protocol: 6,
  ttl: 64,
  id: 0x1c46,
  dscp: 0,
  ecn: 0,
  df: true,
  mf: false,
  fragmentOffset: 0,
  options: new Uint8Array(0),
  payload: Uint8Array.from([1, 2, 3]),
};

/** The bytes of {@link PACKET} with one byte set; the checksum is made right again unless it is the byte. */
function withByte(at: number, value: number): Uint8Array {
  const bytes = emitIpv4(PACKET);
  bytes[at] = value;
  if (at !== 10) {
    bytes[10] = bytes[11] = 0;
    const sum = checksum(bytes, 0, Math.min(((bytes[0] as number) & 15) * 4, bytes.length));
    bytes[10] = sum >> 8;
    bytes[11] = sum & 255;
  }
  return bytes;
}

describe('an IPv4 packet', () => {
  it('comes back from its bytes', () => {
    fc.assert(fc.property(anyIpv4, (packet) => assert.deepEqual(parseIpv4(emitIpv4(packet)), packet)));
  });

  it('says in its fields what it was made of', () => {
    fc.assert(
      fc.property(anyIpv4, (packet) => {
        const bytes = emitIpv4(packet);
        const fields = Object.fromEntries(IPV4_FIELDS.map((field) => [field.name, readField(bytes, 0, field)]));
        assert.equal(fields.version, 4);
        assert.equal(fields.IHL, 5 + packet.options.length / 4);
        assert.equal(fields.DSCP, packet.dscp);
        assert.equal(fields.ECN, packet.ecn);
        assert.equal(fields['total length'], bytes.length);
        assert.equal(fields.identification, packet.id);
        assert.equal(fields.DF, Number(packet.df));
        assert.equal(fields.MF, Number(packet.mf));
        assert.equal(fields['fragment offset'], packet.fragmentOffset / 8);
        assert.equal(fields.TTL, packet.ttl);
        assert.equal(fields.protocol, packet.protocol);
        assert.equal(fields.source, packet.src.word);
        assert.equal(fields.destination, packet.dst.word);
      }),
    );
  });

  it('ends at its total length: padding of the link is not payload', () => {
    const padded = Uint8Array.from([...emitIpv4(PACKET), 0, 0, 0]);
    assert.deepEqual(parseIpv4(padded), PACKET);
  });

  it('is malformed when cut anywhere, and parsing never throws', () => {
    const bytes = emitIpv4({ ...PACKET, options: Uint8Array.from([1, 1, 1, 0]) });
    for (let length = 0; length < bytes.length; length++) {
      const parsed = parseIpv4(bytes.subarray(0, length));
      assert.ok(isMalformed(parsed), `${length} bytes`);
      assert.equal(parsed.malformed, length < 24 ? 'ipv4 truncated' : 'ipv4 payload');
      assert.equal(parsed.at, length);
    }
  });

  it('is malformed when any bit of its header is flipped', () => {
    fc.assert(
      fc.property(anyIpv4, fc.nat(), (packet, n) => {
        const bytes = emitIpv4(packet);
        const bit = n % ((20 + packet.options.length) * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (0x80 >> (bit & 7));
        assert.ok(isMalformed(parseIpv4(bytes)), `bit ${bit}`);
      }),
    );
  });

  const BAD: [what: string, bytes: Uint8Array, malformed: string, at: number][] = [
    ['another version', withByte(0, 0x65), 'ipv4 version', 0],
    ['a header of four words', withByte(0, 0x44), 'ipv4 header length', 0],
    ['a header longer than the packet', withByte(0, 0x4f), 'ipv4 truncated', 23],
    ['a wrong checksum', withByte(10, 0xff), 'ipv4 checksum', 10],
    ['a total length inside the header', withByte(3, 19), 'ipv4 total length', 2],
    ['a total length beyond the end', withByte(3, 24), 'ipv4 payload', 23],
  ];
  for (const [what, bytes, malformed, at] of BAD) {
    it(`with ${what}: ${malformed}`, () => assert.deepEqual(parseIpv4(bytes), { malformed, at }));
  }

  it('is not emitted from lengths that its header cannot say', () => {
    assert.throws(() => emitIpv4({ ...PACKET, options: new Uint8Array(3) }), SimBug);
    assert.throws(() => emitIpv4({ ...PACKET, options: new Uint8Array(44) }), SimBug);
    assert.throws(() => emitIpv4({ ...PACKET, payload: new Uint8Array(65516) }), SimBug);
    assert.throws(() => emitIpv4({ ...PACKET, fragmentOffset: 4 }), SimBug);
    assert.throws(() => emitIpv4({ ...PACKET, dst: address('2001:db8::1') }), SimBug);
    assert.equal(emitIpv4({ ...PACKET, payload: new Uint8Array(65515) }).length, 65535);
  });
});
