/**
 * One recorded run, as the panes share it: the log, the views that were asked for, and the cursors to step through.
 *
 * Everything here is computed once per payload; what depends on the cursor belongs to the panes.
 */
import type { Time } from '../src/sim/base/time.ts';
import type { Log } from '../src/sim/trace/log.ts';
import type { PayloadHeader } from '../src/views/payload.ts';
import { timeline } from '../src/views/timeline.ts';
import type { Cause, TimelineMark } from '../src/views/view.ts';
import { causes } from '../src/views/why.ts';
import { type Warp, warp } from './layout/warp.ts';

export interface Run {
  header: PayloadHeader;
  log: Log;
  /** The cursors that the slider steps through, rising; at least one. */
  instants: readonly number[];
  /** The instant at which the window begins. */
  start: Time;
  /** Where each of the instants lies on the slider. */
  warp: Warp;
  /** Notable events of the window. */
  marks: readonly TimelineMark[];
  /** Sockets to which something happened in the window. */
  busy: ReadonlySet<number>;
}

export function makeRun(header: PayloadHeader, log: Log): Run {
  const { instants: all, start, from, to, marks } = timeline.model(log, log.length);
  const instants = all.length > 0 ? all : [to];
  const busy = new Set<number>();
  for (let i = from; i < log.length; i++) busy.add(log.at(i).sock);
  busy.delete(0);
  const run = { header, log, instants, start, marks, busy };
  return { ...run, warp: warp(instants.map((at) => timeAt(run, at))) };
}

/** The instant that a cursor shows: that of the last event that has happened, or the window's beginning. */
export const timeAt = ({ log, start }: Pick<Run, 'log' | 'start'>, at: number): number =>
  at <= 0 || log.length === 0 ? start : Math.max(start, log.timeAt(Math.min(at, log.length) - 1));

/** The number of the event of which a reader wants to know why: the last one, but for the end of the cell itself. */
export function latest(log: Log, at: number): number {
  for (let i = Math.min(at, log.length) - 1; i >= 0; i--) {
    const kind = log.kindAt(i);
    if (kind !== 'cell.end' && kind !== 'task.end') return log.numberAt(i);
  }
  return -1;
}

/** The busy ones of a picture's connections; all when none is. */
export function busyOnes<C>(
  run: Pick<Run, 'busy'>,
  all: readonly C[],
  socks: (each: C) => readonly number[],
): readonly C[] {
  const busy = all.filter((each) => socks(each).some((sock) => run.busy.has(sock)));
  return busy.length > 0 ? busy : all;
}

/** What happened last, in words. */
export function sentenceAt(log: Log, at: number): string {
  if (at <= 0 || at > log.length) return 'nothing has happened yet';
  return causesOf(log, log.numberAt(at - 1))[0]?.text ?? '';
}

/** The chain of causes of an event, newest first; empty when the log cannot tell it. */
export function causesOf(log: Log, n: number): readonly Cause[] {
  try {
    return causes(log, n);
  } catch {
    return [];
  }
}

/** The index of the last instant that is not after cursor `at`; 0 when all are. */
export function instantOf({ instants }: Pick<Run, 'instants'>, at: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instants[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The cursor of the next (`step` 1) or previous (-1) notable event; the end or the start when there is none. */
export function notable({ marks, instants }: Pick<Run, 'marks' | 'instants'>, at: number, step: 1 | -1): number {
  const cursors = marks.map((mark) => mark.at);
  const found = step > 0 ? cursors.find((cursor) => cursor > at) : cursors.findLast((cursor) => cursor < at);
  return found ?? (instants.at(step > 0 ? -1 : 0) as number);
}

/** The cursor that a key leads to; undefined for a key that means nothing here. */
export function keyTarget(run: Pick<Run, 'marks' | 'instants'>, at: number, key: string): number | undefined {
  const index = instantOf(run, at);
  const { instants } = run;
  const exact = instants[index] === at;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return instants[Math.min(index + 1, instants.length - 1)];
    case 'ArrowLeft':
    case 'ArrowDown':
      return instants[Math.max(exact ? index - 1 : index, 0)];
    case 'PageUp':
      return notable(run, at, 1);
    case 'PageDown':
      return notable(run, at, -1);
    case 'Home':
      return instants[0];
    case 'End':
      return instants.at(-1);
    default:
      return undefined;
  }
}
