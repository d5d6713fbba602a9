import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wordSum } from '../../../src/sim/base/sum.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { checksum, foldChecksum, pseudoHeaderSum } from '../../../src/sim/wire/checksum.ts';
import { fromHex } from './captured.ts';

/** The definition, word by word with end-around carry. */
function reference(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return ~sum & 0xffff;
}

const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 200, maxLength: 1600 }));

describe('the Internet checksum', () => {
  it('is that of the example in RFC 1071 section 3', () => {
    assert.equal(foldChecksum(wordSum(fromHex('0001f203f4f5f6f7'), 0, 8)), ~0xddf2 & 0xffff);
  });

  it('agrees with the definition at any length, odd ones too', () => {
    fc.assert(fc.property(anyBytes, (bytes) => assert.equal(checksum(bytes, 0, bytes.length), reference(bytes))));
  });

  it('looks at its range alone, at any alignment', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(9), fc.nat(9), (bytes, before, after) => {
        const all = new Uint8Array(before + bytes.length + after).fill(0xa5);
        all.set(bytes, before);
        const view = all.subarray(before);
        assert.equal(checksum(all, before, before + bytes.length), reference(bytes));
        assert.equal(checksum(view, 0, bytes.length), reference(bytes));
      }),
    );
  });

  it('may be added up in parts of even length', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(), (bytes, n) => {
        const cut = bytes.length === 0 ? 0 : (n % bytes.length) & ~1;
        const first = wordSum(bytes, 0, cut);
        assert.equal(checksum(bytes, cut, bytes.length, first), reference(bytes));
      }),
    );
  });

  it('is exact for the largest packet of the largest words', () => {
    const bytes = new Uint8Array(65535).fill(0xff);
    assert.equal(checksum(bytes, 0, bytes.length, 5 * 0xffff), reference(bytes));
  });

  it('covers the pseudo header of either family, with a length of 32 bits', () => {
    for (const [src, dst] of [
      ['10.0.0.1', '192.168.0.2'],
      ['255.255.255.255', '255.255.255.255'],
      ['2001:db8::1', 'fe80::feed:face:cafe:f00d'],
    ] as const) {
      const [a, b] = [address(src), address(dst)];
      const header = Uint8Array.from([...a.bytes, ...b.bytes, 0, 1, 0, 2, 0, 0, 0, 58]);
      assert.equal(foldChecksum(pseudoHeaderSum(a, b, 58, 0x10002)), reference(header));
    }
  });
});
