/** Captures in the eyes of tshark: of all notebooks, of our packetdrill scripts, and of random worlds. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/packetdrill/run.ts';
import type { Impairments } from '../../src/sim/net/link.ts';
import { decode } from '../../src/sim/trace/codec.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { factsOf } from '../../src/views/facts.ts';
import { play } from '../fuzz/play.ts';
import { planOf } from '../fuzz/worlds.ts';
import { logOf, NOTEBOOKS } from '../golden/log.ts';
import { ROOT } from '../session/bundle.ts';
import { AGREEMENTS } from './agreement.ts';
import { FLAGS } from './analyst.ts';
import { judge, type Sample, type Verdict } from './judge.ts';
import { readPcapng } from './reader.ts';
import { SCRIPTS } from './thumb.ts';

const WORLDS = 500;
const FOLDER = join(ROOT, 'test/packetdrill/scripts');

const allHosts = (label: string, log: Log): Sample[] => factsOf(log).hosts.map(({ host }) => ({ label, log, host }));

async function notebooks(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const name of NOTEBOOKS) {
    const decoded = decode(await logOf(name));
    assert.ok(decoded.ok);
    samples.push(...allHosts(name, decoded.log));
  }
  return samples;
}

/** @param first a line before each script */
function scripts(first = ''): Sample[] {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pkt'));
  return names.sort().flatMap((name) => {
    const { log } = run(first + readFileSync(join(FOLDER, name), 'utf8'));
    return log ? [{ label: name, log, host: 0 }] : [];
  });
}

/** What links do to packets beside losing them, by turns. */
const IMPAIRMENTS: readonly Impairments[] = [
  {},
  { duplicate: 0.05 },
  { reorder: 0.1, gap: 3 },
  { corrupt: 0.03 },
  { duplicate: 0.02, reorder: 0.02, corrupt: 0.01 },
];
/** One world in so many has a router that forwards less than the hosts send. */
const ROUTER = 7;

async function worlds(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let seed = 1; seed <= WORLDS; seed++) {
    const plan = planOf(seed);
    const pathMtu = seed % ROUTER === 0 ? Math.ceil(plan.path.mtu * 0.9) : plan.path.mtu;
    const path = { ...plan.path, ...IMPAIRMENTS[seed % IMPAIRMENTS.length], pathMtu };
    samples.push(...allHosts(`world ${seed}`, (await play({ ...plan, path })).log));
  }
  return samples;
}

function assertRight({ faults, packets }: Verdict): void {
  const shown = faults.slice(0, 10).join('\n');
  assert.equal(faults.length, 0, `${faults.length} faults in ${packets} packets:\n${shown}`);
}

describe('captures, as tshark sees them', function () {
  this.timeout(300_000);
  const verdicts: Verdict[] = [];
  const right = async (samples: readonly Sample[]): Promise<Verdict> => {
    const verdict = await judge(samples);
    verdicts.push(verdict);
    assertRight(verdict);
    return verdict;
  };

  it('of every notebook, at every host: whole, and of one mind with the log', async () => {
    assert.ok((await right(await notebooks())).packets > 100);
  });

  it('of every packetdrill script of ours', async () => {
    assert.ok((await right(scripts())).packets > 400);
  });

  it('of the same scripts over IPv6', async () => {
    assert.ok((await right(scripts('--ip_version=ipv6\n'))).packets > 400);
  });

  it(`of ${WORLDS} random worlds`, async () => {
    assert.ok((await right(await worlds())).packets > 10 * WORLDS);
  });

  it('say everything that tshark can say', () => {
    const said = new Set(verdicts.flatMap((verdict) => [...verdict.flags.keys()]));
    assert.deepEqual(
      FLAGS.filter((flag) => !said.has(flag) && flag !== 'zero_window_probe_ack'), // Linux probes with old bytes
      [],
    );
  });

  it('mean something else than the log only where a rule of thumb of tshark says so, and each such rule is shown', async () => {
    const named = new Set(AGREEMENTS.flatMap(({ but }) => but.map(({ name }) => name)));
    assert.deepEqual([...named].sort(), Object.keys(SCRIPTS).sort());
    for (const [name, text] of Object.entries(SCRIPTS)) {
      const { outcome, log } = run(text);
      assert.equal(outcome.end, 'passed', `${name}: ${JSON.stringify(outcome)}`);
      const { faults, exceptions } = await judge([{ label: name, log: log as Log, host: 0 }]);
      assert.deepEqual(faults, [], name);
      assert.ok(
        [...exceptions.keys()].some((exception) => exception.endsWith(`: ${name}`)),
        name,
      );
    }
  });
});

describe('the judge of captures', () => {
  const faultsOf = async (change: (file: Uint8Array) => Uint8Array): Promise<string> => {
    const sample = scripts().find(({ label }) => label === 'loss/fast-retransmit.pkt');
    assert.ok(sample);
    return (await judge([sample], change)).faults.join('\n');
  };
  const packetOf = (file: Uint8Array, i: number): Buffer => readPcapng(file).packets[i]?.bytes as Buffer;

  it('finds nothing where nothing is wrong', async () => assert.equal(await faultsOf((file) => file), ''));

  it('notices a changed byte of data, of a header, and of an option', async () => {
    const flip = (i: number, at: number) => (file: Uint8Array) => {
      const packet = packetOf(file, i);
      packet[at] = (packet[at] as number) ^ 1;
      return file;
    };
    assert.match(await faultsOf(flip(5, 60)), /frame 6: transport checksum/);
    assert.match(await faultsOf(flip(5, 8)), /frame 6: IP checksum/);
    assert.match(await faultsOf(flip(0, 41)), /frame 1: transport checksum/);
  });

  it('notices a packet that is missing, and one at the wrong time', async () => {
    assert.match(await faultsOf((file) => cut(file, 4)), /packet \d+ of the log is \d+ in the capture/);
    // the packet sent again, a second later: too late for a fast retransmission
    const late = await faultsOf((file) => {
      const bytes = packetOf(file, 10);
      const time = Buffer.from(bytes.buffer, bytes.byteOffset - 16, 8);
      time.writeBigUInt64BE(time.readBigUInt64BE() + 1_000_000_000n);
      return file;
    });
    assert.match(late, /frame 11: tshark says \[retransmission\], its rules say \[fast_retransmission/);
  });
});

/** The file without its packet number `i`. */
function cut(file: Uint8Array, i: number): Uint8Array {
  const bytes = Buffer.from(file);
  let seen = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    if (bytes.readUInt32BE(at) === 6 && seen++ === i)
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    at += length;
  }
  return assert.fail('no such packet');
}
