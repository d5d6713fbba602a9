/**
 * How a system call stands in the log: what went in, what came out. Shared by both kernels, so that the same call leaves
 * the same words whoever answered it. Knows neither kernel.
 */
import { EMPTY } from '../base/bytes.ts';
import { type Errno, errnoNumber } from '../base/errno.ts';
import type { Log } from '../trace/log.ts';
import type { Context } from '../trace/schema.ts';
import type { Position } from './kernel.ts';
import { type CallName, SIGNATURES } from './signatures.ts';

/** What a finished call gives: its result with what it filled in (`out`, `data`), or why it failed. */
export type Answer = { result: number; out?: readonly unknown[]; data?: Uint8Array } | { errno: Errno };

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

/** The arguments as the log keeps them, in the order of the signature: buffers become null, counts are spelled out. */
function loggedArgs(name: CallName, args: readonly unknown[]): string {
  const given = [...args];
  const buffer = args.find(isBytes);
  const values = SIGNATURES[name].args.map(([, form]) => {
    switch (form) {
      case 'count':
        return buffer?.length ?? 0;
      case 'addrlen':
        return name === 'accept' || name === 'getsockname' || name === 'getpeername' ? null : 16;
      case 'optlen':
        return 4;
      case 'addr-out':
      case 'optval-out':
      case 'null':
        return null;
      default: {
        const value = given.shift();
        return isBytes(value) ? null : value;
      }
    }
  });
  return JSON.stringify(values);
}

/** The descriptor that a call is made on: its first argument if that is one, else -1. */
export const descriptorOf = (name: CallName, args: readonly unknown[]): number =>
  SIGNATURES[name].args[0]?.[1] === 'fd' ? (args[0] as number) : -1;

/** Whether a call fills the buffer that it is given. */
const fills = (name: CallName): boolean => SIGNATURES[name].args.some(([, form]) => form === 'out');

/**
 * The arguments of a call, with the bytes that it takes where the log keeps them: the program may change its own, and
 * whoever holds these needs no copy.
 */
export const keptArgs = (log: Log, name: CallName, args: readonly unknown[]): readonly unknown[] =>
  fills(name) || !args.some(isBytes) ? args : args.map((arg) => (isBytes(arg) ? log.store(arg) : arg));

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
    data: fills(name) ? EMPTY : (args.find(isBytes) ?? EMPTY),
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
    data: failed ? EMPTY : (answer.data ?? EMPTY),
  });
}
