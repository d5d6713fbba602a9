/**
 * `npm run fuzz -- [--worlds N] [--seed S] [--jobs J]`: plays random worlds on all cores and judges each; prints the rate,
 * and of every world that breaks a rule its seed, what is wrong, and the smallest plan that shows it. `--one SEED` plays
 * one world again. The exit code is 0 only if every world was right. World S + i is the same on every machine.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.build/fuzz');
/** Worlds that a worker plays between two reports. */
const BATCH = 200;
/** Failures after which nothing new is learned. */
const ENOUGH = 10;
/** Milliseconds between two lines about progress. */
const OFTEN = 10_000;

/** @typedef {typeof import('./worlds.ts')} Worlds */
/** @typedef {{ worlds: number, failures: { seed: number, text: string }[] }} Batch */

/** Bundles the worlds once, so that workers start at once and run what ships. @returns {Promise<string>} the bundle's URL */
async function bundle() {
  mkdirSync(FOLDER, { recursive: true });
  const outfile = join(FOLDER, 'worlds.mjs');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/fuzz/worlds.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['fast-check'],
  });
  return pathToFileURL(outfile).href;
}

/** A worker: plays the batches that it is told to. @param {string} url */
async function work(url) {
  const { world, failureText } = /** @type {Worlds} */ (await import(url));
  parentPort?.on('message', async (/** @type {{ from: number, count: number }} */ { from, count }) => {
    /** @type {Batch} */
    const batch = { worlds: count, failures: [] };
    for (let seed = from; seed < from + count; seed++) {
      const failure = await world(seed);
      if (failure) batch.failures.push({ seed, text: failureText(failure) });
    }
    parentPort?.postMessage(batch);
  });
}

/** Plays `worlds` worlds from `seed` on. @param {{ url: string, worlds: number, seed: number, jobs: number }} run */
async function fuzz({ url, worlds, seed, jobs }) {
  console.log(`worlds ${seed} to ${seed + worlds - 1}, ${jobs} at a time`);
  const began = performance.now();
  let [next, done, failed, told] = [0, 0, 0, began];
  const rate = () => `${Math.round((done / (performance.now() - began)) * 1000)} worlds/s`;
  const workers = Array.from({ length: jobs }, () => new Worker(new URL(import.meta.url), { workerData: { url } }));
  await Promise.all(
    workers.map(async (worker) => {
      while (next < worlds && failed < ENOUGH) {
        const count = Math.min(BATCH, worlds - next);
        worker.postMessage({ from: seed + next, count });
        next += count;
        /** @type {Batch} */
        const batch = await new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        });
        worker.removeAllListeners('error');
        done += batch.worlds;
        failed += batch.failures.length;
        for (const { text } of batch.failures) console.log(`\n${text}`);
        if (performance.now() - told < OFTEN) continue;
        told = performance.now();
        console.log(`${done} worlds, ${failed} wrong, ${rate()}`);
      }
      await worker.terminate();
    }),
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`\n${done} worlds in ${seconds} s (${rate()}): ${done - failed} right, ${failed} wrong`);
  process.exitCode = failed === 0 && done > 0 ? 0 : 1;
}

/** Plays one world and tells all about it. @param {string} url @param {number} seed */
async function one(url, seed) {
  const { world, failureText, planOf } = /** @type {Worlds} */ (await import(url));
  const failure = await world(seed);
  if (failure) console.log(failureText(failure));
  else console.log(`world ${seed} is right: ${JSON.stringify(planOf(seed))}`);
  process.exitCode = failure ? 1 : 0;
}

/** @param {string} text @param {string} name */
function whole(text, name) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} takes a whole number, not ${text}`);
  return process.exit(2);
}

if (!isMainThread) {
  await work(workerData.url);
} else {
  const { values } = parseArgs({
    options: {
      worlds: { type: 'string', default: '20000' },
      seed: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      one: { type: 'string' },
    },
  });
  const url = await bundle();
  if (values.one !== undefined) await one(url, whole(values.one, 'one'));
  else {
    await fuzz({
      url,
      worlds: whole(values.worlds, 'worlds'),
      seed: values.seed === undefined ? randomInt(2 ** 31) : whole(values.seed, 'seed'),
      jobs: whole(values.jobs, 'jobs'),
    });
  }
}
