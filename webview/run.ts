/**
 * One recorded run, as the panes share it: the log, the views that were asked for, and the cursors to step through.
 *
 * Everything here is computed once per payload; what depends on the cursor belongs to the panes.
 */
import type { Log } from '../src/sim/trace/log.ts';
import type { PayloadHeader } from '../src/views/payload.ts';
import { timeline } from '../src/views/timeline.ts';
import type { TimelineMark } from '../src/views/view.ts';
import { causes } from '../src/views/why.ts';
import { type Warp, warp } from './layout/warp.ts';

export interface Run {
  header: PayloadHeader;
  log: Log;
  /** The cursors that the slider steps through, rising; at least one. */
  instants: readonly number[];
  /** Where each of them lies on the slider. */
  warp: Warp;
  /** Notable events of the window. */
  marks: readonly TimelineMark[];
}

export function makeRun(header: PayloadHeader, log: Log): Run {
  const model = timeline.model(log, log.length);
  const instants = model.instants.length > 0 ? model.instants : [model.to];
  return { header, log, instants, warp: warp(instants.map((at) => timeAt(log, at))), marks: model.marks };
}

/** The instant that a cursor shows: that of the last event that has happened. */
export const timeAt = (log: Log, at: number): number =>
  log.length === 0 ? 0 : log.timeAt(Math.max(0, Math.min(at, log.length) - 1));

/** What happened last, in words. */
export function sentenceAt(log: Log, at: number): string {
  if (at <= 0 || at > log.length) return 'nothing has happened yet';
  return causes(log, log.numberAt(at - 1))[0]?.text ?? '';
}

/** The index of the last instant that is not after cursor `at`; 0 when all are. */
export function instantOf({ instants }: Pick<Run, 'instants'>, at: number): number {
  let index = 0;
  for (const [i, instant] of instants.entries()) if (instant <= at) index = i;
  return index;
}

/** The cursor of the next (`step` 1) or previous (-1) notable event; the end or the start when there is none. */
export function notable({ marks, instants }: Pick<Run, 'marks' | 'instants'>, at: number, step: 1 | -1): number {
  const cursors = marks.map((mark) => mark.at);
  const found = step > 0 ? cursors.find((cursor) => cursor > at) : cursors.findLast((cursor) => cursor < at);
  return found ?? (instants.at(step > 0 ? -1 : 0) as number);
}
