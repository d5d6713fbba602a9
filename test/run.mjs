/**
 * `npm test`: installs what is missing, then types, lint, build, unit tests, and the tests in a real VS Code; `--fast` leaves
 * the last out. A phase that fails does not keep the later ones from running. The output ends with a line of its own,
 * `N passed, N failed`; the exit code is 0 only if something ran and nothing failed.
 *
 * Types, lint, build and packing count as one test each. A phase that ends without telling its counts is a failure.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureAll, ensureUnit, ROOT } from './host/install.mjs';
import { packageVsix } from './host/package.mjs';

/** @typedef {{passed: number, failed: number}} Count */

/**
 * Runs a script of Node, its output on the screen.
 * @param {string} script a path in the clone
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} the exit code, 1 after a signal
 */
const node = (script, args = [], env = process.env) =>
  new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', () => done(1));
    child.once('close', (code) => done(code ?? 1));
  });

/** @param {boolean} ok @returns {Count} */
const one = (ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/**
 * Runs mocha and reads the counts that the reporter left.
 * @param {string} config
 * @param {string} spec
 * @param {'dot' | 'spec'} report
 * @param {string[]} more
 * @returns {Promise<Count>}
 */
async function mocha(config, spec, report, ...more) {
  const counts = join(ROOT, `.build/counts-${process.pid}.json`);
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  try {
    const plain = process.stdout.isTTY ? [] : ['--no-color'];
    const args = ['--config', config, '--reporter', 'test/reporter.mjs', ...plain, ...more, spec];
    const code = await node('node_modules/mocha/bin/mocha.js', args, {
      ...process.env,
      COUNTS: counts,
      REPORT: report,
    });
    if (!existsSync(counts)) return one(false);
    const { passes, failures } = JSON.parse(readFileSync(counts, 'utf8'));
    return { passed: passes, failed: failures || (code === 0 ? 0 : 1) };
  } finally {
    rmSync(counts, { force: true });
  }
}

/** Files of unit tests that run at once; mocha's own default would leave one processor of two idle. */
const JOBS = String(availableParallelism());

/** @type {readonly {name: string, host?: boolean, run: () => Promise<Count>}[]} */
const PHASES = [
  { name: 'types', run: async () => one((await node('node_modules/typescript/bin/tsc', ['-b'])) === 0) },
  {
    name: 'lint',
    run: async () =>
      one((await node('node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.'])) === 0),
  },
  { name: 'build', run: async () => one((await node('esbuild.mjs')) === 0) },
  { name: 'unit', run: () => mocha('.mocharc.json', 'test/**/*.test.ts', 'dot', '--parallel', '--jobs', JOBS) },
  { name: 'package', host: true, run: () => packageVsix().then(() => one(true)) },
  { name: 'host', host: true, run: () => mocha('test/host/.mocharc.json', 'test/host/**/*.test.ts', 'spec') },
];

const { values } = parseArgs({ options: { fast: { type: 'boolean', default: false } } });
const total = { passed: 0, failed: 0 };
/** @param {string} name @param {() => Promise<Count>} work */
async function phase(name, work) {
  console.log(`\n== ${name}`);
  const from = Date.now();
  const { passed, failed } = await work().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return one(false);
  });
  total.passed += passed;
  total.failed += failed;
  console.log(`== ${name}: ${passed} passed, ${failed} failed, ${((Date.now() - from) / 1000).toFixed(1)} s`);
  return failed === 0;
}

const nothing = { passed: 0, failed: 0 };
const installed = await phase('install', async () => {
  await (values.fast ? ensureUnit() : ensureAll());
  return nothing;
});
if (installed) for (const { name, host, run } of PHASES) if (!(host && values.fast)) await phase(name, run);

console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
