/**
 * Rewritten code as a row of pieces, each either copied from the cell or written by the rewriter. Because every piece
 * knows where it comes from, the way back from the code to the cell is exact and needs no source map: a copied piece
 * maps character by character, a written one to the one place it stands for.
 */
import { LineIndex, lastAtMost } from './lines.ts';

export class Rope {
  readonly #source: string;
  readonly #texts: string[] = [];
  readonly #generated: number[] = [];
  readonly #origins: number[] = [];
  readonly #copied: boolean[] = [];
  #length = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Copies the cell's text from one offset up to another. */
  copy(start: number, end: number): void {
    if (end > start) this.#push(this.#source.slice(start, end), start, true);
  }

  /** Writes text that stands for the place `origin` of the cell. */
  write(text: string, origin: number): void {
    this.#push(text, origin, false);
  }

  finish(): { code: string; map: CodeMap } {
    const code = this.#texts.join('');
    return { code, map: new CodeMap(code, this.#generated, this.#origins, this.#copied) };
  }

  #push(text: string, origin: number, copied: boolean): void {
    this.#texts.push(text);
    this.#generated.push(this.#length);
    this.#origins.push(origin);
    this.#copied.push(copied);
    this.#length += text.length;
  }
}

/** The way back from a position in rewritten code to an offset in the cell. */
export class CodeMap {
  readonly #lines: LineIndex;
  readonly #generated: readonly number[];
  readonly #origins: readonly number[];
  readonly #copied: readonly boolean[];

  constructor(code: string, generated: readonly number[], origins: readonly number[], copied: readonly boolean[]) {
    this.#lines = new LineIndex(code, /\r\n|[\n\r\u2028\u2029]/g);
    this.#generated = generated;
    this.#origins = origins;
    this.#copied = copied;
  }

  /** The cell's offset behind a line and column (from 1) of the code; `undefined` outside the code. */
  origin(line: number, column: number): number | undefined {
    const offset = this.#lines.offset(line, column);
    if (offset === undefined || this.#generated.length === 0) return undefined;
    const piece = lastAtMost(this.#generated, offset);
    return this.#origins[piece]! + (this.#copied[piece] ? offset - this.#generated[piece]! : 0);
  }
}
