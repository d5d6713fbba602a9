/** The memory of the receive buffer, and what happens when it is short. */
import assert from 'node:assert/strict';
import { setReceiveBuffer } from '../../../../src/sim/tcp/receive/autotune.ts';
import { trueSize } from '../../../../src/sim/tcp/receive/memory.ts';
import { Receiver, stream } from './kit.ts';

/** Another window than before: header prediction, which would not ask for room, does not apply. */
const UNEXPECTED = { window: 60_000 };

describe('memory', () => {
  // Measured on Linux 6.18 with ss -m, segments with timestamps that came through a tun device.
  it('is a power of two for each packet, and struct sk_buff', () => {
    const sizes = [1, 100, 140, 200, 536, 572, 1000, 1448].map((payload) => trueSize(payload, 52));
    assert.deepEqual(sizes, [832, 832, 832, 1280, 1280, 1280, 2304, 2304]);
  });

  it('that is left behind a small segment takes the next ones', () => {
    const receiver = new Receiver();
    for (let i = 0; i < 6; i++) receiver.data(i * 200, i * 200 + 200);
    // three in each buffer of 1024 bytes: 320 are for struct skb_shared_info, 64 before the packet, 40 for the headers
    assert.equal(receiver.tcb.rcv.alloc, 2 * 1280);
    assert.deepEqual(receiver.read(700), stream(0, 700));
    receiver.data(1200, 1250);
    assert.deepEqual(receiver.read(), stream(700, 1250));
    assert.equal(receiver.tcb.rcv.alloc, 0);
  });

  it('that is short is won by packing what waits', () => {
    const receiver = new Receiver().data(0, 1460); // teaches how much payload a buffer should hold
    receiver.read();
    for (let i = 0; i < 10; i++) receiver.data(1460 + i * 600, 2060 + i * 600);
    assert.equal(receiver.tcb.rcv.alloc, 10 * 1280);
    setReceiveBuffer(receiver.tcb, 10_000);
    receiver.data(7460, 8060, UNEXPECTED);
    // two pages: what fits into the first, and the rest, with room for the segment that came
    assert.deepEqual(
      receiver.tcb.rcv.queue.list().map(({ bytes, truesize }) => [bytes.length, truesize]),
      [
        [3776, 4352],
        [2824, 4352],
      ],
    );
    assert.deepEqual(receiver.read(), stream(1460, 8060));
    assert.equal(receiver.tcb.rcv.alloc, 0);
  });

  it('that packing does not win is taken from what came out of order, last first', () => {
    const receiver = new Receiver();
    for (const from of [20_000, 10_000, 30_000, 5000]) receiver.data(from, from + 1400);
    setReceiveBuffer(receiver.tcb, 3000);
    receiver.sent();
    receiver.data(0, 1400);
    assert.deepEqual(
      receiver.tcb.rcv.early.ranges.map(({ left }) => receiver.offset(left)),
      [5000],
    );
    assert.deepEqual(receiver.blocks(receiver.sent().at(-1)), [], 'SACK has forgotten all of it');
    assert.deepEqual(receiver.read(), stream(0, 1400));
  });

  it('that cannot be won costs the segment, and closes the window until the program reads', () => {
    const receiver = new Receiver();
    for (let i = 0; i < 4; i++) receiver.data(i * 1400, i * 1400 + 1400);
    setReceiveBuffer(receiver.tcb, 2304);
    receiver.sent();
    receiver.data(5600, 7000, UNEXPECTED);
    const [ack] = receiver.sent();
    assert.deepEqual([ack && receiver.offset(ack.ack), ack?.window], [5600, 0]);
    assert.deepEqual(receiver.read(), stream(0, 5600));
    assert.ok((receiver.sent().at(-1)?.window ?? 0) > 0);
  });

  it('that is set aside already is not asked for by a segment that was predicted', () => {
    const receiver = new Receiver();
    for (let i = 0; i < 4; i++) receiver.data(i * 1400, i * 1400 + 1400);
    setReceiveBuffer(receiver.tcb, 2304);
    receiver.data(5600, 7000);
    assert.deepEqual(receiver.read(), stream(0, 7000));
  });

  it('of a lone segment is always found', () => {
    const receiver = new Receiver({}, { receive: 2304 });
    receiver.data(0, 900);
    setReceiveBuffer(receiver.tcb, 100);
    receiver.read();
    receiver.data(900, 1000);
    assert.deepEqual(receiver.read(), stream(900, 1000));
  });

  it('holds thousands of segments out of order', () => {
    const receiver = new Receiver();
    receiver.tcb.rcv.limit = 1e9;
    receiver.tcb.rcv.wnd = 1e9;
    const count = 3000;
    for (let k = 0; k < count; k++) {
      const i = 1 + ((k * 1009) % count);
      receiver.data(i * 500, i * 500 + 500);
      receiver.effects = [];
    }
    assert.equal(receiver.tcb.rcv.early.length, count);
    assert.equal(receiver.tcb.rcv.early.ranges.length, 1);
    receiver.data(0, 500);
    assert.deepEqual(receiver.read(1 << 21), stream(0, (count + 1) * 500));
  });
});
