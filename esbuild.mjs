/**
 * Builds every bundle of the project into dist/.
 *
 *   node esbuild.mjs                 readable, with source maps
 *   node esbuild.mjs --watch         and again at each change
 *   node esbuild.mjs --production    minified, as it ships
 *   node esbuild.mjs --size          the shipping sizes against their budgets; writes nothing
 *
 * A bundle holds all that it needs, so dist/ ships without node_modules. The one exception is the native module koffi,
 * whose script and binary for this machine are laid out in dist/node_modules, where `require` finds them.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { context, build as esbuild } from 'esbuild';

const ROOT = dirname(fileURLToPath(import.meta.url));
const DIST = join(ROOT, 'dist');

/**
 * For code that runs in VS Code's extension host, whose entry points are CommonJS; modules there still say import.meta.url.
 * @type {import('esbuild').BuildOptions}
 */
const COMMONJS = {
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/**
 * For a program started by Node; CommonJS packages inside still say require.
 * @type {import('esbuild').BuildOptions}
 */
const PROGRAM = {
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
};

/**
 * For the sandboxed frame in which VS Code draws outputs.
 * @type {import('esbuild').BuildOptions}
 */
const RENDERER = { platform: 'browser', format: 'esm', target: 'es2022', loader: { '.css': 'text' } };

/**
 * Every bundle: where it starts, what it is called in dist/, and the most it may weigh when it ships, in units of 1000 bytes.
 * @typedef {{entry: string, out: string, budget: number, options: import('esbuild').BuildOptions}} Bundle
 * @type {readonly Bundle[]}
 */
export const BUNDLES = [
  {
    entry: 'src/extension/extension.ts',
    out: 'extension.cjs',
    budget: 300,
    options: { ...COMMONJS, external: ['vscode'] },
  },
  {
    entry: 'src/session/worker-node.ts',
    out: 'session-worker.cjs',
    budget: 800,
    options: { ...COMMONJS, external: ['koffi'] },
  },
  { entry: 'src/cli/main.ts', out: 'socknb.mjs', budget: 650, options: { ...PROGRAM, external: ['koffi'] } },
  { entry: 'webview/lab.ts', out: 'lab.js', budget: 400, options: RENDERER },
];

/** @param {Bundle} bundle @param {boolean} production @returns {import('esbuild').BuildOptions} */
const optionsOf = ({ entry, out, options }, production) => ({
  ...options,
  absWorkingDir: ROOT,
  entryPoints: [entry],
  outfile: join(DIST, out),
  bundle: true,
  minify: production,
  keepNames: production && options.platform === 'node', // error names reach the learner
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'silent',
  metafile: true,
});

/**
 * Builds the shipping form of every bundle in memory.
 * @returns {Promise<{out: string, bytes: number, budget: number, parts: [name: string, bytes: number][]}[]>}
 *   `budget` in bytes; `parts` are the folders and packages inside, the heaviest first.
 */
export async function sizes() {
  return await Promise.all(
    BUNDLES.map(async (bundle) => {
      const { outputFiles, metafile } = await esbuild({ ...optionsOf(bundle, true), write: false, metafile: true });
      const inputs = Object.values(metafile.outputs)[0]?.inputs ?? {};
      /** @type {Map<string, number>} */
      const parts = new Map();
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const part = /^(?:.*node_modules\/((?:@[^/]+\/)?[^/]+)|((?:src\/)?[^/]+))/.exec(path);
        const name = part?.[1] ?? part?.[2] ?? path;
        parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
      }
      return {
        out: bundle.out,
        bytes: outputFiles[0]?.contents.length ?? 0,
        budget: bundle.budget * 1000,
        parts: [...parts].sort((a, b) => b[1] - a[1]),
      };
    }),
  );
}

/** Prints each bundle's shipping size against its budget; false when one is over. */
async function printSizes() {
  const kilo = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} KB`;
  let ok = true;
  for (const { out, bytes, budget, parts } of await sizes()) {
    const over = bytes > budget;
    ok &&= !over;
    console.log(`${kilo(bytes)} of ${kilo(budget)}  ${out}${over ? '  OVER BUDGET' : ''}`);
    for (const [name, weight] of parts.slice(0, 5)) console.log(`${kilo(weight)}                 ${name}`);
  }
  return ok;
}

/** Lays koffi's script and its binary for this machine out in dist/node_modules, as its own loader expects them. */
function shipKoffi() {
  const from = join(ROOT, 'node_modules');
  const to = join(DIST, 'node_modules');
  const parts = ['package.json', 'LICENSE.txt', 'index.cjs', 'index.js', 'src/koffi/index.cjs', 'src/koffi/index.js'];
  const scripts = readdirSync(join(from, 'koffi/src/koffi/src'))
    .filter((name) => /\.c?js$/.test(name))
    .map((name) => `src/koffi/src/${name}`);
  for (const part of [...parts, ...scripts]) cpSync(join(from, 'koffi', part), join(to, 'koffi', part));
  const native = `@koromix/koffi-${process.platform}-${process.arch}`;
  if (existsSync(join(from, native))) cpSync(join(from, native), join(to, native), { recursive: true });
}

/** Removes what an earlier build left in dist/ and this one did not write. @param {string[]} kept */
function sweep(kept) {
  for (const name of readdirSync(DIST)) if (!kept.includes(name)) rmSync(join(DIST, name), { recursive: true });
}

/** Prints messages as `file:line:column: error: text`, which editors and people can follow. @param {import('esbuild').Message[]} messages */
function printProblems(messages, kind = 'error') {
  for (const { location: at, text } of messages)
    console.error(`${at ? `${at.file}:${at.line}:${at.column + 1}: ` : ''}${kind}: ${text}`);
}

/** @param {boolean} production */
async function buildAll(production) {
  mkdirSync(DIST, { recursive: true });
  const results = await Promise.allSettled(BUNDLES.map((bundle) => esbuild(optionsOf(bundle, production))));
  let ok = true;
  for (const result of results) {
    if (result.status === 'fulfilled') printProblems(result.value.warnings, 'warning');
    else {
      ok = false;
      if (!result.reason.errors) throw result.reason;
      printProblems(result.reason.errors);
    }
  }
  if (!ok) return false;
  shipKoffi();
  chmodSync(join(DIST, 'socknb.mjs'), 0o755);
  sweep(['node_modules', ...BUNDLES.flatMap(({ out }) => (production ? [out] : [out, `${out}.map`]))]);
  console.log(`built ${BUNDLES.map(({ out }) => out).join(' ')} into dist/`);
  return true;
}

/** Builds at each change, for ever. Prints `Building` when a round begins and `Watching` when all of it is done. */
async function watchAll() {
  mkdirSync(DIST, { recursive: true });
  shipKoffi();
  /** What is being built now; at the start, everything. */
  const building = new Set(BUNDLES.map(({ out }) => out));
  console.log('Building');
  /** @param {string} out @returns {import('esbuild').Plugin} */
  const report = (out) => ({
    name: 'report',
    setup(build) {
      build.onStart(() => {
        if (building.size === 0) console.log('Building');
        building.add(out);
      });
      build.onEnd(({ errors, warnings }) => {
        printProblems(warnings, 'warning');
        printProblems(errors);
        building.delete(out);
        if (building.size > 0) return;
        console.log('Watching');
      });
    },
  });
  const contexts = await Promise.all(
    BUNDLES.map((bundle) => context({ ...optionsOf(bundle, false), plugins: [report(bundle.out)] })),
  );
  await Promise.all(contexts.map((each) => each.watch()));
}

/** @param {string | undefined} option */
async function main(option) {
  if (option === '--watch') await watchAll();
  else if (option === '--size') process.exitCode = (await printSizes()) ? 0 : 1;
  else if (option === undefined || option === '--production')
    process.exitCode = (await buildAll(option !== undefined)) ? 0 : 1;
  else throw new Error(`unknown option ${option}: --watch, --production or --size`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(process.argv[2]).catch((error) => {
    process.exitCode = 1;
    if (error.errors) printProblems(error.errors);
    else console.error(error.message);
  });
