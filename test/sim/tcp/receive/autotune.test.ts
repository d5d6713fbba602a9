/** How the receive buffer finds its size. */
import assert from 'node:assert/strict';
import { ms, type Time } from '../../../../src/sim/base/time.ts';
import { setWindowClamp } from '../../../../src/sim/tcp/receive/autotune.ts';
import { RECEIVE_DEFAULTS } from '../../../../src/sim/tcp/receive/state.ts';
import { Receiver } from './kit.ts';

/** Round trips of 20 ms in which the sender fills the window, and a program that reads at once what has come. */
function stream(receiver: Receiver, rounds: number): void {
  let at = receiver.offset(receiver.tcb.rcv.nxt);
  for (let round = 0; round < rounds; round++) {
    const count = Math.min(2000, Math.floor(receiver.tcb.rcv.wnd / 1460));
    for (let i = 0; i < count; i++, at += 1460) {
      receiver.now = (receiver.now + Math.floor(ms(20) / count)) as Time;
      receiver.data(at, at + 1460);
      receiver.read();
    }
    receiver.effects = [];
  }
}

describe('the receive buffer', () => {
  it('grows with what is read in a round trip', () => {
    const receiver = new Receiver();
    const sizes = [receiver.tcb.rcv.limit];
    for (let i = 0; i < 6; i++) {
      stream(receiver, 1);
      sizes.push(receiver.tcb.rcv.limit);
    }
    assert.ok(sizes.every((size, i) => i === 0 || size >= (sizes[i - 1] ?? 0)));
    assert.ok((sizes.at(-1) ?? 0) > 500_000, sizes.join(' '));
  });

  it('does not grow past tcp_rmem[2]', () => {
    const receiver = new Receiver({ receive: { ...RECEIVE_DEFAULTS, rmemMax: 400_000 } });
    stream(receiver, 8);
    assert.equal(receiver.tcb.rcv.limit, 400_000);
  });

  for (const [why, make] of [
    ['the program has set it', () => new Receiver({}, { receive: 131_072 })],
    ['tcp_moderate_rcvbuf is 0', () => new Receiver({ receive: { ...RECEIVE_DEFAULTS, moderate: false } })],
  ] as const) {
    it(`stays when ${why}`, () => {
      const receiver = make();
      stream(receiver, 6);
      assert.equal(receiver.tcb.rcv.limit, 131_072);
    });
  }

  it('gives payload the share that older kernels fix', () => {
    const receiver = new Receiver({ receiveRatio: 128 });
    receiver.data(0, 1460);
    assert.equal(receiver.tcb.rcv.ratio, 128);
    const learning = new Receiver();
    learning.data(0, 1460);
    assert.equal(learning.tcb.rcv.ratio, Math.floor((1460 * 256) / 2304));
  });

  it('advertises no more than TCP_WINDOW_CLAMP', () => {
    const receiver = new Receiver();
    assert.equal(setWindowClamp(receiver.tcb, 0), false);
    assert.equal(setWindowClamp(receiver.tcb, 10), true);
    assert.equal(receiver.tcb.rcv.clamp, 1152, 'half of the smallest buffer');
    setWindowClamp(receiver.tcb, 20_480);
    assert.equal(receiver.tcb.rcv.ssthresh, 20_480);
  });
});
