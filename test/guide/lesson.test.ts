import assert from 'node:assert/strict';
import { parse } from '../../src/format/parse.ts';
import { type Lesson, lesson } from '../../src/guide/lesson.ts';

function read(text: string): Lesson {
  const result = parse(text);
  assert.ok(result.ok, JSON.stringify(result));
  return lesson(result.notebook);
}

const cell = (claims: string): string => `\`\`\`{code-cell} typescript\n:claims: ${claims}\n\`\`\`\n`;

describe('guide: lesson', () => {
  it('sums a notebook up', () => {
    const text = `---\ntitle: T\nlevel: first\nminutes: 20\nclaims: [b, a]\n---\n\np\n\n${cell('a')}${cell('a, b')}`;
    assert.deepEqual(read(text), {
      title: 'T',
      level: 'first',
      minutes: 20,
      claims: [
        { id: 'b', cells: [2] },
        { id: 'a', cells: [1, 2] },
      ],
      problems: [],
    });
  });

  it('takes its title from the first heading when it has no other', () => {
    assert.equal(read('text\n\n```{code-cell} shellscript\n# no\n```\n\n## A *life* ##\n').title, 'A *life*');
    assert.equal(read('#no heading\n').title, '');
  });

  it('names claims on which front matter and cells disagree', () => {
    const text = `---\nclaims:\n  - a-b\n  - a\n  - c # a\nx: a\n---\n${cell('a-b')}${cell('d, a-b')}`;
    assert.deepEqual(
      read(text).problems.map(({ line, message }) => `${line} ${message}`),
      [
        '4 No cell names the claim `a`.',
        '5 No cell names the claim `c`.',
        '11 Claim `d` is missing in the `claims:` of the front matter.',
      ],
    );
    assert.deepEqual(read(text).claims.at(-1), { id: 'd', cells: [1] });
  });
});
