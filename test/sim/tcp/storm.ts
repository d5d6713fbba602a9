/**
 * Connections through networks that lose, copy, reorder and mark at random: after every turn both blocks are sound
 * (invariants.ts), and in the end every byte has arrived once and in order.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { equalBytes } from '../../../src/sim/base/bytes.ts';
import { Rng } from '../../../src/sim/base/rng.ts';
import { ms, s, type Time } from '../../../src/sim/base/time.ts';
import { setNoDelay } from '../../../src/sim/tcp/calls.ts';
import { change, find } from '../../../src/sim/tcp/congestion/registry.ts';
import { available } from '../../../src/sim/tcp/receive/read.ts';
import { push, type SendFlags } from '../../../src/sim/tcp/send.ts';
import type { Settings } from '../../../src/sim/tcp/settings.ts';
import { Duo, type EndName } from './duo.ts';
import { checkBlock } from './invariants.ts';

const pattern = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 255);

/** What the network does to the segments that leave in the first `until` seconds, in parts of a thousand. */
const weather = fc.record({
  seed: fc.nat(),
  loss: fc.constantFrom(0, 10, 50, 200, 500),
  ackLoss: fc.constantFrom(0, 50, 300),
  copies: fc.constantFrom(0, 20, 200),
  late: fc.constantFrom(0, 50, 300),
  /** Milliseconds by which a segment may be late. */
  lateness: fc.constantFrom(1, 5, 30, 300),
  marks: fc.constantFrom(0, 0, 50, 400),
  until: fc.constantFrom(1, 10),
});

const settings = fc.record({
  sack: fc.boolean(),
  timestamps: fc.boolean(),
  windowScaling: fc.boolean(),
  frto: fc.boolean(),
  lossProbes: fc.boolean(),
  retransCollapse: fc.boolean(),
  ecn: fc.constantFrom(0, 1),
  mss: fc.constantFrom(1460, 536, 8960),
  recovery: fc.constantFrom(1, 3, 5),
  initialCwnd: fc.constantFrom(10, 2, 40),
});

const write = fc.record({
  from: fc.constantFrom<EndName>('a', 'a', 'a', 'b'),
  size: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 60_000 })),
  more: fc.boolean(),
  eor: fc.boolean(),
  /** Milliseconds until the next one. */
  pause: fc.constantFrom(0, 0, 1, 15, 400),
});

const program = fc.record({
  writes: fc.array(write, { minLength: 1, maxLength: 8 }),
  send: fc.constantFrom(20_000, 87_040, 500_000),
  receive: fc.constantFrom(undefined, 24_000, 65_536),
  noDelay: fc.boolean(),
  cork: fc.boolean(),
  control: fc.constantFrom('reno', 'cubic', 'bbr'),
  rtt: fc.constantFrom(0.1, 5, 50),
});

type Weather = typeof weather extends fc.Arbitrary<infer T> ? T : never;
type Program = typeof program extends fc.Arbitrary<infer T> ? T : never;

function blow(duo: Duo, wind: Weather): void {
  const rng = new Rng(wind.seed, 'storm');
  const start = duo.now;
  const over = () => duo.now - start >= s(wind.until);
  const chance = (part: number) => part > 0 && rng.below(1000) < part;
  duo.drop = ({ segment }) => !over() && chance(segment.payload.length > 0 ? wind.loss : wind.ackLoss);
  duo.marks = () => !over() && chance(wind.marks);
  const after = (): Time =>
    !over() && chance(wind.late) ? ((duo.delay + ms(rng.below(wind.lateness * 100) / 100)) as Time) : duo.delay;
  duo.copies = () => (!over() && chance(wind.copies) ? [after(), after()] : [after()]);
}

/** Plays the writes, then closes both ends; reads whatever is there every few milliseconds. */
function play(duo: Duo, { writes, noDelay, cork, control }: Program): void {
  const written: Record<EndName, Uint8Array[]> = { a: [], b: [] };
  const arrived: Record<EndName, Uint8Array[]> = { a: [], b: [] };
  const readAll = () => {
    for (const end of ['a', 'b'] as const) {
      const there = available(duo.tcb(end));
      if (there > 0) arrived[end].push(duo.read(end, there));
    }
  };
  const pass = (time: Time) => {
    const steps = time > ms(500) ? 40 : 4;
    for (let i = 0; i < steps; i++) {
      duo.pass((time / steps) as Time);
      readAll();
    }
  };
  for (const end of ['a', 'b'] as const) {
    const found = find(control);
    if (found) change(duo.tcb(end), found, duo.now);
    if (noDelay) duo.obey(end, setNoDelay(duo.tcb(end), true, duo.now));
    duo.tcb(end).opts.cork = cork;
  }
  for (const { from, size, pause, ...flags } of writes) {
    const bytes = pattern(size);
    const peer = from === 'a' ? 'b' : 'a';
    let at = 0;
    for (let tries = 0; at < size && tries < 2000; tries++) {
      const n = duo.write(from, bytes.subarray(at), flags as SendFlags);
      if (n > 0) written[peer].push(bytes.subarray(at, at + n));
      at += n;
      if (at < size) pass(ms(20));
    }
    assert.equal(at, size, 'the buffer takes it all in the end');
    if (pause > 0) pass(ms(pause));
  }
  for (const end of ['a', 'b'] as const) {
    duo.tcb(end).opts.cork = false;
    duo.obey(end, push(duo.tcb(end), duo.now));
  }
  for (const end of ['a', 'b'] as const) duo.shutdown(end);
  for (let i = 0; i < 60; i++) pass(s(2 ** Math.min(i / 4, 6)));
  const join = (parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  for (const end of ['a', 'b'] as const)
    assert.ok(equalBytes(join(arrived[end]), join(written[end])), `${end} read all`);
}

/** Plays a program through a network, from the SYN to the last FIN. */
export function storm(wind: Weather, given: Partial<Settings>, plan: Program): Duo {
  const duo = new Duo(given, { send: plan.send, ...(plan.receive ? { receive: plan.receive } : {}) });
  duo.delay = ms(plan.rtt / 2);
  duo.watch = (end) => checkBlock(duo.tcb(end));
  blow(duo, wind);
  duo.listen().connect();
  for (let i = 0; i < 400 && duo.states.join() !== 'ESTABLISHED,ESTABLISHED'; i++) duo.pass(ms(100));
  assert.deepEqual(duo.states, ['ESTABLISHED', 'ESTABLISHED']);
  play(duo, plan);
  return duo;
}
/** What can be asked of {@link storm}. */
export const storms = fc.tuple(weather, settings, program);
