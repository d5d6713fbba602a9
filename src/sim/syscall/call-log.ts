/**
 * How a system call stands in the log: what went in, what came out. Shared by both kernels, so that the same call leaves
 * the same words whoever answered it. Knows neither kernel.
 */

import { EMPTY } from '../base/bytes.ts';
import { type Errno, errnoNumber } from '../base/errno.ts';
import { optionForm, optionLength } from '../base/sockopt.ts';
import type { Log } from '../trace/log.ts';
import type { Context } from '../trace/schema.ts';
import { type Position, type SockAddr, sizeOfAddress } from './kernel.ts';
import { gather, isBytes, isNowhere, type Message, split } from './memory.ts';
import { type ArgForm, type CallName, CONSTANTS, SIGNATURES } from './signatures.ts';

/** What a finished call gives: its result with what it filled in (`out`, `data`), or why it failed. */
export type Answer =
  | { result: number; out?: readonly unknown[]; data?: Uint8Array; pieces?: readonly Uint8Array[] }
  | { errno: Errno };

/** Arguments of C that a call here is not given: they follow from others, or point to what comes back. */
/* biome-ignore format: a table */
const DERIVED: ReadonlySet<ArgForm> = new Set([
  'count', 'addrlen', 'optlen', 'length', 'addr-out', 'optval-out', 'epoll-events', 'fds-out', 'null',
]);

/** The arguments as the log keeps them, in the order of the signature: buffers become null, counts are spelled out. */
function loggedArgs(name: CallName, args: readonly unknown[]): string {
  const given = [...args];
  const buffer = args.find(isBytes);
  const values: unknown[] = [];
  const forms: readonly (readonly [name: string, form: ArgForm])[] = SIGNATURES[name].args;
  for (const [k, [, form]] of forms.entries()) {
    const before = values[k - 1];
    if (!DERIVED.has(form)) values.push(logged(given.shift()));
    else if (form === 'count') values.push(buffer?.length ?? 0);
    else if (form === 'length') values.push((before as readonly unknown[]).length);
    else if (form === 'optlen') values.push(optionLength(optionForm(Number(args[1]), Number(args[2])), args[3]));
    else if (form === 'addrlen')
      values.push(forms[k - 1]?.[1] === 'addr-out' ? null : before === null ? 0 : sizeOfAddress(before as SockAddr));
    else values.push(null);
  }
  return JSON.stringify(values);
}

const isMessage = (value: unknown): value is Message => typeof value === 'object' && value !== null && 'iov' in value;
const isIov = (value: unknown): value is readonly Uint8Array[] =>
  Array.isArray(value) && value.length > 0 && value.every(isBytes);
const lengths = (iov: readonly Uint8Array[]): number[] => iov.map(({ length }) => length);

/** A value without its bytes. */
function logged(value: unknown): unknown {
  if (isBytes(value)) return isNowhere(value) ? 'NULL' : null;
  if (isIov(value)) return lengths(value);
  if (value instanceof Set) return [...value];
  if (isMessage(value)) return { ...value, iov: lengths(value.iov) };
  return value ?? null;
}

const takesBytes = (name: CallName): boolean =>
  SIGNATURES[name].args.some(([, form]) => form === 'in' || form === 'iov' || form === 'msg');

/** The bytes that go in, one after the other. */
function bytesIn(name: CallName, args: readonly unknown[]): Uint8Array {
  if (!takesBytes(name)) return EMPTY;
  const value = args.find((one) => isBytes(one) || isIov(one) || isMessage(one));
  const bytes = isMessage(value) ? gather(value.iov) : isIov(value) ? gather(value) : isBytes(value) ? value : EMPTY;
  return isNowhere(bytes) ? EMPTY : bytes;
}

/** The descriptor that a call is made on: its first argument if that is one, else -1. */
export const descriptorOf = (name: CallName, args: readonly unknown[]): number =>
  SIGNATURES[name].args[0]?.[1] === 'fd' ? (args[0] as number) : -1;

/**
 * The arguments of a call, with the bytes that it takes where the log keeps them: the program may change its own, and
 * whoever holds these needs no copy. With MSG_ZEROCOPY they stay the program's: what it changes, the kernel will send.
 */
export function keptArgs(log: Log, name: CallName, args: readonly unknown[]): readonly unknown[] {
  if (!takesBytes(name) || Number(args[2] ?? 0) & CONSTANTS.MSG_ZEROCOPY) return args;
  const store = (bytes: Uint8Array) => (isNowhere(bytes) ? bytes : log.store(bytes));
  return args.map((arg) => {
    if (isBytes(arg)) return store(arg);
    if (isIov(arg)) return split(store(gather(arg)), arg);
    return isMessage(arg) ? { ...arg, iov: split(store(gather(arg.iov)), arg.iov) } : arg;
  });
}

/** Logs that a call is entered. @returns the number of its `call.enter` */
export function logEnter(
  log: Log,
  context: Context,
  call: { pid: number; name: CallName; args: readonly unknown[]; position: Position | undefined },
): number {
  const { pid, name, args, position } = call;
  return log.add('call.enter', context, {
    pid,
    call: name,
    fd: descriptorOf(name, args),
    args: loggedArgs(name, args),
    data: bytesIn(name, args),
    cell: position?.cell ?? '',
    line: position?.line ?? 0,
    column: position?.column ?? 0,
  });
}

/** Logs that a call is left. `enter`: the number that {@link logEnter} gave. */
export function logExit(log: Log, context: Context, enter: number, name: string, answer: Answer): void {
  const failed = 'errno' in answer;
  log.add('call.exit', context, {
    enter,
    call: name,
    result: failed ? -1 : answer.result,
    errno: failed ? errnoNumber(answer.errno) : 0,
    out: failed ? '[]' : JSON.stringify(answer.out ?? []),
    data: failed ? EMPTY : (answer.pieces ?? answer.data ?? EMPTY),
  });
}
