/** What a row of the option tables is, and rows for options that only remember a value. */
import type { Errno } from '../base/errno.ts';
import type { OptionName, OptionValue } from '../base/sockopt.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';

/** One option of a socket. */
export interface Option {
  /** Absent: ENOPROTOOPT. */
  get?(socket: Socket, host: Host): OptionValue | { errno: Errno };
  /** Absent: ENOPROTOOPT. The value is of the option's form. @returns why it was not set */
  set?(socket: Socket, host: Host, value: never): Errno | undefined;
}

export type OptionTable = Partial<Record<OptionName, Option>>;

const INT_MAX = 2 ** 31 - 1;

export const flag = (on: boolean): number => (on ? 1 : 0);

/** What a socket remembers for the program, and nothing here depends on. */
export const kept = (name: OptionName, from = -INT_MAX - 1, to = INT_MAX, first = 0): Option => ({
  get: (s) => s.kept?.get(name) ?? first,
  set: (s, _, value: number) => {
    if (value < from || value > to) return 'EINVAL';
    s.kept ??= new Map();
    s.kept.set(name, value);
    return undefined;
  },
});

/** The same, for a switch: any value but 0 is 1. */
export const keptSwitch = (name: OptionName): Option => {
  const { get, set } = kept(name) as Required<Option>;
  return { get, set: (s, host, value: number) => set(s, host, flag(value !== 0) as never) };
};
