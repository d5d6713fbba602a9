/**
 * What every pane is: a drawing of one view of the run at one cursor, as wide as the room it is given.
 *
 * A pane draws with lit, which touches only what differs from the last drawing. Marks carry the number of the event
 * behind them; a click or Enter on one asks why. Arrow up and down walk through the marks, so that a pane is one stop
 * of the Tab key. A picture has a description in words beside it: the text form of its view.
 */
import { type CSSResult, html, LitElement, type PropertyDeclarations, type TemplateResult } from 'lit';
import { instantOf, type Run } from '../run.ts';
import { drawing } from '../ui/theme.ts';

/** Marks that can be seen. */
const MARKS = '.mark:not(.future)';

/** Milliseconds without a new drawing after which its words are told. */
const REST = 250;

/** Asks the lab view for the causes of an event. */
export class WhyEvent extends Event {
  static readonly type = 'socknb-why';
  readonly n: number;
  constructor(n: number) {
    super(WhyEvent.type, { bubbles: true, composed: true });
    this.n = n;
  }
}

/** Whether a mark is past, happened in the step that led to the cursor, or is still to come. */
export type Tense = 'past' | 'now' | 'future';

export abstract class Pane extends LitElement {
  static override properties: PropertyDeclarations = {
    run: { attribute: false },
    at: { attribute: false },
    chosen: { attribute: false },
    width: { state: true },
  };
  static override styles: CSSResult[] = [drawing];

  declare run: Run;
  /** How many events have happened. */
  declare at: number;
  /** The number of the event whose causes are shown, or -1. */
  declare chosen: number;
  /** In CSS pixels; 0 before the first layout. */
  declare width: number;
  #observer: ResizeObserver | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;
  /** The numbers of the last event before the step that led to the cursor, and of the last one in it. */
  #step: readonly [before: number, last: number] = [-1, -1];

  constructor() {
    super();
    this.width = 0;
    this.chosen = -1;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) this.width = width;
    });
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    this.#observer?.disconnect();
    clearTimeout(this.#telling);
    super.disconnectedCallback();
  }

  protected override willUpdate(): void {
    if (!this.run) return;
    const { log, instants } = this.run;
    const numberOf = (at: number) => (at > 0 ? log.numberAt(at - 1) : -1);
    this.#step = [numberOf(instants[instantOf(this.run, this.at) - 1] ?? 0), numberOf(this.at)];
  }

  protected override render(): unknown {
    if (!this.run || this.width === 0) return '';
    try {
      return this.draw();
    } catch (error) {
      // One picture that fails must not take the others with it.
      return html`<p class="empty">This picture cannot be drawn: ${String(error)}</p>`;
    }
  }

  /** The picture at the cursor. */
  protected abstract draw(): TemplateResult;

  /** Whether event number `n` is past, happened in the step that led to the cursor, or is still to come. */
  protected tense(n: number): Tense {
    return n > this.#step[1] ? 'future' : n > this.#step[0] ? 'now' : 'past';
  }

  /** A drawing and its words, which are told once the cursor rests: telling them at each step would cost the frame. */
  protected figure(said: () => string, picture: unknown): TemplateResult {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      const words = this.renderRoot.querySelector('.said');
      if (words) words.textContent = said();
    }, REST);
    return html`<div role="none" @click=${this.#clicked} @keydown=${this.#pressed}>${picture}</div>
      <div id="said" class="said"></div>`;
  }

  readonly #clicked = (event: Event): void => {
    const mark = markOf(event);
    if (mark) this.#ask(mark);
  };

  readonly #pressed = (event: KeyboardEvent): void => {
    const mark = markOf(event);
    if (!mark) return;
    if (event.key === 'Enter' || event.key === ' ') this.#ask(mark);
    else if (event.key === 'ArrowDown') this.#walk(mark, 1);
    else if (event.key === 'ArrowUp') this.#walk(mark, -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #ask(mark: Element): void {
    const n = mark.getAttribute('data-n');
    if (n !== null) this.dispatchEvent(new WhyEvent(Number(n)));
  }

  #walk(from: Element, step: number): void {
    const marks = [...this.renderRoot.querySelectorAll<SVGElement>(MARKS)];
    const to = marks[marks.indexOf(from as SVGElement) + step];
    if (!to) return;
    from.setAttribute('tabindex', '-1');
    to.setAttribute('tabindex', '0');
    to.focus();
  }

  /** One mark is reached by the Tab key, the others by the arrows from there. */
  protected override updated(_changed: Map<PropertyKey, unknown>): void {
    for (const mark of this.renderRoot.querySelectorAll('.mark:not([tabindex])')) mark.setAttribute('tabindex', '-1');
    if (this.renderRoot.querySelector(`${MARKS}[tabindex='0']`)) return;
    for (const mark of this.renderRoot.querySelectorAll(`.mark[tabindex='0']`)) mark.setAttribute('tabindex', '-1');
    this.renderRoot.querySelector(MARKS)?.setAttribute('tabindex', '0');
  }
}

const markOf = (event: Event): Element | null =>
  event.target instanceof Element ? event.target.closest('.mark') : null;
