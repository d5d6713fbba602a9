import assert from 'node:assert/strict';
import { fromUtf8 } from '../../src/sim/base/bytes.ts';
import { ms } from '../../src/sim/base/time.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { buffers } from '../../src/views/buffers.ts';
import { streamsOf } from '../../src/views/stream.ts';
import { instants } from '../../src/views/timeline.ts';
import type { EndBuffers, Segment } from '../../src/views/view.ts';
import { type Cell, run } from './scenario.ts';
import { story, until } from './script.ts';

const TEXT = Array.from({ length: 60_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');

/** A server that reads nothing for two seconds, then all. */
const lazyWith =
  (receiveBuffer: number): Cell =>
  async ({ server }) => {
    const fd = await server.socket(2, 1);
    await server.bind(fd, { addr: '0.0.0.0', port: 8080 });
    await server.setsockopt(fd, 1, 8, receiveBuffer);
    await server.listen(fd, 5);
    server.spawn('lazy', async (me) => {
      const connection = await me.accept(fd);
      await me.sleep(ms(2000));
      const buf = new Uint8Array(7000);
      while ((await me.read(connection, buf)) > 0);
      await me.close(connection);
    });
  };
const lazy = lazyWith(4000);
const flood: Cell = async ({ client }) => {
  const fd = await client.socket(2, 1);
  await client.connect(fd, { addr: '10.0.0.2', port: 8080 });
  await client.write(fd, TEXT);
  await client.close(fd);
  await client.sleep(ms(3000));
};

const ends = (log: Log, at: number): readonly EndBuffers[] =>
  buffers.model(log, at, { from: 0 }).connections.flatMap((connection) => connection.ends);
const sum = (segments: readonly Segment[], kind: Segment['kind']) =>
  segments.filter((segment) => segment.kind === kind).reduce((total, { length }) => total + length, 0);

describe('the buffers view', () => {
  it('cuts each buffer into stretches that join without gaps, and whose lengths are those of the variables', async () => {
    const log = await run([lazyWith(60_000), flood], { loss: 0.1, rate: 1e8, queue: 10 }, 5);
    const seen = new Set<string>();
    for (const at of instants(log, { from: 0 })) {
      for (const { send, receive } of ends(log, at)) {
        for (const segments of [send?.segments ?? [], receive?.segments ?? []]) {
          for (const [i, { kind, from, to, length }] of segments.entries()) {
            seen.add(kind);
            assert.ok(length > 0 && to - from === length);
            if (i > 0) assert.equal(from, segments[i - 1]?.to, `${kind} after event ${at}`);
          }
        }
        if (send) {
          const una = Math.max(1, send.una);
          assert.equal(
            sum(send.segments, 'in flight') + sum(send.segments, 'lost') + sum(send.segments, 'unsent'),
            send.used,
          );
          assert.equal(sum(send.segments, 'unsent'), Math.max(0, send.end - Math.max(una, send.nxt)));
          assert.equal(sum(send.segments, 'free'), send.free);
          assert.ok(send.used <= send.limit);
        }
        if (receive) {
          assert.equal(sum(receive.segments, 'unread'), receive.unread);
          assert.equal(
            sum(receive.segments, 'out of order'),
            receive.ooo.reduce((total, { from, to }) => total + to - from, 0),
          );
        }
      }
    }
    const meanings = ['acknowledged', 'lost', 'in flight', 'unsent', 'read', 'unread', 'hole', 'out of order', 'free'];
    assert.deepEqual([...seen].sort(), meanings.sort());
  });

  it('shows the bytes that lie there', async () => {
    const log = await run([lazyWith(60_000), flood], { loss: 0.1, rate: 1e8, queue: 10 }, 5);
    for (const at of instants(log, { from: 0 })) {
      for (const { end, send, receive } of ends(log, at)) {
        const data = end.side === 0 ? send : receive;
        for (const { kind, from, preview } of data?.segments ?? []) {
          if (kind === 'free' || kind === 'hole') assert.equal(preview, '');
          else assert.equal(preview.replace('…', ''), TEXT.slice(from - 1, from - 1 + preview.replace('…', '').length));
        }
      }
    }
  });

  it('shows a write that waits for room, how far it is, and that it is over when it is over', async () => {
    const log = await run([lazy, flood]);
    let waited = 0;
    let last = 0;
    for (const at of instants(log, { from: 0 })) {
      const writing = ends(log, at)[0]?.writing;
      if (!writing) continue;
      assert.equal(writing.size, TEXT.length);
      assert.ok(writing.copied >= last);
      last = writing.copied;
      if (writing.waits !== '') waited = writing.copied;
      if (!writing.open) assert.equal(writing.copied, TEXT.length);
    }
    assert.ok(waited > 0 && waited < TEXT.length);
    assert.equal(last, TEXT.length);
    assert.equal(ends(log, log.length)[0]?.writing, null);
  });

  it('tells a lost segment from one in flight from the instant of its loss to that of its retransmission', () => {
    const { log } = story();
    const at = (t: number) =>
      ends(log, until(log, t))[0]?.send?.segments.map(({ kind, from, to }) => `${kind} ${from}:${to}`);
    assert.deepEqual(at(20), ['in flight 1:13', 'free 13:16385']);
    assert.deepEqual(at(25), ['in flight 1:7', 'lost 7:13', 'free 13:16385']);
    assert.deepEqual(at(100), ['acknowledged 1:7', 'lost 7:13', 'free 13:16391']);
    assert.deepEqual(at(240), ['acknowledged 1:7', 'in flight 7:13', 'free 13:16391']);
    assert.deepEqual(at(260), ['acknowledged 1:13', 'free 13:16397']);
  });

  it('follows the FIN, which takes a number after the last byte', () => {
    const { log } = story();
    const fin = (t: number) => ends(log, until(log, t))[0]?.send?.fin;
    const acked = log.indexOf([...log.of('tcp.send')].find((event) => event.una === 14)?.n as number);
    assert.deepEqual([fin(250), fin(260)], ['none', 'in flight']);
    assert.equal(ends(log, acked + 1)[0]?.send?.fin, 'acknowledged');
    assert.deepEqual(
      [250, 270].map((t) => ends(log, until(log, t))[1]?.receive?.fin),
      [false, true],
    );
    assert.equal(ends(log, until(log, 270))[1]?.receive?.unread, 0);
  });

  it('has nothing in CLOSED, and in TIME-WAIT only what can still be read', () => {
    const { log } = story();
    const client = ends(log, until(log, 280))[0];
    assert.deepEqual([client?.state, client?.send, client?.receive], ['TIME-WAIT', null, null]);
    const [, server] = ends(log, log.length);
    assert.deepEqual([server?.state, server?.send, server?.receive], ['CLOSED', null, null]);
  });

  it('says how far each segment on the wire is', () => {
    const { log } = story();
    const i = log.indexOf([...log.of('packet.sent')].find((event) => event.t === ms(240))?.n as number);
    assert.deepEqual(
      buffers.model(log, i + 1).connections[0]?.wire.map(({ side, from, to, progress }) => [side, from, to, progress]),
      [[0, 7, 13, 0]],
    );
  });

  it('knows the stream from the packets when the calls are not in the log', async () => {
    const log = await run([lazy, flood]);
    const whole = streamsOf(log)(0, 0);
    assert.equal(fromUtf8(whole.at(1, TEXT.length)), TEXT);
    assert.equal(fromUtf8(whole.at(30_001, 5)), TEXT.slice(30_000, 30_005));
    assert.equal(whole.at(TEXT.length + 1, 5).length, 0);
    assert.equal(whole.at(0, 5).length, 0);
  });
});
