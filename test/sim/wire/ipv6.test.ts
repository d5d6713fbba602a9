import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SimBug } from '../../../src/sim/base/bug.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { readField } from '../../../src/sim/wire/fields.ts';
import { emitIpv6, IPV6_FIELDS, type Ipv6Packet, parseIpv6, upperLayer } from '../../../src/sim/wire/ipv6.ts';
import { isMalformed } from '../../../src/sim/wire/malformed.ts';
import { anyIpv6 } from './arbitrary.ts';
import { CAPTURED_6, fromHex } from './captured.ts';

const PACKET: Ipv6Packet = {
  src: address('2001:db8::1'),
  dst: address('2001:db8::2'),
  nextHeader: 6,
  hopLimit: 64,
  dscp: 0x2e,
  ecn: 2,
  flowLabel: 0xf1029,
  payload: Uint8Array.of(1, 2, 3),
};

describe('an IPv6 packet', () => {
  it('comes back from its bytes', () => {
    fc.assert(fc.property(anyIpv6, (packet) => assert.deepEqual(parseIpv6(emitIpv6(packet)), packet)));
  });

  for (const { about, hex } of CAPTURED_6) {
    it(`as Linux sent it is written again to the byte: ${about}`, () => {
      const parsed = parseIpv6(fromHex(hex));
      assert.ok(!isMalformed(parsed));
      assert.equal(Buffer.from(emitIpv6(parsed)).toString('hex'), hex);
    });
  }

  it('says in its fields what it was made of', () => {
    fc.assert(
      fc.property(anyIpv6, (packet) => {
        const bytes = emitIpv6(packet);
        const fields = Object.fromEntries(IPV6_FIELDS.map((field) => [field.name, readField(bytes, 0, field)]));
        assert.equal(fields.version, 6);
        assert.equal(fields.DSCP, packet.dscp);
        assert.equal(fields.ECN, packet.ecn);
        assert.equal(fields['flow label'], packet.flowLabel);
        assert.equal(fields['payload length'], packet.payload.length);
        assert.equal(fields['next header'], packet.nextHeader);
        assert.equal(fields['hop limit'], packet.hopLimit);
      }),
    );
  });

  it('ends with its payload: padding of the link is not part of it', () => {
    assert.deepEqual(parseIpv6(Uint8Array.from([...emitIpv6(PACKET), 0, 0, 0])), PACKET);
  });

  it('is malformed when cut anywhere, and parsing never throws', () => {
    const bytes = emitIpv6(PACKET);
    for (let length = 0; length < bytes.length; length++) {
      const parsed = parseIpv6(bytes.subarray(0, length));
      assert.deepEqual(parsed, { malformed: length < 40 ? 'ipv6 truncated' : 'ipv6 payload', at: length });
    }
  });

  it('is malformed when it is of another version', () => {
    const bytes = emitIpv6(PACKET);
    bytes[0] = 0x45;
    assert.deepEqual(parseIpv6(bytes), { malformed: 'ipv6 version', at: 0 });
  });

  it('is not emitted from what its header cannot say', () => {
    assert.throws(() => emitIpv6({ ...PACKET, payload: new Uint8Array(65536) }), SimBug);
    assert.throws(() => emitIpv6({ ...PACKET, src: address('10.0.0.1') }), SimBug);
    assert.equal(emitIpv6({ ...PACKET, payload: new Uint8Array(65535) }).length, 65575);
  });
});

describe('what an IPv6 packet carries', () => {
  const carrying = (nextHeader: number, hex: string) => emitIpv6({ ...PACKET, nextHeader, payload: fromHex(hex) });

  it('begins after the header, or after the extension headers', () => {
    assert.deepEqual(upperLayer(carrying(6, '00')), { protocol: 6, at: 40 });
    assert.deepEqual(upperLayer(carrying(0, '0600010400000000ff')), { protocol: 6, at: 48 });
    assert.deepEqual(upperLayer(carrying(0, `3c00010400000000${'1101'}${'00'.repeat(14)}`)), { protocol: 17, at: 64 });
    assert.deepEqual(upperLayer(carrying(59, '')), { protocol: 59, at: 40 });
  });

  it('cannot be reached in a fragment, or behind an extension header that is cut', () => {
    assert.deepEqual(upperLayer(carrying(44, '0600000100000007')), { malformed: 'ipv6 fragment', at: 40 });
    assert.deepEqual(upperLayer(carrying(60, '0600')), { malformed: 'ipv6 extension', at: 40 });
    assert.deepEqual(upperLayer(carrying(60, '0601000000000000')), { malformed: 'ipv6 extension', at: 40 });
  });

  it('is found or not, but never outside the packet', () => {
    fc.assert(
      fc.property(anyIpv6, (packet) => {
        const bytes = emitIpv6(packet);
        const upper = upperLayer(bytes);
        assert.ok(upper.at >= 40 && upper.at <= bytes.length);
      }),
    );
  });
});
