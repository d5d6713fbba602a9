import assert from 'node:assert/strict';
import fc from 'fast-check';
import { studentCopy } from '../../src/guide/student.ts';

function copy(text: string): string {
  const result = studentCopy(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.text;
}

const cell = (id: string, part: string, source = 'x'): string =>
  `\`\`\`{code-cell} typescript  \n:exercise:  ${id}\n:part: ${part}\n${source}\n \`\`\`\n`;

describe('guide: student copy', () => {
  it('takes whole solution cells out and changes no other line', () => {
    const before = `---\ntitle: T # x\n---\n\n\n# T  \n${cell('e', 'starter')}`;
    const after = `\n\n${cell('e', 'check')}\nend`;
    for (const eol of ['\n', '\r\n', '\r']) {
      const text = (s: string) => s.replaceAll('\n', eol);
      assert.equal(copy(text(`${before}\n\n${cell('e', 'solution', 'SECRET')}${after}`)), text(before + after));
    }
  });

  it('says whose solutions it took, and copies a copy unchanged', () => {
    const text = ['a', 'b'].map((id) => cell(id, 'solution') + cell(id, 'starter') + cell(id, 'check')).join('\n');
    const result = studentCopy(text);
    assert.ok(result.ok);
    assert.deepEqual(result.removed, ['a', 'b']);
    assert.deepEqual(studentCopy(result.text), { ok: true, text: result.text, removed: [] });
  });

  it('leaves a notebook without exercises alone', () => {
    assert.equal(copy('\ufeff# T\r\n\r\n'), '\ufeff# T\r\n\r\n');
  });

  it('keeps the prose around a solution in two cells', () => {
    const text = `${cell('e', 'starter')}${cell('e', 'check')}a\n\n${cell('e', 'solution')}\nb\n`;
    assert.equal(copy(text), `${cell('e', 'starter')}${cell('e', 'check')}a\n\n+++\n\nb\n`);
  });

  it('gives no copy of a notebook that could hide a solution', () => {
    const rest = cell('e', 'starter') + cell('e', 'check');
    for (const text of [
      rest + cell('e', 'soluton', 'SECRET'),
      rest + cell('f', 'solution', 'SECRET'),
      rest + cell('e', 'solution', 'SECRET') + cell('e', 'solution', 'SECRET'),
      `${rest}${cell('e', 'solution', 'SECRET')}\`\`\`{code-cell} python\n\`\`\`\n`,
    ]) {
      const result = studentCopy(text);
      assert.ok(!result.ok && result.errors.length > 0);
    }
  });

  it('holds no line of a solution, and all others in order, wherever the solutions stand', () => {
    const others = fc.constantFrom(
      'prose\n',
      '\n',
      '+++\n',
      '```js\ny\n```\n',
      '```{code-cell} shellscript\nss\n```\n',
    );
    const parts = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
    fc.assert(
      fc.property(parts, fc.array(others), fc.array(others), fc.array(others), (order, ...gaps) => {
        const cells = [cell('e', 'starter', 'START'), cell('e', 'solution', 'SECRET'), cell('e', 'check', 'CHECK')];
        const text = order.map((part, i) => (gaps[i] ?? []).join('') + cells[part]).join('');
        const meant = (s: string) => s.split('\n').filter((line) => line !== '' && line !== '+++');
        assert.deepEqual(meant(copy(text)), meant(text.replace(cells[1] as string, '')));
      }),
      { numRuns: 500 },
    );
  });
});
