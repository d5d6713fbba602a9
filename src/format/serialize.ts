/**
 * Notebook to text. What was parsed comes back unchanged; an edited cell changes only its own lines; new, moved and
 * removed cells give a text that parses to the same cells.
 *
 * An editor lets the user type anything into a cell, so nothing a source can hold may break the file:
 * - a source with a line that would close its fence gets a longer fence;
 * - prose that would not come back as one prose cell (it holds a `{code-cell}` fence, a `+++` line, a fence or comment
 *   that is never closed) is written inside a `{code-cell} markdown` fence, as is prose with options;
 * - a source with a line that looks like a merge-conflict marker gets the option `:verbatim: true`;
 * - a label that an earlier cell already has (a copied cell) gets the suffix `-2`, `-3`, ...
 * Blank lines at both ends of plain prose have no meaning and are left out. Only a NUL character and an option value
 * that fits no line are refused, with {@link UnwritableCell}.
 */
import { cellOpener, closerRun, hasConflict, isPlainProse, longestCloser } from './blocks.ts';
import {
  DEFAULT_RUN,
  defaultBlank,
  defaultClose,
  defaultGap,
  defaultLead,
  defaultMark,
  defaultOpen,
} from './defaults.ts';
import { opensFrontMatter } from './front-matter.ts';
import { type Eol, isBlank, LineReader, linesOf, normalize, RawWriter, restoreEols, trimBlankLines } from './lines.ts';
import { type Cell, type CellOptions, type Notebook, UnwritableCell } from './notebook.ts';
import { BadOption, hasOptions, isOptionLine, writeOptions } from './options.ts';

/** Writes a notebook. Throws {@link UnwritableCell}. */
export function serialize(notebook: Notebook): string {
  const { frontMatter, cells, trivia } = notebook;
  const out = new RawWriter();
  const labels = new Labels(cells);
  if (trivia.bom) out.put('\ufeff');
  out.put(frontMatter.raw);
  const state: Before = {
    eol: trivia.eol ?? '\n',
    top: frontMatter.raw === '',
    bom: trivia.bom === true,
    kind: undefined,
  };
  for (const [i, cell] of cells.entries()) {
    if (cell.source.includes('\0')) throw new UnwritableCell(i, 'its text holds a NUL character');
    try {
      writeCell(out, { ...cell, options: labels.unique(cell.options) }, state);
    } catch (error) {
      throw error instanceof BadOption ? new UnwritableCell(i, error.message) : error;
    }
    state.top = false;
  }
  out.put(trivia.tail ?? '');
  const text = out.text();
  return trivia.noFinalEol ? text.replace(/(?:\r\n|\n|\r)$/, '') : text;
}

/** What stands before the cell being written. */
interface Before {
  readonly eol: Eol;
  /** Nothing: the cell begins the file. */
  top: boolean;
  readonly bom: boolean;
  /** The cell before: code, prose in a fence, or plain prose. */
  kind: 'code' | 'fenced' | 'plain' | undefined;
}

function writeCell(out: RawWriter, cell: Cell, before: Before): void {
  const source = normalize(cell.source);
  const plain = cell.kind === 'prose' ? plainSource(cell, source) : undefined;
  if (plain === undefined) {
    writeFenced(out, cell, source, before);
    before.kind = cell.kind === 'code' ? 'code' : 'fenced';
  } else {
    writePlain(out, cell, plain, before);
    before.kind = 'plain';
  }
}

/** The source of a cell that can stand in the open, without outer blank lines; undefined when it needs a fence. */
function plainSource(cell: Cell, source: string): string | undefined {
  if (cell.trivia.fenced || hasOptions(cell.options)) return undefined;
  const text = trimBlankLines(source);
  return isPlainProse(text) ? text : undefined;
}

function writePlain(out: RawWriter, { trivia }: Cell, source: string, before: Before): void {
  const { eol } = before;
  const empty = source === '';
  const needed = before.kind === 'plain' || empty;
  const usual = defaultMark(before.kind === 'plain' || before.kind === 'fenced', empty, eol);
  const mark = (trivia.mark === '' && needed ? undefined : trivia.mark) ?? usual;
  let lead = trivia.lead ?? defaultLead(before.top, eol);
  // At the very start these would be read as a byte order mark and as the front matter.
  const [first = ''] = source.split('\n', 1);
  const misread = opensFrontMatter(first) || (!before.bom && first.startsWith('\ufeff'));
  if (before.top && mark === '' && lead === '' && misread) lead = eol;
  out.put(lead);
  out.put(mark);
  if (mark !== '' && !empty) out.put(trivia.gap ?? defaultGap(eol));
  out.put(body(source, trivia.body, eol));
}

function writeFenced(out: RawWriter, { language, options, trivia }: Cell, source: string, before: Before): void {
  const { eol } = before;
  const said = hasConflict(source) && !options.verbatim ? { ...options, verbatim: true as const } : options;
  const raw = trivia.open ?? defaultOpen(DEFAULT_RUN, language, eol);
  const [line, end] = splitEol(raw, eol);
  const opener = cellOpener(line) ?? { run: DEFAULT_RUN, directive: '{code-cell} ', language, rest: '' };
  const char = opener.run.charAt(0);
  const run = char.repeat(Math.max(opener.run.length, longestCloser(source, char) + 1));
  out.put(trivia.lead ?? defaultLead(before.top, eol));
  out.put(run + opener.directive + language + opener.rest + end);
  const lines = writeOptions(said, trivia.options ?? '', eol);
  out.put(lines);
  const text = body(source, trivia.body, eol);
  const first = new LineReader(text).line;
  const separate = text !== '' && (isBlank(first) || isOptionLine(first));
  const blank = trivia.blank ?? defaultBlank(lines !== '', eol);
  out.put(blank === '' && separate ? eol : blank);
  out.put(text);
  out.put(closing(trivia.close, run, eol));
}

/** The closing line: the raw one, with its run made as long as the opening one's. */
function closing(raw: string | undefined, run: string, eol: Eol): string {
  const [line, end] = splitEol(raw ?? '', eol);
  const old = closerRun(line);
  if (old === undefined) return defaultClose(run, eol);
  return line.replace(old, old[0] === run[0] && old.length >= run.length ? old : run) + end;
}

function body(source: string, raw: string | undefined, eol: Eol): string {
  return raw === undefined ? linesOf(source, eol) : restoreEols(source, raw, eol);
}

/** A raw line as its text and its line end. */
function splitEol(raw: string, usual: Eol): [string, Eol] {
  const eol = /(?:\r\n|\n|\r)$/.exec(raw)?.[0];
  return eol === undefined ? [raw, usual] : [raw.slice(0, -eol.length), eol as Eol];
}

/** Keeps labels unique within one file. */
class Labels {
  readonly #taken: Set<string>;
  readonly #used = new Set<string>();

  constructor(cells: readonly Cell[]) {
    this.#taken = new Set(cells.flatMap(({ options }) => options.label ?? []));
  }

  /** The options, with a new label when an earlier cell has this one. */
  unique(options: CellOptions): CellOptions {
    const { label } = options;
    if (label === undefined || !this.#used.has(label)) {
      if (label !== undefined) this.#used.add(label);
      return options;
    }
    let n = 2;
    while (this.#taken.has(`${label}-${n}`)) n++;
    const free = `${label}-${n}`;
    this.#taken.add(free);
    this.#used.add(free);
    return { ...options, label: free };
  }
}
