import assert from 'node:assert/strict';
import { type Field, readField } from '../../../src/sim/wire/fields.ts';
import { IPV4_FIELDS } from '../../../src/sim/wire/ipv4.ts';
import { IPV6_FIELDS } from '../../../src/sim/wire/ipv6.ts';
import { TCP_FIELDS } from '../../../src/sim/wire/tcp.ts';
import { fromHex } from './captured.ts';

describe('fields', () => {
  const bytes = fromHex('45fe8000ffffffff');

  const READ: [bit: number, bits: number, value: number | undefined][] = [
    [0, 4, 4],
    [4, 4, 5],
    [8, 6, 0x3f],
    [14, 2, 2],
    [16, 1, 1],
    [17, 15, 0],
    [6, 4, 0b0111],
    [0, 32, 0x45fe8000],
    [32, 32, 0xffffffff],
    [12, 32, 0xe8000fff],
    [56, 8, 255],
    [56, 9, undefined],
    [64, 1, undefined],
  ];
  for (const [bit, bits, value] of READ) {
    it(`${bits} bits at bit ${bit} are ${value}`, () => assert.equal(readField(bytes, 0, { bit, bits }), value));
  }

  it('are counted from the start of their header', () => {
    assert.equal(readField(bytes, 1, { bit: 0, bits: 8 }), 0xfe);
    assert.equal(readField(bytes, 7, { bit: 8, bits: 1 }), undefined);
  });

  const TABLES: [name: string, fields: readonly Field[], bytes: number][] = [
    ['IPv4', IPV4_FIELDS, 20],
    ['IPv6', IPV6_FIELDS, 40],
    ['TCP', TCP_FIELDS, 20],
  ];
  for (const [name, fields, size] of TABLES) {
    it(`of ${name} cover the ${size} bytes of the fixed header without gap or overlap`, () => {
      let bit = 0;
      for (const field of fields) {
        assert.equal(field.bit, bit, field.name);
        bit += field.bits;
      }
      assert.equal(bit, size * 8);
      assert.equal(new Set(fields.map((field) => field.name)).size, fields.length);
    });
  }
});
