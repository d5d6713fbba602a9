/**
 * The rules of the house as data: who may import whom, and which words may not stand where. `check` applies them to one
 * file and says every breach with its file, line and rule. It reads no disk; the caller brings path and text.
 */
import { posix } from 'node:path';
import { importsOf, lineAt, mask } from './source.ts';

/** Files of the simulator that hold constant tables only: whoever may see the log may name its words. */
const TABLES = ['src/sim/tcp/states.ts', 'src/sim/syscall/signatures.ts', 'src/sim/net/drops.ts'];
/** What the simulator's kernel and the real one have in common: the calls, and how they look to a program and in the log. */
const CALLS = ['signatures', 'kernel', 'call-log', 'facade', 'arguments', 'memory', 'threads'].map(
  (name) => `src/sim/syscall/${name}.ts`,
);
const BASE = 'src/sim/base';
const LOG = [BASE, 'src/sim/wire', 'src/sim/trace'];

/** A part of the source and what it may import beside itself. The longest `in` that fits a file is its layer. */
type Layer = {
  readonly in: string;
  /** Files, or folders with all below them. */
  readonly from: readonly string[];
  /** As `from`, but only with `import type`. */
  readonly types?: readonly string[];
  /** Packages; `node:` stands for every module of Node. */
  readonly packages?: readonly string[];
};

export const LAYERS: readonly Layer[] = [
  { in: 'src/sim/base', from: [] },
  { in: 'src/sim/wire', from: [BASE] },
  { in: 'src/sim/trace', from: [BASE] },
  { in: 'src/sim/tcp', from: [BASE, 'src/sim/wire'], types: ['src/sim/trace'] },
  { in: 'src/sim/net', from: LOG },
  { in: 'src/sim/kernel', from: [...LOG, 'src/sim/tcp', 'src/sim/net'] },
  { in: 'src/sim/syscall', from: [...LOG, 'src/sim/tcp', 'src/sim/net', 'src/sim/kernel'] },
  ...CALLS.map((file) => ({ in: file, from: [BASE, 'src/sim/trace', ...CALLS] })),
  { in: 'src/sim/world.ts', from: ['src/sim'] },
  { in: 'src/views', from: [...LOG, ...TABLES] },
  { in: 'src/packetdrill', from: ['src/sim', 'src/views'] },
  { in: 'src/format', from: [BASE, 'src/sim/wire/address.ts', 'src/sim/trace', 'src/views'], packages: ['yaml'] },
  { in: 'src/guide', from: [BASE, 'src/sim/trace', 'src/views', 'src/format'] },
  { in: 'src/loopback', from: [BASE, 'src/sim/trace', ...CALLS], packages: ['node:', 'koffi'] },
  { in: 'src/session', from: ['src/sim', 'src/views', 'src/format', 'src/guide', 'src/packetdrill'] },
  {
    in: 'src/session/cell',
    from: ['src/session', 'src/sim'],
    packages: ['acorn', '@sveltejs/acorn-typescript', 'node-inspect-extracted'],
  },
  {
    in: 'src/session/worker-node.ts',
    from: ['src/session', 'src/sim', 'src/views', 'src/format', 'src/guide', 'src/loopback'],
    packages: ['node:'],
  },
  { in: 'src/session/worker-host-node.ts', from: ['src/session', BASE], packages: ['node:'] },
  {
    in: 'src/extension',
    from: [
      BASE,
      'src/views',
      'src/format',
      'src/guide',
      ...['protocol', 'client', 'notebook', 'worker-host-node'].map((name) => `src/session/${name}.ts`),
    ],
    packages: ['vscode', 'node:'],
  },
  {
    in: 'src/cli',
    from: ['src/sim', 'src/views', 'src/packetdrill', 'src/format', 'src/guide', 'src/session', 'src/loopback'],
    packages: ['node:'],
  },
  { in: 'webview', from: [...LOG, ...TABLES, 'src/views'], packages: ['lit'] },
  { in: 'webview/layout', from: [...LOG, ...TABLES, 'src/views', 'webview'] },
  { in: 'webview/ui', from: ['webview'], packages: ['lit', '@vscode/webview-ui-toolkit'] },
];

/** Words that may not stand in the code of some files (comments and strings do not count), and why. */
type Ban = {
  readonly word: RegExp;
  readonly in: readonly string[];
  readonly except?: readonly string[];
  readonly why: string;
};

const SEQ = String.raw`(?:\.(?:una|nxt|iss|irs|wl1|wl2|seq|ack)|\bseq\([^()]*\))`;

export const BANS: readonly Ban[] = [
  {
    word: /\bDate\b|\bMath\.random\b|\bIntl\b|\btoLocale\w*/,
    in: ['src/sim', 'src/views'],
    why: 'a run is a function of its seed: no clock, chance or locale of the machine',
  },
  {
    word: /\bPromise\b|\basync\b|\bawait\b/,
    in: ['src/sim'],
    except: ['src/sim/syscall/kernel.ts', 'src/sim/syscall/facade.ts', 'src/sim/world.ts'],
    why: 'only the awaitable interface, its facade and the world wait; all else returns what happened',
  },
  {
    word: new RegExp(`${SEQ} (?:<|>|<=|>=) |\\s(?:<|>|<=|>=) (?:[\\w$]+)?(?:\\??\\.[\\w$]+)*${SEQ}(?![\\w$(.])`),
    in: ['src/sim'],
    why: 'sequence numbers wrap: compare with seqLt, seqLe, seqIn',
  },
  {
    // cc.state is the congestion machine's; its gate is setCaState in recovery/reduce.ts
    word: /(?<!\bcc)\.state\s*=(?![=>])|\['state'\]\s*=(?![=>])/,
    in: ['src/sim/tcp'],
    except: ['src/sim/tcp/turn.ts'],
    why: 'a connection changes state through the one gate in turn.ts',
  },
];

/** Whether `path` is `place` or lies below it. */
const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/** The name of the package that a specifier belongs to; `node:` for Node's own modules. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The layer of a file, or undefined for a file that stands outside all of them. */
export function layerOf(path: string): Layer | undefined {
  return LAYERS.filter((layer) => within(path, layer.in)).sort((a, b) => b.in.length - a.in.length)[0];
}

/** Every breach of the rules in one file, as `path:line: rule`. Empty for a file that keeps them. */
export function check(path: string, source: string): string[] {
  const breaches: [line: number, rule: string][] = [];
  const layer = layerOf(path);
  if (!layer) breaches.push([1, 'stands in no layer of test/layers/rules.ts']);
  else
    for (const { from, line, typeOnly } of importsOf(source)) {
      const rule = importRule(path, layer, from, typeOnly);
      if (rule) breaches.push([line, rule]);
    }
  const code = mask(source);
  for (const { word, in: places, except = [], why } of BANS) {
    if (!places.some((place) => within(path, place)) || except.includes(path)) continue;
    for (const found of code.matchAll(new RegExp(word, 'g')))
      breaches.push([lineAt(code, found.index), `"${found[0].trim()}" may not stand here: ${why}`]);
  }
  return breaches.sort((a, b) => a[0] - b[0]).map(([line, rule]) => `${path}:${line}: ${rule}`);
}

/** What is wrong with one import, or undefined. */
function importRule(path: string, layer: Layer, specifier: string, typeOnly: boolean): string | undefined {
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier);
    return layer.packages?.includes(name) ? undefined : `${layer.in} may not import the package ${name}`;
  }
  if (!/\.(?:ts|css)$/.test(specifier)) return `"${specifier}" does not end in .ts`;
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const allowed = [layer.in, ...layer.from, ...(typeOnly ? (layer.types ?? []) : [])];
  return allowed.some((place) => within(target, place))
    ? undefined
    : `${layer.in} may not import ${target}${typeOnly ? ', not even its types' : ''}`;
}
