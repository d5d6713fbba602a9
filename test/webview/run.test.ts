import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instantOf, keyTarget, makeRun, notable, type Run, sentenceAt } from '../../webview/run.ts';
import { count, elide, shortTime } from '../../webview/words.ts';
import { wholeLife } from './samples.ts';

describe('the cursor of a run', () => {
  let run: Run;
  before(async () => {
    const sample = await wholeLife();
    run = makeRun(sample.header, sample.log);
  });

  it('steps through every instant from Home to End and back', () => {
    let at = keyTarget(run, run.instants.at(-1) as number, 'Home') as number;
    const seen = [at];
    while (at !== run.instants.at(-1)) seen.push((at = keyTarget(run, at, 'ArrowRight') as number));
    assert.deepEqual(seen, run.instants);
    for (const before of seen.toReversed().slice(1)) {
      at = keyTarget(run, at, 'ArrowLeft') as number;
      assert.equal(at, before);
    }
    assert.equal(keyTarget(run, at, 'ArrowLeft'), at, 'stays at the start');
    assert.equal(keyTarget(run, at, 'End'), run.log.length);
  });

  it('jumps from one notable event to the next', () => {
    let at = run.instants[0] as number;
    for (const mark of new Set(run.marks.map((each) => each.at).filter((each) => each > at))) {
      at = keyTarget(run, at, 'PageUp') as number;
      assert.equal(at, mark);
    }
    assert.equal(notable(run, at, 1), run.instants.at(-1));
    assert.equal(keyTarget(run, at, 'x'), undefined);
  });

  it('between two instants belongs to the one before', () => {
    const instants = fc.uniqueArray(fc.nat(1000), { minLength: 1 }).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(instants, fc.nat(1000), (all, at) => {
        const index = instantOf({ instants: all }, at);
        const expected = all.findLastIndex((each) => each <= at);
        assert.equal(index, Math.max(0, expected));
      }),
    );
  });

  it('tells what happened', () => {
    const syn = run.marks.find((mark) => mark.kind === 'handshake');
    assert.match(sentenceAt(run.log, syn?.at ?? 0), /client.*SYN/);
    assert.match(sentenceAt(run.log, 0), /nothing/);
  });
});

describe('words', () => {
  it('of times, in the unit that suits them', () => {
    assert.deepEqual([0, 999, 1500, 20_012_345, 60e9].map(shortTime), ['0', '999 ns', '1.5 µs', '20.012 ms', '60 s']);
  });
  it('of counts, in groups of three', () => {
    assert.deepEqual([0, 999, 1000, 65_535, 1_234_567].map(count), ['0', '999', '1,000', '65,535', '1,234,567']);
  });
  it('of calls, cut in their arguments', () => {
    assert.equal(elide('connect(3, 10.0.0.2:8080)', 16), 'connect(3, 10.…)');
    assert.equal(elide('close(3)', 16), 'close(3)');
    for (let room = 0; room < 30; room++)
      assert.ok(elide('connect(3, 10.0.0.2:8080)', room).length <= room || room > 24);
  });
});
