/** When an unanswered connection is given up, and with which error. */
import assert from 'node:assert/strict';
import { ms, s } from '../../../src/sim/base/time.ts';
import { RST } from '../../../src/sim/wire/tcp.ts';
import { Duo } from './duo.ts';

/** A duo whose end b has fallen silent, with data of a on its way. */
function silent(settings = {}): Duo {
  const duo = Duo.established(settings);
  duo.drop = () => true;
  duo.write('a', 'x');
  return duo;
}

/** Seconds until end a is closed, to a tenth. */
function patience(duo: Duo): number {
  const start = duo.now;
  for (let i = 0; duo.a.state !== 'CLOSED' && i < 20_000; i++) duo.pass(ms(100));
  return Math.round((duo.now - start) / 1e8) / 10;
}

describe('giving up', () => {
  it('comes 924.6 s after the first retransmission with tcp_retries2 of 15, at the timeout that follows', () => {
    const duo = silent();
    const took = patience(duo);
    assert.ok(took > 924.6 && took < 924.6 + 121, `${took} s`);
    assert.deepEqual(duo.errors('a'), ['ETIMEDOUT']);
  });

  it('comes sooner for an orphan, and with tcp_orphan_retries', () => {
    const eight = patience(silent().close('a'));
    const two = patience(silent({ orphanRetries: 2 }).close('a'));
    assert.ok(eight > 100 && eight < 220, `${eight} s`);
    assert.ok(two > 1.4 && two < 4, `${two} s`);
  });

  it('tells what an ICMP message said went wrong, unless the peer has answered since', () => {
    const told = silent();
    told.a.softError = 'EHOSTUNREACH';
    patience(told);
    assert.deepEqual(told.errors('a'), ['EHOSTUNREACH']);
    const answered = silent();
    answered.a.softError = 'EHOSTUNREACH';
    answered.drop = () => false;
    answered.pass(s(1));
    answered.drop = () => true;
    answered.write('a', 'y');
    patience(answered);
    assert.deepEqual(answered.errors('a'), ['ETIMEDOUT']);
  });

  it('of a closed window comes with the number of probes that nobody answers, and sends no reset', () => {
    const duo = Duo.established({ retries2: 3 }, { receive: 2304 });
    duo.write('a', new Uint8Array(20_000));
    duo.pass(s(1));
    duo.drop = () => true;
    duo.sent.length = 0;
    patience(duo);
    assert.deepEqual(duo.errors('a'), ['ETIMEDOUT']);
    assert.ok(duo.sent.every(({ segment }) => (segment.flags & RST) === 0));
  });

  it('of a closed window never comes while the peer answers', () => {
    const duo = Duo.established({ retries2: 3 }, { receive: 2304 });
    duo.write('a', new Uint8Array(20_000));
    duo.pass(s(7200));
    assert.equal(duo.a.state, 'ESTABLISHED');
    assert.ok(duo.read('b').length > 0);
  });

  it('of an orphan is at once when too many are kept already', () => {
    const duo = silent({ maxOrphans: 1, totals: { orphans: 1, timeWaits: 0 } });
    duo.close('a');
    assert.equal(duo.a.state, 'CLOSED');
    assert.equal((duo.sent.at(-1)?.segment.flags ?? 0) & RST, RST);
  });

  it('leaves the host’s counts as they were', () => {
    const totals = { orphans: 0, timeWaits: 0 };
    const duo = Duo.established({ totals });
    duo.close('a');
    assert.deepEqual(totals, { orphans: 1, timeWaits: 0 });
    duo.pass(ms(100));
    assert.deepEqual(totals, { orphans: 0, timeWaits: 1 });
    duo.close('b').pass(s(1));
    assert.deepEqual(totals, { orphans: 0, timeWaits: 1 });
    duo.pass(s(61));
    assert.deepEqual(totals, { orphans: 0, timeWaits: 0 });
  });
});
