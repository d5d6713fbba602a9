import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { sequence } from '../../src/views/sequence.ts';
import { instants } from '../../src/views/timeline.ts';
import type { Arrow, CallMark, Point, SequenceModel } from '../../src/views/view.ts';
import { type Cell, conversation, listening, run } from './scenario.ts';
import { CLIENT, Script, SERVER, story, until } from './script.ts';

const whole = (log: Log, from = 0): SequenceModel => sequence.model(log, log.length, { from });

/** The points of the diagram with the lane that each stands in. */
function lanes(model: SequenceModel): Map<string, Point[]> {
  const out = new Map<string, Point[]>();
  const put = (host: number, lane: string, ...points: (Point | null)[]) => {
    const key = `${host} ${lane}`;
    out.set(key, [...(out.get(key) ?? []), ...points.filter((p) => p !== null)]);
  };
  for (const { from, to, sent, end } of model.arrows) {
    put(from, 'arrow', sent);
    put(to, 'arrow', end);
  }
  for (const mark of model.marks) {
    if (mark.kind === 'call') put(mark.host, 'margin', mark.enter, mark.exit);
    else put(mark.host, 'margin', mark.at);
  }
  return out;
}

const bulk: Cell = async ({ client }) => {
  const fd = await client.socket(2, 1);
  await client.connect(fd, { addr: '10.0.0.2', port: 8080 });
  await client.write(fd, new Uint8Array(30_000).fill(97));
  const buf = new Uint8Array(30_000);
  for (let n = 0; n < 30_000; ) n += await client.read(fd, buf);
  await client.close(fd);
};

describe('the sequence view', () => {
  it('draws every packet once, from where it left to where it ended', async () => {
    const log = await run([listening, bulk], { loss: 0.05, queue: 8, rate: 1e8 }, 7);
    const { arrows } = whole(log);
    assert.deepEqual(
      arrows.map((arrow) => arrow.n),
      [...log.of('packet.sent')].map((event) => event.n),
    );
    const ended = new Map<number, string>();
    for (const event of log) {
      if (event.kind === 'packet.arrived') ended.set(event.packet, 'arrived');
      if (event.kind === 'packet.dropped') ended.set(event.packet, 'dropped');
    }
    for (const arrow of arrows) {
      assert.equal(arrow.fate, ended.get(arrow.n) ?? 'on the way');
      assert.equal(arrow.reason !== '', arrow.fate === 'dropped');
      assert.equal(arrow.end === null, arrow.fate === 'on the way');
    }
    assert.ok(arrows.some((arrow) => arrow.fate === 'dropped'));
    assert.ok(arrows.some((arrow) => arrow.retransmission));
  });

  it('calls sent again what repeats bytes, and nothing else', async () => {
    const log = await run([listening, bulk], { loss: 0.05 }, 7);
    const highest = [0, 0];
    for (const arrow of whole(log).arrows) {
      const space = arrow.length + (/SYN|FIN/.test(arrow.flags) ? 1 : 0);
      assert.equal(arrow.retransmission, space > 0 && arrow.seq < (highest[arrow.side] as number), arrow.label);
      highest[arrow.side] = Math.max(highest[arrow.side] as number, arrow.seq + space);
    }
  });

  it('never goes up with time, and keeps a row between two points of a lane', async () => {
    const log = await run([listening, bulk], { loss: 0.05, queue: 8, rate: 1e8 }, 7);
    const model = whole(log);
    const all = [...lanes(model).values()].flat().sort((a, b) => a.n - b.n);
    for (const [i, point] of all.entries()) {
      const before = all[i - 1];
      if (before && before.time < point.time) assert.ok(before.row < point.row, `event ${point.n}`);
      assert.ok(point.row >= 0 && point.row < model.rows);
    }
    for (const [lane, points] of lanes(model)) {
      const sorted = points.sort((a, b) => a.n - b.n);
      for (const [i, point] of sorted.entries()) {
        // rows are sums of fractions: a thousand of them round
        if (i > 0) assert.ok(point.row - (sorted[i - 1] as Point).row > 1 - 1e-9, `${lane} at event ${point.n}`);
      }
    }
  });

  it('folds long waits, says how long they were, and gives them a place of their own', () => {
    const { log } = story();
    const { folds, arrows } = whole(log);
    assert.deepEqual(
      folds.map(({ from, to, length, label }) => [from, to, length, label]),
      [[ms(40), ms(240), ms(200), '200 ms']],
    );
    const [fold] = folds;
    for (const { sent, end } of arrows) {
      for (const point of [sent, end]) {
        if (!fold || !point) continue;
        assert.ok(point.row <= fold.row || point.row >= fold.row + fold.rows);
        assert.equal(point.row <= fold.row, point.time <= fold.from);
      }
    }
  });

  it('knows what is on the way at each instant', () => {
    const { log, lost } = story();
    const at = (t: number) => sequence.model(log, until(log, t)).inFlight;
    assert.equal(at(0).length, 1);
    assert.ok(at(20).includes(lost));
    assert.ok(!at(25).includes(lost));
    assert.deepEqual(at(100), []);
    assert.deepEqual(at(290), []);
  });

  it('holds still while it is scrubbed: only the cursor moves', () => {
    const { log } = story();
    const models = instants(log).map((cursor) => sequence.model(log, cursor));
    for (const model of models) assert.equal(model.arrows, models[0]?.arrows);
    const rows = models.map((model) => model.now.row);
    assert.deepEqual(
      rows,
      rows.toSorted((a, b) => a - b),
    );
    assert.ok((rows.at(-1) as number) < (models[0]?.rows as number));
  });

  it('labels a segment with what it is for', () => {
    const { log } = story();
    assert.deepEqual(
      whole(log).arrows.map((arrow) => arrow.label),
      [
        'SYN seq 0 win 64240',
        'SYN,ACK seq 0 ack 1 win 64240',
        'ACK 1 win 65536',
        '1:7 (6)',
        '7:13 (6)',
        'ACK 7 win 65536',
        '7:13 (6) retransmission',
        'ACK 13 win 65536',
        'FIN seq 13 ack 1',
        'ACK 14 win 65536',
        'FIN seq 1 ack 14',
        'ACK 2 win 65536',
      ],
    );
  });

  it('prints options as tcpdump does, and scales windows after the handshake only', () => {
    const { log } = story();
    const [syn, , ack] = whole(log).arrows as [Arrow, Arrow, Arrow];
    assert.equal(syn.options, 'mss 1460,nop,nop,sackOK,nop,wscale 7');
    assert.equal(syn.window, 64240);
    assert.equal(ack.window, 512 << 7);
  });

  it('does not scale when one side did not offer to', () => {
    const s = new Script();
    s.packet(CLIENT, 'S', 0, 0, '', { windowScale: 7 });
    s.packet(SERVER, 'S.', 0, 1);
    s.packet(CLIENT, '.', 1, 1);
    assert.equal(whole(s.log).arrows[2]?.window, 512);
  });

  it('counts from a new SYN when names are used again', () => {
    const s = new Script();
    s.packet(CLIENT, 'S', 0, 0);
    s.packet(CLIENT, 'P.', 1, 1, 'abc');
    s.packet(CLIENT, 'S', 1_000_000, 0);
    s.packet(CLIENT, 'P.', 1_000_001, 1, 'abc');
    assert.deepEqual(
      whole(s.log).arrows.map(({ seq, retransmission }) => [seq, retransmission]),
      [
        [0, false],
        [1, false],
        [0, false],
        [1, false],
      ],
    );
  });

  it('shows a call that waits from an earlier cell, and a reset that no socket sent', async () => {
    const refused: Cell = async ({ client }) => {
      const fd = await client.socket(2, 1);
      await client.connect(fd, { addr: '10.0.0.2', port: 9 }).catch(() => {});
    };
    const log = await run([listening, refused]);
    const model = sequence.model(log, log.length);
    const accept = model.marks.find((mark): mark is CallMark => mark.kind === 'call' && mark.text === 'accept(3)');
    assert.equal(accept?.exit, null);
    assert.equal(accept?.enter.row, 0);
    const reset = model.arrows.find((arrow) => arrow.flags.includes('RST'));
    assert.equal(reset?.side, 1);
    assert.equal(reset?.connection, model.arrows[0]?.connection);
    assert.match(sequence.text(model), /connect\(\) = -1 ECONNREFUSED/);
  });

  it('draws from the last cell on unless told otherwise', async () => {
    const log = await run([listening, conversation, conversation]);
    const last = sequence.model(log, log.length);
    const all = whole(log);
    assert.ok(last.arrows.length < all.arrows.length);
    assert.equal(last.connections.length, 1);
    assert.equal(all.connections.length, 2);
  });
});
