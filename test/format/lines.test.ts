import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isBlank,
  LineReader,
  linesOf,
  normalize,
  restoreEols,
  sourceOf,
  trimBlankLines,
} from '../../src/format/lines.ts';

const text = fc
  .array(fc.constantFrom('a', ' ', '\t', '\n', '\r', '\r\n', '\u2028'), { maxLength: 12 })
  .map((s) => s.join(''));

describe('format: lines', () => {
  it('are those that a split at every line end gives, and lie end to end', () => {
    fc.assert(
      fc.property(text, (s) => {
        const lines: string[] = [];
        let raw = '';
        const reader = new LineReader(s);
        for (; !reader.done; reader.advance()) {
          assert.equal(reader.number, lines.length + 1);
          lines.push(reader.line);
          raw += s.slice(reader.at, reader.next);
        }
        const expected = s.split(/\r\n|\n|\r/);
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(lines, expected);
        assert.equal(raw, s);
      }),
    );
  });

  it('lose only blank lines at the ends when trimmed', () => {
    fc.assert(
      fc.property(text, (s) => {
        const lines = normalize(s).split('\n');
        while (lines.length > 0 && isBlank(lines[0] as string)) lines.shift();
        while (lines.length > 0 && isBlank(lines.at(-1) as string)) lines.pop();
        assert.equal(trimBlankLines(normalize(s)), lines.join('\n'));
      }),
    );
  });

  it('of an edited source hold the new text, and the old line ends where nothing changed', () => {
    fc.assert(
      fc.property(text, text, fc.constantFrom('\n' as const, '\r\n' as const), (a, b, eol) => {
        const raw = linesOf(a, '\n');
        assert.equal(restoreEols(sourceOf(raw), raw, eol), raw);
        const edited = normalize(b);
        if (edited !== '') assert.equal(sourceOf(restoreEols(edited, raw, eol)), edited);
      }),
    );
    assert.equal(restoreEols('a\nX\nc', 'a\rb\r\nc\n', '\n'), 'a\rX\rc\n');
    assert.equal(restoreEols('a\n\nb', 'a\rb\n', '\n'), 'a\r\rb\n');
    assert.equal(restoreEols('X', 'a\r\n', '\n'), 'X\r\n');
    assert.equal(restoreEols('', 'a\r\n', '\n'), '');
  });
});
