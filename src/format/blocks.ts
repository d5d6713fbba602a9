/**
 * The block rules that decide where a cell begins: CommonMark's fences, lists and HTML comments, and MyST's `{code-cell}`
 * fence and `+++` break.
 *
 * A cell fence and a `+++` count only in column 1 and only outside an open fence and an open HTML comment. That is enough
 * to skip every `{code-cell}` that is merely shown: inside a longer fence, in a quote, in a list item, indented, or
 * commented out. Each prose cell is scanned from a fresh state, so that a cell means the same wherever it is moved.
 */
import { isBlank, trimBlank } from './lines.ts';

/** The opening line of a code cell, taken apart; the parts joined give the line. */
export interface CellOpener {
  /** The backticks or tildes. */
  readonly run: string;
  /** From the run's end to the language: spaces and `{code-cell}`. */
  readonly directive: string;
  /** '' when the line names none. */
  readonly language: string;
  /** What stands after the language; only spaces and tabs in a valid opener. */
  readonly rest: string;
}

const CELL = /^(`{3,}|~{3,})([ \t]*\{code-cell\}[ \t]*)([^ \t]*)(.*)$/s;

/** The line as the opening fence of a code cell, whatever its language; undefined when it is none. */
export function cellOpener(line: string): CellOpener | undefined {
  const [, run, directive, language, rest] = CELL.exec(line) ?? [];
  if (run === undefined || directive === undefined || language === undefined || rest === undefined) return undefined;
  // A backtick in the info string makes the line an inline code span (CommonMark 4.5).
  return run.startsWith('`') && (language + rest).includes('`') ? undefined : { run, directive, language, rest };
}

const BREAK = /^\+\+\+(?:[ \t].*)?$/s;

/** Whether the line is MyST's block break, with or without trailing metadata. */
export const isBreak = (line: string): boolean => BREAK.test(line);

const FENCE = /^(`{3,})[^`]*$|^(~{3,})/;
const CLOSER = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;

/** The run of a line that could close a fence; undefined when it cannot. */
export const closerRun = (line: string): string | undefined => CLOSER.exec(line)?.[1];

/** Whether the line closes a fence that was opened with `run`: the same character, at least as often. */
export function closes(line: string, run: string): boolean {
  const closer = closerRun(line);
  return closer !== undefined && closer[0] === run[0] && closer.length >= run.length;
}

/** The length of the longest line of a source that could close a fence of this character; 0 when there is none. */
export function longestCloser(source: string, char: string): number {
  let longest = 0;
  if (!source.includes(char.repeat(3))) return 0;
  for (const line of source.split('\n')) {
    const run = closerRun(line);
    if (run?.startsWith(char)) longest = Math.max(longest, run.length);
  }
  return longest;
}

/** Whether the line is the first marker of an unresolved merge. */
export const isConflict = (line: string): boolean => /^<{7}(?:[ \t]|$)/.test(line);

/** Whether some line of a source looks like the first marker of an unresolved merge. */
export const hasConflict = (source: string): boolean =>
  source.includes('<<<<<<<') && source.split('\n').some(isConflict);

const LIST = /^(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)/;

/** Follows the blocks of one prose cell, line by line. */
export class ProseScanner {
  /** What the text so far leaves open, and where: the rest of the text would belong to it. */
  open: { readonly what: 'fence' | 'comment'; readonly run: string; readonly line: number } | undefined;
  /** Indentation that continues the list item above; 0 outside a list. */
  #list = 0;

  /**
   * Reads the next line. Returns `cell` or `break` when it opens a code cell or is a `+++`, and then leaves the state
   * alone; otherwise `text`.
   * @param number the line's number, for `open`
   */
  read(line: string, number: number): 'cell' | 'break' | 'text' {
    if (this.open) {
      const { what, run } = this.open;
      if (what === 'fence' ? closes(line, run) : line.includes('-->')) this.open = undefined;
      return 'text';
    }
    if (isBlank(line)) return 'text';
    const indent = indentation(line);
    if (this.#list > 0 && indent >= this.#list) return 'text';
    this.#list = 0;
    if (indent === 0) {
      if (cellOpener(line)) return 'cell';
      if (isBreak(line)) return 'break';
    }
    if (indent <= 3) this.#block(line.slice(indent), indent, number);
    return 'text';
  }

  #block(text: string, indent: number, number: number): void {
    const fence = FENCE.exec(text);
    const run = fence?.[1] ?? fence?.[2];
    if (run !== undefined) {
      this.open = { what: 'fence', run, line: number };
    } else if (text.startsWith('<!--')) {
      if (!text.includes('-->')) this.open = { what: 'comment', run: '', line: number };
    } else {
      const marker = LIST.exec(text)?.[0];
      if (marker !== undefined) {
        const rest = text.slice(marker.length);
        const spaces = indentation(rest);
        const padding = trimBlank(rest) === '' || spaces > 4 ? 1 : spaces;
        this.#list = indent + marker.length + padding;
      }
    }
  }
}

/** Columns of leading white space; a tab reaches the next multiple of four. */
function indentation(line: string): number {
  let columns = 0;
  for (const char of line) {
    if (char === ' ') columns++;
    else if (char === '\t') columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

/** Whether a source without blank lines at its ends can stand in the open as one prose cell. */
export function isPlainProse(source: string): boolean {
  const scanner = new ProseScanner();
  let number = 1;
  for (const line of source.split('\n')) {
    if (isConflict(line) || scanner.read(line, number++) !== 'text') return false;
  }
  return scanner.open === undefined;
}
