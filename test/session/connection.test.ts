/** The client against workers that misbehave, which real ones seldom do on demand. */
import assert from 'node:assert/strict';
import { SessionClient } from '../../src/session/client.ts';
import { Connection } from '../../src/session/connection.ts';
import type { FromSession, RunResult, SessionWorker, ToSession, WorkerExit } from '../../src/session/protocol.ts';
import { ZERO } from '../../src/sim/base/time.ts';
import { CONFIG, cell } from './bundle.ts';

type Behaviour = (message: ToSession, worker: FakeWorker) => void;

class FakeWorker implements SessionWorker {
  readonly #behave: Behaviour;
  #onMessage: (message: FromSession) => void = () => {};
  #onExit: (exit: WorkerExit) => void = () => {};

  constructor(behave: Behaviour) {
    this.#behave = behave;
  }
  listen(onMessage: (message: FromSession) => void, onExit: (exit: WorkerExit) => void): void {
    this.#onMessage = onMessage;
    this.#onExit = onExit;
  }
  post(message: ToSession): void {
    queueMicrotask(() => this.#behave(message, this));
  }
  async terminate(): Promise<void> {
    this.die('terminated');
  }
  say(message: FromSession): void {
    this.#onMessage(message);
  }
  die(reason: WorkerExit['reason'] = 'crashed'): void {
    this.#onExit({ reason, detail: 'as told' });
  }
}

const OK: RunResult = { ok: true, text: '', now: ZERO, events: 1, checks: [] };

/** Opens, runs and closes as it should. */
const good: Behaviour = (message, worker) => {
  const inReplyTo = message.id;
  if (message.type === 'open') worker.say({ type: 'opened', inReplyTo });
  if (message.type === 'run') worker.say({ type: 'ran', inReplyTo, result: OK });
  if (message.type === 'log') worker.say({ type: 'log', inReplyTo, bytes: new Uint8Array(1) });
  if (message.type === 'close') worker.say({ type: 'closed', inReplyTo });
};
/** Good, but for one kind of message. */
const but = (type: ToSession['type'], behave: Behaviour): Behaviour => {
  return (message, worker) => (message.type === type ? behave : good)(message, worker);
};

/** Good, but dies in the cell of this name. */
const diesIn = (label: string): Behaviour =>
  but('run', (message, worker) => {
    if (message.type === 'run' && message.cell.label === label) worker.die();
    else good(message, worker);
  });

/** Spawns workers that behave in this order; the last behaviour stays. */
function workers(...behaviours: Behaviour[]) {
  let spawned = 0;
  return () => new FakeWorker(behaviours[Math.min(spawned++, behaviours.length - 1)] as Behaviour);
}

describe('connection', () => {
  it('settles every request when the worker ends, and later ones at once', async () => {
    const worker = new FakeWorker(() => {});
    const ends: string[] = [];
    const connection = new Connection(
      worker,
      () => {},
      (exit) => ends.push(exit.reason),
    );
    const replies = [1, 2].map((id) => connection.ask({ type: 'log', id }));
    worker.die();
    worker.die();
    replies.push(connection.ask({ type: 'log', id: 3 }));
    const gone = { gone: { reason: 'crashed', detail: 'as told' } };
    assert.deepEqual(await Promise.all(replies), [gone, gone, gone]);
    assert.deepEqual(ends, ['crashed']);
  });

  it('gives each answer to its request, whatever their order', async () => {
    const worker = new FakeWorker(() => {});
    const connection = new Connection(
      worker,
      () => {},
      () => {},
    );
    const [first, second] = [1, 2].map((id) => connection.ask({ type: 'close', id }));
    worker.say({ type: 'closed', inReplyTo: 2 });
    worker.say({ type: 'failed', inReplyTo: 1, message: 'no' });
    worker.say({ type: 'closed', inReplyTo: 99 });
    assert.deepEqual(await first, { answer: { type: 'failed', inReplyTo: 1, message: 'no' } });
    assert.deepEqual(await second, { answer: { type: 'closed', inReplyTo: 2 } });
  });
});

describe('session client with workers that misbehave', () => {
  const dies: Behaviour = (_, worker) => worker.die();

  it('fails to start with the worker’s own reason', async () => {
    const refuses = but('open', ({ id }, worker) =>
      worker.say({ type: 'failed', inReplyTo: id, message: 'no such kernel' }),
    );
    await assert.rejects(SessionClient.start(CONFIG, workers(refuses)), /could not be started: no such kernel/);
    await assert.rejects(SessionClient.start(CONFIG, workers(dies)), /could not be started: .*as told/);
  });

  it('says so when no new worker can be started, and tries again for the next cell', async () => {
    const client = await SessionClient.start(CONFIG, workers(diesIn('a'), dies, good));
    assert.equal((await client.run(cell('before', ''))).ok, true);
    const died = await client.run(cell('a', ''));
    assert.equal(died.error?.name, 'SessionDied');
    assert.match(died.recovery ?? '', /could not be started.*next cell will try again/);
    const next = await client.run(cell('b', ''));
    assert.equal(next.ok, true);
    assert.match(next.recovery ?? '', /the earlier cell was run again/);
    assert.equal((await client.run(cell('c', ''))).recovery, undefined);
  });

  it('brings the state back for the next cell when the worker died between two', async () => {
    const spawned: FakeWorker[] = [];
    const replayed: string[] = [];
    const client = await SessionClient.start(CONFIG, () => {
      const worker = new FakeWorker((message, self) => {
        if (message.type === 'run' && message.replay) replayed.push(message.cell.label);
        good(message, self);
      });
      spawned.push(worker);
      return worker;
    });
    await client.run(cell('a', ''));
    await client.run(cell('b', ''));
    spawned[0]?.die();
    const result = await client.run(cell('c', ''));
    assert.deepEqual([result.ok, replayed], [true, ['a', 'b']]);
    assert.match(result.recovery ?? '', /2 earlier cells/);
  });

  it('starts empty when the replay kills the new worker, and says how far it came', async () => {
    let runs = 0;
    const secondReplayDies = but('run', (message, worker) => (++runs === 2 ? worker.die() : good(message, worker)));
    const client = await SessionClient.start(CONFIG, workers(diesIn('killer'), secondReplayDies, good));
    for (const label of ['a', 'b', 'c']) await client.run(cell(label, ''));
    const result = await client.run(cell('killer', ''));
    assert.match(result.recovery ?? '', /it is empty: of 3 earlier cells 1 could be run again/);
    assert.equal((await client.run(cell('d', ''))).ok, true);
  });

  it('gives a replay up when it is interrupted, and starts empty', async () => {
    let replaying = () => {};
    const underWay = new Promise<void>((resolve) => {
      replaying = resolve;
    });
    const client = await SessionClient.start(CONFIG, workers(diesIn('killer'), but('run', replaying), good));
    await client.run(cell('a', ''));
    const killed = client.run(cell('killer', ''));
    await underWay;
    client.interrupt();
    assert.match((await killed).recovery ?? '', /it is empty: of 1 earlier cells 0 .* it was interrupted/);
    assert.equal((await client.run(cell('b', ''))).ok, true);
  });

  it('says when a replay leaves another world than before', async () => {
    const drifts = but('run', ({ id }, worker) =>
      worker.say({ type: 'ran', inReplyTo: id, result: { ...OK, events: 2 } }),
    );
    const client = await SessionClient.start(CONFIG, workers(diesIn('killer'), drifts));
    await client.run(cell('a', ''));
    assert.match((await client.run(cell('killer', ''))).recovery ?? '', /running 'a' again went differently\. /);
  });

  it('fails a cell whose worker gives no proper answer', async () => {
    const confused = but('run', ({ id }, worker) => worker.say({ type: 'failed', inReplyTo: id, message: 'confused' }));
    const client = await SessionClient.start(CONFIG, workers(confused));
    const result = await client.run(cell('a', ''));
    assert.deepEqual([result.ok, result.error?.message], [false, 'confused']);
  });

  it('ends a worker that does not close', async () => {
    const client = await SessionClient.start(CONFIG, workers(but('close', () => {})));
    await client.dispose();
    assert.equal((await client.run(cell('a', ''))).error?.name, 'SessionClosed');
  });

  it('settles a run that was under way when it is disposed', async () => {
    const client = await SessionClient.start(CONFIG, workers(but('run', () => {})));
    const running = client.run(cell('a', ''));
    await Promise.resolve();
    await client.dispose();
    assert.equal((await running).error?.name, 'SessionClosed');
    await assert.rejects(client.log(), /log is lost/);
  });
});
