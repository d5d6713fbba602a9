import assert from 'node:assert/strict';
import { badges, checkLine } from '../../src/extension/badges.ts';
import type { CellOptions } from '../../src/format/notebook.ts';
import type { CheckResult } from '../../src/session/protocol.ts';

const texts = (options: CellOptions, checks: readonly CheckResult[] = []) =>
  badges(options, checks).map(({ text }) => text.replace(/^\$\([\w-]+\) /, ''));

describe('badges of a cell', () => {
  it('are none for a cell without options', () => {
    assert.deepEqual(texts({}), []);
  });

  it('name the cell by its title, else by its label', () => {
    assert.deepEqual(texts({ label: 'three-way' }), ['three-way']);
    assert.deepEqual(texts({ label: 'three-way', title: 'The handshake' }), ['The handshake']);
  });

  it('say which exercise and which part of it', () => {
    assert.deepEqual(texts({ exercise: 'echo', part: 'starter' }), ['echo: your turn']);
    assert.deepEqual(texts({ exercise: 'echo', part: 'encore' }), ['echo: encore']);
  });

  it('spell one claim out and count more', () => {
    assert.deepEqual(texts({ claims: ['accept-only-fetches'] }), ['accept only fetches']);
    assert.deepEqual(texts({ claims: ['a', 'b'] }), ['2 claims']);
  });

  it('tell how the checks of the last run went', () => {
    const checks = [
      { name: 'bound', ok: true, message: '' },
      { name: 'no RST', ok: false, message: 'the server sent 1 RST' },
    ];
    assert.deepEqual(texts({}, checks), ['1 of 2 checks pass']);
    assert.match(badges({}, checks)[0]?.text ?? '', /^\$\(error\)/);
    assert.match(badges({}, checks.slice(0, 1))[0]?.text ?? '', /^\$\(pass-filled\) 1 of 1 check passes/);
    assert.deepEqual(checks.map(checkLine), ['✓ bound', '✗ no RST: the server sent 1 RST']);
  });

  it('have a text for screen readers without icons', () => {
    const all = badges({ label: 'a', exercise: 'b', part: 'hint', claims: ['c'], kernel: 'loopback' }, []);
    assert.equal(all.length, 4);
    for (const { spoken, tooltip } of all) assert.doesNotMatch(spoken + tooltip, /\$\(|undefined/);
  });
});
