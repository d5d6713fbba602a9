/**
 * What a client (the extension, the command line) and a session's worker say to each other.
 *
 * One interface per message. A request carries an `id`; its answer carries the same number in `inReplyTo`. Everything
 * here survives structured cloning. Positions are 1-based. This module knows no platform and holds no behaviour.
 */
import { s, type Time } from '../sim/base/time.ts';
import type { Limits, Topology } from '../sim/syscall/kernel.ts';

/** The world that a session is to make. */
export interface SessionConfig {
  kernel: 'simulator' | 'loopback';
  /** The same seed and the same cells give the same log, byte for byte. Unsigned 32 bits. */
  seed: number;
  topology: Topology;
  /** What one cell may use up; {@link DEFAULT_LIMITS} unless given. */
  limits?: Limits;
}

/** Bounds of one cell, so that keepalives or two programs answering each other never run on in silence. */
export const DEFAULT_LIMITS: Readonly<Record<SessionConfig['kernel'], Limits>> = {
  simulator: { time: s(86_400), events: 2_000_000 },
  /** Real time. */
  loopback: { time: s(300), events: 2_000_000 },
};

/** Printed characters of one cell that are passed on; the rest is counted and dropped. */
export const PRINT_LIMIT = 1_000_000;

export type CellLanguage = 'typescript' | 'shellscript' | 'packetdrill' | 'markdown';

/** The parts of an exercise. */
export type ExercisePart = 'starter' | 'solution' | 'check' | 'hint';

/** A cell to run. */
export interface CellRequest {
  /** Names the cell in the log, in errors and in transcripts; unique in its notebook. */
  label: string;
  language: CellLanguage;
  source: string;
  /** Ids of the views to show of what the cell did; the result's payload and text hold them. */
  views: readonly string[];
  /** Set on the cells of an exercise; a `check` cell judges the last run of its exercise's starter or solution. */
  exercise?: { name: string; part: ExercisePart };
}

/** A place in a cell. */
export interface Frame {
  cell: string;
  line: number;
  column: number;
  /** The function, or '' at the top level of the cell. */
  name: string;
}

/** Why a cell failed. */
export interface CellError {
  /** 'SysError', 'TypeError', 'SyntaxError', ...; or one of {@link RunFailure}. */
  name: string;
  message: string;
  /** Where in the failing cell; absent when no place is to blame, e.g. for a worker that died. */
  line?: number;
  column?: number;
  /** Characters to underline, from the column on. */
  length?: number;
  /** Innermost first; may lead through earlier cells. */
  frames: readonly Frame[];
  /** Name, message and frames as one text. */
  stack: string;
}

/** Failures that are not thrown by the cell's own code. */
export type RunFailure =
  /** Nothing can ever happen again, and the cell waits. */
  | 'Deadlock'
  /** The reader stopped it. */
  | 'Interrupted'
  /** The session's buffers hold more than its platform can give. */
  | 'OutOfMemory'
  /** It used more virtual time or more events than a cell may. */
  | 'LimitExceeded'
  /** A check of an exercise failed. */
  | 'CheckFailed'
  /** A packetdrill script saw something else than it expects, or is no script. */
  | 'ScriptFailed'
  | 'NoScript'
  /** Its worker died. */
  | 'SessionDied'
  /** Its session was closed, or could not be opened. */
  | 'SessionClosed'
  /** This version cannot run such a cell. */
  | 'NotAvailable';

/** One line of an exercise's check. */
export interface CheckResult {
  name: string;
  ok: boolean;
  /** What the student reads when it failed. */
  message: string;
}

/** How a cell's run ended, and what it left behind. */
export interface RunResult {
  ok: boolean;
  /** The value of the last expression as text; absent when undefined. */
  value?: string;
  error?: CellError;
  /** What the renderer draws; absent when the cell asked for no view, or none could be made. */
  payload?: Uint8Array;
  /** The views as plain text; '' when there are none. */
  text: string;
  /** The virtual clock after the run. */
  now: Time;
  /** Events in the log after the run. */
  events: number;
  checks: readonly CheckResult[];
  /** Set when the worker had to be replaced: what was done about the lost state, as a sentence for the reader. */
  recovery?: string;
}

/** Makes the world. First message of every worker; answered by {@link Opened} or {@link Failed}. */
export interface Open {
  type: 'open';
  id: number;
  config: SessionConfig;
  /** Word 0 holds the id of the run that should stop. Absent where memory cannot be shared. */
  shared?: SharedArrayBuffer;
}

/** Runs a cell after those asked for before; answered by {@link Ran}. */
export interface Run {
  type: 'run';
  id: number;
  cell: CellRequest;
  /** Run only for its effects on the world: nothing is printed, no view is made. */
  replay: boolean;
}

/** Asks for the whole log; answered by {@link LogBytes}. */
export interface GetLog {
  type: 'log';
  id: number;
}

/** Frees what the world holds (real descriptors); answered by {@link Closed}. Nothing may follow. */
export interface Close {
  type: 'close';
  id: number;
}

export type ToSession = Open | Run | GetLog | Close;

export interface Opened {
  type: 'opened';
  inReplyTo: number;
}

/** Text that a cell printed. */
export interface Print {
  type: 'print';
  /** The id of the run. */
  run: number;
  stream: 'stdout' | 'stderr';
  text: string;
}

/** The virtual clock while a cell runs; sent a few times per second of real time. */
export interface Clock {
  type: 'clock';
  run: number;
  now: Time;
  events: number;
}

export interface Ran {
  type: 'ran';
  inReplyTo: number;
  result: RunResult;
}

/** The whole log, as `encode` of sim/trace/codec.ts writes it. */
export interface LogBytes {
  type: 'log';
  inReplyTo: number;
  bytes: Uint8Array;
}

export interface Closed {
  type: 'closed';
  inReplyTo: number;
}

/** A request that could not be served at all. */
export interface Failed {
  type: 'failed';
  inReplyTo: number;
  message: string;
}

export type FromSession = Opened | Print | Clock | Ran | LogBytes | Closed | Failed;

/** A running worker, as its platform gives it. */
export interface SessionWorker {
  post(message: ToSession): void;
  /** Called once, before anything is posted. */
  listen(onMessage: (message: FromSession) => void, onExit: (exit: WorkerExit) => void): void;
  /** Ends it at once, whatever it does; `onExit` is called afterwards. */
  terminate(): Promise<void>;
}

/** Why a worker ended. */
export interface WorkerExit {
  reason: 'terminated' | 'out of memory' | 'crashed';
  detail: string;
}

/** Starts a worker. Called again whenever the former one is gone. */
export type SpawnWorker = () => SessionWorker;
