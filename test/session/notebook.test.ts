import assert from 'node:assert/strict';
import { parse } from '../../src/format/parse.ts';
import { cellRequest, sessionConfig } from '../../src/session/notebook.ts';
import { ms } from '../../src/sim/base/time.ts';

function parsed(text: string) {
  const result = parse(text);
  assert.ok(result.ok);
  return result.notebook;
}

describe('a notebook as requests', () => {
  it('describes its world; a link without a rate sends at once', () => {
    const text =
      '---\nseed: 7\ntopology:\n  hosts: { a: 10.0.0.1, b: 10.0.0.2 }\n  links:\n    - { between: [a, b], delay: 3ms }\n---\n';
    assert.deepEqual(sessionConfig(parsed(text).frontMatter, 'loopback'), {
      kernel: 'loopback',
      seed: 7,
      topology: {
        hosts: [
          { name: 'a', address: '10.0.0.1' },
          { name: 'b', address: '10.0.0.2' },
        ],
        links: [{ between: ['a', 'b'], delay: ms(3), rate: Number.POSITIVE_INFINITY, queue: 1000, loss: 0, mtu: 1500 }],
      },
    });
  });

  it('names a cell by its label or by its number among all cells', () => {
    const { cells } = parsed(
      'Prose\n\n```{code-cell} typescript\n1\n```\n\n```{code-cell} typescript\n:label: two\n:views: strace ss\n:exercise: e\n:part: check\n\n2\n```\n',
    );
    const requests = cells.map(cellRequest);
    assert.deepEqual(requests.slice(1), [
      { label: 'cell-2', language: 'typescript', source: '1', views: [] },
      {
        label: 'two',
        language: 'typescript',
        source: '2',
        views: ['strace', 'ss'],
        exercise: { name: 'e', part: 'check' },
      },
    ]);
  });
});
