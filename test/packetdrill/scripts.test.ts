/**
 * Our own scripts, one rule each. Each was run against a real kernel by the real packetdrill: its header says with which it
 * agrees. So a script that fails here shows where the simulator differs from Linux.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODES, type Mode } from '../../src/packetdrill/modes.ts';
import { asText } from '../../src/packetdrill/report.ts';
import { run } from '../../src/packetdrill/run.ts';
import { ZERO } from '../../src/sim/base/time.ts';

const FOLDER = join(import.meta.dirname, 'scripts');
const scripts = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .map((name) => name.replaceAll('\\', '/'))
  .sort();

/** Where the simulator differs from Linux for now. A script that passes must leave this table. */
const DIFFERS: Readonly<Record<string, string>> = {};

/** Whether a script is for this version of IP: it may say so in its name, or by an IPv4 address. The oracle has the same rule. */
function runsOver(name: string, mode: Mode): boolean {
  if (name.endsWith(mode.others)) return false;
  return mode !== MODES.ipv6 || !/\b\d+\.\d+\.\d+\.\d+\b/.test(readFileSync(join(FOLDER, name), 'utf8'));
}

describe('own packetdrill scripts', () => {
  it('are there', () => assert.ok(scripts.length >= 80));

  it('say what they show and with which kernel they agree', () => {
    for (const name of scripts) {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      assert.match(text, /^\/\/ \S.*\n(?:\/\/ .*\n)*\/\/ Agrees with Linux \d+\.\d+\.\n\n/, name);
    }
  });

  for (const [version, mode] of Object.entries(MODES)) {
    describe(`over ${version}`, () => {
      for (const name of scripts.filter((one) => runsOver(one, mode))) {
        const differs = DIFFERS[name];
        it(differs ? `${name} differs: ${differs}` : `${name} agrees with Linux`, () => {
          const { outcome, log } = run(readFileSync(join(FOLDER, name), 'utf8'), { mode });
          const told = asText({ file: name, outcome, took: log?.now ?? ZERO });
          assert.equal(outcome.end, differs ? 'failed' : 'passed', told);
        });
      }
    });
  }

  it('run alike under any seed', () => {
    for (const name of scripts) {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      const mode = name.endsWith(MODES.ipv4.others) ? MODES.ipv6 : MODES.ipv4;
      assert.deepEqual(run(text, { mode, seed: 99 }).outcome, run(text, { mode }).outcome, name);
    }
  });

  it('and the list of differences names nothing that is not there', () => {
    for (const name of Object.keys(DIFFERS)) assert.ok(scripts.includes(name), name);
  });
});
