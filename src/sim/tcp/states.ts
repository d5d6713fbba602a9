/**
 * The states of a TCP connection and every move between them.
 *
 * Theory of operation. This table is the only place where a move is allowed: `enter` (turn.ts) looks the row up and
 * throws when it is not there, so that a move which no rule permits is a bug that shows, not a state that is silently
 * wrong. The state view draws these same rows. The table follows RFC 9293 figure 5 and, where the figure leaves a move
 * out, the text of section 3.10, named in `rfc`. Conditions stay in the code that calls `enter`; a row says what may
 * happen, not when. FIN in SYN-RECEIVED has no row: a segment that carries one also acknowledges our SYN, so the state is
 * ESTABLISHED by the time its FIN is looked at.
 *
 * Linux keeps SYN-RECEIVED connections in a mini socket (request_sock) and TIME-WAIT ones in another (tcp_timewait_sock),
 * and spells states with `_`: SYN_RECV, TIME_WAIT. The RFC's names are used throughout.
 */
export const STATES = [
  'CLOSED',
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
] as const;
export type State = (typeof STATES)[number];

export interface Transition {
  from: State;
  /** What happened: a user call, an arriving segment, a timer. */
  on: string;
  to: State;
  /** The segment that answers it; '' for none. */
  send: string;
  /** Section of RFC 9293 unless another is named. */
  rfc: string;
}

/* biome-ignore format: a table */
export const TRANSITIONS = [
  { from: 'CLOSED',       on: 'passive OPEN',       to: 'LISTEN',       send: '',          rfc: '3.10.1' },
  { from: 'CLOSED',       on: 'active OPEN',        to: 'SYN-SENT',     send: 'SYN',       rfc: '3.10.1' },
  { from: 'LISTEN',       on: 'rcv SYN',            to: 'SYN-RECEIVED', send: 'SYN,ACK',   rfc: '3.10.7.2' },
  { from: 'LISTEN',       on: 'CLOSE',              to: 'CLOSED',       send: '',          rfc: '3.10.4' },

  { from: 'SYN-SENT',     on: 'rcv SYN,ACK',        to: 'ESTABLISHED',  send: 'ACK',       rfc: '3.10.7.3' },
  { from: 'SYN-SENT',     on: 'rcv SYN',            to: 'SYN-RECEIVED', send: 'SYN,ACK',   rfc: '3.10.7.3' },
  { from: 'SYN-SENT',     on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.3' },
  { from: 'SYN-SENT',     on: 'rcv ICMP',           to: 'CLOSED',       send: '',          rfc: '3.9.2.2' },
  { from: 'SYN-SENT',     on: 'CLOSE',              to: 'CLOSED',       send: '',          rfc: '3.10.4' },
  { from: 'SYN-SENT',     on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'SYN-RECEIVED', on: 'rcv ACK of SYN',     to: 'ESTABLISHED',  send: '',          rfc: '3.10.7.4' },
  { from: 'SYN-RECEIVED', on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'SYN-RECEIVED', on: 'rcv ICMP',           to: 'CLOSED',       send: '',          rfc: '3.9.2.2' },
  { from: 'SYN-RECEIVED', on: 'CLOSE',              to: 'FIN-WAIT-1',   send: 'FIN',       rfc: '3.10.4' },
  { from: 'SYN-RECEIVED', on: 'ABORT',              to: 'CLOSED',       send: 'RST',       rfc: '3.10.5' },
  { from: 'SYN-RECEIVED', on: 'listener CLOSE',     to: 'CLOSED',       send: '',          rfc: '3.10.4' },
  { from: 'SYN-RECEIVED', on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'ESTABLISHED',  on: 'CLOSE',              to: 'FIN-WAIT-1',   send: 'FIN',       rfc: '3.10.4' },
  { from: 'ESTABLISHED',  on: 'rcv FIN',            to: 'CLOSE-WAIT',   send: 'ACK',       rfc: '3.10.7.4' },
  { from: 'ESTABLISHED',  on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'ESTABLISHED',  on: 'ABORT',              to: 'CLOSED',       send: 'RST',       rfc: '3.10.5' },
  { from: 'ESTABLISHED',  on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'FIN-WAIT-1',   on: 'rcv ACK of FIN',     to: 'FIN-WAIT-2',   send: '',          rfc: '3.10.7.4' },
  { from: 'FIN-WAIT-1',   on: 'rcv FIN',            to: 'CLOSING',      send: 'ACK',       rfc: '3.10.7.4' },
  { from: 'FIN-WAIT-1',   on: 'rcv FIN, ACK of FIN', to: 'TIME-WAIT',   send: 'ACK',       rfc: '3.3.2 note 2' },
  { from: 'FIN-WAIT-1',   on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'FIN-WAIT-1',   on: 'ABORT',              to: 'CLOSED',       send: 'RST',       rfc: '3.10.5' },
  { from: 'FIN-WAIT-1',   on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'FIN-WAIT-2',   on: 'rcv FIN',            to: 'TIME-WAIT',    send: 'ACK',       rfc: '3.10.7.4' },
  { from: 'FIN-WAIT-2',   on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'FIN-WAIT-2',   on: 'ABORT',              to: 'CLOSED',       send: 'RST',       rfc: '3.10.5' },
  { from: 'FIN-WAIT-2',   on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },
  { from: 'FIN-WAIT-2',   on: 'active OPEN',        to: 'CLOSED',       send: '',          rfc: 'RFC 6191' },

  { from: 'CLOSE-WAIT',   on: 'CLOSE',              to: 'LAST-ACK',     send: 'FIN',       rfc: '3.10.4' },
  { from: 'CLOSE-WAIT',   on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'CLOSE-WAIT',   on: 'ABORT',              to: 'CLOSED',       send: 'RST',       rfc: '3.10.5' },
  { from: 'CLOSE-WAIT',   on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'CLOSING',      on: 'rcv ACK of FIN',     to: 'TIME-WAIT',    send: '',          rfc: '3.10.7.4' },
  { from: 'CLOSING',      on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'CLOSING',      on: 'ABORT',              to: 'CLOSED',       send: '',          rfc: '3.10.5' },
  { from: 'CLOSING',      on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'LAST-ACK',     on: 'rcv ACK of FIN',     to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'LAST-ACK',     on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'LAST-ACK',     on: 'ABORT',              to: 'CLOSED',       send: '',          rfc: '3.10.5' },
  { from: 'LAST-ACK',     on: 'timeout',            to: 'CLOSED',       send: '',          rfc: '3.10.8' },

  { from: 'TIME-WAIT',    on: 'time-wait timeout',  to: 'CLOSED',       send: '',          rfc: '3.10.8' },
  { from: 'TIME-WAIT',    on: 'rcv RST',            to: 'CLOSED',       send: '',          rfc: '3.10.7.4' },
  { from: 'TIME-WAIT',    on: 'rcv SYN',            to: 'CLOSED',       send: '',          rfc: '3.6.1 MAY-2' },
  { from: 'TIME-WAIT',    on: 'active OPEN',        to: 'CLOSED',       send: '',          rfc: 'RFC 6191' },
] as const satisfies readonly Transition[];

export type Row = (typeof TRANSITIONS)[number];
