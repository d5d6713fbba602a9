/**
 * connect(2) in two halves, names and SYN, then the wait for the handshake, so that a write may be the first half (Linux
 * tcp_ipv4.c tcp_v4_connect, af_inet.c __inet_stream_connect).
 */
import type { Errno } from '../base/errno.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import type { Reply } from '../kernel/task.ts';
import { apply, attachTcb, logNames, nameText } from '../kernel/tcp/bridge.ts';
import { defersConnect, earlyFor } from '../kernel/tcp/fast-open.ts';
import { connectPort, mayTakeOver, takeOver } from '../kernel/tcp/ports.ts';
import { activeOpen } from '../tcp/calls.ts';
import { isAny } from '../wire/address.ts';
import { type Call, type Handler, patience, withSocket } from './call.ts';
import type { SockAddr } from './kernel.ts';
import { connectName, wildcardOf } from './names.ts';

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
    if (sock.deferred) return underWay === 'EINPROGRESS' ? { result: 0 } : { errno: 'EISCONN' };
    return awaitConnection(call, sock, file.nonblocking, underWay);
  });
};

/** The second half of connect(): the handshake, as far as the socket may wait for it (__inet_stream_connect). */
export function awaitConnection(call: Call, sock: Socket, nonblocking: boolean, underWay: Errno): Reply {
  const { host } = call;
  const state = sock.tcb?.state ?? 'CLOSED';
  if (state === 'SYN-SENT' || state === 'SYN-RECEIVED') {
    const { waits, until } = patience(call, nonblocking, sock.sendTimeout);
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

/**
 * The first half of connect(): names, and the SYN. `data`: bytes that may go with it (MSG_FASTOPEN); without, Fast Open is
 * used as TCP_FASTOPEN_CONNECT says.
 */
export function startConnect(
  call: Call,
  sock: Socket,
  address: SockAddr,
  data?: Uint8Array,
  zerocopy?: number,
): { errno: Errno } | undefined {
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
  if (data === undefined && defersConnect(host, sock)) sock.deferred = true;
  else apply(host, sock, activeOpen(tcb, host.now, earlyFor(host, sock, data, zerocopy)));
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
