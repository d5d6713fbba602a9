import assert from 'node:assert/strict';
import { type Cell, type CellOptions, type Notebook, newCell, UnwritableCell } from '../../src/format/notebook.ts';
import { parse } from '../../src/format/parse.ts';
import { serialize } from '../../src/format/serialize.ts';

function read(text: string): Notebook {
  const result = parse(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.notebook;
}

const EMPTY = read('');

/** The text of a notebook made of new cells; it must parse to the same sources. */
function write(...cells: Cell[]): string {
  const text = serialize({ ...EMPTY, cells });
  assert.deepEqual(
    read(text).cells.map(({ source }) => source),
    cells.map(({ source }) => source),
  );
  return text;
}

/** The text after an edit of the cells. */
function edit(text: string, change: (cells: Cell[]) => Cell[]): string {
  const notebook = read(text);
  const edited = serialize({ ...notebook, cells: change([...notebook.cells]) });
  read(edited);
  return edited;
}

/** The text after the options of the first cell were replaced. */
const setOptions = (text: string, options: CellOptions): string =>
  edit(text, ([cell, ...rest]) => [{ ...(cell as Cell), options }, ...rest]);

const ts = (source: string, options: CellOptions = {}): Cell => newCell('typescript', source, options);
const md = (source: string, options: CellOptions = {}): Cell => newCell('markdown', source, options);
const FENCE = '```';

describe('format: new cells', () => {
  it('get the default form', () => {
    assert.equal(
      write(md('# T'), ts('a\nb'), md('p'), md('q'), newCell('shellscript', 'ss -tan')),
      `# T\n\n${FENCE}{code-cell} typescript\na\nb\n${FENCE}\n\np\n\n+++\n\nq\n\n${FENCE}{code-cell} shellscript\nss -tan\n${FENCE}\n`,
    );
  });

  it('write their options in a fixed order, a blank line below', () => {
    const options = {
      extra: { points: '2' },
      claims: ['a', 'b'],
      label: 'x',
      views: ['v'],
      kernel: 'simulator',
    } as const;
    assert.equal(
      write(ts('a', options)),
      `${FENCE}{code-cell} typescript\n:label: x\n:kernel: simulator\n:views: v\n:claims: a, b\n:points: 2\n\na\n${FENCE}\n`,
    );
  });

  it('keep a source that begins with a blank line or an option-like line', () => {
    assert.equal(write(ts(':x')), `${FENCE}{code-cell} typescript\n\n:x\n${FENCE}\n`);
    write(ts('\n\nx'), ts('  \n'), ts(':label: a', { label: 'a' }), ts(''), ts('\n'));
  });

  it('get a longer fence than any in the source', () => {
    assert.ok(write(ts('````')).startsWith('`````{code-cell}'));
    assert.ok(write(ts('   ```\n``````  ')).startsWith('```````{code-cell}'));
    assert.ok(write(ts('    ```\n```x')).startsWith('```{code-cell}'));
  });

  it('write an empty prose cell as a lone +++', () => {
    assert.equal(write(md('')), '+++\n');
    assert.equal(write(md('a'), md(''), ts('')), `a\n\n+++\n\n${FENCE}{code-cell} typescript\n${FENCE}\n`);
  });

  it('write prose that would not come back inside a fence', () => {
    const risky = [
      `${FENCE}{code-cell} typescript\nx\n${FENCE}`,
      'a\n+++\nb',
      '+++',
      `a\n${FENCE}\nnever closed`,
      '<!-- never closed',
      `${FENCE}{code-cell} typescript`,
    ];
    for (const source of risky) assert.match(write(md('p'), md(source), md('q')), /`{3,}\{code-cell\} markdown\n/);
    const safe = [
      `${FENCE}js\n+++\n${FENCE}`,
      ` ${FENCE}{code-cell} x\n ${FENCE}`,
      'a +++',
      '<!-- c -->',
      '---\na: b\n---',
    ];
    for (const source of safe) assert.doesNotMatch(write(md('p'), md(source), md('q')), /\n```\{code-cell\} markdown/);
  });

  it('write prose with options inside a fence', () => {
    assert.equal(
      write(md('Try it.', { part: 'hint' })),
      `${FENCE}{code-cell} markdown\n:part: hint\n\nTry it.\n${FENCE}\n`,
    );
  });

  it('protect a first line that would be read as front matter or byte order mark', () => {
    assert.equal(write(md('---\nseed: x\n---')), '\n---\nseed: x\n---\n');
    assert.equal(write(md('\ufeffa')), '\n\ufeffa\n');
    assert.equal(
      edit('---\n---\n', () => [md('---')]),
      '---\n---\n\n---\n',
    );
  });

  it('mark text that looks like a merge conflict as meant', () => {
    assert.equal(write(ts('<<<<<<< x')), `${FENCE}{code-cell} typescript\n:verbatim: true\n\n<<<<<<< x\n${FENCE}\n`);
    assert.match(write(md('a\n<<<<<<<\nb')), /\{code-cell\} markdown\n:verbatim: true\n/);
  });

  it('give a copied label a number', () => {
    const labels = read(serialize({ ...EMPTY, cells: ['a', 'a', 'a-2', 'a'].map((label) => ts('', { label })) }));
    assert.deepEqual(
      labels.cells.map(({ options }) => options.label),
      ['a', 'a-3', 'a-2', 'a-4'],
    );
  });

  it('are refused when no text can hold them', () => {
    const refused = (cell: Cell, why: RegExp) =>
      assert.throws(
        () => serialize({ ...EMPTY, cells: [ts(''), cell] }),
        (error) => {
          assert.ok(error instanceof UnwritableCell && error.cell === 1);
          assert.match(error.message, why);
          return true;
        },
      );
    refused(ts('a\0'), /cell 2: its text holds a NUL character/);
    refused(md('\0'), /NUL/);
    refused(ts('', { label: 'no slug' }), /option `label`/);
    refused(ts('', { title: 'two\nlines' }), /option `title`/);
    refused(md('', { extra: { title: 'x' } }), /option `title`/);
    refused(ts('', { extra: { 'no key': 'x' } }), /option `no key`/);
    refused(ts('', { views: 'buffers' as unknown as string[] }), /option `views`/);
  });
});

describe('format: edited files', () => {
  const crlf = (text: string) => text.replaceAll('\n', '\r\n');
  const file = `a\n\n+++ {"x": 1}\nb\n${FENCE}{code-cell} typescript  \n:views:   u,v\n:label: l\nx\n ${FENCE} \n\n\n`;

  it('change only the option lines whose value changed', () => {
    const text = `~~~{code-cell} typescript\n:views:   u,v\n:label: l \n:new:  x\n\nx\n~~~`;
    const head = '~~~{code-cell} typescript\n';
    const extra = { new: 'x' };
    assert.equal(setOptions(text, { views: ['u', 'v'], label: 'l', extra }), text);
    assert.equal(
      setOptions(text, { views: ['u', 'v'], label: 'm', extra, title: 'T' }),
      `${head}:views:   u,v\n:label: m\n:new:  x\n:title: T\n\nx\n~~~`,
    );
    assert.equal(setOptions(text, { views: ['v'], extra: { new: 'y' } }), `${head}:views: v\n:new: y\n\nx\n~~~`);
    assert.equal(setOptions(text, {}), `${head}x\n~~~`);
    assert.equal(setOptions(crlf(text), { label: 'm' }), crlf(`${head}:label: m\n\nx\n~~~`));
    assert.equal(
      setOptions(`${FENCE}{code-cell} typescript\nx\n${FENCE}`, { label: 'm' }),
      `${FENCE}{code-cell} typescript\n:label: m\n\nx\n${FENCE}`,
    );
  });

  it('keep CRLF, also in new cells', () => {
    assert.equal(
      edit(crlf(file), (cells) => [...cells.slice(0, 1), ts('n\nm'), ...cells.slice(1)]),
      crlf(file.replace('a\n', `a\n\n${FENCE}{code-cell} typescript\nn\nm\n${FENCE}\n`)),
    );
  });

  it('keep a missing final line end', () => {
    assert.equal(
      edit('a\n\n+++\n\nb', (cells) => [...cells, ts('c')]),
      `a\n\n+++\n\nb\n\n${FENCE}{code-cell} typescript\nc\n${FENCE}`,
    );
    assert.equal(
      edit('a\n\n+++\n\nb', (cells) => cells.slice(0, 1)),
      'a',
    );
  });

  it('keep a cell and its trivia together when it moves', () => {
    assert.equal(
      edit(file, ([a, b, code]) => [code, a, b] as Cell[]),
      `${file.slice(file.indexOf(FENCE), file.indexOf('\n\n\n') + 1)}\na\n\n+++ {"x": 1}\nb\n\n\n`,
    );
  });

  it('drop a +++ that is needed no more, and add one that is', () => {
    assert.equal(
      edit('a\n\n+++\n\nb\n', (cells) => cells.slice(1)),
      'b\n',
    );
    const code = `${FENCE}{code-cell} typescript\n${FENCE}\n`;
    assert.equal(
      edit(`a\n${code}b\n`, ([a, , b]) => [a, b] as Cell[]),
      'a\n+++\n\nb\n',
    );
  });

  it('lengthen both fences when the source asks for it', () => {
    const text = `${FENCE}{code-cell} typescript\nx\n${FENCE}  \n`;
    const longer = (source: string) => edit(text, ([cell]) => [{ ...(cell as Cell), source }]);
    assert.equal(longer('````'), '`````{code-cell} typescript\n````\n`````  \n');
    assert.equal(longer('~~~'), `${FENCE}{code-cell} typescript\n~~~\n${FENCE}  \n`);
  });

  it('keep everything else of the opening line when the language changes', () => {
    const text = '~~~~ {code-cell}\ttypescript \nx\n~~~~\n';
    assert.equal(
      edit(text, () => [{ ...newCell('packetdrill', 'x'), trivia: read(text).cells[0]?.trivia ?? {} }]),
      text.replace('typescript', 'packetdrill'),
    );
  });
});
