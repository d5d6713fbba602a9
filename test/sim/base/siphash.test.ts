import assert from 'node:assert/strict';
import { siphash } from '../../../src/sim/base/siphash.ts';

/** Key 00 01 … 0f, data 00 01 … of each length from 0 on: the values that the authors of SipHash publish with it. */
const PUBLISHED = [
  '310e0edd47db6f72',
  'fd67dc93c539f874',
  '5a4fa9d909806c0d',
  '2d7efbd796666785',
  'b7877127e09427cf',
  '8da699cd64557618',
  'cee3fe586e46c9cb',
  '37d1018bf50002ab',
  '6224939a79f5f593',
  'b0e4a90bdf82009e',
  'f3b9dd94c5bb5d7a',
  'a7ad6b22462fb3f4',
  'fbe50e86bc8f1e75',
  '903d84c02756ea14',
  'eef27a8e90ca23f7',
  'e545be4961ca29a1',
];

const counting = (n: number) => Uint8Array.from({ length: n }, (_, i) => i);

describe('siphash', () => {
  it('gives the published values', () => {
    const hashes = PUBLISHED.map((_, n) => Buffer.from(siphash(counting(16), counting(n))).toString('hex'));
    assert.deepEqual(hashes, PUBLISHED);
  });

  it('depends on every byte of key and data, and on the length', () => {
    const text = (key: Uint8Array, data: Uint8Array) => Buffer.from(siphash(key, data)).toString('hex');
    const seen = new Set([text(counting(16), counting(20))]);
    for (let i = 0; i < 16; i++) seen.add(text(counting(16).fill(255, i, i + 1), counting(20)));
    for (let i = 0; i < 20; i++) seen.add(text(counting(16), counting(20).fill(255, i, i + 1)));
    seen.add(text(counting(16), Uint8Array.of(...counting(20), 0)));
    assert.equal(seen.size, 38);
  });
});
