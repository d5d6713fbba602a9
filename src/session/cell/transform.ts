/**
 * A TypeScript cell to the body of an async function, with the way back to the cell. Pure: text in, text out; nothing
 * here runs a cell or knows what its globals are.
 */
import { LineIndex } from './lines.ts';
import { type Declaration, lexicalDeclarations, varDeclarations } from './names.ts';
import { CellSyntaxError, parse } from './parse.ts';
import { rewrite } from './rewrite/rules.ts';
import { type CodeMap, Rope } from './rope.ts';

export interface Transformed {
  /** Body of an async function whose parameters are `PARAMETERS` of rewrite/rules.ts. */
  readonly code: string;
  /** From positions in `code` to offsets in the cell. */
  readonly map: CodeMap;
  /** From offsets in the cell to lines and columns, counted from 1. */
  readonly lines: LineIndex;
  /** What the cell declares for the cells after it. */
  readonly declares: readonly Declaration[];
}

/** Where and why a cell can't run. Line and column count from 1; `length` counts characters to underline. */
export interface SyntaxFailure {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export interface TransformOptions {
  /** Names of the session to offer to a cell that tries to import. */
  readonly globals?: readonly string[];
}

/** Rewrites a cell. Never throws for what the cell says. */
export function transform(
  source: string,
  options: TransformOptions = {},
): { ok: true; cell: Transformed } | { ok: false; error: SyntaxFailure } {
  const lines = new LineIndex(source);
  try {
    const program = parse(source);
    const rope = new Rope(source);
    rewrite(source, program, rope, options.globals ?? []);
    const declares = [...lexicalDeclarations(program.body), ...varDeclarations(program.body)];
    return { ok: true, cell: { ...rope.finish(), lines, declares } };
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    const { message, offset, length } = error;
    return { ok: false, error: { message, ...lines.position(offset), length } };
  }
}
