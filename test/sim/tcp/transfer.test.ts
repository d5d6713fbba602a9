import assert from 'node:assert/strict';
import { equalBytes, fromUtf8 } from '../../../src/sim/base/bytes.ts';
import { seqAdd, seqDiff, seqNumber } from '../../../src/sim/base/seq.ts';
import { ms, s } from '../../../src/sim/base/time.ts';
import { setNoDelay } from '../../../src/sim/tcp/calls.ts';
import { available } from '../../../src/sim/tcp/receive/read.ts';
import { timerExpires } from '../../../src/sim/tcp/timeouts.ts';
import { nextTimer } from '../../../src/sim/tcp/timers.ts';
import { ACK, PSH, SYN } from '../../../src/sim/wire/tcp.ts';
import { Duo } from './duo.ts';

const pattern = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 7 + (i >> 8)) & 255);
const lengths = (duo: Duo, from: 'a' | 'b') =>
  duo.sent.filter((x) => x.from === from && x.segment.payload.length > 0).map((x) => x.segment.payload.length);

describe('tcp: what the handshake agrees on', () => {
  it('offers as Linux 6.18 offers: window 64240, wscale 10, mss 1460, sackOK, timestamps; answers with 65160', () => {
    const duo = new Duo().listen().connect().pass(ms(30));
    const [syn, synAck, ack] = duo.sent.map(({ segment }) => segment);
    assert.equal(syn?.window, 64_240);
    assert.deepEqual(Object.keys(syn?.options ?? {}).sort(), ['mss', 'sackPermitted', 'timestamps', 'windowScale']);
    assert.equal(syn?.options.windowScale, 10);
    assert.equal(synAck?.window, 65_160);
    assert.equal(ack?.window, 63);
    assert.equal(duo.a.snd.mss, 1448);
  });

  it('an option that one end lacks is off at both', () => {
    const duo = new Duo({ timestamps: false, sack: false, windowScaling: false }).listen().connect().pass(ms(30));
    assert.equal(duo.a.snd.mss, 1460);
    assert.deepEqual([duo.a.sackOk, duo.b.sackOk, duo.a.snd.scale, duo.b.rcv.scale], [false, false, 0, 0]);
    assert.deepEqual(duo.sent[1]?.segment.options, { mss: 1460 });
  });

  it('first round trip: SRTT 20 ms, RTO 220 ms', () => {
    const { a, b } = Duo.established();
    assert.deepEqual([a.rtt.srtt8 >> 3, a.rtt.rto], [20_000, ms(220)]);
    assert.equal(b.rtt.rto, ms(220));
  });
});

describe('tcp: data', () => {
  it('crosses the wrap of the sequence space', () => {
    const duo = Duo.established();
    duo.write('a', 'hello, wrap').valueOf();
    duo.pass(ms(15));
    assert.equal(fromUtf8(duo.read('b')), 'hello, wrap');
    assert.ok(seqNumber(duo.a.snd.nxt) < seqNumber(duo.a.iss));
  });

  it('is cut at the MSS, PSH at the end of a write', () => {
    const duo = Duo.established();
    duo.write('a', pattern(5000));
    assert.deepEqual(lengths(duo, 'a'), [1448, 1448, 1448, 656]);
    assert.deepEqual(
      duo.sent.map((x) => x.segment.flags),
      [ACK, ACK | PSH, ACK, ACK | PSH], // two packets of two segments, cut by the device
    );
  });

  it('starts with ten segments and doubles (RFC 6928, slow start)', () => {
    const duo = Duo.established({}, { send: 200_000 });
    duo.write('a', pattern(50_000));
    assert.equal(lengths(duo, 'a').length, 10);
    duo.pass(ms(19));
    assert.equal(lengths(duo, 'a').length, 10);
    duo.pass(ms(2));
    assert.equal(lengths(duo, 'a').length, 30);
  });

  it('Nagle: ten small writes make two segments; TCP_NODELAY makes ten', () => {
    const nagle = Duo.established();
    for (let i = 0; i < 10; i++) nagle.write('a', 'x'.repeat(100));
    nagle.pass(ms(100));
    assert.deepEqual(lengths(nagle, 'a'), [100, 900]);
    const eager = Duo.established();
    eager.obey('a', setNoDelay(eager.a, true, eager.now));
    for (let i = 0; i < 10; i++) eager.write('a', 'x'.repeat(100));
    assert.equal(lengths(eager, 'a').length, 10);
  });

  it('first data is acknowledged at once; in a conversation the ACK waits 40 ms', () => {
    const duo = Duo.established();
    duo.write('a', 'ping');
    duo.pass(ms(10));
    assert.deepEqual(duo.flags, ['a>A4', 'b>A']);
    duo.write('b', 'pong');
    duo.pass(ms(10));
    duo.pass(ms(100));
    duo.sent.length = 0;
    const asked = duo.now;
    duo.write('a', 'again');
    duo.pass(ms(100));
    assert.equal((duo.sent.at(-1)?.t ?? 0) - asked, ms(50), 'arrives after 10 ms, acknowledged 40 ms later');
  });
});

describe('tcp: loss', () => {
  it('a SYN,ACK that is sent again offers the window that it offered', () => {
    const duo = new Duo({ windowScaling: false, mss: 256 }, { receive: 131_272 });
    duo.drop = ({ from, t }) => from === 'b' && t < s(1);
    duo.listen().connect().pass(s(2));
    const windows = duo.sent.filter((x) => x.from === 'b' && x.segment.flags & SYN).map((x) => x.segment.window);
    assert.deepEqual(new Set(windows), new Set([65_535]));
    assert.ok(windows.length > 1);
  });

  it('a lost segment is sent again after the RTO', () => {
    const duo = Duo.established();
    duo.drop = (_, i) => i === 0;
    const start = duo.now;
    duo.write('a', 'lost once');
    duo.pass(s(1));
    assert.deepEqual(
      duo.sent.filter((x) => x.from === 'a').map((x) => x.t - start),
      [0, ms(220)],
    );
    assert.equal(fromUtf8(duo.read('b')), 'lost once');
  });

  it('the RTO doubles, and a segment sent twice gives no round-trip sample (Karn)', () => {
    const duo = Duo.established();
    const start = duo.now;
    duo.drop = ({ t, from }) => from === 'a' && t - start < s(3);
    duo.write('a', 'x');
    duo.pass(s(10));
    const times = duo.sent.filter((x) => x.from === 'a').map((x) => (x.t - start) / 1e6);
    assert.deepEqual(times, [0, 220, 440, 880, 1760, 3520], 'a loss probe, then the RTO, doubling');
    assert.equal(duo.a.rtt.srtt8 >> 3, 20_000);
    assert.equal(duo.a.rtt.backoff, 0);
  });

  for (const sack of [true, false]) {
    it(`a hole with segments above it is filled without a timeout (SACK ${sack ? 'on' : 'off'})`, () => {
      const duo = Duo.established({ sack });
      duo.drop = (_, i) => i === 0;
      const start = duo.now;
      const data = pattern(14_480);
      duo.write('a', data);
      duo.pass(ms(60));
      assert.ok(equalBytes(duo.read('b'), data));
      const again = duo.sent.filter((x) => x.from === 'a' && x.t > start);
      assert.equal(again.length, 1);
      assert.equal(again[0]?.t, start + ms(20));
      const dup = duo.sent.find((x) => x.from === 'b');
      assert.equal(dup?.segment.options.sack !== undefined, sack);
    });
  }

  it('early data is acknowledged with the edge of the hole and a SACK block', () => {
    const duo = Duo.established();
    duo.drop = (_, i) => i === 0;
    duo.write('a', pattern(2896));
    duo.pass(ms(12));
    const ack = duo.sent.find((x) => x.from === 'b')?.segment;
    assert.equal(seqDiff(ack?.ack ?? duo.a.iss, duo.a.iss), 1);
    const block = ack?.options.sack?.[0];
    assert.deepEqual([block && seqDiff(block.left, duo.a.iss), block && seqDiff(block.right, duo.a.iss)], [1449, 2897]);
  });
});

describe('tcp: loss, found by time (RACK-TLP)', () => {
  it('the last two segments are lost: a probe after two round trips, and what it shows to be missing', () => {
    const duo = Duo.established();
    duo.drop = (_, i) => i === 8 || i === 9;
    const start = duo.now;
    duo.write('a', pattern(14_480));
    duo.pass(ms(200));
    assert.ok(equalBytes(duo.read('b'), pattern(14_480)));
    const again = duo.sent.filter((x) => x.from === 'a' && x.t > start);
    const probe = ms(20 + 2 * 20 + 2);
    assert.deepEqual(
      again.map((x) => x.t - start),
      [probe, probe + ms(20)],
    );
    assert.deepEqual(
      again.map((x) => seqDiff(x.segment.seq, duo.a.iss)),
      [1 + 9 * 1448, 1 + 8 * 1448],
    );
    assert.equal(duo.a.rtt.timeouts, 0);
  });

  it('the last one alone is lost: the probe allows for a delayed ACK, and the window is reduced once', () => {
    const duo = Duo.established();
    duo.drop = (_, i) => i === 9;
    const start = duo.now;
    duo.write('a', pattern(14_480));
    duo.pass(ms(400));
    assert.deepEqual(
      duo.sent.filter((x) => x.from === 'a' && x.t > start).map((x) => x.t - start),
      [ms(240)],
    );
    assert.ok(equalBytes(duo.read('b'), pattern(14_480)));
    assert.equal(duo.a.rtt.timeouts, 0);
  });

  it('a retransmission that is lost too is found by the segments sent after it', () => {
    const duo = Duo.established({}, { send: 200_000 });
    let firsts = 0;
    duo.drop = ({ from, segment }) =>
      from === 'a' && seqDiff(segment.seq, duo.a.iss) === 1 && segment.payload.length > 0 && firsts++ < 2;
    duo.write('a', pattern(60_000));
    duo.pass(ms(300));
    const parts = duo.read('b');
    assert.ok(equalBytes(parts, pattern(60_000)), `read ${parts.length}`);
    assert.equal(firsts, 3);
    assert.equal(duo.a.rtt.timeouts, 0);
  });

  it('a segment that comes twice is reported (DSACK)', () => {
    const duo = Duo.established();
    duo.write('a', pattern(100));
    const copy = duo.sent[0]!.segment;
    duo.pass(ms(50));
    duo.sent.length = 0;
    duo.inject('b', copy);
    const block = duo.sent[0]?.segment.options.sack?.[0];
    assert.deepEqual([block && seqDiff(block.left, duo.a.iss), block && seqDiff(block.right, duo.a.iss)], [1, 101]);
  });

  it('the newest hole comes first among the SACK blocks', () => {
    const duo = Duo.established();
    duo.drop = (_, i) => i === 0 || i === 2;
    duo.write('a', pattern(1448 * 4));
    duo.pass(ms(11));
    const blocks = duo.sent.filter((x) => x.from === 'b').at(-1)?.segment.options.sack ?? [];
    assert.deepEqual(
      blocks.map((b) => seqDiff(b.left, duo.a.iss)),
      [1 + 3 * 1448, 1 + 1448],
    );
  });
});

describe('tcp: flow control', () => {
  const stopped = () => {
    const duo = Duo.established({}, { receive: 8192, send: 100_000 });
    duo.write('a', pattern(20_000));
    duo.pass(s(2));
    return duo;
  };

  it('a reader that does not read closes the window; the sender keeps what does not fit', () => {
    const duo = stopped();
    assert.equal(duo.a.snd.wnd, 0);
    assert.ok(available(duo.b) <= 8192 && available(duo.b) > 2000, `holds ${available(duo.b)}`);
    assert.equal(duo.a.queue.length + available(duo.b), 20_000);
  });

  it('a closed window is probed at growing intervals, and the probes are answered', () => {
    const duo = stopped();
    duo.sent.length = 0;
    duo.pass(s(20));
    const probes = duo.sent.filter((x) => x.from === 'a');
    assert.ok(probes.length >= 3 && probes.length <= 7, `${probes.length} probes`);
    for (const { segment } of probes) {
      assert.equal(segment.payload.length, 0);
      assert.equal(seqDiff(segment.seq, duo.a.snd.una), -1);
    }
    const gaps = probes.slice(1).map((p, i) => p.t - (probes[i]?.t ?? 0));
    // counted from the answer, where there is one: answers within 500 ms of the last are withheld
    for (const [i, gap] of gaps.slice(1).entries()) assert.ok(Math.abs(gap - 2 * (gaps[i] ?? 0)) <= ms(40), `${gap}`);
    assert.ok(duo.sent.some((x) => x.from === 'b' && x.segment.window === 0));
    assert.equal(duo.a.state, 'ESTABLISHED');
    duo.pass(s(3600));
    assert.equal(duo.a.state, 'ESTABLISHED', 'as long as probes are answered, the connection stays (RFC 9293 MUST-37)');
  });

  it('reading opens the window again and everything arrives', () => {
    const duo = stopped();
    const parts: number[] = [];
    for (let i = 0; i < 40; i++) {
      parts.push(...duo.read('b'));
      duo.pass(ms(100));
    }
    assert.ok(equalBytes(Uint8Array.from(parts), pattern(20_000)));
    assert.equal(duo.a.queue.length, 0);
  });

  it('the right edge of the window never moves back', () => {
    const duo = Duo.established({}, { receive: 8192, send: 100_000 });
    let edge = seqAdd(duo.b.rcv.wup, duo.b.rcv.wnd);
    duo.write('a', pattern(20_000));
    for (let i = 0; i < 100; i++) {
      duo.pass(ms(7));
      if (i % 9 === 0) duo.read('b', 500);
      const now = seqAdd(duo.b.rcv.wup, duo.b.rcv.wnd);
      assert.ok(seqDiff(now, edge) >= 0);
      edge = now;
    }
  });
});

describe('tcp: closing', () => {
  it('half-close: the other direction goes on', () => {
    const duo = Duo.established().shutdown('a').pass(ms(100));
    duo.write('b', 'still here');
    duo.pass(ms(100));
    assert.equal(fromUtf8(duo.read('a')), 'still here');
    duo.close('b').pass(ms(100));
    assert.deepEqual(duo.states, ['TIME-WAIT', 'CLOSED']);
  });

  it('closed with unread data: a reset, the peer gets ECONNRESET', () => {
    const duo = Duo.established();
    duo.write('a', 'unread');
    duo.pass(ms(50));
    duo.close('b').pass(ms(50));
    assert.deepEqual(duo.states, ['CLOSED', 'CLOSED']);
    assert.deepEqual(duo.errors('a'), ['ECONNRESET']);
  });

  it('data for a closed socket is answered by a reset', () => {
    const duo = Duo.established().close('b').pass(ms(50));
    duo.write('a', 'nobody reads this');
    duo.pass(ms(50));
    assert.deepEqual(duo.states, ['CLOSED', 'CLOSED']);
    assert.deepEqual(duo.errors('a'), ['EPIPE'], 'a reset in CLOSE-WAIT is EPIPE on Linux');
  });

  it('the FIN waits for the data before it, and rides on the last segment', () => {
    const duo = Duo.established({}, { send: 100_000 });
    duo.write('a', pattern(20_000));
    duo.close('a').pass(s(1));
    const last = duo.sent.filter((x) => x.from === 'a' && x.segment.payload.length > 0).at(-1);
    assert.equal((last?.segment.flags ?? 0) & 1, 1);
    assert.ok(equalBytes(duo.read('b'), pattern(20_000)));
    assert.equal(duo.b.state, 'CLOSE-WAIT');
  });

  it('an alarm when nothing is due does nothing', () => {
    const duo = Duo.established();
    assert.equal(nextTimer(duo.a), undefined);
    assert.deepEqual(timerExpires(duo.a, duo.now), { fired: [], effects: [] });
  });
});
