/** System calls in a script: arguments, structures, results (see parse.ts). */
import type { Time } from '../sim/base/time.ts';
import type { Reader } from './reader.ts';
import type { Expression, Field, SyscallAction } from './script.ts';

const STRING = /"((?:\\.|[^"\\])*)"/y;
const NOTE = /\([^)]*\)/y;
/** A structure that describes a tunnel's header. */
const TUNNEL = /\{\s*(?:\(\s*label\b|flags\s*(?:\[|0x|\d))[^}]*\}/y;

/** `name(args) = result ERRNO (note)`, or `...until name(args) = …` for a call that blocks. */
export function parseSyscall(reader: Reader, time: (reader: Reader) => Time): SyscallAction {
  const blocksUntil = reader.takes('...') ? time(reader) : undefined;
  const place = reader.place();
  const name = reader.word();
  if (name === undefined) reader.fail(`a packet, a system call, a command or code expected, not ${reader.next()}`);
  reader.expects('(', `after ${name}`);
  const args = list(reader, ')');
  reader.expects('=', `and the result of ${name}`);
  const result = parseExpression(reader);
  const errno = reader.word();
  reader.match(NOTE);
  return { do: 'syscall', name, args, blocksUntil, result, errno, ...place };
}

/** Expressions up to a closing mark, which is taken. */
function list(reader: Reader, end: string): Expression[] {
  const items: Expression[] = [];
  if (reader.takes(end)) return items;
  do items.push(parseExpression(reader));
  while (reader.takes(','));
  reader.expects(end, 'or ","');
  return items;
}

export function parseExpression(reader: Reader): Expression {
  const left = parseTerm(reader);
  return reader.takes('|') ? { is: 'or', left, right: parseExpression(reader) } : left;
}

function parseTerm(reader: Reader): Expression {
  if (reader.takes('...')) return { is: 'any' };
  if (reader.sees(/"/y)) return parseString(reader);
  if (reader.takes('[')) return { is: 'list', items: list(reader, ']') };
  if (reader.sees(/\{/y)) return parseStruct(reader);
  const number = reader.integer();
  if (number !== undefined) return { is: 'number', value: number };
  const name = reader.word();
  if (name === undefined) reader.fail(`a value expected, not ${reader.next()}`);
  if (reader.takes('(')) return { is: 'call', name, args: list(reader, ')') };
  if (reader.takes('=')) return { is: 'assign', name, value: parseExpression(reader) };
  return { is: 'word', name };
}

/** Strings next to each other are one. */
function parseString(reader: Reader): Expression {
  let value = '';
  for (;;) {
    const found = reader.match(STRING);
    if (!found) {
      if (reader.sees(/"/y)) reader.fail('a string without its closing "');
      break;
    }
    value += unescaped(found[1] as string);
  }
  return { is: 'string', value, open: reader.takes('...') };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

const unescaped = (text: string): string =>
  text.replace(/\\(x[0-9a-fA-F]{2}|[\s\S])/g, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  );

function parseStruct(reader: Reader): Expression {
  const tunnel = reader.match(TUNNEL);
  if (tunnel) return { is: 'raw', text: tunnel[0] };
  reader.expects('{');
  if (!reader.sees(/\w+\s*(?:\([^)]*\)\s*)?=/y)) return { is: 'tuple', items: list(reader, '}') };
  const fields: Field[] = [];
  do {
    const name = reader.word();
    if (name === undefined) reader.fail(`a field's name expected, not ${reader.next()}`);
    let size: Expression | undefined;
    if (reader.takes('(')) {
      size = parseExpression(reader);
      reader.expects(')');
    }
    reader.expects('=', `after the field ${name}`);
    fields.push({ name, size, value: parseExpression(reader) });
  } while (reader.takes(','));
  reader.expects('}', 'or ","');
  return { is: 'struct', fields };
}
