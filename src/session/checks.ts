/** The checks of an exercise: collected while its `check` cell runs, told as lines for the student. */
import type { CheckResult } from './protocol.ts';

/** What `check(...)` of a check cell writes to. */
export class Checks {
  readonly results: CheckResult[] = [];

  /**
   * Records whether one demand of the exercise is met, and goes on either way.
   * @param name the demand: 'the client read 4 bytes'
   * @param message what the student reads when it is not met
   * @returns whether it is met
   */
  readonly check = (name: string, condition: unknown, message = ''): boolean => {
    if (typeof name !== 'string' || name === '') throw new TypeError('check(name, condition, message?) needs a name');
    if (condition instanceof Promise) {
      throw new TypeError(`check('${name}', ...) was given a promise, which is always true: await it`);
    }
    const ok = Boolean(condition);
    this.results.push({ name, ok, message });
    return ok;
  };

  /** Why the cell failed by its checks; undefined when it passed. A cell that checked nothing cannot pass. */
  get failure(): string | undefined {
    if (this.results.length === 0) return 'The check cell made no check.';
    const failed = this.results.filter((result) => !result.ok);
    if (failed.length === 0) return undefined;
    return [`${failed.length} of ${this.results.length} checks failed.`, ...checkLines(failed)].join('\n');
  }
}

/** One line per check: '✓ the client read 4 bytes'. */
export const checkLines = (results: readonly CheckResult[]): string[] =>
  results.map(({ name, ok, message }) => `${ok ? '✓' : '✗'} ${name}${ok || message === '' ? '' : `: ${message}`}`);
