/**
 * Bytes and text, without help from the platform: the simulator compiles against the bare language, where TextEncoder
 * does not exist.
 */

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const ch of text) {
    let c = ch.codePointAt(0) as number;
    if (c >= 0xd800 && c <= 0xdfff) c = 0xfffd;
    if (c < 0x80) out.push(c);
    else if (c < 0x800) out.push(0xc0 | (c >> 6), 0x80 | (c & 63));
    else if (c < 0x10000) out.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
    else out.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
  }
  return Uint8Array.from(out);
}

/** The text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD, byte by byte. */
export function fromUtf8(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const b = bytes[i] as number;
    const size = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;
    let c = size === 1 ? b : b & (0xff >> (size + 1));
    let ok = size > 0 && i + size <= bytes.length;
    for (let k = 1; ok && k < size; k++) {
      const next = bytes[i + k] as number;
      ok = (next & 0xc0) === 0x80;
      c = (c << 6) | (next & 63);
    }
    const low = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000;
    ok = ok && (size === 1 || (c >= low && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff)));
    out += ok ? String.fromCodePoint(c) : '\ufffd';
    i += ok ? size : 1;
  }
  return out;
}

/** One array holding all parts in order. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** From this length on, comparing eight bytes at a time saves more than making the views costs. */
const LONG = 64;

/** Whether two arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  let i = 0;
  if (length >= LONG && ((a.byteOffset | b.byteOffset) & 7) === 0) {
    const left = new BigInt64Array(a.buffer, a.byteOffset, length >> 3);
    const right = new BigInt64Array(b.buffer, b.byteOffset, length >> 3);
    for (let k = 0; k < left.length; k++) if (left[k] !== right[k]) return false;
    i = left.length * 8;
  }
  for (; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A copy with one bit changed; bit 0 is the most significant of the first byte. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return out;
}

export const EMPTY = new Uint8Array(0);
