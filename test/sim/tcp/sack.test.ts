/**
 * Reading SACK: whatever a peer claims (blocks that cut records, that lie, that take back what they said), the block stays
 * sound; and what plain peers say is understood.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seqDiff } from '../../../src/sim/base/seq.ts';
import { ms } from '../../../src/sim/base/time.ts';
import { inFlight } from '../../../src/sim/tcp/segmentation.ts';
import { LOST, SACKED } from '../../../src/sim/tcp/send-queue.ts';
import { ACK, ECE } from '../../../src/sim/wire/tcp.ts';
import { ackOf, Duo } from './duo.ts';
import { checkBlock, records } from './invariants.ts';

const MSS = 1460;
/** b never hears of what a sends: the test speaks for it. */
function deaf(sack = true, settings = {}): Duo {
  const duo = Duo.established({ sack, timestamps: false, ...settings }, { send: 1_000_000 });
  duo.drop = ({ from }) => from === 'a';
  return duo;
}

/** Which segments of the stream are held, and which presumed lost: a letter each (h, L, .), from SND.UNA on. */
function scoreboard({ a }: Duo): string {
  return records(a.queue.sent)
    .map(({ marks, segs }) => (marks & SACKED ? 'h' : marks & LOST ? 'L' : '.').repeat(segs))
    .join('');
}

describe('tcp/sack', () => {
  it('marks what the blocks cover, in any order, once', () => {
    const duo = deaf();
    duo.write('a', new Uint8Array(10 * MSS));
    duo.inject('a', ackOf(duo, 0, [[4 * MSS, 5 * MSS]]));
    assert.equal(scoreboard(duo), '....h.....');
    const both: [number, number][] = [
      [8 * MSS, 10 * MSS],
      [4 * MSS, 5 * MSS],
    ];
    duo.inject('a', ackOf(duo, 0, both));
    assert.deepEqual([scoreboard(duo), duo.a.counts.sackedOut], ['LLLLhLLLhh', 3]);
    duo.inject('a', ackOf(duo, 0, both));
    assert.equal(duo.a.counts.sackedOut, 3);
  });

  it('cuts a packet of several segments at whole segments', () => {
    const duo = deaf();
    duo.write('a', new Uint8Array(10 * MSS));
    const half = MSS / 2;
    duo.inject('a', ackOf(duo, 0, [[2 * MSS - half, 4 * MSS + half]]));
    assert.equal(scoreboard(duo), '..hh......', 'part of a segment is not held');
    checkBlock(duo.a);
  });

  it('joins held neighbours into one record', () => {
    const duo = deaf();
    duo.write('a', new Uint8Array(10 * MSS));
    const before = records(duo.a.queue.sent).length;
    for (let i = 2; i < 10; i++) duo.inject('a', ackOf(duo, 0, [[MSS, i * MSS]]));
    const sent = records(duo.a.queue.sent);
    assert.ok(before > 2);
    assert.deepEqual(
      sent.filter(({ marks }) => marks & SACKED).map(({ segs }) => segs),
      [8],
    );
    checkBlock(duo.a);
  });

  it('does not believe blocks beyond what was sent, empty ones, or those below SND.UNA', () => {
    const duo = deaf();
    duo.write('a', new Uint8Array(4 * MSS));
    const lies: [number, number][] = [
      [3 * MSS, 5 * MSS],
      [2 * MSS, 2 * MSS],
      [3 * MSS, 2 * MSS],
    ];
    for (const lie of lies) duo.inject('a', ackOf(duo, 0, [lie]));
    assert.equal(duo.a.counts.sackedOut, 0);
    checkBlock(duo.a);
  });

  it('an old ACK brings new blocks all the same', () => {
    const duo = deaf();
    duo.write('a', new Uint8Array(6 * MSS));
    duo.inject('a', ackOf(duo, 2 * MSS));
    duo.inject('a', ackOf(duo, MSS, [[4 * MSS, 5 * MSS]]));
    assert.equal(scoreboard(duo), '..h.');
  });

  it('a peer that takes back what it held loses its word at the timeout', () => {
    const duo = deaf();
    duo.write('a', new Uint8Array(6 * MSS));
    duo.inject('a', ackOf(duo, 0, [[MSS, 4 * MSS]]));
    duo.inject('a', ackOf(duo, MSS));
    assert.equal(scoreboard(duo).startsWith('hhh'), true, 'acknowledged up to what it holds: it must have dropped it');
    duo.pass(ms(30));
    assert.equal(duo.a.counts.sackedOut, 0);
    assert.equal(duo.a.cc.state, 'Loss');
    checkBlock(duo.a);
  });

  const claim = fc.record({
    /** Milliseconds before it comes. */
    after: fc.constantFrom(0, 0, 1, 20, 300),
    /** How much of what is outstanding it acknowledges, in hundredths. */
    ack: fc.oneof(fc.constant(0), fc.integer({ min: -20, max: 100 })),
    whole: fc.boolean(),
    blocks: fc.array(fc.tuple(fc.integer({ min: -20, max: 110 }), fc.integer({ min: 0, max: 60 })), { maxLength: 4 }),
    ece: fc.boolean(),
    window: fc.constantFrom(65_535, 65_535, 3000, 0),
    write: fc.constantFrom(0, 0, 100, 1460, 5000, 30_000),
  });

  it('stays sound whatever the peer claims', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.array(claim, { minLength: 1, maxLength: 40 }),
        (sack, collapse, frto, claims) => {
          const duo = deaf(sack, { retransCollapse: collapse, frto, ecn: 1 });
          duo.watch = (end) => checkBlock(duo.tcb(end));
          duo.write('a', new Uint8Array(20_000));
          for (const { after, ack, whole, blocks, ece, window, write } of claims) {
            duo.pass(ms(after));
            if (duo.a.state !== 'ESTABLISHED') return;
            if (write > 0) duo.write('a', new Uint8Array(write));
            const una = seqDiff(duo.a.snd.una, duo.a.iss) - 1;
            const out = seqDiff(duo.a.snd.nxt, duo.a.snd.una);
            const place = (hundredths: number): number => {
              const at = una + Math.trunc((out * hundredths) / 100);
              return whole ? at - (at % MSS) : at;
            };
            const acked = Math.min(place(ack), una + out);
            const given = blocks.map(([from, size]) => [place(from), place(from + size)] as const);
            duo.inject('a', ackOf(duo, acked, sack ? given : [], { window, flags: ece ? ACK | ECE : ACK }));
            assert.ok(inFlight(duo.a) >= 0);
          }
        },
      ),
      { numRuns: Number(process.env.CLAIMS ?? 300) },
    );
  });
});
