/**
 * The state machine, drawn from the transition table, and both ends of the connection in it.
 *
 * Each end is a lettered badge on its state and leaves a path of its colour; its last move is bold. Moves that end a
 * connection by force are drawn only where they were taken, so that the usual life stays readable. Whatever is pointed at
 * or focused is told in words below.
 */
import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { TRANSITIONS, type Transition } from '../../src/sim/tcp/states.ts';
import { states } from '../../src/views/states.ts';
import type { StateEdge, StateNode, StatePath, StateStep, StatesModel } from '../../src/views/view.ts';
import { rounded, shifted } from '../layout/polyline.ts';
import { busyOnes, type Run } from '../run.ts';
import { shortTime } from '../words.ts';
import { Pane, type Tense } from './pane.ts';

/** Pixels for a unit of the diagram, at most. */
const UNIT = 42;

/** In a smaller diagram only the moves that were made have words in it; the others tell theirs below when pointed at. */
const WORDY = 33;

/** One end as the picture names it. */
interface Actor {
  path: StatePath;
  /** 'A', 'B'; numbered when there are several connections. */
  badge: string;
  side: 'a' | 'b';
  listener: boolean;
}

export class StatesPane extends Pane {
  static override properties = { ...Pane.properties, told: { state: true } };
  static override styles = [
    ...Pane.styles,
    css`
      .node rect { fill: var(--paper); stroke: var(--rule); }
      .node text { text-anchor: middle; dominant-baseline: central; fill: var(--dim); font-size: 10.5px; }
      .node.been rect { stroke: var(--dim); }
      .node.been text { fill: var(--ink); }
      .node.here rect { stroke-width: 2; stroke: var(--end); fill: color-mix(in srgb, var(--end) var(--wash), var(--paper)); }
      .node.here text { fill: var(--ink); font-weight: 700; }
      .node.both rect { fill: color-mix(in srgb, color-mix(in srgb, var(--a), var(--b)) var(--wash), var(--paper)); stroke: var(--ink); }
      .a { --end: var(--a); --end-text: var(--a-text); }
      .b { --end: var(--b); --end-text: var(--b-text); }
      .edge .line { fill: none; stroke: var(--hairline); stroke-width: 1; }
      .edge .head { fill: var(--rule); }
      .edge text { font-size: var(--label); fill: var(--dim); dominant-baseline: central; }
      .edge.taken text { fill: var(--ink); }
      .edge.now text { font-weight: 700; }
      .edge .hit { fill: none; stroke: transparent; stroke-width: 12; }
      .mark:hover .hit, .mark:focus-visible .hit { stroke: color-mix(in srgb, var(--accent) 20%, transparent); }
      .way { fill: none; stroke: color-mix(in srgb, var(--end) var(--quiet), var(--paper)); stroke-width: 1.8; }
      .way.b { stroke-dasharray: 6 2; }
      .way.now { stroke: var(--end); stroke-width: 3.2; }
      .tip { fill: var(--end); }
      .badge circle { fill: var(--end); stroke: var(--paper); stroke-width: 1.5; }
      .badge text { fill: var(--paper); font-weight: 700; font-size: 10px; text-anchor: middle; dominant-baseline: central; }
      .badge.listener circle { fill: var(--paper); stroke: var(--end); stroke-dasharray: 2.5 1.5; }
      .badge.listener text { fill: var(--end-text); }
      .badge.gone { opacity: 0.45; }
      .told { min-height: 1.5em; margin: 2px 0 0; color: var(--dim); }
      .told b { color: var(--ink); font-family: var(--mono); font-weight: 600; font-size: 11px; }
    `,
  ];

  /** What is pointed at, in words. */
  declare told: string;

  constructor() {
    super();
    this.told = '';
  }

  protected override draw(): TemplateResult {
    const model = states.model(this.run.log, this.at);
    const actors = actorsOf(model, this.run);
    if (actors.length === 0) return html`<p class="empty">No TCP socket has a state yet.</p>`;
    const scale = Math.min(UNIT, this.width / model.width);
    const all = scale >= WORDY;
    const nodes = model.nodes.map((node) => scaledNode(node, scale));
    return this.figure(
      () => states.text(model),
      html`<svg
          width=${model.width * scale}
          height=${model.height * scale}
          style=${`--label: ${scale < 36 ? 9 : 9.5}px`}
          role="graphics-document"
          aria-label="State machine of TCP"
          aria-describedby="said"
          @pointerover=${this.#pointed}
          @focusin=${this.#pointed}
        >
          ${model.edges.map((edge, i) => this.#edge(scaledEdge(edge, scale), i, actors, all))}
          ${nodes.map((node) => this.#node(node, actors))}
          ${nodes.map((node) => this.#badges(node, actors))}
        </svg>
        <p class="told">${this.told || this.#latest(actors)}</p>`,
    );
  }

  #edge(edge: StateEdge, index: number, actors: readonly Actor[], all: boolean): TemplateResult | string {
    const taken = actors.flatMap((actor) => {
      const steps = actor.path.steps.slice(0, actor.path.taken);
      const step = steps.findLast((each) => each.edge === index);
      return step ? [{ actor, step, last: step === steps.at(-1) }] : [];
    });
    if (!edge.usual && taken.length === 0) return '';
    const tense: Tense | '' = taken.some(({ last }) => last) ? 'now' : taken.length > 0 ? 'past' : '';
    const { label } = edge;
    const step = taken.at(-1)?.step;
    const text = edgeSentence(edge, step);
    const on = step?.on ?? label.on;
    const send = step ? (step.send ? `send ${step.send}` : '') : label.send;
    const line = rounded(edge.points, 8);
    return svg`<g class=${classMap({ edge: true, mark: true, taken: taken.length > 0, now: tense === 'now' })} data-n=${step?.n ?? nothing} data-told=${text} role="button">
      <title>${text}</title>
      <path class="hit" d=${line} />
      ${taken.length === 0 ? svg`<path class="line" d=${line} />` : ''}
      ${taken.map(({ actor, last }, i) => {
        const points = shifted(edge.points, taken.length > 1 ? (i - (taken.length - 1) / 2) * 4 : 0);
        return svg`<path class=${classMap({ way: true, now: last, [actor.side]: true })} d=${rounded(points, 8)} />
          <path class="tip ${actor.side}" d=${arrowHead(points, last ? 5 : 3.5)} />`;
      })}
      ${taken.length === 0 ? svg`<path class="head" d=${arrowHead(edge.points, 3)} />` : ''}
      ${all || step ? svg`<text class="halo" x=${label.x} y=${label.y - (send ? 5.5 : 2)} text-anchor=${label.anchor}>${on}</text>` : ''}
      ${send && (all || step) ? svg`<text class="halo" x=${label.x} y=${label.y + 5.5} text-anchor=${label.anchor}>${send}</text>` : ''}
    </g>`;
  }

  #node(node: StateNode, actors: readonly Actor[]): TemplateResult {
    const here = actors.filter(({ path }) => path.current === node.state && !path.gone);
    const been = actors.some(({ path }) =>
      path.steps.slice(0, path.taken).some((step) => step.from === node.state || step.to === node.state),
    );
    const sides = new Set(here.map(({ side }) => side));
    const side = sides.has('a') ? 'a' : 'b';
    const classes = { node: true, been, here: here.length > 0, both: sides.size > 1, [side]: here.length > 0 };
    const { x, y, width, height, state } = node;
    return svg`<g class=${classMap(classes)} data-state=${state}>
      <rect x=${x - width / 2} y=${y - height / 2} width=${width} height=${height} rx=${height / 2} />
      <text x=${x} y=${y}>${state}</text>
    </g>`;
  }

  #badges(node: StateNode, actors: readonly Actor[]): TemplateResult[] {
    const here = actors.filter(({ path }) => path.current === node.state);
    const left = here.filter(({ side }) => side === 'a');
    const right = here.filter(({ side }) => side === 'b');
    const draw = (all: Actor[], edge: number, inward: number) =>
      all.map(({ badge, side, listener, path }, i) => {
        const x = edge + inward * i * 18;
        return svg`<g class=${classMap({ badge: true, [side]: true, listener, gone: path.gone || path.taken === 0 })} transform="translate(${x} ${node.y - node.height / 2 - 3})">
          <circle r=${badge.length > 1 ? 9.5 : 8.5} /><text>${badge}</text>
        </g>`;
      });
    return [...draw(left, node.x - node.width / 2 + 11, 1), ...draw(right, node.x + node.width / 2 - 11, -1)];
  }

  #latest(actors: readonly Actor[]): unknown {
    return actors.map(({ badge, path, listener }, i) => {
      const since = path.taken > 0 ? `, since ${shortTime(path.since.time)}` : '';
      return html`${i > 0 ? ' · ' : ''}<b>${badge}</b> ${path.end.name}${listener ? ' (listening)' : ''} <b>${path.current}</b>${path.gone ? ', freed' : since}`;
    });
  }

  readonly #pointed = (event: Event): void => {
    const mark = event.target instanceof Element ? event.target.closest('[data-told]') : null;
    this.told = mark?.getAttribute('data-told') ?? '';
  };
}

const scaledNode = ({ state, x, y, width, height }: StateNode, by: number): StateNode => ({
  state,
  x: x * by,
  y: y * by,
  width: width * by,
  height: height * by,
});

const scaledEdge = (edge: StateEdge, by: number): StateEdge => ({
  ...edge,
  points: edge.points.map(([x, y]) => [x * by, y * by] as const),
  label: { ...edge.label, x: edge.label.x * by, y: edge.label.y * by },
});

/** Both ends of each connection to which something happened, then the listeners that had to do with it. */
function actorsOf(model: StatesModel, run: Run): Actor[] {
  const connections = busyOnes(run, model.connections, ({ connection }) => connection.ends.map(({ sock }) => sock));
  const many = connections.length > 1;
  const ends = connections.flatMap(({ paths }, i) =>
    paths.map((path): Actor => {
      const side = path.end.side === 0 ? 'a' : 'b';
      return { path, badge: side.toUpperCase() + (many ? i + 1 : ''), side, listener: false };
    }),
  );
  const listeners = model.listeners
    .filter(({ end }) => run.busy.has(end.sock) || ends.length === 0)
    .map((path): Actor => ({ path, badge: 'L', side: 'b', listener: true }));
  return [...ends, ...listeners];
}

/** What happens along an edge, what is sent, and which rule says so; of a taken edge, the move that was made. */
function edgeSentence(edge: StateEdge, step: StateStep | undefined): string {
  const rows = step ? [step.row] : edge.rows;
  const told = rows.flatMap((index) => {
    const row: Transition | undefined = TRANSITIONS[index];
    if (!row) return [];
    const rule = /^\d+\./.test(row.rfc) ? `RFC 9293 ${row.rfc}` : `RFC ${row.rfc}`;
    return [`on ${row.on}${row.send ? `, sends ${row.send}` : ''} (${rule})`];
  });
  return `${edge.from} → ${edge.to} ${told.join('; ')}`;
}

function arrowHead(points: readonly (readonly [number, number])[], size: number): string {
  const [x, y] = points.at(-1) ?? [0, 0];
  const [fromX, fromY] = points.at(-2) ?? [0, 0];
  const angle = Math.atan2(y - fromY, x - fromX);
  const corner = (turn: number) =>
    `${x - size * 2 * Math.cos(angle) + size * turn * Math.sin(angle)} ${y - size * 2 * Math.sin(angle) - size * turn * Math.cos(angle)}`;
  return `M${x} ${y}L${corner(1)}L${corner(-1)}Z`;
}
