/**
 * Our own scripts, one rule each. Each was run against a real kernel by the real packetdrill: its header says with which it
 * agrees. So a script that fails here shows where the simulator differs from Linux.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asText } from '../../src/packetdrill/report.ts';
import { run } from '../../src/packetdrill/run.ts';
import { ZERO } from '../../src/sim/base/time.ts';

const FOLDER = join(import.meta.dirname, 'scripts');
const scripts = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .map((name) => name.replaceAll('\\', '/'))
  .sort();

/** Where the simulator differs from Linux for now. A script that passes must leave this table. */
const DIFFERS: Readonly<Record<string, string>> = {
  'ack/early-again.pkt': 'data above a hole that comes twice is not told as a duplicate',
  'ack/early-overlap.pkt': 'data above a hole that overlaps is not told as a duplicate',
  'ack/overlap.pkt': 'old data in front of new data is not told as a duplicate',
  'ack/quickack-unread.pkt': 'TCP_QUICKACK acknowledges at once although data waits to be read',
  'close/early-fin.pkt': 'the SACK block of a FIN above a hole leaves out the FIN: a bare FIN has none',
  'handshake/connect-again.pkt': 'the first connect() after a handshake in the background gives EISCONN, not 0',
  'handshake/fin-on-ack.pkt': 'a FIN on the ACK that completes the handshake keeps accept() waiting',
  'handshake/simultaneous.pkt': "the SYN,ACK of a simultaneous open is cut down to the peer's options",
  'loss/fast-retransmit.pkt': 'a segment sent again loses the PSH that it had',
  'loss/probe.pkt': 'a segment sent again loses the PSH that it had',
  'reset/ack-of-nothing.pkt': 'an acknowledgement of what was never sent is not answered',
  'reset/close-early-data.pkt': 'close() resets for data above a hole, which nobody could have read',
  'reset/refused-wrong-ack.pkt': 'after a reset with a wrong acknowledgement the SYN waits for its RTO, not two ticks',
  'send/blocked-handshake.pkt': 'a write that waits for the handshake sends its data behind the ACK, not on it',
  'send/tiny-mss.pkt': 'an MSS that leaves no room for data is taken as it is (a RangeError), not as tcp_min_snd_mss',
  'window/partial.pkt': 'what fits the window waits for a full segment; Linux cuts it to the window',
};

describe('own packetdrill scripts', () => {
  it('are there', () => assert.ok(scripts.length >= 80));

  it('say what they show and with which kernel they agree', () => {
    for (const name of scripts) {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      assert.match(text, /^\/\/ \S.*\n(?:\/\/ .*\n)*\/\/ Agrees with Linux \d+\.\d+\.\n\n/, name);
    }
  });

  for (const name of scripts) {
    const differs = DIFFERS[name];
    it(differs ? `${name} differs: ${differs}` : `${name} agrees with Linux`, () => {
      const { outcome, log } = run(readFileSync(join(FOLDER, name), 'utf8'));
      const told = asText({ file: name, outcome, took: log?.now ?? ZERO });
      assert.equal(outcome.end, differs ? 'failed' : 'passed', told);
    });
  }

  it('run alike under any seed', () => {
    for (const name of scripts) {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      assert.deepEqual(run(text, { seed: 99 }).outcome, run(text).outcome, name);
    }
  });

  it('and the list of differences names nothing that is not there', () => {
    for (const name of Object.keys(DIFFERS)) assert.ok(scripts.includes(name), name);
  });
});
