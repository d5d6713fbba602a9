/**
 * The sequence diagram: packets between hosts, slanted by the time they take, and beside each host what its programs
 * and its TCP did. The whole run is laid out once; the cursor only moves what is past, present and to come.
 */
import { css, html, svg, type TemplateResult, unsafeCSS } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { sequence } from '../../src/views/sequence.ts';
import type { SequenceModel } from '../../src/views/view.ts';
import {
  type ArrowShape,
  type Note,
  packetSentence,
  packetTexts,
  type SequenceShape,
  sequenceShape,
  sinceText,
  TIME_COLUMN,
} from '../layout/sequence.ts';
import { shortTime } from '../words.ts';
import { Pane, type Tense } from './pane.ts';

const HEAD = 7;
/** Height of the visible part; only what lies in it and a little around it is drawn. */
const WINDOW = 720;
const AROUND = 240;
/** The cursor's line stays at least so far from the edges. */
const MARGIN = 60;
/** What the cursor makes of a packet. */
interface Moment {
  tense: Tense;
  ended: boolean;
  /** How much of its way it has gone, 0 to 1. */
  share: number;
  chosen: boolean;
}

const degrees = (angle: number): number => (angle * 180) / Math.PI;

export class SequencePane extends Pane {
  static override styles = [
    ...Pane.styles,
    css`
      .life { stroke: var(--rule); stroke-width: 1; }
      .host { font-weight: 600; font-size: 12px; text-anchor: middle; }
      .address { text-anchor: middle; }
      .arrow line, .arrow path { stroke: var(--side); fill: none; }
      .arrow .head { fill: var(--side); stroke: none; }
      .arrow .course { stroke: var(--hairline); stroke-width: 1; stroke-dasharray: 2 3; }
      .arrow .ink { stroke-width: 1.4; }
      .arrow.past { --side: color-mix(in srgb, var(--end) var(--quiet), var(--paper)); }
      .arrow.now { --side: var(--end); }
      .arrow.now .ink { stroke-width: 2.6; }
      .arrow.now text { font-weight: 700; }
      .arrow.future text, .arrow.future .head, .arrow.future .cross { display: none; }
      .arrow .hit { stroke: transparent; stroke-width: 13; }
      .arrow.chosen .ink { stroke-width: 2.6; }
      .mark:hover .hit, .mark:focus-visible .hit { stroke: color-mix(in srgb, var(--accent) 20%, transparent); }
      .a { --end: var(--a); --end-text: var(--a-text); } .b { --end: var(--b); --end-text: var(--b-text); }
      .again .ink { stroke-dasharray: 7 3; }
      .dropped .cross { stroke: var(--lost); stroke-width: 2.4; }
      .dropped text.reason { fill: var(--lost-text); }
      .past text { fill: var(--dim); }
      .now text { fill: var(--ink); }
      text.words { text-anchor: middle; dominant-baseline: central; }
      .packet { fill: var(--end); stroke: var(--paper); stroke-width: 1.5; }
      .bar { fill: color-mix(in srgb, var(--end) var(--quiet), var(--paper)); stroke: none; }
      .bar.waits { fill: url(#waiting); stroke: color-mix(in srgb, var(--end) var(--quiet), var(--paper)); stroke-width: 1; }
      .bar.future { opacity: 0.15; }
      .note text { dominant-baseline: central; }
      .note.future { display: none; }
      .note.state text { font-weight: 700; font-size: 10.5px; }
      .note.state.now text { fill: var(--end-text); }
      .note.drop text { fill: var(--lost-text); }
      .note .lead { stroke: var(--hairline); fill: none; }
      .note .dot { fill: var(--paper); stroke: var(--end); stroke-width: 1.6; }
      .note.now .dot { fill: var(--end); }
      .note .hit { stroke: transparent; stroke-width: 13; }
      .note.chosen text, .arrow.chosen text { text-decoration: underline; }
      .fold rect { fill: var(--paper); }
      .fold path { stroke: var(--rule); fill: none; }
      .fold text { text-anchor: middle; dominant-baseline: central; fill: var(--dim); }
      .time { text-anchor: end; dominant-baseline: central; font-size: 10px; }
      .nowline { stroke: var(--now); stroke-width: 1.2; stroke-dasharray: 4 3; }
      .nowtime { fill: var(--now-text); font-weight: 700; text-anchor: end; dominant-baseline: central; font-size: 10px; }
      .nowpoint { fill: var(--now); }
      .hosts { margin-bottom: 2px; }
      .scroll { max-height: ${unsafeCSS(WINDOW)}px; overflow: hidden auto; scrollbar-width: thin; }
    `,
  ];

  #shape: SequenceShape | undefined;
  #of: { arrows: unknown; marks: unknown; width: number } | undefined;
  #charWidth = 0;
  /** How far it is scrolled, and the cursor and height for which that was chosen. */
  #top = 0;
  #followed = -1;
  #tall = 0;

  protected override draw(): TemplateResult {
    const model = sequence.model(this.run.log, this.at);
    if (model.arrows.length === 0 && model.marks.length === 0) {
      return html`<p class="empty">No packet was sent and no call was made in this cell.</p>`;
    }
    const shape = this.#shapeOf(model);
    const now = shape.y(model.now.row);
    this.#follow(now, shape.height);
    const seen = (top: number, bottom: number) => bottom > this.#top - AROUND && top < this.#top + WINDOW + AROUND;
    const first = shape.lifelines[0]?.x ?? 0;
    const last = shape.lifelines.at(-1)?.x ?? 0;
    return this.figure(
      () => sequence.text(model),
      html`<svg class="hosts" width=${shape.width} height="32" aria-hidden="true">
          ${
            shape.start === 0
              ? ''
              : svg`<text class="time dim" x=${TIME_COLUMN - 4} y="12">since</text><text class="time dim" x=${TIME_COLUMN - 4} y="25">${shortTime(shape.start)}</text>`
          }
          ${shape.lifelines.map(
            ({ x, name, address }, i) => svg`
              <text class="host" x=${x} y="12">${letter(i)} ${name}</text>
              <text class="address dim" x=${x} y="26">${address}</text>`,
          )}
        </svg>
        <div class="scroll" tabindex="-1" @scroll=${this.#scrolled}>
        <svg width=${shape.width} height=${shape.height} role="graphics-document" aria-label="Sequence diagram" aria-describedby="said">
          <defs>
            <pattern id="waiting" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="1.5" height="4" fill="var(--dim)" />
            </pattern>
          </defs>
          ${shape.lifelines.map(({ x }) => svg`<line class="life" x1=${x} x2=${x} y1="0" y2=${shape.height} />`)}
          ${shape.times.map(({ y, text }) =>
            !seen(y, y) || Math.abs(y - now) < 12
              ? ''
              : svg`<text class="time dim" x=${TIME_COLUMN - 4} y=${y}>${text}</text>`,
          )}
          ${shape.folds.filter(({ top, bottom }) => seen(top, bottom)).map((each) => this.#fold(each, shape))}
          ${shape.bars.map(({ mark, x, top, bottom }) => {
            const running = mark.exit === null || mark.exit.n > model.now.n;
            const end = running ? Math.max(top + 8, Math.min(bottom, now)) : bottom;
            const classes = { bar: true, waits: mark.waited !== '', [this.#end(mark.host, shape)]: true };
            return mark.enter.n > model.now.n || !seen(top, bottom)
              ? ''
              : svg`<rect class=${classMap(classes)} x=${x - 2.5} y=${top} width="5" height=${Math.max(8, end - top)} rx="2"/>`;
          })}
          <line class="nowline" x1=${first} x2=${last} y1=${now} y2=${now} />
          <text class="nowtime" x=${TIME_COLUMN - 4} y=${now}>${sinceText(Math.max(model.now.time, shape.start), shape.start)}</text>
          <path class="nowpoint" d="M${TIME_COLUMN - 1} ${now - 4}l6 4l-6 4z" />
          ${repeat(
            shape.arrows.filter(({ a, b }) => seen(a.y, b.y)),
            ({ arrow }) => arrow.n,
            (each) => this.#arrow(each, model, now),
          )}
          ${repeat(
            shape.notes.filter(({ y }) => seen(y, y)),
            ({ n, part }) => `${n} ${part}`,
            (note) => this.#note(note),
          )}
        </svg>
      </div>`,
    );
  }

  #shapeOf(model: SequenceModel): SequenceShape {
    const { arrows, marks } = model;
    const same = this.#of?.arrows === arrows && this.#of.marks === marks && this.#of.width === this.width;
    if (this.#shape && same) return this.#shape;
    this.#charWidth ||= measure(getComputedStyle(this).getPropertyValue('--mono'));
    this.#of = { arrows, marks, width: this.width };
    return (this.#shape = sequenceShape(model, this.width, this.#charWidth));
  }

  #end(host: number, shape: SequenceShape): 'a' | 'b' {
    return shape.lifelines[0]?.host === host ? 'a' : 'b';
  }

  /** A packet at this moment; drawn again only when the moment changes it. */
  #arrow(shape: ArrowShape, model: SequenceModel, now: number): unknown {
    const { arrow, a, b } = shape;
    const sent = this.tense(arrow.sent.n);
    const ended = arrow.end !== null && arrow.end.n <= model.now.n;
    const tense: Tense =
      sent === 'future' ? 'future' : ended && this.tense(arrow.end?.n ?? 0) === 'past' ? 'past' : 'now';
    const share = sent === 'future' ? 0 : ended ? 1 : Math.min(0.97, Math.max(0.03, (now - a.y) / (b.y - a.y || 1)));
    const chosen = this.chosen === arrow.n;
    return guard([shape, tense, ended, share, chosen], () =>
      this.#drawArrow(shape, { tense, ended, share, chosen }, packetSentence(arrow, model.lifelines)),
    );
  }

  #drawArrow({ arrow, a, b, label, reason, side }: ArrowShape, moment: Moment, sentence: string): TemplateResult {
    const { tense, ended, share, chosen } = moment;
    const tip = { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
    const angle = degrees(Math.atan2(b.y - a.y, b.x - a.x));
    const dropped = arrow.fate === 'dropped';
    const classes = {
      arrow: true,
      mark: true,
      [side]: true,
      [tense]: true,
      again: arrow.retransmission,
      dropped,
      chosen,
    };
    const shown =
      label ??
      (chosen
        ? {
            text: packetTexts(arrow)[0] ?? '',
            box: { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - 9 }, angle: 0 },
          }
        : null);
    return svg`<g class=${classMap(classes)} data-n=${arrow.n} role="button">
      <title>${sentence}</title>
      <line class="hit" x1=${a.x} y1=${a.y} x2=${b.x} y2=${b.y} />
      ${share < 1 ? svg`<line class="course" x1=${tip.x} y1=${tip.y} x2=${b.x} y2=${b.y} />` : ''}
      ${share > 0 ? svg`<line class="ink" x1=${a.x} y1=${a.y} x2=${tip.x} y2=${tip.y} />` : ''}
      ${
        ended && !dropped
          ? svg`<path class="head" d="M0 0L${-HEAD - 1} ${-HEAD / 2}V${HEAD / 2}Z" transform="translate(${b.x} ${b.y}) rotate(${angle})" />`
          : ''
      }
      ${ended && dropped ? svg`<path class="cross" d="M-5 -5L5 5M-5 5L5 -5" transform="translate(${b.x} ${b.y})" />` : ''}
      ${share > 0 && !ended ? svg`<circle class="packet" cx=${tip.x} cy=${tip.y} r="4.5" />` : ''}
      ${shown && tense !== 'future' ? svg`<text class="words halo" transform="translate(${shown.box.middle.x} ${shown.box.middle.y}) rotate(${degrees(shown.box.angle)})">${shown.text}</text>` : ''}
      ${ended && reason ? svg`<text class="words halo reason" x=${reason.box.middle.x} y=${reason.box.middle.y}>${reason.text}</text>` : ''}
    </g>`;
  }

  #note(note: Note): unknown {
    const tense = this.tense(note.n);
    const chosen = this.chosen === note.n;
    return guard([note, tense, chosen], () => this.#drawNote(note, tense, chosen));
  }

  #drawNote(note: Note, tense: Tense, chosen: boolean): TemplateResult {
    const { part, text, full, x, y, anchor, from } = note;
    const end = anchor === 'end' ? 'a' : 'b';
    const classes = { note: true, mark: true, [part]: true, [tense]: true, [end]: true, chosen };
    const moved = Math.abs(y - from.y) > 2;
    const out = anchor === 'end' ? 1 : -1;
    return svg`<g class=${classMap(classes)} data-n=${note.n} role="button">
      <title>${sentenceOf(note) || full}</title>
      ${moved ? svg`<path class="lead" d="M${x + out * 2} ${y}L${from.x} ${from.y}" />` : ''}
      ${part === 'state' ? svg`<circle class="dot" cx=${from.x} cy=${from.y} r="3.4" />` : ''}
      <text class="halo" x=${x} y=${y} text-anchor=${anchor}>${text}</text>
    </g>`;
  }

  #fold({ top, bottom, label }: SequenceShape['folds'][number], shape: SequenceShape): TemplateResult {
    const middle = (top + bottom) / 2;
    const from = shape.lifelines[0]?.x ?? 0;
    const to = shape.lifelines.at(-1)?.x ?? from;
    const zigzag = ({ x }: { x: number }) =>
      `M${x} ${top}l0 3l-5 ${(bottom - top) / 4 - 1.5}l10 ${(bottom - top) / 2 - 3}l-5 ${(bottom - top) / 4 - 1.5}l0 3`;
    return svg`<g class="fold">
      ${shape.lifelines.map(({ x }) => svg`<rect x=${x - 7} y=${top} width="14" height=${bottom - top} />`)}
      <path d=${shape.lifelines.map(zigzag).join('')} />
      <text class="halo" x=${(from + to) / 2} y=${middle}>${label} pass</text>
    </g>`;
  }

  /** Keeps the cursor's line in sight when the cursor has moved. */
  #follow(now: number, height: number): void {
    if (this.#followed === this.at && this.#tall === height) return;
    this.#followed = this.at;
    this.#tall = height;
    if (now < this.#top + MARGIN) this.#top = Math.max(0, now - MARGIN);
    else if (now > this.#top + WINDOW - MARGIN)
      this.#top = Math.min(Math.max(0, height - WINDOW), now - WINDOW + MARGIN);
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    super.updated(changed);
    const scroll = this.renderRoot.querySelector('.scroll');
    if (scroll && scroll.scrollTop !== this.#top) scroll.scrollTop = this.#top;
  }

  readonly #scrolled = (event: Event): void => {
    const { scrollTop } = event.target as Element;
    if (scrollTop === this.#top) return;
    this.#top = scrollTop;
    this.requestUpdate();
  };
}

const letter = (i: number): string => String.fromCharCode(65 + i);

function sentenceOf({ mark, full }: Note): string {
  if (!('kind' in mark)) return full;
  if (mark.kind === 'state') return `${mark.from} to ${mark.to}: ${mark.on}`;
  if (mark.kind === 'note') return mark.text;
  const wait = mark.waited ? `, waited for ${mark.waited}` : '';
  return `${mark.who}: ${mark.text} ${mark.result}${wait}`;
}

/** The width of one character of the drawings' font. */
function measure(font: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 6.7;
  context.font = `11px ${font || 'monospace'}`;
  return context.measureText('0'.repeat(50)).width / 50;
}
