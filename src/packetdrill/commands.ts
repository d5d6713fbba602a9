/**
 * Back-quoted commands, acting on the simulated host: sysctl, and the few of ip, tc and ethtool that scripts use to bring a
 * machine into the state in which the simulated one always is. A shell script that a command names is read and its lines
 * are taken one by one. What would change something that is not simulated is refused by name.
 */
import type { Host } from '../sim/kernel/host.ts';
import { Unsupported } from './outcome.ts';
import type { CommandAction } from './script.ts';

/** The text of a file that a command names, relative to the script; undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

/** How deep scripts may call scripts. */
const DEPTH = 4;

/** Takes what is not simulated: `sysctl net.ipv4.tcp_ecn=1`. */
type Refuse = (what: string) => void;

/** Runs a command on a host. @throws Unsupported */
export function runCommand(host: Host, command: CommandAction, read: ReadFile): void {
  const refuse: Refuse = (what) => {
    throw new Unsupported(what, command);
  };
  runShell(host, command.text, read, refuse, DEPTH);
}

/** All that a command asks of a host and that is not simulated. */
export function lacking(host: Host, command: CommandAction, read: ReadFile): string[] {
  const lacks: string[] = [];
  runShell(host, command.text, read, (what) => lacks.push(what), DEPTH);
  return lacks;
}

function runShell(host: Host, text: string, read: ReadFile, refuse: Refuse, depth: number): void {
  for (const words of simpleCommands(text)) runWords(host, words, read, refuse, depth);
}

/** The simple commands in a text: lines joined at a backslash, comments and redirections gone, quotes taken off. */
export function simpleCommands(text: string): string[][] {
  const lines = text.replace(/\\\n/g, ' ').split('\n');
  return lines.flatMap((line) => {
    const bare = line.replace(/(^|\s)#.*$/, '').replace(/\s(?:\d?>&\d|[12&]?>{1,2}\s*[^\s;|&]+)/g, ' ');
    return bare
      .split(/;|&&|\|\||(?<!\|)\|(?!\|)/)
      .map(wordsOf)
      .filter((words) => words.length > 0);
  });
}

const wordsOf = (command: string): string[] =>
  (command.match(/(?:"[^"]*"|'[^']*'|\$\(\(.*?\)\)|[^\s"'])+/g) ?? []).map((word) =>
    word.replace(/["']/g, '').replace(/\$\(\((.*?)\)\)/g, (_, sum: string) => String(product(sum))),
  );

/** `15*1024*1024`: the only arithmetic that such scripts do. */
const product = (text: string): number => text.split('*').reduce((value, factor) => value * Number(factor), 1);

function runWords(host: Host, words: readonly string[], read: ReadFile, refuse: Refuse, depth: number): void {
  const [path = '', ...args] = words;
  const name = path.split('/').at(-1) as string;
  switch (name) {
    case 'sysctl':
      for (const word of args) if (!word.startsWith('-')) assign(host, word, refuse);
      return;
    case 'set_sysctls.py':
      for (const word of args) assign(host, word.replace(/^\/proc\/sys\//, ''), refuse);
      return;
    case 'ip':
      // nothing is remembered of earlier connections, so there is nothing to flush
      if (args[0] === 'tcp_metrics' && args[1] === 'flush') return;
      break;
    case 'tc':
      // the link's queue is a plain one
      if (args[0] === 'qdisc' && args.at(-1) === 'pfifo') return;
      break;
    case 'ethtool':
      // segments are as large as the MSS, never larger
      if (args[0] === '-K' && args.slice(2).every((word, i) => (i % 2 ? word === 'off' : /^[gt]so$/.test(word))))
        return;
      break;
    case 'nstat':
    case 'true':
      return;
  }
  // the host is gone when the script has ended: nothing to restore
  if (/^sysctl_restore_/.test(name)) return;
  const text = path.endsWith('.sh') && depth > 0 ? read(path) : undefined;
  if (text === undefined) refuse(`command ${[name, ...args].slice(0, 3).join(' ')}`);
  else runShell(host, text, read, refuse, depth - 1);
}

/**
 * Settings of Linux that are not simulated, with the values at which the simulated host behaves as if they were: others
 * are refused. `any`: the setting matters only to calls that are refused themselves.
 */
/* biome-ignore format: a table */
const FIXED: Readonly<Record<string, readonly string[] | 'any'>> = {
  'net.ipv4.tcp_autocorking':            ['0'],
  'net.ipv4.tcp_congestion_control':     ['reno', 'cubic'], // cubic: the default of Linux; what differs shows in the script
  'net.ipv4.tcp_dsack':                  ['0', '1'],
  'net.ipv4.tcp_early_retrans':          ['0', '3', '4'],
  'net.ipv4.tcp_ecn':                    ['0', '2'],
  'net.ipv4.tcp_ecn_option':             'any',
  'net.ipv4.tcp_fack':                   ['0'],
  'net.ipv4.tcp_fastopen':               'any',
  'net.ipv4.tcp_fastopen_blackhole_timeout_sec': 'any',
  'net.ipv4.tcp_fastopen_key':           'any',
  'net.ipv4.tcp_frto':                   ['0', '2'],
  'net.ipv4.tcp_min_tso_segs':           'any',
  'net.ipv4.tcp_mtu_probing':            ['0'],
  'net.ipv4.tcp_no_metrics_save':        'any',
  'net.ipv4.tcp_notsent_lowat':          ['4294967295', '-1'],
  'net.ipv4.tcp_pacing_ca_ratio':        'any',
  'net.ipv4.tcp_pacing_ss_ratio':        'any',
  'net.ipv4.tcp_recovery':               ['0', '1'],
  'net.ipv4.tcp_reordering':             ['3'],
  'net.ipv4.tcp_slow_start_after_idle':  ['0'],
  'net.ipv4.tcp_syncookies':             ['1'],
  'net.ipv4.tcp_tso_win_divisor':        'any',
};

/** `net.ipv4.tcp_sack=1`, or with slashes. */
function assign(host: Host, word: string, refuse: Refuse): void {
  const cut = word.indexOf('=');
  const name = word.slice(0, cut < 0 ? undefined : cut).replaceAll('/', '.');
  const value = cut < 0 ? '' : word.slice(cut + 1).trim();
  if (cut < 0 || !setKnown(host, name, value)) refuse(`sysctl ${cut < 0 ? name : `${name}=${value}`}`);
}

/** Sets what the host has; of the rest allows what is as it is. @returns whether the host is now as was asked */
function setKnown(host: Host, name: string, value: string): boolean {
  const settings = host.sysctl as Record<string, number | readonly number[]>;
  if (Object.hasOwn(settings, name)) {
    const numbers = value.split(/\s+/).map(Number);
    if (numbers.some(Number.isNaN)) return false;
    settings[name] = Array.isArray(settings[name]) ? numbers : (numbers[0] as number);
    return true;
  }
  const fixed = Object.hasOwn(FIXED, name) ? FIXED[name] : undefined;
  return fixed === 'any' || (fixed?.includes(value) ?? false);
}
