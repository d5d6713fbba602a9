/**
 * System calls in words: as strace(1) prints them on x86-64, and short for a picture.
 *
 * Driven by the table of signatures. recv() and send() are library functions there: the call that strace sees is
 * recvfrom() and sendto() with no address, and nanosleep() is clock_nanosleep(). A pointer whose contents strace could
 * not print is written `...`, since the simulator has no addresses.
 */
import { fromUtf8 } from '../sim/base/bytes.ts';
import { type Linger, type OptionValue, optionForm, packOption } from '../sim/base/sockopt.ts';
import type { EpollEvent, PollFd } from '../sim/base/structs.ts';
import { human, type Time } from '../sim/base/time.ts';
import { type ArgForm, type CallName, CONSTANTS, OPTIONS, SIGNATURES } from '../sim/syscall/signatures.ts';
import {
  constant,
  endpoint,
  epollEvent,
  type FilledMessage,
  flags,
  hexNumber,
  iovecs,
  isAddress,
  type LoggedMessage,
  message,
  named,
  pollFd,
  quote,
  sockaddr,
  timespec,
} from './words.ts';

export { quote } from './words.ts';

/** A call as the log holds it. `out` and `returned` are undefined while it has not returned. */
export interface CallData {
  call: string;
  args: readonly unknown[];
  /** Bytes that went in. */
  data: Uint8Array;
  out?: readonly unknown[];
  returned?: Uint8Array;
  failed?: boolean;
}

/** The name of the system call behind a function of the C library. */
const KERNEL_NAME: Partial<Record<CallName, string>> = {
  recv: 'recvfrom',
  send: 'sendto',
  nanosleep: 'clock_nanosleep',
  select: 'pselect6',
  open: 'openat',
};
/** Arguments that the system call has beside those of the function: before and after. */
const EXTRA: Partial<Record<CallName, { before?: string[]; after?: string[] }>> = {
  recv: { after: ['NULL', 'NULL'] },
  send: { after: ['NULL', '0'] },
  nanosleep: { before: ['CLOCK_REALTIME', '0'] },
  select: { after: ['NULL'] },
  open: { before: ['AT_FDCWD'] },
  epoll_pwait: { after: ['NULL', '8'] },
};
/** Forms that the kernel fills in: strace waits for the call's return to print them. */
/* biome-ignore format: a table */
const FILLED = new Set<ArgForm>([
  'out', 'addr-out', 'optval-out', 'iov-out', 'msg-out', 'epoll-events', 'fds-out', 'ioctl-arg',
]);

const isCall = (name: string): name is CallName => name in SIGNATURES;
type Argument = readonly [name: string, form: ArgForm];
const argumentsOf = (call: string): readonly Argument[] => (isCall(call) ? SIGNATURES[call].args : []);

/** The name under which strace prints a call. */
export const straceName = (call: string): string => (isCall(call) && KERNEL_NAME[call]) || call;

/**
 * The arguments in two parts: those printed when the call is entered, and those printed when it returns, each with the
 * separators that strace puts.
 */
export function straceArgs(data: CallData): { entered: string; returned: string } {
  const forms = argumentsOf(data.call);
  const extra = isCall(data.call) ? EXTRA[data.call] : undefined;
  const filled = forms.findIndex(([, form]) => FILLED.has(form) || form === 'null');
  const all = forms.map((_, k) => argument(data, forms, k));
  const words = all.filter((word) => word !== undefined);
  const split = filled < 0 ? words.length : filled;
  const entered = [...(extra?.before ?? []), ...words.slice(0, split)];
  const returned = [...words.slice(split), ...(filled < 0 ? [] : (extra?.after ?? []))];
  if (filled < 0) entered.push(...(extra?.after ?? []));
  return {
    entered: entered.join(', ') + (returned.length > 0 && entered.length > 0 ? ', ' : ''),
    returned: returned.join(', '),
  };
}

/** One argument; undefined for one that the call does not have here. */
function argument(data: CallData, forms: readonly Argument[], k: number): string | undefined {
  const form = (forms[k] as Argument)[1];
  const value = data.args[k];
  switch (form) {
    case 'in':
      return value === 'NULL' ? 'NULL' : quote(data.data);
    case 'out':
      if (value === 'NULL') return 'NULL';
      return data.failed || !data.returned ? '...' : quote(data.returned);
    case 'iov':
      return iovecs(value as readonly number[], data.data);
    case 'iov-out':
      return data.failed || !data.returned ? '...' : iovecs(value as readonly number[], data.returned);
    case 'msg':
      return message(value as LoggedMessage, data.data);
    case 'msg-out': {
      const filled = filledIn(data, k) as FilledMessage | undefined;
      return filled && data.returned ? message(value as LoggedMessage, data.returned, filled) : '{msg_namelen=0}';
    }
    case 'pollfds':
      return `[${(value as readonly PollFd[]).map(({ fd, events }) => pollFd(fd, 'events', events)).join(', ')}]`;
    case 'epoll-event':
      return value === null ? 'NULL' : epollEvent(value as EpollEvent);
    case 'epoll-events':
      return filledIn(data, k) === undefined
        ? '...'
        : `[${(filledIn(data, k) as EpollEvent[]).map(epollEvent).join(', ')}]`;
    case 'fd-set':
      return value === null ? 'NULL' : `[${(value as readonly number[]).join(' ')}]`;
    case 'fds-out':
      return filledIn(data, k) === undefined ? '...' : `[${(filledIn(data, k) as readonly number[]).join(', ')}]`;
    case 'path':
      return JSON.stringify(value);
    case 'mode':
      return Number(data.args[k - 1]) & CONSTANTS.O_CREAT ? `0${Number(value).toString(8)}` : undefined;
    case 'offset': {
      const end = filledIn(data, k);
      if (value === null) return 'NULL';
      return end === undefined || end === value ? `[${value}]` : `[${value}] => [${end}]`;
    }
    case 'fcntl-arg':
      return fcntlArgument(Number(data.args[k - 1]), Number(value ?? 0));
    case 'ioctl-arg':
      return data.failed ? '...' : `[${filledIn(data, k) ?? value}]`;
    case 'addr':
      return sockaddr(value);
    case 'addr-out':
      return filledIn(data, k) === undefined ? (data.failed ? '...' : 'NULL') : sockaddr(filledIn(data, k));
    case 'optval-out':
      return filledIn(data, k) === undefined ? '...' : optionValue(data, filledIn(data, k), true);
    case 'optval':
      return optionValue(data, value, false);
    case 'optlen':
      return forms[k - 1]?.[1] === 'optval-out' ? `[${filledIn(data, k) ?? value ?? 4}]` : String(value ?? 4);
    case 'addrlen':
      if (forms[k - 1]?.[1] === 'addr') return String(value ?? 16);
      return filledIn(data, k - 1) === undefined && !data.failed ? 'NULL' : `[${filledIn(data, k) ?? 16}]`;
    case 'timespec':
      if (value === null) return 'NULL';
      return timespec(Number(value));
    case 'null':
      return 'NULL';
    case 'level':
      return levelName(Number(value));
    case 'option':
      return optionName(Number(data.args[k - 1]), Number(value));
    case 'domain':
    case 'protocol':
    case 'how':
    case 'epoll-op':
    case 'fcntl':
    case 'ioctl':
    case 'whence':
      return named(form, Number(value ?? 0));
    case 'type':
    case 'flags':
    case 'sock-flags':
    case 'pipe-flags':
    case 'epoll-flags':
    case 'open-flags':
    case 'splice-flags':
      return flags(form, Number(value ?? 0));
    default:
      return String(value ?? 0);
  }
}

/** The third argument of fcntl(); undefined for operations that have none. */
function fcntlArgument(op: number, value: number): string | undefined {
  switch (op) {
    case CONSTANTS.F_SETFL:
      return flags('open-flags', value);
    case CONSTANTS.F_SETFD:
      return value & CONSTANTS.FD_CLOEXEC ? 'FD_CLOEXEC' : '0';
    case CONSTANTS.F_GETFL:
    case CONSTANTS.F_GETFD:
      return undefined;
    default:
      return String(value);
  }
}

/** The number that a call returned, as strace prints it. */
export function straceResult({ call, args, out }: CallData, result: number, took: number): string {
  switch (call) {
    case 'fcntl':
      return fcntlResult(Number(args[1]), result);
    case 'poll': {
      if (result === 0) return '0 (Timeout)';
      const revents = (out?.[0] ?? []) as readonly number[];
      const fds = (args[0] as readonly PollFd[]).flatMap(({ fd }, i) =>
        revents[i] ? [pollFd(fd, 'revents', revents[i])] : [],
      );
      return `${result} ([${fds.join(', ')}])`;
    }
    case 'select': {
      if (result === 0) return '0 (Timeout)';
      const sets = ['in', 'out', 'except'].flatMap((name, k) => {
        const set = (out?.[k + 1] ?? []) as readonly number[];
        return set.length > 0 ? [`${name} [${set.join(' ')}]`] : [];
      });
      const left = args[4] === null ? [] : [`left ${timespec(Math.max(0, Number(args[4]) - took))}`];
      return `${result} (${[...sets, ...left].join(', ')})`;
    }
    default:
      return String(result);
  }
}

function fcntlResult(op: number, result: number): string {
  const number = result === 0 ? '0' : hexNumber(result);
  if (op === CONSTANTS.F_GETFL) return `${number} (flags ${flags('open-flags', result)})`;
  if (op === CONSTANTS.F_GETFD && result !== 0) return `${number} (flags FD_CLOEXEC)`;
  return String(result);
}

/** What came back for argument `k`. */
const filledIn = (data: CallData, k: number): unknown => (data.failed ? undefined : (data.out?.[k] ?? undefined));

/** The value of a socket option; `out`: as the kernel fills it in. */
function optionValue({ args }: CallData, value: unknown, out: boolean): string {
  const form = optionForm(Number(args[1]), Number(args[2]));
  if (form === 'int' || value === null) return `[${value}]`;
  if (form === 'linger') return `{l_onoff=${(value as Linger).onoff}, l_linger=${(value as Linger).linger}}`;
  return quote(packOption(form, value as OptionValue, out));
}

type Level = keyof typeof OPTIONS;
const levels = Object.keys(OPTIONS) as Level[];
const levelName = (value: number): string => levels.find((level) => constant(level) === value) ?? hexNumber(value);

function optionName(level: number, value: number): string {
  const known = levels.find((name) => constant(name) === level);
  const names: readonly (keyof typeof CONSTANTS)[] = known ? OPTIONS[known] : [];
  const name = names.find((one) => constant(one) === value);
  return name === undefined ? hexNumber(value) : (OLD_NAMES[name] ?? name);
}
/** Options that exist twice since time_t has 64 bits everywhere: the C library's name stands for the old one. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  SO_RCVTIMEO: 'SO_RCVTIMEO_OLD',
  SO_SNDTIMEO: 'SO_SNDTIMEO_OLD',
  SO_TIMESTAMPING: 'SO_TIMESTAMPING_OLD',
};

/** The call for a picture: no sizes of structures, no constants that everybody knows. 'connect(3, 10.0.0.2:8080)' */
export function shortCall(data: CallData): string {
  if (data.call === 'nanosleep') return `sleep ${human(Number(data.args[0]) as Time)}`;
  const forms = argumentsOf(data.call);
  const words = forms.flatMap(([, form], k) => {
    const value = data.args[k];
    switch (form) {
      case 'in':
      case 'iov':
      case 'msg':
        return data.data.length > 16 ? [`${data.data.length} bytes`] : [quote(data.data)];
      case 'pollfds':
        return (value as readonly PollFd[]).map(({ fd, events }) => `${fd}: ${flags(form, events)}`);
      case 'epoll-event':
        return value === null ? [] : [flags(form, (value as EpollEvent).events)];
      case 'addr':
        return isAddress(value) ? [endpoint(value)] : [];
      case 'count':
        return forms[k - 1]?.[1] === 'in' ? [] : [String(value)];
      case 'flags':
        return Number(value ?? 0) === 0 ? [] : [flags(form, Number(value))];
      case 'fd':
      case 'int':
        return [String(value)];
      case 'how':
      case 'option':
      case 'fd-set':
      case 'path':
      case 'epoll-op':
      case 'fcntl':
      case 'fcntl-arg':
      case 'ioctl':
        return [argument(data, forms, k) ?? ''].filter((word) => word !== '');
      case 'optval':
        return [typeof value === 'object' ? optionValue(data, value, false) : String(value)];
      default:
        return [];
    }
  });
  return `${data.call}(${words.join(', ')})`;
}

/** Bytes as text on one line: control characters as pictures (U+2400), at most `limit` characters. */
export function preview(bytes: Uint8Array, limit = 64): string {
  const text = fromUtf8(bytes.subarray(0, limit * 4));
  let out = '';
  let count = 0;
  for (const ch of text) {
    if (count++ === limit) return `${out}…`;
    const code = ch.codePointAt(0) as number;
    out += code < 0x20 ? String.fromCodePoint(0x2400 + code) : code === 0x7f ? '\u2421' : ch;
  }
  return bytes.length > limit * 4 ? `${out}…` : out;
}
