/**
 * Options of level SOL_TCP (tcp(7); Linux net/ipv4/tcp.c do_tcp_setsockopt, do_tcp_getsockopt): ranges and errors are the
 * kernel's. What TCP obeys goes into `socket.opts`, which the connection block shares.
 */
import { ms, s as seconds, type Time, us } from '../base/time.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import { apply } from '../kernel/tcp/bridge.ts';
import { quickAck, setNoDelay } from '../tcp/calls.ts';
import { change, find } from '../tcp/congestion/registry.ts';
import { tcpInfo } from '../tcp/info.ts';
import { restartKeepAlive } from '../tcp/keepalive.ts';
import { inPingpong } from '../tcp/receive/acknowledging.ts';
import { setWindowClamp } from '../tcp/receive/autotune.ts';
import { TIMEOUT_MIN } from '../tcp/recovery/rack.ts';
import { push } from '../tcp/send.ts';
import { flag, kept, type Option, type OptionTable } from './option.ts';

/** Bounds of tcp.h and include/net/tcp.h. */
const MIN_SEGMENT = 88;
const MAX_WINDOW = 32_767;
const MAX_KEEP_SECONDS = 32_767;
const MAX_KEEP_COUNT = 127;
const MAX_SYN_COUNT = 127;
const MAX_FIN_TIMEOUT = 120;
const MIN_RECEIVE_BUFFER = 2304;
/** TCP_MSS_DEFAULT: what a socket says before it is connected. */
const DEFAULT_SEGMENT = 536;
/** TCP_TIMEOUT_INIT and TCP_RTO_MAX in seconds. */
const FIRST_TIMEOUT = 1;
const LAST_TIMEOUT = 120;
/** TCP_RTO_MIN and TCP_DELACK_MAX: no option raises them. */
const MOST_DELAY = ms(200);
const LONGEST_RTO = 120_000;
/** Bit of net.ipv4.tcp_fastopen that lets clients use it (TFO_CLIENT_ENABLE). */
const FAST_OPEN_CLIENT = 1;

const NS = 1e9;
const closed = (s: Socket): boolean => !s.listener && (!s.tcb || s.tcb.state === 'CLOSED');
const closedOrListening = (s: Socket): boolean => closed(s) || s.listener !== undefined;

/** A whole number of seconds within bounds; 0 is never one of them, so it stands for "the setting decides". */
const keepSeconds = (field: 'keepIdle' | 'keepInterval'): Option => ({
  get: (s, host) => s.opts[field] / NS || host.sysctl[KEEP_SETTING[field]],
  set: (s, host, value: number) => {
    if (value < 1 || value > MAX_KEEP_SECONDS) return 'EINVAL';
    s.opts[field] = seconds(value);
    if (field === 'keepIdle' && s.tcb) apply(host, s, restartKeepAlive(s.tcb, host.now));
    return undefined;
  },
});
const KEEP_SETTING = {
  keepIdle: 'net.ipv4.tcp_keepalive_time',
  keepInterval: 'net.ipv4.tcp_keepalive_intvl',
} as const;

/** A switch that takes 0 and 1 and nothing else. */
const strictSwitch = (
  field: 'thinLinear' | 'fastOpenConnect' | 'fastOpenNoCookie',
  allowed: (s: Socket, host: Host) => 'EINVAL' | 'EOPNOTSUPP' | undefined = () => undefined,
): Option => ({
  get: (s) => flag(s.opts[field]),
  set: (s, host, value: number) => {
    if (value !== 0 && value !== 1) return 'EINVAL';
    const errno = allowed(s, host);
    if (!errno) s.opts[field] = value === 1;
    return errno;
  },
});

/** How many timeouts, each twice the one before, add up to so many seconds (tcp.c secs_to_retrans), and back. */
function timeoutsFor(wanted: number): number {
  let timeouts = 0;
  let timeout = FIRST_TIMEOUT;
  for (let sum = 0; sum < wanted && timeouts < 255; timeouts++) {
    sum += timeout;
    timeout = Math.min(timeout * 2, LAST_TIMEOUT);
  }
  return timeouts;
}
function secondsOf(timeouts: number): number {
  let sum = 0;
  for (let i = 0; i < timeouts; i++) sum += Math.min(FIRST_TIMEOUT * 2 ** i, LAST_TIMEOUT);
  return sum;
}

/* biome-ignore format: a table */
export const TCP_OPTIONS: OptionTable = {
  TCP_KEEPIDLE:   keepSeconds('keepIdle'),
  TCP_KEEPINTVL:  keepSeconds('keepInterval'),
  TCP_THIN_LINEAR_TIMEOUTS: strictSwitch('thinLinear'),
  TCP_THIN_DUPACK: { get: () => 0, set: (_, __, value: number) => (value === 0 || value === 1 ? undefined : 'EINVAL') },
  TCP_SAVE_SYN:   kept('TCP_SAVE_SYN', 0, 2),
  TCP_IS_MPTCP:   { get: () => 0 },
  TCP_FASTOPEN_CONNECT:   strictSwitch('fastOpenConnect', (s, host) =>
    host.sysctl['net.ipv4.tcp_fastopen'] & FAST_OPEN_CLIENT ? (closed(s) ? undefined : 'EINVAL') : 'EOPNOTSUPP'),
  TCP_FASTOPEN_NO_COOKIE: strictSwitch('fastOpenNoCookie', (s) => (closedOrListening(s) ? undefined : 'EINVAL')),
  TCP_NODELAY: {
    get: (s) => flag(s.noDelay),
    set: (s, host, value: number) => {
      s.noDelay = value !== 0;
      if (s.tcb) apply(host, s, setNoDelay(s.tcb, s.noDelay, host.now));
      return undefined;
    },
  },
  TCP_CORK: {
    get: (s) => flag(s.opts.cork),
    set: (s, host, value: number) => {
      s.opts.cork = value !== 0;
      if (!s.opts.cork && s.tcb) apply(host, s, push(s.tcb, host.now));
      return undefined;
    },
  },
  TCP_QUICKACK: {
    get: (s) => flag(!(s.tcb ? inPingpong(s.tcb) : s.opts.delaysAcks)),
    set: (s, host, value: number) => {
      s.opts.delaysAcks = value === 0;
      if (s.tcb) apply(host, s, quickAck(s.tcb, value, host.now));
      return undefined;
    },
  },
  TCP_MAXSEG: {
    get: (s) => (closedOrListening(s) && s.opts.maxSegment ? s.opts.maxSegment : (s.tcb?.snd.mss ?? DEFAULT_SEGMENT)),
    set: (s, _, value: number) => {
      if (value !== 0 && (value < MIN_SEGMENT || value > MAX_WINDOW)) return 'EINVAL';
      s.opts.maxSegment = value;
      return undefined;
    },
  },
  TCP_KEEPCNT: {
    get: (s, host) => s.opts.keepCount || host.sysctl['net.ipv4.tcp_keepalive_probes'],
    set: (s, _, value: number) => {
      if (value < 1 || value > MAX_KEEP_COUNT) return 'EINVAL';
      s.opts.keepCount = value;
      return undefined;
    },
  },
  TCP_SYNCNT: {
    get: (s, host) => s.opts.synCount || host.sysctl['net.ipv4.tcp_syn_retries'],
    set: (s, _, value: number) => {
      if (value < 1 || value > MAX_SYN_COUNT) return 'EINVAL';
      s.opts.synCount = value;
      return undefined;
    },
  },
  TCP_LINGER2: {
    get: (s, host) => (s.opts.linger2 < 0 ? -1 : s.opts.linger2 || host.sysctl['net.ipv4.tcp_fin_timeout']),
    set: (s, _, value: number) => {
      s.opts.linger2 = value < 0 ? -1 : Math.min(value, MAX_FIN_TIMEOUT);
      return undefined;
    },
  },
  TCP_DEFER_ACCEPT: {
    get: (s) => secondsOf(s.opts.deferAccept),
    set: (s, _, value: number) => {
      s.opts.deferAccept = timeoutsFor(value);
      return undefined;
    },
  },
  TCP_WINDOW_CLAMP: {
    get: (s) => (s.tcb && !closedOrListening(s) ? s.tcb.rcv.clamp : s.opts.windowClamp),
    set: (s, _, value: number) => {
      if (value === 0 && !closed(s)) return 'EINVAL';
      s.opts.windowClamp = value === 0 ? 0 : Math.max(MIN_RECEIVE_BUFFER / 2, value);
      if (s.tcb && !closedOrListening(s)) setWindowClamp(s.tcb, value);
      return undefined;
    },
  },
  TCP_USER_TIMEOUT: {
    get: (s) => s.opts.userTimeout / 1e6,
    set: (s, _, value: number) => {
      if (value < 0) return 'EINVAL';
      s.opts.userTimeout = ms(value);
      return undefined;
    },
  },
  TCP_NOTSENT_LOWAT: {
    get: (s) => s.opts.notSentLowat | 0,
    set: (s, host, value: number) => {
      s.opts.notSentLowat = value >>> 0;
      if (s.tcb) apply(host, s, push(s.tcb, host.now));
      return undefined;
    },
  },
  TCP_CONGESTION: {
    get: (s, host) => s.tcb?.cc.control.name ?? s.opts.congestion ?? host.sysctl['net.ipv4.tcp_congestion_control'],
    set: (s, host, value: string) => {
      if (s.tcb && host.routes.get(s.remoteAddr.text)?.congctlLocked) return 'EPERM';
      const control = find(value);
      if (!control) return 'ENOENT';
      s.opts.congestion = value;
      if (s.tcb) change(s.tcb, control, host.now);
      return undefined;
    },
  },
  TCP_FASTOPEN: {
    get: (s) => s.opts.fastOpenQueue,
    set: (s, host, value: number) => {
      if (value < 0 || !closedOrListening(s)) return 'EINVAL';
      s.opts.fastOpenQueue = Math.min(value, host.sysctl['net.core.somaxconn']);
      if (s.listener) s.listener.fastOpenLimit = s.opts.fastOpenQueue;
      return undefined;
    },
  },
  TCP_FASTOPEN_KEY: {
    get: (s) => [...(s.opts.fastOpenKey ?? [])],
    set: (s, _, value: readonly number[]) => {
      if (value.length !== 16 && value.length !== 32) return 'EINVAL';
      s.opts.fastOpenKey = Uint8Array.from(value);
      return undefined;
    },
  },
  TCP_INQ: {
    get: (s) => flag(s.opts.inq),
    set: (s, _, value: number) => {
      if (value !== 0 && value !== 1) return 'EINVAL';
      s.opts.inq = value === 1;
      return undefined;
    },
  },
  TCP_TIMESTAMP: {
    get: (s, host) => ((Math.floor(host.now / 1e6) + (s.tcb?.timestamps.offset ?? 0)) | 0),
    set: () => 'EPERM',
  },
  TCP_INFO: { get: (s, host) => (s.tcb ? tcpInfo(s.tcb, host.now) : { tcpi_state: CLOSED_STATE }) },
  TCP_RTO_MAX_MS: timeoutOption('rtoMax', (value) => (value < 1000 || value > LONGEST_RTO ? undefined : ms(value)), 1e6,
    (host) => ms(host.sysctl['net.ipv4.tcp_rto_max_ms'])),
  TCP_RTO_MIN_US: timeoutOption('rtoMin', microseconds, 1e3, (host) => us(host.sysctl['net.ipv4.tcp_rto_min_us'])),
  TCP_DELACK_MAX_US: timeoutOption('delayedAckMax', microseconds, 1e3, () => MOST_DELAY),
};

/** TCP_CLOSE of include/net/tcp_states.h. */
const CLOSED_STATE = 7;

/** From two ticks to 200 ms, in whole ticks. */
function microseconds(value: number): Time | undefined {
  const delay = ms(Math.ceil(value / 1000));
  return delay < TIMEOUT_MIN || delay > MOST_DELAY ? undefined : delay;
}

/** Options of Linux 6.15 that bound timeouts. @param unit nanoseconds in one of the option's units */
function timeoutOption(
  field: 'rtoMax' | 'rtoMin' | 'delayedAckMax',
  checked: (value: number) => Time | undefined,
  unit: number,
  otherwise: (host: Host) => Time,
): Option {
  return {
    get: (s, host) =>
      host.profile.timeoutOptions ? (s.opts[field] || otherwise(host)) / unit : { errno: 'ENOPROTOOPT' },
    set: (s, host, value: number) => {
      if (!host.profile.timeoutOptions) return 'ENOPROTOOPT';
      const time = checked(value);
      if (time === undefined) return 'EINVAL';
      s.opts[field] = time;
      return undefined;
    },
  };
}
