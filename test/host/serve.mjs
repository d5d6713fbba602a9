/**
 * Serves VS Code on a port of this machine: code-server from the cache, with its own user data and extensions, this
 * project's `.vsix` installed, and a folder open. `npm start` and the host tests both stand on it.
 *
 * It listens on 127.0.0.1 alone, reads and writes nothing outside the folders it is given, and ends what it started.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureHost, run } from './install.mjs';

/** What the served workbench is told: no network, no start page, nothing beside the notebook. */
const SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'git.enabled': false,
  'remote.autoForwardPorts': false, // a message about ports covers the notebook
};

/** A port that nobody listens on: `wanted` when it is free, else one that the kernel picks. */
export function freePort(wanted = 0) {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', (error) => (wanted ? freePort().then(done, failed) : failed(error)));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}

/**
 * The address that opens `folder`, with `file` shown.
 * @param {number} port
 * @param {string} folder
 * @param {string} [file]
 */
export function workbenchUrl(port, folder, file) {
  const host = `127.0.0.1:${port}`;
  const payload = JSON.stringify([
    ['openFile', `vscode-remote://${host}${(file ?? '').split('/').map(encodeURIComponent).join('/')}`],
  ]);
  const query = { folder, ...(file && { payload }) };
  const readable = (/** @type {string} */ text) => encodeURIComponent(text).replace(/%(2F|3A|2C)/g, decodeURIComponent);
  return `http://${host}/?${Object.entries(query)
    .map(([name, value]) => `${name}=${readable(value)}`)
    .join('&')}`;
}

/** The environment of the host: not that of an outer VS Code or npm, which would bend it, and no extension gallery. */
const hostEnv = () => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(vscode_|npm_|node_options$|port$)/i.test(name)),
  ),
  EXTENSIONS_GALLERY: '{"serviceUrl":""}',
});

/**
 * Installs `vsix` into the extensions folder `home/extensions`, unless this very file is there.
 * @param {string} home
 * @param {string} vsix
 * @returns whether it had to be installed.
 */
export async function installVsix(home, vsix) {
  const host = await ensureHost();
  const stamp = join(home, 'installed');
  const digest = createHash('sha256').update(readFileSync(vsix)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false;
  await run(host.node, [host.entry, ...folders(home), '--install-extension', vsix, '--force'], {
    cwd: home,
    env: hostEnv(),
  });
  writeFileSync(stamp, digest);
  return true;
}

/** @param {string} home */
const folders = (home) => [
  ...['--user-data-dir', join(home, 'user-data')],
  ...['--extensions-dir', join(home, 'extensions')],
  ...['--config', join(home, 'config.yaml')],
];

/**
 * Writes user settings: the quiet ones, what the file held before, and `settings` on top. A file that somebody gave
 * comments is theirs and stays as it is.
 * @param {string} path
 * @param {Record<string, unknown>} settings
 */
function writeSettings(path, settings) {
  let kept = {};
  if (existsSync(path)) {
    try {
      kept = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return;
    }
  }
  writeFileSync(path, JSON.stringify({ ...SETTINGS, ...kept, ...settings }, null, 2));
}

/**
 * Starts the served VS Code and waits until it answers.
 *
 * @param {object} options
 * @param {string} options.home keeps user data, extensions and the host's log; made if absent
 * @param {string} [options.vsix] the packaged extension to install first
 * @param {string} options.folder the folder to open
 * @param {string} [options.file] a file to show
 * @param {number} [options.port] the port to listen on; a free one by default
 * @param {Record<string, unknown>} [options.settings] user settings on top of the quiet ones
 * @returns {Promise<{url: string, port: number, ended: Promise<number | null>, close(): Promise<void>}>}
 *   `ended` settles when the server ends, by whatever cause.
 */
export async function serve({ home, vsix, folder, file, port, settings = {} }) {
  const host = await ensureHost();
  mkdirSync(join(home, 'user-data/User'), { recursive: true });
  mkdirSync(join(home, 'extensions'), { recursive: true });
  writeFileSync(join(home, 'config.yaml'), 'auth: none\ncert: false\n');
  writeSettings(join(home, 'user-data/User/settings.json'), settings);
  if (vsix) await installVsix(home, vsix);

  const at = port ?? (await freePort());
  const quiet = [
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    '--disable-proxy',
  ];
  const args = [host.entry, '--auth', 'none', '--bind-addr', `127.0.0.1:${at}`, ...quiet, ...folders(home), folder];
  const log = join(home, 'host.log');
  // Its own process group: closing ends the extension hosts too, and a Ctrl-C at the terminal reaches us alone.
  const child = spawn(host.node, args, {
    cwd: home,
    env: hostEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const sink = createWriteStream(log);
  child.stdout.pipe(sink, { end: false });
  child.stderr.pipe(sink, { end: false });
  const ended = new Promise((done) => child.once('exit', done));
  child.once('error', () => {});

  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // the group is gone
    }
  };
  const onExit = () => stop('SIGKILL');
  process.once('exit', onExit);
  const close = async () => {
    process.off('exit', onExit);
    stop('SIGTERM');
    const done = await Promise.race([ended.then(() => true), sleep(3000, false, { ref: false })]);
    stop('SIGKILL');
    if (!done) await ended;
    sink.end();
  };

  const url = workbenchUrl(at, folder, file);
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) {
      const why = child.exitCode === null ? 'did not listen within 30 s' : `ended with ${child.exitCode}`;
      await close();
      throw new Error(`the served VS Code ${why}; its log:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    }
    const answer = await fetch(`http://127.0.0.1:${at}/healthz`).catch(() => undefined);
    if (answer?.ok) return { url, port: at, ended, close };
  }
}
