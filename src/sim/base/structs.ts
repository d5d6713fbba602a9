/**
 * The structures of system calls as objects: fields without their prefixes, lists as lists. What a program hands over and
 * gets back, what the log keeps, and what views print.
 */
import type { Time } from './time.ts';

/** An address and a port: struct sockaddr_in, or struct sockaddr_in6. */
export interface SockAddr {
  /** AF_INET or AF_INET6; left out: as `addr` is written. */
  family?: number;
  /** '10.0.0.2', '2001:db8::2', or '::ffff:10.0.0.2': IPv4 by a socket of AF_INET6. '0.0.0.0' and '::' are the wildcards. */
  addr: string;
  /** 0 to 65535; 0 lets the kernel choose. */
  port: number;
  /** The interface on which a link-local address is meant (sin6_scope_id). */
  scope?: number;
}

/** struct sock_extended_err, its fields without `ee_`: why something is in a socket's error queue. */
export interface SockExtendedErr {
  /** A positive number; 0 or ENOMSG where nothing went wrong. */
  errno: number;
  /** SO_EE_ORIGIN_… */
  origin: number;
  type: number;
  code: number;
  info: number;
  data: number;
  /** SO_EE_OFFENDER(): who sent the ICMP message. */
  offender?: SockAddr;
}

/** A control message (cmsg(3)), by level and type. */
export type ControlMessage =
  /** SOL_TCP, TCP_CM_INQ: bytes that are left to read. */
  | { level: number; type: number; data: number }
  /** SOL_SOCKET, SCM_TIMESTAMPING: struct scm_timestamping: software, legacy, hardware. */
  | { level: number; type: number; data: readonly [Time, Time, Time] }
  /** SOL_IP, IP_RECVERR, or SOL_IPV6, IPV6_RECVERR. */
  | { level: number; type: number; data: SockExtendedErr };

/** struct msghdr, its fields without `msg_`: what sendmsg() sends, and what recvmsg() fills in. */
export interface MsgHdr {
  /** Where to; recvmsg() sets it where a socket has no one peer. */
  name?: SockAddr;
  /** Texts and bytes to be sent, or buffers to be filled one after the other. */
  iov: readonly (string | Uint8Array)[];
  /** Set by recvmsg(). sendmsg() takes SOL_SOCKET, SO_TIMESTAMPING: which points of this one write are to be told. */
  control?: readonly ControlMessage[];
  /** Room for control messages, in bytes of C; as much as is needed unless given. What does not fit sets MSG_CTRUNC. */
  controllen?: number;
  /** Set by recvmsg(): MSG_TRUNC, MSG_CTRUNC, MSG_ERRQUEUE, ... */
  flags?: number;
}

/** struct pollfd. */
export interface PollFd {
  /** Negative: passed over. */
  fd: number;
  /** POLLIN, POLLOUT, ... to wait for; POLLERR, POLLHUP and POLLNVAL are told in any case. */
  events: number;
  /** Set by poll(). */
  revents?: number;
}

/** struct epoll_event. */
export interface EpollEvent {
  /** EPOLLIN, EPOLLOUT, ..., with EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE. */
  events: number;
  /** Whatever the program wants to be told with them, most often the descriptor. */
  data: number;
}

/** Where a file is read from: set to where the call has ended. */
export interface Offset {
  value: number;
}
