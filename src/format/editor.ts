/**
 * Notebook to and from what an editor holds: cells of a kind, a language id, a text and free metadata.
 *
 * The editor may normalise line ends, copy and split cells, change their kind and language, and lose or spoil metadata.
 * So metadata is read with distrust: what has not the expected form counts as absent, and the cell gets the default form.
 * No editor is imported here; the shapes are those that any notebook editor has.
 */
import { cellOpener, closerRun, isBreak } from './blocks.ts';
import { NO_FRONT_MATTER, parseFrontMatter } from './front-matter.ts';
import { isBlank, LineReader, normalize } from './lines.ts';
import {
  type Cell,
  type CellOptions,
  type CellTrivia,
  FormatFailure,
  isLanguage,
  LANGUAGES,
  type Language,
  type Notebook,
  type NotebookTrivia,
  UnwritableCell,
} from './notebook.ts';
import { isOptionLine } from './options.ts';

/** Free data beside a cell or a notebook. */
export type Metadata = { readonly [key: string]: unknown };

/** A cell as an editor holds it. */
export interface EditorCell {
  readonly kind: 'markup' | 'code';
  readonly languageId: string;
  readonly value: string;
  /** `options` ({@link CellOptions}) and `trivia` ({@link CellTrivia}). */
  readonly metadata?: Metadata | undefined;
}

/** A notebook as an editor holds it. */
export interface EditorNotebook {
  readonly cells: readonly EditorCell[];
  /** `frontMatter` (FrontMatter; its `raw` is the truth) and `trivia` ({@link NotebookTrivia}). */
  readonly metadata?: Metadata | undefined;
}

/** The notebook for an editor; all metadata is plain JSON-able data. */
export function toEditor({ frontMatter, cells, trivia }: Notebook): EditorNotebook {
  return {
    metadata: { frontMatter, trivia },
    cells: cells.map(({ kind, language, source, options, trivia }) => ({
      kind: kind === 'prose' ? 'markup' : 'code',
      languageId: language,
      value: source,
      metadata: { options, trivia },
    })),
  };
}

/**
 * The notebook that an editor holds, ready for `serialize`. A markup cell is prose; a code cell without a language
 * (`plaintext`, as editors make it before a kernel is chosen) is TypeScript. Throws {@link UnwritableCell} for any other
 * language, and {@link FormatFailure} when the front matter in the metadata is no longer valid.
 */
export function fromEditor({ cells, metadata }: EditorNotebook): Notebook {
  const raw = text(record(metadata?.frontMatter).raw) ?? '';
  const { frontMatter, errors } = raw === '' ? { frontMatter: NO_FRONT_MATTER, errors: [] } : parseFrontMatter(raw);
  if (errors.length > 0) throw new FormatFailure(errors);
  return { frontMatter, cells: cells.map(cell), trivia: notebookTrivia(record(metadata?.trivia)) };
}

function cell({ kind, languageId, value, metadata }: EditorCell, index: number): Cell {
  const language = languageOf(kind, languageId);
  if (!language) {
    const why = `\`${languageId}\` is no language of a cell; the languages are: ${LANGUAGES.join(', ')}`;
    throw new UnwritableCell(index, why);
  }
  const rest = {
    source: normalize(value),
    options: record(metadata?.options) as CellOptions,
    trivia: cellTrivia(record(metadata?.trivia), language),
  };
  return language === 'markdown' ? { kind: 'prose', language, ...rest } : { kind: 'code', language, ...rest };
}

function languageOf(kind: EditorCell['kind'], id: string): Language | undefined {
  if (kind === 'markup') return 'markdown';
  return id === 'plaintext' ? 'typescript' : isLanguage(id) ? id : undefined;
}

const record = (value: unknown): Metadata => (typeof value === 'object' && value !== null ? (value as Metadata) : {});
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** How the lines of each raw text must look, and how many there may be. */
const RAW: Readonly<Record<Exclude<keyof CellTrivia, 'fenced'>, { line: (line: string) => boolean; max: number }>> = {
  lead: { line: isBlank, max: Number.POSITIVE_INFINITY },
  mark: { line: isBreak, max: 1 },
  gap: { line: isBlank, max: Number.POSITIVE_INFINITY },
  open: { line: (line) => cellOpener(line) !== undefined, max: 1 },
  options: { line: isOptionLine, max: Number.POSITIVE_INFINITY },
  blank: { line: isBlank, max: 1 },
  body: { line: () => true, max: Number.POSITIVE_INFINITY },
  close: { line: (line) => closerRun(line) !== undefined, max: 1 },
};

function cellTrivia(found: Metadata, language: Language): CellTrivia {
  const kept = Object.entries(RAW).flatMap(([key, rule]) => {
    const raw = wholeLines(found[key], rule.line, rule.max);
    return raw === undefined ? [] : [[key, raw]];
  });
  const fenced = language === 'markdown' && found.fenced === true;
  return { ...Object.fromEntries(kept), ...(fenced ? { fenced } : {}) };
}

function notebookTrivia(found: Metadata): NotebookTrivia {
  const tail = wholeLines(found.tail, isBlank, Number.POSITIVE_INFINITY);
  return {
    ...(found.bom === true ? { bom: true } : {}),
    ...(found.eol === '\r\n' || found.eol === '\r' ? { eol: found.eol } : {}),
    ...(tail ? { tail } : {}),
    ...(found.noFinalEol === true ? { noFinalEol: true } : {}),
  };
}

/** A raw text if it consists of at most `max` whole lines that all pass. */
function wholeLines(raw: unknown, passes: (line: string) => boolean, max: number): string | undefined {
  if (typeof raw !== 'string') return undefined;
  const lines = new LineReader(raw);
  for (; !lines.done; lines.advance()) if (lines.end === lines.next || !passes(lines.line)) return undefined;
  return lines.number - 1 <= max ? raw : undefined;
}
