/** Comparison with a text kept beside the tests. `GOLDEN=write` writes what was seen; look at it before committing. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = new URL('./golden/', import.meta.url);

export function golden(name: string, actual: string): void {
  const file = new URL(`${name}.txt`, FOLDER);
  if (process.env.GOLDEN === 'write') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, `${actual}\n`);
  }
  assert.equal(`${actual}\n`, readFileSync(file, 'utf8'));
}
