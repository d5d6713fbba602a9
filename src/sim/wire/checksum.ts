/**
 * The Internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071), and the pseudo
 * headers of TCP.
 */
import { fold, wordSum } from '../base/sum.ts';
import type { Address } from './address.ts';

/** The checksum that belongs to an unfolded sum: carries added back in, then complemented; 16 bits. */
export const foldChecksum = (sum: number): number => ~fold(sum) & 0xffff;

/** The checksum of `bytes[from, to)`: to be written into the field, or 0 when the range holds its own valid checksum. */
export const checksum = (bytes: Uint8Array, from: number, to: number, initial = 0): number =>
  foldChecksum(wordSum(bytes, from, to, initial));

/**
 * The sum over the pseudo header (RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6: the same numbers add up).
 * `length`: of the segment, header included.
 */
export const pseudoHeaderSum = (src: Address, dst: Address, protocol: number, length: number): number =>
  src.sum + dst.sum + protocol + (length >>> 16) + (length & 0xffff);
