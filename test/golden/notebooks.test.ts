/** Every notebook, run headless: it succeeds, tells what it told before, and leaves the same log twice. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { socknb } from '../../src/cli/socknb.ts';
import { spawner } from '../session/bundle.ts';
import { assertGolden } from './golden.ts';
import { FOLDER, logOf, NOTEBOOKS } from './log.ts';

describe('notebooks', function () {
  this.timeout(60_000);

  it('are there', () => assert.ok(NOTEBOOKS.length > 0));

  for (const name of NOTEBOOKS) {
    it(`${name} runs, and tells what it told before`, async () => {
      const told: string[] = [];
      const spawn = await spawner();
      const out = (text: string) => told.push(text);
      const code = await socknb(['run', join(FOLDER, name)], { out, err: out, spawn, onInterrupt: () => () => {} });
      assert.equal(code, 0, told.slice(-20).join(''));
      assertGolden(name.replace(/\.socknb$/, ''), told.join(''));
    });

    it(`${name} runs on the real kernel, too`, async function () {
      if (process.platform !== 'linux') this.skip();
      const told: string[] = [];
      const out = (text: string) => told.push(text);
      const io = { out, err: out, spawn: await spawner(), onInterrupt: () => () => {} };
      assert.equal(await socknb(['run', join(FOLDER, name), '--kernel', 'loopback'], io), 0, told.slice(-20).join(''));
    });

    it(`${name} leaves the same log twice, byte for byte`, async () => {
      const [first, second] = [await logOf(name), await logOf(name)];
      assert.ok(first.length > 1000);
      assert.ok(Buffer.from(first).equals(second));
    });

    it(`${name}: each solution passes its check, each starter does not`, async () => {
      const told: string[] = [];
      const out = (text: string) => told.push(text);
      const io = { out, err: out, spawn: await spawner(), onInterrupt: () => () => {} };
      assert.equal(await socknb(['verify', join(FOLDER, name)], io), 0, told.join(''));
    });
  }
});
