/** What a program hands to a system call, made into what handlers take: checked, and cut down to what belongs there. */
import { utf8 } from '../base/bytes.ts';
import type { Time } from '../base/time.ts';
import type { EpollEvent, MsgHdr, PollFd, SockAddr } from './kernel.ts';
import type { ControlNumber, Message } from './memory.ts';
import type { CallName } from './signatures.ts';

/** A duration to sleep for, in whole nanoseconds. @throws RangeError when it is none */
export function checkedDuration(duration: Time): Time {
  if (Number.isFinite(duration) && duration >= 0) return Math.round(duration) as Time;
  throw new RangeError(`cannot sleep for ${duration}: a duration is made by ms(20), s(1), us(5)`);
}

export const plainAddress = (address: SockAddr): SockAddr => {
  if (typeof address?.addr !== 'string' || typeof address.port !== 'number') {
    throw new TypeError(`an address is { addr: '10.0.0.2', port: 80 }, not ${JSON.stringify(address)}`);
  }
  const { family, addr, port, scope } = address;
  return { ...(family !== undefined && { family }), addr, port, ...(scope !== undefined && { scope }) };
};

export const buffer = (buf: Uint8Array, call: CallName): Uint8Array => {
  if (!(buf instanceof Uint8Array)) throw new TypeError(`${call}() needs a buffer to fill: buffer(4096)`);
  return buf;
};

export const bytesOf = (data: string | Uint8Array, call: CallName): Uint8Array => {
  if (typeof data === 'string') return utf8(data);
  if (!(data instanceof Uint8Array)) throw new TypeError(`${call}() takes text or bytes`);
  return data;
};

const listOf = <T>(list: readonly T[], call: CallName, example: string): readonly T[] => {
  if (!Array.isArray(list)) throw new TypeError(`${call}() takes a list: ${example}`);
  return list;
};

/** Buffers to be filled. */
export const buffers = (iov: readonly (string | Uint8Array)[], call: CallName): Uint8Array[] =>
  listOf(iov, call, '[buffer(4), buffer(100)]').map((buf) => buffer(buf as Uint8Array, call));

/** Pieces to be sent. */
export const pieces = (iov: readonly (string | Uint8Array)[], call: CallName): Uint8Array[] =>
  listOf(iov, call, "['head', body]").map((data) => bytesOf(data, call));

/** A struct msghdr whose iovecs are these. */
export function messageOf(message: MsgHdr, iov: readonly Uint8Array[]): Message {
  const { name, control = [], controllen = Number.MAX_SAFE_INTEGER } = message;
  const numbers = control.filter((one): one is ControlNumber => typeof one.data === 'number');
  return { name: name && plainAddress(name), iov, controllen, control: numbers };
}

export const pollList = (fds: readonly PollFd[]): PollFd[] =>
  listOf(fds, 'poll', '[{ fd, events: POLLIN }]').map(({ fd, events }) => ({ fd, events }));

/** Bits as the kernel's unsigned 32: EPOLLET is the highest, which makes a number negative when it is or-ed. */
export const epollEvent = ({ events, data }: EpollEvent): EpollEvent => ({ events: events >>> 0, data });
