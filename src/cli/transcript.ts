/** Results of cells as text for a terminal: the same words as in the editor, with the file's lines beside errors. */
import type { Cell } from '../format/notebook.ts';
import { checkLines } from '../session/checks.ts';
import type { CellError, RunResult } from '../session/protocol.ts';

const WIDTH = 100;

/** '══ socket ═════════' */
export const heading = (text: string): string => `══ ${text} `.padEnd(WIDTH, '═');

/** What a result adds to what its cell printed; lines without ends. */
export function resultLines(result: RunResult, cell: Cell, file: string): string[] {
  const lines: string[] = [];
  if (result.value !== undefined) lines.push(`=> ${result.value.replaceAll('\n', '\n   ')}`);
  if (result.text !== '') lines.push('', ...result.text.split('\n'), '');
  lines.push(...checkLines(result.checks));
  if (result.error) lines.push(...errorLines(result.error, cell, file));
  if (result.recovery !== undefined) lines.push(result.recovery);
  return lines;
}

/** `lesson.socknb:12:7: TypeError: ...`, the line itself with a caret under the place, and the way that led there. */
export function errorLines(error: CellError, cell: Cell, file: string): string[] {
  const { line, column, length = 1 } = error;
  const first = cell.place?.sourceLine ?? 1;
  const where = line === undefined ? file : `${file}:${first + line - 1}:${column}`;
  const lines = `${where}: ${error.name}: ${error.message}`.split('\n');
  const source = line === undefined ? undefined : cell.source.split('\n')[line - 1];
  if (line !== undefined && column !== undefined && source !== undefined) {
    const margin = String(first + line - 1).padStart(5);
    // a tab stays a tab, so that the caret stands under its character whatever a tab is worth
    const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
    const carets = '^'.repeat(Math.max(1, Math.min(length, source.length - column + 1)));
    lines.push(`${margin} | ${source}`, `${' '.repeat(margin.length)} | ${indent}${carets}`);
  }
  const outer = error.frames.filter((frame) => frame.line !== line || frame.column !== column);
  lines.push(
    ...outer.map(
      (frame) => `        at ${frame.name ? `${frame.name}, ` : ''}${frame.cell}:${frame.line}:${frame.column}`,
    ),
  );
  return lines;
}
