/**
 * From a script's text to {@link Script}: the notation of packetdrill's .pkt files.
 *
 * Reads everything that the notation has, whether or not the simulator can run it. Knows no simulator.
 */
import { ns, type Time } from '../sim/base/time.ts';
import { parsePacket } from './parse-packet.ts';
import { parseSyscall } from './parse-syscall.ts';
import { Reader } from './reader.ts';
import type { Action, CodeAction, CommandAction, Script, ScriptEvent, ScriptOption, When } from './script.ts';

const OPTION = /--([A-Za-z_]\w*)(?:=("(?:\\.|[^"\\])*"|`[^`]*`|[^\s"`]*(?:"[^"]*"|`[^`]*`)?))?/y;
const TIME = /\d*\.\d+|\d+/y;
const COMMAND = /`((?:\\[\s\S]|[^`\\])*)`/y;
const CODE = /%\{([\s\S]*?)\}%/y;

/**
 * @param defines what words stand for, beside those that the script defines itself
 * @throws ScriptError with line and column
 */
export function parse(text: string, defines: ReadonlyMap<string, string> = new Map()): Script {
  const reader = new Reader(text, defines);
  const options = parseOptions(reader);
  const init = parseCommand(reader);
  const events: ScriptEvent[] = [];
  let cleanup: CommandAction | undefined;
  while (!reader.done) {
    if (reader.sees(COMMAND) && events.length > 0) {
      cleanup = parseCommand(reader);
      if (!reader.done) reader.fail(`nothing may follow the closing command, but ${reader.next()} does`);
      break;
    }
    events.push(parseEvent(reader));
  }
  if (events.length === 0) reader.fail('a script needs at least one event');
  return { options, defines: reader.defines, init, events, cleanup };
}

function parseOptions(reader: Reader): ScriptOption[] {
  const options: ScriptOption[] = [];
  for (;;) {
    const place = reader.place();
    const found = reader.match(OPTION);
    if (!found) return options;
    const [, name = '', raw = ''] = found;
    const value = unquoted(raw);
    const define = /^(\w+)=([\s\S]*)$/.exec(raw);
    if (name === 'define' && define) reader.defines.set(define[1] as string, define[2] as string);
    options.push({ name, value, ...place });
  }
}

const unquoted = (raw: string): string => (/^["`]/.test(raw) ? raw.slice(1, -1) : raw);

function parseCommand(reader: Reader): CommandAction | undefined {
  const place = reader.place();
  const found = reader.match(COMMAND);
  if (found) return { do: 'command', text: found[1] as string, ...place };
  return reader.sees(/`/y) ? reader.fail('a command without its closing `') : undefined;
}

function parseCode(reader: Reader): CodeAction | undefined {
  const place = reader.place();
  const found = reader.match(CODE);
  if (found) return { do: 'code', text: (found[1] as string).trim(), ...place };
  return reader.sees(/%\{/y) ? reader.fail('code without its closing }%') : undefined;
}

function parseEvent(reader: Reader): ScriptEvent {
  const start = reader.offset;
  const place = reader.place();
  const when = parseWhen(reader);
  const action = parseAction(reader);
  if (action.do !== 'packet' || action.direction !== 'out') {
    if (when.kind === 'any') reader.fail('only an expected packet may come at any time (*)', start);
    if (when.until !== undefined) reader.fail('only an expected packet may come in a range of time', start);
  }
  return { when, action, ...place };
}

function parseWhen(reader: Reader): When {
  if (reader.takes('*')) return { kind: 'any' };
  const start = reader.offset;
  const kind = reader.takes('+') ? 'relative' : 'absolute';
  const at = parseTime(reader);
  if (!reader.takes('~')) return { kind, at, until: undefined };
  if (kind === 'relative') reader.expects('+', 'before the end of a relative range');
  const until = parseTime(reader);
  if (until < at) reader.fail('this range of time ends before it begins', start);
  return { kind, at, until };
}

/** Seconds, as nanoseconds. */
function parseTime(reader: Reader): Time {
  if (reader.sees(/-\d/y)) reader.fail('a time cannot be negative');
  const found = reader.match(TIME);
  if (!found) reader.fail(`a time expected, not ${reader.next()}`);
  return ns(Number(found[0]) * 1e9);
}

function parseAction(reader: Reader): Action {
  if (reader.sees(/[<>]/y)) return parsePacket(reader);
  return parseCommand(reader) ?? parseCode(reader) ?? parseSyscall(reader, parseTime);
}
