/**
 * Text to notebook. A text that parses is written back by `serialize` without changing one character; a text that does
 * not gives every fault with its line and column, and no notebook.
 *
 * One pass, line by line, linear in the length. The grammar: an optional front matter; then cells. A `{code-cell}` fence
 * is a code cell. A `+++` line begins a prose cell, even an empty one; so does any other line that stands behind a code
 * cell or the front matter. Blank lines between cells belong to neither and are kept as trivia.
 */
import { type CellOpener, cellOpener, closes, isBreak, isConflict, ProseScanner } from './blocks.ts';
import {
  DEFAULT_RUN,
  defaultBlank,
  defaultClose,
  defaultGap,
  defaultLead,
  defaultMark,
  defaultOpen,
} from './defaults.ts';
import { readFrontMatter } from './front-matter.ts';
import { type Eol, firstEol, isBlank, LineReader, linesOf, sourceOf, trimBlank } from './lines.ts';
import {
  type Cell,
  type CellTrivia,
  type FormatError,
  isLanguage,
  LANGUAGES,
  type NotebookTrivia,
  type ParseResult,
  type Place,
} from './notebook.ts';
import { isOptionLine, OptionReader } from './options.ts';

/** Errors beyond this number say nothing new. */
const MAX_ERRORS = 100;

/** Reads a `.socknb` text. An empty text is an empty notebook. */
export function parse(text: string): ParseResult {
  const nul = text.indexOf('\0');
  if (nul >= 0) return { ok: false, errors: [binary(text, nul)] };
  return new Parser(text).run();
}

function binary(text: string, at: number): FormatError {
  const lines = new LineReader(text);
  while (lines.next <= at) lines.advance();
  const message = 'This is not a text file: it holds a NUL character.';
  return { line: lines.number, column: at - lines.at + 1, length: 1, message };
}

type Draft = { -readonly [K in keyof CellTrivia]: CellTrivia[K] };

class Parser {
  readonly #text: string;
  readonly #lines: LineReader;
  readonly #eol: Eol;
  readonly #trivia: NotebookTrivia;
  readonly #cells: Cell[] = [];
  readonly #errors: FormatError[] = [];
  readonly #conflicts: FormatError[] = [];
  readonly #mayConflict: boolean;
  /** Label to the line of the cell that has it. */
  readonly #labels = new Map<string, number>();
  /** Whether the next cell would begin at the first character of the file. */
  #top = true;

  constructor(text: string) {
    const bom = text.startsWith('\ufeff');
    const eol = firstEol(text);
    const unfinished = text.length > (bom ? 1 : 0) && !/[\r\n]/.test(text.slice(-1));
    this.#eol = eol ?? '\n';
    this.#text = unfinished ? text + this.#eol : text;
    this.#lines = new LineReader(this.#text, bom ? 1 : 0);
    this.#mayConflict = text.includes('<<<<<<<');
    this.#trivia = {
      ...(bom ? { bom } : {}),
      ...(eol && eol !== '\n' ? { eol } : {}),
      ...(unfinished ? { noFinalEol: true } : {}),
    };
  }

  run(): ParseResult {
    const { frontMatter, errors, fatal } = readFrontMatter(this.#lines);
    this.#errors.push(...errors);
    this.#top = frontMatter.raw === '';
    this.#conflictsIn(frontMatter.raw);
    const tail = fatal ? '' : this.#readCells();
    // Both sides of an unresolved merge are there: every other fault is a consequence.
    const all = this.#conflicts.length > 0 ? this.#conflicts : this.#errors;
    if (all.length > 0) {
      const sorted = all.sort((a, b) => a.line - b.line || a.column - b.column);
      return { ok: false, errors: sorted.slice(0, MAX_ERRORS) };
    }
    const trivia = tail === '' ? this.#trivia : { ...this.#trivia, tail };
    return { ok: true, notebook: { frontMatter, cells: this.#cells, trivia } };
  }

  /** Reads all cells; returns the blank lines after the last. */
  #readCells(): string {
    const lines = this.#lines;
    let lead = lines.at;
    for (;;) {
      while (!lines.done && isBlank(lines.line)) lines.advance();
      if (lines.done) return this.#text.slice(lead);
      const opener = cellOpener(lines.line);
      const draft: Draft = {};
      keep(draft, 'lead', this.#text.slice(lead, lines.at), defaultLead(this.#top, this.#eol));
      lead = opener ? this.#codeCell(opener, draft) : this.#proseCell(draft);
      this.#top = false;
    }
  }

  /** Reads a prose cell; returns the offset behind its last line that is not blank. */
  #proseCell(trivia: Draft): number {
    const lines = this.#lines;
    const { number: line } = lines;
    let mark = '';
    let end = lines.at;
    let endLine = line;
    if (isBreak(lines.line)) {
      mark = this.#take();
      end = lines.at;
      while (!lines.done && isBlank(lines.line)) lines.advance();
    }
    const start = lines.at;
    const sourceLine = lines.number;
    const gap = this.#text.slice(end, start);
    const scanner = new ProseScanner();
    for (; !lines.done; lines.advance()) {
      const text = lines.line;
      this.#conflict(text);
      if (scanner.read(text, lines.number) !== 'text') break;
      if (isBlank(text)) continue;
      end = lines.next;
      endLine = lines.number;
    }
    if (scanner.open) this.#unclosedProse(scanner.open);
    const body = end > start ? this.#text.slice(start, end) : '';
    const source = sourceOf(body);
    keep(trivia, 'mark', mark, defaultMark(this.#cells.at(-1)?.kind === 'prose', body === '', this.#eol));
    if (mark !== '' && body !== '') keep(trivia, 'gap', gap, defaultGap(this.#eol));
    keep(trivia, 'body', body, linesOf(source, this.#eol));
    const place = { line, sourceLine: body === '' ? line : sourceLine, endLine };
    this.#cells.push({ kind: 'prose', language: 'markdown', source, options: {}, trivia, place });
    return end;
  }

  /** Reads a code cell; returns the offset behind its closing fence. */
  #codeCell(opener: CellOpener, trivia: Draft): number {
    const lines = this.#lines;
    const { number: line } = lines;
    const { run, language } = opener;
    this.#checkOpener(opener);
    const open = this.#take();
    const { reader, raw } = this.#readOptions();
    const options = reader.options();
    this.#checkLabel(options.label, line);
    const blank = !lines.done && isBlank(lines.line) ? this.#take() : '';
    const start = lines.at;
    const sourceLine = lines.number;
    for (; !lines.done && !closes(lines.line, run); lines.advance()) {
      if (!options.verbatim) this.#conflict(lines.line);
    }
    const body = this.#text.slice(start, lines.at);
    const endLine = lines.number;
    if (lines.done) this.#unclosedCell(line, run);
    const close = this.#take();
    const place: Place = { line, sourceLine, endLine };
    const source = sourceOf(body);
    if (isLanguage(language)) {
      if (language === 'markdown') trivia.fenced = true;
      keep(trivia, 'open', open, defaultOpen(DEFAULT_RUN, language, this.#eol));
      // Option lines are kept always: they are compared with the values, key by key.
      keep(trivia, 'options', raw, '');
      keep(trivia, 'blank', blank, defaultBlank(raw !== '', this.#eol));
      keep(trivia, 'body', body, linesOf(source, this.#eol));
      keep(trivia, 'close', close, defaultClose(run, this.#eol));
      const rest = { source, options, trivia, place };
      this.#cells.push(
        language === 'markdown' ? { kind: 'prose', language, ...rest } : { kind: 'code', language, ...rest },
      );
    }
    return lines.at;
  }

  #checkOpener({ run, directive, language, rest }: CellOpener): void {
    const column = run.length + directive.length + 1;
    const known = `The languages are: ${LANGUAGES.join(', ')}.`;
    if (language === '') {
      this.#error(1, run.length + directive.length, `This cell names no language. ${known}`);
    } else if (!isLanguage(language)) {
      this.#error(column, language.length, `Unknown cell language \`${language}\`. ${known}`);
    } else if (trimBlank(rest) !== '') {
      this.#error(
        column + language.length,
        rest.length,
        'Nothing may follow the language; options go on the next lines.',
      );
    }
  }

  #readOptions(): { reader: OptionReader; raw: string } {
    const lines = this.#lines;
    const start = lines.at;
    const reader = new OptionReader();
    for (; !lines.done && isOptionLine(lines.line); lines.advance()) {
      const fault = reader.read(lines.line);
      if (fault) this.#error(fault.column, fault.length, fault.message);
    }
    return { reader, raw: this.#text.slice(start, lines.at) };
  }

  #checkLabel(label: string | undefined, line: number): void {
    if (label === undefined) return;
    const first = this.#labels.get(label);
    if (first === undefined) this.#labels.set(label, line);
    else {
      const message = `Label \`${label}\` is already used by the cell in line ${first}.`;
      this.#errors.push({ line, column: 1, message });
    }
  }

  #unclosedCell(line: number, run: string): void {
    const message = `This cell is never closed: no line with ${run} follows.`;
    this.#errors.push({ line, column: 1, length: run.length, message });
  }

  #unclosedProse({ what, run, line }: NonNullable<ProseScanner['open']>): void {
    const message =
      what === 'fence'
        ? `This fence is never closed: no line with ${run} follows.`
        : 'This comment is never closed: no --> follows.';
    this.#errors.push({ line, column: 1, length: what === 'fence' ? run.length : 4, message });
  }

  #conflictsIn(raw: string): void {
    if (!this.#mayConflict || raw === '') return;
    for (const r = new LineReader(raw); !r.done; r.advance()) this.#conflict(r.line, r.number);
  }

  #conflict(line: string, number = this.#lines.number): void {
    if (!this.#mayConflict || !isConflict(line)) return;
    const message = 'Unresolved merge conflict: choose between the two versions and delete the marker lines.';
    this.#conflicts.push({ line: number, column: 1, length: line.length, message });
  }

  /** Reports a fault on the current line. */
  #error(column: number, length: number, message: string): void {
    this.#errors.push({ line: this.#lines.number, column, length, message });
  }

  /** The current line with its line end; moves on. */
  #take(): string {
    const { at, next } = this.#lines;
    this.#lines.advance();
    return this.#text.slice(at, next);
  }
}

/** Stores raw text that differs from the default form. */
function keep(trivia: Draft, key: Exclude<keyof Draft, 'fenced'>, raw: string, usual: string): void {
  if (raw !== usual) trivia[key] = raw;
}
