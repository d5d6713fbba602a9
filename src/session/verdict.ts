/** How a run ended, in the words of the reader: the kernel's outcome as an error of the cell. */
import type { Kernel, Outcome } from '../sim/syscall/kernel.ts';
import type { Place } from './cell/locate.ts';
import { runError } from './failures.ts';
import type { CellError, RunFailure } from './protocol.ts';

/** Why a run was stopped from outside the kernel. */
export type StopReason = { kind: 'interrupt' } | { kind: 'memory'; what: string };

/** The error of a run that the kernel ended. `place`: where the cell was. */
export function endedError(
  outcome: Exclude<Outcome, { end: 'returned' | 'threw' }>,
  stop: StopReason | undefined,
  place: Place | undefined,
  kernel: Kernel['kind'],
): CellError {
  switch (outcome.end) {
    case 'stuck':
      return placed('Deadlock', deadlock(outcome.waiting, kernel), place);
    case 'limit':
      return placed(
        'LimitExceeded',
        `The cell was ended after ${outcome.what}, the most that one cell may use. Does something in it repeat for ever?`,
        place,
      );
    case 'interrupted':
      return stoppedError(stop, place);
  }
}

/** The error of a run that was stopped. */
export function stoppedError(stop: StopReason | undefined, place: Place | undefined): CellError {
  return stop?.kind === 'memory'
    ? placed('OutOfMemory', stop.what, place)
    : placed('Interrupted', 'The cell was stopped. What it had done until then stays done.', place);
}

/** The simulator knows that nothing will come; of the real kernel it can only be said that nothing came. */
function deadlock(waiting: readonly string[], kernel: Kernel['kind']): string {
  const sure = kernel === 'simulator' ? ', and nothing is on its way that could wake one' : '';
  return [`Every thread waits${sure}:`, ...waiting.map((line) => `  ${line}`)].join('\n');
}

function placed(name: RunFailure, message: string, place: Place | undefined): CellError {
  const error = runError(name, message);
  if (!place) return error;
  const { line, column } = place;
  return {
    ...error,
    line,
    column,
    frames: [{ ...place, name: '' }],
    stack: `${error.stack}\n    at ${place.cell}:${line}:${column}`,
  };
}
