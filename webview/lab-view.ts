/**
 * The lab view: one run in the output of a cell. One cursor, a slider that moves it, and panes that all show that instant.
 *
 * It knows no editor: it is given a run and tells by events what the reader did. Pictures are drawn by the panes; a
 * movement of the cursor is passed on once per frame.
 */
import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { choose } from 'lit/directives/choose.js';
import type { Log } from '../src/sim/trace/log.ts';
import { sequence } from '../src/views/sequence.ts';
import { layout } from './lab-styles.ts';
import { BuffersPane } from './panes/buffers.ts';
import { SsPane, StracePane, TcpdumpPane } from './panes/listing.ts';
import { type Pane, WhyEvent } from './panes/pane.ts';
import { SequencePane } from './panes/sequence.ts';
import { StatesPane } from './panes/states.ts';
import { key, keyStyles } from './parts/key.ts';
import { Scrubber, ScrubEvent } from './parts/scrubber.ts';
import { why, whyStyles } from './parts/why.ts';
import { instantOf, keyTarget, latest, notable, type Run, sentenceAt, timeAt } from './run.ts';
import { followTheme, palette, prefersStillness } from './ui/theme.ts';
import { button, tabs, toolkitTheme } from './ui/toolkit.ts';
import { shortTime } from './words.ts';

/** What the reader chose, to be found again when the output is drawn anew. */
export interface LabState {
  /** The number of the last event that has happened, or -1. */
  n: number;
  views: readonly string[];
  chosen: number;
  tab: number;
}

/** The reader's choices changed. */
export class StateEvent extends Event {
  static readonly type = 'socknb-state';
}

interface PaneKind {
  title: string;
  tag: string;
  element: new () => Pane;
  /** Where it goes when there is room for two columns. */
  column: 'left' | 'right' | 'whole';
}

/** The panes, by the id of the view that they draw. */
const PANES: Record<string, PaneKind> = {
  sequence: { title: 'Sequence', tag: 'socknb-sequence', element: SequencePane, column: 'left' },
  states: { title: 'States', tag: 'socknb-states', element: StatesPane, column: 'right' },
  buffers: { title: 'Buffers', tag: 'socknb-buffers', element: BuffersPane, column: 'whole' },
  strace: { title: 'System calls', tag: 'socknb-strace', element: StracePane, column: 'whole' },
  tcpdump: { title: 'Packets', tag: 'socknb-tcpdump', element: TcpdumpPane, column: 'whole' },
  ss: { title: 'Sockets', tag: 'socknb-ss', element: SsPane, column: 'whole' },
};

/** Defines the elements, once per page. */
export function defineLab(): void {
  const elements: [string, CustomElementConstructor][] = [
    ['socknb-scrubber', Scrubber],
    ['socknb-lab', LabView],
    ...Object.values(PANES).map(({ tag, element }): [string, CustomElementConstructor] => [tag, element]),
  ];
  for (const [tag, element] of elements) if (!customElements.get(tag)) customElements.define(tag, element);
}

/** Milliseconds between two steps of playing. */
const PLAY_STEP = { least: 140, most: 900, whole: 9000, page: 1500 };

const icon = (path: string) =>
  html`<svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d=${path} /></svg>`;
const ICONS = {
  before: 'M3 3h1.5v10H3zM13 3v10L6 8z',
  back: 'M11 3v10L4 8z',
  play: 'M4 2.5v11L13 8z',
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  on: 'M5 3v10l7-5z',
  next: 'M11.500 3H13v10h-1.500zM3 3v10l7-5z',
};

export class LabView extends LitElement {
  static override properties: PropertyDeclarations = {
    run: { attribute: false },
    at: { state: true },
    views: { state: true },
    chosen: { state: true },
    playing: { state: true },
    tab: { state: true },
  };
  static override styles = [palette, toolkitTheme, whyStyles, keyStyles, layout];

  declare run: Run | undefined;
  declare at: number;
  declare views: readonly string[];
  declare chosen: number;
  declare playing: boolean;
  declare tab: number;
  #unfollow: (() => void) | undefined;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = 0;

  constructor() {
    super();
    this.at = 0;
    this.views = [];
    this.chosen = -1;
    this.playing = false;
    this.tab = 0;
    this.addEventListener(ScrubEvent.type, (event) => this.#scrub((event as ScrubEvent).at));
    this.addEventListener(WhyEvent.type, (event) => this.ask((event as WhyEvent).n));
    this.addEventListener('keydown', (event) => this.#pressed(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unfollow = followTheme(this);
  }

  override disconnectedCallback(): void {
    this.#unfollow?.();
    this.#stop();
    cancelAnimationFrame(this.#frame);
    super.disconnectedCallback();
  }

  /** Shows a run; what the reader had chosen before is kept as far as it fits. */
  show(run: Run, state: LabState | undefined): void {
    this.run = run;
    const known = state && state.n >= 0 ? run.log.indexOf(state.n) + 1 : 0;
    this.at = state?.n === -1 ? 0 : known > 0 ? known : (run.instants.at(-1) ?? 0);
    this.#wanted = this.at;
    this.views = state?.views ?? run.header.views;
    this.chosen = state && run.log.indexOf(state.chosen) >= 0 ? state.chosen : -1;
    this.tab = state?.tab ?? 0;
    this.#stop();
  }

  get state(): LabState {
    const n = this.run && this.at > 0 ? this.run.log.numberAt(this.at - 1) : -1;
    return { n, views: this.views, chosen: this.chosen, tab: this.tab };
  }

  /** Moves the cursor. Many movements in one frame are drawn once. */
  go(at: number): void {
    this.#wanted = at;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.at = this.#wanted;
      this.#changed();
    });
  }

  /** The reader moves the cursor: what happened there is of interest now. */
  #scrub(at: number): void {
    this.#stop();
    this.chosen = -1;
    this.go(at);
  }

  /** Shows why an event happened. */
  ask(n: number): void {
    this.chosen = n;
    this.tab = 0;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new StateEvent(StateEvent.type));
  }

  protected override render(): TemplateResult {
    const { run } = this;
    if (!run) return html``;
    const { header, log, instants, start } = run;
    const index = instantOf(run, this.at);
    const now = timeAt(run, this.at);
    return html`<div role="group" aria-label=${`Run of ${header.title ?? header.cell}`}>
      <div class="head">
        <h3>${header.title ?? header.cell}</h3>
        <span class="kernel">${header.kernel === 'simulator' ? 'simulator, virtual time' : 'real kernel, loopback'}</span>
        <div class="chips" role="group" aria-label="Panes">${this.#chips(run)}</div>
      </div>
      <div class="time">
        <div class="transport" role="group" aria-label="Playback">${this.#transport(run)}</div>
        <socknb-scrubber .run=${run} .at=${this.at}></socknb-scrubber>
      </div>
      <div class="instant">
        <b>${shortTime(now)}</b>
        <span class="step">step ${index + 1} of ${instants.length}${start > 0 ? `, +${shortTime(now - start)}` : ''}</span>
        <span class="what">${sentenceAt(log, this.at)}</span>
      </div>
      ${this.#panes(run)}
    </div>`;
  }

  #transport(run: Run): TemplateResult[] {
    const key = (name: string) => () => {
      const at = keyTarget(run, this.#wanted, name);
      if (at !== undefined) this.#scrub(at);
    };
    const first = this.at <= (run.instants[0] ?? 0);
    const last = this.at >= (run.instants.at(-1) ?? 0);
    return [
      button({
        label: 'Previous notable event',
        key: 'Page Down',
        content: icon(ICONS.before),
        disabled: first,
        act: key('PageDown'),
      }),
      button({
        label: 'Previous event',
        key: 'Left',
        content: icon(ICONS.back),
        disabled: first,
        act: key('ArrowLeft'),
      }),
      button({
        label: this.playing ? 'Pause' : 'Play',
        content: icon(this.playing ? ICONS.pause : ICONS.play),
        act: () => (this.playing ? this.#stop() : this.#play()),
      }),
      button({
        label: 'Next event',
        key: 'Right',
        content: icon(ICONS.on),
        disabled: last,
        act: key('ArrowRight'),
      }),
      button({
        label: 'Next notable event',
        key: 'Page Up',
        content: icon(ICONS.next),
        disabled: last,
        act: key('PageUp'),
      }),
    ];
  }

  #chips(run: Run): TemplateResult[] {
    const absent = new Set(run.header.absent.map(({ view }) => view));
    return Object.entries(PANES)
      .filter(([id]) => !absent.has(id))
      .map(([id, { title }]) => {
        const pressed = this.views.includes(id);
        const act = () => {
          this.views = pressed ? this.views.filter((view) => view !== id) : [...this.views, id];
          this.#changed();
        };
        return button({ label: title, content: title, pressed, act });
      });
  }

  #panes(run: Run): TemplateResult {
    const reasons = new Map(run.header.absent.map(({ view, reason }) => [view, reason]));
    const shown = this.views.filter((id) => id in PANES && !reasons.has(id));
    const strange = run.header.views.filter((id) => !(id in PANES) && !reasons.has(id));
    const at = (column: PaneKind['column']) => shown.filter((id) => PANES[id]?.column === column);
    const two = at('left').length > 0 && at('right').length > 0;
    const pane = (id: string) => this.#pane(run, id);
    const details = this.#details(run);
    // The causes stand where there is room: under a short sequence, else under the states.
    const short = isShort(run.log);
    return html`<div class="panes ${two ? 'two' : ''}">
      ${
        two
          ? html`<div class="column">${at('left').map(pane)}${short ? details : nothing}</div>
              <div class="column">${at('right').map(pane)}${short ? nothing : details}</div>`
          : [...at('left'), ...at('right')].map(pane)
      }
      ${at('whole').map(pane)} ${two ? nothing : details}
      ${run.header.absent.map(({ view, reason }) => notice(PANES[view]?.title ?? view, reason))}
      ${strange.map((view) => notice(view, `This version of Socket Notebooks has no view called “${view}”.`))}
    </div>`;
  }

  #pane(run: Run, id: string): TemplateResult {
    const { title, column } = PANES[id] as PaneKind;
    const { at, chosen } = this;
    return html`<section class=${column} aria-label=${title}>
      <h4>${title}</h4>
      ${choose(id, [
        ['sequence', () => html`<socknb-sequence .run=${run} .at=${at} .chosen=${chosen}></socknb-sequence>`],
        ['states', () => html`<socknb-states .run=${run} .at=${at} .chosen=${chosen}></socknb-states>`],
        ['buffers', () => html`<socknb-buffers .run=${run} .at=${at} .chosen=${chosen}></socknb-buffers>`],
        ['strace', () => html`<socknb-strace .run=${run} .at=${at} .chosen=${chosen}></socknb-strace>`],
        ['tcpdump', () => html`<socknb-tcpdump .run=${run} .at=${at} .chosen=${chosen}></socknb-tcpdump>`],
        ['ss', () => html`<socknb-ss .run=${run} .at=${at} .chosen=${chosen}></socknb-ss>`],
      ])}
    </section>`;
  }

  #details(run: Run): TemplateResult {
    const { log } = run;
    const asked = this.chosen >= 0 ? this.chosen : latest(log, this.at);
    const all = [
      {
        id: 'why',
        title: 'Why?',
        content: detail(
          'Causes',
          why(log, asked, (n) => this.go(log.indexOf(n) + 1)),
        ),
      },
      { id: 'key', title: 'Key', content: detail('Key', key()) },
    ];
    return html`<section class="whole details" aria-label="Details">
      ${tabs('Details', all, this.tab, (index) => {
        this.tab = index;
        this.#changed();
      })}
    </section>`;
  }

  #play(): void {
    const { run } = this;
    if (!run) return;
    this.playing = true;
    if (this.at >= (run.instants.at(-1) ?? 0)) this.go(run.instants[0] ?? 0);
    const step = () => {
      const index = instantOf(run, this.#wanted);
      if (index + 1 >= run.instants.length) return this.#stop();
      // Where pictures should stand still, playing turns pages: from one notable event to the next.
      const still = prefersStillness();
      const next = still ? notable(run, this.#wanted, 1) : (run.instants[index + 1] ?? 0);
      const length = ((run.warp.places[index + 1] ?? 1) - (run.warp.places[index] ?? 0)) * PLAY_STEP.whole;
      this.#timer = setTimeout(
        () => {
          this.go(next);
          step();
        },
        still ? PLAY_STEP.page : Math.min(Math.max(length, PLAY_STEP.least), PLAY_STEP.most),
      );
    };
    step();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.playing = false;
  }

  /** The slider's keys work wherever nothing else wants them. */
  #pressed(event: KeyboardEvent): void {
    const [target] = event.composedPath();
    const wanted = target instanceof Element && target.closest('[role=tab], pre, .scroll');
    if (!this.run || event.defaultPrevented || wanted || event.key === 'ArrowUp' || event.key === 'ArrowDown') return;
    const to = keyTarget(this.run, this.#wanted, event.key);
    if (to === undefined) return;
    event.preventDefault();
    this.#scrub(to);
  }
}

/** Rows of a sequence that is lower than the state machine beside it. */
const SHORT = 27;
const isShort = (log: Log): boolean => sequence.model(log, log.length).rows < SHORT;

const detail = (label: string, content: TemplateResult): TemplateResult =>
  html`<div class="detail" role="region" aria-label=${label} tabindex="0">${content}</div>`;

const notice = (title: string, reason: string): TemplateResult =>
  html`<section class="whole" aria-label=${title}>
    <h4>${title}</h4>
    <p class="absent">${reason}</p>
  </section>`;
