/**
 * `npm run bench`: measures speed and size, and holds them against the budgets (budgets.ts). Each scenario runs in processes
 * of its own, after a warm-up; what is told is the median of several runs. It stops by itself.
 *
 *   --only NAME,NAME   these scenarios          --json FILE     the numbers
 *   --runs N           of each scenario (3)     --strict        a missed budget is a failure
 *   --scale X          a part of the work       --profile NAME  where the time of a scenario goes
 *   --ns3 FILE         the C++ source of the same bulk flow in ns-3 (or $NS3_BULK): built and run in the same sitting
 *
 * ns-3's program takes `--loss` and `--flows` and prints `seg/s N`; it is no part of this project.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { BUNDLES, sizes } from '../../esbuild.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.build/bench');
/** Minutes that one run may take. */
const PATIENCE = 10;
const CONNECTIONS = [10, 100, 1000, 10_000, 100_000];
const CURVE = CONNECTIONS.map((count) => `curve-${count}`);
const NAMES = [
  'bulk',
  'bulk-loss',
  'bulk-flows',
  'bulk-no-log',
  'codec',
  'idle',
  'handshakes',
  ...CURVE,
  'session',
  'bundles',
];
/** The scenarios that ns-3 plays too, and how it is asked. @type {Record<string, string[]>} */
const PEER = { bulk: [], 'bulk-loss': ['--loss=0.001'], 'bulk-flows': ['--flows=100'] };

/** @typedef {Record<string, number>} Measures */
/** @typedef {import('./budgets.ts').Budget} Budget */

/** @param {string} entry @param {string} outfile @param {import('esbuild').BuildOptions} [options] */
async function bundle(entry, outfile, options = { platform: 'node', format: 'esm', target: 'node20' }) {
  await build({ ...options, absWorkingDir: ROOT, entryPoints: [entry], outfile, bundle: true, logLevel: 'error' });
  return outfile;
}

/** Runs a program to its end. @param {string} program @param {string[]} args @returns {string} what it printed */
function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: PATIENCE * 60_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e8,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return stdout;
}

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** The median of each measure. @param {Measures[]} runs @returns {Measures} */
const medians = (runs) =>
  Object.fromEntries(
    Object.keys(runs[0] ?? {}).map((measure) => [measure, median(runs.map((one) => one[measure] ?? Number.NaN))]),
  );

/** Builds ns-3's program. @param {string} source @returns {string | undefined} its path, or undefined where ns-3 is not installed */
function buildPeer(source) {
  const modules = ['core', 'network', 'internet', 'point-to-point', 'applications'].map((name) => `ns3-${name}`);
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', ...modules], { encoding: 'utf8' });
  if (flags.status !== 0) {
    console.log('ns-3 is not measured: it is not installed (Debian: libns3-dev)\n');
    return undefined;
  }
  const out = join(FOLDER, 'ns3-peer');
  run('g++', ['-O2', '-std=c++17', resolve(source), '-o', out, ...flags.stdout.trim().split(/\s+/)]);
  return out;
}

/** @param {number} value */
const figure = (value) =>
  Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en-US')
    : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/** @param {string[][]} rows the first names the columns; all but the first two stand to the right */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const row of rows)
    console.log(
      row
        .map((text, i) => (i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    );
}

/**
 * Measures one scenario.
 * @param {string} name @param {{ program: string, worker: string, runs: number, scale: string, peer: string | undefined }} setup
 * @returns {Promise<Measures>}
 */
async function measure(name, { program, worker, runs, scale, peer }) {
  if (name === 'bundles')
    return Object.fromEntries((await sizes()).map(({ out, bytes }) => [`${out} KB`, bytes / 1000]));
  /** @type {Measures[]} */
  const mine = [];
  /** @type {number[]} */
  const theirs = [];
  const asked = PEER[name];
  for (let i = 0; i < runs; i++) {
    mine.push(JSON.parse(run(process.execPath, ['--expose-gc', program, name, scale, worker])));
    if (peer && asked) theirs.push(Number(/seg\/s ([\d.e+]+)/.exec(run(peer, asked))?.[1]));
  }
  const result = medians(mine);
  if (theirs.length > 0) {
    result['ns-3 segments/s'] = median(theirs);
    result['times ns-3'] = (result['data segments/s'] ?? 0) / median(theirs);
  }
  return result;
}

/** How much more an event costs on the largest number of connections than on the smallest. @param {Map<string, Measures>} results */
function growth(results) {
  const costs = CURVE.map((name) => results.get(name)?.['ns/event']);
  const [first, last] = [costs[0], costs.at(-1)];
  return first === undefined || last === undefined ? undefined : last / first;
}

/** Where the time of a scenario goes: its functions by their own share. @param {string} program @param {string} name @param {string} scale @param {string} worker */
function profile(program, name, scale, worker) {
  const folder = join(FOLDER, 'profile');
  rmSync(folder, { recursive: true, force: true });
  run(process.execPath, ['--expose-gc', '--cpu-prof', `--cpu-prof-dir=${folder}`, program, name, scale, worker]);
  const [file = ''] = readdirSync(folder);
  /** @type {{ nodes: { id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[], samples: number[] }} */
  const { nodes, samples } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const source = readFileSync(program, 'utf8').split('\n');
  const modules = source.map((line) => /^\/\/ ((?:src|test|node_modules)\/\S+)$/.exec(line)?.[1]);
  /** The module that a line of the bundle comes from: esbuild heads each with its path. @param {number} line */
  const moduleOf = (line) => modules.slice(0, line + 1).findLast((found) => found) ?? '';
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  /** @type {Map<string, number>} */
  const shares = new Map();
  for (const id of samples) {
    const frame = frames.get(id);
    if (!frame) continue;
    const { functionName, url, lineNumber } = frame;
    const module = url.startsWith('file:') ? moduleOf(lineNumber) : 'engine';
    const key = `${functionName || '(anonymous)'}\t${module}`;
    shares.set(key, (shares.get(key) ?? 0) + 1 / samples.length);
  }
  /** @type {Map<string, number>} */
  const folders = new Map();
  for (const [key, share] of shares) {
    const module = key.split('\t')[1] ?? '';
    const part = module.slice(0, Math.max(module.lastIndexOf('/'), 0)) || module;
    folders.set(part, (folders.get(part) ?? 0) + share);
  }
  const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(1)} %`;
  const sorted = (/** @type {Map<string, number>} */ map) => [...map].sort((a, b) => b[1] - a[1]);
  table([
    ['function', 'module', 'own time'],
    ...sorted(shares)
      .slice(0, 30)
      .map(([key, share]) => [...key.split('\t'), percent(share)]),
  ]);
  console.log();
  table([
    ['folder', '', 'own time'],
    ...sorted(folders)
      .slice(0, 12)
      .map(([part, share]) => [part, '', percent(share)]),
  ]);
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: NAMES.join(',') },
    runs: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    json: { type: 'string' },
    strict: { type: 'boolean', default: false },
    ns3: { type: 'string', default: process.env.NS3_BULK ?? '' },
    profile: { type: 'string' },
  },
});
mkdirSync(FOLDER, { recursive: true });
const program = await bundle('test/bench/scenarios.ts', join(FOLDER, 'scenarios.mjs'));
const shipped = BUNDLES.find(({ out }) => out === 'session-worker.cjs');
if (!shipped) throw new Error('esbuild.mjs makes no session-worker.cjs');
const worker = await bundle(shipped.entry, join(FOLDER, shipped.out), { ...shipped.options, minify: true });
const { BUDGETS, met, exceeded } = /** @type {typeof import('./budgets.ts')} */ (
  await import(pathToFileURL(await bundle('test/bench/budgets.ts', join(FOLDER, 'budgets.mjs'))).href)
);

if (values.profile) {
  profile(program, values.profile, values.scale, worker);
  process.exit(0);
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
const peer = values.ns3 ? buildPeer(values.ns3) : undefined;
/** @type {Map<string, Measures>} */
const results = new Map();
for (const name of values.only.split(',')) {
  if (!NAMES.includes(name)) throw new Error(`no scenario ${name}: ${NAMES.join(', ')}`);
  const measures = await measure(name, { program, worker, runs: Number(values.runs), scale: values.scale, peer });
  results.set(name, measures);
  console.log(
    `${name}: ${Object.entries(measures)
      .map(([what, value]) => `${figure(value)} ${what}`)
      .join(', ')}`,
  );
}
const grown = growth(results);
if (grown !== undefined) results.set('curve', { growth: grown });

console.log();
let missed = 0;
const rows = [['scenario', 'measure', 'measured', 'budget', 'beyond', '']];
for (const budget of BUDGETS) {
  const value = results.get(budget.scenario)?.[budget.measure];
  if (value === undefined) continue;
  if (!met(budget, value)) missed++;
  const word = exceeded(budget, value) ? 'beyond' : met(budget, value) ? 'met' : 'MISSED';
  rows.push([budget.scenario, budget.measure, figure(value), figure(budget.budget), figure(budget.beyond), word]);
}
table(rows);
if (values.json) writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(results), null, 2)}\n`);
process.exitCode = values.strict && missed > 0 ? 1 : 0;
