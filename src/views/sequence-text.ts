/**
 * The sequence diagram as text: lifelines as columns, each packet a stair from the line it leaves to the line it
 * reaches, system calls and states at the outer sides.
 *
 * Each end of an arrow has a line of its own, so that the order of events can be read from top to bottom. Packets on
 * their way together turn down at different columns, the later the nearer to the sender: stairs of one direction never
 * cross.
 */
import { seconds, type Time } from '../sim/base/time.ts';
import type { Arrow, Mark, SequenceModel } from './view.ts';

/** Columns between two lifelines. */
const GAP = 58;
/** Columns from the farthest turn to the receiver, and between two turns. */
const LANDING = 8;
const STEP = 3;

/** How much of a long run of calls is shown. */
const RUN_HEAD = 4;
const RUN_TAIL = 2;

const RIGHT = 1;
const LEFT = 2;
const DOWN = 4;
const UP = 8;
/** Characters by the directions in which they have an arm. */
const BOX = ' ╶╴─╷┌┐┬╵└┘┴│├┤┼';

/** One line of the diagram before it is drawn. */
interface Step {
  time: Time;
  host: number;
  arrow?: { arrow: Arrow; end: boolean };
  text?: string;
  fold?: string;
}

/** A canvas of box-drawing arms and letters. */
class Canvas {
  readonly #arms: number[][] = [];
  readonly #letters: string[][] = [];
  readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  arm(row: number, column: number, arms: number): void {
    const line = (this.#arms[row] ??= new Array(this.width).fill(0));
    line[column] = (line[column] ?? 0) | arms;
  }

  letters(row: number, column: number, text: string): void {
    const line = (this.#letters[row] ??= []);
    for (const [k, ch] of [...text].entries()) if (column + k >= 0 && column + k < this.width) line[column + k] = ch;
  }

  /** A horizontal line between two columns. */
  across(row: number, from: number, to: number): void {
    const [a, b] = from < to ? [from, to] : [to, from];
    for (let x = a; x <= b; x++) this.arm(row, x, (x > a ? LEFT : 0) | (x < b ? RIGHT : 0));
  }

  down(from: number, to: number, column: number): void {
    for (let y = from; y <= to; y++) this.arm(y, column, (y > from ? UP : 0) | (y < to ? DOWN : 0));
  }

  line(row: number): string {
    let out = '';
    for (let x = 0; x < this.width; x++) {
      out += this.#letters[row]?.[x] ?? BOX[this.#arms[row]?.[x] ?? 0];
    }
    return out;
  }
}

export function sequenceText(model: SequenceModel): string {
  const { lifelines, now } = model;
  if (lifelines.length === 0) return 'nothing has happened yet';
  const steps = shortened(stepsOf(model));
  if (steps.length === 0) return 'no packet and no system call yet';
  const column = new Map(lifelines.map(({ host }, k) => [host, k * (GAP + 1)]));
  const place = (host: number) => column.get(host) ?? 0;
  const canvas = new Canvas((lifelines.length - 1) * (GAP + 1) + 1);
  const rows = layRows(steps, lifelines[0]?.host ?? 0, lifelines.at(-1)?.host ?? 0);
  if (model.inFlight.length > 0) rows.push({ time: now.time });
  for (const [y, { fold }] of rows.entries()) {
    for (const x of column.values()) canvas.letters(y, x, fold === undefined ? '│' : '┊');
  }
  drawArrows(canvas, rows, place, now.n);
  drawInner(canvas, rows, place);

  const left = Math.max(0, ...rows.map((row) => (row.left ?? '').length));
  const clock = Math.max(...rows.map((row) => seconds(row.time).length));
  const heads = lifelines.map(({ host, name, address }) => ({ at: place(host), text: `${name} ${address}` }));
  const head = new Array<string>(left + clock + 3 + canvas.width + 30).fill(' ');
  for (const [k, { at, text }] of heads.entries()) {
    const start = clock + left + 3 + at - (k === 0 ? Math.min(left + 2, text.length >> 1) : text.length >> 1);
    for (const [i, ch] of [...text].entries()) head[start + i] = ch;
  }
  const lines = rows.map((row, y) => {
    const shown = y === 0 || seconds(row.time) !== seconds((rows[y - 1] as Row).time);
    const time = (shown ? seconds(row.time) : '').padStart(clock);
    return `${time}  ${(row.left ?? '').padStart(left)} ${canvas.line(y)} ${row.right ?? ''}`.trimEnd();
  });
  return [head.join('').trimEnd(), ...lines].join('\n');
}

interface Row {
  time: Time;
  left?: string;
  right?: string;
  inner?: { host: number; text: string };
  arrow?: { arrow: Arrow; end: boolean };
  fold?: string;
}

/** What happened up to the cursor, in order. */
function stepsOf({ arrows, marks, folds, now }: SequenceModel): Step[] {
  const steps: (Step & { n: number })[] = [];
  for (const arrow of arrows) {
    if (arrow.n > now.n) continue;
    steps.push({ n: arrow.n, time: arrow.sent.time, host: arrow.from, arrow: { arrow, end: false } });
    if (!arrow.end || arrow.end.n > now.n) continue;
    steps.push({ n: arrow.end.n, time: arrow.end.time, host: arrow.to, arrow: { arrow, end: true } });
  }
  for (const mark of marks) {
    for (const { n, time, text } of markSteps(mark)) if (n <= now.n) steps.push({ n, time, host: mark.host, text });
  }
  steps.sort((a, b) => a.n - b.n);
  const out: Step[] = [];
  let fold = 0;
  for (const step of steps) {
    for (let next = folds[fold]; next && next.to <= step.time; next = folds[++fold]) {
      if (out.length > 0) out.push({ time: next.from, host: -1, fold: next.label });
    }
    out.push(step);
  }
  return out;
}

function markSteps(mark: Mark): { n: number; time: Time; text: string }[] {
  if (mark.kind === 'note') return [{ ...mark.at, text: mark.text }];
  if (mark.kind === 'state') return [{ ...mark.at, text: mark.to }];
  const { enter, exit, text, result } = mark;
  if (exit && exit.time === enter.time && mark.waited === '') return [{ ...enter, text: `${text} ${result}` }];
  const name = text.replace(/\(.*/, '()');
  return [{ ...enter, text: `${text} …` }, ...(exit ? [{ ...exit, text: `${name} ${result}` }] : [])];
}

/** A long run of calls of one host with no packet in between: its beginning, how many follow, and its end. */
function shortened(steps: readonly Step[]): Step[] {
  const out: Step[] = [];
  for (let i = 0; i < steps.length; ) {
    const first = steps[i] as Step;
    let end = i + 1;
    while (first.text !== undefined && steps[end]?.text !== undefined && steps[end]?.host === first.host) end++;
    const run = steps.slice(i, end);
    const more = run.length - RUN_HEAD - RUN_TAIL;
    if (more <= 1) out.push(...run);
    else {
      const left = { time: run[RUN_HEAD]?.time ?? first.time, host: first.host, text: `… ${more} more` };
      out.push(...run.slice(0, RUN_HEAD), left, ...run.slice(-RUN_TAIL));
    }
    i = end;
  }
  return out;
}

/** One row for each end of an arrow; words go beside the arrow that brought them while there is room. */
function layRows(steps: readonly Step[], first: number, last: number): Row[] {
  const rows: Row[] = [];
  for (const { time, host, arrow, text, fold } of steps) {
    if (fold !== undefined) {
      rows.push({ time, fold });
      continue;
    }
    const side = host === first ? 'left' : host === last ? 'right' : 'inner';
    const row = rows.at(-1);
    if (arrow) {
      // What a state or a call sends stands beside it; what is dropped at once ends where it began.
      const word = side === 'inner' ? undefined : row?.[side];
      if (row?.time === time && !row.arrow && word !== undefined && !arrow.end) row.arrow = arrow;
      else if (!(arrow.end && row?.arrow?.arrow === arrow.arrow && row.time === time)) rows.push({ time, arrow });
      continue;
    }
    const free = row && row.time === time && row.fold === undefined && side !== 'inner' && row[side] === undefined;
    const target: Row = free && touches(row, host) ? row : { time };
    if (target !== row) rows.push(target);
    if (side === 'inner') target.inner = { host, text: text ?? '' };
    else target[side] = text ?? '';
  }
  return rows;
}

/** Whether something in this row happened at `host`, so that words of the same instant may stand beside it. */
function touches({ arrow }: Row, host: number): boolean {
  if (!arrow) return false;
  return (arrow.end ? arrow.arrow.to : arrow.arrow.from) === host;
}

/** Where an arrow begins that comes from the link itself: beside the lifeline that it goes to, with room for its label. */
const onTheLink = ({ label }: Arrow, to: number): number => {
  const room = label.length + LANDING;
  return to - room > 0 ? to - room : to + room;
};

function drawArrows(canvas: Canvas, rows: readonly Row[], place: (host: number) => number, now: number): void {
  const busy: { end: number; forward: boolean; slot: number }[] = [];
  for (const [y, row] of rows.entries()) {
    if (!row.arrow || row.arrow.end) continue;
    const { arrow } = row.arrow;
    const b = place(arrow.to);
    const a = arrow.from < 0 ? onTheLink(arrow, b) : place(arrow.from);
    if (a === b) {
      canvas.letters(y, Math.min(a + 1, canvas.width - 1), `⟲ ${arrow.label}`);
      continue;
    }
    const forward = a < b;
    const sign = forward ? 1 : -1;
    const label = ` ${arrow.label} `;
    if (arrow.fate === 'dropped' && arrow.end && arrow.end.n <= now && arrow.end.time === arrow.sent.time) {
      canvas.across(y, a, a + sign * (label.length + 3));
      canvas.letters(y, forward ? a + 2 : a - 1 - label.length, label);
      const words = forward ? `✕ ${arrow.reason}` : `${arrow.reason} ✕`;
      canvas.letters(y, forward ? a + label.length + 3 : a - label.length - 2 - words.length, words);
      continue;
    }
    const endRow = rows.findIndex((other) => other.arrow?.end && other.arrow.arrow === arrow);
    const until = endRow < 0 ? rows.length - 1 : endRow;
    const together = busy.filter((other) => other.end > y && other.forward === forward);
    const slot = together.length === 0 ? 0 : Math.max(...together.map((other) => other.slot)) + 1;
    busy.push({ end: until, forward, slot });

    const length = Math.abs(b - a);
    const turn = a + sign * Math.max(8, length - LANDING - ((slot * STEP) % Math.max(STEP, length - LANDING - 30)));
    canvas.across(y, a, turn);
    canvas.down(y, until, turn);
    canvas.letters(y, forward ? a + 2 : a - 1 - label.length, label);
    if (endRow < 0) continue;
    const dropped = arrow.fate === 'dropped' && arrow.end !== null && arrow.end.n <= now;
    if (dropped) {
      canvas.letters(until, turn, '✕');
      canvas.letters(until, forward ? turn - arrow.reason.length - 1 : turn + 2, arrow.reason);
    } else {
      canvas.across(until, turn, b - sign);
      canvas.letters(until, b - sign, forward ? '▶' : '◀');
    }
  }
}

/** Folds, and what happens at lifelines that have others on both sides. */
function drawInner(canvas: Canvas, rows: readonly Row[], place: (host: number) => number): void {
  for (const [y, { fold, inner }] of rows.entries()) {
    if (fold !== undefined) canvas.letters(y, Math.max(1, (canvas.width - fold.length) >> 1), fold);
    if (inner) canvas.letters(y, place(inner.host) + 2, inner.text);
  }
}
