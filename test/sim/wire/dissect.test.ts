import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dissect } from '../../../src/sim/wire/dissect.ts';
import { emitIpv6 } from '../../../src/sim/wire/ipv6.ts';
import { emitTcpIp } from '../../../src/sim/wire/packet.ts';
import { anyEnvelope, anyIpv6, anySegment } from './arbitrary.ts';
import { CAPTURED, CAPTURED_6, fromHex } from './captured.ts';

/** Fails unless the spans name every bit of the bytes, in order and once. */
function assertCovers(bytes: Uint8Array): void {
  let bit = 0;
  for (const span of dissect(bytes)) {
    assert.equal(span.bit, bit, span.name);
    assert.ok(span.bits > 0 && span.text !== '' && span.about !== '', span.name);
    bit += span.bits;
  }
  assert.equal(bit, bytes.length * 8);
}

describe('a packet taken apart', () => {
  it('names every bit once, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), assertCovers), { numRuns: 1000 });
    fc.assert(
      fc.property(anyIpv6, (packet) => assertCovers(emitIpv6(packet))),
      { numRuns: 1000 },
    );
  });

  it('names every bit once, cut anywhere', () => {
    for (const { hex } of [...CAPTURED, ...CAPTURED_6]) {
      const bytes = fromHex(hex);
      for (let length = 0; length <= bytes.length; length++) assertCovers(bytes.subarray(0, length));
    }
  });

  it('names every bit once, padded or not', () => {
    fc.assert(
      fc.property(anySegment, anyEnvelope, fc.nat(8), (segment, ip, pad) => {
        assertCovers(Uint8Array.from([...emitTcpIp(segment, ip), ...new Uint8Array(pad)]));
      }),
    );
  });

  it('shows each value as people write it', () => {
    const spans = dissect(fromHex(CAPTURED[0]?.hex ?? ''));
    const text = Object.fromEntries(spans.map((span) => [`${span.layer} ${span.name}`, span.text]));
    assert.equal(text['IPv4 source'], '10.0.0.1');
    assert.equal(text['IPv4 header checksum'], '0xff60');
    assert.equal(text['IPv4 TTL'], '64');
    assert.equal(text['TCP SYN'], '1');
    assert.equal(text['TCP window'], '64240');
    assert.equal(text['TCP mss'], 'mss 1460');
    assert.equal(text['TCP wscale'], 'wscale 10');
  });

  it('shows IPv6 addresses as people write them', () => {
    const spans = dissect(fromHex(CAPTURED_6[0]?.hex ?? ''));
    const text = Object.fromEntries(spans.map((span) => [`${span.layer} ${span.name}`, span.text]));
    assert.equal(text['IPv6 source'], '2001:db8::1');
    assert.equal(text['IPv6 flow label'], '0xf1029');
    assert.equal(text['TCP mss'], 'mss 1440');
  });

  it('tells data from padding', () => {
    const packet = fromHex(CAPTURED[5]?.hex ?? '');
    const rest = dissect(Uint8Array.from([...packet, 0, 0, 0])).filter((span) => span.layer === 'data');
    assert.deepEqual(
      rest.map(({ name, bit, text }) => [name, bit, text]),
      [
        ['payload', 320, '3 bytes'],
        ['padding', 344, '3 bytes'],
      ],
    );
  });

  it('keeps the bytes of a field that is cut together', () => {
    const cut = dissect(fromHex('45000034397f40')).at(-1);
    assert.deepEqual([cut?.name, cut?.bit, cut?.bits], ['cut', 48, 8]);
  });
});
