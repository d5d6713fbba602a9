/**
 * Words of strace(1): constants by their names, strings as C has them, socket addresses, the structures of system calls.
 */
import type { ControlMessage, EpollEvent, SockAddr, SockExtendedErr } from '../sim/base/structs.ts';
import { type ArgForm, CONSTANTS, NAMES } from '../sim/syscall/signatures.ts';

/** How strace cuts strings unless told otherwise (-s). */
const STRING_LIMIT = 32;

export const constant = (name: keyof typeof CONSTANTS): number => Number(CONSTANTS[name]);
export const hexNumber = (value: number): string => `0x${value.toString(16)}`;

export function named(form: ArgForm, value: number): string {
  return NAMES[form]?.find((name) => constant(name) === value) ?? hexNumber(value);
}

/** Bits of the low part that are a number and no flags: a socket's type, how a file is opened. */
const NUMBER: Partial<Record<ArgForm, number>> = { type: 0xf, 'open-flags': 3 };

export function flags(form: ArgForm, value: number): string {
  const number = NUMBER[form] ?? 0;
  if (value === 0 && number === 0) return '0';
  const words = number > 0 ? [named(form, value & number)] : [];
  let rest = (value & ~number) >>> 0;
  for (const name of NAMES[form] ?? []) {
    const bit = constant(name);
    if (bit === 0 || (rest & bit) >>> 0 !== bit || (number > 0 && bit <= number)) continue;
    words.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (rest !== 0) words.push(hexNumber(rest));
  return words.join('|');
}

export const isAddress = (value: unknown): value is SockAddr =>
  typeof value === 'object' && value !== null && 'addr' in value && 'port' in value;

export function sockaddr(value: unknown): string {
  if (!isAddress(value)) return value === undefined || value === null ? 'NULL' : '...';
  const { addr, port, scope = 0, family = addr.includes(':') ? CONSTANTS.AF_INET6 : CONSTANTS.AF_INET } = value;
  if (family === CONSTANTS.AF_UNSPEC) return '{sa_family=AF_UNSPEC, ...}';
  if (family !== CONSTANTS.AF_INET6)
    return `{sa_family=AF_INET, sin_port=htons(${port}), sin_addr=inet_addr("${addr}")}`;
  const words = `sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "${addr}", &sin6_addr), sin6_scope_id=${scope}`;
  return `{sa_family=AF_INET6, sin6_port=htons(${port}), ${words}}`;
}

/** '10.0.0.2:80', '[2001:db8::2]:80' */
export const endpoint = ({ addr, port }: SockAddr): string =>
  addr.includes(':') ? `[${addr}]:${port}` : `${addr}:${port}`;

const ESCAPES: Record<number, string> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Bytes as a C string, cut as strace cuts it. Octal escapes are as short as the next character allows. */
export function quote(bytes: Uint8Array, limit = STRING_LIMIT): string {
  let out = '';
  for (let i = 0; i < Math.min(bytes.length, limit); i++) {
    const byte = bytes[i] as number;
    const octal = byte.toString(8);
    if (ESCAPES[byte] !== undefined) out += ESCAPES[byte];
    else if (byte >= 0x20 && byte < 0x7f) out += String.fromCharCode(byte);
    else out += `\\${isDigit(bytes[i + 1]) ? octal.padStart(3, '0') : octal}`;
  }
  return `"${out}"${bytes.length > limit ? '...' : ''}`;
}

type Iov = readonly number[];

/** Bytes cut into the pieces of a list of iovecs. */
export function iovecs(lengths: Iov, bytes: Uint8Array): string {
  let from = 0;
  const pieces = lengths.map((length) => {
    const piece = bytes.subarray(from, (from += length));
    return `{iov_base=${quote(piece)}, iov_len=${length}}`;
  });
  return `[${pieces.join(', ')}]`;
}

/** struct msghdr as the log has it: iovecs are lengths. */
export interface LoggedMessage {
  name?: SockAddr | null;
  iov: Iov;
  /** Control messages that go. */
  control?: readonly ControlMessage[];
}

/** What recvmsg() has left in it. */
export interface FilledMessage {
  name: SockAddr | null;
  control: readonly ControlMessage[];
  controllen: number;
  flags: number;
}

/** Bytes of a control message that holds an int (CMSG_SPACE). */
const CMSG_INT = 24;

/** struct msghdr that is sent, or was filled in. */
export function message(
  { name, iov, control: sent = [] }: LoggedMessage,
  bytes: Uint8Array,
  filled?: FilledMessage,
): string {
  const peer = filled ? filled.name : name;
  const list = filled?.control ?? sent;
  const control = list.length > 0 ? `msg_control=[${list.map(controlMessage).join(', ')}], ` : '';
  const controllen = filled?.controllen ?? CMSG_INT * sent.length;
  return (
    `{msg_name=${sockaddr(peer ?? null)}, msg_namelen=${peer ? 16 : 0}, msg_iov=${iovecs(iov, bytes)}, ` +
    `msg_iovlen=${iov.length}, ${control}msg_controllen=${controllen}, msg_flags=${flags('flags', filled?.flags ?? 0)}}`
  );
}

export const timespec = (time: number): string => `{tv_sec=${Math.floor(time / 1e9)}, tv_nsec=${time % 1e9}}`;

/** A control message; strace knows the data of some. */
function controlMessage({ level, type, data }: ControlMessage): string {
  if (typeof data === 'number' && level === constant('SOL_SOCKET') && type === constant('SO_TIMESTAMPING')) {
    return '{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMPING_OLD, cmsg_data=???}';
  }
  if (typeof data === 'number') return `{cmsg_len=20, cmsg_level=SOL_TCP, cmsg_type=${hexNumber(type)}}`;
  if (Array.isArray(data)) {
    const times = data.map(timespec).join(', ');
    return `{cmsg_len=64, cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMPING_OLD, cmsg_data=[${times}]}`;
  }
  return recvError(level, data as SockExtendedErr);
}

const NOBODY = '{sa_family=AF_UNSPEC, sa_data="\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"}';

function recvError(level: number, reason: SockExtendedErr): string {
  const { errno, origin, type, code, info, data, offender } = reason;
  const six = level === constant('SOL_IPV6');
  const numbers = `ee_errno=${errno}, ee_origin=${origin}, ee_type=${type}, ee_code=${code}, ee_info=${info}, ee_data=${data}`;
  return (
    `{cmsg_len=${six ? 60 : 48}, cmsg_level=${six ? 'SOL_IPV6' : 'SOL_IP'}, cmsg_type=${six ? 'IPV6_RECVERR' : 'IP_RECVERR'}, ` +
    `cmsg_data={${numbers}, offender=${offender ? sockaddr(offender) : NOBODY}}}`
  );
}

export const pollFd = (fd: number, what: 'events' | 'revents', bits: number): string =>
  `{fd=${fd}, ${what}=${flags('pollfds', bits)}}`;

export const epollEvent = ({ events, data }: EpollEvent): string =>
  `{events=${flags('epoll-event', events)}, data={u32=${data >>> 0}, u64=${data}}}`;
