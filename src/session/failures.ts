/** Results of runs that failed for a reason outside the cell's own code. */
import { ZERO } from '../sim/base/time.ts';
import type { CellError, RunFailure, RunResult } from './protocol.ts';

/** An error with no place of its own. */
export function runError(name: RunFailure, message: string): CellError {
  return { name, message, frames: [], stack: `${name}: ${message}` };
}

/** The result of a cell that did not get to leave anything behind. */
export function failure(name: RunFailure, message: string): RunResult {
  return { ok: false, error: runError(name, message), text: '', now: ZERO, events: 0, checks: [] };
}
