/**
 * Which places of which cells an error passed through. Reads the stack as V8 writes it (Node, Chrome, VS Code on the
 * web); on another engine an error has no frames, and its message still stands.
 */
import type { Frame } from '../protocol.ts';
import type { Transformed } from './transform.ts';

/** One run of one cell: old functions go on pointing at the text they were made from. */
export interface Script {
  readonly cell: string;
  readonly transformed: Transformed;
}

/** A place in a cell, counted from 1. */
export interface Place {
  readonly cell: string;
  readonly line: number;
  readonly column: number;
}

/** The body of the function that runs a script: strict, and known to the engine by a name. */
export function functionBody(index: number, { cell, transformed }: Script): string {
  return `'use strict';\n${transformed.code}\n//# sourceURL=socknb-cell:${encodeURIComponent(cell)}#${index}`;
}

/** Above the code: `async function anonymous(...` and `) {`, as ECMA-262 has it, and the line written just above. */
const HEADER_LINES = 3;

const STACK_LINE = /^\s*at (?:(.*) \()?socknb-cell:\S*#(\d+):(\d+):(\d+)\)?$/;

/** Places of an error's stack that lie in cells, innermost first. */
export function stackFrames(stack: string, scripts: readonly Script[]): Frame[] {
  return stack.split('\n').flatMap((text) => {
    const found = STACK_LINE.exec(text);
    const script = scripts[Number(found?.[2])];
    if (!found || !script) return [];
    const offset = script.transformed.map.origin(Number(found[3]) - HEADER_LINES, Number(found[4]));
    if (offset === undefined) return [];
    return [{ ...placeOf(script, offset), name: functionName(found[1] ?? '') }];
  });
}

export function placeOf(script: Script, offset: number): Place {
  return { cell: script.cell, ...script.transformed.lines.position(offset) };
}

/** `async Object.f [as g]` -> `f`; '' for the top level of a cell, and for what has no name. */
function functionName(described: string): string {
  const name = described
    .replace(/^async /, '')
    .replace(/ \[as .*\]$/, '')
    .replace(/^Object\./, '');
  return /^(?:new )?(?:eval|anonymous|<.*>)$/.test(name) ? '' : name;
}
