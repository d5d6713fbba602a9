import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Time } from '../../../src/sim/base/time.ts';
import { decode, encode } from '../../../src/sim/trace/codec.ts';
import { Log } from '../../../src/sim/trace/log.ts';
import type { EventOf } from '../../../src/sim/trace/schema.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { cutSegment, partCount } from '../../../src/sim/wire/gso.ts';
import { Part, RawPacket, TcpPacket } from '../../../src/sim/wire/packet.ts';
import type { Segment } from '../../../src/sim/wire/tcp.ts';
import { anyEnvelope, anySegment } from '../wire/arbitrary.ts';

const sent = (log: Log, i = 0) => log.at(i) as EventOf<'packet.sent'>;
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const time = fc.integer({ min: 0, max: 2 ** 53 - 1 }) as fc.Arbitrary<Time>;

describe('a packet in the log', () => {
  it('has the bytes that it has on the wire, read at once or from a log that travelled', () => {
    fc.assert(
      fc.property(anySegment, anyEnvelope, (segment, ip) => {
        const log = new Log();
        const packet = new TcpPacket(segment, ip);
        log.packetSent(0, 1, -1, 1, 0, packet);
        assert.deepEqual(sent(log).bytes, packet.bytes());
        const decoded = decode(encode(log));
        assert.ok(decoded.ok);
        assert.deepEqual([...decoded.log], [...log]);
      }),
    );
  });

  it('has the bytes of each part, when a device cuts it', () => {
    const large = anySegment.filter(({ payload }) => payload.length > 0);
    fc.assert(
      fc.property(large, anyEnvelope, fc.integer({ min: 1, max: 1460 }), (segment, ip, size) => {
        const log = new Log();
        const packet = new TcpPacket(segment, ip, size);
        const part = new Part(packet);
        const count = partCount(segment, size);
        for (let i = 0; i < count; i++) log.packetSent(0, 1, -1, 1, 0, part.of(packet, i));
        const parts = cutSegment(segment, size);
        for (let i = 0; i < count; i++) {
          assert.deepEqual(sent(log, i).bytes, packet.part(i).bytes());
          const id = ip.src.family === 4 ? (ip.id + i) & 0xffff : 0;
          assert.deepEqual(packet.part(i), new TcpPacket(parts[i] as Segment, { ...ip, id }));
        }
      }),
    );
  });

  it('is whatever bytes it is, when they are all that is known', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const log = new Log();
        log.packetSent(0, 1, -1, 1, 0, new RawPacket(bytes));
        log.add('packet.sent', { host: 0, sock: 1, cause: -1 }, { to: 1, link: 0, bytes });
        assert.deepEqual(sent(log).bytes, bytes);
        assert.deepEqual({ ...sent(log, 1), n: 0 }, sent(log));
      }),
    );
  });

  it('refers to its payload where the log has it: data sent twice travels once', () => {
    const envelope = { src: address('10.0.0.1'), dst: address('10.0.0.2') };
    const [sample] = fc.sample(anySegment, { numRuns: 1, seed: 1 });
    assert.ok(sample);
    const log = new Log();
    const payload = log.store(new Uint8Array(1448).fill(0x61));
    const size = (packets: number) => {
      for (let i = 0; i < packets; i++) log.packetSent(0, 1, -1, 1, 0, new TcpPacket({ ...sample, payload }, envelope));
      return encode(log).length;
    };
    const one = size(1);
    assert.ok(one > 1448);
    assert.ok(size(9) - one < 9 * 200);
    assert.equal(log.packetAt(9).payload.buffer, payload.buffer);
  });

  it('gives what a program read to the log in the pieces in which it came, and takes them as one', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 }), fc.boolean(), (parts, stored) => {
        const log = new Log();
        const data = stored ? parts.map((part) => log.store(part)) : parts;
        log.add('call.exit', {}, { enter: 0, call: 'read', result: 0, errno: 0, out: '', data });
        log.add('cell.end', {}, { cell: 'a', ok: 1 });
        const decoded = decode(encode(log));
        assert.ok(decoded.ok);
        for (const exit of [log.at(0), decoded.log.at(0)] as EventOf<'call.exit'>[]) {
          assert.deepEqual(
            [...exit.data],
            parts.flatMap((part) => [...part]),
          );
        }
        assert.equal(decoded.log.at(1).kind, 'cell.end');
      }),
    );
  });

  it('leaves behind, in a window, the bytes that nothing refers to', () => {
    const log = new Log();
    log.add('call.exit', {}, { enter: 0, call: 'read', result: 0, errno: 0, out: '', data: new Uint8Array(50_000) });
    log.add('cell.begin', {}, { cell: 'a', index: 0 });
    const window = log.emptyWindow();
    window.copyOf(log, 1);
    assert.ok(encode(window).length < 500);
  });
});

describe('the writers of frequent kinds', () => {
  const both = (write: (log: Log) => void, add: (log: Log) => void) => {
    const [fast, general] = [new Log(), new Log()].map((log) => {
      log.now = 77 as Time;
      log.cause = 5;
      return log;
    }) as [Log, Log];
    write(fast);
    add(general);
    assert.deepEqual([...fast], [...general]);
    assert.equal(fast.next, general.next);
  };

  it('write what add() writes', () => {
    fc.assert(
      fc.property(
        fc.array(u32, { minLength: 7, maxLength: 7 }),
        fc.array(time, { minLength: 4, maxLength: 4 }),
        fc.array(u32),
        (n, t, ooo) => {
          const [a, b, c, d, e, f, g] = n as [number, number, number, number, number, number, number];
          const [sample, srtt, rttvar, rto] = t as [Time, Time, Time, Time];
          const here = { host: 3, sock: a };
          both(
            (log) => log.packetQueued(3, a, 9, b, c),
            (log) => log.add('packet.queued', { ...here, cause: 9 }, { packet: b, length: c }),
          );
          both(
            (log) => log.packetArrived(3, a, 9),
            (log) => log.add('packet.arrived', { ...here, cause: 9 }, { packet: 9 }),
          );
          both(
            (log) => log.sendVariables(3, a, a, b, c, d, e, f, g),
            (log) => log.add('tcp.send', here, { una: a, nxt: b, end: c, edge: d, limit: e, cwnd: f, ssthresh: g }),
          );
          both(
            (log) => log.receiveVariables(3, a, b, c, d, e, ooo),
            (log) => log.add('tcp.recv', here, { read: b, nxt: c, edge: d, limit: e, ooo }),
          );
          both(
            (log) => log.roundTrip(3, a, sample, srtt, rttvar, rto),
            (log) => log.add('tcp.rtt', here, { sample, srtt, rttvar, rto }),
          );
          both(
            (log) => log.note(3, a, 'rule', '', 'rule'),
            (log) => log.add('tcp.note', here, { rule: 'rule', rfc: '', linux: 'rule' }),
          );
          both(
            (log) => log.timerSet(3, a, 'retransmit', rto),
            (log) => log.add('timer.set', here, { timer: 'retransmit', at: rto }),
          );
          both(
            (log) => log.timerOff(3, a, 'retransmit'),
            (log) => log.add('timer.off', here, { timer: 'retransmit' }),
          );
        },
      ),
    );
  });
});

describe('a log that keeps nothing', () => {
  it('numbers events all the same, and holds bytes for whoever needs them', () => {
    const log = new Log({ keep: false });
    assert.equal(log.add('cell.begin', {}, { cell: 'a', index: 0 }), 0);
    assert.equal(log.packetArrived(0, 1, 0), 1);
    assert.equal(log.next, 2);
    assert.equal(log.length, 0);
    const bytes = Uint8Array.of(1, 2);
    const kept = log.store(bytes);
    bytes.fill(0);
    assert.deepEqual([...kept], [1, 2]);
  });
});
