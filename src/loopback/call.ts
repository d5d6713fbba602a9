/**
 * What every system call handler is given, and how it says that it has to wait.
 */
import { type Errno, errnoName } from '../sim/base/errno.ts';
import type { Time } from '../sim/base/time.ts';
import type { Answer } from '../sim/syscall/call-log.ts';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import { type CallName, CONSTANTS } from '../sim/syscall/signatures.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Context } from '../sim/trace/schema.ts';
import type { Descriptor, FdTable } from './descriptors.ts';
import type { Libc } from './libc.ts';
import { pack, SOCKADDR_MAX, unpack } from './sockaddr.ts';

export const { POLLIN, POLLOUT } = CONSTANTS;
const { SOL_SOCKET, SO_RCVTIMEO, SO_SNDTIMEO } = CONSTANTS;

/** A descriptor, and the bits of poll(2) that somebody waits for. */
export interface Polled {
  descriptor: Descriptor;
  events: number;
}

/** A call that cannot go on: until one of some descriptors is ready, or until an instant. */
export interface Park {
  on: string;
  polls: readonly Polled[];
  until: Time | undefined;
}

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
  /** When it was entered. */
  readonly at: Time;
}

/** Makes, from a call and its arguments, the function that is tried until it has a result. */
export type Handler<A extends readonly unknown[]> = (call: Call, args: A) => () => Reply;

/** Looks the descriptor up when the call is entered, as the kernel does: a later close() changes nothing for it. */
export function withDescriptor(call: Call, fd: number, body: (descriptor: Descriptor) => Reply): () => Reply {
  const descriptor = call.process.fds.get(fd);
  return () => (descriptor ? body(descriptor) : { errno: 'EBADF' });
}

/** Puts a new real descriptor into the process, under the lowest number from `from` on, and logs both. */
export function install(call: Call, descriptor: Descriptor, closeOnExec = false, from = 0): number {
  const { fds, pid } = call.process;
  descriptor.closeOnExec = closeOnExec;
  const fd = fds.install(descriptor, from);
  call.log.add('fd.open', { ...call.here, sock: descriptor.file.sock }, { pid, fd });
  return fd;
}

/** Waits for one descriptor, for as long as the program has set by `timeout`: SO_RCVTIMEO or SO_SNDTIMEO. */
export function waitFor(call: Call, descriptor: Descriptor, events: number, on: string): Reply {
  const until = deadline(call, descriptor.real, events === POLLIN ? SO_RCVTIMEO : SO_SNDTIMEO);
  if (until !== undefined && call.now() >= until) return { errno: 'EAGAIN' };
  return { on, polls: [{ descriptor, events }], until };
}

/** When a blocking call on this socket must end; undefined: never. */
export function deadline({ libc, at }: Call, real: number, option: number): Time | undefined {
  const timeval = new Uint8Array(16);
  if (libc.getsockopt(real, SOL_SOCKET, option, timeval, new Uint32Array([16])) < 0) return undefined;
  const view = new DataView(timeval.buffer);
  const time = view.getUint32(0, true) * 1e9 + view.getUint32(8, true) * 1e3;
  return time === 0 ? undefined : ((at + time) as Time);
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
  const text = (name: SockAddr | undefined) => {
    if (!name || name.port === 0) return '';
    const addr = name.addr.replace('::ffff:', ''); // as in packets
    return addr.includes(':') ? `[${addr}]:${name.port}` : `${addr}:${name.port}`;
  };
  const local = text(nameOf(call.libc, real, 'getsockname'));
  const peer = text(nameOf(call.libc, real, 'getpeername'));
  call.log.add('sock.name', { ...call.here, sock: file.sock }, { local, peer });
}

/** Gives a socket its local address, before the kernel would choose one. */
export const bindTo = (libc: Libc, real: number, address: SockAddr): number => {
  const bytes = pack(address);
  return libc.bind(real, bytes, bytes.length);
};
