/** Messages, the error queue, and what is copied: system calls on the simulator. */
import assert from 'node:assert/strict';
import { utf8 } from '../../../src/sim/base/bytes.ts';
import { ms } from '../../../src/sim/base/time.ts';
import type { ControlMessage, MsgHdr, Thread } from '../../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../../src/sim/syscall/signatures.ts';
import { connected, failure, kit, SOL_SOCKET } from '../world-kit.ts';

const text = (bytes: Uint8Array, n = bytes.length): string => Buffer.from(bytes.subarray(0, n)).toString();

/** The next entry of the error queue: its control messages, the packet's bytes, and the flags. */
async function report(who: Thread, fd: number, size = 0) {
  const message: MsgHdr = { iov: [new Uint8Array(size)] };
  const result = await who.recvmsg(fd, message, C.MSG_ERRQUEUE);
  return { result, control: message.control ?? [], flags: message.flags, bytes: message.iov[0] as Uint8Array };
}

/** ee_info and ee_data of an entry, and the time that goes with it in milliseconds. */
function told(control: readonly ControlMessage[]) {
  const data = control.map((one) => one.data);
  const reason = data.find((one) => typeof one === 'object' && 'origin' in one) as {
    info: number;
    data: number;
    code: number;
  };
  const times = data.find(Array.isArray) as number[] | undefined;
  return { info: reason.info, data: reason.data, code: reason.code, at: times && (times[0] as number) / 1e6 };
}

describe('MSG_ZEROCOPY', () => {
  it('copies nothing, and what the program changes before a segment leaves is what leaves', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_ZEROCOPY, 1);
      const first = utf8('first ');
      const second = utf8('second');
      await k.client.send(fd, first, C.MSG_ZEROCOPY);
      await k.client.send(fd, second, C.MSG_ZEROCOPY); // waits for the ACK of the first (Nagle)
      first.fill(0x78);
      second.fill(0x78);
      await k.kernel.pause(ms(50));
      const buf = new Uint8Array(100);
      const n = await k.server.read(child, buf);
      assert.equal(text(buf, n), 'first xxxxxx');
      assert.equal(k.events('copy.in').length, 0);
      const { control, flags } = await report(k.client, fd);
      assert.deepEqual(told(control), { info: 0, data: 1, code: 0, at: undefined });
      assert.equal(flags, C.MSG_ERRQUEUE);
      assert.equal(await failure(report(k.client, fd)), 'EAGAIN');
    });
  });

  it('shares a completion with a send that waits unsent, and not with one that has left', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd } = await connected(k);
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_ZEROCOPY, 1);
      for (const data of ['a', 'b', 'c']) await k.client.send(fd, data, C.MSG_ZEROCOPY);
      await k.client.sleep(ms(25)); // the first is acknowledged, the other two have left together
      assert.deepEqual(told((await report(k.client, fd)).control), { info: 0, data: 0, code: 0, at: undefined });
      await k.client.sleep(ms(60));
      assert.deepEqual(told((await report(k.client, fd)).control), { info: 1, data: 2, code: 0, at: undefined });
    });
  });

  it('on the loopback device the kernel copies after all, and says so', async () => {
    const k = kit();
    await k.value(async () => {
      const listener = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
      await k.client.bind(listener, { addr: '127.0.0.1', port: 80 });
      await k.client.listen(listener, 1);
      const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
      await k.client.connect(fd, { addr: '127.0.0.1', port: 80 });
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_ZEROCOPY, 1);
      await k.client.send(fd, 'x', C.MSG_ZEROCOPY);
      await k.client.sleep(ms(50));
      assert.equal(told((await report(k.client, fd)).control).code, C.SO_EE_CODE_ZEROCOPY_COPIED);
    });
  });
});

describe('SO_TIMESTAMPING', () => {
  const FLAGS =
    C.SOF_TIMESTAMPING_TX_SCHED |
    C.SOF_TIMESTAMPING_TX_SOFTWARE |
    C.SOF_TIMESTAMPING_TX_ACK |
    C.SOF_TIMESTAMPING_SOFTWARE |
    C.SOF_TIMESTAMPING_OPT_ID;

  it('tells when a write was queued, left and was acknowledged, with the packet', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd } = await connected(k);
      await k.client.write(fd, 'before');
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_TIMESTAMPING, FLAGS);
      const start = k.milliseconds();
      await k.client.sleep(ms(100));
      await k.client.write(fd, 'hello');
      await k.client.sleep(ms(100));
      const scheduled = await report(k.client, fd, 100);
      const sent = await report(k.client, fd, 10);
      const acked = await report(k.client, fd, 100);
      // 'before' was not acknowledged when numbers began: it counts, too
      const key = 10;
      assert.deepEqual(told(scheduled.control), { info: C.SCM_TSTAMP_SCHED, data: key, code: 0, at: start + 100 });
      assert.deepEqual(told(sent.control), { info: C.SCM_TSTAMP_SND, data: key, code: 0, at: start + 100 });
      const ack = told(acked.control);
      assert.deepEqual([ack.info, ack.data], [C.SCM_TSTAMP_ACK, key]);
      assert.ok((ack.at as number) >= start + 120);
      assert.equal(scheduled.result, 20 + 32 + 5); // both headers and the payload
      assert.deepEqual([sent.result, sent.flags], [10, C.MSG_ERRQUEUE | C.MSG_TRUNC]);
      assert.equal(text(acked.bytes, acked.result), 'hello');
    });
  });

  it('SOF_TIMESTAMPING_OPT_ID_TCP numbers from what was written, not from what was acknowledged', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd } = await connected(k);
      await k.client.write(fd, 'before');
      await k.client.setsockopt(fd, SOL_SOCKET, C.SO_TIMESTAMPING, FLAGS | C.SOF_TIMESTAMPING_OPT_ID_TCP);
      await k.client.sleep(ms(100));
      await k.client.write(fd, 'hello');
      assert.equal(told((await report(k.client, fd)).control).data, 4);
    });
  });
});

describe('recvmsg()', () => {
  it('cuts off control messages for which there is no room', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.server.setsockopt(child, C.SOL_TCP, C.TCP_INQ, 1);
      await k.client.write(fd, 'abc');
      const message: MsgHdr = { iov: [new Uint8Array(1)], controllen: 19 };
      await k.server.recvmsg(child, message);
      assert.deepEqual([message.control, message.flags], [[], C.MSG_CTRUNC]);
      message.controllen = 20;
      await k.server.recvmsg(child, message);
      assert.deepEqual(message.control, [{ level: C.SOL_TCP, type: C.TCP_CM_INQ, data: 1 }]);
      assert.equal(message.flags, 0);
    });
  });

  it('copies each byte once, into the buffers in their order; bytes that are thrown away are not copied', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd, child } = await connected(k);
      await k.client.sendmsg(fd, { iov: ['one ', utf8('two '), 'three'] });
      const iov = [new Uint8Array(6), new Uint8Array(3)];
      assert.equal(await k.server.recvmsg(child, { iov }), 9);
      assert.deepEqual(
        iov.map((one) => text(one)),
        ['one tw', 'o t'],
      );
      assert.equal(await k.server.recv(child, new Uint8Array(9), C.MSG_TRUNC), 4);
      const copied = (kind: 'copy.in' | 'copy.out') => k.events(kind).map(({ from, length }) => [from, length]);
      assert.deepEqual([copied('copy.in'), copied('copy.out')], [[[0, 13]], [[0, 9]]]);
    });
  });

  it('refuses what is no message and no list of buffers', async () => {
    const k = kit();
    await k.value(async () => {
      const { fd } = await connected(k);
      await assert.rejects(async () => k.client.recvmsg(fd, { iov: ['text'] }), /needs a buffer to fill/);
      await assert.rejects(async () => k.client.writev(fd, 'text' as unknown as string[]), /takes a list/);
      await assert.rejects(async () => k.client.poll({} as never, 0), /takes a list/);
    });
  });
});
