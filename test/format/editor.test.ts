import assert from 'node:assert/strict';
import { type EditorNotebook, fromEditor, toEditor } from '../../src/format/editor.ts';
import { FormatFailure, UnwritableCell } from '../../src/format/notebook.ts';
import { parse } from '../../src/format/parse.ts';
import { serialize } from '../../src/format/serialize.ts';

const FENCE = '```';
const TEXT = `---\r\nseed: 3 # three\r\n---\r\n# T\r\n\r\n${FENCE}{code-cell} typescript\r\n:label: a\r\nx\r\n${FENCE}\r\n\r\n\r\n${FENCE}{code-cell} markdown\r\n*m*\r\n${FENCE}`;

/** What an editor holds after opening a text and storing its metadata as JSON. */
function open(text: string): EditorNotebook {
  const result = parse(text);
  assert.ok(result.ok);
  return JSON.parse(JSON.stringify(toEditor(result.notebook)));
}

describe('format: in an editor', () => {
  it('shows prose as markup and code as code', () => {
    assert.deepEqual(
      open(TEXT).cells.map(({ kind, languageId, value }) => [kind, languageId, value]),
      [
        ['markup', 'markdown', '# T'],
        ['code', 'typescript', 'x'],
        ['markup', 'markdown', '*m*'],
      ],
    );
  });

  it('saves an untouched file byte for byte, whatever line ends the editor uses', () => {
    const held = open(TEXT);
    assert.equal(serialize(fromEditor(held)), TEXT);
    const cells = held.cells.map((cell) => ({ ...cell, value: cell.value.replaceAll('\n', '\r\n') }));
    assert.equal(serialize(fromEditor({ ...held, cells })), TEXT);
  });

  it('saves cells without metadata in the default form', () => {
    const notebook = fromEditor({
      cells: [
        { kind: 'markup', languageId: 'markdown', value: '# New' },
        { kind: 'code', languageId: 'plaintext', value: 'a' },
      ],
    });
    assert.equal(serialize(notebook), `# New\n\n${FENCE}{code-cell} typescript\na\n${FENCE}\n`);
  });

  it('follows a change of kind and of language', () => {
    const held = open(TEXT);
    const [prose, code, fenced] = held.cells;
    assert.ok(prose && code && fenced);
    const cells = [
      { ...prose, kind: 'code', languageId: 'shellscript' },
      { ...code, kind: 'markup', languageId: 'markdown', metadata: { trivia: code.metadata?.trivia } },
      { ...fenced, kind: 'code', languageId: 'packetdrill' },
    ] as const;
    assert.equal(
      serialize(fromEditor({ ...held, cells })),
      `---\r\nseed: 3 # three\r\n---\r\n${FENCE}{code-cell} shellscript\r\n# T\r\n${FENCE}\r\n\r\nx\r\n\r\n\r\n${FENCE}{code-cell} packetdrill\r\n*m*\r\n${FENCE}`,
    );
  });

  it('refuses a language that the format does not have', () => {
    const cells = [{ kind: 'code', languageId: 'python', value: '' }] as const;
    assert.throws(
      () => fromEditor({ cells }),
      (error) => error instanceof UnwritableCell && /`python` is no language/.test(error.message),
    );
  });

  it('refuses spoilt front matter, and takes other spoilt metadata for absent', () => {
    const metadata = { frontMatter: { raw: '---\nseed: x\n---\n' } };
    assert.throws(() => fromEditor({ cells: [], metadata }), FormatFailure);
    const spoilt = [
      {
        trivia: {
          lead: 'text\n',
          open: 'x\n',
          close: '```',
          options: 'a\n',
          blank: '\n\n',
          mark: '+++',
          gap: 5,
          body: 'x',
        },
      },
      { trivia: null, options: null },
      { trivia: { open: '```{code-cell} typescript\n\n', close: '```x\n' } },
    ];
    for (const metadata of spoilt) {
      const cells = [{ kind: 'code', languageId: 'typescript', value: 'x', metadata }] as const;
      assert.equal(
        serialize(fromEditor({ cells, metadata: { trivia: { tail: 'x\n', eol: 'x', bom: 1 } } })),
        `${FENCE}{code-cell} typescript\nx\n${FENCE}\n`,
      );
    }
  });
});
