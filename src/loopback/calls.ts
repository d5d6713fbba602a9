/**
 * The system calls on the real kernel: each makes the C library's call of the same name and gives what that gives.
 *
 * A thread here must not block the one thread that runs JavaScript. So every real socket is in non-blocking mode; where
 * the kernel then answers EAGAIN and the program had asked for a blocking socket, the call waits until poll(2) reports
 * the descriptor and is made again. What a program sees is the blocking call: connect() returns when the handshake is
 * done, write() when all bytes are taken, read() with what is there.
 *
 * Differences from the bare calls: bytes are sent by send(2) with MSG_NOSIGNAL, so that a broken pipe is an error and no
 * signal; accept() is accept4(2); closing goes through Node, which keeps the list of descriptors to be closed at exit. A
 * socket that would get the wildcard address, by listen() or connect() without bind(), gets its host's address.
 */

import { EMPTY } from '../sim/base/bytes.ts';
import { type Errno, errnoNumber } from '../sim/base/errno.ts';
import { type OptionValue, optionForm, optionLength, packOption, unpackOption } from '../sim/base/sockopt.ts';
import type { Time } from '../sim/base/time.ts';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import { gather, room, scatter } from '../sim/syscall/memory.ts';
import { type CallName, CONSTANTS } from '../sim/syscall/signatures.ts';
import {
  bindTo,
  type Call,
  type Handler,
  install,
  lastError,
  logNames,
  nameOf,
  POLLIN,
  POLLOUT,
  type Reply,
  waitFor,
  withDescriptor,
  zeroOr,
} from './call.ts';
import { adopt, type Description, type Descriptor } from './descriptors.ts';
import { copy, fcntl, ioctl, lseek, open, pipe2, sendfile, splice } from './files.ts';
import { recvmsg, sendmsg } from './messages.ts';
import { epollControl, epollCreate, epollCreate1, epollWait, poll, select } from './readiness.ts';
import { pack, Refused, SOCKADDR_MAX, unpack } from './sockaddr.ts';

const { AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = CONSTANTS;
const { MSG_PEEK, MSG_TRUNC, MSG_DONTWAIT, MSG_WAITALL, MSG_NOSIGNAL, SOL_SOCKET, SO_ERROR } = CONSTANTS;

/** IP_BIND_ADDRESS_NO_PORT of ip(7): the address is bound now, the port is chosen by connect(). */
const IP_BIND_ADDRESS_NO_PORT = 24;
/** The address from which Linux connects within 127.0.0.0/8, unless the socket has one. */
const DEFAULT_SOURCE = '127.0.0.1';

/** Whether a failing call is one that a blocking socket would have waited in. */
const mustWait = (errno: Errno, file: Description): boolean => errno === 'EAGAIN' && !file.nonblocking;

/** A socket of the log. @param listener the socket that it was accepted from, or 0 */
function newSocket(call: Call, nonblocking: boolean, family: number, type: number, listener: number): Description {
  const sock = call.nextSocket();
  call.log.add(
    'sock.new',
    { ...call.here, sock },
    {
      family: family === AF_INET6 ? 'AF_INET6' : 'AF_INET',
      type: type === SOCK_DGRAM ? 'SOCK_DGRAM' : 'SOCK_STREAM',
      listener,
    },
  );
  return { sock, nonblocking, pending: undefined };
}

const socket: Handler<[domain: number, type: number, protocol: number]> = (call, [domain, type, protocol]) => {
  const kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if ((domain !== AF_INET && domain !== AF_INET6) || (kind !== SOCK_STREAM && kind !== SOCK_DGRAM)) {
    throw new Refused('socket: real sockets are let to AF_INET and AF_INET6, SOCK_STREAM and SOCK_DGRAM only.');
  }
  return () => {
    if (call.process.fds.full) return { errno: 'EMFILE' };
    const real = call.libc.socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (real < 0) return { errno: lastError(call) };
    const file = newSocket(call, (type & SOCK_NONBLOCK) !== 0, domain, kind, 0);
    return { result: install(call, adopt(call.libc, real, file), (type & SOCK_CLOEXEC) !== 0) };
  };
};

const bind: Handler<[fd: number, address: SockAddr]> = (call, [fd, address]) =>
  withDescriptor(call, fd, (descriptor) => {
    const answer = zeroOr(call, bindTo(call.libc, descriptor.real, address));
    if (!('errno' in answer)) logNames(call, descriptor);
    return answer;
  });

const listen: Handler<[fd: number, backlog: number]> = (call, [fd, backlog]) =>
  withDescriptor(call, fd, (descriptor) => {
    const { libc, ip } = call;
    const { real } = descriptor;
    const name = nameOf(libc, real, 'getsockname');
    const nameless = name?.port === 0;
    if (nameless) bindTo(libc, real, { addr: name.addr.startsWith(':') ? '::1' : ip, port: 0 });
    const answer = zeroOr(call, libc.listen(real, backlog));
    if (nameless && !('errno' in answer)) logNames(call, descriptor);
    return answer;
  });

const accept: Handler<[fd: number, flags?: number]> = (call, [fd, flags = 0]) =>
  withDescriptor(call, fd, (descriptor) => {
    const { libc, process } = call;
    const { real, file } = descriptor;
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) return { errno: 'EINVAL' };
    if (process.fds.full) return { errno: 'EMFILE' };
    const bytes = new Uint8Array(SOCKADDR_MAX);
    const accepted = libc.accept4(real, bytes, new Uint32Array([bytes.length]), SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
      const errno = lastError(call);
      if (!mustWait(errno, file)) return { errno };
      const port = nameOf(libc, real, 'getsockname')?.port;
      return waitFor(call, descriptor, POLLIN, `a connection in the accept queue of port ${port}`);
    }
    const peer = unpack(bytes);
    const family = peer.addr.startsWith(':') ? AF_INET6 : AF_INET;
    const child = adopt(libc, accepted, newSocket(call, (flags & SOCK_NONBLOCK) !== 0, family, SOCK_STREAM, file.sock));
    const result = install(call, child, (flags & SOCK_CLOEXEC) !== 0);
    logNames(call, child);
    return { result, out: [null, peer, family === AF_INET6 ? SOCKADDR_MAX : 16] };
  });

const connect: Handler<[fd: number, address: SockAddr]> = (call, [fd, address]) => {
  let started = false;
  return withDescriptor(call, fd, (descriptor) => {
    const { libc, ip } = call;
    const { real, file } = descriptor;
    if (!started && ip !== DEFAULT_SOURCE) useOwnAddress(call, descriptor);
    const bytes = pack(address);
    // made again after EINPROGRESS, it tells how the handshake ended, as the blocking call would
    const errno = libc.connect(real, bytes, bytes.length) < 0 ? lastError(call) : undefined;
    const waits = errno === 'EINPROGRESS' || (errno === 'EALREADY' && started);
    if (!waits || !started) logNames(call, descriptor);
    started = true;
    if (errno === undefined) return { result: 0 };
    if (!waits || file.nonblocking) return { errno };
    const waiting = waitFor(call, descriptor, POLLOUT, `the handshake with ${address.addr}:${address.port}`);
    return 'errno' in waiting ? { errno } : waiting;
  });
};

/** A socket without a name is to connect from the address of its host, not from 127.0.0.1. */
function useOwnAddress({ libc, ip }: Call, { real }: Descriptor): void {
  const name = nameOf(libc, real, 'getsockname');
  if (name?.addr !== '0.0.0.0') return;
  libc.setsockopt(real, CONSTANTS.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, new Int32Array([1]), 4);
  bindTo(libc, real, { addr: ip, port: 0 });
}

/** The error that an earlier call has left for this one. */
function takePending(file: Description): Errno | undefined {
  const { pending } = file;
  file.pending = undefined;
  return pending;
}

/** read(2) and recv(2). @param flags undefined: read(2) */
export const receive = (call: Call, fd: number, buf: Uint8Array, flags: number | undefined): (() => Reply) => {
  let done = 0;
  return withDescriptor(call, fd, (descriptor) => {
    const { libc } = call;
    const { real, file } = descriptor;
    const unseen = ((flags ?? 0) & MSG_TRUNC) !== 0;
    const finish = (): Reply => ({ result: done, data: done === 0 || unseen ? EMPTY : buf.slice(0, done) });
    const left = done === 0 ? takePending(file) : undefined;
    if (left) return { errno: left };
    for (;;) {
      const rest = buf.subarray(done);
      const n = flags === undefined ? libc.read(real, rest, rest.length) : libc.recv(real, rest, rest.length, flags);
      const all = !file.nonblocking && ((flags ?? 0) & (MSG_WAITALL | MSG_PEEK | MSG_DONTWAIT)) === MSG_WAITALL;
      if (n >= 0) {
        done += n;
        if (!all || n === 0 || done === buf.length) return finish();
        continue;
      }
      const errno = lastError(call);
      if (mustWait(errno, file) && !((flags ?? 0) & MSG_DONTWAIT)) {
        const waiting = waitFor(call, descriptor, POLLIN, `data on descriptor ${fd}`);
        return 'errno' in waiting && done > 0 ? finish() : waiting;
      }
      if (done === 0) return { errno };
      if (errno !== 'EAGAIN') file.pending = errno;
      return finish();
    }
  });
};

/** write(2) and send(2): a blocking call takes all bytes, however long that lasts. @param flags undefined: write(2) */
export const transmit = (
  call: Call,
  fd: number,
  data: Uint8Array,
  flags: number | undefined,
  address?: SockAddr,
): (() => Reply) => {
  const target = address && pack(address);
  let done = 0;
  return withDescriptor(call, fd, (descriptor) => {
    const { libc } = call;
    const { real, file } = descriptor;
    const left = done === 0 ? takePending(file) : undefined;
    if (left) return { errno: left };
    for (;;) {
      const rest = data.subarray(done);
      const terminal = flags === undefined && file.sock === 0;
      const n = terminal
        ? libc.write(real, rest, rest.length)
        : libc.sendto(real, rest, rest.length, (flags ?? 0) | MSG_NOSIGNAL, target ?? null, target?.length ?? 0);
      if (n >= 0) {
        done += n;
        if (done >= data.length) return { result: done };
        continue;
      }
      const errno = lastError(call);
      if (mustWait(errno, file) && !((flags ?? 0) & MSG_DONTWAIT)) {
        const waiting = waitFor(call, descriptor, POLLOUT, `room in the send buffer of descriptor ${fd}`);
        return 'errno' in waiting && done > 0 ? { result: done } : waiting;
      }
      if (done === 0) return { errno };
      if (errno !== 'EAGAIN' && errno !== 'EPIPE') file.pending = errno;
      return { result: done };
    }
  });
};

const shutdown: Handler<[fd: number, how: number]> = (call, [fd, how]) =>
  withDescriptor(call, fd, ({ real }) => zeroOr(call, call.libc.shutdown(real, how)));

const close: Handler<[fd: number]> = (call, [fd]) =>
  withDescriptor(call, fd, ({ file }) => {
    const { fds, pid } = call.process;
    fds.close(fd);
    call.log.add('fd.close', { ...call.here, sock: file.sock }, { pid, fd });
    return { result: 0 };
  });

const dup: Handler<[fd: number]> = (call, [fd]) =>
  withDescriptor(call, fd, (descriptor) => copy(call, descriptor, 0, false));

const setsockopt: Handler<[fd: number, level: number, name: number, value: OptionValue]> = (
  call,
  [fd, level, name, value],
) => {
  const bytes = packOption(optionForm(level, name), value);
  return withDescriptor(call, fd, ({ real }) =>
    zeroOr(call, call.libc.setsockopt(real, level, name, bytes, bytes.length)),
  );
};

const getsockopt: Handler<[fd: number, level: number, name: number]> = (call, [fd, level, name]) =>
  withDescriptor(call, fd, ({ real, file }) => {
    const form = optionForm(level, name);
    const bytes = new Uint8Array(optionLength(form, undefined));
    const length = new Uint32Array([bytes.length]);
    const answer = zeroOr(call, call.libc.getsockopt(real, level, name, bytes, length));
    if ('errno' in answer) return answer;
    const filled = length[0] as number;
    const value = unpackOption(form, form === 'int' ? bytes : bytes.subarray(0, filled));
    const left = level === SOL_SOCKET && name === SO_ERROR && value === 0 ? takePending(file) : undefined;
    return { result: 0, out: [null, null, null, left ? errnoNumber(left) : value, filled] };
  });

const name =
  (which: 'getsockname' | 'getpeername'): Handler<[fd: number]> =>
  (call, [fd]) =>
    withDescriptor(call, fd, ({ real }) => {
      const found = nameOf(call.libc, real, which);
      if (!found) return { errno: lastError(call) };
      return { result: 0, out: [null, found, found.addr.startsWith(':') ? SOCKADDR_MAX : 16] };
    });

const nanosleep: Handler<[duration: number]> = (call, [duration]) => {
  const until = (call.now() + duration) as Time;
  return () => {
    if (!Number.isFinite(duration) || duration < 0) return { errno: 'EINVAL' };
    return call.now() >= until ? { result: 0 } : { polls: [], until, on: 'its sleep to end' };
  };
};

/** Lays what came into the buffers of a list. */
const scattered = (iov: readonly Uint8Array[], attempt: () => Reply) => (): Reply => {
  const reply = attempt();
  if ('data' in reply && reply.data && iov.length > 1) scatter(iov, reply.data);
  return reply;
};

/** A handler of some call: which arguments it takes is known by the facade alone. */
type AnyHandler = (call: Call, args: never) => () => Reply;

/* biome-ignore format: a table */
export const HANDLERS: Readonly<Record<CallName, AnyHandler>> = {
  socket, bind, listen, accept, connect, shutdown, close, dup, setsockopt, getsockopt, nanosleep,
  getsockname: name('getsockname'), getpeername: name('getpeername'),
  accept4: accept, recvmsg, sendmsg, poll, select, epoll_create: epollCreate, epoll_create1: epollCreate1,
  epoll_ctl: epollControl, epoll_wait: epollWait, epoll_pwait: epollWait, fcntl, ioctl, pipe2, open, lseek, sendfile, splice,
  read: (call, [fd, buf]: readonly [number, Uint8Array]) => receive(call, fd, buf, undefined),
  readv: (call, [fd, iov]: readonly [number, readonly Uint8Array[]]) => scattered(iov, receive(call, fd, room(iov), undefined)),
  writev: (call, [fd, iov]: readonly [number, readonly Uint8Array[]]) => transmit(call, fd, gather(iov), undefined),
  recvfrom: (call, [fd, buf, flags]: readonly [number, Uint8Array, number]) => receive(call, fd, buf, flags),
  sendto: (call, [fd, data, flags, address]: readonly [number, Uint8Array, number, SockAddr | undefined]) =>
    transmit(call, fd, data, flags, address),
  recv: (call, [fd, buf, flags]: readonly [number, Uint8Array, number]) => receive(call, fd, buf, flags),
  write: (call, [fd, data]: readonly [number, Uint8Array]) => transmit(call, fd, data, undefined),
  send: (call, [fd, data, flags]: readonly [number, Uint8Array, number]) => transmit(call, fd, data, flags),
};
