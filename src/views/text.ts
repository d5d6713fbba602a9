/**
 * All views by their ids, and the plain-text twin of a picture: what a terminal prints, a notebook shows where nothing
 * can be drawn, and a screen reader reads.
 */
import type { Log } from '../sim/trace/log.ts';
import { buffers } from './buffers.ts';
import { sequence } from './sequence.ts';
import { ss } from './ss.ts';
import { states } from './states.ts';
import { strace } from './strace.ts';
import { tcpdump } from './tcpdump.ts';
import { timeline } from './timeline.ts';
import type { View, ViewId, ViewOptions } from './view.ts';

export const VIEWS = { sequence, states, buffers, strace, ss, tcpdump, timeline } as const;
export const VIEW_IDS = Object.keys(VIEWS) as readonly ViewId[];

/** Whether a word names a view. */
export const isViewId = (word: string): word is ViewId => Object.hasOwn(VIEWS, word);

const RULE = 80;

/** The text of some views after the first `at` events, each under its title. */
export function textOf(ids: readonly ViewId[], log: Log, at: number = log.length, options?: ViewOptions): string {
  return ids
    .map((id) => {
      const view: View<unknown> = VIEWS[id];
      const title = `── ${view.title} `;
      return `${title}${'─'.repeat(RULE - title.length)}\n${view.text(view.model(log, at, options))}`;
    })
    .join('\n\n');
}
