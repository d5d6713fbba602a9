/**
 * Socket options (socket(7), tcp(7); Linux sock.c sk_setsockopt, tcp.c do_tcp_setsockopt): integers only.
 */
import { errnoNumber } from '../base/errno.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import { apply } from '../kernel/tcp/bridge.ts';
import { quickAck, setNoDelay } from '../tcp/calls.ts';
import { inPingpong } from '../tcp/receive/acknowledging.ts';
import { setReceiveBuffer } from '../tcp/receive/autotune.ts';
import { type Handler, withSocket } from './call.ts';
import { CONSTANTS as C } from './signatures.ts';

/** Linux SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF. */
const MIN_SEND_BUFFER = 4608;
const MIN_RECEIVE_BUFFER = 2304;

interface Option {
  get(socket: Socket, host: Host): number;
  /** Absent: the option cannot be set. */
  set?(socket: Socket, host: Host, value: number): void;
}

const key = (level: number, name: number): string => `${level}:${name}`;
const flag = (on: boolean): number => (on ? 1 : 0);

/** The kernel doubles what is asked, to make room for its own overhead. */
const doubled = (value: number, max: number, min: number): number => Math.max(2 * Math.min(value, max), min);

const OPTIONS = new Map<string, Option>([
  [
    key(C.SOL_SOCKET, C.SO_REUSEADDR),
    {
      get: (s) => flag(s.reuseAddr),
      set: (s, _, value) => {
        s.reuseAddr = value !== 0;
      },
    },
  ],
  [
    key(C.SOL_SOCKET, C.SO_KEEPALIVE),
    {
      get: (s) => flag(s.opts.keepAlive),
      set: (s, _, value) => {
        s.opts.keepAlive = value !== 0;
      },
    },
  ],
  [key(C.SOL_SOCKET, C.SO_TYPE), { get: (s) => s.type }],
  [key(C.SOL_SOCKET, C.SO_DOMAIN), { get: (s) => s.domain }],
  [key(C.SOL_SOCKET, C.SO_PROTOCOL), { get: () => C.IPPROTO_TCP }],
  [key(C.SOL_SOCKET, C.SO_ACCEPTCONN), { get: (s) => flag(s.listener !== undefined) }],
  [
    key(C.SOL_SOCKET, C.SO_ERROR),
    {
      get: (s) => {
        const error = s.takeError();
        return error ? errnoNumber(error) : 0;
      },
    },
  ],
  [
    key(C.SOL_SOCKET, C.SO_SNDBUF),
    {
      get: (s) => s.sendBuffer,
      set: (s, host, value) => {
        s.sendBuffer = doubled(value, host.sysctl['net.core.wmem_max'], MIN_SEND_BUFFER);
        s.sendBufferLocked = true;
        if (s.tcb) s.tcb.sendLimit = s.sendBuffer;
      },
    },
  ],
  [
    key(C.SOL_SOCKET, C.SO_RCVBUF),
    {
      get: (s) => s.tcb?.rcv.limit ?? s.receiveBuffer,
      set: (s, host, value) => {
        s.receiveBuffer = doubled(value, host.sysctl['net.core.rmem_max'], MIN_RECEIVE_BUFFER);
        s.receiveBufferLocked = true;
        if (s.tcb) setReceiveBuffer(s.tcb, s.receiveBuffer);
      },
    },
  ],
  [
    key(C.SOL_TCP, C.TCP_NODELAY),
    {
      get: (s) => flag(s.noDelay),
      set: (s, host, value) => {
        s.noDelay = value !== 0;
        if (s.tcb) apply(host, s, setNoDelay(s.tcb, s.noDelay, host.now));
      },
    },
  ],
  [
    key(C.SOL_TCP, C.TCP_QUICKACK),
    {
      get: (s) => flag(!(s.tcb && inPingpong(s.tcb))),
      set: (s, host, value) => {
        if (s.tcb) apply(host, s, quickAck(s.tcb, value, host.now));
      },
    },
  ],
  [key(C.SOL_TCP, C.TCP_MAXSEG), { get: (s) => s.tcb?.snd.mss ?? 536 }],
]);

/** setsockopt(2) */
export const setsockopt: Handler<[fd: number, level: number, name: number, value: number]> = (call, args) => {
  const [fd, level, name, value] = args;
  return withSocket(call, fd, (socket) => {
    const option = OPTIONS.get(key(level, name));
    if (!option?.set) return { errno: 'ENOPROTOOPT' };
    option.set(socket, call.host, value);
    return { result: 0 };
  });
};

/** getsockopt(2) */
export const getsockopt: Handler<[fd: number, level: number, name: number]> = (call, [fd, level, name]) =>
  withSocket(call, fd, (socket) => {
    const option = OPTIONS.get(key(level, name));
    if (!option) return { errno: 'ENOPROTOOPT' };
    return { result: 0, out: [null, null, null, option.get(socket, call.host), 4] };
  });
