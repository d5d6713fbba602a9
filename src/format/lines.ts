/**
 * Lines of a text, as CommonMark ends them: `\n`, `\r\n` or a lone `\r`. No other character ends a line, and only spaces
 * and tabs make a line blank; regular expressions with the `m` or `s` shorthand know other rules and are not used.
 */

/** One line end. */
export type Eol = '\n' | '\r\n' | '\r';

/** Walks a text line by line without building an array; a text that lacks its last line end is read as if it had one. */
export class LineReader {
  readonly text: string;
  /** Offset of the current line; the length of the text after the last line. */
  at = 0;
  /** Offset of the current line's end, before its line end characters. */
  end = 0;
  /** Offset of the next line. */
  next = 0;
  /** Number of the current line, from 1. */
  number = 1;
  #cr = -1;

  constructor(text: string, at = 0) {
    this.text = text;
    this.#seek(at);
  }

  /** Whether all lines are read. */
  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The current line without its line end. */
  get line(): string {
    return this.text.slice(this.at, this.end);
  }

  advance(): void {
    this.number++;
    this.#seek(this.next);
  }

  #seek(at: number): void {
    const { text } = this;
    this.at = at;
    const lf = text.indexOf('\n', at);
    if (this.#cr < at) {
      const cr = text.indexOf('\r', at);
      this.#cr = cr < 0 ? text.length : cr;
    }
    const lfOrEnd = lf < 0 ? text.length : lf;
    this.end = Math.min(lfOrEnd, this.#cr);
    const width = this.end === text.length ? 0 : text.startsWith('\r\n', this.end) ? 2 : 1;
    this.next = this.end + width;
  }
}

/** The line end of the first line; undefined when the text is one unfinished line. */
export function firstEol(text: string): Eol | undefined {
  const reader = new LineReader(text);
  return reader.end === reader.next ? undefined : (text.slice(reader.end, reader.next) as Eol);
}

/** Whether a line holds nothing but spaces and tabs. */
export const isBlank = (line: string): boolean => /^[ \t]*$/.test(line);

/** The text without spaces and tabs at both ends. */
export function trimBlank(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && (text[from] === ' ' || text[from] === '\t')) from++;
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to--;
  return text.slice(from, to);
}

/** The text with every line end turned into `\n`. */
export const normalize = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);

/** The text of whole lines as a cell holds it: `\n` line ends, none after the last line. */
export function sourceOf(raw: string): string {
  const text = normalize(raw);
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** The whole lines of a cell's source, each with the line end `eol`; an empty source is no line. */
export function linesOf(source: string, eol: Eol): string {
  return source === '' ? '' : (eol === '\n' ? source : source.replaceAll('\n', eol)) + eol;
}

/** A source with `\n` line ends without its blank lines at both ends. */
export function trimBlankLines(source: string): string {
  let from = 0;
  for (let lf = source.indexOf('\n'); lf >= 0 && isBlank(source.slice(from, lf)); lf = source.indexOf('\n', from))
    from = lf + 1;
  let to = source.length;
  for (;;) {
    const lf = source.lastIndexOf('\n', to - 1);
    const start = Math.max(lf + 1, from);
    if (!isBlank(source.slice(start, to))) return source.slice(from, to);
    if (lf < from) return '';
    to = lf;
  }
}

/**
 * Writes an edited source with the line ends of the raw lines that it came from: lines before and after the edit keep
 * theirs, edited lines take that of the line above (or of the first line).
 */
export function restoreEols(source: string, raw: string, eol: Eol): string {
  if (sourceOf(raw) === source) return raw;
  const old: { text: string; eol: Eol }[] = [];
  for (const r = new LineReader(raw); !r.done; r.advance())
    old.push({ text: r.line, eol: raw.slice(r.end, r.next) as Eol });
  const lines = source === '' ? [] : source.split('\n');
  const common = Math.min(old.length, lines.length);
  let head = 0;
  while (head < common && old[head]?.text === lines[head]) head++;
  let tail = 0;
  while (tail < common - head && old[old.length - 1 - tail]?.text === lines[lines.length - 1 - tail]) tail++;
  const edited = (old[head - 1] ?? old[head])?.eol || eol;
  const out = new RawWriter();
  for (const [i, line] of lines.entries()) {
    const kept = i < head ? old[i] : i >= lines.length - tail ? old[old.length - (lines.length - i)] : undefined;
    out.put(line + (kept?.eol || edited));
  }
  return out.text();
}

/** Joins whole lines; a lone `\r` never meets a `\n` that would make one line end of two. */
export class RawWriter {
  readonly #parts: string[] = [];
  #cr = false;

  put(raw: string): void {
    if (raw === '') return;
    if (this.#cr && raw.startsWith('\n')) this.#parts.push('\n');
    this.#parts.push(raw);
    this.#cr = raw.endsWith('\r');
  }

  text(): string {
    return this.#parts.join('');
  }
}
