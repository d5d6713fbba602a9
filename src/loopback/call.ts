/**
 * What every system call handler is given, and how it says that it has to wait.
 */
import { type Errno, errnoName } from '../sim/base/errno.ts';
import type { Time } from '../sim/base/time.ts';
import type { Answer } from '../sim/syscall/call-log.ts';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import type { CallName } from '../sim/syscall/signatures.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Context } from '../sim/trace/schema.ts';
import type { Descriptor, FdTable } from './descriptors.ts';
import type { Libc } from './libc.ts';
import { pack, SOCKADDR_MAX, unpack } from './sockaddr.ts';

/** Bits of poll(2). */
export const POLLIN = 1;
export const POLLOUT = 4;

/** A call that cannot go on: until a descriptor is ready, or until an instant. */
export type Park = { on: string } & (
  | { descriptor: Descriptor; events: typeof POLLIN | typeof POLLOUT }
  | { until: Time }
);

export type Reply = Answer | Park;

/** A process, as its calls see it. */
export interface ProcessState {
  readonly pid: number;
  readonly fds: FdTable;
}

/** A system call being made. */
export interface Call {
  readonly name: CallName;
  readonly libc: Libc;
  readonly process: ProcessState;
  /** The loopback address of its host. */
  readonly ip: string;
  readonly log: Log;
  /** Host and thread, for events. */
  readonly here: Context;
  /** A number for a new socket. */
  nextSocket(): number;
  now(): Time;
}

/** Makes, from a call and its arguments, the function that is tried until it has a result. */
export type Handler<A extends readonly unknown[]> = (call: Call, args: A) => () => Reply;

/** Looks the descriptor up when the call is entered, as the kernel does: a later close() changes nothing for it. */
export function withDescriptor(call: Call, fd: number, body: (descriptor: Descriptor) => Reply): () => Reply {
  const descriptor = call.process.fds.get(fd);
  return () => (descriptor ? body(descriptor) : { errno: 'EBADF' });
}

/** The name of the error that the last call of the C library failed with. */
export function lastError({ libc, name }: Call): Errno {
  const number = libc.errno();
  const errno = errnoName(number);
  if (!errno) throw new Error(`${name} failed with errno ${number}, which has no name here`);
  return errno;
}

/** The answer of a function of the C library that gives 0 or -1. */
export const zeroOr = (call: Call, result: number): Answer => (result < 0 ? { errno: lastError(call) } : { result });

/** Asks for a socket's own or its peer's address; undefined when it has none. */
export function nameOf(libc: Libc, real: number, which: 'getsockname' | 'getpeername'): SockAddr | undefined {
  const bytes = new Uint8Array(SOCKADDR_MAX);
  return libc[which](real, bytes, new Uint32Array([bytes.length])) < 0 ? undefined : unpack(bytes);
}

/** Logs what a socket is called now: '' for what it has not. */
export function logNames(call: Call, { real, file }: Descriptor): void {
  const text = (name: SockAddr | undefined) => (name && name.port !== 0 ? `${name.addr}:${name.port}` : '');
  const local = text(nameOf(call.libc, real, 'getsockname'));
  const peer = text(nameOf(call.libc, real, 'getpeername'));
  call.log.add('sock.name', { ...call.here, sock: file.sock }, { local, peer });
}

/** Gives a socket its local address, before the kernel would choose one. */
export const bindTo = (libc: Libc, real: number, address: SockAddr): number => {
  const bytes = pack(address);
  return libc.bind(real, bytes, bytes.length);
};
