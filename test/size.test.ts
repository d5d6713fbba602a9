/** What ships: every bundle keeps its budget, and the manifest names bundles that the build makes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES, sizes } from '../esbuild.mjs';

const root = join(import.meta.dirname, '..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifest = read('package.json');

describe('bundles', () => {
  it('weigh no more than their budgets', async () => {
    const weighed = await sizes();
    assert.deepEqual(
      weighed.map(({ out }) => out),
      BUNDLES.map(({ out }) => out),
    );
    for (const { out, bytes, budget, parts } of weighed) {
      assert.ok(bytes > 0, `${out} is empty`);
      assert.ok(
        bytes <= budget,
        `${out} weighs ${bytes} of ${budget} bytes; heaviest: ${parts.slice(0, 5).join('; ')}`,
      );
    }
  });

  it('are what the manifest and the command line name', () => {
    const [renderer] = manifest.contributes.notebookRenderer;
    const named: string[] = [manifest.main, renderer.entrypoint, manifest.bin.socknb];
    const made = BUNDLES.map(({ out }) => `dist/${out}`);
    for (const path of named) assert.ok(made.includes(path.replace(/^\.\//, '')), path);
  });

  it('are checked against the VS Code that the manifest promises to run on', () => {
    const types: string = read('node_modules/@types/vscode/package.json').version;
    assert.equal(manifest.engines.vscode, `^${types.split('.').slice(0, 2).join('.')}.0`);
  });
});
