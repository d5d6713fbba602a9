/**
 * The sockets of every host as `ss -tano` lists them at the cursor.
 *
 * Of a listener, Recv-Q is the length of its accept queue and Send-Q its limit; of a connection, the bytes not yet read
 * and the bytes not yet acknowledged, a SYN or FIN counting as one (tcp_diag.c tcp_diag_get_info).
 */
import type { State } from '../sim/tcp/states.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf, Kind } from '../sim/trace/schema.ts';
import { countBefore, cursorAt, factsOf, lastBefore, perLog, type SockFacts } from './facts.ts';
import { stateAt } from './states.ts';
import type { SsModel, SsRow, View } from './view.ts';

/** The state as ss spells it; CLOSED sockets are not listed. */
const NAMES: Record<State, string> = {
  CLOSED: '',
  LISTEN: 'LISTEN',
  'SYN-SENT': 'SYN-SENT',
  'SYN-RECEIVED': 'SYN-RECV',
  ESTABLISHED: 'ESTAB',
  'FIN-WAIT-1': 'FIN-WAIT-1',
  'FIN-WAIT-2': 'FIN-WAIT-2',
  'CLOSE-WAIT': 'CLOSE-WAIT',
  CLOSING: 'CLOSING',
  'LAST-ACK': 'LAST-ACK',
  'TIME-WAIT': 'TIME-WAIT',
};
/** The timers that ss knows, by ours; what it does not know it does not show. */
const TIMERS: Record<string, string> = {
  retransmit: 'on',
  'loss probe': 'on',
  reordering: 'on',
  persist: 'persist',
  'FIN-WAIT-2': 'timewait',
  'TIME-WAIT': 'timewait',
};
/** We closed: a FIN stands in the queue after the last byte. */
const FIN_WRITTEN = new Set<State>(['FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSING', 'LAST-ACK', 'TIME-WAIT']);

function last<K extends Kind>(log: Log, sock: SockFacts, kind: K, at: number): EventOf<K> | undefined {
  const i = lastBefore(sock.of[kind], at);
  return i < 0 ? undefined : (log.at(i) as EventOf<K>);
}

function rowOf(log: Log, sock: SockFacts, at: number): SsRow | undefined {
  const state = stateAt(log, sock, at);
  if (sock.born >= at || sock.freed < at || state === 'CLOSED') return undefined;
  const name = last(log, sock, 'sock.name', at);
  const names = namesOf(log, sock, name);
  const place = { host: sock.host, sock: sock.id, state: NAMES[state], local: names.local };
  if (state === 'LISTEN') {
    const queue = last(log, sock, 'queue.accept', at);
    const lengths = { recvQ: queue?.length ?? 0, sendQ: queue?.limit ?? 0 };
    return { n: queue?.n ?? name?.n ?? log.numberAt(sock.born), ...place, ...lengths, peer: names.none, timer: '' };
  }
  const send = last(log, sock, 'tcp.send', at);
  const receive = last(log, sock, 'tcp.recv', at);
  const written = (send?.end ?? 0) + (FIN_WRITTEN.has(state) ? 1 : 0);
  return {
    n: Math.max(send?.n ?? 0, receive?.n ?? 0, name?.n ?? 0),
    ...place,
    recvQ: receive && state !== 'TIME-WAIT' ? Math.max(0, receive.nxt - receive.read) : 0,
    sendQ: send && state !== 'TIME-WAIT' ? Math.max(0, written - send.una) : 0,
    peer: names.peer,
    timer: timerText(log, sock, at),
  };
}

/**
 * Names as ss writes them: a socket of AF_INET6 has IPv4 addresses in their mapped form, and one that takes both families
 * has `*` for none (misc/ss.c inet_addr_print).
 */
function namesOf(log: Log, { born }: SockFacts, name: EventOf<'sock.name'> | undefined) {
  const six = (log.at(born) as EventOf<'sock.new'>).family === 'AF_INET6';
  const local = name?.local ?? '';
  const none = six ? (local.startsWith('[') ? '[::]:*' : '*:*') : '0.0.0.0:*';
  const written = (text: string) =>
    text === '' ? none : six ? text.replace(/^(?=\d)(.*):(\d+)$/, '[::ffff:$1]:$2') : text;
  return { local: written(local), peer: written(name?.peer ?? ''), none };
}

/** The timers of a socket: positions of the events that change them, and after each the `timer.set` that count. */
interface TimerHistory {
  positions: readonly number[];
  running: readonly (readonly EventOf<'timer.set'>[])[];
}

const timersOf = perLog((log) => {
  const histories = new Map<SockFacts, TimerHistory>();
  return (sock: SockFacts): TimerHistory => {
    let history = histories.get(sock);
    if (!history) histories.set(sock, (history = timerHistory(log, sock)));
    return history;
  };
});

function timerHistory(log: Log, sock: SockFacts): TimerHistory {
  const { 'timer.set': set = [], 'timer.off': off = [], 'timer.fire': fire = [] } = sock.of;
  const positions = [...set, ...off, ...fire].sort((a, b) => a - b);
  let running: readonly EventOf<'timer.set'>[] = [];
  const after = positions.map((i) => {
    const event = log.at(i) as EventOf<'timer.set' | 'timer.off' | 'timer.fire'>;
    const others = running.filter(({ timer }) => timer !== event.timer);
    running = event.kind === 'timer.set' && TIMERS[event.timer] ? [...others, event as EventOf<'timer.set'>] : others;
    return running;
  });
  return { positions, running: after };
}

/** The timer that fires next, as ss prints it. */
function timerText(log: Log, sock: SockFacts, at: number): string {
  const { positions, running } = timersOf(log)(sock);
  const timers = running[countBefore(positions, at) - 1] ?? [];
  const [next] = timers.toSorted((a, b) => a.at - b.at);
  if (!next) return '';
  const left = Math.max(0, Math.ceil((next.at - cursorAt(log, at).time) / 1e6));
  return `timer:(${TIMERS[next.timer]},${timeLeft(left)},${retries(log, sock, at)})`;
}

/** How often the retransmission timer has fired since SND.UNA last moved. */
function retries(log: Log, sock: SockFacts, at: number): number {
  const una = last(log, sock, 'tcp.send', at)?.una;
  const fires = sock.of['timer.fire'] ?? [];
  let count = 0;
  for (let k = countBefore(fires, at) - 1; k >= 0; k--) {
    const i = fires[k] as number;
    if (last(log, sock, 'tcp.send', i)?.una !== una) break;
    if ((log.at(i) as EventOf<'timer.fire'>).timer === 'retransmit') count++;
  }
  return count;
}

/** Milliseconds as ss prints them (misc/ss.c print_ms_timer): the largest units only. */
export function timeLeft(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const whole = Math.floor(ms / 1000) % 60;
  const secs = minutes > 9 ? 0 : whole;
  const rest = minutes > 0 || secs > 9 ? 0 : ms % 1000;
  const parts = [minutes > 0 ? `${minutes}min` : '', secs > 0 ? `${secs}${rest > 0 ? '.' : 'sec'}` : ''];
  if (rest > 0) parts.push(`${String(rest).padStart(3, '0')}ms`);
  return parts.join('');
}

export const ss: View<SsModel> = {
  id: 'ss',
  title: 'Sockets',
  model(log, at, options) {
    const { hosts, socks } = factsOf(log);
    const { host } = options ?? {};
    const shown = hosts.filter((line) => host === undefined || line.host === host);
    const rows = [...socks.values()].flatMap((sock) => rowOf(log, sock, at) ?? []);
    return {
      now: cursorAt(log, at),
      hosts: shown,
      rows: shown.flatMap((line) => rows.filter((row) => row.host === line.host)),
    };
  },
  text({ hosts, rows }) {
    const head = ['State', 'Recv-Q', 'Send-Q', 'Local Address:Port', 'Peer Address:Port', ''];
    const cells = rows.map(({ state, recvQ, sendQ, local, peer, timer }) => [
      state,
      String(recvQ),
      String(sendQ),
      local,
      peer,
      timer,
    ]);
    const widths = head.map((text, k) => Math.max(text.length, ...cells.map((row) => row[k]?.length ?? 0)));
    const line = (row: readonly string[]) =>
      row
        .map((cell, k) => cell.padEnd(widths[k] ?? 0))
        .join('  ')
        .trimEnd();
    const listings = hosts.map(({ host, name }) => {
      const mine = cells.filter((_, k) => rows[k]?.host === host);
      return [`${name}$ ss -tano`, line(head), ...mine.map(line)].join('\n');
    });
    return listings.join('\n\n');
  },
};
