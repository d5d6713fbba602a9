/**
 * The sequence diagram in pixels: everything of it that does not depend on the cursor.
 *
 * Time runs down in the rows of the model; hosts are lifelines. Between the lifelines are the packets; outside them,
 * beside the host that did it, system calls (a bar from enter to exit), changes of state and timers; at the left edge
 * the time since the cell began. Words never overlap and never lie under an arrow. Pure: the width of a character is given.
 */
import type { Arrow, CallMark, Mark, SequenceModel } from '../../src/views/view.ts';
import { count, elide, shortTime } from '../words.ts';
import type { Point } from './boxes.ts';
import { Clearing } from './clearing.ts';
import { type Placed, placeLabels } from './labels.ts';
import { spread } from './spread.ts';

/** One row of the model. */
const ROW = 17;
const TOP = 12;
const LINE = 14;
/** The times at the left edge, right-aligned. */
export const TIME_COLUMN = 76;
const LANE = 8;
/** Narrower than this, the lifelines stand closer. */
const NARROW = 560;
/** Size of the cross at the end of a dropped packet. */
const CROSS = 14;
/** From a lifeline to the words beside it. */
const GAP = 12;

export interface ArrowShape {
  arrow: Arrow;
  a: Point;
  b: Point;
  label: Placed | null;
  /** The reason of a drop, at its cross; null when there is no room: then a note beside the sender tells it. */
  reason: Placed | null;
  side: string;
}

/** Words beside a lifeline, and the point of the lifeline that they belong to. */
export interface Note {
  mark: Mark | Arrow;
  part: 'enter' | 'exit' | 'state' | 'note' | 'drop';
  /** The event that makes it past. */
  n: number;
  text: string;
  /** The whole of it, for a tool tip. */
  full: string;
  x: number;
  y: number;
  anchor: 'start' | 'end';
  /** On the lifeline. */
  from: Point;
}

/** The bar of a system call. */
export interface Bar {
  mark: CallMark;
  x: number;
  top: number;
  bottom: number;
}

export interface SequenceShape {
  width: number;
  height: number;
  lifelines: readonly { x: number; name: string; address: string; host: number }[];
  arrows: readonly ArrowShape[];
  notes: readonly Note[];
  bars: readonly Bar[];
  /** Times since `start`, the instant of the first point. */
  times: readonly { y: number; text: string }[];
  start: number;
  folds: readonly { top: number; bottom: number; label: string }[];
  y(row: number): number;
}

const y = (row: number): number => TOP + row * ROW;
const median = (all: number[]): number => all.sort((p, q) => p - q)[all.length >> 1] ?? 0;

/** The words of a packet, from all there is to say to the least that still tells it from its neighbours. */
export function packetTexts(arrow: Arrow): string[] {
  const { flags, seq, ack, length, window, label } = arrow;
  const again = arrow.retransmission ? '↻ ' : '';
  if (ack === null && flags === '') return [label];
  const acks = ack === null ? '' : ` ack ${ack}`;
  const bytes = `${seq}:${seq + length}`;
  const texts =
    length > 0
      ? [
          `${flags} seq ${bytes}${acks} win ${window} len ${length}`,
          `${bytes}${acks} len ${length}`,
          `${bytes} (${length})`,
          bytes,
        ]
      : flags === 'ACK'
        ? [`ACK seq ${seq}${acks} win ${window}`, `ack ${ack} win ${window}`, `ack ${ack}`]
        : [`${flags} seq ${seq}${acks} win ${window}`, `${flags} seq ${seq}${acks}`, `${flags} ${seq}`];
  return texts.map((text) => again + text);
}

export function sequenceShape(model: SequenceModel, width: number, charWidth: number): SequenceShape {
  const hosts = model.lifelines;
  // Where it is narrow, the words beside the hosts need the room more than the arrows do.
  const share = width < NARROW ? 0.34 : 0.42;
  const span = hosts.length < 2 ? 0 : Math.min(Math.max(width * share, 150), 560 * (hosts.length - 1));
  const margin = Math.max(70, (width - TIME_COLUMN - span) / 2);
  const left = TIME_COLUMN + margin;
  const step = hosts.length < 2 ? 0 : (width - margin - left) / (hosts.length - 1);
  const xOf = new Map(hosts.map(({ host }, i) => [host, hosts.length < 2 ? left : left + i * step]));
  const last = hosts.at(-1)?.host;
  const outward = (host: number): -1 | 1 => (host === last && hosts.length > 1 ? 1 : -1);

  const bars = callBars(model, xOf, outward);
  const arrows = arrowShapes(model, xOf, step, charWidth);
  const lanes = new Map<number, number>();
  for (const { mark, lane } of bars) lanes.set(mark.host, Math.max(lanes.get(mark.host) ?? 0, lane + 1));
  const notes = hosts.flatMap(({ host }) => {
    const inset = GAP + (lanes.get(host) ?? 0) * LANE;
    const middle = host !== last && host !== hosts[0]?.host;
    const room = (middle ? step : margin) - inset - GAP / 2;
    const drops = arrows.filter(({ arrow, reason }) => arrow.fate === 'dropped' && arrow.from === host && !reason);
    return notesOf(model, drops, host, xOf.get(host) ?? 0, outward(host), inset, Math.floor(room / charWidth));
  });
  return {
    width,
    height: notes.reduce((most, note) => Math.max(most, note.y + LINE), y(model.rows) + ROW),
    lifelines: hosts.map(({ host, name, address }) => ({ x: xOf.get(host) ?? 0, name, address, host })),
    arrows,
    notes,
    bars,
    ...timeTicks(model),
    folds: model.folds.map(({ row, rows, label }) => ({ top: y(row), bottom: y(row + rows), label })),
    y,
  };
}

function arrowShapes(model: SequenceModel, xOf: Map<number, number>, step: number, charWidth: number): ArrowShape[] {
  const flights = model.arrows.flatMap(({ sent, end, fate }) =>
    fate === 'arrived' && end ? [end.row - sent.row] : [],
  );
  const usual = Math.max(1, median(flights));
  const shapes = model.arrows.map((arrow): Omit<ArrowShape, 'label' | 'reason'> => {
    const to = xOf.get(arrow.to) ?? (xOf.get(arrow.from) ?? 0) + step;
    // what comes from the link itself begins half-way
    const from =
      xOf.get(arrow.from) ??
      (to - step >= 0 && xOf.size > 1 && to !== Math.min(...xOf.values()) ? to - step / 2 : to + step / 2);
    const end = arrow.end ?? { row: Math.min(model.rows, arrow.sent.row + usual) };
    const gone = end.row - arrow.sent.row;
    const share =
      arrow.fate === 'arrived'
        ? 1
        : arrow.fate === 'dropped'
          ? clamp(gone / usual, 0.3, 0.72)
          : clamp(gone / usual, 0.3, 0.85);
    // A packet that never got onto the wire ends at once; the stub slopes all the same, to be seen as one.
    const row = arrow.fate === 'dropped' ? Math.max(end.row, arrow.sent.row + usual * share * 0.5) : end.row;
    return {
      arrow,
      a: { x: from, y: y(arrow.sent.row) },
      b: { x: from + (to - from) * share, y: y(row) },
      side: arrow.side === 0 ? 'a' : 'b',
    };
  });
  const clearing = new Clearing();
  for (const shape of shapes) {
    clearing.addLine(shape);
    if (shape.arrow.fate === 'dropped') clearing.addBox({ middle: shape.b, width: CROSS, height: CROSS, angle: 0 });
  }
  const reasons = shapes.map((shape): Placed | null => {
    const { arrow, a, b } = shape;
    if (arrow.fate !== 'dropped') return null;
    const text = arrow.reason || 'dropped';
    const width = text.length * charWidth;
    const middle = { x: b.x + Math.sign(b.x - a.x) * (CROSS / 2 + 4 + width / 2), y: b.y };
    const box = { middle, width, height: LINE, angle: 0 };
    if (!clearing.isFree(box, shape)) return null;
    clearing.addBox(box);
    return { text, box };
  });
  const labels = placeLabels(
    shapes.map(({ arrow, a, b }) => ({ a, b, texts: packetTexts(arrow) })),
    { charWidth, height: 12, offset: 8.5 },
    clearing,
  );
  return shapes.map((shape, i) => ({ ...shape, label: labels[i] ?? null, reason: reasons[i] ?? null }));
}

/** Calls as bars; those of one host that overlap get lanes of their own. */
function callBars(
  model: SequenceModel,
  xOf: Map<number, number>,
  outward: (host: number) => number,
): (Bar & { lane: number })[] {
  const ends = new Map<number, number[]>();
  const calls = model.marks.filter((mark) => mark.kind === 'call').sort((p, q) => p.enter.row - q.enter.row);
  return calls.map((mark) => {
    const lanes = ends.get(mark.host) ?? [];
    ends.set(mark.host, lanes);
    const bottom = mark.exit?.row ?? model.rows;
    let lane = lanes.findIndex((end) => end <= mark.enter.row);
    if (lane < 0) lane = lanes.length;
    lanes[lane] = bottom;
    const x = (xOf.get(mark.host) ?? 0) + outward(mark.host) * (5 + lane * LANE);
    return { mark, lane, x, top: y(mark.enter.row) - 4, bottom: y(bottom) + 4 };
  });
}

function notesOf(
  model: SequenceModel,
  drops: readonly ArrowShape[],
  host: number,
  x: number,
  outward: -1 | 1,
  inset: number,
  room: number,
): Note[] {
  const note = (mark: Mark | Arrow, part: Note['part'], n: number, row: number, text: string): Note => ({
    mark,
    part,
    n,
    text: elide(text, room),
    full: text,
    x: x + outward * inset,
    y: y(row),
    anchor: outward < 0 ? 'end' : 'start',
    from: { x, y: y(row) },
  });
  const dropNote = (arrow: Arrow, at: Point): Note => {
    const bytes = arrow.length > 0 ? `${arrow.seq}:${arrow.seq + arrow.length}` : arrow.flags;
    const made = note(arrow, 'drop', arrow.end?.n ?? arrow.n, 0, `✕ ${arrow.reason}`);
    return { ...made, full: `${bytes} dropped: ${arrow.reason}`, y: at.y, from: { x, y: at.y } };
  };
  const notes = model.marks
    .filter((mark) => mark.host === host)
    .flatMap((mark): Note[] => {
      if (mark.kind === 'state') return [note(mark, 'state', mark.n, mark.at.row, mark.to)];
      if (mark.kind === 'note') return [note(mark, 'note', mark.n, mark.at.row, mark.text)];
      const { exit } = mark;
      const whole = `${mark.text} ${mark.result}`;
      // A call that returned at once is one line, when it fits; else its result stands where it returned.
      if (exit && exit.time === mark.enter.time && whole.length <= room) {
        return [note(mark, 'enter', mark.enter.n, mark.enter.row, whole)];
      }
      const name = /^\w+/.exec(mark.text)?.[0] ?? mark.text;
      const enter = note(mark, 'enter', mark.enter.n, mark.enter.row, mark.text);
      const told = `${name} ${mark.result}`;
      const short = told.length <= room ? told : mark.result;
      return exit ? [enter, { ...note(mark, 'exit', exit.n, exit.row, short), full: told }] : [enter];
    })
    .concat(drops.map(({ arrow, b }) => dropNote(arrow, b)))
    .sort((p, q) => p.y - q.y || p.n - q.n);
  const middles = spread(
    notes.map((each) => ({ at: each.y, size: LINE })),
    TOP - LINE,
  );
  return notes.map((each, i) => ({ ...each, y: middles[i] ?? each.y }));
}

/** The time since the first point, where packets leave and arrive, as far as there is room. */
function timeTicks(model: SequenceModel): Pick<SequenceShape, 'times' | 'start'> {
  const points = [
    ...model.arrows.flatMap(({ sent, end }) => [sent, ...(end ? [end] : [])]),
    ...model.marks.flatMap((mark) =>
      mark.kind === 'call' ? [mark.enter, ...(mark.exit ? [mark.exit] : [])] : [mark.at],
    ),
  ].sort((p, q) => p.row - q.row);
  // What came before the window stands at its top; its own time is of no use here.
  const shown = points.filter((point) => point.row > 0);
  const start = (shown.length > 0 ? shown : points).reduce(
    (least, { time }) => Math.min(least, time),
    Number.POSITIVE_INFINITY,
  );
  const times: { y: number; text: string }[] = [];
  let before = '';
  for (const { row, time } of points) {
    const text = sinceText(time, start);
    if (time < start || text === before || y(row) - (times.at(-1)?.y ?? Number.NEGATIVE_INFINITY) < LINE) continue;
    times.push({ y: y(row), text });
    before = text;
  }
  return { times, start };
}

/** An instant beside the diagram: since the run's first one, with a sign when that is not the world's beginning. */
export const sinceText = (time: number, start: number): string =>
  start === 0 ? shortTime(time) : `+${shortTime(time - start)}`;

const clamp = (n: number, low: number, high: number): number => Math.min(Math.max(n, low), high);

/** A packet in a sentence, for a tool tip and a screen reader. */
export function packetSentence(arrow: Arrow, hosts: SequenceModel['lifelines']): string {
  const name = (host: number) =>
    hosts.find((line) => line.host === host)?.name ?? (host < 0 ? 'the link' : `host ${host}`);
  const size = arrow.length > 0 ? `, ${count(arrow.length)} bytes` : '';
  const ack = arrow.ack === null ? '' : `, ack ${arrow.ack}`;
  const fate = {
    arrived: '',
    dropped: `; dropped: ${arrow.reason}`,
    'on the way': '; still on the way',
  }[arrow.fate];
  const again = arrow.retransmission ? 'retransmission: ' : '';
  const options = arrow.options ? `, options ${arrow.options}` : '';
  return `${again}${name(arrow.from)} to ${name(arrow.to)}: ${arrow.flags}, seq ${arrow.seq}${ack}, window ${arrow.window}${size}${options}${fate}`;
}
