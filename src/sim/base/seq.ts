/**
 * TCP sequence numbers: 32 bits that wrap (RFC 9293 section 3.4).
 *
 * `Seq` is branded as an object, so the compiler refuses `a + b` and `a - b`; a test greps for `<`. These functions
 * are the whole of sequence arithmetic. They hold as long as two numbers are less than 2^31 apart.
 */
declare const seqBrand: unique symbol;

/**
 * A sequence number. At run time a signed 32-bit integer: that is a small integer to every engine, while half of the
 * unsigned ones would be objects on the heap.
 */
export type Seq = { readonly [seqBrand]: true };

const raw = (a: Seq): number => a as unknown as number;

/** The sequence number with the low 32 bits of `n`. */
export const seq = (n: number): Seq => (n | 0) as unknown as Seq;
/** The unsigned 32-bit value, for wire and print. */
export const seqNumber = (a: Seq): number => raw(a) >>> 0;
/** `a + n`, modulo 2^32; `n` may be negative. */
export const seqAdd = (a: Seq, n: number): Seq => seq(raw(a) + n);
/** How far `a` is ahead of `b`: negative when it is behind. */
export const seqDiff = (a: Seq, b: Seq): number => (raw(a) - raw(b)) | 0;
/** `a < b` in sequence space. */
export const seqLt = (a: Seq, b: Seq): boolean => ((raw(a) - raw(b)) | 0) < 0;
/** `a <= b` in sequence space. */
export const seqLe = (a: Seq, b: Seq): boolean => ((raw(a) - raw(b)) | 0) <= 0;
/** `from <= a < to` in sequence space. */
export const seqIn = (a: Seq, from: Seq, to: Seq): boolean => seqLe(from, a) && seqLt(a, to);
/** The later of two. */
export const seqMax = (a: Seq, b: Seq): Seq => (seqLt(a, b) ? b : a);
