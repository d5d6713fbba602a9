/**
 * A socket as the kernel sees it: its names, options, error, waiters, and either a connection (a TCB) or a listener's
 * queues. Plain data; what is done with it stands in kernel/tcp and syscall/.
 */
import type { Errno } from '../base/errno.ts';
import type { Seq } from '../base/seq.ts';
import type { OptionName } from '../base/sockopt.ts';
import type { Time } from '../base/time.ts';
import type { Alarm } from '../net/scheduler.ts';
import { newSockOpts, type SockOpts } from '../tcp/sockopts.ts';
import type { Tcb } from '../tcp/tcb.ts';
import { type Address, ANY4, ANY6 } from '../wire/address.ts';
import type { ErrorQueue } from './error-queue.ts';
import { Watchers } from './poll.ts';
import { WaitQueue } from './task.ts';
import type { Observed } from './tcp/observe.ts';

/** Linux include/linux/socket.h. */
export const AF_INET6 = 10;

/** The two queues of a listening socket. */
export interface Listener {
  /** min(listen()'s backlog, somaxconn): Linux sk_max_ack_backlog. Each queue holds one more. */
  backlog: number;
  /** Connections in SYN-RECEIVED. */
  syn: Set<Socket>;
  /** Connections that wait for accept(): established, or served before by Fast Open. */
  accept: Socket[];
  /** Connections served by Fast Open whose handshake is not done, and how many of them there may be (RFC 7413 section 5.1). */
  fastOpenPending: number;
  fastOpenLimit: number;
}

export class Socket {
  /** Unique in the world, from 1. */
  readonly id: number;
  readonly domain: number;
  readonly type: number;

  /** As in packets: an IPv4 address is never mapped, whatever the domain. A wildcard: not set. */
  localAddr: Address;
  /** 0: not set. */
  localPort = 0;
  /** A wildcard: not set. */
  remoteAddr: Address;
  remotePort = 0;
  /** IPV6_V6ONLY: no IPv4 by mapped addresses. */
  v6only = false;
  /** What routers and devices tell flows apart by (Linux sk_txhash); changes when a timeout suggests another path. */
  txHash = 0;
  /** The next connection with the same hash. */
  chained: Socket | undefined;
  /** bind() was called with a port, or listen() chose one: connect() must not give it back. */
  boundByUser = false;

  tcb: Tcb | undefined;
  listener: Listener | undefined;
  /** The listener in whose queue this connection is. */
  parent: Socket | undefined;

  /** connect() was left to the first write, which goes with the SYN (TCP_FASTOPEN_CONNECT; Linux defer_connect). */
  deferred = false;
  /** Called once when the handshake is done. */
  onEstablished: (() => void) | undefined;

  /** sk_err: reported by the next call, once. */
  error: Errno | undefined;
  /** The connection was there and is over: reading gives 0 (Linux SOCK_DONE and RCV_SHUTDOWN). */
  over = false;
  sendShut = false;
  receiveShut = false;
  /** No descriptor refers to it. */
  released = false;

  /** What connect() made of it (Linux enum socket_state); the connection itself may be over. */
  phase: 'unconnected' | 'connecting' | 'connected' = 'unconnected';
  reuseAddr = false;
  reusePort = false;
  /** SO_LINGER: how long close() waits; undefined: it does not (SOCK_LINGER). */
  linger: { seconds: number } | undefined;
  /** What SO_LINGER last said, switched on or not (sk_lingertime). */
  lingerSeconds = 0;
  /** Options that it only remembers for the program. */
  kept: Map<OptionName, number> | undefined;
  /** Options that TCP obeys; the connection block has the same object. */
  opts: SockOpts = newSockOpts();
  noDelay = false;
  sendBuffer: number;
  receiveBuffer: number;
  /** SO_SNDBUF was set by the program: it does not grow by itself (SOCK_SNDBUF_LOCK). */
  sendBufferLocked = false;
  /** SO_RCVBUF was set by the program (SOCK_RCVBUF_LOCK). */
  receiveBufferLocked = false;

  /** SO_RCVTIMEO and SO_SNDTIMEO: how long a call may block; undefined: without end. */
  receiveTimeout: Time | undefined;
  sendTimeout: Time | undefined;
  /** IP_RECVERR, and IPV6_RECVERR: ICMP errors are reported at once, and queued. */
  receiveErrors = false;
  receiveErrors6 = false;
  /** SO_ZEROCOPY: sends may ask for MSG_ZEROCOPY. */
  zeroCopy = false;
  /** The number of the next send with MSG_ZEROCOPY (sk_zckey). */
  zeroCopyNext = 0;
  /** The one that a call is at: the call holds the memory, too. */
  zeroCopying: number | undefined;
  /** SO_TIMESTAMPING: flags of include/uapi/linux/net_tstamp.h. */
  timestamping = 0;
  /** Byte numbers of SOF_TIMESTAMPING_OPT_ID count from here (sk_tskey). */
  timestampBase: Seq | undefined;
  /** sk_error_queue; undefined while nothing was ever in it. */
  errors: ErrorQueue | undefined;

  /** Threads in read(), recv() and accept(). */
  readonly readers = new WaitQueue();
  /** Threads in write(), send() and connect(). */
  readonly writers = new WaitQueue();
  /** poll(), select() and epolls that watch it. */
  readonly watchers = new Watchers();

  /** What was last logged of the connection. */
  observed: Observed | undefined;
  /** Rings when the earliest of the connection's timers is due. */
  alarm: Alarm | undefined;

  constructor(id: number, domain: number, type: number, sendBuffer: number, receiveBuffer: number) {
    this.id = id;
    this.domain = domain;
    this.localAddr = this.remoteAddr = domain === AF_INET6 ? ANY6 : ANY4;
    this.type = type;
    this.sendBuffer = sendBuffer;
    this.receiveBuffer = receiveBuffer;
  }

  /** sk_err, cleared (sock_error). */
  takeError(): Errno | undefined {
    const { error } = this;
    this.error = undefined;
    return error;
  }

  /** What an ICMP message said of a connection that goes on; cleared (sk_err_soft, which getsockopt(SO_ERROR) takes). */
  takeSoftError(): Errno | undefined {
    if (!this.tcb) return undefined;
    const { softError } = this.tcb;
    this.tcb.softError = undefined;
    return softError;
  }
}

/** A connection that was accepted has its listener's options (inet_csk_clone_lock). */
export function inheritOptions(child: Socket, listener: Socket): void {
  child.opts = { ...listener.opts };
  child.reusePort = listener.reusePort;
  child.linger = listener.linger;
  child.lingerSeconds = listener.lingerSeconds;
  child.receiveTimeout = listener.receiveTimeout;
  child.sendTimeout = listener.sendTimeout;
  child.receiveErrors = listener.receiveErrors;
  child.receiveErrors6 = listener.receiveErrors6;
  child.zeroCopy = listener.zeroCopy;
  child.timestamping = listener.timestamping;
  child.kept = listener.kept && new Map(listener.kept);
}
