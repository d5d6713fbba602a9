/**
 * setsockopt(2) and getsockopt(2): looks an option up by level and number and lets its row in options-socket.ts,
 * options-ip.ts, options-ipv6.ts or options-tcp.ts do the rest. Values are what {@link OptionValue} says. Options that Linux has and that
 * are not here give ENOPROTOOPT.
 */
import type { Errno } from '../base/errno.ts';
import {
  OPTION_LEVELS,
  type OptionForm,
  type OptionLevel,
  type OptionValue,
  optionForm,
  optionOf,
  packOption,
} from '../base/sockopt.ts';
import { type Handler, withSocket } from './call.ts';
import type { Option, OptionTable } from './option.ts';
import { IP_OPTIONS } from './options-ip.ts';
import { IPV6_OPTIONS } from './options-ipv6.ts';
import { SOCKET_OPTIONS } from './options-socket.ts';
import { TCP_OPTIONS } from './options-tcp.ts';

const TABLES: Readonly<Record<OptionLevel, OptionTable>> = {
  SOL_SOCKET: SOCKET_OPTIONS,
  SOL_IP: IP_OPTIONS,
  SOL_IPV6: IPV6_OPTIONS,
  SOL_TCP: TCP_OPTIONS,
};

function find(level: number, number: number): Option | undefined {
  const name = optionOf(level, number);
  const table = (Object.keys(OPTION_LEVELS) as OptionLevel[]).find((known) => OPTION_LEVELS[known] === level);
  return name && table && TABLES[table][name];
}

/** Whether a value is of the right kind: in C, a buffer that is too short. */
function fits(form: OptionForm, value: OptionValue): boolean {
  switch (form) {
    case 'int':
    case 'timeval':
      return typeof value === 'number' && Number.isInteger(value);
    case 'text':
      return typeof value === 'string';
    case 'bytes':
      return Array.isArray(value);
    case 'linger':
      return typeof value === 'object' && 'onoff' in value && 'linger' in value;
    case 'tcp_info':
      return true;
  }
}

/** setsockopt(2) */
export const setsockopt: Handler<[fd: number, level: number, name: number, value: OptionValue]> = (call, args) => {
  const [fd, level, name, value] = args;
  return withSocket(call, fd, (socket) => {
    const option = find(level, name);
    if (!option?.set) return { errno: 'ENOPROTOOPT' };
    if (!fits(optionForm(level, name), value)) return { errno: 'EINVAL' };
    const errno = option.set(socket, call.host, value as never);
    return errno ? { errno } : { result: 0 };
  });
};

/** getsockopt(2) */
export const getsockopt: Handler<[fd: number, level: number, name: number]> = (call, [fd, level, name]) =>
  withSocket(call, fd, (socket) => {
    const value = find(level, name)?.get?.(socket, call.host);
    if (value === undefined) return { errno: 'ENOPROTOOPT' };
    if (typeof value === 'object' && 'errno' in value) return { errno: value.errno as Errno };
    return { result: 0, out: [null, null, null, value, packOption(optionForm(level, name), value, true).length] };
  });
