import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seq } from '../../../src/sim/base/seq.ts';
import {
  optionLength,
  parseTcpOptions,
  TCP_OPTIONS,
  type TcpOptions,
  tcpOptionsLength,
  writeTcpOptions,
} from '../../../src/sim/wire/tcp-options.ts';
import { anyOptions } from './arbitrary.ts';
import { fromHex } from './captured.ts';

const emit = (options: TcpOptions): string => {
  const out = new Uint8Array(tcpOptionsLength(options));
  writeTcpOptions(out, 0, options);
  return Buffer.from(out).toString('hex');
};
const parse = (hex: string): TcpOptions => parseTcpOptions(fromHex(hex), 0, hex.length / 2);

const TS = { timestamps: { val: 1, ecr: 2 } };
const BLOCK = { left: seq(0x10), right: seq(0x20) };
const TS_HEX = '080a0000000100000002';
const COOKIE = { cookie: fromHex('0102030405060708'), experimental: false };

describe('TCP options, as Linux writes them', () => {
  const WRITTEN: [what: string, options: TcpOptions, hex: string][] = [
    ['none', {}, ''],
    ['MSS', { mss: 1460 }, '020405b4'],
    ['a SYN', { mss: 1460, sackPermitted: true, ...TS, windowScale: 7 }, `020405b40402${TS_HEX}01030307`],
    ['a SYN without timestamps', { mss: 1460, sackPermitted: true, windowScale: 7 }, '020405b40101040201030307'],
    ['a SYN without SACK', { mss: 1460, ...TS, windowScale: 7 }, `020405b40101${TS_HEX}01030307`],
    ['a SYN without either', { mss: 1460, windowScale: 7 }, '020405b401030307'],
    ['timestamps', TS, `0101${TS_HEX}`],
    ['a SACK block', { sack: [BLOCK] }, '0101050a0000001000000020'],
    ['timestamps and a SACK block', { ...TS, sack: [BLOCK] }, `0101${TS_HEX}0101050a0000001000000020`],
    ['a Fast Open request', { fastOpen: { cookie: new Uint8Array(0), experimental: false } }, '22020101'],
    ['a Fast Open cookie', { fastOpen: COOKIE }, '220a01020304050607080101'],
    ['the experiment', { fastOpen: { ...COOKIE, experimental: true } }, 'fe0cf9890102030405060708'],
    ['a digest, first of all', { md5: new Uint8Array(16).fill(7), mss: 1460 }, `01011312${'07'.repeat(16)}020405b4`],
    ['others, last', { other: [{ kind: 99, data: fromHex('0a') }], mss: 536 }, '0204021863030a01'],
  ];
  for (const [what, options, hex] of WRITTEN) {
    it(what, () => {
      assert.equal(emit(options), hex);
      assert.deepEqual(parse(hex), options);
    });
  }

  it('come back from their bytes, which are whole words', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const hex = emit(options);
        assert.equal(hex.length % 8, 0);
        assert.deepEqual(parse(hex), options);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('TCP options, as Linux reads them', () => {
  const READ: [what: string, hex: string, options: TcpOptions][] = [
    [
      'in an order that Linux does not write',
      '0103030702040218080a000000010000000204020000',
      { windowScale: 7, mss: 536, ...TS, sackPermitted: true },
    ],
    ['nothing after the end', '00020405b4', {}],
    ['up to a length of 0', '020402189900030307', { mss: 536 }],
    ['up to a length of 1', '020402189901030307', { mss: 536 }],
    ['up to a length beyond the end', '02040218990a0303', { mss: 536 }],
    ['up to a kind without length', '0204021801010199', { mss: 536 }],
    ['the later of two', '0204021802040219', { mss: 537 }],
    [
      'known kinds of a length that cannot be, raw',
      '0203010304040402080302ff',
      {
        other: [
          { kind: 2, data: fromHex('01') },
          { kind: 3, data: fromHex('0404') },
        ],
      },
    ],
    ['SACK without a block, raw', '05020101', { other: [{ kind: 5, data: fromHex('') }] }],
    ['SACK with half a block, raw', '050600000001', { other: [{ kind: 5, data: fromHex('00000001') }] }],
    ['another experiment, raw', 'fe040001', { other: [{ kind: 254, data: fromHex('0001') }] }],
    ['an experiment without a number, raw', 'fe0301', { other: [{ kind: 254, data: fromHex('01') }] }],
    ['a window scale above 14, as it stands', '03030f', { windowScale: 15 }],
  ];
  for (const [what, hex, options] of READ) it(what, () => assert.deepEqual(parse(hex), options));

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const options = parseTcpOptions(bytes, 0, bytes.length);
        for (let at = 0; at < bytes.length; ) {
          const length = optionLength(bytes, at, bytes.length);
          assert.ok(at + length <= bytes.length);
          if (length === 0) break;
          at += length;
        }
        assert.ok((options.sack?.length ?? 1) > 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('names each kind once', () => {
    const kinds = Object.values(TCP_OPTIONS).map((option) => option.kind);
    assert.equal(new Set(kinds).size, kinds.length);
  });
});
