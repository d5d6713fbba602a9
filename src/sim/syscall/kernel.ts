/**
 * What a cell sees of a kernel: the same interface over the simulator and over the real one.
 *
 * Names, arguments and results are those of POSIX. Two things differ, because the language does: a byte buffer knows
 * its length, so a count is given by the buffer; and a failing call throws {@link SysError} instead of returning -1.
 * This module knows neither kernel.
 */
import { type Errno, errnoNumber, errnoText } from '../base/errno.ts';
import type { KernelVersion } from '../base/kernels.ts';
import type { Linger } from '../base/sockopt.ts';
import type { EpollEvent, MsgHdr, Offset, PollFd, SockAddr } from '../base/structs.ts';
import type { Time } from '../base/time.ts';
import type { Log } from '../trace/log.ts';
import { type CallName, CONSTANTS } from './signatures.ts';

export type * from '../base/structs.ts';

/** What setsockopt() takes. */
export type OptionInput = number | string | Linger | Uint8Array;

/** The family that a socket address is of: as it says, or as its text looks. */
export const familyOf = ({ family, addr }: SockAddr): number =>
  family ?? (addr.includes(':') ? CONSTANTS.AF_INET6 : CONSTANTS.AF_INET);

/** sizeof(struct sockaddr_in), or of struct sockaddr_in6. */
export const sizeOfAddress = (address: SockAddr): number => (familyOf(address) === CONSTANTS.AF_INET6 ? 28 : 16);

/** A system call that failed. */
export class SysError extends Error {
  override readonly name = 'SysError';
  /** The number, positive: 111. */
  readonly errno: number;
  /** The name: 'ECONNREFUSED'. */
  readonly code: Errno;
  /** The call: 'connect'. */
  readonly syscall: CallName;

  constructor(syscall: CallName, code: Errno) {
    super(`${syscall}: -1 ${code} (${errnoText(code)})`);
    this.syscall = syscall;
    this.code = code;
    this.errno = errnoNumber(code);
  }
}

/** The calls of one thread of one process. Each throws {@link SysError}; each may block until the kernel answers. */
export interface Calls {
  /** @returns the lowest free descriptor. EAFNOSUPPORT, EPROTONOSUPPORT, EMFILE. socket(2) */
  socket(domain: number, type: number, protocol?: number): Promise<number>;
  /** EADDRINUSE, EADDRNOTAVAIL, EINVAL (bound already). bind(2) */
  bind(fd: number, address: SockAddr): Promise<void>;
  /** @param backlog how many finished connections may wait (Linux holds one more; at most somaxconn). listen(2) */
  listen(fd: number, backlog: number): Promise<void>;
  /** Takes the first finished connection; blocks while there is none. `peer` is filled in. accept(2) */
  accept(fd: number, peer?: SockAddr): Promise<number>;
  /** Blocks until the handshake is done. ECONNREFUSED, ETIMEDOUT, EISCONN, ... connect(2) */
  connect(fd: number, address: SockAddr): Promise<void>;
  /** Reads at most `buf.length` bytes into `buf`; 0 is the end of the stream. read(2) */
  read(fd: number, buf: Uint8Array): Promise<number>;
  /** Writes text (as UTF-8) or bytes; blocks until the kernel has taken all. EPIPE, ECONNRESET. write(2) */
  write(fd: number, data: string | Uint8Array): Promise<number>;
  /** {@link read} with MSG_ flags. recv(2) */
  recv(fd: number, buf: Uint8Array, flags?: number): Promise<number>;
  /** {@link write} with MSG_ flags. send(2) */
  send(fd: number, data: string | Uint8Array, flags?: number): Promise<number>;
  /** {@link accept}, with SOCK_NONBLOCK and SOCK_CLOEXEC for the new descriptor. accept4(2) */
  accept4(fd: number, peer: SockAddr | undefined, flags: number): Promise<number>;
  /** {@link recv}; `source` is filled in where a socket has no one peer, which TCP has. recvfrom(2) */
  recvfrom(fd: number, buf: Uint8Array, flags?: number, source?: SockAddr): Promise<number>;
  /** {@link send}; an address is passed over by a connected socket, and connected to with MSG_FASTOPEN. sendto(2) */
  sendto(fd: number, data: string | Uint8Array, flags?: number, address?: SockAddr): Promise<number>;
  /** Fills the buffers of `message.iov` one after the other, and the rest of `message`. recvmsg(2) */
  recvmsg(fd: number, message: MsgHdr, flags?: number): Promise<number>;
  /** Sends the pieces of `message.iov` as one. sendmsg(2) */
  sendmsg(fd: number, message: MsgHdr, flags?: number): Promise<number>;
  /** {@link read} into several buffers, one after the other. readv(2) */
  readv(fd: number, iov: readonly Uint8Array[]): Promise<number>;
  /** {@link write} of several pieces as one. writev(2) */
  writev(fd: number, iov: readonly (string | Uint8Array)[]): Promise<number>;
  /**
   * Waits until one of the descriptors is ready, and sets each one's `revents`.
   * @param timeout milliseconds; 0: look only; negative: without end
   * @returns how many are ready. poll(2)
   */
  poll(fds: readonly PollFd[], timeout: number): Promise<number>;
  /**
   * Waits until a descriptor below `nfds` is ready; each set is left with those that are.
   * @param timeout undefined: without end
   * @returns how many bits are left in the three sets. EBADF. select(2)
   */
  select(
    nfds: number,
    readfds?: Set<number>,
    writefds?: Set<number>,
    exceptfds?: Set<number>,
    timeout?: Time,
  ): Promise<number>;
  /** An empty set of descriptors to watch. @param size of no meaning, but above 0. epoll_create(2) */
  epoll_create(size: number): Promise<number>;
  /** @param flags EPOLL_CLOEXEC. epoll_create1(2) */
  epoll_create1(flags?: number): Promise<number>;
  /**
   * Adds, changes or removes what is watched.
   * @param op EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL. EEXIST, ENOENT, EPERM. epoll_ctl(2)
   */
  epoll_ctl(epfd: number, op: number, fd: number, event?: EpollEvent): Promise<void>;
  /**
   * Waits until something watched is ready; `events` is filled in.
   * @param timeout milliseconds; 0: look only; negative: without end
   * @returns how many events. epoll_wait(2)
   */
  epoll_wait(epfd: number, events: EpollEvent[], maxevents: number, timeout: number): Promise<number>;
  /** {@link epoll_wait}, with no signals to hold back. epoll_pwait(2) */
  epoll_pwait(epfd: number, events: EpollEvent[], maxevents: number, timeout: number): Promise<number>;
  /** @param op F_GETFL, F_SETFL (O_NONBLOCK, O_APPEND), F_GETFD, F_SETFD, F_DUPFD, F_DUPFD_CLOEXEC. fcntl(2) */
  fcntl(fd: number, op: number, arg?: number): Promise<number>;
  /**
   * @param op FIONREAD (SIOCINQ), TIOCOUTQ (SIOCOUTQ), SIOCOUTQNSD, SIOCATMARK; FIONBIO takes `arg`.
   * @returns what the call left at its pointer. ioctl(2), tcp(7)
   */
  ioctl(fd: number, op: number, arg?: number): Promise<number>;
  /** @returns the end to read from and the end to write to. pipe(2) */
  pipe(): Promise<[read: number, write: number]>;
  /** @param flags O_NONBLOCK, O_CLOEXEC. pipe2(2) */
  pipe2(flags: number): Promise<[read: number, write: number]>;
  /** A regular file of the host. ENOENT, EEXIST. open(2) */
  open(path: string, flags: number, mode?: number): Promise<number>;
  /** @param whence SEEK_SET, SEEK_CUR or SEEK_END. ESPIPE. lseek(2) */
  lseek(fd: number, offset: number, whence: number): Promise<number>;
  /** Sends `count` bytes of a file without a copy through the program. @param offset undefined: the file's own. sendfile(2) */
  sendfile(out: number, file: number, offset: Offset | undefined, count: number): Promise<number>;
  /** Moves bytes between a pipe and something else. @param flags SPLICE_F_NONBLOCK, SPLICE_F_MORE. splice(2) */
  splice(
    from: number,
    offsetFrom: Offset | undefined,
    to: number,
    offsetTo: Offset | undefined,
    length: number,
    flags?: number,
  ): Promise<number>;
  /** @param how SHUT_RD, SHUT_WR or SHUT_RDWR. ENOTCONN. shutdown(2) */
  shutdown(fd: number, how: number): Promise<void>;
  /** Releases the descriptor; the last one releases the socket. EBADF. close(2) */
  close(fd: number): Promise<void>;
  /** A second descriptor for the same open file description. dup(2) */
  dup(fd: number): Promise<number>;
  /**
   * @param value an integer for most options; `{ onoff, linger }` for SO_LINGER; nanoseconds for SO_RCVTIMEO and
   *   SO_SNDTIMEO, as `ms(200)` gives them; a text for TCP_CONGESTION and SO_BINDTODEVICE; bytes for TCP_FASTOPEN_KEY.
   *   ENOPROTOOPT, EINVAL. setsockopt(2), socket(7), ip(7), tcp(7)
   */
  setsockopt(fd: number, level: number, name: number, value: OptionInput): Promise<void>;
  /** What {@link setsockopt} would take; TCP_INFO gives the fields of struct tcp_info by name. getsockopt(2) */
  getsockopt(fd: number, level: 1, name: 13): Promise<Linger>;
  getsockopt(fd: number, level: 1, name: 25): Promise<string>;
  getsockopt(fd: number, level: 6, name: 11): Promise<Readonly<Record<string, number>>>;
  getsockopt(fd: number, level: 6, name: 13): Promise<string>;
  getsockopt(fd: number, level: 6, name: 33): Promise<Uint8Array>;
  getsockopt(fd: number, level: number, name: number): Promise<number>;
  getsockname(fd: number): Promise<SockAddr>;
  /** ENOTCONN. getpeername(2) */
  getpeername(fd: number): Promise<SockAddr>;
  /** Blocks for `duration` nanoseconds: `sleep(ms(20))`. nanosleep(2) */
  sleep(duration: Time): Promise<void>;
}

/** A thread of a process: one call at a time, as a thread waits in one call. */
export interface Thread extends Calls {
  readonly name: string;
  /** Its process. */
  readonly process: Process;
}

/** A thread started by `spawn`. */
export interface Spawned<T = unknown> {
  readonly name: string;
  /** Waits until the thread's function has returned, and gives its value; throws what it threw. */
  join(): Promise<T>;
}

/** A process on a host. Calls made on it run on its main thread. */
export interface Process extends Thread {
  readonly pid: number;
  /** The IPv4 address of its host; of a host that has none, its IPv6 address. */
  readonly ip: string;
  /** The IPv6 address of its host; '' when it has none. */
  readonly ip6: string;
  /** The name of its host. */
  readonly host: string;
  /** Starts a thread that shares the descriptors; it runs whenever time passes, in later cells too. */
  spawn<T>(name: string, body: (thread: Thread) => Promise<T>): Spawned<T>;
}

/** Where in a notebook something is called: 1-based. */
export interface Position {
  cell: string;
  line: number;
  column: number;
}

/** What the session gives to a kernel. */
export interface Hooks {
  /** The place of the call that is being made, read synchronously in each system call. */
  position(): Position | undefined;
  /** Resolves when the cell's code has run as far as it can without the kernel: one turn of the platform's loop. */
  drain(): Promise<void>;
  /** Whether the reader wants the cell to stop. Asked between events. */
  interrupted(): boolean;
}

/** How a cell's run ended. */
export type Outcome =
  | { end: 'returned'; value: unknown }
  | { end: 'threw'; error: unknown }
  /** Nothing can ever happen again, or has for long on a real kernel: who waits on what, one line each. */
  | { end: 'stuck'; waiting: readonly string[] }
  | { end: 'interrupted' }
  /** A bound of the run was hit: `what` names it. */
  | { end: 'limit'; what: string };

/** What one cell may use up. */
export interface Limits {
  /** Nanoseconds of the kernel's time: virtual on the simulator, real on the real kernel. */
  time: Time;
  events: number;
}

/** A kernel that cells run against. */
export interface Kernel {
  readonly kind: 'simulator' | 'loopback';
  /** What happened so far. The real kernel logs system calls only. */
  readonly log: Log;
  /** The first process of each host, by the host's name: the globals of a cell. */
  readonly processes: ReadonlyMap<string, Process>;
  now(): Time;
  /** Lets time pass: resolves after `duration`, with no system call made. */
  pause(duration: Time): Promise<void>;
  /** Runs a cell's code, driving the clock until it settles. `cell` names it in the log. */
  run(cell: string, body: () => Promise<unknown>, limits: Limits): Promise<Outcome>;
  /** Frees what it holds: real descriptors are closed. */
  dispose(): Promise<void>;
}

/** The hosts and links of a notebook. */
export interface Topology {
  hosts: readonly {
    name: string;
    /** IPv4; a host has this address, the other, or both. */
    address?: string;
    /** IPv6. */
    address6?: string;
    /** Which Linux the simulator is on this host; 6.18 unless given. */
    kernel?: KernelVersion;
    /** Settings that differ from the kernel's defaults, under their Linux names: `'net.ipv4.tcp_sack': 0`. */
    sysctl?: Readonly<Record<string, number | string>>;
  }[];
  links: readonly {
    between: readonly [string, string];
    /** One way. */
    delay: Time;
    /** Bits per second; Infinity: no limit. */
    rate: number;
    /** Packets that may wait for the wire. */
    queue: number;
    /** Probability that a packet is lost, 0 to 1. */
    loss: number;
    /** Probability that a packet arrives twice; 0 unless given, as all that follow. */
    duplicate?: number;
    /** Probability that one bit of a packet is flipped on the way. */
    corrupt?: number;
    /** How much the delay varies, to either side. Packets may overtake each other unless there is a rate. */
    jitter?: Time;
    /** Probability that a packet is not delayed, and overtakes others; of each `gap` packets (1 unless given) one at most. */
    reorder?: number;
    gap?: number;
    /** Bytes of an IP packet. */
    mtu: number;
    /** A router half-way forwards no more than this; the hosts do not see it. It says so by ICMP, unless `blackHole`. */
    pathMtu?: number;
    blackHole?: boolean;
  }[];
}
