/**
 * Socket options of Linux on x86-64 by level (include/uapi/asm-generic/socket.h, linux/in.h, linux/tcp.h): their numbers,
 * and what kind of value each has. Shared by both kernels and by the views.
 */

import { packTcpInfo, TCP_INFO_SIZE, type TcpInfo, unpackTcpInfo } from './tcp-info.ts';

/* biome-ignore format: a table */
export const SOCKET_OPTIONS = {
  SOL_SOCKET: {
    SO_DEBUG: 1, SO_REUSEADDR: 2, SO_TYPE: 3, SO_ERROR: 4, SO_DONTROUTE: 5, SO_BROADCAST: 6, SO_SNDBUF: 7, SO_RCVBUF: 8,
    SO_KEEPALIVE: 9, SO_OOBINLINE: 10, SO_NO_CHECK: 11, SO_PRIORITY: 12, SO_LINGER: 13, SO_REUSEPORT: 15, SO_RCVLOWAT: 18,
    SO_SNDLOWAT: 19, SO_RCVTIMEO: 20, SO_SNDTIMEO: 21, SO_BINDTODEVICE: 25, SO_ACCEPTCONN: 30, SO_SNDBUFFORCE: 32,
    SO_RCVBUFFORCE: 33, SO_MARK: 36, SO_TIMESTAMPING: 37, SO_PROTOCOL: 38, SO_DOMAIN: 39, SO_BUSY_POLL: 46,
    SO_MAX_PACING_RATE: 47, SO_INCOMING_CPU: 49, SO_ZEROCOPY: 60, SO_BUF_LOCK: 72,
  },
  SOL_IP: {
    IP_TOS: 1, IP_TTL: 2, IP_MTU_DISCOVER: 10, IP_RECVERR: 11, IP_RECVTTL: 12, IP_RECVTOS: 13, IP_MTU: 14, IP_FREEBIND: 15,
    IP_TRANSPARENT: 19, IP_MINTTL: 21, IP_BIND_ADDRESS_NO_PORT: 24, IP_LOCAL_PORT_RANGE: 51,
  },
  SOL_IPV6: {
    IPV6_UNICAST_HOPS: 16, IPV6_MTU_DISCOVER: 23, IPV6_MTU: 24, IPV6_RECVERR: 25, IPV6_V6ONLY: 26, IPV6_FLOWINFO_SEND: 33,
    IPV6_RECVHOPLIMIT: 51, IPV6_RECVPATHMTU: 60, IPV6_DONTFRAG: 62, IPV6_RECVTCLASS: 66, IPV6_TCLASS: 67,
    IPV6_AUTOFLOWLABEL: 70, IPV6_MINHOPCOUNT: 73, IPV6_TRANSPARENT: 75, IPV6_FREEBIND: 78,
  },
  SOL_TCP: {
    TCP_NODELAY: 1, TCP_MAXSEG: 2, TCP_CORK: 3, TCP_KEEPIDLE: 4, TCP_KEEPINTVL: 5, TCP_KEEPCNT: 6, TCP_SYNCNT: 7,
    TCP_LINGER2: 8, TCP_DEFER_ACCEPT: 9, TCP_WINDOW_CLAMP: 10, TCP_INFO: 11, TCP_QUICKACK: 12, TCP_CONGESTION: 13,
    TCP_THIN_LINEAR_TIMEOUTS: 16, TCP_THIN_DUPACK: 17, TCP_USER_TIMEOUT: 18, TCP_FASTOPEN: 23, TCP_TIMESTAMP: 24,
    TCP_NOTSENT_LOWAT: 25, TCP_SAVE_SYN: 27, TCP_FASTOPEN_CONNECT: 30, TCP_FASTOPEN_KEY: 33, TCP_FASTOPEN_NO_COOKIE: 34,
    TCP_INQ: 36, TCP_IS_MPTCP: 43, TCP_RTO_MAX_MS: 44, TCP_RTO_MIN_US: 45, TCP_DELACK_MAX_US: 46,
  },
} as const;

/** Every option's number by its name. */
export const SOCKOPT = {
  ...SOCKET_OPTIONS.SOL_SOCKET,
  ...SOCKET_OPTIONS.SOL_IP,
  ...SOCKET_OPTIONS.SOL_IPV6,
  ...SOCKET_OPTIONS.SOL_TCP,
} as const;

export type OptionLevel = keyof typeof SOCKET_OPTIONS;
export type OptionName = keyof typeof SOCKOPT;

/** Values of options that are named. */
/* biome-ignore format: a table */
export const SOCKOPT_VALUES = {
  IP_PMTUDISC_DONT: 0, IP_PMTUDISC_WANT: 1, IP_PMTUDISC_DO: 2, IP_PMTUDISC_PROBE: 3, IP_PMTUDISC_INTERFACE: 4,
  IP_PMTUDISC_OMIT: 5,
  IPTOS_LOWDELAY: 0x10, IPTOS_THROUGHPUT: 0x08, IPTOS_RELIABILITY: 0x04, IPTOS_MINCOST: 0x02,
} as const;

/**
 * What an option's value is in C. `int`: a number; `timeval`: nanoseconds here; `linger`: {@link Linger}; `text`: a text;
 * `bytes`: as they are; `tcp_info`: its fields by name.
 */
export type OptionForm = 'int' | 'timeval' | 'linger' | 'text' | 'bytes' | 'tcp_info';

/** struct linger, its fields without `l_`. */
export interface Linger {
  /** 0: close() comes back at once, and the kernel sends on. */
  onoff: number;
  /** How many seconds close() waits for the peer to acknowledge all; 0: it does not, and resets the connection. */
  linger: number;
}

/** A value as the log and the handlers have it: bytes are a list of numbers. */
export type OptionValue = number | string | Linger | readonly number[] | TcpInfo;

const FORMS: Partial<Record<OptionName, OptionForm>> = {
  SO_LINGER: 'linger',
  SO_RCVTIMEO: 'timeval',
  SO_SNDTIMEO: 'timeval',
  SO_BINDTODEVICE: 'text',
  TCP_CONGESTION: 'text',
  TCP_FASTOPEN_KEY: 'bytes',
  TCP_INFO: 'tcp_info',
};

const BY_NUMBER = new Map<string, OptionName>();
/** The numbers of the levels. */
export const OPTION_LEVELS: Readonly<Record<OptionLevel, number>> = {
  SOL_SOCKET: 1,
  SOL_IP: 0,
  SOL_IPV6: 41,
  SOL_TCP: 6,
};
for (const level of Object.keys(SOCKET_OPTIONS) as OptionLevel[]) {
  for (const [name, number] of Object.entries(SOCKET_OPTIONS[level])) {
    BY_NUMBER.set(`${OPTION_LEVELS[level]}:${number}`, name as OptionName);
  }
}

/** The option with these numbers, or undefined. */
export const optionOf = (level: number, name: number): OptionName | undefined => BY_NUMBER.get(`${level}:${name}`);

/** What the value of an option is; an int when nobody knows the option. */
export function optionForm(level: number, name: number): OptionForm {
  const known = optionOf(level, name);
  return (known && FORMS[known]) ?? 'int';
}

/** TCP_CA_NAME_MAX: what the kernel fills for a name. */
const NAME_MAX = 16;

/** Bytes that a value takes in C; without one, the room that a program gives to the kernel. */
export function optionLength(form: OptionForm, value: unknown): number {
  switch (form) {
    case 'linger':
      return 8;
    case 'timeval':
      return 16;
    case 'text':
      return typeof value === 'string' ? value.length : NAME_MAX;
    case 'bytes':
      return Array.isArray(value) ? value.length : 16;
    case 'tcp_info':
      return TCP_INFO_SIZE;
    case 'int':
      return 4;
  }
}

/** A value as C lays it out on a machine that puts the low byte first. `out`: as the kernel fills it in. */
export function packOption(form: OptionForm, value: OptionValue, out = false): Uint8Array {
  const bytes = new Uint8Array(out && form === 'text' ? NAME_MAX : optionLength(form, value));
  const view = new DataView(bytes.buffer);
  switch (form) {
    case 'int':
      view.setInt32(0, value as number, true);
      break;
    case 'linger':
      view.setInt32(0, (value as Linger).onoff, true);
      view.setInt32(4, (value as Linger).linger, true);
      break;
    case 'timeval': {
      const time = value as number;
      view.setUint32(0, Math.floor(time / 1e9), true);
      view.setUint32(8, Math.floor((time % 1e9) / 1000), true);
      break;
    }
    case 'text':
      for (let i = 0; i < (value as string).length; i++) bytes[i] = (value as string).charCodeAt(i);
      break;
    case 'bytes':
      bytes.set(value as readonly number[]);
      break;
    case 'tcp_info':
      return packTcpInfo(value as TcpInfo);
  }
  return bytes;
}

/** The value in bytes that the kernel filled in. */
export function unpackOption(form: OptionForm, bytes: Uint8Array): OptionValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (form) {
    case 'int':
      return view.getInt32(0, true);
    case 'linger':
      return { onoff: view.getInt32(0, true), linger: view.getInt32(4, true) };
    case 'timeval':
      return view.getUint32(0, true) * 1e9 + view.getUint32(8, true) * 1000;
    case 'text': {
      const end = bytes.indexOf(0);
      return String.fromCharCode(...bytes.subarray(0, end < 0 ? undefined : end));
    }
    case 'bytes':
      return [...bytes];
    case 'tcp_info':
      return unpackTcpInfo(bytes);
  }
}
