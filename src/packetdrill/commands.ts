/**
 * Back-quoted commands, acting on the simulated host: sysctl, and what scripts do with ip, tc, ethtool, echo and cat. A
 * shell script that a command names is read and its lines are taken one by one. What would change something that is not
 * simulated is refused by name, never passed over.
 */
import { fromUtf8 } from '../sim/base/bytes.ts';
import { ms, type Time } from '../sim/base/time.ts';
import { QDISCS, type Qdisc, type RouteMetrics } from '../sim/kernel/device.ts';
import type { Host } from '../sim/kernel/host.ts';
import { Inode } from '../sim/kernel/inode.ts';
import { readProc } from '../sim/kernel/proc.ts';
import { parseAddress } from '../sim/wire/address.ts';
import { Mismatch, Unsupported } from './outcome.ts';
import type { CommandAction } from './script.ts';
import { type Simple, simpleCommands } from './shell.ts';

/** The text of a file that a command names, relative to the script; undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

/** How deep scripts may call scripts. */
const DEPTH = 4;
/** Bytes of the largest file that a command may make. */
const MAX_FILE = 2 ** 26;

/** Runs a command on a host. @throws Unsupported, or Mismatch when it fails */
export function runCommand(host: Host, command: CommandAction, read: ReadFile): void {
  const { lacks, failed } = runShell({ host, read, depth: DEPTH }, command.text);
  if (lacks[0] !== undefined) throw new Unsupported(lacks[0], command);
  if (failed) throw new Mismatch('a command fails', command);
}

/** Runs a command on a host. @returns all that it asks for and that is not simulated */
export const lacking = (host: Host, command: CommandAction, read: ReadFile): readonly string[] =>
  runShell({ host, read, depth: DEPTH }, command.text).lacks;

interface Shell {
  readonly host: Host;
  readonly read: ReadFile;
  /** How deep a script may still call others. */
  readonly depth: number;
}

/** How a command ended. */
interface Result {
  /** What it asks for and does not get. */
  readonly lacks: readonly string[];
  /** What it wrote; undefined: something that is not simulated, or nothing. */
  readonly output?: string;
  /** A real one would have written more: what is not found there may be missing here alone. */
  readonly partial?: boolean;
  /** Its exit status is not 0. */
  readonly failed?: boolean;
}

function runShell(shell: Shell, text: string): Result {
  const lacks: string[] = [];
  let last: Result = DONE;
  for (const command of simpleCommands(text)) {
    const failed = last.failed || last.lacks.length > 0;
    if (command.when === 'failed' && !failed) continue;
    if (command.when === 'succeeded' && failed) continue;
    if (command.when !== 'failed') lacks.push(...last.lacks); // what `||` makes good is not lacking
    last = runSimple(shell, command, command.piped ? last : undefined);
  }
  return { ...last, lacks: [...lacks, ...last.lacks] };
}

/** A command, as a function of its words, the file that its output goes to, and what it reads. */
type Command = (host: Host, args: readonly string[], to: string | undefined, input: Result | undefined) => Result;

const DONE: Result = { lacks: [] };
const lack = (what: string): Result => ({ lacks: [what] });
const all = (results: readonly Result[]): Result => ({ lacks: results.flatMap(({ lacks }) => lacks) });

/* biome-ignore format: a table */
const COMMANDS: Readonly<Record<string, Command>> = {
  sysctl:           (host, args) => all(args.filter((word) => !word.startsWith('-')).map((word) => assign(host, word))),
  'set_sysctls.py': (host, args) => all(args.map((word) => assign(host, word))),
  echo:             (host, args, to) => to === undefined ? { lacks: [], output: args.join(' ') } : writeFile(host, to, args.join(' ')),
  nstat:            (host) => ({ lacks: [], output: nstat(host), partial: true }),
  true:             () => DONE,
  cat, dd, ethtool, grep, ip, rm, tc,
};

function runSimple({ host, read, depth }: Shell, { words, to }: Simple, input: Result | undefined): Result {
  const [path = '', ...args] = words;
  const name = path.split('/').at(-1) as string;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command(host, args, to, input);
  // the host is gone when the script has ended: nothing to restore
  if (/^sysctl_restore_/.test(name)) return DONE;
  const text = path.endsWith('.sh') && depth > 0 ? read(path) : undefined;
  return text === undefined ? refused(name, args) : runShell({ host, read, depth: depth - 1 }, text);
}

const refused = (name: string, args: readonly string[]): Result =>
  lack(`command ${[name, ...args].slice(0, 3).join(' ')}`);

/** The text of a file of the host. */
const textOf = (host: Host, path: string): string | undefined => {
  const bytes = host.files.get(path)?.bytes;
  return readProc(host, path) ?? (bytes && fromUtf8(bytes));
};

function cat(host: Host, paths: readonly string[]): Result {
  const texts = paths.map((path) => textOf(host, path));
  return texts.includes(undefined) ? refused('cat', paths) : { lacks: [], output: texts.join('\n') };
}

/** Lines that hold a text; it fails when there is none. */
function grep(host: Host, args: readonly string[], _: string | undefined, input: Result | undefined): Result {
  const [pattern = '', ...paths] = args;
  const { output: text, partial } = (paths.length === 0 ? input : cat(host, paths)) ?? DONE;
  if (text === undefined || pattern.startsWith('-')) return refused('grep', args);
  const found = text.split('\n').filter((line) => line.includes(pattern));
  if (found.length === 0 && partial) return refused('grep', args);
  return { lacks: [], output: found.join('\n'), failed: found.length === 0 };
}

/** The counters as nstat(8) had them when it last ran on a host. */
const HISTORY = new WeakMap<Host, ReadonlyMap<string, number>>();

/** What has been counted since nstat last ran. */
function nstat(host: Host): string {
  const before = HISTORY.get(host);
  HISTORY.set(host, new Map(host.counters));
  const lines = [...host.counters].map(([name, count]) => [name, count - (before?.get(name) ?? 0)] as const);
  return ['#kernel', ...lines.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count} 0.0`)].join(
    '\n',
  );
}

function rm(host: Host, args: readonly string[]): Result {
  for (const path of args) host.files.delete(path);
  return DONE;
}

/** `dd bs=1 count=5 if=/dev/zero of=/tmp/x`: a file of zeros. */
function dd(host: Host, args: readonly string[]): Result {
  const given = new Map(args.map((word) => word.split('=', 2) as [string, string]));
  const size = Number(given.get('bs') ?? 512) * Number(given.get('count') ?? Number.NaN);
  const to = given.get('of');
  if (given.get('if') !== '/dev/zero' || !to || !(size >= 0 && size <= MAX_FILE)) return refused('dd', args);
  const file = new Inode();
  file.write(0, new Uint8Array(size));
  host.files.set(to, file);
  return DONE;
}

/** `net.ipv4.tcp_sack=1`; with slashes, or as the path of the file that stands for it. */
function assign(host: Host, word: string): Result {
  const cut = word.indexOf('=');
  const name = word
    .slice(0, cut < 0 ? undefined : cut)
    .trim()
    .replace(/^\/proc\/sys\//, '')
    .replaceAll('/', '.');
  if (cut < 0) return lack(`sysctl ${name}`);
  const value = word.slice(cut + 1).trim();
  return host.writeSysctl(name, value) ? lack(`sysctl ${name}=${value}`) : DONE;
}

/** Parameters of modules that a script may set, to the one value at which the simulated host is. */
const PARAMETERS: Readonly<Record<string, string>> = { '/sys/module/tcp_cubic/parameters/hystart_detect': '3' };

function writeFile(host: Host, path: string, value: string): Result {
  if (path.startsWith('/proc/sys/')) return assign(host, `${path}=${value}`);
  return PARAMETERS[path] === value ? DONE : lack(`writing ${path}`);
}

/** ip(8): the metrics of one route, the size of packets, and what is remembered of peers. */
function ip(host: Host, given: readonly string[]): Result {
  const [object, verb = '', ...rest] = given.filter((word) => word !== '-6' && word !== '-4');
  // nothing is remembered of earlier connections, so there is nothing to flush
  if (object === 'tcp_metrics' && verb === 'flush') {
    host.fastOpenPeers.clear();
    return DONE;
  }
  if (object === 'link' && verb === 'set') return linkSet(host, rest);
  if (object === 'route' && /^(?:add|append|change|replace)$/.test(verb)) return route(host, rest);
  return refused('ip', given);
}

/** `ip link set dev tun0 mtu 1400`. */
function linkSet(host: Host, args: readonly string[]): Result {
  const at = args.indexOf('mtu');
  const mtu = Number(args[at + 1]);
  if (at < 0 || !(mtu >= 68 && mtu <= 65_535)) return refused('ip', ['link', 'set', ...args]);
  host.device.mtu = mtu;
  host.changed();
  return DONE;
}

type Metric = (metrics: RouteMetrics, value: string) => void;

/* biome-ignore format: a table */
const METRICS: Readonly<Record<string, Metric>> = {
  mtu:        (metrics, value) => { metrics.mtu = Number(value); },
  advmss:     (metrics, value) => { metrics.advmss = Number(value); },
  initcwnd:   (metrics, value) => { metrics.initcwnd = Number(value); },
  initrwnd:   (metrics, value) => { metrics.initrwnd = Number(value); },
  window:     (metrics, value) => { metrics.window = Number(value); },
  quickack:   (metrics, value) => { metrics.quickack = value === '1'; },
  rto_min:    (metrics, value) => { metrics.rtoMin = duration(value); },
  congctl:    (metrics, value) => { metrics.congctl = value; },
};

/** `200ms`, `1s`; a bare number is in milliseconds. */
function duration(text: string): Time {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|us)?$/.exec(text) ?? [];
  return ms(Number(digits ?? Number.NaN) * (unit === 's' ? 1000 : unit === 'us' ? 0.001 : 1));
}

/** `ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu lock 1500 initcwnd 11`. */
function route(host: Host, args: readonly string[]): Result {
  const [target = '', ...rest] = args;
  const metrics: RouteMetrics = {};
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    if (word === 'via' || word === 'dev' || word === 'src' || word === 'proto' || word === 'scope') {
      i++; // there is one way to the peer
      continue;
    }
    const set = Object.hasOwn(METRICS, word) ? METRICS[word] : undefined;
    const locked = rest[i + 1] === 'lock';
    const value = rest[(i += locked ? 2 : 1)];
    if (!set || value === undefined) return refused('ip', ['route', word]);
    set(metrics, value);
    if (word === 'mtu' && locked) metrics.mtuLocked = true;
    if (word === 'congctl' && locked) metrics.congctlLocked = true;
  }
  if (!metricsHold(metrics)) return refused('ip', ['route', ...args]);
  const bare = target.replace(/\/(?:32|128)$/, '');
  host.routes.set(parseAddress(bare)?.text ?? bare, metrics);
  host.changed();
  return DONE;
}

const metricsHold = (metrics: RouteMetrics): boolean =>
  Object.values(metrics).every((value) => typeof value !== 'number' || value >= 0);

/** `tc qdisc replace dev tun0 root fq`. */
function tc(host: Host, args: readonly string[]): Result {
  const [object, verb = '', ...rest] = args;
  const no = refused('tc', args);
  if (object !== 'qdisc') return no;
  const kind = rest[rest.indexOf('root') + 1] ?? '';
  const limit = rest.indexOf('limit');
  if (verb === 'del' || verb === 'delete') Object.assign(host.device, { qdisc: 'pfifo_fast', limit: 1000 });
  else if (/^(?:add|replace|change)$/.test(verb) && (QDISCS as readonly string[]).includes(kind)) {
    host.device.qdisc = kind as Qdisc;
    host.device.limit = limit < 0 ? 1000 : Number(rest[limit + 1]);
  } else return no;
  host.changed();
  return DONE;
}

const FEATURES: Readonly<Record<string, 'tso' | 'gso' | 'gro'>> = {
  tso: 'tso',
  gso: 'gso',
  gro: 'gro',
  'tcp-segmentation-offload': 'tso',
  'generic-segmentation-offload': 'gso',
  'generic-receive-offload': 'gro',
};

/** `ethtool -K tun0 tso off gso off`. */
function ethtool(host: Host, args: readonly string[]): Result {
  const [option, , ...switches] = args;
  if (option !== '-K' && option !== '--offload' && option !== '--features') return refused('ethtool', args);
  for (let i = 0; i < switches.length; i += 2) {
    const feature = FEATURES[switches[i] as string];
    const value = switches[i + 1];
    if (!feature || (value !== 'on' && value !== 'off')) return refused('ethtool', args);
    host.device[feature] = value === 'on';
  }
  host.changed();
  return DONE;
}
