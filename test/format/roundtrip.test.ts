import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromEditor, toEditor } from '../../src/format/editor.ts';
import { normalize, trimBlankLines } from '../../src/format/lines.ts';
import { type Cell, type CellOptions, type Notebook, newCell } from '../../src/format/notebook.ts';
import { parse } from '../../src/format/parse.ts';
import { serialize } from '../../src/format/serialize.ts';
import { anyCell, anySource, anyText } from './arbitraries.ts';

const RUNS = 10_000;

/** The notebook of a text, or undefined when it does not parse. */
function read(text: string): Notebook | undefined {
  const result = parse(text);
  return result.ok ? result.notebook : undefined;
}

/** The notebook of a text that the serializer wrote: it must parse. */
function reread(text: string): Notebook {
  const result = parse(text);
  assert.ok(result.ok, `${JSON.stringify(result)} in ${JSON.stringify(text)}`);
  return result.notebook;
}

/** Options without those that the serializer may set itself. */
function said({ label: _, verbatim: __, ...rest }: CellOptions): CellOptions {
  return rest;
}

/** Asserts that cells came back: plain prose without its outer blank lines, everything else exactly. */
function assertSame(back: readonly Cell[], wanted: readonly Cell[]): void {
  const essence = (cells: readonly Cell[]) =>
    cells.map(({ kind, language, source, options }, i) => {
      const plain = back[i]?.kind === 'prose' && !back[i].trivia.fenced;
      return { kind, language, source: plain ? trimBlankLines(source) : source, options: said(options) };
    });
  assert.deepEqual(essence(back), essence(wanted));
  const labels = wanted.flatMap(({ options }) => options.label ?? []);
  const kept = back.flatMap(({ options }) => options.label ?? []);
  assert.equal(new Set(kept).size, labels.length, 'labels stay, and each is there once');
}

/** A notebook as an editor gives it back: through JSON, with `\n` line ends. */
function throughEditor(notebook: Notebook): Notebook {
  return fromEditor(JSON.parse(JSON.stringify(toEditor(notebook))));
}

describe('format: round trip', () => {
  it('writes every text that parses without changing a character', () => {
    let parsed = 0;
    let cells = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        const notebook = read(text);
        if (!notebook) return;
        parsed++;
        cells += notebook.cells.length;
        assert.equal(serialize(notebook), text);
      }),
      { numRuns: RUNS },
    );
    assert.ok(parsed > RUNS / 4 && cells > RUNS / 2, `only ${parsed} texts with ${cells} cells were parsed`);
  });

  it('holds for any string', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }),
        (text) => {
          const notebook = read(text);
          if (notebook) assert.equal(serialize(notebook), text);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('survives the editor: metadata through JSON and back gives the same text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const notebook = read(text);
        if (notebook) assert.equal(serialize(throughEditor(notebook)), text);
      }),
      { numRuns: RUNS / 4 },
    );
  });
});

describe('format: edits', () => {
  it('an edit of one cell changes only that cell lines', () => {
    let edits = 0;
    fc.assert(
      fc.property(anyText, fc.nat(), anySource, (text, pick, source) => {
        const notebook = read(text);
        const i = pick % Math.max(1, notebook?.cells.length ?? 0);
        const cell = notebook?.cells[i];
        if (!notebook || !cell?.place) return;
        edits++;
        const edited = serialize({ ...notebook, cells: notebook.cells.with(i, { ...cell, source } as Cell) });
        const eols = /\r\n|\n|\r/;
        const [before, after] = [text.split(eols), edited.split(eols)];
        const head = cell.place.line - 1;
        const tail = before.length - cell.place.endLine;
        const top = head === 0 && after[0] === '' ? 1 : 0; // a blank line before what looks like front matter
        assert.deepEqual(after.slice(top).slice(0, head), before.slice(0, head));
        assert.deepEqual(after.slice(after.length - tail), before.slice(before.length - tail));
        const changed = notebook.cells.with(i, { ...cell, source } as Cell);
        assertSame(reread(edited).cells, changed);
      }),
      { numRuns: RUNS },
    );
    assert.ok(edits > RUNS / 5, `only ${edits} edits were tried`);
  });

  it('keeps the line ends of the lines above and below an edit inside a cell', () => {
    const text = '```{code-cell} typescript\r\na\r\nb\nc\rd\r\n```\r\n';
    const notebook = reread(text);
    const [cell] = notebook.cells;
    const edited = { ...notebook, cells: [{ ...cell, source: 'a\nb\nB\nd' } as Cell] };
    assert.equal(serialize(edited), '```{code-cell} typescript\r\na\r\nb\nB\nd\r\n```\r\n');
  });

  it('inserted, deleted and moved cells come back as the same cells', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('insert' as const), at: fc.nat(), cell: anyCell }),
      fc.record({ do: fc.constant('delete' as const), at: fc.nat() }),
      fc.record({ do: fc.constant('move' as const), at: fc.nat(), to: fc.nat() }),
      fc.record({ do: fc.constant('copy' as const), at: fc.nat(), to: fc.nat() }),
      fc.record({ do: fc.constant('convert' as const), at: fc.nat() }),
    );
    fc.assert(
      fc.property(anyText, fc.array(step, { minLength: 1, maxLength: 5 }), fc.boolean(), (text, steps, editor) => {
        const notebook = read(text);
        if (!notebook) return;
        const cells = [...notebook.cells];
        for (const s of steps) {
          const at = s.at % Math.max(1, cells.length);
          if (s.do === 'insert') cells.splice(at, 0, s.cell);
          else if (cells.length > 0 && s.do === 'convert') {
            const { source, options, trivia, kind } = cells[at] as Cell;
            cells[at] = { ...newCell(kind === 'prose' ? 'typescript' : 'markdown', source, options), trivia };
          } else if (cells.length > 0) {
            const [cell] = cells.splice(at, s.do === 'copy' ? 0 : 1);
            if (s.do === 'move') cells.splice(s.to % (cells.length + 1), 0, cell as Cell);
            if (s.do === 'copy') cells.splice(s.to % (cells.length + 1), 0, cells[at] as Cell);
          }
        }
        const edited = { ...notebook, cells };
        const back = reread(serialize(editor ? throughEditor(edited) : edited));
        assertSame(back.cells, cells);
        assert.equal(normalize(back.frontMatter.raw), normalize(notebook.frontMatter.raw));
        assert.equal(serialize(back), serialize(editor ? throughEditor(edited) : edited));
      }),
      { numRuns: RUNS },
    );
  });
});
