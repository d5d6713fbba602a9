import assert from 'node:assert/strict';
import { failureText, world } from './worlds.ts';

/** The worlds of every run: the same ones, so that a failure is a change of the code. `npm run fuzz` plays others. */
const WORLDS = 5000;
const GROUP = 1000;

describe('random worlds', () => {
  for (let from = 0; from < WORLDS; from += GROUP) {
    it(`worlds ${from} to ${from + GROUP - 1} keep every rule`, async function () {
      this.timeout(600_000);
      for (let seed = from; seed < from + GROUP; seed++) {
        const failure = await world(seed);
        if (failure) assert.fail(failureText(failure));
      }
    });
  }
});
