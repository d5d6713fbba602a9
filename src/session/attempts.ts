/**
 * Exercises while a notebook runs: the last run of each exercise's program, and the names with which its check judges it.
 */
import type { Kernel } from '../sim/syscall/kernel.ts';
import type { Checks } from './checks.ts';
import type { RunState } from './run-state.ts';
import { Attempt } from './world.ts';

/** How a program's run ended. */
export interface Ending {
  value: unknown;
  /** What failed it, as the student saw it; '' when nothing did. */
  error: string;
}

export class Attempts {
  readonly #kernel: Kernel;
  readonly #running: () => RunState | undefined;
  /** By the name of the exercise. */
  readonly #last = new Map<string, Attempt>();

  /** @param running the run that is under way */
  constructor(kernel: Kernel, running: () => RunState | undefined) {
    this.#kernel = kernel;
    this.#running = running;
  }

  /** Keeps a run that has ended, if it was of a starter or a solution. */
  keep({ cell: { exercise }, begin, printed }: RunState, { value, error }: Ending): void {
    if (exercise?.part !== 'starter' && exercise?.part !== 'solution') return;
    const to = this.#kernel.log.length;
    this.#last.set(
      exercise.name,
      new Attempt(this.#kernel, { from: begin, to, ok: error === '', value, error, printed }),
    );
  }

  /** `check` and `attempt`, which work in check cells and say so elsewhere. */
  globals(): Record<string, unknown> {
    return {
      /** Records whether a demand is met: {@link Checks.check}. */
      check: (name: string, condition: unknown, message?: string) => this.#checks().check(name, condition, message),
      /** The last run of the exercise's starter or solution: {@link Attempt}. */
      attempt: new Proxy(Object.freeze({}), {
        get: (_, key) => {
          const target = this.#attempt();
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
    };
  }

  #checks(): Checks {
    const checks = this.#running()?.checks;
    if (!checks) throw new Error('check() belongs in the check cell of an exercise');
    return checks;
  }

  #attempt(): Attempt {
    const run = this.#running();
    const name = run?.checks && run.cell.exercise?.name;
    if (name === undefined) throw new Error('attempt is known in the check cell of an exercise only');
    const attempt = this.#last.get(name);
    if (!attempt) throw new Error(`Run the starter cell of exercise '${name}' first: there is nothing to check yet.`);
    return attempt;
  }
}
