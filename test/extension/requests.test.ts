import assert from 'node:assert/strict';
import {
  cellNames,
  frontMatterOf,
  optionsOf,
  otherKernelNeeded,
  requestOf,
  sameWorld,
} from '../../src/extension/requests.ts';
import { toEditor } from '../../src/format/editor.ts';
import { parse } from '../../src/format/parse.ts';
import { sessionConfig } from '../../src/session/notebook.ts';

function editor(text: string) {
  const parsed = parse(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return toEditor(parsed.notebook);
}

const world = (text: string) => sessionConfig(frontMatterOf(editor(text).metadata ?? {}), 'simulator');

describe('the world of a notebook', () => {
  it('is the same world when only the title differs, another when seed, link or kernel differ', () => {
    const base = world('---\ntitle: a\nseed: 7\n---\n');
    assert.ok(sameWorld(base, world('---\ntitle: b\nseed: 7\n---\n')));
    assert.ok(!sameWorld(base, world('---\ntitle: a\nseed: 8\n---\n')));
    assert.ok(!sameWorld(base, { ...base, kernel: 'loopback' }));
    const link = (rate: string) =>
      world(`---\nseed: 7\ntopology:\n  links:\n    - between: [client, server]\n${rate}---\n`);
    assert.ok(sameWorld(base, link('')));
    assert.ok(!sameWorld(base, link('      rate: 1 Mbit/s\n')));
  });

  it('refuses a front matter that was spoilt after it was read', () => {
    assert.throws(() => frontMatterOf({ frontMatter: { raw: '---\nseed: [\n---\n' } }), /line 2/);
  });
});

describe('cell request', () => {
  const cell = (options: string, source = 'x') => {
    const found = editor(`\`\`\`{code-cell} typescript\n${options}\n${source}\n\`\`\`\n`).cells[0];
    assert.ok(found);
    return found;
  };

  it('holds language, source, views and the part of an exercise', () => {
    const request = requestOf(cell(':views: buffers, states\n:exercise: echo\n:part: check\n', 'await 1;'), 'c');
    assert.deepEqual(request, {
      label: 'c',
      language: 'typescript',
      source: 'await 1;',
      views: ['buffers', 'states'],
      exercise: { name: 'echo', part: 'check' },
    });
  });

  it('leaves a part out that no exercise has', () => {
    assert.equal(requestOf(cell(':exercise: echo\n:part: encore\n'), 'c').exercise, undefined);
  });

  it('survives metadata of any form', () => {
    for (const metadata of [{}, { options: null }, { options: 3 }]) {
      assert.deepEqual(optionsOf(metadata), {});
      const found = requestOf({ kind: 'code', languageId: 'typescript', value: 'x', metadata }, 'c');
      assert.deepEqual(found, { label: 'c', language: 'typescript', source: 'x', views: [] });
    }
  });

  it('knows the cells that need the other kernel', () => {
    const asked = cell(':kernel: loopback\n');
    assert.equal(otherKernelNeeded(asked, 'simulator'), 'loopback');
    assert.equal(otherKernelNeeded(asked, 'loopback'), undefined);
    assert.equal(otherKernelNeeded(cell(''), 'simulator'), undefined);
  });
});

describe('cell names', () => {
  const names = (...labels: (string | undefined)[]) =>
    cellNames(labels.map((label) => ({ metadata: label === undefined ? {} : { options: { label } } })));

  it('are the labels, and the place of a cell without one', () => {
    assert.deepEqual(names('bind', undefined, 'listen'), ['bind', 'cell-2', 'listen']);
  });

  it('are unique, whatever labels were copied or chosen', () => {
    assert.deepEqual(names('a', 'a', 'a-2', 'a'), ['a', 'a-3', 'a-2', 'a-4']);
    assert.deepEqual(names('cell-2', undefined), ['cell-2', 'cell-2-2']);
  });
});
