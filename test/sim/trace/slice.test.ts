import assert from 'node:assert/strict';
import { s } from '../../../src/sim/base/time.ts';
import { decode, encode } from '../../../src/sim/trace/codec.ts';
import type { Log } from '../../../src/sim/trace/log.ts';
import type { Event, EventOf } from '../../../src/sim/trace/schema.ts';
import { Keeper, slice } from '../../../src/sim/trace/slice.ts';
import { type Cell, conversation, listening, run } from '../../views/scenario.ts';

const cellStarts = (log: Log): number[] => [...log.of('cell.begin')].map((event) => log.indexOf(event.n));
const kinds = (events: Iterable<Event>) => [...events].map((event) => event.kind);
const before = (log: Log, n: number) => [...log].filter((event) => event.n < n);

/** A connection that stays open, and bytes that nobody has read yet. */
const opening: Cell = async ({ client }) => {
  const fd = await client.socket(2, 1);
  await client.connect(fd, { addr: '10.0.0.2', port: 8080 });
  await client.write(fd, 'one');
  await client.write(fd, 'two');
};
const idle: Cell = async ({ client }) => client.sleep(s(1));

describe('a window of the log', () => {
  it('has every event from its start on, unchanged', async () => {
    const log = await run([listening, conversation]);
    for (const from of [0, 1, 30, 64, 100, log.length]) {
      const window = slice(log, from);
      assert.deepEqual([...window].slice(window.length - (log.length - from)), [...log[Symbol.iterator](from)]);
      assert.equal(window.now, log.now);
    }
  });

  it('keeps of the time before only what still tells how things stand, with numbers and instants', async () => {
    const log = await run([listening, opening]);
    const end = slice(log, log.length);
    const all = new Map([...log].map((event) => [event.n, event]));
    for (const event of end) assert.deepEqual(event, all.get(event.n));
    assert.deepEqual(
      kinds(end).filter((kind) => kind === 'host.up' || kind === 'link.up'),
      ['host.up', 'host.up', 'link.up'],
    );
    // The thread that waits in accept() was woken and now waits in read() or for the next.
    const waiting = [...end.of('call.enter')].filter(
      (call) => ![...end.of('call.exit')].some((x) => x.enter === call.n),
    );
    assert.ok(waiting.some((call) => call.call === 'read' || call.call === 'accept'));
    for (const kind of ['call.wake', 'cell.begin', 'tcp.note', 'task.end'] as const)
      assert.ok(!kinds(end).includes(kind), kind);
    // Both SYNs stay, for the options that were agreed on.
    const states = [...end.of('tcp.state')].filter((event) => event.sock === 2).map((event) => event.to);
    assert.deepEqual(states, [2, 4]);
  });

  it('keeps packets on the way, and forgets them when they have ended', async () => {
    const log = await run([listening, opening, idle]);
    const [, , third] = cellStarts(log);
    const sent = [...slice(log, third as number).of('packet.sent')].filter(
      (event) => event.n < log.numberAt(third as number),
    );
    const ended = new Map(
      [...log].flatMap((e) => (e.kind === 'packet.arrived' || e.kind === 'packet.dropped' ? [[e.packet, e.n]] : [])),
    );
    const open = sent.filter((event) => (ended.get(event.n) ?? Infinity) > log.numberAt(third as number));
    assert.ok(open.length >= 2, 'two writes are on their way when the cell ends');
    assert.deepEqual(slice(log, log.length).indexOf((open[0] as EventOf<'packet.sent'>).n), -1);
  });

  it('keeps the bytes that are not yet acknowledged or read, and forgets them when both ends are done with them', async () => {
    const log = await run([listening, opening, idle]);
    const [, , third] = cellStarts(log);
    const data = (window: Log, n: number) =>
      before(window, n).flatMap((event) =>
        event.kind === 'call.enter' && event.data.length > 0 ? [event.data.length] : [],
      );
    assert.deepEqual(data(slice(log, third as number), log.numberAt(third as number)), [3, 3]);
    // The server answered with the same bytes, which the client has not read.
    const host = [...slice(log, log.length).of('copy.in')].map((event) => event.host);
    assert.ok(host.every((h) => h === 1) && host.length > 0);
  });

  it('holds nothing of sockets that were freed', async () => {
    const log = await run([listening, conversation]);
    const end = slice(log, log.length);
    assert.deepEqual([...new Set([...end].map((event) => event.sock))].sort(), [0, 1]);
  });

  it('does not grow with the notebook', async () => {
    const cells = [listening, ...Array.from({ length: 12 }, () => conversation)];
    const log = await run(cells);
    const keeper = new Keeper(log);
    const sizes = cellStarts(log)
      .map((from) => keeper.window(from))
      .map((window) => window.length);
    assert.ok((sizes.at(-1) as number) > 0);
    const log2 = await run(cells.slice(0, 6));
    assert.deepEqual(slice(log, log.length).length, slice(log2, log2.length).length);
  });

  it('cut by one keeper at every cell is the same as cut afresh', async () => {
    const log = await run([listening, conversation, opening, idle]);
    const keeper = new Keeper(log);
    for (const from of cellStarts(log)) assert.deepEqual([...keeper.window(from)], [...slice(log, from)]);
  });

  it('survives the trip to a renderer', async () => {
    const log = await run([listening, opening, idle]);
    const window = slice(log, cellStarts(log)[2] as number);
    const decoded = decode(encode(window));
    assert.ok(decoded.ok);
    assert.deepEqual([...decoded.log], [...window]);
  });
});
