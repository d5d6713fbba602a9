/**
 * Reads a script's text from left to right: blanks and comments skipped, tokens asked for one by one, every place known
 * by line and column. What tokens mean is the parser's business.
 */
import { type Position, ScriptError } from './script.ts';

const BLANK = /(?:\s+|\/\/[^\n]*|(?<!\w)#[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const WORD = /[A-Za-z_]\w*/y;
const INTEGER = /-?\d+(?![\w])/y;
const HEX = /0x[0-9a-fA-F]+\b/y;
const DIGITS = /[0-9a-fA-F]+\b/y;

export class Reader {
  readonly text: string;
  /** Words that stand for something else: looked up wherever a number may stand. */
  readonly defines: Map<string, string>;
  #at = 0;
  /** Offsets at which lines begin. */
  readonly #lines: number[] = [0];

  constructor(text: string, defines: ReadonlyMap<string, string> = new Map()) {
    this.text = text;
    this.defines = new Map(defines);
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#lines.push(i + 1);
    this.#skip();
  }

  get done(): boolean {
    return this.#at >= this.text.length;
  }

  /** The offset of what comes next. */
  get offset(): number {
    return this.#at;
  }

  place(offset = this.#at): Position {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lines[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lines[low] as number) + 1 };
  }

  /** @throws ScriptError at `offset`, by default where the reader stands */
  fail(message: string, offset = this.#at): never {
    throw new ScriptError(message, this.place(offset));
  }

  /** What comes next, for a message. */
  next(): string {
    if (this.done) return 'the end of the script';
    const line = this.text.slice(this.#at).split(/\s/, 1)[0] as string;
    return `"${line.length > 20 ? `${line.slice(0, 20)}…` : line}"`;
  }

  /** Takes what a sticky pattern matches here, or nothing. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.#at += found[0].length;
    this.#skip();
    return found;
  }

  /** Whether a sticky pattern matches here. */
  sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.text);
  }

  /** Takes a mark such as `(` if it is here. */
  takes(mark: string): boolean {
    if (!this.text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    this.#skip();
    return true;
  }

  expects(mark: string, after = ''): void {
    if (!this.takes(mark)) this.fail(`"${mark}" expected${after && ` ${after}`}, not ${this.next()}`);
  }

  word(): string | undefined {
    return this.match(WORD)?.[0];
  }

  /** Takes this word if it is here as a whole. */
  takesWord(word: string): boolean {
    WORD.lastIndex = this.#at;
    if (WORD.exec(this.text)?.[0] !== word) return false;
    return this.takes(word);
  }

  /** A decimal or hexadecimal integer, or a word defined as one; or undefined. */
  integer(): number | undefined {
    const found = this.match(HEX) ?? this.match(INTEGER);
    if (found) return Number(found[0]);
    const value = this.#defined();
    if (value === undefined || !/^(?:0x[0-9a-fA-F]+|-?\d+)$/.test(value)) return undefined;
    this.word();
    return Number(value);
  }

  /** Hexadecimal digits, or a word defined as such; '' when there are none. */
  digits(): string {
    const value = this.#defined();
    if (value !== undefined && this.word()) return value;
    return this.match(DIGITS)?.[0] ?? '';
  }

  /** What the word here is defined as. */
  #defined(): string | undefined {
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.text)?.[0];
    return word === undefined ? undefined : this.defines.get(word);
  }

  /** An integer from 0 to `max`. `what` names it in messages. */
  unsigned(what: string, max: number): number {
    const start = this.#at;
    const value = this.integer();
    if (value === undefined) this.fail(`${what} expected, not ${this.next()}`);
    if (value < 0 || value > max) this.fail(`${what} is ${value}: it must be 0 to ${max}`, start);
    return value;
  }

  #skip(): void {
    BLANK.lastIndex = this.#at;
    const found = BLANK.exec(this.text);
    if (found) this.#at += found[0].length;
    if (this.text.startsWith('/*', this.#at)) this.fail('a comment without its end */');
  }
}
