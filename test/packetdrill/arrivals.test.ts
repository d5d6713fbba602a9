/** The oracle's random scripts: what the simulator predicts is what it does. Whether the kernel does it, the oracle asks. */
import assert from 'node:assert/strict';
import { run } from '../../src/packetdrill/run.ts';
import { arrivals } from './arrivals.ts';

describe('random arrivals', () => {
  it('are scripts that the simulator passes, as it wrote their answers', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { outcome } = run(arrivals(seed));
      assert.equal(outcome.end, 'passed', `seed ${seed}: ${JSON.stringify(outcome)}`);
    }
  });

  it('are the same for the same seed', () => assert.equal(arrivals(7), arrivals(7)));
});
