/**
 * What each system call does: names, binding, connections. Every handler is tried, and tried again when the thread is
 * woken, until it has a result; what it has already done lives in its closure. Errors are those of Linux, in Linux's
 * order. Reading and writing stand in transfer.ts, options in options.ts, descriptors in files.ts.
 */

import { OpenFile } from '../kernel/file.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import { apply, attachTcb, logNames } from '../kernel/tcp/bridge.ts';
import { queueOfListener } from '../kernel/tcp/fast-open.ts';
import { stopListening, takeAccepted } from '../kernel/tcp/listener.ts';
import { anyPort } from '../kernel/tcp/ports.ts';
import { stateChanged } from '../kernel/tcp/readiness.ts';
import { abort, passiveOpen, shutdownSend } from '../tcp/calls.ts';
import type { Tcb } from '../tcp/tcb.ts';
import { isAny } from '../wire/address.ts';
import { type Call, type Handler, installFile, patience, withSocket } from './call.ts';
import type { SockAddr } from './kernel.ts';
import { bindName, sockaddrOf } from './names.ts';
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
    const fastOpenLimit = queueOfListener(host, sock.opts, limit);
    sock.listener = { backlog: limit, syn: new Set(), accept: [], fastOpenPending: 0, fastOpenLimit };
    host.demux.listen(sock);
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

/** The socket is as before connect() or listen(), but for its name and what went wrong (tcp_disconnect). */
function disconnect(host: Host, sock: Socket, tcb: Tcb): void {
  apply(host, sock, abort(tcb, host.now));
  sock.tcb = undefined;
  sock.over = false;
}

/** shutdown(2); inet_shutdown, tcp_shutdown */
export const shutdown: Handler<[fd: number, how: number]> = (call, [fd, how]) =>
  withSocket(call, fd, (sock) => {
    const { host } = call;
    if (how !== CONSTANTS.SHUT_RD && how !== CONSTANTS.SHUT_WR && how !== CONSTANTS.SHUT_RDWR)
      return { errno: 'EINVAL' };
    const { tcb } = sock;
    const reading = how !== CONSTANTS.SHUT_WR;
    const writing = how !== CONSTANTS.SHUT_RD;
    if (!tcb || tcb.state === 'CLOSED' || tcb.state === 'TIME-WAIT') {
      // it is shut all the same
      sock.receiveShut ||= reading;
      sock.sendShut ||= writing;
      stateChanged(host, sock);
      return { errno: 'ENOTCONN' };
    }
    if (tcb.state === 'LISTEN') {
      if (reading) {
        stopListening(host, sock);
        disconnect(host, sock, tcb);
      }
      return { result: 0 };
    }
    if (tcb.state === 'SYN-SENT') {
      disconnect(host, sock, tcb); // whatever `how` says
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
    const state = sock.tcb?.state ?? 'CLOSED';
    if (sock.remotePort === 0 || state === 'CLOSED' || state === 'SYN-SENT' || state === 'TIME-WAIT') {
      return { errno: 'ENOTCONN' };
    }
    return { result: 0, out: [null, ...sockaddrOf(sock, sock.remoteAddr, sock.remotePort)] };
  });
