/**
 * System calls in words: as strace(1) prints them on x86-64, and short for a picture.
 *
 * Driven by the table of signatures. recv() and send() are library functions there: the call that strace sees is
 * recvfrom() and sendto() with no address, and nanosleep() is clock_nanosleep(). A pointer whose contents strace could
 * not print is written `...`, since the simulator has no addresses.
 */
import { fromUtf8 } from '../sim/base/bytes.ts';
import { type Linger, type OptionValue, optionForm, packOption } from '../sim/base/sockopt.ts';
import { human, type Time } from '../sim/base/time.ts';
import { type ArgForm, type CallName, CONSTANTS, NAMES, OPTIONS, SIGNATURES } from '../sim/syscall/signatures.ts';

/** How strace cuts strings unless told otherwise (-s). */
const STRING_LIMIT = 32;

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
};
/** Arguments that the system call has beside those of the function: before and after. */
const EXTRA: Partial<Record<CallName, { before?: string[]; after?: string[] }>> = {
  recv: { after: ['NULL', 'NULL'] },
  send: { after: ['NULL', '0'] },
  nanosleep: { before: ['CLOCK_REALTIME', '0'] },
};
/** Forms that the kernel fills in: strace waits for the call's return to print them. */
const FILLED = new Set<ArgForm>(['out', 'addr-out', 'optval-out']);

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
  const words = forms.map((_, k) => argument(data, forms, k));
  const split = filled < 0 ? words.length : filled;
  const entered = [...(extra?.before ?? []), ...words.slice(0, split)];
  const returned = [...words.slice(split), ...(filled < 0 ? [] : (extra?.after ?? []))];
  if (filled < 0) entered.push(...(extra?.after ?? []));
  return {
    entered: entered.join(', ') + (returned.length > 0 && entered.length > 0 ? ', ' : ''),
    returned: returned.join(', '),
  };
}

function argument(data: CallData, forms: readonly Argument[], k: number): string {
  const form = (forms[k] as Argument)[1];
  const value = data.args[k];
  switch (form) {
    case 'in':
      return quote(data.data);
    case 'out':
      return data.failed || !data.returned ? '...' : quote(data.returned);
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
      return filledIn(data, k - 1) === undefined && !data.failed ? 'NULL' : '[16]';
    case 'timespec':
      return `{tv_sec=${Math.floor(Number(value) / 1e9)}, tv_nsec=${Number(value) % 1e9}}`;
    case 'null':
      return 'NULL';
    case 'level':
      return levelName(Number(value));
    case 'option':
      return optionName(Number(data.args[k - 1]), Number(value));
    case 'domain':
    case 'protocol':
    case 'how':
      return named(form, Number(value ?? 0));
    case 'type':
    case 'flags':
      return flags(form, Number(value ?? 0));
    default:
      return String(value ?? 0);
  }
}

/** What came back for argument `k`. */
const filledIn = (data: CallData, k: number): unknown => (data.failed ? undefined : (data.out?.[k] ?? undefined));

const constant = (name: keyof typeof CONSTANTS): number => Number(CONSTANTS[name]);
const hexNumber = (value: number): string => `0x${value.toString(16)}`;

function named(form: ArgForm, value: number): string {
  return NAMES[form]?.find((name) => constant(name) === value) ?? hexNumber(value);
}

function flags(form: 'type' | 'flags', value: number): string {
  if (value === 0) return '0';
  // The low bits of a socket's type are a number, not flags.
  const words = form === 'type' ? [named(form, value & 0xf)] : [];
  let rest = form === 'type' ? value & ~0xf : value;
  for (const name of NAMES[form] ?? []) {
    const bit = constant(name);
    if (bit === 0 || (rest & bit) !== bit || (form === 'type' && bit <= 0xf)) continue;
    words.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) words.push(hexNumber(rest));
  return words.join('|');
}

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

const isAddress = (value: unknown): value is { addr: string; port: number } =>
  typeof value === 'object' && value !== null && 'addr' in value && 'port' in value;

function sockaddr(value: unknown): string {
  if (!isAddress(value)) return value === undefined || value === null ? 'NULL' : '...';
  return `{sa_family=AF_INET, sin_port=htons(${value.port}), sin_addr=inet_addr("${value.addr}")}`;
}

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

/** The call for a picture: no sizes of structures, no constants that everybody knows. 'connect(3, 10.0.0.2:8080)' */
export function shortCall(data: CallData): string {
  if (data.call === 'nanosleep') return `sleep ${human(Number(data.args[0]) as Time)}`;
  const forms = argumentsOf(data.call);
  const words = forms.flatMap(([, form], k) => {
    const value = data.args[k];
    switch (form) {
      case 'in':
        return data.data.length > 16 ? [`${data.data.length} bytes`] : [quote(data.data)];
      case 'addr':
        return isAddress(value) ? [`${value.addr}:${value.port}`] : [];
      case 'count':
        return forms[k - 1]?.[1] === 'in' ? [] : [String(value)];
      case 'flags':
        return Number(value ?? 0) === 0 ? [] : [flags(form, Number(value))];
      case 'fd':
      case 'int':
        return [String(value)];
      case 'how':
      case 'option':
        return [argument(data, forms, k)];
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
