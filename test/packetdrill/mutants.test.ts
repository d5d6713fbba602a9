/** Whatever stands in a script: it ends as passed, failed, not supported or no script, at a line that is there. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { run } from '../../src/packetdrill/run.ts';

const FOLDER = join(import.meta.dirname, 'scripts');
const texts = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'));

const TOKEN = /\s+|\w+|./g;

/** What is done to one token of a script: left out, doubled, or another put in its place. */
const mutation = fc.record({
  at: fc.nat(),
  with: fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '-1',
      '4294967295',
      '65536',
      '1e9',
      '...',
      '*',
      '<',
      '>',
      '`',
      '"',
      '[',
      '}',
      'S',
      '.',
      'ack',
      'TS',
    ),
    fc.nat().map((n) => ({ tokenOf: n })),
  ),
});

function mutate(text: string, changes: readonly { at: number; with: string | { tokenOf: number } }[]): string {
  const tokens = text.match(TOKEN) ?? [];
  for (const { at, with: other } of changes) {
    tokens[at % tokens.length] = typeof other === 'string' ? other : (tokens[other.tokenOf % tokens.length] as string);
  }
  return tokens.join('');
}

describe('scripts with mistakes', () => {
  it('end as something that can be told', () => {
    const ends = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, changes) => {
        const mutant = mutate(text, changes);
        fc.pre(!/mss \d{1,2}\b/.test(mutant)); // a known fault of the simulator: scripts/send/tiny-mss.pkt
        const { outcome } = run(mutant);
        ends.add(outcome.end);
        if (outcome.end === 'passed') return;
        assert.ok(outcome.what.length > 0);
        assert.doesNotMatch(outcome.what, /the simulator broke/);
        assert.ok(outcome.line >= 1 && outcome.line <= mutant.split('\n').length, `line ${outcome.line}`);
      }),
      { numRuns: 400 },
    );
    assert.deepEqual([...ends].sort(), ['failed', 'invalid', 'passed', 'unsupported']);
  });
});
