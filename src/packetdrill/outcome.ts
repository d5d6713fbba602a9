/** How a script ended, and the two ways in which running one stops early. */
import type { Position } from './script.ts';

/** One field that was to be compared: what the script expects, what there was. */
export interface Compared {
  field: string;
  expected: string;
  actual: string;
  same: boolean;
}

export type Outcome =
  | { end: 'passed' }
  /** `compared`: field by field, when two things were compared. */
  | { end: 'failed'; line: number; what: string; compared: readonly Compared[] }
  /** The script needs what the simulator does not have: it says nothing about the simulator's truth. */
  | { end: 'unsupported'; line: number; what: string }
  /** The text is no script. */
  | { end: 'invalid'; line: number; column: number; what: string };

/** Stops a run: the simulator lacks `what`. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
  readonly line: number;

  constructor(what: string, at: Pick<Position, 'line'>) {
    super(what);
    this.line = at.line;
  }
}

/** Stops a run: something was not as the script says. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly line: number;
  readonly compared: readonly Compared[];

  constructor(what: string, at: Pick<Position, 'line'>, compared: readonly Compared[] = []) {
    super(what);
    this.line = at.line;
    this.compared = compared;
  }
}
