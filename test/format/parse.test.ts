import assert from 'node:assert/strict';
import type { Cell, Notebook } from '../../src/format/notebook.ts';
import { parse } from '../../src/format/parse.ts';
import { serialize } from '../../src/format/serialize.ts';

function read(text: string): Notebook {
  const result = parse(text);
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(serialize(result.notebook), text);
  return result.notebook;
}

/** A cell on one line: `prose "..."` or `typescript "..."`. */
const brief = (cell: Cell): string =>
  `${cell.kind === 'prose' ? 'prose' : cell.language} ${JSON.stringify(cell.source)}`;

function cells(text: string, ...expected: string[]): void {
  assert.deepEqual(read(text).cells.map(brief), expected);
}

/** Asserts the errors of a text, each as `line:column+length message`; a message may be given by its beginning. */
function errors(text: string, ...expected: string[]): void {
  const result = parse(text);
  assert.ok(!result.ok, 'the text parses');
  const found = result.errors.map((e) => `${e.line}:${e.column}${e.length ? `+${e.length}` : ''} ${e.message}`);
  assert.deepEqual(
    found.map((line, i) => line.slice(0, expected[i]?.length)),
    expected,
  );
}

const TS = '```{code-cell} typescript\n';

describe('format: cells of a text', () => {
  it('reads an empty file as an empty notebook', () => {
    cells('');
    cells('\ufeff');
    cells('\n \n');
    cells('---\ntitle: T\n---\n');
  });

  it('reads prose and code', () => {
    cells('# T\n\ntext', 'prose "# T\\n\\ntext"');
    cells(`${TS}let a;\n\`\`\`\n`, 'typescript "let a;"');
    cells(`# T\n\n${TS}a\n\nb\n\`\`\`\n\nend\n`, 'prose "# T"', 'typescript "a\\n\\nb"', 'prose "end"');
    cells(`p\n${TS}\`\`\`\n${TS}\`\`\`\np`, 'prose "p"', 'typescript ""', 'typescript ""', 'prose "p"');
    for (const language of ['typescript', 'shellscript', 'packetdrill']) {
      cells(`\`\`\`{code-cell} ${language}\nx\n\`\`\``, `${language} "x"`);
    }
    cells('```{code-cell} markdown\n\n\n*x*\n```', 'prose "\\n*x*"');
  });

  it('lets +++ begin a prose cell, even an empty one', () => {
    cells('a\n\n+++\n\nb', 'prose "a"', 'prose "b"');
    cells('a\n+++ {"tags": ["x"]}\nb', 'prose "a"', 'prose "b"');
    cells('+++', 'prose ""');
    cells('a\n+++\n+++\nb\n', 'prose "a"', 'prose ""', 'prose "b"');
    cells(`${TS}\`\`\`\n+++\n${TS}\`\`\`\n`, 'typescript ""', 'prose ""', 'typescript ""');
    cells('a\n++++\n+++b\n +++\nc', 'prose "a\\n++++\\n+++b\\n +++\\nc"');
  });

  it('keeps shown code cells as prose', () => {
    const shown = [
      '````\n```{code-cell} typescript\n```\n````',
      '~~~md\n```{code-cell} typescript\n+++\n```\n~~~',
      '> ```{code-cell} typescript\n> ```',
      '    ```{code-cell} typescript\n    ```',
      '- item\n\n  ```{code-cell} typescript\n  x\n  ```',
      '1. ```{code-cell} nonsense\n   x\n   ```\n2. b',
      ' ```{code-cell} typescript\n ```',
      '<!--\n```{code-cell} typescript\n```\n-->',
      'inline ```{code-cell} typescript',
      '```{code-cell} `typescript`',
      '```{note}\n+++\n```',
      '```js\nx\n```',
    ];
    for (const text of shown) cells(text, `prose ${JSON.stringify(text)}`);
    cells(`<!-- one line -->\n${TS}\`\`\``, 'prose "<!-- one line -->"', 'typescript ""');
    cells(`- item\n${TS}\`\`\``, 'prose "- item"', 'typescript ""');
  });

  it('takes a fence in a list item for closed when the item ends', () => {
    cells(`- \`\`\`\n  x\n\n${TS}a\n\`\`\``, 'prose "- ```\\n  x"', 'typescript "a"');
  });

  it('closes a cell only with its own kind of fence, at least as long', () => {
    cells(
      '````{code-cell} typescript\n```\n~~~~\n````x\n    ````\n   `````  \n',
      'typescript "```\\n~~~~\\n````x\\n    ````"',
    );
    cells('~~~{code-cell} shellscript\n```\n~~~\n', 'shellscript "```"');
  });

  it('takes one blank line between options and source', () => {
    cells(`${TS}:label: a\n\nx\n\`\`\``, 'typescript "x"');
    cells(`${TS}:label: a\nx\n\`\`\``, 'typescript "x"');
    cells(`${TS}:label: a\n\n\nx\n\`\`\``, 'typescript "\\nx"');
    cells(`${TS}\n:x\n\`\`\``, 'typescript ":x"');
    cells(`${TS}\n\n\`\`\``, 'typescript ""');
    cells(`${TS}\n\n\n\`\`\``, 'typescript "\\n"');
  });

  it('ends lines at LF, CRLF and CR only', () => {
    cells('a\r\n+++\rb\u2028+++\u0085c\r', 'prose "a"', 'prose "b\u2028+++\u0085c"');
    cells(`${TS.replace('\n', '\r')}a\r\nb\rc\n\`\`\``, 'typescript "a\\nb\\nc"');
  });

  it('says which lines a cell takes', () => {
    const text = `---\nseed: 1\n---\n\na\nb\n\n+++\n\nc\n\n${TS}:label: x\n\ny\nz\n\`\`\`\n`;
    assert.deepEqual(
      read(text).cells.map(({ place }) => place),
      [
        { line: 5, sourceLine: 5, endLine: 6 },
        { line: 8, sourceLine: 10, endLine: 10 },
        { line: 12, sourceLine: 15, endLine: 17 },
      ],
    );
  });

  it('needs no trivia for a text in the default form', () => {
    const text = `---\ntitle: T\n---\n\n# A\n\n+++\n\nB\n\n${TS}x\n\`\`\`\n\n+++\n\n${TS}\`\`\`\n`;
    const { cells, trivia } = read(text);
    assert.deepEqual(trivia, {});
    for (const cell of cells) assert.deepEqual(cell.trivia, {});
  });

  it('reads options into typed fields and keeps unknown ones', () => {
    const head = ':label: first\n:views: buffers, states  sequence\n:tags: [a, b]\n:claims: x-y z\n:exercise: e1\n';
    const tail = ':part: check\n:kernel: simulator\n:title: A title: with colon \n:points: 3\n:later:\n';
    assert.deepEqual(read(`${TS}${head}${tail}\nx\n\`\`\``).cells[0]?.options, {
      label: 'first',
      views: ['buffers', 'states', 'sequence'],
      tags: ['a', 'b'],
      claims: ['x-y', 'z'],
      exercise: 'e1',
      part: 'check',
      kernel: 'simulator',
      title: 'A title: with colon',
      extra: { points: '3', later: '' },
    });
  });

  it('reads a file of 10 MB', () => {
    const part = `# Title\n\n${TS}:views: buffers\n\nawait client.socket();\n\`\`\`\n\n`;
    const count = Math.ceil(10e6 / part.length);
    assert.equal(read(part.repeat(count)).cells.length, 2 * count);
    assert.equal(read('\n'.repeat(10e6)).cells.length, 0);
    assert.equal(read(`${TS}${'\r\n'.repeat(5e6)}\`\`\``).cells[0]?.source.length, 5e6 - 2);
    assert.equal(read('x'.repeat(10e6)).cells.length, 1);
  });
});

describe('format: errors of a text', () => {
  it('finds binary content', () => {
    errors('# T\n\u0089PNG\0\0', '2:5+1 This is not a text file: it holds a NUL character.');
  });

  it('finds an unclosed cell, fence, comment and front matter', () => {
    errors(`a\n\n${TS}x\n\`\`\n`, '3:1+3 This cell is never closed: no line with ``` follows.');
    errors('````{code-cell} typescript\n```', '1:1+4 This cell is never closed: no line with ```` follows.');
    errors(`a\n~~~\n${TS}\`\`\`\n`, '2:1+3 This fence is never closed: no line with ~~~ follows.');
    errors('a\n\n<!-- b\n', '3:1+4 This comment is never closed: no --> follows.');
    errors('---\ntitle: T\n\n# x\n', '1:1+3 The front matter is never closed');
  });

  it('finds an unknown or missing language', () => {
    errors(
      'a\n```{code-cell} python\nx\n```\n',
      '2:16+6 Unknown cell language `python`. The languages are: typescript, shellscript, packetdrill, markdown.',
    );
    errors('```{code-cell}\n```', '1:1+14 This cell names no language. The languages are: typescript');
    errors('```{code-cell} typescript {x}\n```', '1:26+4 Nothing may follow the language');
  });

  it('finds option errors', () => {
    errors(`${TS}:label\nx\n\`\`\``, '2:1+6 Bad option line: write `:key: value`');
    errors(`${TS}:a:b\nx\n\`\`\``, '2:1+4 Bad option line');
    errors(`${TS}: true\nx\n\`\`\``, '2:1+6 Bad option line');
    errors(`${TS}:tags: a\n:tags: b\n\`\`\``, '3:2+4 Option `tags` is given twice.');
    errors(`${TS}:new: a\n:new: a\n\`\`\``, '3:2+3 Option `new` is given twice.');
    errors(`${TS}:label:\n\`\`\``, '2:2+5 Option `label` needs a value.');
    errors(`${TS}:label:  A b \n\`\`\``, '2:10+3 Option `label`: must be a slug');
    errors(`${TS}:claims: a, B\n\`\`\``, '2:10+4 Option `claims`: item `B` must be a slug');
    errors(`${TS}:views: a a\n\`\`\``, '2:9+3 Option `views`: names `a` twice.');
    errors(`${TS}:views: []\n\`\`\``, '2:9+2 Option `views`: needs at least one item.');
    errors(`${TS}:kernel: bsd\n\`\`\``, '2:10+3 Option `kernel`: must be one of: simulator, loopback.');
    errors(`${TS}:verbatim: no\n\`\`\``, '2:12+2 Option `verbatim`: can only be true.');
  });

  it('finds duplicate labels', () => {
    const cell = `${TS}:label: a\n\`\`\`\n`;
    errors(cell + cell, '4:1 Label `a` is already used by the cell in line 1.');
  });

  it('finds merge-conflict markers, and blames nothing else', () => {
    const text = `a\n<<<<<<< HEAD\n${TS}:label\n=======\n> b\n>>>>>>> other\n`;
    errors(text, '2:1+12 Unresolved merge conflict');
    errors(`---\n<<<<<<< HEAD\nseed: 1\n=======\nseed: 2\n>>>>>>> b\n---\n`, '2:1+12 Unresolved merge conflict');
    errors(`${TS}<<<<<<<\n\`\`\``, '2:1+7 Unresolved merge conflict');
    cells(`${TS}:verbatim: true\n<<<<<<< a\n\`\`\``, 'typescript "<<<<<<< a"');
    cells('<<<<<<<< eight\n<<<<<<x', 'prose "<<<<<<<< eight\\n<<<<<<x"');
  });

  it('reports all faults in the order of their lines', () => {
    errors(
      `---\nseed: x\n---\n\`\`\`{code-cell} c\n:a\n\`\`\`\n${TS}`,
      '2:7+1 `seed` must be a whole number',
      '4:16+1 Unknown cell language `c`',
      '5:1+2 Bad option line',
      '7:1+3 This cell is never closed',
    );
  });
});
