/**
 * Writing that opens the connection (RFC 7413; Linux tcp.c tcp_sendmsg_fastopen): MSG_FASTOPEN, and the first write after
 * a connect() that TCP_FASTOPEN_CONNECT had put off.
 */
import { EMPTY } from '../base/bytes.ts';
import type { Errno } from '../base/errno.ts';
import type { Socket } from '../kernel/socket.ts';
import { apply } from '../kernel/tcp/bridge.ts';
import { clientEnabled, earlyFor } from '../kernel/tcp/fast-open.ts';
import { logWritten } from '../kernel/tcp/observe.ts';
import { activeOpen } from '../tcp/calls.ts';
import type { Call } from './call.ts';
import { startConnect } from './connect.ts';
import type { SockAddr } from './kernel.ts';
import { isNowhere } from './memory.ts';
import { CONSTANTS } from './signatures.ts';

/** Whether this write is to open the connection. */
export const opensConnection = (socket: Socket, flags: number): boolean =>
  socket.deferred || (flags & CONSTANTS.MSG_FASTOPEN) !== 0;

/** What came of it: why not; or how many bytes went with the SYN, and what a call that may not wait says. */
export type Opening = { errno: Errno } | { taken: number; underWay: Errno };

/**
 * The SYN leaves with as much of the data as it may carry.
 * @param zerocopy the number of the write with MSG_ZEROCOPY; undefined: it copies
 */
export function openWithData(
  call: Call,
  socket: Socket,
  data: Uint8Array,
  address: SockAddr | undefined,
  zerocopy: number | undefined,
): Opening {
  const { host } = call;
  if (!clientEnabled(host) || address?.family === CONSTANTS.AF_UNSPEC) return { errno: 'EOPNOTSUPP' };
  if (socket.phase === 'connected') return { errno: 'EISCONN' };
  const usable = isNowhere(data) ? EMPTY : data;
  if (socket.deferred && socket.tcb) {
    socket.deferred = false;
    apply(host, socket, activeOpen(socket.tcb, host.now, earlyFor(host, socket, usable, zerocopy)));
  } else if (socket.phase === 'connecting') {
    return { taken: 0, underWay: 'EALREADY' };
  } else {
    if (!address) return { errno: 'EPIPE' };
    const refused = startConnect(call, socket, address, usable, zerocopy);
    if (refused) return refused;
    socket.phase = 'connecting';
  }
  const taken = socket.tcb?.queue.length ?? 0;
  if (taken > 0 && zerocopy === undefined) {
    call.log.add('copy.in', { ...call.here, sock: socket.id }, { enter: call.enter, from: 0, length: taken });
    logWritten(host, socket);
  }
  return { taken, underWay: 'EINPROGRESS' };
}
