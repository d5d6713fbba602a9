/**
 * Packs the extension for this machine into `.build/socket-notebooks.vsix`, as users install it. Nothing is done when
 * the inputs are those of the last time. `node test/host/package.mjs` packs and prints the path.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, ROOT, run, say, step } from './install.mjs';

export const VSIX = join(ROOT, '.build/socket-notebooks.vsix');

/** All that a package is made of. */
const INPUTS = [
  ...['src', 'webview', 'media', 'notebooks'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'esbuild.mjs', '.vscodeignore'],
  ...['README.md', 'CHANGELOG.md', 'LICENSE'],
];

/** The digest of every input file, by path and content. */
function digest() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\0`);
  /** @param {string} path */
  const add = (path) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const name of readdirSync(full).sort()) add(join(path, name));
    else hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
  };
  for (const path of INPUTS) add(path);
  return hash.digest('hex');
}

/** The platform in the words of the extension gallery: a package with a native module is for one platform. */
const target = () => `${process.platform}-${process.arch === 'arm' ? 'armhf' : process.arch}`;

/** Builds and packs, unless that was done. @returns {Promise<string>} the path of the package */
export async function packageVsix() {
  await ensureDependencies();
  const stamp = `${VSIX}.inputs`;
  const now = digest();
  if (existsSync(VSIX) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return VSIX;
  await step('building and packing the extension', async () => {
    mkdirSync(join(ROOT, '.build'), { recursive: true });
    const draft = `${VSIX}.${process.pid}`;
    const vsce = join(ROOT, 'node_modules/@vscode/vsce/vsce');
    const flags = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links'];
    try {
      await run(process.execPath, [vsce, 'package', ...flags, '--target', target(), '--out', draft]);
      rmSync(stamp, { force: true });
      renameSync(draft, VSIX);
      writeFileSync(stamp, now);
    } finally {
      rmSync(draft, { force: true });
    }
  });
  return VSIX;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) say(await packageVsix());
