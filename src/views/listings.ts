/**
 * The models of the views that are lists: strace, tcpdump, ss, the marks of a timeline, a chain of causes.
 */
import type { Time } from '../sim/base/time.ts';
import type { Cursor, Lifeline } from './view.ts';

/** One line of a listing. */
export interface Line {
  /** The event it tells of. */
  n: number;
  time: Time;
  host: number;
  sock: number;
  text: string;
}

/** A line of strace: shown from event `n` on as `head`, and whole from event `done` on (-1: never). */
export interface StraceLine extends Line {
  done: number;
  head: string;
  /** Column before the time: '[pid  7]'. */
  who: string;
  failed: boolean;
  cell: string;
  line: number;
  column: number;
}

export interface StraceModel {
  now: Cursor;
  hosts: readonly Lifeline[];
  /** All lines of the window; those with `n <= now.n` are past. */
  lines: readonly StraceLine[];
}

export interface TcpdumpModel {
  now: Cursor;
  /** Where the capture runs. */
  host: Lifeline | null;
  hosts: readonly Lifeline[];
  lines: readonly Line[];
}

export interface SsRow {
  n: number;
  host: number;
  sock: number;
  /** As ss spells it: ESTAB, SYN-SENT, TIME-WAIT, LISTEN. */
  state: string;
  recvQ: number;
  sendQ: number;
  local: string;
  peer: string;
  /** 'timer:(on,201ms,0)' or ''. */
  timer: string;
}

export interface SsModel {
  now: Cursor;
  hosts: readonly Lifeline[];
  rows: readonly SsRow[];
}

// --- timeline

export interface TimelineMark {
  n: number;
  /** The cursor that shows it: its index + 1. */
  at: number;
  time: Time;
  kind: 'handshake' | 'data' | 'loss' | 'retransmission' | 'window' | 'close' | 'reset' | 'state' | 'error';
  label: string;
  host: number;
  sock: number;
}

export interface TimelineModel {
  now: Cursor;
  /** The first and the last cursor of the window. */
  from: number;
  to: number;
  start: Time;
  end: Time;
  marks: readonly TimelineMark[];
  /** The cursors that a slider steps through, rising; the last is `to`. */
  instants: readonly number[];
}

// --- why

/** One link of the chain of causes, newest first. */
export interface Cause {
  n: number;
  time: Time;
  text: string;
  rfc?: string;
  /** The kernel function or man page. */
  linux?: string;
  cell?: string;
  line?: number;
}
