import assert from 'node:assert/strict';
import { parseBytes } from '../../src/format/bytes.ts';
import { serialize } from '../../src/format/serialize.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Asserts the one error of a file, as `line:column message`. */
function error(bytes: readonly number[], expected: string): void {
  const result = parseBytes(Uint8Array.from(bytes));
  assert.ok(!result.ok);
  assert.equal(result.errors.length, 1);
  const [{ line, column, message } = { line: 0, column: 0, message: '' }] = result.errors;
  assert.equal(`${line}:${column} ${message}`.slice(0, expected.length), expected);
}

describe('format: bytes of a file', () => {
  it('reads UTF-8 with everything in it', () => {
    for (const text of ['', '\ufeff# é', 'a \ufffd b', '\u{1f600}\r\n漢']) {
      const result = parseBytes(utf8(text));
      assert.ok(result.ok);
      assert.equal(serialize(result.notebook), text);
    }
  });

  it('finds binary content', () => {
    error([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0], '1:1 This is not UTF-8 text: the byte 0x89');
    error([0x7f, 0x45, 0x4c, 0x46, 0], '1:5 This is not a text file: it holds a NUL');
    error([0xff, 0xfe, 0x41, 0], '1:1 This file is UTF-16 text: save it as UTF-8.');
  });

  it('finds the first byte that is not UTF-8', () => {
    error([...utf8('é\r\n漢x'), 0xe9, 0x20], '2:3 This is not UTF-8 text: the byte 0xe9');
    error([...utf8('ab'), 0xef, 0xbf, 0x41], '1:3 This is not UTF-8 text: the byte 0xef');
    error([...utf8('\ufffd\ufffd'), 0xc3], '1:3 ');
    error([0xc0, 0x80], '1:1 ');
  });
});
