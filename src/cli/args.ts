/** The command line of `socknb`: what may stand on it, as data, and what was meant by it. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { MODES, type ModeName } from '../packetdrill/modes.ts';
import { isViewId, VIEW_IDS } from '../views/text.ts';
import type { ViewId } from '../views/view.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

interface CommandForm {
  usage: string;
  about: string;
  options: Options;
  /** How many files it takes. */
  files: 'one' | 'many';
}

/* biome-ignore format: a table */
export const COMMANDS = {
  run: {
    usage: 'run FILE [--kernel simulator|loopback] [--until LABEL] [--timeout SECONDS] [--json]',
    about: 'Runs the cells in order and prints what each printed, gave and showed; stops at the first that fails.',
    options: { kernel: { type: 'string' }, until: { type: 'string' }, timeout: { type: 'string' }, json: { type: 'boolean' } },
    files: 'one',
  },
  verify: {
    usage: 'verify FILE...',
    about: "Shows for each exercise that its solution passes its check and its starter does not.",
    options: {},
    files: 'many',
  },
  student: {
    usage: 'student FILE -o OUT',
    about: 'Writes a copy without the solutions.',
    options: { output: { type: 'string', short: 'o' } },
    files: 'one',
  },
  capture: {
    usage: 'capture FILE [-o OUT] [--host NAME | --both] [--until LABEL]',
    about: 'Runs the cells and writes the packets of one host, or of all, as a pcapng file for Wireshark and tshark.',
    options: { output: { type: 'string', short: 'o' }, host: { type: 'string' }, both: { type: 'boolean' }, until: { type: 'string' } },
    files: 'one',
  },
  packetdrill: {
    usage: 'packetdrill FILE|FOLDER... [--ip-version ipv4|ipv4-mapped-v6|ipv6] [--format text|tap|junit|table] [--show VIEW]... [--pcapng OUT] [--pace MICROSECONDS] [--define NAME=VALUE]...',
    about: 'Runs packetdrill scripts against a simulated host; what it cannot simulate is told apart from what fails.',
    options: {
      'ip-version': { type: 'string' }, format: { type: 'string' }, show: { type: 'string', multiple: true }, pcapng: { type: 'string' },
      pace: { type: 'string' }, define: { type: 'string', multiple: true },
    },
    files: 'many',
  },
} as const satisfies Record<string, CommandForm>;

export type CommandName = keyof typeof COMMANDS;

/** What the reader got wrong on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type Command =
  | { name: 'help' | 'version' }
  | {
      name: 'run';
      file: string;
      kernel: 'simulator' | 'loopback' | undefined;
      until: string | undefined;
      /** Seconds of real time; undefined: no bound. */
      timeout: number | undefined;
      json: boolean;
    }
  | { name: 'verify'; files: readonly string[] }
  | { name: 'student'; file: string; output: string }
  | {
      name: 'capture';
      file: string;
      output: string;
      /** Whose packets: a host's name; undefined: those of the first that sends. */
      host: string | undefined;
      /** Those of all hosts. */
      both: boolean;
      until: string | undefined;
    }
  | {
      name: 'packetdrill';
      files: readonly string[];
      /** Over what scripts run, whatever they say; undefined: as they say, else IPv4. */
      mode: ModeName | undefined;
      format: ScriptFormat;
      /** Pictures of each run, as text. */
      show: readonly ViewId[];
      /** Where captures go: a file for one script, a folder for several; undefined: none is made. */
      pcapng: string | undefined;
      /** Microseconds that each event keeps the machine. */
      pace: number;
      define: readonly string[];
    };

/** How outcomes of packetdrill scripts are told. */
const SCRIPT_FORMATS = ['text', 'tap', 'junit', 'table'] as const;
type ScriptFormat = (typeof SCRIPT_FORMATS)[number];

/** @throws UsageError with a message for the reader */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === undefined) throw new UsageError('no command given');
  if (args.includes('--help') || args.includes('-h') || first === 'help') return { name: 'help' };
  if (first === '--version' || first === 'version') return { name: 'version' };
  if (!Object.hasOwn(COMMANDS, first)) throw new UsageError(`there is no command '${first}'`);
  const name = first as CommandName;
  const { values, files } = parseRest(COMMANDS[name], rest);
  const [file] = files as [string, ...string[]];
  switch (name) {
    case 'run':
      return {
        name,
        file,
        kernel: kernelOf(values.kernel),
        until: values.until as string | undefined,
        timeout: timeoutOf(values.timeout),
        json: values.json === true,
      };
    case 'verify':
      return { name, files };
    case 'student':
      if (typeof values.output !== 'string') throw new UsageError('student needs -o OUT');
      return { name, file, output: values.output };
    case 'capture':
      if (values.host !== undefined && values.both === true)
        throw new UsageError('--host and --both exclude each other');
      return {
        name,
        file,
        output: (values.output as string | undefined) ?? captureName(file),
        host: values.host as string | undefined,
        both: values.both === true,
        until: values.until as string | undefined,
      };
    case 'packetdrill':
      return {
        name,
        files,
        mode: modeOf(values['ip-version']),
        format: formatOf(values.format),
        show: viewsOf(values.show),
        pcapng: values.pcapng as string | undefined,
        pace: paceOf(values.pace),
        define: (values.define as readonly string[] | undefined) ?? [],
      };
  }
}

function parseRest(form: CommandForm, args: string[]): { values: Record<string, unknown>; files: string[] } {
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args, options: form.options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] as string);
  }
  const { values, positionals: files } = parsed;
  if (files.length === 0) throw new UsageError('no file given');
  if (form.files === 'one' && files.length > 1) throw new UsageError(`one file at a time; '${files[1]}' is a second`);
  return { values, files };
}

/** A capture's name beside its source: `a/b.socknb` gives `a/b.pcapng`. */
export const captureName = (file: string): string => `${file.replace(/\.(socknb|pkt)$/, '')}.pcapng`;

function kernelOf(value: unknown): 'simulator' | 'loopback' | undefined {
  if (value === undefined || value === 'simulator' || value === 'loopback') return value;
  throw new UsageError(`--kernel is simulator or loopback, not '${value}'`);
}

function formatOf(value: unknown): ScriptFormat {
  const format = SCRIPT_FORMATS.find((known) => known === (value ?? 'text'));
  if (!format) throw new UsageError(`--format is ${SCRIPT_FORMATS.join(', ')}, not '${value}'`);
  return format;
}

function paceOf(value: unknown): number {
  const pace = Number(value ?? 0);
  if (value !== '' && pace >= 0 && pace <= 1000) return pace;
  throw new UsageError(`--pace is a number of microseconds from 0 to 1000, not '${value}'`);
}

function modeOf(value: unknown): ModeName | undefined {
  if (value === undefined || Object.hasOwn(MODES, value as string)) return value as ModeName | undefined;
  throw new UsageError(`--ip-version is ${Object.keys(MODES).join(', ')}, not '${value}'`);
}

function viewsOf(value: unknown): ViewId[] {
  return ((value as readonly string[] | undefined) ?? []).map((id) => {
    if (!isViewId(id)) throw new UsageError(`--show is ${VIEW_IDS.join(', ')}, not '${id}'`);
    return id;
  });
}

function timeoutOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 1e6)) throw new UsageError(`--timeout is a number of seconds, not '${value}'`);
  return seconds;
}

/** The help text. */
export function usage(): string {
  const lines = Object.values(COMMANDS).flatMap((command) => [`  socknb ${command.usage}`, `      ${command.about}`]);
  return [
    'Runs Socket Notebooks (.socknb) without an editor.',
    '',
    ...lines,
    '  socknb --help | --version',
    '',
    'Exit code: 0 all went well, 1 a cell, a check or an exercise failed, 2 the command or a file is not valid.',
  ].join('\n');
}
