/**
 * One notebook's world: a kernel, the names that its cells share, and what is told about each run.
 *
 * Guarantees that the same config and the same cells leave the same log, byte for byte; that a run which was stopped
 * leaves the session usable; and that every error names its cell, line and column where one is to blame. Runs one cell
 * at a time: the caller queues. Knows no platform but through {@link Platform}.
 */
import { Rng } from '../sim/base/rng.ts';
import { ms } from '../sim/base/time.ts';
import type { Hooks, Kernel, Limits, Outcome } from '../sim/syscall/kernel.ts';
import { encode } from '../sim/trace/codec.ts';
import { createSimulator } from '../sim/world.ts';
import { Attempts } from './attempts.ts';
import { inspect } from './cell/inspect.ts';
import { Interrupted } from './cell/interrupt.ts';
import { CellScope } from './cell/scope.ts';
import { failure, runError } from './failures.ts';
import { cellGlobals } from './globals.ts';
import { Drawings } from './outputs.ts';
import type { Platform } from './platform.ts';
import { Processes } from './processes.ts';
import { type CellError, type CellRequest, DEFAULT_LIMITS, type RunResult, type SessionConfig } from './protocol.ts';
import { type RunControl, RunState } from './run-state.ts';
import { runScript } from './script.ts';
import { endedError, stoppedError } from './verdict.ts';
import { World } from './world.ts';

/** 2025-01-01T00:00:00Z: the date on which every world begins, in milliseconds. */
const EPOCH = 1_735_689_600_000;

/** How deep a stack is told: V8's own 10 frames are used up before the cell that made the call. */
const STACK_FRAMES = 100;

/** A cell's code failed, and how: what the kernel is told in place of a value. */
class CellFailed extends Error {
  readonly error: CellError;
  constructor(error: CellError) {
    super(error.message);
    this.error = error;
  }
}

/** A kernel, and the views that it cannot feed, each with the reason. */
interface Made {
  kernel: Kernel;
  absent: Readonly<Record<string, string>>;
}

export class Session {
  readonly #platform: Platform;
  readonly #limits: Limits;
  readonly #seed: number;
  readonly #kernel: Kernel;
  readonly #scope: CellScope;
  readonly #processes: Processes;
  readonly #drawings: Drawings;
  readonly #attempts: Attempts;
  /** What a check cell must find under these names, whatever the student has declared. */
  readonly #judging: Readonly<Record<string, unknown>>;
  #run: RunState | undefined;
  /** Errors that no code awaited. */
  #strays: unknown[] = [];

  /** Makes the world. @throws Error when the config describes none; its message is for the reader. */
  static async create(config: SessionConfig, platform: Platform): Promise<Session> {
    const { kernel, seed, topology } = config;
    Error.stackTraceLimit = STACK_FRAMES;
    let session: Session | undefined; // the kernel asks while a cell runs, and not before
    const hooks: Hooks = {
      position: () => (session ? session.#scope.position() : undefined),
      drain: () => platform.drain(),
      interrupted: () => (session ? session.#shouldStop() : false),
    };
    const made: Made =
      kernel === 'simulator'
        ? { kernel: createSimulator({ seed, topology, hooks }), absent: {} }
        : await platform.createLoopback({ topology, hooks });
    session = new Session(config, platform, made);
    return session;
  }

  private constructor({ kernel: kind, seed, limits }: SessionConfig, platform: Platform, { kernel, absent }: Made) {
    this.#platform = platform;
    this.#seed = seed;
    this.#limits = limits ?? DEFAULT_LIMITS[kind];
    this.#kernel = kernel;
    this.#processes = new Processes(kernel, () => this.#scope);
    this.#drawings = new Drawings(kernel.log, kind, absent);
    this.#attempts = new Attempts(kernel, () => this.#run);
    this.#judging = { ...this.#attempts.globals(), world: new World(kernel) };
    const chance = new Rng(seed, 'Math.random');
    const globals = cellGlobals({
      kernel,
      processes: this.#processes.byName,
      judging: this.#judging,
      print: (stream, text) => this.#run?.print(stream, text),
      pause: (duration) => this.#processes.pause(duration),
    });
    this.#scope = new CellScope({
      now: () => EPOCH + Math.floor(kernel.now() / ms(1)),
      random: () => chance.unit(),
      interrupted: () => this.#shouldStop(),
      globals,
    });
  }

  /** Runs a cell. Never rejects. @param replay only for its effects: nothing is printed, no view is made */
  async run(cell: CellRequest, control: RunControl, replay = false): Promise<RunResult> {
    if (cell.language === 'markdown') return this.#result({ ok: true });
    if (cell.language === 'packetdrill') return this.#script(cell, control, replay);
    if (cell.language !== 'typescript') {
      const message = `This version runs no '${cell.language}' cells yet: write the cell in TypeScript.`;
      return this.#result(failure('NotAvailable', message));
    }
    const quiet: RunControl = { stopped: control.stopped, print: () => {}, clock: () => {} };
    const { kind, log } = this.#kernel;
    const run = new RunState(cell, replay ? quiet : control, log.length, kind, ({ clock }) => {
      clock(this.#kernel.now(), log.length);
      return this.#platform.exhausted();
    });
    this.#run = run;
    const outcome = await this.#drive(run);
    const value = outcome.end === 'returned' ? outcome.value : undefined;
    const error = this.#errorOf(outcome, run);
    this.#attempts.keep(run, { value, error: error ? `${error.name}: ${error.message}` : '' });
    const shown = value !== undefined && !error && !run.checks && !replay ? inspect(value) : undefined;
    run.end();
    const drawing = replay ? { text: '' } : this.#drawings.draw(cell.views, cell.label, run.begin);
    this.#run = undefined;
    return this.#result({
      ok: error === undefined,
      ...(shown !== undefined && { value: shown }),
      ...(error && { error }),
      ...drawing,
      checks: run.checks?.results ?? [],
    });
  }

  /** A script plays the peer of a host of its own; nothing of it is left for later cells. */
  #script(cell: CellRequest, control: RunControl, replay: boolean): RunResult {
    if (replay) return this.#result({ ok: true });
    if (this.#kernel.kind !== 'simulator') {
      const message = 'A packetdrill script plays the peer of a simulated host: choose the kernel Simulator.';
      return this.#result(failure('NotAvailable', message));
    }
    const { printed, result } = runScript(cell, this.#seed);
    if (printed) control.print('stdout', printed);
    return this.#result(result);
  }

  /** Takes an error that no code awaited: the running cell fails by it. */
  stray(error: unknown): void {
    if (!(error instanceof Interrupted)) this.#strays.push(error);
  }

  /** The whole log (sim/trace/codec.ts). */
  encodedLog(): Uint8Array {
    return encode(this.#kernel.log);
  }

  /** Frees what the kernel holds. */
  close(): Promise<void> {
    return this.#kernel.dispose();
  }

  #shouldStop(): boolean {
    return this.#run?.shouldStop() ?? false;
  }

  async #drive(run: RunState): Promise<Outcome> {
    const { cell } = run;
    const body = async (): Promise<unknown> => {
      if (run.checks) this.#scope.provide(this.#judging);
      const outcome = await this.#scope.evaluate(cell.source, cell.label);
      if (run.stop && !outcome.ok) {
        run.stoppedAt = outcome.error.frames.find((frame) => frame.cell === cell.label);
        // the kernel ends a stopped cell, and then frees the threads that it left in a call
        await new Promise<never>(() => {});
      }
      if (!outcome.ok) throw new CellFailed(outcome.error);
      const failed = run.checks?.failure;
      if (failed !== undefined) throw new CellFailed(runError('CheckFailed', failed));
      return outcome.value;
    };
    const outcome = await this.#kernel.run(cell.label, body, this.#limits);
    if (outcome.end !== 'returned' && outcome.end !== 'threw') this.#processes.giveUp();
    await this.#platform.drain(); // errors that nobody awaited are known afterwards
    return outcome;
  }

  #errorOf(outcome: Outcome, run: RunState): CellError | undefined {
    const { label } = run.cell;
    const place = this.#scope.position();
    const here = place?.cell === label ? place : undefined;
    const [stray] = this.#strays.splice(0);
    if (outcome.end === 'threw') {
      return outcome.error instanceof CellFailed ? outcome.error.error : this.#threadError(outcome.error, label);
    }
    if (run.stop) return stoppedError(run.stop, run.stoppedAt ?? here);
    if (stray !== undefined) {
      const error = this.#scope.describe(stray, label);
      return { ...error, message: `${error.message} (nobody awaited the call that failed)` };
    }
    return outcome.end === 'returned' ? undefined : endedError(outcome, run.stop, here, this.#kernel.kind);
  }

  /** What a thread that nobody joined threw. */
  #threadError(error: unknown, label: string): CellError {
    const thread = this.#processes.threadOf(error);
    const described = this.#scope.describe(error, label);
    return thread === undefined ? described : { ...described, message: `${described.message} (in thread '${thread}')` };
  }

  #result(part: Partial<RunResult> & { ok: boolean }): RunResult {
    return { text: '', checks: [], ...part, now: this.#kernel.now(), events: this.#kernel.log.length };
  }
}
