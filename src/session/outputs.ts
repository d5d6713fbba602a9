/**
 * The views of a run: the bytes that the renderer draws from, and the same views as plain text.
 *
 * A run that left more events than a renderer should hold, or a text should tell, is cut at the front, and says so.
 */
import { encode } from '../sim/trace/codec.ts';
import type { Log } from '../sim/trace/log.ts';
import { Keeper } from '../sim/trace/slice.ts';
import { encodePayload, type PayloadHeader } from '../views/payload.ts';
import { isViewId, textOf } from '../views/text.ts';
import type { ViewOptions } from '../views/view.ts';

/** Most events of one run that are drawn, and that are told as text: 5,000 are some 300 KB of it. */
export const DRAWN_EVENTS = 200_000;
export const TOLD_EVENTS = 5_000;

/** A view of the log as text under its title, at the log's end. A view that fails must not take the cell's result along. */
function viewText(id: string, log: Log, options: ViewOptions): string {
  if (!isViewId(id)) return `There is no view called '${id}'.`;
  try {
    return textOf([id], log, log.length, options);
  } catch (error) {
    return `The ${id} view could not be made: ${(error as Error).message}`;
  }
}

export interface Drawing {
  payload?: Uint8Array;
  text: string;
}

/** Makes the drawings of one session's runs, in their order. */
export class Drawings {
  readonly #log: Log;
  readonly #kernel: PayloadHeader['kernel'];
  readonly #absent: Readonly<Record<string, string>>;
  readonly #keeper: Keeper;

  /** @param absent views that this kernel cannot feed, each with the reason */
  constructor(log: Log, kernel: PayloadHeader['kernel'], absent: Readonly<Record<string, string>> = {}) {
    this.#log = log;
    this.#kernel = kernel;
    this.#absent = absent;
    this.#keeper = new Keeper(log);
  }

  /**
   * @param views ids, in order
   * @param begin index of the run's first event
   */
  draw(views: readonly string[], cell: string, begin: number): Drawing {
    if (views.length === 0) return { text: '' };
    const first = Math.max(begin, this.#log.length - DRAWN_EVENTS);
    const window = this.#keeper.window(first);
    const from = window.indexOf(this.#log.numberAt(first));
    const absent = views.flatMap((view) => {
      const reason = Object.hasOwn(this.#absent, view) ? this.#absent[view] : undefined;
      return reason === undefined ? [] : [{ view, reason }];
    });
    const sections = views
      .filter((id) => !absent.some(({ view }) => view === id))
      .map((id) => viewText(id, window, { from: Math.max(from, window.length - TOLD_EVENTS) }));
    if (absent.length > 0) sections.push(absent.map(({ view, reason }) => `No ${view} view: ${reason}`).join('\n'));
    const events = this.#log.length - begin;
    const told = `This text tells of the last ${TOLD_EVENTS} of the ${events} events of this cell.`;
    if (events > TOLD_EVENTS && sections.length > 0) sections.unshift(told);
    const header: PayloadHeader = {
      views,
      cell,
      ...(first > begin && { title: `The last ${DRAWN_EVENTS} of ${events} events` }),
      kernel: this.#kernel,
      absent,
    };
    return { payload: encodePayload(header, encode(window)), text: sections.join('\n\n') };
  }
}
