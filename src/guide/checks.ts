/**
 * Results of an exercise's check, and what they are worth. Who runs the cells is no matter of this file: it judges
 * results that were handed to it.
 */

/** One demand of an exercise, met or not. */
export interface CheckResult {
  /** The demand in words: 'the client read 4 bytes'. */
  readonly name: string;
  readonly ok: boolean;
  /** What the student reads when it is not met. */
  readonly message?: string;
  /** What it is worth; 1 when absent. */
  readonly points?: number;
}

/** A run of an exercise with one of its programs: the starter, the solution or a student's. */
export interface Attempt {
  /** Why the program or the check broke off; absent when both ran to their end. */
  readonly failure?: string;
  readonly results: readonly CheckResult[];
}

export interface Score {
  readonly points: number;
  readonly of: number;
  /** Every demand was met, there was at least one, and nothing broke off. */
  readonly passed: boolean;
}

/** What an attempt is worth. A run that broke off keeps the points of the demands that it met before. */
export function score({ failure, results }: Attempt): Score {
  const sum = (of: readonly CheckResult[]): number => of.reduce((total, { points = 1 }) => total + points, 0);
  const met = results.filter(({ ok }) => ok);
  const passed = failure === undefined && results.length > 0 && met.length === results.length;
  return { points: sum(met), of: sum(results), passed };
}

/** What is wrong with an exercise whose starter and solution were both judged: nothing, when only the solution passes. */
export function verify(starter: Attempt, solution: Attempt): readonly string[] {
  const faults: string[] = [];
  if (solution.failure !== undefined) faults.push(`The solution fails: ${solution.failure}`);
  else if (solution.results.length === 0) faults.push('The check made no check of the solution.');
  for (const { name, ok, message } of solution.results) {
    if (!ok) faults.push(`The solution does not pass "${name}"${message ? `: ${message}` : ''}.`);
  }
  if (score(starter).passed) faults.push('The starter passes already: the check asks for nothing.');
  return faults;
}
