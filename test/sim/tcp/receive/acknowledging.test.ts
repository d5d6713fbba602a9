/** When arrivals are acknowledged. What the real kernel could be asked stands in test/packetdrill/scripts/ack. */
import assert from 'node:assert/strict';
import { ms, type Time } from '../../../../src/sim/base/time.ts';
import { setPingpong } from '../../../../src/sim/tcp/receive/acknowledging.ts';
import { RECEIVE_DEFAULTS } from '../../../../src/sim/tcp/receive/state.ts';
import { timerExpires } from '../../../../src/sim/tcp/timeouts.ts';
import { nextTimer } from '../../../../src/sim/tcp/timers.ts';
import { Receiver } from './kit.ts';

const wait = (receiver: Receiver, duration: Time) => {
  receiver.now = (receiver.now + duration) as Time;
  receiver.effects.push(...timerExpires(receiver.tcb, receiver.now).effects);
};

describe('acknowledging', () => {
  it('compresses ACKs of data out of order, 44 at most', () => {
    const receiver = new Receiver();
    let acks = 0;
    for (let i = 1; i <= 3 + 44 + 1; i++) {
      receiver.data(i * 100, i * 100 + 100);
      acks += receiver.sent().length;
    }
    assert.equal(acks, 4, 'three at once, one when 44 have waited');
    assert.equal(nextTimer(receiver.tcb), undefined);
  });

  it('sends one for all that were put off', () => {
    const receiver = new Receiver();
    for (let i = 1; i <= 10; i++) receiver.data(i * 100, i * 100 + 100);
    assert.equal(receiver.sent().length, 3);
    wait(receiver, ms(2));
    const [ack, ...more] = receiver.sent();
    assert.deepEqual(receiver.blocks(ack), [[100, 1100]]);
    assert.equal(more.length, 0);
  });

  it('begins anew when a gap is filled in part', () => {
    const receiver = new Receiver();
    for (let i = 2; i <= 6; i++) receiver.data(i * 100, i * 100 + 100);
    receiver.sent();
    receiver.data(0, 100);
    assert.equal(receiver.sent().length, 1);
    receiver.data(800, 900).data(900, 1000);
    assert.equal(receiver.sent().length, 2);
  });

  it('waits longer for a program that answers, from the threshold on', () => {
    const receiver = new Receiver({ receive: { ...RECEIVE_DEFAULTS, pingpongThreshold: 3 } });
    const { tcb } = receiver;
    tcb.ack.pingpong = 2;
    receiver.data(0, 100);
    assert.equal(receiver.sent().length, 1, 'a quick acknowledgment');
    setPingpong(tcb, true);
    assert.equal(tcb.ack.pingpong, 3);
    receiver.data(100, 200);
    assert.equal(receiver.sent().length, 0);
    wait(receiver, ms(40));
    assert.equal(receiver.sent().length, 1);
    assert.equal(tcb.ack.pingpong, 0, 'nothing carried it: the program does not answer after all');
  });

  it('gives a reader who waits for more its ACKs, though the window does not open', () => {
    const receiver = new Receiver({}, { receive: 30_000 });
    receiver.tcb.opts.receiveLowat = 20_000;
    setPingpong(receiver.tcb, true);
    for (let i = 0; i < 6; i++) receiver.data(i * 1460, i * 1460 + 1460);
    assert.equal(receiver.sent().length, 3, 'every second full segment');
  });
});
