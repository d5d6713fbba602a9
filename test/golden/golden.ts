/**
 * Golden texts: what a run printed, kept beside the tests. `RESET_RESULTS=1` writes them anew; a difference leaves the
 * new text in a file that ends in `.actual`, for a diff.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Compares a text with `test/golden/<name>.txt`. */
export function assertGolden(name: string, actual: string): void {
  const file = fileURLToPath(new URL(`${name}.txt`, import.meta.url));
  const rejected = `${file}.actual`;
  if (process.env.RESET_RESULTS === '1') writeFileSync(file, actual);
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (expected === actual) {
    rmSync(rejected, { force: true });
    return;
  }
  writeFileSync(rejected, actual);
  const [was, is] = [expected?.split('\n') ?? [], actual.split('\n')];
  const line = is.findIndex((text, i) => text !== was[i]);
  const at = line < 0 ? is.length : line;
  assert.fail(
    `${name}.txt differs in line ${at + 1}; see ${name}.txt.actual, or accept it with RESET_RESULTS=1\n` +
      `expected: ${was[at] ?? '(nothing)'}\nactual:   ${is[at] ?? '(nothing)'}`,
  );
}
