/** Options of TCP: whatever a script writes comes back from the bytes, in its order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TcpOption } from '../../src/packetdrill/script.ts';
import { optionBytes, optionText, readOptions } from '../../src/packetdrill/tcp-options.ts';
import { parseTcpOptions } from '../../src/sim/wire/tcp-options.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const hex = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString('hex'));
const counter = fc.integer({ min: 0, max: 0xffffff });

const option: fc.Arbitrary<TcpOption> = fc.oneof(
  fc.constantFrom<TcpOption>({ kind: 'nop' }, { kind: 'sackOK' }),
  fc.record({ kind: fc.constant('mss' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('wscale' as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ kind: fc.constant('TS' as const), val: u32, ecr: u32 }),
  fc.record({
    kind: fc.constant('sack' as const),
    blocks: fc.array(fc.record({ left: u32, right: u32 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constantFrom('FO' as const, 'FOEXP' as const), hex: hex(0, 16) }),
  fc.record({ kind: fc.constant('md5' as const), hex: hex(16, 16) }),
  fc
    .tuple(
      fc.constantFrom(['e0b', 'ceb', 'e1b'], ['e1b', 'ceb', 'e0b']),
      fc.array(counter, { minLength: 1, maxLength: 3 }),
    )
    .map(([names, values]) => ({
      kind: 'ECN' as const,
      counters: values.map((value, i) => ({ name: names[i] as string, value })),
    })),
);

describe('TCP options of a script', () => {
  it('come back from their bytes as they were', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 6 }), (options) => {
        const bytes = optionBytes(options);
        assert.deepEqual(readOptions(bytes, 0, bytes.length).map(optionText), options.map(optionText));
      }),
    );
  });

  it('mean the same to the simulator', () => {
    const bytes = optionBytes([
      { kind: 'mss', value: 1400 },
      { kind: 'sackOK' },
      { kind: 'TS', val: 7, ecr: 8 },
      { kind: 'nop' },
      { kind: 'wscale', value: 9 },
    ]);
    assert.equal(bytes.length, 20);
    const { mss, sackPermitted, timestamps, windowScale } = parseTcpOptions(bytes, 0, bytes.length);
    assert.deepEqual([mss, sackPermitted, timestamps, windowScale], [1400, true, { val: 7, ecr: 8 }, 9]);
  });

  it('of other kinds are shown as they are', () => {
    assert.deepEqual(readOptions(Uint8Array.of(99, 4, 0xab, 0xcd, 2, 3, 1), 0, 7).map(optionText), [
      'kind 99 abcd',
      'kind 2 01',
    ]);
  });
});
