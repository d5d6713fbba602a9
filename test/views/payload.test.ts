import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ms } from '../../src/sim/base/time.ts';
import { encode } from '../../src/sim/trace/codec.ts';
import { Log } from '../../src/sim/trace/log.ts';
import { decodePayload, encodePayload, type PayloadHeader } from '../../src/views/payload.ts';

const HEADER: PayloadHeader = {
  views: ['sequence', 'states'],
  cell: 'handshake',
  title: 'Connect — and what it costs',
  kernel: 'simulator',
  absent: [{ view: 'buffers', reason: 'The real kernel does not tell.' }],
};

function sample(): Log {
  const log = new Log();
  log.now = ms(1);
  log.add('host.up', { host: 0 }, { name: 'client', address: '10.0.0.1', address6: '', kernel: '6.18' });
  log.add('packet.sent', { host: 0 }, { to: 1, link: 0, bytes: Uint8Array.of(1, 2, 3) });
  return log;
}

const reason = (bytes: Uint8Array): string => {
  const decoded = decodePayload(bytes);
  assert.ok(!decoded.ok);
  return decoded.reason;
};

describe('a payload', () => {
  it('gives back its header and its log', () => {
    const decoded = decodePayload(encodePayload(HEADER, encode(sample())));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.header, HEADER);
    assert.deepEqual([...decoded.log], [...sample()]);
  });

  it('survives any header, wherever the bytes lie in memory', () => {
    const header = fc.record({
      views: fc.array(fc.string()),
      cell: fc.string({ unit: 'grapheme' }),
      kernel: fc.constantFrom('simulator' as const, 'loopback' as const),
      absent: fc.array(fc.record({ view: fc.string(), reason: fc.string() }, { noNullPrototype: true })),
    });
    const log = encode(sample());
    fc.assert(
      fc.property(header, fc.nat(7), (given, offset) => {
        const bytes = encodePayload(given, log);
        const moved = new Uint8Array(bytes.length + offset);
        moved.set(bytes, offset);
        const decoded = decodePayload(moved.subarray(offset));
        assert.ok(decoded.ok);
        assert.deepEqual({ ...decoded.header }, { ...given });
        assert.equal(decoded.log.length, 2);
      }),
    );
  });

  it('says what is wrong with bytes of something else', () => {
    assert.match(reason(new Uint8Array(3)), /too short/);
    assert.match(reason(new Uint8Array(64)), /does not begin like one/);
  });

  it('says that another version wrote it: the payload or the log', () => {
    const bytes = encodePayload(HEADER, encode(sample()));
    const newer = bytes.slice();
    newer[4] = 99;
    assert.match(reason(newer), /another version/);
    const log = encode(sample());
    log[4] = (log[4] as number) ^ 1;
    assert.match(reason(encodePayload(HEADER, log)), /another version/);
  });

  it('refuses a header that lacks what a drawing needs', () => {
    for (const broken of [
      { ...HEADER, views: 'sequence' },
      { ...HEADER, kernel: 'windows' },
      { ...HEADER, absent: [{}] },
    ]) {
      assert.match(reason(encodePayload(broken as never, encode(sample()))), /header/);
    }
  });

  it('never throws, whatever the bytes', () => {
    const good = encodePayload(HEADER, encode(sample()));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, cut) => {
        const bytes = good.slice(0, cut);
        if (at < cut) bytes[at] = value;
        const decoded = decodePayload(bytes);
        if (decoded.ok) for (const event of decoded.log) assert.ok(event.kind);
        else assert.notEqual(decoded.reason, '');
      }),
      { numRuns: 2000 },
    );
  });
});
