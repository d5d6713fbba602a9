/**
 * What each system call does: names, binding, connections. Every handler is tried, and tried again when the thread is
 * woken, until it has a result; what it has already done lives in its closure. Errors are those of Linux, in Linux's
 * order. Reading and writing stand in transfer.ts, options in options.ts, descriptors in files.ts.
 */

import type { Errno } from '../base/errno.ts';
import { OpenFile } from '../kernel/file.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import type { Reply } from '../kernel/task.ts';
import { apply, attachTcb, logNames, nameText } from '../kernel/tcp/bridge.ts';
import { stopListening, takeAccepted } from '../kernel/tcp/listener.ts';
import { anyPort, connectPort, mayTakeOver, takeOver } from '../kernel/tcp/ports.ts';
import { stateChanged } from '../kernel/tcp/readiness.ts';
import { abort, activeOpen, passiveOpen, shutdownSend } from '../tcp/calls.ts';
import { isAny } from '../wire/address.ts';
import { type Call, type Handler, installFile, patience, withSocket } from './call.ts';
import type { SockAddr } from './kernel.ts';
import { bindName, connectName, sockaddrOf, wildcardOf } from './names.ts';
import { CONSTANTS } from './signatures.ts';

const { AF_INET, AF_INET6, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC, IPPROTO_IP, IPPROTO_TCP } = CONSTANTS;

/** Installs a socket in the process and logs its descriptor; the caller has asked whether the table is full. */
const install = (call: Call, socket: Socket, flags: number): number =>
  installFile(call, new OpenFile({ socket }, (flags & SOCK_NONBLOCK) !== 0), (flags & SOCK_CLOEXEC) !== 0);

/** socket(2) */
export const socket: Handler<[domain: number, type: number, protocol: number]> =
  (call, [domain, type, protocol]) =>
  () => {
    if (domain !== AF_INET && domain !== AF_INET6) return { errno: 'EAFNOSUPPORT' };
    const kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (kind !== SOCK_STREAM) return { errno: 'ESOCKTNOSUPPORT' };
    if (protocol !== IPPROTO_IP && protocol !== IPPROTO_TCP) return { errno: 'EPROTONOSUPPORT' };
    if (call.process.fds.full) return { errno: 'EMFILE' };
    const created = call.host.newSocket(domain, kind);
    return { result: install(call, created, type) };
  };

/** bind(2); inet_bind, inet6_bind */
export const bind: Handler<[fd: number, address: SockAddr]> = (call, [fd, address]) =>
  withSocket(call, fd, (sock) => {
    const { host } = call;
    const meant = bindName(host, sock, address);
    if (meant.errno) return meant;
    if (sock.localPort !== 0 || sock.tcb) return { errno: 'EINVAL' };
    const previous = sock.localAddr;
    sock.localAddr = meant.addr;
    const port = address.port || anyPort(host, sock);
    if (port === undefined || (address.port !== 0 && host.demux.conflict(sock, port))) {
      sock.localAddr = previous;
      return { errno: 'EADDRINUSE' };
    }
    sock.localPort = port;
    sock.boundByUser = true;
    if (meant.addr.family === 6 && !isAny(meant.addr)) sock.v6only = true; // inet6_bind
    host.demux.hold(sock);
    logNames(host, sock);
    return { result: 0 };
  });

/** listen(2); inet_csk_listen_start */
export const listen: Handler<[fd: number, backlog: number]> = (call, [fd, backlog]) =>
  withSocket(call, fd, (sock) => {
    const { host } = call;
    const limit = Math.min(backlog >>> 0, host.sysctl['net.core.somaxconn']);
    if (sock.listener) {
      sock.listener.backlog = limit;
      return { result: 0 };
    }
    if (sock.tcb && sock.tcb.state !== 'CLOSED') return { errno: 'EINVAL' };
    if (sock.localPort === 0) {
      const port = anyPort(host, sock);
      if (port === undefined) return { errno: 'EADDRINUSE' };
      sock.localPort = port;
      sock.boundByUser = true;
      host.demux.hold(sock);
      logNames(host, sock);
    } else if (host.demux.listens(sock)) {
      return { errno: 'EADDRINUSE' };
    }
    sock.listener = { backlog: limit, syn: new Set(), accept: [] };
    const tcb = attachTcb(host, sock, 1500);
    apply(host, sock, passiveOpen(tcb, host.now));
    for (const queue of ['queue.syn', 'queue.accept'] as const) {
      call.log.add(queue, { ...call.here, sock: sock.id }, { child: 0, change: 'new', length: 0, limit });
    }
    return { result: 0 };
  });

/** accept(2), accept4(2); inet_csk_accept */
export const accept: Handler<[fd: number, flags?: number]> = (call, [fd, flags = 0]) =>
  withSocket(call, fd, (sock, file) => {
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) return { errno: 'EINVAL' };
    if (call.process.fds.full) return { errno: 'EMFILE' };
    if (!sock.listener) return { errno: 'EINVAL' };
    const child = takeAccepted(call.host, sock);
    if (child) {
      const result = install(call, child, flags);
      return { result, out: [null, ...sockaddrOf(child, child.remoteAddr, child.remotePort)] };
    }
    const { waits, until } = patience(call, file.nonblocking, sock.receiveTimeout);
    if (!waits) return { errno: 'EAGAIN' };
    return { park: [sock.readers], on: `a connection in the accept queue of port ${sock.localPort}`, until };
  });

/** connect(2); tcp_v4_connect, tcp_v6_connect, inet_stream_connect */
export const connect: Handler<[fd: number, address: SockAddr]> = (call, [fd, address]) => {
  /** What a call that may not wait says: that it has begun, or that it had begun before. */
  let underWay: Errno = 'EALREADY';
  return withSocket(call, fd, (sock, file) => {
    if (sock.phase === 'connected') return { errno: 'EISCONN' };
    if (sock.phase === 'unconnected') {
      const refused = startConnect(call, sock, address);
      if (refused) return refused;
      sock.phase = 'connecting';
      underWay = 'EINPROGRESS';
    }
    return awaitConnection(call, sock, file, underWay);
  });
};

/** The second half of connect(): the handshake, as far as the socket may wait for it (__inet_stream_connect). */
function awaitConnection(call: Call, sock: Socket, file: OpenFile, underWay: Errno): Reply {
  const { host } = call;
  const state = sock.tcb?.state ?? 'CLOSED';
  if (state === 'SYN-SENT' || state === 'SYN-RECEIVED') {
    const { waits, until } = patience(call, file.nonblocking, sock.sendTimeout);
    if (!waits) return { errno: underWay };
    return { park: [sock.writers], on: `the handshake with ${nameText(sock.remoteAddr, sock.remotePort)}`, until };
  }
  if (state === 'CLOSED' || state === 'TIME-WAIT') {
    const failed = sock.takeError() ?? 'ECONNABORTED';
    forgetConnection(host, sock);
    return { errno: failed };
  }
  sock.phase = 'connected';
  return { result: 0 };
}

function startConnect(call: Call, sock: Socket, address: SockAddr): Reply | undefined {
  const { host } = call;
  if (sock.listener || (sock.tcb && sock.tcb.state !== 'CLOSED') || sock.over) return { errno: 'EISCONN' };
  const meant = connectName(sock, address);
  if (meant.errno) return meant;
  const { addr: target } = meant;
  const route = host.route(target);
  if (!route) return { errno: 'ENETUNREACH' };
  if (isAny(sock.localAddr)) sock.localAddr = route.source;
  sock.remoteAddr = target;
  sock.remotePort = address.port;
  const chosen = sock.localPort === 0 ? 'by kernel' : 'by name';
  if (sock.localPort === 0) {
    const port = connectPort(host, sock, target, address.port);
    if (port === undefined) {
      sock.remoteAddr = sock.localAddr = wildcardOf(sock);
      sock.remotePort = 0;
      return { errno: 'EADDRNOTAVAIL' };
    }
    sock.localPort = port;
    host.demux.hold(sock);
  }
  const old = host.demux.connection(sock.localAddr, sock.localPort, target, address.port);
  if (old && !mayTakeOver(host, old, chosen)) return { errno: 'EADDRNOTAVAIL' };
  const after = old && takeOver(host, old);
  host.demux.addConnection(sock);
  logNames(host, sock);
  const tcb = attachTcb(host, sock, route.mtu, after);
  apply(host, sock, activeOpen(tcb, host.now));
  return undefined;
}

/** After a failed connect() the socket is as before it (tcp_disconnect keeps a name given by bind). */
function forgetConnection(host: Host, sock: Socket): void {
  sock.phase = 'unconnected';
  sock.tcb = undefined;
  sock.over = false;
  sock.receiveShut = sock.sendShut = false;
  sock.remoteAddr = wildcardOf(sock);
  sock.remotePort = 0;
  if (!sock.boundByUser) {
    host.demux.release(sock);
    sock.localAddr = wildcardOf(sock);
    sock.localPort = 0;
  }
  logNames(host, sock);
}

/** shutdown(2); inet_shutdown, tcp_shutdown */
export const shutdown: Handler<[fd: number, how: number]> = (call, [fd, how]) =>
  withSocket(call, fd, (sock) => {
    const { host } = call;
    if (how !== CONSTANTS.SHUT_RD && how !== CONSTANTS.SHUT_WR && how !== CONSTANTS.SHUT_RDWR)
      return { errno: 'EINVAL' };
    const { tcb } = sock;
    if (!tcb || tcb.state === 'CLOSED') return { errno: 'ENOTCONN' };
    const reading = how !== CONSTANTS.SHUT_WR;
    const writing = how !== CONSTANTS.SHUT_RD;
    if (tcb.state === 'LISTEN') {
      if (reading) {
        stopListening(host, sock);
        apply(host, sock, abort(tcb, host.now));
      }
      return { result: 0 };
    }
    if (tcb.state === 'SYN-SENT') {
      apply(host, sock, abort(tcb, host.now)); // whatever `how` says
      return { result: 0 };
    }
    if (reading) sock.receiveShut = tcb.receiveShut = true;
    if (writing) {
      sock.sendShut = true;
      apply(host, sock, shutdownSend(tcb, host.now));
    }
    stateChanged(host, sock);
    return { result: 0 };
  });

/** getsockname(2) */
export const getsockname: Handler<[fd: number]> = (call, [fd]) =>
  withSocket(call, fd, (sock) => ({
    result: 0,
    out: [null, ...sockaddrOf(sock, sock.localAddr, sock.localPort)],
  }));

/** getpeername(2) */
export const getpeername: Handler<[fd: number]> = (call, [fd]) =>
  withSocket(call, fd, (sock) => {
    if (sock.remotePort === 0 || !sock.tcb || sock.tcb.state === 'CLOSED' || sock.tcb.state === 'SYN-SENT') {
      return { errno: 'ENOTCONN' };
    }
    return { result: 0, out: [null, ...sockaddrOf(sock, sock.remoteAddr, sock.remotePort)] };
  });
