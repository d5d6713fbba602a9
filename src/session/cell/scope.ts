/**
 * The world of names that the cells of one session share, and the one place where their code runs.
 *
 * A name declared at the top level of a cell is a property of one object, so that later cells see it, may declare it
 * anew, and closures of earlier cells see what later cells assign. A constant is a read-only property. A name that was
 * declared but has no value yet is a missing one: whatever is missing is asked of the object's prototype, which knows
 * why. Reading a name that is there costs a property access.
 *
 * The object and the functions below are what rewritten code calls (rewrite/rules.ts). Runs on every platform that can
 * make a function from text; knows neither the simulator nor the worker it runs in.
 */
import type { CellError, Frame } from '../protocol.ts';
import { type AmbientHooks, ambientGlobals, whyAbsent } from './ambient.ts';
import { inspect } from './inspect.ts';
import { Interrupted } from './interrupt.ts';
import { functionBody, type Place, placeOf, type Script, stackFrames } from './locate.ts';
import { cleanMessage, SCOPE_TAG } from './messages.ts';
import { PARAMETERS } from './rewrite/rules.ts';
import { transform } from './transform.ts';

export interface CellScopeOptions extends AmbientHooks {
  /** What the session puts into every cell: hosts, constants, console, ... A cell may declare the same names anew. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** Should the running cell stop? Asked on every turn of a loop and on entry of every function, so keep it cheap. */
  interrupted(): boolean;
}

/** How a cell ended. */
export type Outcome =
  /** `value`: that of the last statement, if it is an expression; a promise there was awaited. */
  | { readonly ok: true; readonly value: unknown }
  /** `thrown`: what the cell threw; absent when it did not even start. */
  | { readonly ok: false; readonly error: CellError; readonly thrown?: unknown };

type Compiled = (...parameters: unknown[]) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (...text: string[]) => Compiled;

export class CellScope {
  readonly #names: Record<string, unknown>;
  readonly #globals: readonly string[];
  readonly #interrupted: () => boolean;
  readonly #scripts: Script[] = [];
  /** Declared names without a value, and the run that declares them. */
  readonly #pending = new Map<string, Script>();
  readonly #blame = new WeakMap<object, Place>();
  #running: Script | undefined;
  /** Where the last call was made. One object, written before every call. */
  readonly #at: { script: Script | undefined; offset: number } = { script: undefined, offset: 0 };
  #thrown: { value: unknown; place: Place } | undefined;

  constructor(options: CellScopeOptions) {
    this.#names = Object.create(this.#missing()) as Record<string, unknown>;
    this.#globals = Object.keys(options.globals);
    this.#interrupted = () => options.interrupted();
    Object.defineProperty(this.#names, Symbol.toStringTag, { value: SCOPE_TAG });
    for (const [name, value] of ambientGlobals(options)) this.#define(name, value, false);
    this.provide(options.globals);
  }

  /** Gives names their values, whatever cells have declared under them. */
  provide(globals: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(globals)) this.#define(name, value, false);
  }

  /**
   * Runs a cell to its end. Never rejects. One cell at a time: the caller queues; it may give up a cell that waits.
   * @param cell the label to name in errors.
   */
  async evaluate(source: string, cell: string): Promise<Outcome> {
    const result = transform(source, { globals: this.#globals });
    if (!result.ok) return { ok: false, error: syntaxError(cell, result.error) };
    const script: Script = { cell, transformed: result.cell };
    const index = this.#scripts.push(script) - 1;
    let compiled: Compiled;
    try {
      compiled = new AsyncFunction(...PARAMETERS, functionBody(index, script));
    } catch (error) {
      // an early error of the engine's that the parser does not know
      const message = cleanMessage(error instanceof Error ? error.message : String(error));
      return { ok: false, error: syntaxError(cell, { message, line: 1, column: 1, length: 0 }) };
    }
    this.#declare(script);
    this.#running = script;
    this.#at.script = undefined;
    try {
      const parameters = this.#parameters(script);
      return { ok: true, value: await compiled(...PARAMETERS.map((name) => parameters[name])) };
    } catch (thrown) {
      return { ok: false, error: this.describe(thrown, cell), thrown };
    } finally {
      // a cell that was given up may come to its end during a later one
      if (this.#running === script) this.#running = undefined;
    }
  }

  /** Where the cell's code made the call that is now running. Ask synchronously, before anything is awaited. */
  position(): Place | undefined {
    const { script, offset } = this.#at;
    return script && placeOf(script, offset);
  }

  /** Says which call an error answers, for errors that are made long after the call: its place becomes the innermost. */
  blame(error: object, place: Place | undefined): void {
    if (place) this.#blame.set(error, place);
  }

  /** Places in cells that an error passed through, innermost first. */
  locate(thrown: unknown): Frame[] {
    if (!(thrown instanceof Error)) {
      return this.#thrown && Object.is(this.#thrown.value, thrown) ? [{ ...this.#thrown.place, name: '' }] : [];
    }
    const frames = stackFrames(String(thrown.stack), this.#scripts);
    const blamed = this.#blame.get(thrown);
    if (!blamed) return frames;
    const [first, ...outer] = frames;
    const sameLine = first?.cell === blamed.cell && first.line === blamed.line;
    return sameLine ? [{ ...first, ...blamed }, ...outer] : [{ ...blamed, name: '' }, ...frames];
  }

  /**
   * What was thrown, as the reader should see it. Also for rejections that nobody awaited.
   * @param cell the cell that failed; its innermost place is the error's. Without it, the innermost place of all.
   */
  describe(thrown: unknown, cell?: string): CellError {
    try {
      return this.#describe(thrown, cell);
    } catch {
      // an error whose own getters throw
      const message = "an error that can't be shown";
      return { name: 'Uncaught', message, frames: [], stack: `Uncaught: ${message}` };
    }
  }

  #describe(thrown: unknown, cell: string | undefined): CellError {
    const frames = this.locate(thrown);
    const place = frames.find((frame) => cell === undefined || frame.cell === cell);
    const name = thrown instanceof Error ? String(thrown.name) : 'Uncaught';
    const message = thrown instanceof Error ? cleanMessage(String(thrown.message)) : inspect(thrown);
    const cause = thrown instanceof Error && thrown.cause !== undefined ? `\nCaused by: ${inspect(thrown.cause)}` : '';
    return {
      name,
      message,
      ...(place && { line: place.line, column: place.column }),
      frames,
      stack: `${name}: ${message}${frames.map(frameText).join('')}${cause}`,
    };
  }

  // --- names

  #define(name: string, value: unknown, writable: boolean): true {
    Object.defineProperty(this.#names, name, { value, writable, configurable: true, enumerable: true });
    this.#pending.delete(name);
    return true;
  }

  /** Makes a cell's names anew, as they are before its first statement. */
  #declare(script: Script): void {
    for (const { name, kind } of script.transformed.declares) {
      if (kind === 'var') this.#define(name, undefined, true);
      else {
        Reflect.deleteProperty(this.#names, name);
        this.#pending.set(name, script);
      }
    }
  }

  /** Answers for every name that the scope does not hold. */
  #missing(): object {
    const refuse = (name: string | symbol): undefined => {
      if (typeof name === 'symbol') return undefined;
      throw new ReferenceError(this.#whyMissing(name));
    };
    return new Proxy(Object.create(null), {
      get: (_, name) => refuse(name),
      set: (_, name) => refuse(name) ?? false,
    });
  }

  #whyMissing(name: string): string {
    const declarer = this.#pending.get(name);
    if (declarer === undefined) {
      const why = whyAbsent(name);
      return why === undefined ? `${name} is not defined` : `${name}: ${why}`;
    }
    if (declarer === this.#running) return `Cannot access '${name}' before initialization`;
    return `${name} has no value: the cell that declares it stopped before that line`;
  }

  // --- what rewritten code calls

  #parameters(script: Script): Record<(typeof PARAMETERS)[number], unknown> {
    const at = this.#at;
    const interrupted = this.#interrupted;
    const tick = () => {
      if (interrupted()) throw new Interrupted();
    };
    return {
      $nb: this.#names,
      $nb_let: this.#store(true),
      $nb_const: this.#store(false),
      $nb_typeof: new Proxy(this.#names, {
        get: (names, name) => (name in names || this.#pending.has(String(name)) ? Reflect.get(names, name) : undefined),
      }),
      $nb_at: (offset: number, value: unknown) => {
        at.script = script;
        at.offset = offset;
        return value;
      },
      $nb_none: NONE,
      $nb_tick: tick,
      $nb_caught: (error: unknown) => {
        if (error instanceof Interrupted) throw error;
        tick();
        if (error instanceof Error && typeof error.message === 'string') cleanInPlace(error);
      },
      $nb_throw: (offset: number, value: unknown) => {
        this.#thrown = { value, place: placeOf(script, offset) };
        return value;
      },
    };
  }

  #store(writable: boolean): object {
    return new Proxy(Object.create(null), {
      set: (_, name, value) => this.#define(String(name), value, writable),
    });
  }
}

const NONE: readonly never[] = Object.freeze([]);

/** A caught message is the cell's to print. */
function cleanInPlace(error: Error): void {
  const message = cleanMessage(error.message);
  if (message !== error.message) Reflect.defineProperty(error, 'message', { value: message });
}

function syntaxError(
  cell: string,
  error: { message: string; line: number; column: number; length: number },
): CellError {
  const { message, line, column, length } = error;
  const frame: Frame = { cell, line, column, name: '' };
  return {
    name: 'SyntaxError',
    message,
    line,
    column,
    length,
    frames: [frame],
    stack: `SyntaxError: ${message}${frameText(frame)}`,
  };
}

function frameText({ cell, line, column, name }: Frame): string {
  return `\n    at ${name === '' ? '' : `${name}, `}${cell}:${line}:${column}`;
}
