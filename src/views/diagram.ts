/**
 * Where the states and the moves between them stand: the arrangement of RFC 9293 figure 5, without crossings.
 *
 * The moves are the rows of the transition table; this file only gives them places. Passive side left, active side
 * right; whoever closes first goes down the left, whoever is closed upon down the right; the ways back to CLOSED run
 * along the borders. Moves that end a connection by force (RST, abort, timeout) have their own edges, drawn when taken.
 * Units are free: a state is 2.6 wide and 0.7 high.
 */
import { type State, TRANSITIONS, type Transition } from '../sim/tcp/states.ts';
import type { StateEdge, StateNode } from './view.ts';

export const WIDTH = 14;
export const HEIGHT = 11.5;
const NODE_WIDTH = 2.6;
const NODE_HEIGHT = 0.7;

/* biome-ignore format: a table */
const CENTRES: Record<State, readonly [x: number, y: number]> = {
  'CLOSED':       [7, 0.7],
  'LISTEN':       [2.7, 2.4],
  'SYN-SENT':     [11.3, 2.4],
  'SYN-RECEIVED': [2.7, 4.1],
  'ESTABLISHED':  [7, 5.3],
  'FIN-WAIT-1':   [2.7, 7],
  'FIN-WAIT-2':   [2.7, 8.9],
  'CLOSING':      [7, 8.9],
  'TIME-WAIT':    [7, 10.5],
  'CLOSE-WAIT':   [11.3, 7],
  'LAST-ACK':     [11.3, 8.9],
};

type Way = readonly (readonly [x: number, y: number])[];
type Anchor = 'start' | 'middle' | 'end';
/** Where a label stands: the point that `anchor` names, vertically the middle of its lines. */
type Place = readonly [x: number, y: number, anchor: Anchor];

/** The moves of a normal life. */
/* biome-ignore format: a table */
const USUAL: readonly { from: State; to: State; on: string; way: Way; label: Place }[] = [
  { from: 'CLOSED', to: 'LISTEN', on: 'passive OPEN', way: [[6.3, 1.05], [6.3, 2.4], [4, 2.4]], label: [5.15, 2.2, 'middle'] },
  { from: 'LISTEN', to: 'CLOSED', on: 'CLOSE', way: [[2.7, 2.05], [2.7, 0.85], [5.7, 0.85]], label: [2.85, 1.5, 'start'] },
  { from: 'CLOSED', to: 'SYN-SENT', on: 'active OPEN', way: [[7.7, 1.05], [7.7, 2.2], [10, 2.2]], label: [8.85, 1.8, 'middle'] },
  { from: 'SYN-SENT', to: 'CLOSED', on: 'CLOSE', way: [[11.3, 2.05], [11.3, 0.85], [8.3, 0.85]], label: [11.45, 1.5, 'start'] },
  { from: 'LISTEN', to: 'SYN-RECEIVED', on: 'rcv SYN', way: [[2.7, 2.75], [2.7, 3.75]], label: [2.85, 3.25, 'start'] },
  { from: 'SYN-SENT', to: 'SYN-RECEIVED', on: 'rcv SYN', way: [[10, 2.6], [7, 2.6], [7, 4.1], [4, 4.1]], label: [6.85, 3.4, 'end'] },
  { from: 'SYN-SENT', to: 'ESTABLISHED', on: 'rcv SYN,ACK', way: [[11.3, 2.75], [11.3, 5.3], [8.3, 5.3]], label: [11.15, 4, 'end'] },
  { from: 'SYN-RECEIVED', to: 'ESTABLISHED', on: 'rcv ACK of SYN', way: [[3.3, 4.45], [3.3, 5.3], [5.7, 5.3]], label: [3.45, 4.85, 'start'] },
  { from: 'SYN-RECEIVED', to: 'FIN-WAIT-1', on: 'CLOSE', way: [[2.1, 4.45], [2.1, 6.65]], label: [1.95, 5.5, 'end'] },
  { from: 'ESTABLISHED', to: 'FIN-WAIT-1', on: 'CLOSE', way: [[6.3, 5.65], [6.3, 6.2], [3.3, 6.2], [3.3, 6.65]], label: [4.8, 5.8, 'middle'] },
  { from: 'ESTABLISHED', to: 'CLOSE-WAIT', on: 'rcv FIN', way: [[7.7, 5.65], [7.7, 7], [10, 7]], label: [7.85, 6.3, 'start'] },
  { from: 'FIN-WAIT-1', to: 'FIN-WAIT-2', on: 'rcv ACK of FIN', way: [[2.1, 7.35], [2.1, 8.55]], label: [2.25, 7.65, 'start'] },
  { from: 'FIN-WAIT-1', to: 'CLOSING', on: 'rcv FIN', way: [[4, 6.9], [7, 6.9], [7, 8.55]], label: [7.15, 7.9, 'start'] },
  { from: 'FIN-WAIT-1', to: 'TIME-WAIT', on: 'rcv FIN, ACK of FIN', way: [[4, 7.15], [5.3, 7.15], [5.3, 9.75], [6.3, 9.75], [6.3, 10.15]], label: [5.15, 8.2, 'end'] },
  { from: 'FIN-WAIT-2', to: 'TIME-WAIT', on: 'rcv FIN', way: [[2.7, 9.25], [2.7, 10.5], [5.7, 10.5]], label: [2.85, 9.9, 'start'] },
  { from: 'CLOSING', to: 'TIME-WAIT', on: 'rcv ACK of FIN', way: [[7, 9.25], [7, 10.15]], label: [7.15, 9.7, 'start'] },
  { from: 'CLOSE-WAIT', to: 'LAST-ACK', on: 'CLOSE', way: [[11.3, 7.35], [11.3, 8.55]], label: [11.15, 7.95, 'end'] },
  { from: 'LAST-ACK', to: 'CLOSED', on: 'rcv ACK of FIN', way: [[12.6, 8.9], [13.5, 8.9], [13.5, 0.55], [8.3, 0.55]], label: [13.35, 6, 'end'] },
  { from: 'TIME-WAIT', to: 'CLOSED', on: 'time-wait timeout', way: [[7, 10.85], [7, 11.25], [0.5, 11.25], [0.5, 0.55], [5.7, 0.55]], label: [3.6, 11, 'middle'] },
];

/** How each state is left for another otherwise; the rows are those that the table above does not name. */
/* biome-ignore format: a table */
const UNUSUAL: readonly { from: State; to: State; way: Way; label: Place }[] = [
  { from: 'SYN-SENT', to: 'CLOSED', way: [[10.7, 2.05], [10.7, 0.7], [8.3, 0.7]], label: [10.55, 1.25, 'end'] },
  { from: 'SYN-RECEIVED', to: 'CLOSED', way: [[1.4, 4.1], [0.9, 4.1], [0.9, 0.7], [5.7, 0.7]], label: [1.05, 3.2, 'start'] },
  { from: 'ESTABLISHED', to: 'CLOSED', way: [[7.35, 4.95], [7.35, 1.05]], label: [7.5, 3.3, 'start'] },
  { from: 'FIN-WAIT-1', to: 'CLOSED', way: [[1.4, 7], [0.9, 7], [0.9, 0.7], [5.7, 0.7]], label: [1.05, 6.3, 'start'] },
  { from: 'FIN-WAIT-2', to: 'CLOSED', way: [[1.4, 8.9], [0.9, 8.9], [0.9, 0.7], [5.7, 0.7]], label: [1.05, 8.2, 'start'] },
  { from: 'CLOSING', to: 'CLOSED', way: [[8.3, 8.9], [9.2, 8.9], [9.2, 9.6], [13.1, 9.6], [13.1, 0.7], [8.3, 0.7]], label: [9.35, 8.4, 'start'] },
  { from: 'TIME-WAIT', to: 'CLOSED', way: [[8.3, 10.5], [13.1, 10.5], [13.1, 0.7], [8.3, 0.7]], label: [10.7, 10.2, 'middle'] },
  { from: 'CLOSE-WAIT', to: 'CLOSED', way: [[12.6, 7], [13.1, 7], [13.1, 0.7], [8.3, 0.7]], label: [12.95, 6.3, 'end'] },
  { from: 'LAST-ACK', to: 'CLOSED', way: [[12.6, 8.75], [13.1, 8.75], [13.1, 0.7], [8.3, 0.7]], label: [12.95, 8.2, 'end'] },
];

export const NODES: readonly StateNode[] = Object.entries(CENTRES).map(([state, [x, y]]) => ({
  state: state as State,
  x,
  y,
  width: NODE_WIDTH,
  height: NODE_HEIGHT,
}));

const rows: readonly Transition[] = TRANSITIONS;
const isUsual = (row: Transition): boolean =>
  USUAL.some(({ from, to, on }) => from === row.from && to === row.to && on === row.on);

function edge(
  from: State,
  to: State,
  way: Way,
  place: Place,
  usual: boolean,
  mine: (row: Transition) => boolean,
): StateEdge {
  const indices = rows.flatMap((row, i) => (row.from === from && row.to === to && mine(row) ? [i] : []));
  const on = indices.map((i) => rows[i]?.on).join(' / ');
  const send = [...new Set(indices.map((i) => rows[i]?.send ?? ''))].filter((text) => text !== '').join(' / ');
  const [x, y, anchor] = place;
  return { from, to, rows: indices, points: way, label: { on, send: send && `send ${send}`, x, y, anchor }, usual };
}

export const EDGES: readonly StateEdge[] = [
  ...USUAL.map(({ from, to, on, way, label }) => edge(from, to, way, label, true, (row) => row.on === on)),
  ...UNUSUAL.map(({ from, to, way, label }) => edge(from, to, way, label, false, (row) => !isUsual(row))),
];

/** The index in {@link EDGES} of each row of the transition table. */
export const EDGE_OF_ROW: readonly number[] = rows.map((_, i) => EDGES.findIndex((e) => e.rows.includes(i)));
