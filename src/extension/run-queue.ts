/**
 * The order in which the cells of one notebook run: one at a time, as asked for, and none after one that failed.
 *
 * Guarantees: of every job that is added exactly one of `run` and `skip` is called, once. Knows nothing of cells.
 */

export interface Job {
  /** Runs to its end. Resolves to whether the jobs behind it may run. Must not reject. */
  run(): Promise<boolean>;
  /** Called instead of `run`: a job before it failed, or it was taken out. */
  skip(): void;
}

export class RunQueue {
  #waiting: Job[] = [];
  /** The work under way; undefined when nothing runs. */
  #working: Promise<void> | undefined;

  /** Adds jobs behind those that wait. @returns {@link idle} */
  add(jobs: readonly Job[]): Promise<void> {
    this.#waiting.push(...jobs);
    if (!this.#working && jobs.length > 0) this.#working = this.#work();
    return this.idle();
  }

  /** Resolves when nothing runs and nothing waits any more. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** Takes a waiting job out. Without effect on one that runs or has run. */
  remove(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    job.skip();
  }

  /** Takes all waiting jobs out. */
  clear(): void {
    for (const job of this.#waiting.splice(0)) job.skip();
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      if (!(await job.run())) this.clear();
    }
    this.#working = undefined;
  }
}
