/**
 * The state machine, and the path that each end of a connection took through it.
 *
 * Nodes and edges come from the transition table (see diagram.ts); paths are the `tcp.state` events of each socket.
 */
import { seconds } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { EDGE_OF_ROW, EDGES, HEIGHT, NODES, WIDTH } from './diagram.ts';
import { countBefore, cursorAt, endOf, factsOf, perWindow, type SockFacts } from './facts.ts';
import { moveOf } from './sequence.ts';
import type { Connection, Side, StatePath, StateStep, StatesModel, View } from './view.ts';

/** A socket's path, and where its steps lie in the log. */
interface Walk {
  sock: SockFacts;
  steps: readonly StateStep[];
  positions: readonly number[];
}

interface Walks {
  connections: readonly { connection: Connection; walks: readonly Walk[] }[];
  listeners: readonly Walk[];
}

const walksOf = perWindow((log, from): Walks => {
  const facts = factsOf(log);
  const live = [...facts.socks.values()].filter((sock) => sock.freed >= from && sock.of['tcp.state'] !== undefined);
  const walk = (sock: SockFacts): Walk => ({ sock, ...stepsOf(log, sock) });
  const connections = facts.connections.flatMap((connection) => {
    const socks = connection.ends.flatMap((end) => facts.socks.get(end.sock) ?? []);
    return socks.some((sock) => live.includes(sock)) ? [{ connection, walks: socks.map(walk) }] : [];
  });
  return { connections, listeners: live.filter((sock) => sock.connection < 0).map(walk) };
});

function stepsOf(log: Log, sock: SockFacts): Pick<Walk, 'steps' | 'positions'> {
  const positions = sock.of['tcp.state'] ?? [];
  const steps = positions.map((i): StateStep => {
    const event = log.at(i) as EventOf<'tcp.state'>;
    const { n, t: time, row } = event;
    return { n, time, row, edge: EDGE_OF_ROW[row] ?? -1, ...moveOf(event) };
  });
  return { steps, positions };
}

/** The state of a socket at a cursor. */
export function stateAt(log: Log, sock: SockFacts | undefined, at: number): StatePath['current'] {
  const positions = sock?.of['tcp.state'];
  const taken = countBefore(positions, at);
  if (positions === undefined || taken === 0) return 'CLOSED';
  return moveOf(log.at(positions[taken - 1] as number) as EventOf<'tcp.state'>).to;
}

function pathAt(log: Log, { sock, steps, positions }: Walk, at: number): StatePath {
  const taken = countBefore(positions, at);
  const last = steps[taken - 1];
  return {
    end: endOf(sock, factsOf(log).hosts),
    steps,
    taken,
    current: last?.to ?? steps[0]?.from ?? 'CLOSED',
    since: { n: last?.n ?? -1, time: last?.time ?? log.timeAt(Math.min(sock.born, log.length - 1)) },
    gone: sock.freed < at,
  };
}

export const states: View<StatesModel> = {
  id: 'states',
  title: 'States',
  model(log, at, options) {
    const { connections, listeners } = walksOf(log, options);
    return {
      now: cursorAt(log, at),
      width: WIDTH,
      height: HEIGHT,
      nodes: NODES,
      edges: EDGES,
      connections: connections.map(({ connection, walks }) => ({
        connection,
        paths: walks.map((walk) => pathAt(log, walk, at)),
      })),
      listeners: listeners.map((walk) => pathAt(log, walk, at)),
    };
  },
  text({ connections, listeners }) {
    const parts = connections.map(({ connection, paths }) => [connection.label, ...table(paths)].join('\n'));
    for (const path of listeners)
      parts.push([`${path.end.local || 'no name'} on ${path.end.name}`, ...table([path])].join('\n'));
    return parts.length === 0 ? 'no TCP socket has left CLOSED yet' : parts.join('\n\n');
  },
};

export const LETTER: Record<Side, string> = { 0: 'A', 1: 'B' };

/** The paths side by side, one line per move, in order of events. */
function table(paths: readonly StatePath[]): string[] {
  const columns = paths.map((path) => {
    const { end, steps, taken, current, gone } = path;
    const connected = paths.length > 1 || end.peer !== '';
    const moves = steps.slice(0, taken).map(({ n, time, on, send, to }) => ({
      n,
      time,
      text: `${on}${send ? `, send ${send}` : ''} → ${to}`,
    }));
    return {
      title: `${connected ? `${LETTER[end.side]} ` : ''}${end.name}`,
      start: steps[0]?.from ?? 'CLOSED',
      moves,
      now: `${current}${gone ? ', freed' : ''}`,
    };
  });
  const widths = columns.map(({ title, start, moves, now }) =>
    Math.max(...[title, start, now, ...moves.map((move) => move.text)].map((text) => text.length)),
  );
  const rows = columns.flatMap(({ moves }, column) => moves.map((move) => ({ ...move, column })));
  rows.sort((a, b) => a.n - b.n);
  const clock = Math.max(3, ...rows.map((row) => seconds(row.time).length));
  const line = (first: string, cells: readonly string[]) =>
    `  ${first.padStart(clock)}  ${cells.map((cell, k) => cell.padEnd(widths[k] as number)).join('   ')}`.trimEnd();
  const words = (pick: (column: (typeof columns)[number]) => string) => columns.map(pick);
  return [
    line(
      '',
      words((column) => column.title),
    ),
    line(
      '',
      words((column) => column.start),
    ),
    ...rows.map((row) =>
      line(
        seconds(row.time),
        columns.map((_, k) => (k === row.column ? row.text : '')),
      ),
    ),
    line(
      'now',
      words((column) => column.now),
    ),
  ];
}
