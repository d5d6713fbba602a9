import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import fc from 'fast-check';
import { loopbackOnly, pack, Refused, unpack } from '../../src/loopback/sockaddr.ts';

const admit = (addr: string, port = 80) => loopbackOnly('connect', { addr, port }, '127.0.0.2', () => undefined);

/** The bytes as C lays them out on a machine that puts the low byte first. */
const hex = (bytes: Uint8Array): string => {
  const family = endianness() === 'LE' ? bytes.subarray(0, 2) : bytes.subarray(0, 2).toReversed();
  return Buffer.concat([family, bytes.subarray(2)]).toString('hex');
};

describe('socket addresses in C', () => {
  it('struct sockaddr_in: family, port, address, eight zeros', () => {
    assert.equal(hex(pack({ addr: '127.0.0.1', port: 8080 })), '02001f907f0000010000000000000000');
    assert.equal(hex(pack({ addr: '127.255.254.253', port: 65_535 })), '0200ffff7ffffefd0000000000000000');
  });

  it('struct sockaddr_in6: family, port, flow, address, scope', () => {
    assert.equal(
      hex(pack({ addr: '::1', port: 80 })),
      '0a00005000000000' + '00000000000000000000000000000001' + '00000000',
    );
  });

  it('struct sockaddr_in6 of a mapped address', () => {
    assert.equal(
      hex(pack({ addr: '::ffff:127.0.0.2', port: 80 })),
      '0a00005000000000' + '00000000000000000000ffff7f000002' + '00000000',
    );
  });

  it('come back as they went', () => {
    const byte = fc.nat(255);
    const loopback = fc.oneof(
      fc.tuple(byte, byte, byte).map(([a, b, c]) => `127.${a}.${b}.${c}`),
      fc.constant('::1'),
      fc.tuple(byte, byte, byte).map(([a, b, c]) => `::ffff:127.${a}.${b}.${c}`),
    );
    fc.assert(
      fc.property(loopback, fc.nat(65_535), (addr, port) => {
        assert.deepEqual(unpack(pack({ addr, port })), { addr, port });
      }),
    );
  });
});

describe('the rule of the loopback', () => {
  it('lets 127.0.0.0/8, mapped or not, and ::1 through as they are', () => {
    for (const addr of ['127.0.0.1', '127.1.2.3', '127.255.255.255', '::1', '::ffff:127.0.0.1']) {
      assert.deepEqual(admit(addr), { addr, port: 80 });
    }
  });

  it('narrows the wildcards', () => {
    assert.deepEqual(admit('0.0.0.0', 0), { addr: '127.0.0.2', port: 0 });
    assert.deepEqual(admit('::'), { addr: '::1', port: 80 });
  });

  it('nothing else passes, however it is written', () => {
    const odd = ['127.1', '127.0.0.256', '127.0.0.1.5', '127.0.0.1 ', '127.0.0.01', '0x7f.0.0.1', '2130706433', '::2'];
    for (const addr of [
      ...odd,
      '::ffff:128.0.0.1',
      '::ffff:127.1',
      '::FFFF:127.0.0.1',
      '[::1]',
      '128.0.0.1',
      '126.255.255.255',
    ]) {
      assert.throws(() => admit(addr), Refused, addr);
    }
    const quad = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((bytes) => bytes.join('.'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), quad, fc.ipV4Extended(), fc.ipV6()), (addr) => {
        let passed: string;
        try {
          passed = admit(addr).addr;
        } catch (error) {
          return error instanceof Refused;
        }
        return passed === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(passed);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a family that the address is not of', () => {
    for (const [family, addr] of [
      [2, '::1'],
      [10, '127.0.0.1'],
      [0, '127.0.0.1'],
    ] as const) {
      assert.throws(() => loopbackOnly('connect', { family, addr, port: 80 }, '127.0.0.1', () => undefined), Refused);
    }
  });

  it('refuses ports that two bytes cannot hold', () => {
    for (const port of [-1, 65_536, 1.5, Number.NaN]) assert.throws(() => admit('127.0.0.1', port), /is no port/);
  });
});
