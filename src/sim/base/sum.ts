/**
 * The one's complement sum of 16-bit words (RFC 1071): what the Internet checksum is the complement of.
 *
 * Sums are added up in parts (pseudo header, header, data), as exact integers, and folded and complemented once at the
 * end. A part of odd length counts as if a zero byte followed, so only the last part may be odd. Which words belong to
 * a sum is for others to know.
 */

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
  for (const end = to - 1; i < end; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  return i < to ? sum + (bytes[i] as number) * 256 : sum;
}

/** A sum with its carries added back in: 16 bits. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return folded;
}

/**
 * Completes the checksum field at `at` of bytes whose last part begins at `rest`: the field holds the folded sum of all
 * that belongs to it before that part.
 */
export function completeChecksum(bytes: Uint8Array, rest: number, at: number): void {
  const partial = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  const sum = ~fold(wordSum(bytes, rest, bytes.length, partial));
  bytes[at] = sum >>> 8;
  bytes[at + 1] = sum;
}
