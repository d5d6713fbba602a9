/**
 * What a cell finds besides the session's own names: the language, and nothing of the machine it runs on.
 *
 * Whatever would make two runs differ (clocks, timers, randomness, garbage collection, locale, network) is either
 * simulated from the session's hooks or absent with a message that says what to use instead. This is for determinism,
 * not for safety: a cell that wants the real machine can get at it, for example through a function's constructor.
 */

export interface AmbientHooks {
  /** The simulated clock, in milliseconds since 1970. */
  now(): number;
  /** The next number of the cells' own random stream, in [0, 1). */
  random(): number;
}

/** Names taken over as they are, where the platform has them. */
const KEPT = `
  Object Function Boolean Symbol Number BigInt String RegExp Array Map Set WeakMap WeakSet Promise Proxy Reflect JSON
  Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError
  ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array
  Float32Array Float64Array BigInt64Array BigUint64Array
  parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI decodeURIComponent
  TextEncoder TextDecoder URL URLSearchParams atob btoa structuredClone
`;

const NO_TIMERS = 'there is no real clock here; use `await sleep(ms(10))`';
const NO_MACHINE = 'a cell does not see the machine it runs on';
const NO_MODULES = 'a cell has no modules; what it may use is there without them';
const NO_CHANCE = 'two runs would differ; use Math.random(), which is seeded';
const NO_COLLECTOR = 'two runs would differ, as garbage is collected when it suits the engine';
const NO_THREADS = 'a cell starts threads inside the simulation only, with the spawn() of a process';
const NO_NETWORK = 'the network is the simulated one; use the calls of a process: socket(), connect(), write(), read()';
const NO_EVAL = 'code that is made at run time can not be stopped or located';

/** Names that exist elsewhere, and why not here. */
const ABSENT: Readonly<Record<string, string>> = {
  setTimeout: NO_TIMERS,
  setInterval: NO_TIMERS,
  setImmediate: NO_TIMERS,
  clearTimeout: NO_TIMERS,
  clearInterval: NO_TIMERS,
  clearImmediate: NO_TIMERS,
  requestAnimationFrame: NO_TIMERS,
  performance: 'there is no real clock here; use now() or Date.now()',
  process: NO_MACHINE,
  global: NO_MACHINE,
  globalThis: NO_MACHINE,
  window: NO_MACHINE,
  self: NO_MACHINE,
  document: NO_MACHINE,
  navigator: NO_MACHINE,
  postMessage: NO_MACHINE,
  Intl: 'two machines would differ; format by hand',
  Buffer: 'use buffer(n), bytes(text) and text(bytes)',
  require: NO_MODULES,
  module: NO_MODULES,
  exports: NO_MODULES,
  __dirname: NO_MODULES,
  __filename: NO_MODULES,
  fetch: NO_NETWORK,
  WebSocket: NO_NETWORK,
  XMLHttpRequest: NO_NETWORK,
  crypto: NO_CHANCE,
  WeakRef: NO_COLLECTOR,
  FinalizationRegistry: NO_COLLECTOR,
  Worker: NO_THREADS,
  SharedArrayBuffer: NO_THREADS,
  Atomics: NO_THREADS,
  WebAssembly: NO_EVAL,
  eval: NO_EVAL,
};

/** Why a well-known name is absent, for the message of a ReferenceError. */
export function whyAbsent(name: string): string | undefined {
  return Object.hasOwn(ABSENT, name) ? ABSENT[name] : undefined;
}

/** The language's globals for one session. */
export function ambientGlobals(hooks: AmbientHooks): Map<string, unknown> {
  const kept = KEPT.trim()
    .split(/\s+/)
    .filter((name) => name in globalThis);
  return new Map<string, unknown>([
    ...kept.map((name): [string, unknown] => [name, Reflect.get(globalThis, name)]),
    ['Math', seededMath(hooks)],
    ['Date', simulatedDate(hooks)],
    ['queueMicrotask', queueMicrotask],
  ]);
}

/** As a reaction of a promise, so that what it throws is a rejection that can be traced to its cell. */
function queueMicrotask(callback: () => void): void {
  void Promise.resolve().then(() => callback());
}

function seededMath(hooks: AmbientHooks): Math {
  const random = () => hooks.random();
  return Object.create(Object.prototype, {
    ...Object.getOwnPropertyDescriptors(Math),
    random: { value: random, writable: true, configurable: true },
  });
}

/** A Date whose present is the simulation's, and whose local time is UTC on every machine. */
function simulatedDate(hooks: AmbientHooks): DateConstructor {
  class SimulatedDate extends Date {
    constructor(...args: [] | [number | string | Date] | Parameters<typeof Date.UTC>) {
      if (args.length === 0) super(hooks.now());
      else if (args.length > 1) super(Date.UTC(...(args as Parameters<typeof Date.UTC>)));
      else super(typeof args[0] === 'string' ? parseAsUtc(args[0]) : args[0]!);
    }

    static override now(): number {
      return hooks.now();
    }

    static override parse(text: string): number {
      return parseAsUtc(text);
    }
  }
  Object.defineProperty(SimulatedDate, 'name', { value: 'Date' });
  const { prototype } = SimulatedDate;
  const method = (name: string, value: unknown) =>
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    method(`get${part}`, Reflect.get(Date.prototype, `getUTC${part}`));
    if (part !== 'Day') method(`set${part}`, Reflect.get(Date.prototype, `setUTC${part}`));
  }
  method('getTimezoneOffset', () => 0);
  for (const [name, start, end] of [
    ['String', 0, undefined],
    ['DateString', 0, 16],
    ['TimeString', 17, undefined],
  ] as const) {
    const text = function (this: Date) {
      return this.toUTCString().slice(start, end);
    };
    method(`to${name}`, text);
    method(`toLocale${name}`, text);
  }
  return SimulatedDate as unknown as DateConstructor;
}

/** A date text that names no zone means UTC. */
function parseAsUtc(text: string): number {
  const zoned = /(?:Z|GMT|UTC|[+-]\d\d:?\d\d)\s*(?:\(.*\))?$/i.test(text.trim());
  if (zoned) return Date.parse(text);
  const asUtc = Date.parse(/T\d/.test(text) ? `${text}Z` : `${text} UTC`);
  return Number.isNaN(asUtc) ? Date.parse(text) : asUtc;
}
