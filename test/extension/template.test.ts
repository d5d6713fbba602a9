import assert from 'node:assert/strict';
import { NEW_NOTEBOOK } from '../../src/extension/template.ts';
import { parse } from '../../src/format/parse.ts';
import { serialize } from '../../src/format/serialize.ts';

describe('the text of a new notebook', () => {
  it('is a notebook with prose and one cell that can run', () => {
    const parsed = parse(NEW_NOTEBOOK);
    assert.ok(parsed.ok);
    assert.deepEqual(
      parsed.notebook.cells.map(({ language }) => language),
      ['markdown', 'typescript'],
    );
    assert.equal(serialize(parsed.notebook), NEW_NOTEBOOK);
  });
});
