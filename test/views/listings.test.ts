/** ss, tcpdump, the timeline, the states and the causes, over real runs. */
import assert from 'node:assert/strict';
import type { Log } from '../../src/sim/trace/log.ts';
import { ss, timeLeft } from '../../src/views/ss.ts';
import { states } from '../../src/views/states.ts';
import { tcpdump } from '../../src/views/tcpdump.ts';
import { instants, timeline } from '../../src/views/timeline.ts';
import { causes } from '../../src/views/why.ts';
import { conversation, listening, run } from './scenario.ts';
import { story, until } from './script.ts';

let log: Log;
before(async () => {
  log = await run([listening, conversation]);
});

describe('ss', () => {
  it('counts a SYN and a FIN as a byte in the queues, as Linux does', () => {
    const { log: told } = story();
    const row = (t: number, host: number) =>
      ss.model(told, until(told, t), { host }).rows.find((r) => r.state !== 'LISTEN');
    assert.deepEqual([row(5, 0)?.state, row(5, 0)?.sendQ], ['SYN-SENT', 1]);
    assert.deepEqual([row(265, 0)?.state, row(265, 0)?.sendQ], ['FIN-WAIT-1', 1]);
    assert.deepEqual([row(275, 1)?.state, row(275, 1)?.recvQ, row(275, 1)?.sendQ], ['LAST-ACK', 1, 1]);
  });

  it('shows the accept queue of a listener', () => {
    const { log: told } = story();
    const listener = (t: number) => ss.model(told, until(told, t)).rows.find((row) => row.state === 'LISTEN');
    assert.deepEqual([listener(20)?.recvQ, listener(20)?.sendQ], [0, 5]);
    assert.deepEqual([listener(30)?.recvQ, listener(30)?.local, listener(30)?.peer], [1, '0.0.0.0:8080', '0.0.0.0:*']);
  });

  it('lists no socket before it has a state and none that is freed', () => {
    assert.deepEqual(ss.model(log, 0).rows, []);
    assert.deepEqual(
      ss.model(log, log.length).rows.map((row) => row.state),
      ['LISTEN'],
    );
  });

  it('prints times as iproute2 does', () => {
    const times = {
      0: '',
      7: '007ms',
      200: '200ms',
      1000: '1sec',
      1012: '1.012ms',
      59999: '59sec',
      60000: '1min',
      119000: '1min59sec',
      900000: '15min',
    };
    for (const [left, text] of Object.entries(times)) assert.equal(timeLeft(Number(left)), text, left);
  });
});

describe('tcpdump', () => {
  it('captures at one host: what leaves it when it leaves, what reaches it when it arrives', () => {
    for (const host of [0, 1]) {
      const { lines } = tcpdump.model(log, log.length, { from: 0, host });
      const expected = [...log].flatMap((event) => {
        if (event.kind === 'packet.sent' && event.host === host) return [event.n];
        return event.kind === 'packet.arrived' && event.host === host ? [event.n] : [];
      });
      assert.deepEqual(
        lines.map((line) => line.n),
        expected,
      );
    }
  });

  it('shows the numbers of a refusal as they are, since nothing was seen to count them from', async () => {
    const refused = await run([
      async ({ client }) => {
        await client.connect(await client.socket(2, 1), { addr: '10.0.0.2', port: 9 }).catch(() => {});
      },
    ]);
    const [syn, reset] = tcpdump.model(refused, refused.length).lines.map(({ text }) => text);
    const [, isn] = /seq (\d+), win/.exec(syn ?? '') ?? [];
    assert.match(reset ?? '', new RegExp(`Flags \\[R\\.\\], seq 0, ack ${Number(isn) + 1}, win 0, length 0$`));
  });

  it('does not see at the receiver what was lost on the way', () => {
    const { log: told, lost, drop } = story();
    const numbers = (host: number) => tcpdump.model(told, told.length, { host }).lines.map((line) => line.n);
    assert.ok(numbers(0).includes(lost));
    assert.ok(!numbers(1).includes(drop) && !numbers(1).includes(lost));
  });
});

describe('the states view', () => {
  it('takes each end along rows of the table that follow on one another', () => {
    for (let at = 0; at <= log.length; at++) {
      const { connections, listeners, edges } = states.model(log, at, { from: 0 });
      for (const path of [...connections.flatMap((c) => c.paths), ...listeners]) {
        let state = path.steps[0]?.from;
        for (const step of path.steps.slice(0, path.taken)) {
          assert.equal(step.from, state);
          assert.ok(edges[step.edge]?.rows.includes(step.row));
          state = step.to;
        }
        assert.equal(path.current, state);
      }
    }
  });

  it('shows both ends together, the one that connected first', () => {
    const [pair] = states.model(log, log.length, { from: 0 }).connections;
    assert.deepEqual(
      pair?.paths.map(({ end }) => [end.side, end.name]),
      [
        [0, 'client'],
        [1, 'server'],
      ],
    );
    assert.deepEqual(
      pair?.paths.map((path) => path.current),
      ['CLOSED', 'CLOSED'],
    );
    assert.ok(pair?.paths[0]?.steps.some((step) => step.to === 'TIME-WAIT'));
  });
});

describe('the timeline', () => {
  it('steps over every event exactly once', () => {
    for (const from of [0, 24]) {
      const cursors = instants(log, { from });
      assert.equal(cursors[0], from);
      assert.equal(cursors.at(-1), log.length);
      for (const [i, cursor] of cursors.entries()) if (i > 0) assert.ok(cursor > (cursors[i - 1] as number));
    }
  });

  it('shows each mark at the cursor just after its event', () => {
    const { marks } = timeline.model(log, log.length, { from: 0 });
    assert.ok(marks.length > 10);
    for (const mark of marks) assert.equal(log.numberAt(mark.at - 1), mark.n);
    const { log: told, drop, again } = story();
    const kinds = new Map(timeline.model(told, told.length).marks.map((mark) => [mark.n, mark.kind]));
    assert.deepEqual([kinds.get(drop), kinds.get(again)], ['loss', 'retransmission']);
  });

  it('marks a call that failed', async () => {
    const failed = await run([async ({ client }) => client.read(9, new Uint8Array(1)).catch(() => {})]);
    const [mark] = timeline.model(failed, failed.length).marks;
    assert.deepEqual([mark?.kind, mark?.label], ['error', 'read: EBADF']);
  });
});

describe('the causes of an event', () => {
  it('lead from every packet of a run back to a call in a cell, step by step', () => {
    for (const packet of log.of('packet.sent')) {
      const chain = causes(log, packet.n);
      const root = chain.at(-1);
      assert.ok(root?.cell !== undefined && (root.line ?? 0) > 0, `packet ${packet.n} ends at ${root?.text}`);
      assert.equal(chain[0]?.n, packet.n);
      for (const { text } of chain) assert.ok(text.length > 0 && !/undefined|\[object/.test(text), text);
    }
  });

  it('are words for every kind of event', () => {
    for (const event of log) {
      const [cause] = causes(log, event.n);
      assert.equal(cause?.n, event.n);
      assert.ok(!/undefined|NaN|\[object/.test(cause?.text ?? 'undefined'), `${event.kind}: ${cause?.text}`);
    }
  });

  it('are none for an event that is not there', () => {
    assert.deepEqual(causes(log, 1_000_000), []);
    assert.deepEqual(causes(log, -1), []);
  });
});
