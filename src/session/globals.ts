/**
 * The names that a cell finds without declaring them, beside those of the language.
 *
 * Small on purpose: the processes to call, the constants of the system calls, time, bytes, a console, and the recording
 * of what happened. Everything a learner could write in three lines is left to them.
 */
import { fromUtf8, utf8 } from '../sim/base/bytes.ts';
import { ms, ns, s, type Time, us } from '../sim/base/time.ts';
import { type Kernel, SysError } from '../sim/syscall/kernel.ts';
import { CONSTANTS } from '../sim/syscall/signatures.ts';
import { createConsole, type Print } from './cell/console.ts';

/** What the globals reach in the session. */
export interface Surroundings {
  kernel: Kernel;
  /** The hosts' processes, as cells see them. */
  processes: Readonly<Record<string, unknown>>;
  /** What a check judges with; see attempts.ts. */
  judging: Readonly<Record<string, unknown>>;
  print: Print;
  /** Resolves after `duration` of virtual time, unless the run that asked was given up. */
  pause(duration: Time): Promise<void>;
}

/** Most bytes that `buffer(n)` makes: far above any socket buffer. */
const BUFFER_LIMIT = 2 ** 28;

/** The globals of a session. @throws Error when a host is called like one of them */
export function cellGlobals(around: Surroundings): Record<string, unknown> {
  const names = { ...around.judging, ...ownGlobals(around) };
  const taken = Object.keys(around.processes).find((host) => Object.hasOwn(names, host));
  if (taken !== undefined) throw new Error(`A host can't be called '${taken}': cells use that name already.`);
  return { ...names, ...around.processes };
}

function ownGlobals({ kernel, pause, print }: Surroundings): Record<string, unknown> {
  return {
    ...CONSTANTS,
    SysError,

    ns,
    us,
    ms,
    s,
    /** Lets virtual time pass: `await sleep(ms(20))`. No thread makes a call. */
    sleep: (duration: Time): Promise<void> => {
      if (!(Number.isFinite(duration) && duration >= 0)) {
        throw new TypeError('sleep(duration) needs a duration of 0 or more, for example ms(20)');
      }
      return pause(ns(duration));
    },
    /** Nanoseconds of virtual time since the world began. */
    now: (): Time => kernel.now(),

    /** `n` zero bytes, for a call to fill. */
    buffer: (n: number): Uint8Array => {
      if (!(Number.isInteger(n) && n >= 0 && n <= BUFFER_LIMIT)) {
        throw new RangeError(`buffer(n) needs a whole number from 0 to ${BUFFER_LIMIT}`);
      }
      return new Uint8Array(n);
    },
    /** The text of UTF-8 bytes, or of the first `n` of them. */
    text: (bytes: Uint8Array, n: number = bytes.length): string => fromUtf8(bytes.subarray(0, n)),
    /** The UTF-8 bytes of a text. */
    bytes: (text: string): Uint8Array => utf8(String(text)),

    console: createConsole(print),
  };
}
