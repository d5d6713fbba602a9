/** What reading takes and what it leaves: peeks, skips, views, urgent data, SO_RCVLOWAT and the bytes that are left. */
import assert from 'node:assert/strict';
import { seqAdd } from '../../../../src/sim/base/seq.ts';
import {
  available,
  inputHint,
  inputQueued,
  read,
  readable,
  readTarget,
  setReceiveLowat,
} from '../../../../src/sim/tcp/receive/read.ts';
import { atUrgentMark, receiveUrgent } from '../../../../src/sim/tcp/receive/urgent.ts';
import { ACK, FIN, URG } from '../../../../src/sim/wire/tcp.ts';
import { byteAt, Receiver, stream } from './kit.ts';

/** 300 bytes in three segments. */
const three = () => new Receiver().data(0, 100).data(100, 200).data(200, 300);

describe('reading', () => {
  it('takes bytes across segments, and no more than are asked for', () => {
    const receiver = three();
    assert.deepEqual(receiver.read(150), stream(0, 150));
    assert.equal(available(receiver.tcb), 150);
    assert.deepEqual(receiver.read(1000), stream(150, 300));
    assert.equal(receiver.read(10).length, 0);
  });

  it('with MSG_PEEK leaves them, from any offset on', () => {
    const { tcb, now } = three();
    const into = new Uint8Array(120);
    const { given } = read(tcb, { into, peek: true, offset: 90 }, now);
    assert.deepEqual(into.subarray(0, given), stream(90, 210));
    assert.equal(available(tcb), 300);
    assert.equal(read(tcb, { into, peek: true, offset: 250 }, now).given, 50);
    assert.equal(read(tcb, { into, peek: true, offset: 300 }, now).given, 0);
  });

  it('with MSG_TRUNC drops them', () => {
    const receiver = three();
    assert.equal(read(receiver.tcb, { length: 250 }, receiver.now).given, 250);
    assert.deepEqual(receiver.read(), stream(250, 300));
  });

  it('gives views of what came, without copying', () => {
    const receiver = new Receiver();
    const payload = stream(0, 100);
    receiver.data(0, 100, { payload });
    const views: Uint8Array[] = [];
    assert.equal(read(receiver.tcb, { length: 60, views }, receiver.now).given, 60);
    assert.equal(views.length, 1);
    assert.equal(views[0]?.buffer, payload.buffer);
    assert.deepEqual(views[0], stream(0, 60));
  });

  it('ends where the stream ends', () => {
    const receiver = three().data(300, 350, { flags: ACK | FIN });
    assert.equal(available(receiver.tcb), 350);
    assert.deepEqual(receiver.read(), stream(0, 350));
    assert.equal(available(receiver.tcb), 0);
    assert.equal(inputHint(receiver.tcb), 1, 'TCP_INQ tells that there is an end to read');
    assert.equal(receiver.tcb.rcv.alloc, 0);
  });

  it('wakes readers for as many bytes as SO_RCVLOWAT says', () => {
    const receiver = new Receiver();
    setReceiveLowat(receiver.tcb, 200, receiver.now);
    const woken = (from: number) => {
      receiver.data(from, from + 100);
      const wakes = receiver.effects.filter((effect) => effect.do === 'wake');
      receiver.effects = [];
      return wakes.length > 0;
    };
    assert.equal(woken(0), false);
    assert.equal(woken(100), true);
    assert.equal(readTarget(receiver.tcb.opts, 1000, false), 200);
    assert.equal(readTarget(receiver.tcb.opts, 50, false), 50);
    assert.equal(readTarget(receiver.tcb.opts, 1000, true), 1000);
    assert.equal(readTarget(receiver.tcb.opts, 0, false), 1);
  });

  it('makes the buffer hold what SO_RCVLOWAT asks for, unless the program has set it', () => {
    const free = new Receiver();
    setReceiveLowat(free.tcb, 1_000_000, free.now);
    assert.equal(free.tcb.rcv.limit, 2_000_000);
    const set = new Receiver({}, { receive: 8192 });
    setReceiveLowat(set.tcb, 1_000_000, set.now);
    assert.equal(set.tcb.rcv.limit, 8192);
    assert.equal(set.tcb.opts.receiveLowat, 4096);
    assert.equal(readable(set.tcb, 1), false);
  });
});

describe('urgent data', () => {
  /** 100 bytes, of which the 60th is urgent: the pointer points behind it. */
  const urgent = () => new Receiver().data(0, 100, { flags: ACK | URG, urgent: 60 });

  it('is one byte, taken out of the stream', () => {
    const receiver = urgent();
    const { tcb } = receiver;
    assert.equal(inputQueued(tcb), 59);
    assert.equal(atUrgentMark(tcb), false);
    assert.deepEqual(receiver.read(), stream(0, 59));
    assert.equal(atUrgentMark(tcb), true);
    assert.deepEqual(receiveUrgent(tcb, true), { byte: byteAt(59) });
    assert.deepEqual(receiveUrgent(tcb, false), { byte: byteAt(59) });
    assert.equal(receiveUrgent(tcb, false), 'EINVAL', 'it was read');
    assert.deepEqual(receiver.read(), stream(60, 100));
    assert.equal(atUrgentMark(tcb), false);
    assert.equal(receiveUrgent(tcb, false), 'EINVAL', 'it is past');
  });

  it('stays in the stream with SO_OOBINLINE; a read begins with it', () => {
    const receiver = urgent();
    receiver.tcb.opts.urgentInline = true;
    assert.deepEqual(receiver.read(), stream(0, 59));
    assert.equal(atUrgentMark(receiver.tcb), true);
    assert.equal(receiveUrgent(receiver.tcb, false), 'EINVAL');
    assert.deepEqual(receiver.read(), stream(59, 100));
  });

  it('can be announced before it comes', () => {
    const receiver = new Receiver().data(0, 100, { flags: ACK | URG, urgent: 150 });
    assert.equal(receiveUrgent(receiver.tcb, false), 'EAGAIN');
    receiver.data(100, 200, { flags: ACK | URG, urgent: 50 });
    assert.deepEqual(receiveUrgent(receiver.tcb, false), { byte: byteAt(149) });
  });

  it('is skipped by a peek too', () => {
    const { tcb, now } = urgent();
    const into = new Uint8Array(100);
    const first = read(tcb, { into, peek: true }, now);
    assert.deepEqual([first.given, first.stopped], [59, true]);
    const second = read(tcb, { into, peek: true, offset: 59 }, now);
    assert.deepEqual(into.subarray(0, second.given), stream(60, 100));
  });

  it('points at the last urgent byte with tcp_stdurg', () => {
    const receiver = new Receiver();
    const { settings } = receiver.tcb;
    Object.assign(settings, { receive: { ...settings.receive, stdUrg: true } });
    receiver.data(0, 100, { flags: ACK | URG, urgent: 60 });
    assert.deepEqual(receiveUrgent(receiver.tcb, false), { byte: byteAt(60) });
  });

  it('that follows urgent data leaves no trace of the first', () => {
    const receiver = new Receiver().data(0, 1, { flags: ACK | URG, urgent: 1 });
    receiver.data(1, 2, { flags: ACK | URG, urgent: 1 });
    assert.deepEqual(receiver.tcb.rcv.copied, seqAdd(receiver.tcb.rcv.nxt, -1));
    assert.deepEqual(receiveUrgent(receiver.tcb, false), { byte: byteAt(1) });
    assert.equal(receiver.read().length, 0);
  });
});
