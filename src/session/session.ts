/**
 * One notebook's world: a kernel, the names that its cells share, and what is told about each run.
 *
 * Guarantees that the same config and the same cells leave the same log, byte for byte; that a run which was stopped
 * leaves the session usable; and that every error names its cell, line and column where one is to blame. Runs one cell
 * at a time: the caller queues. Knows no platform but through {@link Platform}.
 */
import { Rng } from '../sim/base/rng.ts';
import { ms, type Time } from '../sim/base/time.ts';
import type { Hooks, Kernel, Outcome } from '../sim/syscall/kernel.ts';
import { encode } from '../sim/trace/codec.ts';
import { createSimulator } from '../sim/world.ts';
import { inspect } from './cell/inspect.ts';
import { Interrupted } from './cell/interrupt.ts';
import type { Place } from './cell/locate.ts';
import { CellScope } from './cell/scope.ts';
import { Checks } from './checks.ts';
import { failure, runError } from './failures.ts';
import { cellGlobals, RESERVED_NAMES } from './globals.ts';
import { Drawings } from './outputs.ts';
import type { Platform } from './platform.ts';
import { Printer, type Stream } from './printer.ts';
import { Processes } from './processes.ts';
import { type CellError, type CellRequest, DEFAULT_LIMITS, type RunResult, type SessionConfig } from './protocol.ts';
import { endedError, type StopReason, stoppedError } from './verdict.ts';
import { Attempt, World } from './world.ts';

/** 2025-01-01T00:00:00Z: the date on which every world begins, in milliseconds. */
const EPOCH = 1_735_689_600_000;
/** Milliseconds of real time between two reports of the virtual clock. */
const CLOCK_PAUSE = 100;
/** Turns of loops, or events, between two looks at the real clock. */
const LOOK_EVERY = 1024;

/** Who asked for a run, and wants to hear of it. */
export interface RunControl {
  /** Whether the reader wants the run to stop. Asked very often. */
  stopped(): boolean;
  print(stream: Stream, text: string): void;
  clock(now: Time, events: number): void;
}

/** What one run gathers while it goes. */
class RunState {
  readonly cell: CellRequest;
  readonly control: RunControl;
  readonly printer: Printer;
  readonly checks: Checks | undefined;
  /** Index of its first event. */
  readonly begin: number;
  /** Printed text, kept for a check that may ask. */
  printed = '';
  stop: StopReason | undefined;
  /** Where the cell's code was when it found that it should stop. */
  stoppedAt: Place | undefined;
  turns = 0;
  lookedAt = performance.now();

  constructor(cell: CellRequest, control: RunControl, begin: number) {
    this.cell = cell;
    this.control = control;
    this.begin = begin;
    this.printer = new Printer(control.print);
    this.checks = cell.exercise?.part === 'check' ? new Checks() : undefined;
  }
}

/** A cell's code failed, and how: what the kernel is told in place of a value. */
class CellFailed extends Error {
  readonly error: CellError;
  constructor(error: CellError) {
    super(error.message);
    this.error = error;
  }
}

export class Session {
  readonly #config: SessionConfig;
  readonly #platform: Platform;
  #kernel!: Kernel;
  #scope!: CellScope;
  #processes!: Processes;
  #drawings!: Drawings;
  #run: RunState | undefined;
  /** Errors that no code awaited. */
  #strays: unknown[] = [];
  readonly #attempts = new Map<string, Attempt>();

  private constructor(config: SessionConfig, platform: Platform) {
    this.#config = config;
    this.#platform = platform;
  }

  /** Makes the world. @throws Error when the config describes none; its message is for the reader. */
  static async create(config: SessionConfig, platform: Platform): Promise<Session> {
    for (const { name } of config.topology.hosts) {
      if (RESERVED_NAMES.has(name)) throw new Error(`A host can't be called '${name}': cells use that name already.`);
    }
    const session = new Session(config, platform);
    await session.#open();
    return session;
  }

  async #open(): Promise<void> {
    const { seed, topology, kernel } = this.#config;
    const hooks: Hooks = {
      position: () => this.#scope.position(),
      drain: () => this.#platform.drain(),
      interrupted: () => this.#shouldStop(),
    };
    const made =
      kernel === 'simulator'
        ? { kernel: createSimulator({ seed, topology, hooks }), absent: {} }
        : await this.#platform.createLoopback({ topology, hooks });
    this.#kernel = made.kernel;
    this.#processes = new Processes(this.#kernel, () => this.#scope);
    this.#drawings = new Drawings(made.kernel.log, kernel, made.absent);
    const chance = new Rng(seed, 'Math.random');
    this.#scope = new CellScope({
      now: () => EPOCH + Math.floor(this.#kernel.now() / ms(1)),
      random: () => chance.unit(),
      interrupted: () => this.#shouldStop(),
      globals: {
        ...cellGlobals({
          kernel: this.#kernel,
          processes: this.#processes.byName,
          world: new World(this.#kernel),
          print: (stream, text) => this.#print(stream, text),
          pause: (duration) => this.#processes.pause(duration),
        }),
        ...this.#checkGlobals(),
      },
    });
  }

  /** Runs a cell. Never rejects. @param replay only for its effects: nothing is printed, no view is made */
  async run(cell: CellRequest, control: RunControl, replay = false): Promise<RunResult> {
    const { log } = this.#kernel;
    if (cell.language === 'markdown') return this.#result({ ok: true });
    if (cell.language !== 'typescript') {
      const message = `This version runs no '${cell.language}' cells yet: write the cell in TypeScript.`;
      return this.#result({ ...failure('NotAvailable', message) });
    }
    const quiet = { ...control, print: () => {}, clock: () => {} };
    const run = new RunState(cell, replay ? quiet : control, log.length);
    this.#run = run;
    const outcome = await this.#drive(run);
    await this.#platform.drain();
    const error = this.#errorOf(outcome, run);
    const shown = outcome.end === 'returned' && outcome.value !== undefined && !error && !run.checks && !replay;
    const value = shown ? inspect(outcome.value) : undefined;
    this.#keepAttempt(run, outcome, error);
    run.printer.end();
    const drawing = replay ? { text: '' } : this.#drawings.draw(cell.views, cell.label, run.begin);
    this.#run = undefined;
    return this.#result({
      ok: error === undefined,
      ...(value !== undefined && { value }),
      ...(error && { error }),
      ...drawing,
      checks: run.checks?.results ?? [],
    });
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

  // --- a run

  async #drive(run: RunState): Promise<Outcome> {
    const { cell } = run;
    const body = async (): Promise<unknown> => {
      const outcome = await this.#scope.evaluate(cell.source, cell.label);
      // a stopped cell is ended by the kernel, which then frees the threads that it left in a call
      if (run.stop && !outcome.ok) {
        run.stoppedAt = outcome.error.frames.find((frame) => frame.cell === cell.label);
        await new Promise<never>(() => {});
      }
      if (!outcome.ok) throw new CellFailed(outcome.error);
      const failed = run.checks?.failure;
      if (failed !== undefined) throw new CellFailed(runError('CheckFailed', failed));
      return outcome.value;
    };
    const outcome = await this.#kernel.run(cell.label, body, this.#config.limits ?? DEFAULT_LIMITS);
    if (outcome.end !== 'returned' && outcome.end !== 'threw') this.#processes.giveUp();
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
    if (outcome.end === 'returned') return undefined;
    return endedError(outcome, run.stop, here);
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

  #print(stream: Stream, text: string): void {
    const run = this.#run;
    run?.printer.write(stream, text);
    if (run?.cell.exercise && run.printed.length < 1_000_000) run.printed += text;
  }

  /** Whether the run should stop. Between looks at the real clock this costs a comparison or two. */
  #shouldStop(): boolean {
    const run = this.#run;
    if (!run) return false;
    if (run.stop) return true;
    if (run.control.stopped()) run.stop = { kind: 'interrupt' };
    else if (++run.turns % LOOK_EVERY === 0) this.#look(run);
    return run.stop !== undefined;
  }

  #look(run: RunState): void {
    const now = performance.now();
    if (now - run.lookedAt < CLOCK_PAUSE) return;
    run.lookedAt = now;
    run.printer.flushIfDue();
    run.control.clock(this.#kernel.now(), this.#kernel.log.length);
    const what = this.#platform.exhausted();
    if (what !== undefined) run.stop = { kind: 'memory', what };
  }

  // --- exercises

  #checkGlobals(): Record<string, unknown> {
    const checks = (): Checks => {
      const found = this.#run?.checks;
      if (!found) throw new Error('check() belongs in the check cell of an exercise');
      return found;
    };
    const attempt = (): Attempt => {
      const name = this.#run?.checks && this.#run.cell.exercise?.name;
      if (name === undefined) throw new Error('attempt is known in the check cell of an exercise only');
      const found = this.#attempts.get(name);
      if (!found) throw new Error(`Run the starter cell of exercise '${name}' first: there is nothing to check yet.`);
      return found;
    };
    return {
      /** Records whether a demand is met: {@link Checks.check}. */
      check: (name: string, condition: unknown, message?: string) => checks().check(name, condition, message),
      /** The last run of the exercise's starter or solution: {@link Attempt}. */
      attempt: new Proxy(Object.freeze({}), {
        get: (_, key) => {
          const target = attempt();
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
    };
  }

  #keepAttempt(run: RunState, outcome: Outcome, error: CellError | undefined): void {
    const { exercise } = run.cell;
    if (!exercise || (exercise.part !== 'starter' && exercise.part !== 'solution')) return;
    const { log } = this.#kernel;
    this.#attempts.set(
      exercise.name,
      new Attempt(this.#kernel, {
        from: run.begin,
        to: log.length,
        ok: error === undefined,
        value: outcome.end === 'returned' ? outcome.value : undefined,
        error: error ? `${error.name}: ${error.message}` : '',
        printed: run.printed,
      }),
    );
  }
}
