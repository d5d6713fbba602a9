/** What a system call filled in, beside what the script says that it does: field by field, by the call's name. */
import type { Time } from '../sim/base/time.ts';
import type { ControlMessage, EpollEvent, SockExtendedErr } from '../sim/syscall/kernel.ts';
import { type Arguments, field, type Struct } from './arguments.ts';
import type { Compared } from './outcome.ts';
import type { Expression } from './script.ts';
import { expressionText } from './values.ts';

/** A call that did not fail. */
interface Done {
  result: number;
  out?: readonly unknown[];
}

/** What times are compared by. */
export interface Clock {
  /** The script's time at which the simulated clock began. */
  epoch: Time;
  tolerance: Time;
}

type Comparer = (given: Arguments, done: Done, clock: Clock) => Compared[];

/* biome-ignore format: a table */
const COMPARERS: Readonly<Record<string, Comparer>> = {
  getsockopt: option,
  ioctl:      (given, { out = [] }) => (given.count > 2 ? [compared(given, 'value', given.at(2), out[2])] : []),
  poll:       (given, { out = [] }) => polled(given, out[0] as readonly number[]),
  epoll_wait: (given, { out = [] }) => events(given, out[1] as readonly EpollEvent[]),
  recvmsg:    (given, { out = [] }, clock) => message(given, out[1] as Filled, clock),
};

/** What was filled in and the script tells of. */
export const compareFilled = (given: Arguments, done: Done, clock: Clock): Compared[] =>
  Object.hasOwn(COMPARERS, given.action.name) ? (COMPARERS[given.action.name] as Comparer)(given, done, clock) : [];

/** A number beside what stands in the script; `...` is like anything. */
function compared(
  given: Arguments,
  name: string,
  expected: Expression,
  actual: unknown,
  text: (value: unknown) => string = String,
): Compared {
  const any = expected.is === 'any' || (expected.is === 'list' && expected.items[0]?.is === 'any');
  const told = expected.is === 'list' ? `[${text(actual)}]` : text(actual);
  // 0xffffffff of a script is the -1 of an int
  const same = any || (given.value(expected) | 0) === (Number(actual) | 0);
  return { field: name, expected: expressionText(expected), actual: told, same };
}

const hex = (value: unknown): string => `0x${Number(value).toString(16)}`;

function option(given: Arguments, { out = [] }: Done): Compared[] {
  const expected = given.at(3);
  const actual = out[3];
  if (expected.is === 'list') return [compared(given, 'value', expected, actual)];
  if (expected.is !== 'string' && expected.is !== 'struct') return [];
  const wanted = given.optionValue(3);
  const same = JSON.stringify(wanted) === JSON.stringify(actual);
  return [{ field: 'value', expected: expressionText(expected), actual: JSON.stringify(actual), same }];
}

function polled(given: Arguments, revents: readonly number[]): Compared[] {
  return given.list(given.at(0)).flatMap((one, i) => {
    const struct = given.struct(one);
    const expected = field(struct, 'revents');
    return expected ? [compared(given, `fd ${label(struct, 'fd')} revents`, expected, revents[i], hex)] : [];
  });
}

const label = (struct: Struct, name: string): string => expressionText(field(struct, name) ?? { is: 'any' });

/** The first event, as the script gives only one; nothing reported is all zeros. */
function events(given: Arguments, reported: readonly EpollEvent[]): Compared[] {
  const expected = given.at(1);
  if (expected.is !== 'struct') return [];
  const { events: bits, data } = reported[0] ?? { events: 0, data: 0 };
  const wanted = given.epollData(expected);
  return [
    compared(given, 'events', field(expected, 'events') ?? { is: 'any' }, bits, hex),
    { field: 'data', expected: String(wanted), actual: String(data), same: wanted === data },
  ];
}

interface Filled {
  control: readonly ControlMessage[];
  flags: number;
}

function message(given: Arguments, { control, flags }: Filled, clock: Clock): Compared[] {
  const struct = given.struct(given.at(1));
  const out: Compared[] = [];
  const wanted = field(struct, 'msg_flags');
  if (wanted) out.push(compared(given, 'msg_flags', wanted, flags, hex));
  const list = field(struct, 'msg_control');
  if (!list) return out;
  const expected = given.list(list);
  const [here, there] = [String(control.length), String(expected.length)];
  out.push({ field: 'control messages', expected: there, actual: here, same: here === there });
  for (const [i, one] of expected.entries()) {
    const actual = control[i];
    if (actual) out.push(...controlMessage(given, given.struct(one), actual, { at: `cmsg ${i}`, clock }));
  }
  return out;
}

interface Where {
  /** What the fields' names begin with. */
  at: string;
  clock: Clock;
}

function controlMessage(given: Arguments, expected: Struct, actual: ControlMessage, where: Where): Compared[] {
  const { at } = where;
  const need = (name: string): Expression => field(expected, name) ?? { is: 'any' };
  const out = [
    compared(given, `${at} level`, need('cmsg_level'), actual.level),
    compared(given, `${at} type`, need('cmsg_type'), actual.type),
  ];
  const data = need('cmsg_data');
  if (data.is !== 'struct' || typeof actual.data === 'number')
    return [...out, compared(given, `${at} data`, data, actual.data)];
  if (Array.isArray(actual.data)) return [...out, ...times(given, data, actual.data[0], where)];
  const reason = actual.data as SockExtendedErr;
  const fields = data.fields.map(({ name, value }) =>
    compared(given, `${at} ${name}`, value, reason[name.replace(/^ee_/, '') as keyof SockExtendedErr] ?? '?'),
  );
  return [...out, ...fields];
}

/** A time of SCM_TIMESTAMPING, from the script's start; 0 is like any. */
function times(given: Arguments, expected: Struct, actual: number, { at, clock }: Where): Compared[] {
  const part = (name: string) => given.value(field(expected, name) ?? { is: 'number', value: 0 });
  const wanted = part('scm_sec') * 1e9 + part('scm_nsec');
  const told = actual + clock.epoch;
  const same = wanted === 0 || Math.abs(told - wanted) <= clock.tolerance;
  const text = (time: number) => `${(time / 1e9).toFixed(6)} s`;
  return [{ field: `${at} time`, expected: text(wanted), actual: text(told), same }];
}
