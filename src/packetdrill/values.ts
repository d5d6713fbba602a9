/** What expressions of a script are worth: constants under their C names, flags or-ed together, addresses, sizes. */
import { ERRNO, type Errno, errnoNumber } from '../sim/base/errno.ts';
import { CONSTANTS } from '../sim/syscall/signatures.ts';
import { Unsupported } from './outcome.ts';
import type { Expression, Position } from './script.ts';

/** Constants that scripts name and the simulator has no other use for (include/uapi, x86-64). */
/* biome-ignore format: a table */
const MORE = {
  F_GETFL: 3, F_SETFL: 4, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_NONBLOCK: 0o4000,
  IPPROTO_TCP: 6, SOL_IP: 0, SOL_IPV6: 41, IPPROTO_ICMP: 1, IPPROTO_ICMPV6: 58, IPPROTO_IPV6: 41,
  MSG_OOB: 0x1, MSG_TRUNC: 0x20, MSG_EOR: 0x80, MSG_ERRQUEUE: 0x2000, MSG_ZEROCOPY: 0x4000000, MSG_FASTOPEN: 0x20000000,
} as const;

const ERRNOS = Object.fromEntries(Object.keys(ERRNO).map((name) => [name, errnoNumber(name as Errno)]));
const TABLE: Readonly<Record<string, number | string>> = { ...ERRNOS, ...MORE, ...CONSTANTS };

export type Defines = ReadonlyMap<string, string>;

/** A number, from a number, a constant, a defined word, or several or-ed. @throws Unsupported for a name that nobody knows */
export function numberOf(expression: Expression, defines: Defines, at: Position): number {
  switch (expression.is) {
    case 'number':
      return expression.value;
    case 'or':
      return numberOf(expression.left, defines, at) | numberOf(expression.right, defines, at);
    case 'list':
      if (expression.items.length === 1) return numberOf(expression.items[0] as Expression, defines, at);
      break;
    case 'word': {
      const name = nameOf(expression.name, defines);
      const value = Object.hasOwn(TABLE, name) ? TABLE[name] : Number(name);
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      throw new Unsupported(name, at);
    }
    case 'call':
      if (expression.name === 'htons' && expression.args.length === 1) {
        return numberOf(expression.args[0] as Expression, defines, at);
      }
  }
  throw new Unsupported(`${expressionText(expression)} as a number`, at);
}

/** What a word stands for: another word. */
export const nameOf = (word: string, defines: Defines): string => defines.get(word) ?? word;

/** The expression as a script writes it. */
export function expressionText(expression: Expression): string {
  const all = (items: readonly Expression[]): string => items.map(expressionText).join(', ');
  switch (expression.is) {
    case 'any':
      return '...';
    case 'number':
      return String(expression.value);
    case 'word':
      return expression.name;
    case 'string':
      return `${JSON.stringify(expression.value)}${expression.open ? '...' : ''}`;
    case 'or':
      return `${expressionText(expression.left)}|${expressionText(expression.right)}`;
    case 'list':
      return `[${all(expression.items)}]`;
    case 'tuple':
      return `{${all(expression.items)}}`;
    case 'struct':
      return `{${expression.fields.map(({ name, value }) => `${name}=${expressionText(value)}`).join(', ')}}`;
    case 'call':
      return `${expression.name}(${all(expression.args)})`;
    case 'assign':
      return `${expression.name}=${expressionText(expression.value)}`;
    case 'raw':
      return expression.text;
  }
}
