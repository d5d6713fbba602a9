/** One run of one cell while it goes: what it printed, what it checked, and whether it should stop. */
import type { Time } from '../sim/base/time.ts';
import type { Place } from './cell/locate.ts';
import { Checks } from './checks.ts';
import { Printer, type Stream } from './printer.ts';
import { type CellRequest, PRINT_LIMIT } from './protocol.ts';
import type { StopReason } from './verdict.ts';

/** Who asked for a run, and wants to hear of it. */
export interface RunControl {
  /** Whether the reader wants the run to stop. Asked very often. */
  stopped(): boolean;
  print(stream: Stream, text: string): void;
  clock(now: Time, events: number): void;
}

/** Milliseconds of real time between two looks at what takes time to look at. */
const LOOK_PAUSE = 100;
/** Turns of loops, or events, between two looks at the real clock; a kernel in real time has few of either. */
const LOOK_EVERY = { simulator: 1024, loopback: 1 } as const;

export class RunState {
  readonly cell: CellRequest;
  readonly checks: Checks | undefined;
  /** Index of its first event. */
  readonly begin: number;
  /** What it printed, for a check that may ask: kept for exercises only. */
  printed = '';
  /** Why it should stop, once it should. */
  stop: StopReason | undefined;
  /** Where the cell's code was when it found that it should stop. */
  stoppedAt: Place | undefined;

  readonly #control: RunControl;
  readonly #printer: Printer;
  /** Looks after the platform while the run goes. @returns why it must stop, or undefined */
  readonly #look: (control: RunControl) => string | undefined;
  readonly #lookEvery: number;
  #turns = 0;
  #lookedAt = performance.now();

  constructor(
    cell: CellRequest,
    control: RunControl,
    begin: number,
    kernel: keyof typeof LOOK_EVERY,
    look: (control: RunControl) => string | undefined,
  ) {
    this.cell = cell;
    this.begin = begin;
    this.checks = cell.exercise?.part === 'check' ? new Checks() : undefined;
    this.#control = control;
    this.#lookEvery = LOOK_EVERY[kernel];
    this.#printer = new Printer(control.print);
    this.#look = look;
  }

  print(stream: Stream, text: string): void {
    this.#printer.write(stream, text);
    if (this.cell.exercise && this.printed.length < PRINT_LIMIT) this.printed += text;
  }

  /** Sends the rest of what was printed. */
  end(): void {
    this.#printer.end();
  }

  /** Whether the run should stop. Between looks at the real clock this costs a comparison or two. */
  shouldStop(): boolean {
    if (this.stop) return true;
    if (this.#control.stopped()) this.stop = { kind: 'interrupt' };
    else if (++this.#turns % this.#lookEvery === 0) this.#lookIfDue();
    return this.stop !== undefined;
  }

  #lookIfDue(): void {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_PAUSE) return;
    this.#lookedAt = now;
    this.#printer.flushIfDue();
    const what = this.#look(this.#control);
    if (what !== undefined) this.stop = { kind: 'memory', what };
  }
}
