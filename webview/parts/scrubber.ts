/**
 * The slider that moves all panes through the cell's time, with what is notable marked under it.
 *
 * An ARIA slider: arrows step event by event, Page keys lead to the next notable event, Home and End to the ends; its
 * value is told in words. Time is drawn as `warp` lays it out, long waits folded.
 */
import { css, html, LitElement, type PropertyDeclarations, svg, type TemplateResult } from 'lit';
import type { TimelineMark } from '../../src/views/view.ts';
import { spread } from '../layout/spread.ts';
import { nearest } from '../layout/warp.ts';
import { instantOf, keyTarget, type Run, sentenceAt, timeAt } from '../run.ts';
import { shortTime } from '../words.ts';

/** The reader moved the cursor. */
export class ScrubEvent extends Event {
  static readonly type = 'socknb-scrub';
  readonly at: number;
  constructor(at: number) {
    super(ScrubEvent.type, { bubbles: true, composed: true });
    this.at = at;
  }
}

const TRACK = 14;
const PAD = 8;
const CHAR = 5.8;

/** A shape for each kind of mark, so that colour is not needed to tell them apart. */
const SHAPES: Record<TimelineMark['kind'], { path: string; tone: string }> = {
  handshake: { path: 'M0-4L4 0L0 4L-4 0Z', tone: 'plain' },
  data: { path: 'M0-3.5V3.5', tone: 'line' },
  loss: { path: 'M-3.5-3.5L3.5 3.5M-3.5 3.5L3.5-3.5', tone: 'lost' },
  retransmission: { path: 'M-3.5 2.5L0-3.5L3.5 2.5Z', tone: 'again' },
  window: { path: 'M-3.5-3H3.5V3H-3.5Z', tone: 'plain' },
  close: { path: 'M-3.5-3.5H3.5L0 3.5Z', tone: 'plain' },
  reset: { path: 'M-3.5-3.5L3.5 3.5M-3.5 3.5L3.5-3.5', tone: 'lost' },
  state: { path: 'M3 0A3 3 0 1 1-3 0A3 3 0 1 1 3 0Z', tone: 'plain' },
  error: { path: 'M0-4L4 3.5H-4Z', tone: 'lost' },
};

export class Scrubber extends LitElement {
  static override properties: PropertyDeclarations = {
    run: { attribute: false },
    at: { attribute: false },
    width: { state: true },
  };
  static override styles = css`
    :host { display: block; min-width: 0; }
    .slider { outline: none; cursor: pointer; touch-action: none; border-radius: 4px; }
    .slider:focus-visible { outline: 1px solid var(--accent); outline-offset: 1px; }
    svg { display: block; overflow: visible; }
    .track { stroke: var(--rule); stroke-width: 3; stroke-linecap: round; }
    .done { stroke: var(--now); stroke-width: 3; stroke-linecap: round; }
    .thumb { fill: var(--now); stroke: var(--paper); stroke-width: 2; }
    .tick { stroke: var(--hairline); }
    .fold rect { fill: var(--paper); }
    .fold path { stroke: var(--dim); fill: none; }
    text { font: 9.5px var(--mono); fill: var(--dim); text-anchor: middle; font-variant-numeric: tabular-nums; }
    .mark path { fill: var(--paper); stroke: var(--ink); stroke-width: 1.2; }
    .mark.future path { stroke: var(--dim); }
    .mark.past path { fill: var(--ink); }
    .mark.lost path { stroke: var(--lost); stroke-width: 2; }
    .mark.again path { stroke: var(--again); fill: var(--again); }
    .mark.lost text { fill: var(--lost-text); }
    .mark.now text { fill: var(--ink); font-weight: 700; }
    .lead { stroke: var(--hairline); fill: none; }
  `;

  declare run: Run;
  declare at: number;
  declare width: number;
  #observer: ResizeObserver | undefined;
  /** Where the keys have led so far: several may be pressed before the cursor is drawn. */
  #target = 0;

  constructor() {
    super();
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer = new ResizeObserver(([entry]) => {
      this.width = Math.floor(entry?.contentRect.width ?? 0);
    });
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    this.#observer?.disconnect();
    super.disconnectedCallback();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('at') || changed.has('run')) this.#target = this.at;
  }

  protected override render(): TemplateResult | string {
    if (!this.run || this.width === 0) return '';
    const { run, at } = this;
    const index = instantOf(run, at);
    const x = (i: number) => PAD + (run.warp.places[i] ?? 0) * (this.width - 2 * PAD);
    const time = shortTime(timeAt(run, at));
    return html`<div
      class="slider"
      role="slider"
      tabindex="0"
      aria-label="Time"
      aria-orientation="horizontal"
      aria-valuemin="0"
      aria-valuemax=${run.instants.length - 1}
      aria-valuenow=${index}
      aria-valuetext=${`${time}: ${sentenceAt(run.log, at)}`}
      @keydown=${this.#pressed}
      @pointerdown=${this.#grabbed}
    >
      <svg width=${this.width} height="44" aria-hidden="true">
        <line class="track" x1=${PAD} x2=${this.width - PAD} y1=${TRACK} y2=${TRACK} />
        <line class="done" x1=${PAD} x2=${x(index)} y1=${TRACK} y2=${TRACK} />
        ${run.warp.folds.map(({ index: i, length }) => this.#fold((x(i - 1) + x(i)) / 2, length, x(i) - x(i - 1)))}
        ${this.#marks(x)}
        <circle class="thumb" cx=${x(index)} cy=${TRACK} r="6.5" />
      </svg>
    </div>`;
  }

  #fold(middle: number, length: number, room: number): TemplateResult {
    const label = shortTime(length);
    return svg`<g class="fold">
      <rect x=${middle - 3} y=${TRACK - 4} width="6" height="8" />
      <path d="M${middle - 4} ${TRACK + 4}l2 -8M${middle + 2} ${TRACK + 4}l2 -8" />
      ${label.length * CHAR < room ? svg`<text x=${middle} y=${TRACK - 7}>${label}</text>` : ''}
    </g>`;
  }

  /** Shapes on the track; words below where they fit, the rarer and the worse first. */
  #marks(x: (i: number) => number): TemplateResult[] {
    const { run, at } = this;
    const placed = run.marks.map((mark) => ({ mark, x: x(instantOf(run, mark.at)) }));
    const worded = chooseWords(placed, this.width);
    const middles = spread(
      worded.map((each) => ({ at: each.x, size: each.mark.label.length * CHAR + 8 })),
      0,
    );
    const words = new Map(worded.map((each, i) => [each.mark, middles[i] ?? each.x]));
    return placed.map(({ mark, x: here }) => {
      const { path, tone } = SHAPES[mark.kind];
      const text = words.get(mark);
      const tense = mark.at > at ? 'future' : mark.at === at ? 'now' : 'past';
      return svg`<g class="mark ${tone} ${tense}">
        <path d=${path} transform="translate(${here} ${TRACK})" />
        ${text === undefined ? '' : svg`<path class="lead" d="M${here} ${TRACK + 7}V${TRACK + 10}L${text} ${TRACK + 14}" /><text x=${text} y=${TRACK + 24}>${mark.label}</text>`}
      </g>`;
    });
  }

  #go(at: number): void {
    if (at === this.#target) return;
    this.#target = at;
    this.dispatchEvent(new ScrubEvent(at));
  }

  readonly #pressed = (event: KeyboardEvent): void => {
    const to = keyTarget(this.run, this.#target, event.key);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#go(to);
  };

  readonly #grabbed = (event: PointerEvent): void => {
    const slider = event.currentTarget as HTMLElement;
    const move = ({ clientX }: PointerEvent) => {
      const box = slider.getBoundingClientRect();
      const place = (clientX - box.left - PAD) / Math.max(1, box.width - 2 * PAD);
      this.#go(this.run.instants[nearest(this.run.warp.places, place)] ?? this.at);
    };
    slider.focus();
    slider.setPointerCapture(event.pointerId);
    slider.addEventListener('pointermove', move);
    slider.addEventListener('lostpointercapture', () => slider.removeEventListener('pointermove', move), {
      once: true,
    });
    move(event);
  };
}

/** Kinds whose words matter most, first. */
const RANK: readonly TimelineMark['kind'][] = [
  'error',
  'reset',
  'loss',
  'retransmission',
  'window',
  'close',
  'handshake',
  'state',
  'data',
];

/** Marks whose words all fit on the line, in order of place. */
function chooseWords(placed: { mark: TimelineMark; x: number }[], width: number): { mark: TimelineMark; x: number }[] {
  const ranked = [...placed].sort((p, q) => RANK.indexOf(p.mark.kind) - RANK.indexOf(q.mark.kind));
  const chosen: typeof placed = [];
  const reach = (label: string) => (label.length * CHAR + 10) / 2;
  for (const each of ranked) {
    const own = reach(each.mark.label);
    const clear = chosen.every((other) => Math.abs(other.x - each.x) >= own + reach(other.mark.label) - 16);
    if (clear && each.x + own < width + 20) chosen.push(each);
  }
  return chosen.sort((p, q) => p.x - q.x);
}
