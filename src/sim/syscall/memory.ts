/**
 * A program's memory as system calls see it: buffers, lists of buffers, and pointers to nowhere. Bytes of a list lie one
 * after the other, as readv(2) and writev(2) have it.
 */
import { concat } from '../base/bytes.ts';
import type { SockAddr } from './kernel.ts';

/** A control message whose data is an int. */
export interface ControlNumber {
  level: number;
  type: number;
  data: number;
}

/** struct msghdr as a handler is given it. */
export interface Message {
  name: SockAddr | undefined;
  iov: readonly Uint8Array[];
  /** Bytes of C for control messages that come. */
  controllen: number;
  /** Control messages that go: those whose data is a number. */
  control: readonly ControlNumber[];
}

/** Memory that is not there. Whoever touches a byte of it gets EFAULT; parts of it are not there either. */
class Nowhere extends Uint8Array {}

/** A pointer to nowhere, said to be of `length` bytes: NULL, most often. */
export const nowhere = (length: number): Uint8Array => new Nowhere(length);

/** Whether touching these bytes fails. */
export const isNowhere = (bytes: Uint8Array): boolean => bytes instanceof Nowhere && bytes.length > 0;

export const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

/** All bytes of a list: the one buffer itself when it is alone. */
export function gather(iov: readonly Uint8Array[]): Uint8Array {
  if (iov.length === 1) return iov[0] as Uint8Array;
  if (iov.some(isNowhere)) return nowhere(totalLength(iov));
  return adjacent(iov) ?? concat(iov);
}

/** The bytes of a list that lie one after the other in memory, as {@link split} leaves them. */
function adjacent(iov: readonly Uint8Array[]): Uint8Array | undefined {
  const [first] = iov;
  if (!first) return undefined;
  let end = first.byteOffset;
  for (const { buffer, byteOffset, length } of iov) {
    if (buffer !== first.buffer || byteOffset !== end) return undefined;
    end += length;
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}

/** Bytes as a list of the same lengths as another. */
export function split(bytes: Uint8Array, like: readonly Uint8Array[]): Uint8Array[] {
  let from = 0;
  return like.map(({ length }) => bytes.subarray(from, (from += length)));
}

/** One buffer for all that a list has room for. */
export const room = (iov: readonly Uint8Array[]): Uint8Array =>
  iov.length === 1 || iov.some(isNowhere) ? gather(iov) : new Uint8Array(totalLength(iov));

/** Lays bytes into the buffers of a list, one after the other. */
export function scatter(iov: readonly Uint8Array[], bytes: Uint8Array): void {
  let from = 0;
  for (const buffer of iov) {
    if (from === bytes.length) return;
    const part = bytes.subarray(from, from + buffer.length);
    buffer.set(part);
    from += part.length;
  }
}

const totalLength = (iov: readonly Uint8Array[]): number => iov.reduce((sum, { length }) => sum + length, 0);
