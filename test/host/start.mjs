/**
 * `npm start`: from a fresh clone to a lesson on the screen. Installs, builds and packs what is missing or older than
 * its inputs, puts the extension into desktop VS Code where there is one and into the served VS Code otherwise, and
 * shows a lesson.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, run, say, step, which } from './install.mjs';
import { packageVsix } from './package.mjs';
import { freePort, serve } from './serve.mjs';

const HELP = `npm start [-- OPTIONS] [LESSON]

Opens LESSON (notebooks/04-lifecycle.socknb by default) in VS Code with this extension.
With \`code\` on PATH that is your own VS Code; otherwise one is served to your browser until Ctrl-C.

  --served      serve it to a browser even where \`code\` is on PATH
  --port N      the port to serve on (8737 by default, or a free one when that is taken)
  --help        this text
`;

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`--port wants a number from 1 to 65535, not "${text}"`);
  return port;
}

/**
 * Desktop VS Code: installs the package and opens the lesson. @returns whether that worked
 * @param {string} code
 * @param {string} vsix
 * @param {string} folder
 * @param {string} lesson
 */
async function desktop(code, vsix, folder, lesson) {
  try {
    await step('installing the extension into VS Code', () => run(code, ['--install-extension', vsix, '--force']));
    await run(code, [folder, lesson]);
    say(`${lesson} is open in VS Code`);
    return true;
  } catch (error) {
    say(`VS Code did not take it, so it is served instead: ${/** @type {Error} */ (error).message}`);
    return false;
  }
}

/**
 * @param {string} vsix
 * @param {string} folder
 * @param {string} lesson
 * @param {number} port
 */
async function served(vsix, folder, lesson, port) {
  const home = join(ROOT, '.build/host');
  const server = await step('starting VS Code', () => serve({ home, vsix, folder, file: lesson, port }));
  let closing = false;
  const stop = async () => {
    if (closing) return;
    closing = true;
    await server.close();
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop);
  console.log(`\nOpen ${server.url}\nCtrl-C ends it.`);
  const code = await server.ended;
  if (!closing) throw new Error(`the served VS Code ended with ${code}; its log is ${join(home, 'host.log')}`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { served: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return void console.log(HELP);
  const folder = join(ROOT, 'notebooks');
  const lesson = positionals[0] ? resolve(positionals[0]) : join(folder, '04-lifecycle.socknb');
  if (!existsSync(lesson)) throw new Error(`there is no lesson ${lesson}`);
  const wanted = values.port === undefined ? undefined : portOf(values.port);
  const port = await freePort(wanted ?? 8737);
  if (wanted !== undefined && port !== wanted) throw new Error(`port ${wanted} is taken`);

  const vsix = await packageVsix();
  const code = values.served || wanted !== undefined ? undefined : which('code');
  if (code && (await desktop(code, vsix, folder, lesson))) return;
  await served(vsix, folder, lesson, port);
}

await main().catch((error) => {
  console.error(`npm start: ${error.message}`);
  process.exitCode = 1;
});
