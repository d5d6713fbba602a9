/** Captures, read back by the format's own description; tshark's opinion of them is asked in test/captures. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import type { EventOf } from '../../src/sim/trace/schema.ts';
import { type CaptureOptions, pcapng } from '../../src/views/pcapng.ts';
import { type Capture, readPcapng, texts } from '../captures/reader.ts';
import { type Cell, conversation, listening, run } from './scenario.ts';

const COMMENT = 1;
const NAME = 2;
const DIRECTION = 2;
const PACKET_ID = 5;

let log: Log;
before(async () => {
  log = await run([listening, conversation]);
});

const captureOf = (of: Log, options?: CaptureOptions): Capture => readPcapng(pcapng(of, options));
const sentPackets = (of: Log): EventOf<'packet.sent'>[] => [...of.of('packet.sent')];
const direction = ({ options }: Capture['packets'][number]) => options.get(DIRECTION)?.[0]?.readUInt32BE(0);
const id = ({ options }: Capture['packets'][number]) => Number(options.get(PACKET_ID)?.[0]?.readBigUInt64BE(0));

describe('a capture', () => {
  it('says which kernel and which seed it is of', () => {
    const { section } = captureOf(log, { seed: 77, program: 'x 1' });
    assert.match(texts(section, COMMENT).join(), /^seed 77; kernel simulator 6\.18; the run begins/);
    assert.deepEqual([texts(section, 3), texts(section, 4)], [['simulator 6.18'], ['x 1']]);
    assert.doesNotMatch(texts(captureOf(log).section, COMMENT).join(), /seed/);
  });

  it('names its interfaces by host and device, and its addresses', () => {
    const { interfaces, names } = captureOf(log, { host: 'all' });
    const name = interfaces.map(({ options }) => texts(options, NAME)[0]);
    assert.deepEqual(name, ['client:lo', 'client:eth0', 'server:lo', 'server:eth0']);
    for (const { options } of interfaces) {
      assert.deepEqual(options.get(9), [Buffer.of(9)], 'nanoseconds');
      assert.equal(options.get(14)?.[0]?.readBigInt64BE(), BigInt(Date.UTC(2000, 0, 1) / 1000));
    }
    assert.deepEqual([...interfaces[1]!.options.get(4)!], [Buffer.of(10, 0, 0, 1, 255, 255, 255, 0)]);
    assert.equal(interfaces[1]!.options.get(8)?.[0]?.readBigUInt64BE(), 1_000_000_000n);
    assert.match(texts(interfaces[1]!.options, 3).join(), /^to server, delay 10 ms, MTU 1500/);
    assert.deepEqual(
      [...names],
      [
        ['10.0.0.1', 'client'],
        ['10.0.0.2', 'server'],
      ],
    );
  });

  it('holds every packet at one host: out when it left, in when it arrived, whole, to the nanosecond', () => {
    const sent = new Map(sentPackets(log).map((event) => [event.n, event]));
    for (const host of [0, 1]) {
      const { packets, interfaces } = captureOf(log, { host });
      const expected = [...log].flatMap((event) => {
        if (event.kind === 'packet.sent' && event.host === host) return [[event.n, event.t, 2]];
        return event.kind === 'packet.arrived' && event.host === host ? [[event.packet, event.t, 1]] : [];
      });
      assert.ok(expected.length > 5);
      assert.deepEqual(
        packets.map((packet) => [id(packet), Number(packet.time), direction(packet)]),
        expected,
      );
      for (const packet of packets) {
        assert.ok(packet.bytes.equals(sent.get(id(packet))!.bytes));
        assert.match(texts(interfaces[packet.interface]!.options, NAME)[0]!, /:eth0$/);
      }
    }
  });

  it('is taken at the host that sent first, unless told otherwise; of all hosts it holds a packet once for each', () => {
    assert.deepEqual(pcapng(log), pcapng(log, { host: 0 }));
    const all = captureOf(log, { host: 'all' });
    assert.equal(all.packets.length, 2 * sentPackets(log).length);
    for (const n of sentPackets(log).map((event) => event.n)) {
      const twice = all.packets.filter((packet) => id(packet) === n);
      assert.deepEqual(twice.map(direction), [2, 1]);
    }
  });

  it('tells of each lost packet that it was, and why TCP sent what it noted', async () => {
    const lossy = await run([listening, conversation], { loss: 0.3, rate: 1e6 }, 5);
    const { packets } = captureOf(lossy, { host: 0 });
    const dropped = [...lossy.of('packet.dropped')].filter((event) => event.host === 0);
    assert.ok(dropped.length > 0);
    for (const event of dropped) {
      const [comment] = texts(packets.find((packet) => id(packet) === event.packet)!.options, COMMENT);
      assert.match(comment ?? '', /^dropped at \d+\.\d{6}: lost on the link$/);
    }
    const noted = packets.flatMap(({ options }) => texts(options, COMMENT)).filter((text) => /\(RFC \d+/.test(text));
    assert.ok(noted.length > 0);
    const there = captureOf(lossy, { host: 1 });
    for (const event of dropped) assert.ok(!there.packets.some((packet) => id(packet) === event.packet));
  });

  it('shows a damaged packet as it left and as it arrived, and a copy where it arrived alone', async () => {
    const bad = await run([listening, conversation], { corrupt: 0.2, duplicate: 0.2 }, 3);
    const damaged = [...bad.of('packet.damaged')].filter((event) => event.host === 0);
    const copies = sentPackets(bad).filter((event) => event.host < 0 && event.to === 1);
    assert.ok(damaged.length > 0 && copies.length > 0);
    const [here, there] = [captureOf(bad, { host: 0 }), captureOf(bad, { host: 1 })];
    for (const { packet, bit } of damaged) {
      const left = here.packets.find((one) => id(one) === packet) as Capture['packets'][number];
      const came = there.packets.find((one) => id(one) === packet);
      if (!came) continue;
      const byte = bit >> 3;
      assert.equal((left.bytes[byte] as number) ^ (came.bytes[byte] as number), 0x80 >> (bit & 7));
      assert.ok(texts(came.options, COMMENT).includes(`bit ${bit} was flipped on the link`));
    }
    for (const { n } of copies) {
      assert.ok(!here.packets.some((one) => id(one) === n));
      const came = there.packets.find((one) => id(one) === n);
      if (came) assert.ok(texts(came.options, COMMENT).includes('a copy that the link made'));
    }
  });

  it('shows a packet on the loopback device once', async () => {
    const alone: Cell = async ({ client }) => {
      const fd = await client.socket(2, 1);
      await client.connect(fd, { addr: '127.0.0.1', port: 9 }).catch(() => {});
    };
    const { packets, interfaces } = captureOf(await run([alone]));
    assert.equal(packets.length, 2);
    for (const packet of packets) assert.equal(texts(interfaces[packet.interface]!.options, NAME)[0], 'client:lo');
  });

  it('keeps time beyond 32 bits of nanoseconds', async () => {
    const slow = await run([listening, conversation], { delay: ms(4000) });
    const last = captureOf(slow).packets.at(-1);
    assert.ok(last && last.time > 2n ** 33n);
  });

  it('of an empty run is a file all the same', async () => {
    const { packets, interfaces } = captureOf(await run([]));
    assert.deepEqual([packets.length, interfaces.length], [0, 2]);
  });
});
