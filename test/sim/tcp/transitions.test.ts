import assert from 'node:assert/strict';
import { SimBug } from '../../../src/sim/base/bug.ts';
import { EMPTY } from '../../../src/sim/base/bytes.ts';
import { seqAdd } from '../../../src/sim/base/seq.ts';
import { ms, s } from '../../../src/sim/base/time.ts';
import { abort, listenerGone } from '../../../src/sim/tcp/calls.ts';
import { errorArrives, requestRefused } from '../../../src/sim/tcp/icmp.ts';
import { TRANSITIONS } from '../../../src/sim/tcp/states.ts';
import { makeWay } from '../../../src/sim/tcp/time-wait.ts';
import { nextTimer, noTimers } from '../../../src/sim/tcp/timers.ts';
import { begin, enter } from '../../../src/sim/tcp/turn.ts';
import { ACK, RST, type Segment, SYN } from '../../../src/sim/wire/tcp.ts';
import { Duo, rowText, taken } from './duo.ts';

/** A bare segment to `to`, in sequence, with these flags. */
function bare(duo: Duo, to: 'a' | 'b', flags: number, override: Partial<Segment> = {}): Segment {
  const tcb = duo.tcb(to);
  return {
    srcPort: tcb.remote.port,
    dstPort: tcb.local.port,
    seq: tcb.rcv.nxt,
    ack: tcb.snd.nxt,
    flags,
    window: 64,
    urgent: 0,
    options: {},
    payload: EMPTY,
    ...override,
  };
}

/** An end in a given state, reached by rules alone. */
const REACH = {
  'SYN-SENT': () => new Duo().connect(),
  'SYN-RECEIVED': () => {
    const duo = new Duo().listen();
    duo.drop = ({ from }) => from === 'b';
    return duo.connect().pass(ms(15));
  },
  ESTABLISHED: () => Duo.established(),
  'FIN-WAIT-1': () => {
    const duo = Duo.established();
    duo.drop = () => true;
    return duo.close('a');
  },
  'FIN-WAIT-2': () => Duo.established().shutdown('a').pass(ms(100)),
  'CLOSE-WAIT': () => Duo.established().shutdown('b').pass(ms(100)),
  CLOSING: () => {
    const duo = Duo.established();
    duo.drop = ({ segment }) => segment.flags === ACK;
    return duo.close('a').close('b').pass(ms(15));
  },
  'LAST-ACK': () => {
    const duo = Duo.established().shutdown('b').pass(ms(100));
    duo.drop = () => true;
    return duo.close('a');
  },
  'TIME-WAIT': () => Duo.established().close('a').pass(ms(20)).close('b').pass(ms(100)),
} as const;

/** In REACH the state is that of `a`, but for a passive open it is `b`'s. */
const endOf = (state: string): 'a' | 'b' => (state === 'SYN-RECEIVED' ? 'b' : 'a');

/** The program holds the connection, and did not ask to hear of errors. */
const QUIET = { report: false, accepted: true };

describe('tcp/states: every row of the table', () => {
  describe('reached by rules', () => {
    for (const [state, reach] of Object.entries(REACH)) {
      it(state, () => assert.equal(reach().tcb(endOf(state)).state, state));
    }
  });

  it('three-way handshake', () => {
    const duo = new Duo().listen().connect().pass(ms(30));
    assert.deepEqual(duo.flags, ['a>S', 'b>SA', 'a>A']);
    assert.deepEqual(duo.path('a'), ['SYN-SENT', 'ESTABLISHED']);
    assert.deepEqual(duo.path('b'), ['LISTEN', 'SYN-RECEIVED', 'ESTABLISHED']);
  });

  it('simultaneous open: both pass SYN-RECEIVED (RFC 9293 figure 7)', () => {
    const duo = new Duo().connect('a').connect('b').pass(ms(100));
    assert.deepEqual(duo.path('a'), ['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED']);
    assert.deepEqual(duo.path('b'), ['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED']);
    // each SYN,ACK repeats the SYN, so each is acknowledged once more (tcp_data_queue)
    assert.deepEqual(duo.flags, ['a>S', 'b>S', 'b>SA', 'a>SA', 'a>A', 'b>A']);
  });

  it('orderly close, the other end later: FIN-WAIT-2, CLOSE-WAIT', () => {
    const duo = Duo.established().close('a').pass(s(1)).close('b').pass(ms(30));
    assert.deepEqual(duo.path('a'), ['FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT']);
    assert.deepEqual(duo.path('b'), ['CLOSE-WAIT', 'LAST-ACK', 'CLOSED']);
    assert.deepEqual(duo.flags, ['a>FA', 'b>A', 'b>FA', 'a>A']);
  });

  it('the other end closes before its ACK is due: three segments, and FIN-WAIT-1 moves once', () => {
    const duo = Duo.established().close('a').pass(ms(10)).close('b').pass(ms(30));
    assert.deepEqual(duo.path('a'), ['FIN-WAIT-1', 'TIME-WAIT']);
    assert.deepEqual(duo.flags, ['a>FA', 'b>FA', 'a>A']);
  });

  it('simultaneous close: both pass CLOSING and TIME-WAIT (RFC 9293 figure 13)', () => {
    const duo = Duo.established().close('a').close('b').pass(ms(100));
    assert.deepEqual(duo.path('a'), ['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT']);
    assert.deepEqual(duo.path('b'), ['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT']);
  });

  it('the listener is closed before the handshake is done: CLOSED, and nothing is sent', () => {
    const duo = REACH['SYN-RECEIVED']();
    const sent = duo.sent.length;
    duo.obey('b', listenerGone(duo.b, duo.now));
    assert.deepEqual([duo.b.state, nextTimer(duo.b), duo.sent.length], ['CLOSED', undefined, sent]);
  });

  it('TIME-WAIT lasts 60 s', () => {
    const duo = REACH['TIME-WAIT']();
    duo.pass(s(59));
    assert.equal(duo.a.state, 'TIME-WAIT');
    duo.pass(s(2));
    assert.equal(duo.a.state, 'CLOSED');
  });

  it('a lost last ACK: the FIN comes again, is acknowledged again, and the wait starts over', () => {
    const duo = Duo.established();
    let acks = 0;
    duo.drop = ({ from, segment }) => from === 'a' && segment.flags === ACK && acks++ === 0;
    duo.close('a').pass(ms(10)).close('b').pass(ms(100));
    assert.equal(duo.b.state, 'LAST-ACK');
    duo.pass(s(1));
    assert.equal(duo.b.state, 'CLOSED');
    assert.deepEqual(duo.flags, ['a>FA', 'b>FA', 'a>A', 'b>FA', 'a>A']);
    const secondAck = duo.sent.at(-1)?.t ?? 0;
    assert.equal(duo.a.timers['TIME-WAIT'], secondAck + s(60));
  });

  it('TIME-WAIT ends early for a reset and for a newer SYN', () => {
    const reset = REACH['TIME-WAIT']();
    reset.inject('a', bare(reset, 'a', RST));
    assert.equal(reset.a.state, 'CLOSED');
    const again = REACH['TIME-WAIT']();
    again.inject(
      'a',
      bare(again, 'a', SYN, { seq: seqAdd(again.a.rcv.nxt, 100_000), options: { timestamps: { val: 1e6, ecr: 0 } } }),
    );
    assert.equal(again.a.state, 'TIME-WAIT', 'unless somebody listens');
    again.obey('a', makeWay(again.a, 'rcv SYN', again.now));
    assert.equal(again.a.state, 'CLOSED');
  });

  it('a connection of our own may take the names of one that is over', () => {
    const waiting = REACH['TIME-WAIT']();
    waiting.obey('a', makeWay(waiting.a, 'active OPEN', waiting.now));
    assert.equal(waiting.a.state, 'CLOSED');
    const orphan = Duo.established().close('a').pass(ms(100));
    orphan.obey('a', makeWay(orphan.a, 'active OPEN', orphan.now));
    assert.equal(orphan.a.state, 'CLOSED');
  });

  for (const state of [
    'SYN-RECEIVED',
    'ESTABLISHED',
    'FIN-WAIT-1',
    'FIN-WAIT-2',
    'CLOSE-WAIT',
    'CLOSING',
    'LAST-ACK',
  ] as const) {
    const end = endOf(state);
    it(`${state}: a reset at RCV.NXT closes, with the errno of Linux`, () => {
      const duo = REACH[state]();
      duo.inject(end, bare(duo, end, RST));
      assert.equal(duo.tcb(end).state, 'CLOSED');
      const errno = state === 'SYN-RECEIVED' ? 'ECONNREFUSED' : state === 'CLOSE-WAIT' ? 'EPIPE' : 'ECONNRESET';
      assert.deepEqual(duo.errors(end), [errno]);
    });
    it(`${state}: a reset elsewhere in the window draws a challenge ACK (RFC 5961)`, () => {
      const duo = REACH[state]();
      duo.pass(s(1));
      if (duo.tcb(end).state !== state) return;
      duo.sent.length = 0;
      duo.inject(end, bare(duo, end, RST, { seq: seqAdd(duo.tcb(end).rcv.nxt, 100) }));
      assert.equal(duo.tcb(end).state, state);
      assert.equal(duo.sent.length, 1);
      assert.equal(duo.sent[0]?.segment.flags, ACK);
    });
    const said = state !== 'CLOSING' && state !== 'LAST-ACK'; // the peer has our FIN, and we have its
    it(`${state}: ABORT ${said ? 'sends a reset' : 'says nothing'}`, () => {
      const duo = REACH[state]();
      duo.sent.length = 0;
      duo.obey(end, abort(duo.tcb(end), duo.now));
      assert.equal(duo.tcb(end).state, 'CLOSED');
      assert.equal((duo.sent.at(-1)?.segment.flags ?? 0) & RST, said ? RST : 0);
    });
  }

  it('SYN-SENT: a reset that acknowledges the SYN is a refusal; one that does not is ignored', () => {
    const duo = new Duo().connect();
    duo.inject('a', bare(duo, 'a', RST));
    assert.equal(duo.a.state, 'SYN-SENT');
    duo.inject('a', bare(duo, 'a', RST | ACK));
    assert.equal(duo.a.state, 'CLOSED');
    assert.deepEqual(duo.errors('a'), ['ECONNREFUSED']);
  });

  it('SYN-SENT: an ACK of something else is answered by a reset', () => {
    const duo = new Duo().connect();
    duo.sent.length = 0;
    duo.inject('a', bare(duo, 'a', SYN | ACK, { ack: seqAdd(duo.a.snd.nxt, 7) }));
    assert.equal(duo.a.state, 'SYN-SENT');
    assert.deepEqual(duo.flags, ['a>R']);
  });

  it('CLOSE in SYN-SENT, LISTEN and SYN-RECEIVED', () => {
    assert.equal(new Duo().connect().close('a').a.state, 'CLOSED');
    assert.equal(new Duo().listen().close('b').b.state, 'CLOSED');
    const received = REACH['SYN-RECEIVED']();
    assert.equal(received.close('b').b.state, 'FIN-WAIT-1');
  });

  it('a silent peer: SYNs at 0 1 2 3 4 5 7 11 19 35 67 s, ETIMEDOUT at 131 s (Linux since 6.5)', () => {
    const duo = new Duo();
    duo.drop = () => true;
    duo.connect().pass(s(200));
    assert.deepEqual(
      duo.sent.map(({ t }) => t / 1e9),
      [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67],
    );
    assert.deepEqual(duo.errors('a'), ['ETIMEDOUT']);
  });

  it('a silent client: SYN,ACKs at 0 1 3 7 15 31 s, given up at 63 s', () => {
    const duo = REACH['SYN-RECEIVED']();
    duo.drop = ({ from }) => from === 'b';
    const start = duo.sent.find(({ from }) => from === 'b')?.t ?? 0;
    duo.a.timers = noTimers();
    duo.pass(s(100));
    const times = duo.sent.filter(({ from }) => from === 'b').map(({ t }) => (t - start) / 1e9);
    assert.deepEqual(times, [0, 1, 3, 7, 15, 31]);
    assert.equal(duo.b.state, 'CLOSED');
  });

  for (const state of ['ESTABLISHED', 'FIN-WAIT-1', 'CLOSE-WAIT', 'CLOSING', 'LAST-ACK'] as const) {
    it(`${state}: retransmissions without an answer end in ETIMEDOUT`, () => {
      const duo = REACH[state]();
      duo.drop = () => true;
      if (state === 'ESTABLISHED' || state === 'CLOSE-WAIT') duo.write('a', 'lost');
      duo.pass(s(3000));
      assert.equal(duo.a.state, 'CLOSED');
      assert.deepEqual(duo.errors('a'), ['ETIMEDOUT']);
    });
  }

  it('an ICMP error ends a connection that does not stand yet, and none that does', () => {
    const refused = { about: 'port unreachable', errno: 'ECONNREFUSED', unreachable: false } as const;
    const opening = REACH['SYN-SENT']();
    opening.obey('a', errorArrives(opening.a, refused, opening.a.iss, QUIET, opening.now));
    assert.deepEqual([opening.a.state, opening.errors('a')], ['CLOSED', ['ECONNREFUSED']]);
    const request = REACH['SYN-RECEIVED']();
    request.obey('b', requestRefused(request.b, refused, request.now));
    assert.deepEqual([request.b.state, request.errors('b')], ['CLOSED', []]);
    const standing = Duo.established();
    standing.obey('a', errorArrives(standing.a, refused, standing.a.snd.una, QUIET, standing.now));
    assert.deepEqual([standing.a.state, standing.a.softError], ['ESTABLISHED', 'ECONNREFUSED']);
  });

  it('FIN-WAIT-2 of a closed socket ends after tcp_fin_timeout; of a half-closed one it does not', () => {
    const orphan = Duo.established().close('a').pass(ms(100));
    assert.equal(orphan.a.state, 'FIN-WAIT-2');
    assert.equal(orphan.pass(s(61)).a.state, 'CLOSED');
    const half = Duo.established().shutdown('a').pass(s(3600));
    assert.equal(half.a.state, 'FIN-WAIT-2');
  });

  it('a move that is not in the table throws', () => {
    const duo = Duo.established();
    assert.throws(() => enter(begin(duo.a, duo.now), 'passive OPEN', 'LISTEN'), SimBug);
  });

  it('every row was taken by a test above', () => {
    const missing = TRANSITIONS.map((_, row) => row).filter((row) => !taken.has(row));
    assert.deepEqual(missing.map(rowText), []);
  });
});
