/**
 * A packetdrill cell: a script that plays the peer of a simulated host of its own. It shares nothing with the notebook's
 * world, so it says the same whatever ran before it. Same seed and same script: the same log.
 */
import type { Outcome } from '../packetdrill/outcome.ts';
import { sideBySide } from '../packetdrill/report.ts';
import { run } from '../packetdrill/run.ts';
import { human } from '../sim/base/time.ts';
import { runError } from './failures.ts';
import { Drawings } from './outputs.ts';
import type { CellError, CellRequest, RunResult } from './protocol.ts';

/** Runs the script of a cell. @returns what it printed, and how it went */
export function runScript(
  cell: CellRequest,
  seed: number,
): { printed: string; result: Omit<RunResult, 'now' | 'events'> } {
  const { outcome, log } = run(cell.source, { seed });
  const error = errorOf(outcome, cell.label);
  const drawing = log ? new Drawings(log, 'simulator').draw(cell.views, cell.label, 0) : { text: '' };
  const printed = error || !log ? '' : `passed in ${human(log.now)} of virtual time\n`;
  return { printed, result: { ok: error === undefined, ...(error && { error }), ...drawing, checks: [] } };
}

function errorOf(outcome: Outcome, label: string): CellError | undefined {
  if (outcome.end === 'passed') return undefined;
  const { line } = outcome;
  const column = outcome.end === 'invalid' ? outcome.column : 1;
  const error = plainError(outcome);
  const frame = { cell: label, line, column, name: '' };
  return { ...error, line, column, frames: [frame], stack: `${error.stack}\n    at ${label}:${line}:${column}` };
}

function plainError(outcome: Exclude<Outcome, { end: 'passed' }>): CellError {
  switch (outcome.end) {
    case 'invalid':
      return runError('NoScript', outcome.what);
    case 'unsupported':
      return runError('NotAvailable', `Not simulated: ${outcome.what}`);
    case 'failed':
      return runError('ScriptFailed', [outcome.what, ...sideBySide(outcome.compared)].join('\n'));
  }
}
