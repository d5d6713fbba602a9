/**
 * The bytes of a stream as a function of its number and the offset, so that whoever sees a stretch of it, in a program's
 * buffer or in a packet, can tell whether it is the right one without keeping the whole.
 */
import { Rng } from '../../src/sim/base/rng.ts';

/** Prime, so that streams that differ by a power of two do not look alike. */
const PERIOD = 65_521;
/** Streams differ by where they begin. */
const STRIDE = 4099;

const rng = new Rng(0, 'pattern');
const once = Uint8Array.from({ length: PERIOD }, () => rng.below(256));
const TABLE = new Uint8Array(3 * PERIOD);
for (let i = 0; i < 3; i++) TABLE.set(once, i * PERIOD);

/** The most bytes that {@link stretch} gives at once. */
export const MOST = 2 * PERIOD;

/** Bytes `[from, from + length)` of a stream: a view, not to be written to. */
export function stretch(stream: number, from: number, length: number): Uint8Array {
  const start = (stream * STRIDE + from) % PERIOD;
  return TABLE.subarray(start, start + length);
}

/** Whether `bytes` are what the stream has at `from`. */
export function matches(stream: number, from: number, bytes: Uint8Array): boolean {
  return bytes.length <= MOST && Buffer.compare(bytes, stretch(stream, from, bytes.length)) === 0;
}
