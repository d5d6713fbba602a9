/**
 * The buffers of a connection, one band per direction: the sender's program and send buffer above, the receiver's
 * buffer and program below, the wire between them. A byte of the stream has the same place in all of them, so that it
 * can be followed downwards, and the pointers of both ends can be compared.
 */
import { css, html, svg, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { buffers } from '../../src/views/buffers.ts';
import type { BuffersModel, EndBuffers, ReceiveBuffer, Segment, SendBuffer, UserBuffer } from '../../src/views/view.ts';
import { type Axis, byteAxis, type Extent } from '../layout/axis.ts';
import { joined, type SocketExtents, socketExtents } from '../layout/extent.ts';
import { type Pointer, type PointerMark, pointerMarks } from '../layout/pointers.ts';
import { busyOnes } from '../run.ts';
import { count, elide } from '../words.ts';
import { Pane } from './pane.ts';

const LABELS = 112;
const ROW = 24;
/** Between two bands that stand side by side. */
const GUTTER = 28;
/** From the knee of a folded axis to its break. */
const FOLD_AT = 34;
const CHAR = 6.62;
const SMALL_CHAR = 6.02;
/** Tops of the rows of a band. */
const Y = { writing: 2, send: 40, sendMarks: 68, wire: 86, receive: 134, receiveMarks: 162, reading: 184, end: 208 };
/** Narrower than this, the two directions stand one above the other. */
const SIDE_BY_SIDE = 1060;

type Connection = BuffersModel['connections'][number];

/** One direction of a connection. */
interface Flow {
  sender: EndBuffers;
  receiver: EndBuffers | undefined;
  extent: Extent;
  /** Whether bytes go this way, or a program asks for them, anywhere in the run. */
  active: boolean;
  wire: Connection['wire'];
}

export class BuffersPane extends Pane {
  static override styles = [
    ...Pane.styles,
    css`
      .band.a { --done: url(#done-a); --flight: url(#flight-a); --dots: url(#dots-a); --crosses: url(#crosses-a); }
      .band.b { --done: url(#done-b); --flight: url(#flight-b); --dots: url(#dots-b); --crosses: url(#crosses-b); }
      .a { --end: var(--a); --end-text: var(--a-text); } .b { --end: var(--b); --end-text: var(--b-text); }
      .connection.wide { display: grid; grid-template-columns: 1fr 1fr; column-gap: 28px; }
      .connection:not(.wide) .band + .band, .connection + .connection { margin-top: 10px; border-top: 1px solid var(--hairline); padding-top: 8px; }
      .numbers { color: var(--dim); margin: 0 0 2px; font-family: var(--mono); font-size: 11px; font-variant-numeric: tabular-nums; }
      .numbers b { color: var(--ink); font-weight: 600; }
      .row-name { font-weight: 600; fill: var(--end-text); dominant-baseline: central; }
      .row-what { dominant-baseline: central; font-size: 10px; }
      .shell { fill: none; stroke: var(--rule); }
      .seg rect { stroke: var(--end); stroke-width: 1; fill: color-mix(in srgb, var(--end) var(--wash), var(--paper)); }
      .seg text { dominant-baseline: central; text-anchor: middle; }
      .seg.acknowledged rect, .seg.read rect { fill: var(--done); stroke: var(--hairline); }
      .seg.acknowledged text.letters, .seg.read text.letters { fill: var(--dim); }
      .seg.flight rect.over { fill: var(--flight); stroke: none; }
      .seg.order rect.over { fill: var(--dots); stroke: none; }
      .seg.lost rect { stroke: var(--lost); stroke-width: 1.6; fill: color-mix(in srgb, var(--lost) var(--wash), var(--paper)); }
      .seg.hole rect { stroke: var(--lost); stroke-dasharray: 3 2; fill: none; }
      .seg.free rect { stroke: none; fill: transparent; }
      .seg.lost rect.over { fill: var(--crosses); stroke: none; }
      .seg.acknowledged text.letters, .seg.read text.letters { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
      .caption { font-size: 10px; text-anchor: middle; fill: var(--dim); }
      .pointer path { stroke: var(--ink); stroke-width: 1; fill: none; }
      .pointer text { font-size: 10px; text-anchor: middle; fill: var(--dim); }
      .pointer tspan { fill: var(--ink); font-weight: 600; }
      .window path { stroke: var(--end); stroke-width: 1.4; fill: none; }
      .window text { font-size: 10px; fill: var(--end-text); text-anchor: middle; }
      .user rect.box { fill: none; stroke: var(--dim); stroke-dasharray: 3 2; }
      .user rect.fill { fill: color-mix(in srgb, var(--end) var(--wash), var(--paper)); stroke: none; }
      .user.closed { opacity: 0.75; }
      .user text { dominant-baseline: central; }
      .packet rect { fill: color-mix(in srgb, var(--end) 70%, var(--paper)); stroke: var(--paper); }
      .packet .course { stroke: var(--hairline); stroke-dasharray: 2 3; }
      .break { fill: var(--paper); stroke: none; } .break-line { stroke: var(--rule); fill: none; }
      .mark:hover rect.box, .mark:focus-visible rect.box, .mark:hover rect.main, .mark:focus-visible rect.main { stroke: var(--accent); stroke-width: 2; }
      .fin text { font-size: 10px; font-weight: 700; dominant-baseline: central; text-anchor: middle; }
      .fin rect { fill: var(--paper); stroke: var(--end); }
      .fin.queued rect { stroke-dasharray: 3 2; }
      .quiet { color: var(--dim); margin: 2px 0 6px; }
    `,
  ];

  #extents: { log: unknown; of: Map<number, SocketExtents> } | undefined;

  protected override draw(): TemplateResult {
    const { log } = this.run;
    if (this.#extents?.log !== log) this.#extents = { log, of: socketExtents(log) };
    const model = buffers.model(log, this.at);
    if (model.connections.length === 0) return html`<p class="empty">No connection has buffers yet.</p>`;
    return this.figure(
      () => buffers.text(model),
      busyOnes(this.run, model.connections, ({ connection }) => connection.ends.map(({ sock }) => sock)).map(
        (connection) => this.#connection(connection),
      ),
    );
  }

  #connection(connection: Connection): TemplateResult {
    const flows = connection.ends.map((sender) => this.#flow(connection, sender));
    const wide = this.width >= SIDE_BY_SIDE && flows.every(({ active }) => active) && flows.length > 1;
    const width = wide ? (this.width - GUTTER) / 2 : this.width;
    return html`<div class="connection ${wide ? 'wide' : ''}">${flows.map((flow) => this.#band(flow, width))}</div>`;
  }

  #flow(connection: Connection, sender: EndBuffers): Flow {
    const receiver = connection.ends.find((end) => end.end.side !== sender.end.side);
    const from = this.#extents?.of.get(sender.end.sock);
    const to = this.#extents?.of.get(receiver?.end.sock ?? 0);
    const extent = joined(from?.sent, to?.received);
    const active = extent.end > extent.from || (from?.written ?? false) || (to?.readFrom ?? false);
    const wire = connection.wire.filter((packet) => packet.side === sender.end.side);
    return { sender, receiver, extent, active, wire };
  }

  #band({ sender, receiver, extent, active, wire }: Flow, whole: number): TemplateResult {
    const side = sender.end.side === 0 ? 'a' : 'b';
    const other = side === 'a' ? 'b' : 'a';
    const { send } = sender;
    const receive = receiver?.receive ?? null;
    const heading = `${side.toUpperCase()} ${sender.end.name} → ${other.toUpperCase()} ${receiver?.end.name ?? sender.end.peer}`;
    if (!active) {
      return html`<div class="band ${side}">
        ${this.#numbers(heading, sender, receiver)}
        <p class="quiet">No byte goes this way in this cell.</p>
      </div>`;
    }
    const width = whole - LABELS - 6;
    const first = Math.min(send?.una ?? extent.end, receive?.read ?? extent.end);
    const axis = byteAxis(extent, width, first, Math.max(send?.limit ?? 0, receive?.limit ?? 0));
    return html`<div class="band ${side}">
      ${this.#numbers(heading, sender, receiver)}
      <svg width=${whole} height=${Y.end} role="graphics-document" aria-label=${`Buffers, ${heading}`} aria-describedby="said">
        ${patterns(side)}
        <g class=${side}>
          ${rowName(Y.writing, `${side.toUpperCase()} program`, 'user memory')}
          ${rowName(Y.send, `${side.toUpperCase()} kernel`, 'send buffer')}
        </g>
        ${svg`<text class="row-what dim" x="0" y=${Y.wire + 18}>on the wire</text>`}
        <g class=${other}>
          ${rowName(Y.receive, `${other.toUpperCase()} kernel`, 'receive buffer')}
          ${rowName(Y.reading, `${other.toUpperCase()} program`, 'user memory')}
        </g>
        <g transform="translate(${LABELS} 0)" class=${side}>
          ${this.#user(sender.writing, axis, Y.writing, send?.end ?? extent.end, 'write')}
          ${send ? this.#sendRow(send, axis, width) : noSocket(Y.send)}
          ${wire.map((packet) => this.#packet(packet, axis))}
          ${receive ? this.#receiveRow(receive, axis, width, other) : noSocket(Y.receive)}
          ${this.#user(receiver?.reading ?? null, axis, Y.reading, receive?.read ?? extent.from, 'read')}
        </g>
      </svg>
    </div>`;
  }

  #sendRow(send: SendBuffer, axis: Axis, width: number): TemplateResult {
    return svg`<g>
      ${this.#row(send.segments, axis, Y.send, send.n)}
      ${pointers(axis, width, Y.sendMarks, [
        { name: 'SND.UNA', at: send.una },
        { name: 'SND.NXT', at: send.nxt },
        ...(send.end === send.nxt ? [] : [{ name: 'written', at: send.end }]),
        ...(send.edge > send.end ? [{ name: 'UNA+WND', at: send.edge }] : []),
      ])}
      ${send.fin === 'none' ? '' : fin(axis.x(send.end), Y.send, send.fin)}
    </g>`;
  }

  #receiveRow(receive: ReceiveBuffer, axis: Axis, width: number, other: string): TemplateResult {
    const from = axis.x(receive.nxt);
    const to = axis.x(receive.edge);
    const y = Y.receive + ROW + 3;
    const words = `advertised window ${count(receive.window)}`;
    return svg`<g>
      ${this.#row(receive.segments, axis, Y.receive, receive.n)}
      <g class="window ${other}">
        <title>${words}</title>
        <path d="M${from + 1} ${y - 2.5}v5M${from + 1} ${y}H${to - 1}M${to - 1} ${y - 2.5}v5" />
        ${to - from > words.length * SMALL_CHAR + 260 ? svg`<text x=${(from + to) / 2} y=${Y.receiveMarks + 14}>${words}</text>` : ''}
      </g>
      ${pointers(axis, width, Y.receiveMarks, [
        { name: 'read', at: receive.read },
        { name: 'RCV.NXT', at: receive.nxt },
        { name: 'NXT+WND', at: receive.edge },
      ])}
      ${receive.fin ? fin(axis.x(receive.nxt - 1), Y.receive, 'received') : ''}
    </g>`;
  }

  #numbers(heading: string, sender: EndBuffers, receiver: EndBuffers | undefined): TemplateResult {
    const { send } = sender;
    const receive = receiver?.receive;
    const flight = send ? Math.max(0, Math.min(send.nxt, send.end) - Math.max(1, send.una)) : 0;
    const unsent = send ? Math.max(0, send.end - Math.max(1, send.nxt)) : 0;
    return html`<p class="numbers"><b>${heading}</b>
      ${send ? html` · in flight <b>${count(flight)}</b> · unsent <b>${count(unsent)}</b> · free <b>${count(send.free)}</b> of ${count(send.limit)}` : ''}
      ${receive ? html` · unread <b>${count(receive.unread)}</b> · window <b>${count(receive.window)}</b> of ${count(receive.limit)}` : ''}
    </p>`;
  }

  #row(segments: readonly Segment[], axis: Axis, top: number, n: number): TemplateResult {
    return svg`<g>
      <rect class="shell" x="0" y=${top} width=${axis.x(axis.to)} height=${ROW} />
      ${segments.map((segment) => this.#segment(segment, axis, top, n))}
      ${axis.knee < axis.to ? fold(axis, top) : ''}
    </g>`;
  }

  #segment(segment: Segment, axis: Axis, top: number, n: number): TemplateResult | string {
    const from = axis.x(segment.from);
    const width = axis.x(segment.to) - from;
    if (width < 0.5) return '';
    const words = `${segment.kind} ${count(segment.length)}`;
    const sentence = `${words} bytes, ${count(segment.from)} up to ${count(segment.to)}`;
    const kind = segment.kind.split(' ').at(-1) ?? '';
    const free = segment.kind === 'free';
    // Words about the free rest stand beyond the break, where it is drawn short.
    const start = free && axis.knee < axis.to && segment.from <= axis.knee ? axis.x(axis.knee) + FOLD_AT + 10 : from;
    const room = from + width - start;
    const middle = start + room / 2;
    const caption = [words, segment.kind].find((text) => text.length * SMALL_CHAR + 4 < room) ?? '';
    return svg`<g class=${classMap({ seg: true, mark: true, [kind]: true })} data-n=${n} data-kind=${segment.kind} data-from=${segment.from} data-to=${segment.to} role="button">
      <title>${sentence}</title>
      <rect class="main" x=${from} y=${top} width=${width} height=${ROW} />
      ${free ? '' : svg`<rect class="over" x=${from} y=${top} width=${width} height=${ROW} fill="none" />`}
      ${letters(segment, axis, top + ROW / 2 + 0.5)}
      ${
        free
          ? svg`<text class="dim" x=${middle} y=${top + ROW / 2 + 0.5}>${caption}</text>`
          : svg`<text class="caption" style="dominant-baseline:auto" x=${from + width / 2} y=${top - 4}>${caption}</text>`
      }
    </g>`;
  }

  #user(
    user: UserBuffer | null,
    axis: Axis,
    top: number,
    edge: number,
    way: 'write' | 'read',
  ): TemplateResult | string {
    if (!user) return '';
    const from = axis.x(edge - user.copied);
    const done = axis.x(edge) - from;
    const whole = Math.max(done, axis.x(edge - user.copied + user.size) - from, 4);
    const state = user.waits ? `waits for ${user.waits}` : `${count(user.copied)} of ${count(user.size)} bytes copied`;
    const call = `${user.call}(${user.fd})`;
    const words = `${call} ${state}`;
    const preview = readable(user.preview);
    const shown = preview !== '' && preview.length * CHAR < whole - 8;
    const right = axis.x(axis.to) - from - whole - 10;
    // Beside the buffer when there is room, else in it, else only the name of the call.
    const beside = [words, call].find((text) => text.length * CHAR < right);
    const inside = shown ? preview : beside ? '' : elide(words, Math.floor((whole - 10) / CHAR));
    const y = top + 10.5;
    return svg`<g class=${classMap({ user: true, mark: true, closed: !user.open, [way]: true })} data-n=${user.n} role="button">
      <title>${words}</title>
      ${done > 0 ? svg`<rect class="fill" x=${from} y=${top} width=${done} height=${ROW - 4} />` : ''}
      <rect class="box" x=${from} y=${top} width=${whole} height=${ROW - 4} rx="2" />
      ${inside ? svg`<text x=${from + 5} y=${y}>${inside}</text>` : ''}
      ${beside ? svg`<text class="halo" x=${from + whole + 6} y=${y}>${beside}</text>` : ''}
    </g>`;
  }

  #packet({ n, from, to, progress }: Connection['wire'][number], axis: Axis): TemplateResult {
    const x = axis.x(from);
    const width = Math.max(5, axis.x(to) - x);
    const top = Y.sendMarks + 19;
    const bottom = Y.receive - 22;
    const y = top + (bottom - top) * progress;
    const words = `${count(from)}:${count(to)} on the wire`;
    return svg`<g class="packet mark" data-n=${n} role="button">
      <title>${words}</title>
      <line class="course" x1=${x + width / 2} x2=${x + width / 2} y1=${top} y2=${bottom + 10} />
      <rect class="main" x=${x} y=${y} width=${width} height="10" rx="2" />
    </g>`;
  }
}

const rowName = (top: number, name: string, what: string) =>
  svg`<text class="row-name" x="0" y=${top + 5}>${name}</text><text class="row-what dim" x="0" y=${top + 18}>${what}</text>`;

const noSocket = (top: number): TemplateResult =>
  svg`<text class="row-what dim" x="0" y=${top + ROW / 2}>no socket here now</text>`;

/** Pictures of control characters, which few fonts have, as programs write them. */
const ESCAPES: Record<string, string> = { '␀': '\\0', '␉': '\\t', '␊': '\\n', '␍': '\\r' };

const readable = (preview: string): string => preview.replace(/[␀␉␊␍]/g, (ch) => ESCAPES[ch] ?? ch);

/** The bytes themselves, each in its place, when there is room; else as much of the text as fits. */
function letters(segment: Segment, axis: Axis, y: number): TemplateResult | string {
  const characters = [...segment.preview];
  const from = axis.x(segment.from);
  const width = axis.x(segment.to) - from;
  if (characters.length === 0 || width < 3 * CHAR) return '';
  if (characters.length === segment.length && axis.perByte >= CHAR) {
    const wide = axis.perByte >= 2.2 * CHAR;
    return svg`<g>${characters.map((ch, i) => {
      const place = from + (i + 0.5) * axis.perByte;
      return svg`<text class="letters" x=${place} y=${y}>${wide ? readable(ch) : ch in ESCAPES ? '·' : ch}</text>`;
    })}</g>`;
  }
  const room = Math.floor((width - 8) / CHAR);
  return room < 4
    ? ''
    : svg`<text class="letters" x=${from + width / 2} y=${y}>${elide(readable(segment.preview), room)}</text>`;
}

function pointers(axis: Axis, width: number, top: number, all: Pointer[]): TemplateResult {
  const marks: PointerMark[] = pointerMarks(all, axis.x, width, SMALL_CHAR);
  return svg`<g>${marks.map(
    ({ names, value, x, textX, lead }) => svg`<g class="pointer">
      <path d="M${x} ${top - 4}V${top + 2}${lead === null ? '' : `L${lead} ${top + 5}`}" />
      <text x=${textX} y=${top + 14}>${names} <tspan>${value}</tspan></text>
    </g>`,
  )}</g>`;
}

const fin = (x: number, top: number, state: string): TemplateResult => svg`<g class="fin ${state}">
  <title>FIN ${state}</title>
  <rect x=${x + 1} y=${top + 3} width="28" height=${ROW - 6} rx="3" /><text x=${x + 15} y=${top + ROW / 2 + 0.5}>FIN</text>
</g>`;

/** Where the scale changes: the free rest of the window is drawn short. */
function fold(axis: Axis, top: number): TemplateResult {
  const x = axis.x(axis.knee) + FOLD_AT;
  const slash = `l-6 ${ROW + 4}`;
  return svg`<path class="break" d="M${x} ${top - 2}h8${slash}h-8z" /><path class="break-line" d="M${x} ${top - 2}${slash}M${x + 8} ${top - 2}${slash}" />`;
}

/** Fills beside colour; each side's in its own colour. */
const patterns = (side: string): TemplateResult => svg`<defs>
  <pattern id="done-${side}" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="0.7" fill="var(--rule)" /></pattern>
  <pattern id="flight-${side}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="7" fill="color-mix(in srgb, var(--end) 45%, transparent)" /></pattern>
  <pattern id="dots-${side}" width="7" height="7" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1.5" fill="color-mix(in srgb, var(--end) 70%, transparent)" /></pattern>
  <pattern id="crosses-${side}" width="9" height="9" patternUnits="userSpaceOnUse"><path d="M1 1L6 6M6 1L1 6" stroke="color-mix(in srgb, var(--lost) 60%, transparent)" /></pattern>
</defs>`;
