/**
 * Mocha's own report on the screen, and the counts in the file that COUNTS names, for the driver in run.mjs. The file
 * is written at the very end, so a run that crashed leaves none.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

const { Dot, Spec } = Mocha.reporters;

/** @param {typeof Dot | typeof Spec} Base */
const counting = (Base) =>
  class extends Base {
    /**
     * @param {Mocha.Runner} runner
     * @param {Mocha.MochaOptions} options
     */
    constructor(runner, options) {
      super(runner, options);
      runner.once('end', () => {
        const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
        if (process.env.COUNTS) writeFileSync(process.env.COUNTS, JSON.stringify({ passes, failures, pending }));
      });
    }
  };

export default counting(process.env.REPORT === 'spec' ? Spec : Dot);
