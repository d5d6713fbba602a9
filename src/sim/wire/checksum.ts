/**
 * The Internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071).
 *
 * Sums are kept unfolded and added up in parts (pseudo header, header, data), then folded and complemented once. A part
 * of odd length counts as if a zero byte followed, so only the last part may be odd.
 */

import { getU16 } from './octets.ts';

/**
 * `initial` plus the big-endian 16-bit words in `bytes[from, to)`.
 *
 * Even and odd bytes are added up apart and weighted at the end: fewer steps per word than putting each one together.
 * Exact for any packet that IP can carry.
 */
export function wordSum(bytes: Uint8Array, from: number, to: number, initial = 0): number {
  let high = 0;
  let low = 0;
  let i = from;
  for (const end = to - 7; i < end; i += 8) {
    high += (bytes[i] as number) + (bytes[i + 2] as number) + (bytes[i + 4] as number) + (bytes[i + 6] as number);
    low += (bytes[i + 1] as number) + (bytes[i + 3] as number) + (bytes[i + 5] as number) + (bytes[i + 7] as number);
  }
  for (const end = to - 1; i < end; i += 2) {
    high += bytes[i] as number;
    low += bytes[i + 1] as number;
  }
  if (i < to) high += bytes[i] as number;
  return initial + high * 256 + low;
}

/** The checksum that belongs to an unfolded sum: carries added back in, then complemented; 16 bits. */
export function foldChecksum(sum: number): number {
  let folded = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

/** The checksum of `bytes[from, to)`: to be written into the field, or 0 when the range holds its own valid checksum. */
export const checksum = (bytes: Uint8Array, from: number, to: number, initial = 0): number =>
  foldChecksum(wordSum(bytes, from, to, initial));

/** The sum over the pseudo header of RFC 9293 section 3.1, for IPv4. `length`: of the segment, header included. */
export const pseudoHeaderSum4 = (src: number, dst: number, protocol: number, length: number): number =>
  (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + length;

/** The sum over the pseudo header of RFC 8200 section 8.1, for IPv6; addresses are 16 bytes. */
export function pseudoHeaderSum6(src: Uint8Array, dst: Uint8Array, nextHeader: number, length: number): number {
  let sum = (length >>> 16) + (length & 0xffff) + nextHeader;
  for (let i = 0; i < 16; i += 2) sum += getU16(src, i) + getU16(dst, i);
  return sum;
}
