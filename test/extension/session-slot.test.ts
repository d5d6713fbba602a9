import assert from 'node:assert/strict';
import { SessionSlot, type SlotState } from '../../src/extension/session-slot.ts';
import type {
  CellRequest,
  FromSession,
  Run,
  RunResult,
  SessionConfig,
  SessionWorker,
  ToSession,
} from '../../src/session/protocol.ts';
import type { Time } from '../../src/sim/base/time.ts';

const CONFIG: SessionConfig = { kernel: 'simulator', seed: 1, topology: { hosts: [], links: [] } };
const cell = (label: string): CellRequest => ({ label, language: 'typescript', source: '', views: [] });
const result = (now: number, more: Partial<RunResult> = {}): RunResult => {
  return { ok: true, text: '', now: now as Time, events: now, checks: [], ...more };
};

/** A worker whose runs end when the test says so. */
class FakeWorker implements SessionWorker {
  /** Runs that were asked for and have no answer. */
  readonly runs: Run[] = [];
  readonly posted: string[] = [];
  #onMessage!: (message: FromSession) => void;
  #onExit!: Parameters<SessionWorker['listen']>[1];
  readonly #failure: string | undefined;

  constructor(failure?: string) {
    this.#failure = failure;
  }

  listen(onMessage: (message: FromSession) => void, onExit: Parameters<SessionWorker['listen']>[1]): void {
    this.#onMessage = onMessage;
    this.#onExit = onExit;
  }

  post(message: ToSession): void {
    this.posted.push(message.type);
    const { id: inReplyTo } = message;
    if (message.type === 'open') {
      const { config } = message;
      this.posted.push(`seed ${config.seed}`);
      if (this.#failure) this.say({ type: 'failed', inReplyTo, message: this.#failure });
      else this.say({ type: 'opened', inReplyTo });
    }
    if (message.type === 'run') this.runs.push(message);
    if (message.type === 'close') this.say({ type: 'closed', inReplyTo });
  }

  say(message: FromSession): void {
    queueMicrotask(() => this.#onMessage(message));
  }

  end(answer: RunResult): void {
    const run = this.runs.shift();
    assert.ok(run, 'no run to end');
    this.say({ type: 'ran', inReplyTo: run.id, result: answer });
  }

  async terminate(): Promise<void> {
    this.#onExit({ reason: 'terminated', detail: '' });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the session of a notebook', () => {
  let workers: FakeWorker[];
  let states: SlotState[];
  let slot: SessionSlot;
  beforeEach(() => {
    workers = [];
    states = [];
    slot = new SessionSlot(
      CONFIG,
      () => {
        const worker = new FakeWorker();
        workers.push(worker);
        return worker;
      },
      ({ state }) => states.push(state),
    );
  });
  afterEach(() => slot.dispose());

  async function run(label: string, answer: RunResult, orders: number[] = []): Promise<RunResult | undefined> {
    const ran = slot.run(cell(label), { begun: (order) => orders.push(order) });
    await turn();
    workers.at(-1)?.end(answer);
    return ran;
  }

  it('starts with the first cell and not before, and serves all cells', async () => {
    assert.equal(workers.length, 0);
    const orders: number[] = [];
    await run('a', result(5), orders);
    await run('b', result(9), orders);
    assert.equal(workers.length, 1);
    assert.deepEqual(orders, [1, 2]);
    assert.deepEqual([slot.state.now, slot.state.events, slot.state.runs, slot.state.running], [9, 9, 2, false]);
  });

  it('tells the clock while a cell runs', async () => {
    const ran = slot.run(cell('a'));
    await turn();
    workers[0]?.say({ type: 'clock', run: workers[0].runs[0]?.id ?? 0, now: 3 as Time, events: 2 });
    await turn();
    assert.deepEqual([slot.state.now, slot.state.events, slot.state.running], [3, 2, true]);
    workers[0]?.end(result(4));
    await ran;
    assert.ok(states.some(({ now, running }) => now === 3 && running));
  });

  it('keeps the clock when a cell did not get into the world', async () => {
    await run('a', result(5));
    await run('b', result(0, { ok: false }));
    assert.equal(slot.state.now, 5);
    await run('c', result(0, { ok: false, recovery: 'A new session was started.' }));
    assert.equal(slot.state.now, 0);
  });

  it('begins anew after a restart: clock, numbers, worker', async () => {
    await run('a', result(5));
    await slot.restart();
    assert.deepEqual([slot.state.now, slot.state.runs], [0, 0]);
    const orders: number[] = [];
    await run('b', result(2), orders);
    assert.deepEqual(orders, [1]);
    assert.equal(workers.length, 2);
    assert.ok(workers[0]?.posted.includes('close'));
  });

  it('ends a running cell at a restart, and takes no news of the world that was left', async () => {
    const ran = slot.run(cell('a'));
    await turn();
    const restarted = slot.restart();
    assert.equal((await ran)?.error?.name, 'SessionClosed');
    await restarted;
    assert.deepEqual([slot.state.now, slot.state.runs, slot.state.running], [0, 0, false]);
  });

  it('does not begin a cell that was interrupted while the session started', async () => {
    const ran = slot.run(cell('a'));
    slot.interrupt();
    assert.equal(await ran, undefined);
    assert.equal(workers[0]?.runs.length, 0);
    assert.equal(slot.state.runs, 0);
  });

  it('leaves the world when the configuration describes another, and only then', async () => {
    await run('a', result(5));
    assert.equal(slot.reconfigure({ ...CONFIG }), false);
    assert.equal(slot.state.now, 5);
    assert.equal(slot.reconfigure({ ...CONFIG, seed: 2 }), true);
    assert.equal(slot.state.now, 0);
    await run('b', result(1));
    assert.ok(workers[1]?.posted.includes('seed 2'));
  });

  it('tells why a session could not be started, and tries again with the next cell', async () => {
    const spawned = [new FakeWorker('no such library'), new FakeWorker()];
    const failing = new SessionSlot(
      CONFIG,
      () => spawned.shift() ?? assert.fail('a third worker'),
      () => {},
    );
    await assert.rejects(failing.run(cell('a')), /no such library/);
    const [second] = spawned;
    const ran = failing.run(cell('a'));
    await turn();
    second?.end(result(1));
    assert.equal((await ran)?.ok, true);
    await failing.dispose();
  });
});
