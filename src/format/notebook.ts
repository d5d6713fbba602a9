/**
 * The notebook model: what a `.socknb` text says, and the trivia needed to write the same text again.
 *
 * Everything here is plain JSON-able data, so that an editor may keep it in cell and notebook metadata. A cell's
 * `source` always has `\n` line ends and no final one. `trivia` holds only what differs from the form in which this
 * package would write the cell itself; a cell without trivia is a well-formed new cell. Nothing here knows an editor.
 */
import type { Topology } from './topology.ts';

/** The version that `format:` in the front matter names; a file without it has this version. */
export const FORMAT_VERSION = 1;

/** Languages of a `{code-cell}`; `markdown` is prose written inside a fence, so that it can carry options. */
export const LANGUAGES = ['typescript', 'shellscript', 'packetdrill', 'markdown'] as const;
export type Language = (typeof LANGUAGES)[number];
export type CodeLanguage = Exclude<Language, 'markdown'>;

/** Whether a word names a cell language. */
export const isLanguage = (word: string): word is Language => (LANGUAGES as readonly string[]).includes(word);

/** The two kernels that can serve a notebook's system calls. */
export const KERNELS = ['simulator', 'loopback'] as const;
export type Kernel = (typeof KERNELS)[number];

/** The option lines of a cell, typed. An absent key has no line. */
export interface CellOptions {
  /** Slug, unique in the file: the cell's name for links, tests and golden files. */
  readonly label?: string;
  readonly title?: string;
  /** Names of the views to show under the cell, in order. */
  readonly views?: readonly string[];
  readonly tags?: readonly string[];
  /** Slugs of the claims that the cell proves or corrects. */
  readonly claims?: readonly string[];
  /** Slug of the exercise that the cell belongs to. */
  readonly exercise?: string;
  /** The role of the cell in its exercise: a slug; `src/guide` knows which roles exist. */
  readonly part?: string;
  /** The only kernel on which the cell runs; absent: both. */
  readonly kernel?: Kernel;
  /** Lines of the source that look like merge-conflict markers are meant. Written by the serializer when needed. */
  readonly verbatim?: true;
  /** Options that this version does not know, as written: kept, so that a newer file survives. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Raw text of a cell where it differs from the default form. Every value holds whole lines with their line ends. */
export interface CellTrivia {
  /** Blank lines before the cell. Default: none for the first line of a file, otherwise one. */
  readonly lead?: string;
  /** The `+++` line before a prose cell, or '' for none. Default: present after prose and before empty prose. */
  readonly mark?: string;
  /** Blank lines between the `+++` line and the text. Default: one. */
  readonly gap?: string;
  /** A markdown cell that is written in a fence although plain prose would do. */
  readonly fenced?: true;
  /** The opening fence line. Default: three backticks. */
  readonly open?: string;
  /** The option lines. Default: `:key: value` in the order of the table in options.ts. */
  readonly options?: string;
  /** The blank line between options and source, or '' for none. Default: one when there are options. */
  readonly blank?: string;
  /** The source with its own line ends. Default: the notebook's line end after every line. */
  readonly body?: string;
  /** The closing fence line. Default: the run of the opening fence. */
  readonly close?: string;
}

/** Lines (1-based) that a parsed cell takes in its file: its first (fence, `+++` or text), its source's first, its last. */
export interface Place {
  readonly line: number;
  readonly sourceLine: number;
  readonly endLine: number;
}

interface CellBase {
  readonly source: string;
  readonly options: CellOptions;
  readonly trivia: CellTrivia;
  /** Present on parsed cells only. */
  readonly place?: Place;
}
export interface ProseCell extends CellBase {
  readonly kind: 'prose';
  readonly language: 'markdown';
}
export interface CodeCell extends CellBase {
  readonly kind: 'code';
  readonly language: CodeLanguage;
}
export type Cell = ProseCell | CodeCell;

/** The YAML block at the head of the file. `raw` is the truth; the other fields are read from it. */
export interface FrontMatter {
  /** The whole block with both `---` lines and their line ends; '' when the file has none. */
  readonly raw: string;
  readonly format: typeof FORMAT_VERSION;
  readonly title?: string;
  readonly level?: string;
  /** How long the lesson takes, in minutes. */
  readonly minutes?: number;
  /** Seed of the world: an unsigned 32-bit integer, 1 when absent. */
  readonly seed: number;
  /** The kernel that the notebook prefers. */
  readonly kernel?: Kernel;
  readonly topology: Topology;
  /** Slugs of the claims that the notebook covers. */
  readonly claims: readonly string[];
  /** Top-level keys that this version does not know. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Raw facts about the file as a whole, where they differ from: no BOM, `\n`, no blank lines at the end, final line end. */
export interface NotebookTrivia {
  readonly bom?: true;
  readonly eol?: '\r\n' | '\r';
  readonly tail?: string;
  readonly noFinalEol?: true;
}

export interface Notebook {
  readonly frontMatter: FrontMatter;
  readonly cells: readonly Cell[];
  readonly trivia: NotebookTrivia;
}

/** A fault in a text, and where: 1-based line and column (UTF-16 units, as editors count), `length` on that line. */
export interface FormatError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly length?: number;
}

export type ParseResult =
  | { readonly ok: true; readonly notebook: Notebook }
  | { readonly ok: false; readonly errors: readonly FormatError[] };

/** A text that is no notebook, for callers that must throw. The message names the first error's line and column. */
export class FormatFailure extends Error {
  override readonly name = 'FormatFailure';
  readonly errors: readonly FormatError[];
  constructor(errors: readonly FormatError[]) {
    const first = errors[0];
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    super(first ? `line ${first.line}, column ${first.column}: ${first.message}${more}` : 'not a notebook');
    this.errors = errors;
  }
}

/** A cell that no `.socknb` text can hold. Thrown before anything is written. */
export class UnwritableCell extends Error {
  override readonly name = 'UnwritableCell';
  /** Index of the cell in the notebook. */
  readonly cell: number;
  constructor(cell: number, why: string) {
    super(`cell ${cell + 1}: ${why}`);
    this.cell = cell;
  }
}

/** A new cell in the default form. */
export function newCell(language: Language, source: string, options: CellOptions = {}): Cell {
  return language === 'markdown'
    ? { kind: 'prose', language, source, options, trivia: {} }
    : { kind: 'code', language, source, options, trivia: {} };
}
