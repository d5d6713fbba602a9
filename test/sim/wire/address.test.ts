import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { SimBug } from '../../../src/sim/base/bug.ts';
import {
  type Address,
  ANY4,
  ANY6,
  address,
  address4,
  addressAt,
  commonPrefix,
  endpointText,
  isAny,
  isBroadcast,
  isLinkLocal,
  isLoopback,
  isMapped,
  isMulticast,
  LOOPBACK4,
  LOOPBACK6,
  mapped,
  parseAddress,
  unmapped,
} from '../../../src/sim/wire/address.ts';
import { anyAddress, anyAddress4, anyAddress6, u32 } from './arbitrary.ts';

describe('an address', () => {
  it('is one object, however it was come by', () => {
    assert.equal(address('10.0.0.1'), address4(0x0a000001));
    assert.equal(address('2001:DB8:0::0:1'), address('2001:db8::1'));
    assert.equal(addressAt(Uint8Array.of(9, 10, 0, 0, 1), 1, 4), address('10.0.0.1'));
    assert.notEqual(address('::ffff:10.0.0.1'), address('10.0.0.1'));
    fc.assert(fc.property(u32, (word) => assert.equal(address4(word), address4(word))));
  });

  it('comes back from its text and from its bytes', () => {
    fc.assert(
      fc.property(anyAddress, (a) => {
        assert.equal(parseAddress(a.text), a);
        assert.equal(addressAt(a.bytes, 0, a.family), a);
        assert.equal(a.bytes.length, a.family === 4 ? 4 : 16);
      }),
    );
  });

  it('has an id that no other has', () => {
    fc.assert(fc.property(anyAddress, anyAddress, (a, b) => assert.equal(a.id === b.id, a === b)));
  });

  it('keeps no hold of the bytes that it was read from', () => {
    const bytes = Uint8Array.from(address('2001:db8::77:1').bytes);
    bytes[15] = 99;
    const read = addressAt(bytes, 0, 6);
    bytes[15] = 1;
    assert.equal(read, address('2001:db8::77:63'));
    assert.equal(read.text, '2001:db8::77:63');
  });
});

// what inet_pton(3) and inet_ntop(3) of glibc make of them; undefined: no address
const TEXTS: [text: string, canonical: string | undefined][] = [
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::00a0', '2001:db8::a0'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
  ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::1:2:3:4:5:6:7', '0:1:2:3:4:5:6:7'],
  ['0:0:1:0:0:2:3:4', '::1:0:0:2:3:4'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['0:0:0:0:0:ffff:102:304', '::ffff:1.2.3.4'],
  ['::ffff:0:0', '::ffff:0.0.0.0'],
  ['::fffe:1.2.3.4', '::fffe:102:304'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ['::2:1', '::0.2.0.1'],
  ['::0.0.1.0', '::100'],
  ['::1:2:3', '::1:2:3'],
  ['', undefined],
  [':', undefined],
  [':::', undefined],
  ['1:::2', undefined],
  ['1::2::3', undefined],
  [':1', undefined],
  ['1:', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7:8::', undefined],
  ['::1:2:3:4:5:6:7:8', undefined],
  ['1:2:3:4::5:6:7:8', undefined],
  ['1:2:3:4:5:6:7:1.2.3.4', undefined],
  ['::1.2.3', undefined],
  ['::01.2.3.4', undefined],
  ['::1.2.3.4:5', undefined],
  ['1.2.3.4::', undefined],
  ['::00001', undefined],
  ['::g', undefined],
  ['::1%lo', undefined],
  ['[::1]', undefined],
  [' ::1', undefined],
  ['10.0.0', undefined],
  ['10.0.0.1.2', undefined],
  ['256.0.0.1', undefined],
  ['10.0.0.01', undefined],
  ['10.0.0.', undefined],
  ['10..0.1', undefined],
  [' 10.0.0.1', undefined],
  ['10.0.0.1 ', undefined],
  ['0x0a.0.0.1', undefined],
  ['-1.0.0.0', undefined],
  ['1e1.0.0.0', undefined],
  ['10.0.0.1\n', undefined],
  ['localhost', undefined],
];

describe('the text of an address', () => {
  for (const [text, canonical] of TEXTS) {
    it(`${JSON.stringify(text)} is ${canonical ?? 'none'}`, () => {
      assert.equal(parseAddress(text)?.text, canonical);
      if (canonical === undefined) assert.throws(() => address(text), SimBug);
    });
  }

  it('is taken exactly when it is one', () => {
    const pieces = fc.constantFrom(
      '0',
      '1',
      'ffff',
      'a0',
      ':',
      '::',
      '.',
      '10',
      '255',
      '256',
      '00',
      'g',
      '1.2.3.4',
      '',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 17 }), (parts) => {
        const text = parts.join('');
        assert.equal(parseAddress(text) !== undefined, isIPv4(text) || isIPv6(text), text);
      }),
      { numRuns: 2000 },
    );
  });

  it('with a port stands in brackets when it has colons', () => {
    assert.equal(endpointText(address('10.0.0.1'), 80), '10.0.0.1:80');
    assert.equal(endpointText(address('2001:db8::1'), 80), '[2001:db8::1]:80');
  });
});

describe('kinds of addresses', () => {
  const KINDS: Record<string, (a: Address) => boolean> = {
    any: isAny,
    loopback: isLoopback,
    'link-local': isLinkLocal,
    multicast: isMulticast,
    broadcast: isBroadcast,
    mapped: isMapped,
  };
  const KIND_OF: [text: string, ...kinds: string[]][] = [
    ['0.0.0.0', 'any'],
    ['::', 'any'],
    ['127.0.0.1', 'loopback'],
    ['127.255.3.4', 'loopback'],
    ['::1', 'loopback'],
    ['::2'],
    ['169.254.1.1', 'link-local'],
    ['169.253.1.1'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1'],
    ['223.255.255.255'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1'],
    ['255.255.255.255', 'broadcast'],
    ['ff02::1', 'multicast'],
    ['::ffff:127.0.0.1', 'mapped'],
    ['::fffe:127.0.0.1'],
    ['2001:db8::1'],
  ];
  for (const [text, ...kinds] of KIND_OF) {
    it(`${text} is ${kinds.join(', ') || 'unicast'}`, () => {
      const found = Object.keys(KINDS).filter((kind) => KINDS[kind]?.(address(text)));
      assert.deepEqual(found, kinds);
    });
  }

  it('the constants are what they are called', () => {
    assert.deepEqual(
      [ANY4, ANY6, LOOPBACK4, LOOPBACK6].map(({ text }) => text),
      ['0.0.0.0', '::', '127.0.0.1', '::1'],
    );
  });
});

describe('an IPv4 address mapped into IPv6', () => {
  it('comes back', () => {
    assert.equal(mapped(address('10.0.0.1')).text, '::ffff:10.0.0.1');
    fc.assert(fc.property(anyAddress4, (a) => assert.equal(unmapped(mapped(a)), a)));
  });

  it('is the only kind that is changed', () => {
    fc.assert(
      fc.property(anyAddress6, (a) => {
        assert.equal(mapped(a), a);
        assert.equal(unmapped(a) === a, !isMapped(a));
      }),
    );
    assert.equal(unmapped(ANY4), ANY4);
  });
});

describe('the common prefix of two addresses', () => {
  const SHARED: [string, string, number][] = [
    ['10.0.0.1', '10.0.0.1', 32],
    ['10.0.0.1', '10.0.0.2', 30],
    ['10.0.0.1', '138.0.0.1', 0],
    ['2001:db8::1', '2001:db8::1', 128],
    ['2001:db8::1', '2001:db8:0:1::1', 63],
    ['10.0.0.1', '::ffff:10.0.0.1', 0],
  ];
  for (const [a, b, bits] of SHARED) {
    it(`of ${a} and ${b} has ${bits} bits`, () => assert.equal(commonPrefix(address(a), address(b)), bits));
  }
});
