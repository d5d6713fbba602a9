/**
 * Options of level SOL_SOCKET (socket(7); Linux net/core/sock.c sk_setsockopt, sk_getsockopt). Processes may do what root
 * may.
 */

import { type Errno, errnoNumber } from '../base/errno.ts';
import type { Linger } from '../base/sockopt.ts';
import type { Time } from '../base/time.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import { apply } from '../kernel/tcp/bridge.ts';
import { countStampsFrom } from '../kernel/tcp/reports.ts';
import { limitRate } from '../tcp/congestion/pacing.ts';
import { setKeepAlive } from '../tcp/keepalive.ts';
import { setReceiveBuffer as setBuffer } from '../tcp/receive/autotune.ts';
import { setReceiveLowat } from '../tcp/receive/read.ts';
import { flag, kept, keptSwitch, type Option, type OptionTable } from './option.ts';
import { CONSTANTS as C } from './signatures.ts';

/** Linux SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF. */
const MIN_SEND_BUFFER = 4608;
const MIN_RECEIVE_BUFFER = 2304;
const INT_MAX = 2 ** 31 - 1;
/** SOF_TIMESTAMPING_ flags of include/uapi/linux/net_tstamp.h. */
const STAMP = {
  optId: 1 << 7,
  optTsOnly: 1 << 11,
  optStats: 1 << 12,
  bindPhc: 1 << 15,
  optIdTcp: 1 << 16,
  all: 0x7ffff,
};
/** Bits of SO_BUF_LOCK. */
const SEND_LOCK = 1;
const RECEIVE_LOCK = 2;

type BooleanField = 'reuseAddr' | 'reusePort';
const switchOf = (field: BooleanField): Option => ({
  get: (s) => flag(s[field]),
  set: (s, _, value: number) => {
    s[field] = value !== 0;
    return undefined;
  },
});

/** The kernel doubles what is asked, to make room for its own overhead. */
const doubled = (value: number, max: number, min: number): number =>
  Math.max(2 * Math.min(value < 0 ? INT_MAX >> 1 : value, max), min);

function setSendBuffer(s: Socket, value: number, max: number): undefined {
  s.sendBuffer = doubled(value, max, MIN_SEND_BUFFER);
  s.sendBufferLocked = true;
  if (s.tcb) s.tcb.sendLimit = s.sendBuffer;
}

function setReceiveBuffer(s: Socket, value: number, max: number): undefined {
  s.receiveBuffer = doubled(value, max, MIN_RECEIVE_BUFFER);
  s.receiveBufferLocked = true;
  if (s.tcb) setBuffer(s.tcb, s.receiveBuffer);
}

/** A timeout is rounded up to a tick; one in the past is none at all (sock_set_timeout). */
const timeout = (field: 'receiveTimeout' | 'sendTimeout'): Option => ({
  get: (s) => s[field] ?? 0,
  set: (s, _, value: number) => {
    s[field] = value === 0 ? undefined : (Math.max(0, value) as Time);
    return undefined;
  },
});

/* biome-ignore format: a table */
export const SOCKET_OPTIONS: OptionTable = {
  SO_DEBUG:      keptSwitch('SO_DEBUG'),
  SO_DONTROUTE:  keptSwitch('SO_DONTROUTE'),
  SO_BROADCAST:  keptSwitch('SO_BROADCAST'),
  SO_NO_CHECK:   keptSwitch('SO_NO_CHECK'),
  SO_PRIORITY:   kept('SO_PRIORITY'),
  SO_MARK:       kept('SO_MARK'),
  SO_BUSY_POLL:  kept('SO_BUSY_POLL', 0),
  SO_INCOMING_CPU: kept('SO_INCOMING_CPU', undefined, undefined, -1),
  SO_REUSEADDR:  switchOf('reuseAddr'),
  SO_REUSEPORT:  switchOf('reusePort'),
  SO_OOBINLINE: {
    get: (s) => flag(s.opts.urgentInline),
    set: (s, _, value: number) => {
      s.opts.urgentInline = value !== 0;
      return undefined;
    },
  },
  SO_TYPE:       { get: (s) => s.type },
  SO_DOMAIN:     { get: (s) => s.domain },
  SO_PROTOCOL:   { get: () => C.IPPROTO_TCP },
  SO_ACCEPTCONN: { get: (s) => flag(s.listener !== undefined) },
  SO_SNDLOWAT:   { get: () => 1 },
  SO_RCVTIMEO:   timeout('receiveTimeout'),
  SO_SNDTIMEO:   timeout('sendTimeout'),
  SO_ERROR: {
    get: (s) => {
      const error = s.takeError() ?? s.takeSoftError();
      return error ? errnoNumber(error) : 0;
    },
  },
  SO_SNDBUF: {
    get: (s) => s.sendBuffer,
    set: (s, host, value: number) => setSendBuffer(s, value, host.sysctl['net.core.wmem_max']),
  },
  SO_RCVBUF: {
    get: (s) => s.tcb?.rcv.limit ?? s.receiveBuffer,
    set: (s, host, value: number) => setReceiveBuffer(s, value, host.sysctl['net.core.rmem_max']),
  },
  SO_SNDBUFFORCE: { set: (s, _, value: number) => setSendBuffer(s, Math.max(0, value), INT_MAX >> 1) },
  SO_RCVBUFFORCE: { set: (s, _, value: number) => setReceiveBuffer(s, Math.max(0, value), INT_MAX >> 1) },
  SO_BUF_LOCK: {
    get: (s) => (s.sendBufferLocked ? SEND_LOCK : 0) | (s.receiveBufferLocked ? RECEIVE_LOCK : 0),
    set: (s, _, value: number) => {
      if (value < 0 || value > (SEND_LOCK | RECEIVE_LOCK)) return 'EINVAL';
      s.sendBufferLocked = (value & SEND_LOCK) !== 0;
      s.receiveBufferLocked = (value & RECEIVE_LOCK) !== 0;
      if (s.tcb) s.tcb.rcv.locked = s.receiveBufferLocked;
      return undefined;
    },
  },
  SO_KEEPALIVE: {
    get: (s) => flag(s.opts.keepAlive),
    set: (s, host, value: number) => {
      const before = s.opts.keepAlive;
      s.opts.keepAlive = value !== 0;
      if (s.tcb && before !== s.opts.keepAlive) apply(host, s, setKeepAlive(s.tcb, host.now));
      return undefined;
    },
  },
  SO_LINGER: {
    get: (s) => s.linger ? { onoff: 1, linger: s.linger.seconds } : { onoff: 0, linger: s.lingerSeconds },
    set: (s, _, { onoff, linger }: Linger) => {
      s.lingerSeconds = onoff ? linger >>> 0 : s.lingerSeconds;
      s.linger = onoff ? { seconds: linger >>> 0 } : undefined;
      return undefined;
    },
  },
  SO_RCVLOWAT: {
    get: (s) => s.opts.receiveLowat,
    set: (s, host, value: number) => setLowat(s, host, value),
  },
  SO_MAX_PACING_RATE: {
    get: (s) => (s.opts.maxPacingRate === Number.POSITIVE_INFINITY ? -1 : s.opts.maxPacingRate | 0),
    set: (s, _, value: number) => {
      s.opts.maxPacingRate = value === -1 || value === 2 ** 32 - 1 ? Number.POSITIVE_INFINITY : value >>> 0;
      if (s.tcb) limitRate(s.tcb);
      return undefined;
    },
  },
  SO_ZEROCOPY: {
    get: (s) => flag(s.zeroCopy),
    set: (s, _, value: number) => {
      if (value !== 0 && value !== 1) return 'EINVAL';
      s.zeroCopy = value === 1;
      return undefined;
    },
  },
  SO_TIMESTAMPING: {
    get: (s) => s.timestamping,
    set: (s, _, value: number) => {
      const errno = timestampingError(s, value);
      if (errno) return errno;
      if (value & STAMP.optId && !(s.timestamping & STAMP.optId)) countStampsFrom(s, (value & STAMP.optIdTcp) !== 0);
      s.timestamping = value;
      return undefined;
    },
  },
};

/** How many bytes a read waits for, at most half of what the buffer may become (tcp.c tcp_set_rcvlowat). */
function setLowat(s: Socket, host: Host, value: number): undefined {
  const wanted = value < 0 ? INT_MAX : value;
  const largest = s.receiveBufferLocked ? s.receiveBuffer : host.sysctl['net.ipv4.tcp_rmem'][2];
  if (s.tcb) apply(host, s, setReceiveLowat(s.tcb, wanted, host.now));
  else s.opts.receiveLowat = Math.min(wanted, largest >> 1) || 1;
}

/** Which flags of SO_TIMESTAMPING go together (sock.c sock_set_timestamping). */
function timestampingError(s: Socket, flags: number): Errno | undefined {
  const state = s.tcb?.state ?? 'CLOSED';
  const newlyCounted = flags & STAMP.optId && !(s.timestamping & STAMP.optId);
  if (flags & ~STAMP.all) return 'EINVAL';
  if (flags & STAMP.optIdTcp && !(flags & STAMP.optId)) return 'EINVAL';
  if (newlyCounted && (state === 'CLOSED' || state === 'LISTEN')) return 'EINVAL';
  if (flags & STAMP.optStats && !(flags & STAMP.optTsOnly)) return 'EINVAL';
  return flags & STAMP.bindPhc ? 'EOPNOTSUPP' : undefined;
}
