/**
 * The near end of a session: what the extension and the command line hold.
 *
 * Guarantees: cells run one at a time, in the order asked for; every `run` resolves, whatever becomes of the worker; a
 * worker that died or would not stop is replaced, and the cells that had ended by themselves are run again in the new
 * one, which brings the same state back because a world is a function of its seed and its cells.
 * Knows no platform: the worker comes from a {@link SpawnWorker}.
 */
import type { Time } from '../sim/base/time.ts';
import { Connection, type Reply } from './connection.ts';
import { failure } from './failures.ts';
import type { CellRequest, RunFailure, RunResult, SessionConfig, SpawnWorker, WorkerExit } from './protocol.ts';

/** Milliseconds between asking a run to stop and ending its worker. */
export const INTERRUPT_GRACE = 1_500;
/** Milliseconds that a session may take to free what it holds. */
export const CLOSE_GRACE = 500;

/** Ends of a cell that came from outside: running it again would end elsewhere. */
const UNREPEATABLE: ReadonlySet<string> = new Set(['Interrupted', 'OutOfMemory'] satisfies RunFailure[]);

/** What a running cell tells before it has ended. */
export interface RunListener {
  print?(text: string, stream: 'stdout' | 'stderr'): void;
  /** The virtual clock and the number of events so far. */
  clock?(now: Time, events: number): void;
}

/** A cell that ended by itself, and how: what a replay must reproduce. */
interface Past {
  cell: CellRequest;
  ok: boolean;
  now: Time;
  events: number;
}

interface Job {
  cell: CellRequest;
  on: RunListener;
  cancelled: boolean;
}

export class SessionClient {
  readonly #config: SessionConfig;
  readonly #spawn: SpawnWorker;
  readonly #exitListeners = new Set<(exit: WorkerExit) => void>();
  /** Word 0: the id of the run that should stop. */
  readonly #shared: SharedArrayBuffer | undefined =
    typeof SharedArrayBuffer === 'undefined' ? undefined : new SharedArrayBuffer(4);

  #connection!: Connection;
  #nextId = 1;
  #queue: Job[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  /** The run in the worker, its listener, and whether it was asked to stop. */
  #current: { id: number; on: RunListener; stopping: boolean } | undefined;
  #recovering = false;
  /** An interrupt came while the state was being brought back. */
  #abandonReplay = false;
  #history: Past[] = [];
  /** False once a stopped cell has left effects that no replay can reproduce. */
  #exact = true;
  #closed = false;

  private constructor(config: SessionConfig, spawn: SpawnWorker) {
    this.#config = config;
    this.#spawn = spawn;
  }

  /** Starts a worker and makes the world. @throws Error when that is impossible; its message is for the reader. */
  static async start(config: SessionConfig, spawn: SpawnWorker): Promise<SessionClient> {
    const client = new SessionClient(config, spawn);
    await client.#connect();
    return client;
  }

  /** Runs a cell after those asked for before. Never rejects: a failure of any kind is in the result. */
  run(cell: CellRequest, on: RunListener = {}): Promise<RunResult> {
    const job: Job = { cell, on, cancelled: false };
    this.#queue.push(job);
    return this.#enqueue(() => {
      this.#queue.splice(this.#queue.indexOf(job), 1);
      return this.#serve(job);
    });
  }

  /** The whole log, encoded (sim/trace/codec.ts), after the cells asked for before. */
  async log(): Promise<Uint8Array> {
    const reply = await this.#enqueue(() => this.#connection.ask({ type: 'log', id: this.#nextId++ }));
    if ('answer' in reply && reply.answer.type === 'log') return reply.answer.bytes;
    throw new Error(`The log is lost: ${problem(reply)}`);
  }

  /**
   * Stops the running cell; cells still waiting for their turn are not run. A cell that does not stop within
   * {@link INTERRUPT_GRACE} loses its worker, and the state is brought back in a new one.
   */
  interrupt(): void {
    for (const job of this.#queue) job.cancelled = true;
    if (this.#recovering) this.#abandonReplay = true;
    const current = this.#current;
    if (!current || current.stopping) return;
    current.stopping = true;
    this.#signal(current.id);
    const connection = this.#connection;
    const timer = setTimeout(
      () => {
        if (this.#current === current) void connection.terminate();
      },
      this.#shared ? INTERRUPT_GRACE : 0,
    );
    timer.unref?.();
  }

  /** Makes a fresh world from the same seed. The running cell is stopped. */
  async restart(): Promise<void> {
    this.interrupt();
    await this.#enqueue(async () => {
      await this.#disconnect();
      this.#history = [];
      this.#exact = true;
      await this.#connect();
    });
  }

  /** Ends the session and frees what it holds. Cells that were running or waiting fail with 'SessionClosed'. */
  async dispose(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.interrupt();
    await this.#disconnect();
    await this.#tail;
    await this.#connection.terminate();
  }

  /** Tells when a worker ended without being asked to. The next run brings the state back. @returns unsubscribes */
  onExit(listener: (exit: WorkerExit) => void): () => void {
    this.#exitListeners.add(listener);
    return () => this.#exitListeners.delete(listener);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(task);
    this.#tail = done.catch(() => {});
    return done;
  }

  #signal(run: number): void {
    if (this.#shared) Atomics.store(new Int32Array(this.#shared), 0, run);
  }

  async #connect(): Promise<void> {
    if (this.#closed) throw new Error('The session was closed.');
    let wanted = false;
    const connection = new Connection(
      this.#spawn(),
      (news) => {
        if (news.run !== this.#current?.id) return;
        if (news.type === 'print') this.#current.on.print?.(news.text, news.stream);
        else this.#current.on.clock?.(news.now, news.events);
      },
      (exit) => {
        if (!wanted || exit.reason === 'terminated') return;
        for (const listener of this.#exitListeners) listener(exit);
      },
    );
    this.#connection = connection;
    const reply = await connection.ask({
      type: 'open',
      id: this.#nextId++,
      config: this.#config,
      ...(this.#shared && { shared: this.#shared }),
    });
    if ('answer' in reply && reply.answer.type === 'opened') {
      wanted = true;
      return;
    }
    await connection.terminate();
    throw new Error(`The session could not be started: ${problem(reply)}`);
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    const closed = connection.ask({ type: 'close', id: this.#nextId++ });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE);
    });
    await Promise.race([closed, grace]);
    clearTimeout(timer);
    await connection.terminate();
  }

  async #serve(job: Job): Promise<RunResult> {
    if (this.#closed) return failure('SessionClosed', 'The session was closed before this cell ran.');
    if (job.cancelled) return failure('Interrupted', 'Not run: the run was interrupted before it came to this cell.');
    let recovery: string | undefined;
    if (this.#connection.gone) {
      recovery = await this.#recover();
      if (this.#connection.gone) return failure('SessionDied', recovery);
    }
    const reply = await this.#ask(job.cell, false, job.on);
    const note = recovery === undefined ? {} : { recovery };
    if ('answer' in reply) {
      if (reply.answer.type !== 'ran') return { ...failure('SessionDied', problem(reply)), ...note };
      const { result } = reply.answer;
      this.#remember(job.cell, result);
      return { ...result, ...note };
    }
    return this.#mourn(reply.gone, reply.stopped);
  }

  async #ask(cell: CellRequest, replay: boolean, on: RunListener): Promise<Reply & { stopped: boolean }> {
    const current = { id: this.#nextId++, on, stopping: false };
    this.#current = current;
    const reply = await this.#connection.ask({ type: 'run', id: current.id, cell, replay });
    this.#current = undefined;
    return { ...reply, stopped: current.stopping };
  }

  #remember(cell: CellRequest, result: RunResult): void {
    if (UNREPEATABLE.has(result.error?.name ?? '')) this.#exact = false;
    else this.#history.push({ cell, ok: result.ok, now: result.now, events: result.events });
  }

  /** The result of a run whose worker is gone, once the state is back. */
  async #mourn(exit: WorkerExit, stopped: boolean): Promise<RunResult> {
    if (this.#closed) return failure('SessionClosed', 'The session was closed while this cell ran.');
    const recovery = await this.#recover();
    const error = stopped
      ? failure('Interrupted', 'The cell was stopped. It did not answer, so its session had to be ended.')
      : failure('SessionDied', death(exit));
    const last = this.#history.at(-1);
    return { ...error, recovery, ...(last && { now: last.now, events: last.events }) };
  }

  /** Starts a new worker and runs the past again. @returns what happened, for the reader */
  async #recover(): Promise<string> {
    const past = this.#history;
    const exact = this.#exact;
    this.#history = [];
    this.#exact = true;
    this.#recovering = true;
    this.#abandonReplay = false;
    try {
      await this.#connect();
      for (const [i, before] of past.entries()) {
        const reply = this.#abandonReplay ? undefined : await this.#ask(before.cell, true, {});
        if (!reply || this.#abandonReplay || !('answer' in reply) || reply.answer.type !== 'ran') {
          this.#history = [];
          await this.#connection.terminate();
          await this.#connect();
          const why = reply && !this.#abandonReplay ? problem(reply) : 'it was interrupted.';
          return `A new session was started, but it is empty: of ${past.length} earlier cells ${i} could be run again, then: ${why}`;
        }
        const after = reply.answer.result;
        this.#remember(before.cell, after);
        if (after.ok === before.ok && (!exact || this.#same(after, before))) continue;
        const error = after.error ? ` (${after.error.name}: ${after.error.message})` : '';
        return `A new session was started, but running '${before.cell.label}' again went differently${error}. Run the cells again from there, or restart.`;
      }
      const stopped = exact ? '' : ' Cells that had been stopped were left out.';
      return past.length === 0
        ? `A new session was started.${stopped}`
        : `A new session was started and ${past.length === 1 ? 'the earlier cell was' : `the ${past.length} earlier cells were`} run again, so the state is back.${stopped}`;
    } catch (error) {
      this.#history = past;
      return `${(error as Error).message} The next cell will try again.`;
    } finally {
      this.#recovering = false;
    }
  }

  /** The simulator must come back to the very same instant; the real kernel has a clock of its own. */
  #same(after: { now: Time; events: number }, before: Past): boolean {
    return this.#config.kernel !== 'simulator' || (after.now === before.now && after.events === before.events);
  }
}

function death(exit: WorkerExit): string {
  return exit.reason === 'out of memory'
    ? `The cell used up the memory of its session (${exit.detail}).`
    : `The session ended while this cell ran (${exit.detail}).`;
}

function problem(reply: Reply): string {
  if ('gone' in reply) return death(reply.gone);
  return reply.answer.type === 'failed' ? reply.answer.message : `unexpected answer '${reply.answer.type}'`;
}
