import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Time } from '../../../src/sim/base/time.ts';
import { decode, encode, LOG_VERSION, toJson } from '../../../src/sim/trace/codec.ts';
import { Log } from '../../../src/sim/trace/log.ts';
import { EVENTS, type Event, type FieldType, KINDS } from '../../../src/sim/trace/schema.ts';

const VALUES: Record<FieldType, fc.Arbitrary<unknown>> = {
  i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  f64: fc.oneof(fc.double({ noNaN: true }), fc.constant(Infinity)),
  time: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
  text: fc.string({ unit: 'binary', maxLength: 12 }),
  bytes: fc.uint8Array({ maxLength: 40 }),
  pieces: fc.uint8Array({ maxLength: 40 }),
  packet: fc.uint8Array({ maxLength: 40 }),
  ranges: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 6 }),
};

const anyEvent = fc.constantFrom(...KINDS).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    fields: fc.record(Object.fromEntries(Object.entries(EVENTS[kind]).map(([name, type]) => [name, VALUES[type]]))),
    wait: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 1e9 }) },
      { weight: 1, arbitrary: fc.constant(1e10) },
    ),
    skip: fc.integer({ min: 0, max: 3 }),
    host: fc.integer({ min: -1, max: 127 }),
    sock: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    task: fc.integer({ min: 0, max: 65535 }),
    cause: fc.integer({ min: -1, max: 1e6 }),
  }),
);

const anyLog = fc.array(anyEvent, { maxLength: 60 }).map((events) => {
  const whole = new Log();
  const log = whole.emptyWindow(); // numbers rise, with gaps
  for (const { kind, fields, wait, skip, ...context } of events) {
    for (let i = 0; i < skip; i++) whole.add('sock.free', {}, {});
    whole.now = (whole.now + wait) as Time;
    whole.add(kind, context, fields as never);
    log.copyOf(whole, whole.length - 1);
  }
  return log;
});

const all = (log: Log): Event[] => [...log];

describe('the codec of the log', () => {
  it('gives back every event, of every kind, with every value', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const decoded = decode(encode(log));
        assert.ok(decoded.ok);
        assert.deepEqual(all(decoded.log), all(log));
        assert.equal(decoded.log.next, log.next);
        assert.equal(decoded.log.now, log.length === 0 ? 0 : log.timeAt(log.length - 1));
      }),
    );
  });

  it('reads bytes that lie anywhere in a larger message', () => {
    const log = new Log();
    log.add('host.up', { host: 0 }, { name: 'a', address: '10.0.0.1', address6: '', kernel: '6.18' });
    const bytes = encode(log);
    for (let offset = 0; offset < 8; offset++) {
      const message = new Uint8Array(bytes.length + 16);
      message.set(bytes, offset);
      const decoded = decode(message.subarray(offset, offset + bytes.length));
      assert.ok(decoded.ok);
      assert.deepEqual(all(decoded.log), all(log));
    }
  });

  it('a decoded log can be continued', () => {
    const log = new Log();
    log.add('cell.begin', {}, { cell: 'one', index: 0 });
    const decoded = decode(encode(log));
    assert.ok(decoded.ok);
    decoded.log.add('cell.end', {}, { cell: 'one', ok: 1 });
    decoded.log.add('cell.begin', {}, { cell: 'two', index: 1 });
    assert.deepEqual(
      all(decoded.log).map((event) => [event.n, event.kind, 'cell' in event && event.cell]),
      [
        [0, 'cell.begin', 'one'],
        [1, 'cell.end', 'one'],
        [2, 'cell.begin', 'two'],
      ],
    );
  });

  it('refuses bytes of another version, and says so', () => {
    const bytes = encode(new Log());
    new DataView(bytes.buffer).setUint32(4, LOG_VERSION ^ 1, true);
    assert.deepEqual(decode(bytes), {
      ok: false,
      reason: 'the log was written by another version of the simulator',
    });
  });

  it('refuses what is no log, and a log that is cut', () => {
    const log = new Log();
    log.add('sock.new', { sock: 1 }, { family: 'AF_INET', type: 'SOCK_STREAM', listener: 0 });
    const bytes = encode(log);
    const reason = (input: Uint8Array) => {
      const decoded = decode(input);
      return decoded.ok ? 'ok' : decoded.reason;
    };
    assert.equal(reason(new Uint8Array(0)), 'not a log: too short');
    assert.equal(reason(new Uint8Array(100)), 'not a log: it does not begin like one');
    assert.equal(
      reason(bytes.subarray(0, bytes.length - 8)),
      `the log is cut: ${bytes.length - 8} of ${bytes.length} bytes`,
    );
  });

  it('never throws, and a log that decodes can be read to its end, whatever byte is damaged', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), fc.integer({ min: 1, max: 255 }), (log, where, flip) => {
        const bytes = encode(log);
        const at = where % bytes.length;
        bytes[at] = (bytes[at] as number) ^ flip;
        const decoded = decode(bytes);
        if (decoded.ok) for (const event of decoded.log) assert.ok(event.kind in EVENTS);
        else assert.match(decoded.reason, /log/);
      }),
    );
  });

  it('exports plain JSON with bytes in hexadecimal', () => {
    const log = new Log();
    log.now = 20_000_000 as Time;
    log.add('packet.sent', { host: 0, sock: 1, cause: -1 }, { to: 1, link: 0, bytes: Uint8Array.of(0x45, 0, 255) });
    assert.deepEqual(JSON.parse(JSON.stringify(toJson(log))), {
      version: LOG_VERSION,
      events: [
        {
          n: 0,
          t: 20_000_000,
          kind: 'packet.sent',
          host: 0,
          sock: 1,
          task: 0,
          cause: -1,
          to: 1,
          link: 0,
          bytes: '4500ff',
        },
      ],
    });
  });
});
