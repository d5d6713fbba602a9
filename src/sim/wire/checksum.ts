/**
 * The Internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071).
 *
 * Sums are added up in parts (pseudo header, header, data), as exact integers, and folded and complemented once at the
 * end. A part of odd length counts as if a zero byte followed, so only the last part may be odd.
 */

import type { Address } from './address.ts';
import { getU16 } from './octets.ts';

/** From this length on, reading 32 bits at a time through a DataView saves more than making the DataView costs. */
const LONG = 256;

/** `initial` plus the big-endian 16-bit words in `bytes[from, to)`. Exact for any packet that IP can carry. */
export function wordSum(bytes: Uint8Array, from: number, to: number, initial = 0): number {
  let sum = initial;
  let i = from;
  if (to - from >= LONG) {
    // 2^16 is 1 modulo 2^16 - 1, so a 32-bit word counts as much as its two halves
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let odd = 0;
    for (const end = to - 7; i < end; i += 8) {
      sum += view.getUint32(i);
      odd += view.getUint32(i + 4);
    }
    sum += odd;
  }
  for (const end = to - 1; i < end; i += 2) sum += getU16(bytes, i);
  return i < to ? sum + (bytes[i] as number) * 256 : sum;
}

/** The checksum that belongs to an unfolded sum: carries added back in, then complemented; 16 bits. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

/** The checksum of `bytes[from, to)`: to be written into the field, or 0 when the range holds its own valid checksum. */
export const checksum = (bytes: Uint8Array, from: number, to: number, initial = 0): number =>
  foldChecksum(wordSum(bytes, from, to, initial));

/** The sum over the pseudo header of RFC 9293 section 3.1, for IPv4. `length`: of the segment, header included. */
export const pseudoHeaderSum4 = (src: number, dst: number, protocol: number, length: number): number =>
  (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + length;

/**
 * The sum over the pseudo header (RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6: the same numbers add up).
 * `length`: of the segment, header included.
 */
export const pseudoHeaderSum = (src: Address, dst: Address, protocol: number, length: number): number =>
  src.sum + dst.sum + protocol + (length >>> 16) + (length & 0xffff);
