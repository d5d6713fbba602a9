/**
 * The bytes of a file to a notebook. `.socknb` is UTF-8; bytes that are not would be replaced by a decoder and lost at
 * the next save, so they are an error with line and column instead.
 */
import { fromUtf8, utf8 } from '../sim/base/bytes.ts';
import { LineReader } from './lines.ts';
import type { FormatError, ParseResult } from './notebook.ts';
import { parse } from './parse.ts';

/** Reads the bytes of a `.socknb` file. An empty file is an empty notebook. */
export function parseBytes(bytes: Uint8Array): ParseResult {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    return { ok: false, errors: [{ line: 1, column: 1, message: 'This file is UTF-16 text: save it as UTF-8.' }] };
  }
  const text = fromUtf8(bytes);
  const fault = text.includes('\ufffd') ? notUtf8(text, bytes) : undefined;
  return fault ? { ok: false, errors: [fault] } : parse(text);
}

/** The first place where decoding replaced something; undefined when the bytes hold U+FFFD themselves. */
function notUtf8(text: string, bytes: Uint8Array): FormatError | undefined {
  const back = utf8(text);
  let at = 0;
  while (at < back.length && back[at] === bytes[at]) at++;
  if (at === back.length && at === bytes.length) return undefined;
  while (at > 0 && ((back[at] ?? 0) & 0xc0) === 0x80) at--;
  const before = fromUtf8(bytes.subarray(0, at));
  const lines = new LineReader(`${before}?`);
  while (lines.next < before.length + 1) lines.advance();
  const byte = `0x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
  const message = `This is not UTF-8 text: the byte ${byte} stands where no character can begin or end.`;
  return { line: lines.number, column: before.length - lines.at + 1, message };
}
