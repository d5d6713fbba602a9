/**
 * The text of a TypeScript cell to a syntax tree, or to the one place where it stops being TypeScript.
 *
 * The parser is acorn with the TypeScript plugin of the Svelte project: one parse gives an ESTree whose every node knows
 * its offset in the cell, so types are dropped and code is added in a single walk and no position is ever guessed.
 * Measured on Node 20 (minified bundle / load / first cell of 400 characters / same cell warm):
 *
 *     acorn + @sveltejs/acorn-typescript    235 KB    9 ms   14 ms   0.20 ms   one tree, no second parse
 *     sucrase                               204 KB   58 ms    8 ms   0.13 ms   and acorn (122 KB); moves columns
 *     @swc/wasm-typescript                  3.7 MB   80 ms   10 ms   0.16 ms   and acorn; keeps columns; WebAssembly
 *     amaro                                 3.5 MB  111 ms   27 ms   0.28 ms   the same compiler, as Node packs it
 *
 * Checked against amaro on the 287 files of vscode-js-debug, ts-blank-space and this project that amaro can strip: the same
 * tree for each of them. TypeScript that is more than types (enum, namespace, parameter properties) is parsed,
 * and refused by the rewriter with a message that says what to write instead.
 */
import { tsPlugin } from '@sveltejs/acorn-typescript';
import { type Options, Parser, type Program } from 'acorn';

/** Why a cell can't run, found before it ran. Offsets count UTF-16 units from the start of the cell. */
export class CellSyntaxError extends Error {
  override readonly name = 'SyntaxError';
  readonly offset: number;
  readonly length: number;

  constructor(message: string, offset: number, length: number) {
    super(message);
    this.offset = offset;
    this.length = length;
  }
}

const OPTIONS: Options = {
  ecmaVersion: 2024, // what Node 20 runs
  sourceType: 'module', // strict, top-level await
  locations: true, // the plugin asks for it
  preserveParens: true, // so that code put around a node goes around its parentheses too
  checkPrivateFields: true,
};

const TypeScriptParser = Parser.extend(tsPlugin());

/** Parses a cell. Throws {@link CellSyntaxError}. */
export function parse(source: string): Program {
  try {
    return TypeScriptParser.parse(source, OPTIONS);
  } catch (error) {
    if (!isAcornError(error)) throw error;
    throw explain(source, error);
  }
}

interface AcornError extends SyntaxError {
  pos: number;
}

function isAcornError(error: unknown): error is AcornError {
  return error instanceof SyntaxError && typeof (error as Partial<AcornError>).pos === 'number';
}

/** Acorn's message with the text it stumbled on, and a range to underline. */
function explain(source: string, error: AcornError): CellSyntaxError {
  const message = error.message.replace(/ \(\d+:\d+\)$/, '').replace(/\.$/, '');
  const token = /^(?:[\p{ID_Continue}$]+|\S)/u.exec(source.slice(error.pos))?.[0];
  if (message !== 'Unexpected token') return new CellSyntaxError(message, error.pos, token?.length ?? 0);
  if (token === undefined) return new CellSyntaxError('Unexpected end of the cell', error.pos, 0);
  return new CellSyntaxError(`Unexpected ${JSON.stringify(token)}`, error.pos, token.length);
}
