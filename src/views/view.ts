/**
 * What a view is, and the model that each view hands to a drawing.
 *
 * A view is a pure fold of the event log up to a cursor. Its model holds everything that a drawing needs, with exact
 * numbers, the field's words as labels, and at each mark the number of the event behind it, so that a click can ask
 * `causes(log, n)` why it happened. A model knows nothing of pixels, colours or fonts; where arrangement carries
 * meaning (rows of a sequence diagram, the places of the states) it is given in units of its own.
 *
 * The cursor `at` is a count of events: the picture shows the log after its first `at` events, `0 <= at <= log.length`.
 * For an instant use `log.countUntil(t)`. Parts of a model that do not depend on the cursor are computed once per log
 * and shared between models, so compare them by identity; never change a model.
 */
import type { Time } from '../sim/base/time.ts';
import type { State } from '../sim/tcp/states.ts';
import type { Log } from '../sim/trace/log.ts';

export type ViewId = 'sequence' | 'states' | 'buffers' | 'strace' | 'ss' | 'tcpdump' | 'timeline';

export interface View<M> {
  readonly id: ViewId;
  /** A heading: 'Sequence'. */
  readonly title: string;
  /** The picture after the first `at` events of the log. */
  model(log: Log, at: number, options?: ViewOptions): M;
  /** The same picture as plain text, many lines, no final line end. */
  text(model: M): string;
}

export interface ViewOptions {
  /** Index of the first event to draw; what is older only gives the state of things. Default: the last `cell.begin`. */
  from?: number;
  /** Only this host, where a view is of one host (tcpdump, ss, strace). */
  host?: number;
}

/** Where the cursor stands. */
export interface Cursor {
  /** How many events have happened. */
  at: number;
  /** The number of the last of them, or -1 at the very start. */
  n: number;
  time: Time;
}

// --- connections

/** Which end of a connection: 0 opened it (A), 1 was opened to (B). The same everywhere a colour means an end. */
export type Side = 0 | 1;

/** One end of a TCP connection: a socket. */
export interface End {
  sock: number;
  side: Side;
  host: number;
  /** The name of its host: 'client'. */
  name: string;
  /** '10.0.0.1:49152'; '' while it has no name. */
  local: string;
  peer: string;
}

/** A TCP connection: the two sockets whose names mirror each other, or one when nobody answered. */
export interface Connection {
  /** Index among the connections of the log. */
  id: number;
  ends: readonly End[];
  /** '10.0.0.1:49152 → 10.0.0.2:8080' */
  label: string;
}

// --- sequence

/** A point on a lifeline. `row` grows with time; a unit is one line of text, and equal times may take several rows. */
export interface Point {
  n: number;
  time: Time;
  row: number;
}

export interface Lifeline {
  host: number;
  name: string;
  /** IPv4; of a host that has none, IPv6. */
  address: string;
  /** IPv6; '' for a host that has none. */
  address6: string;
}

/** A packet from one lifeline to another. */
export interface Arrow {
  /** The number of `packet.sent`: the packet's identity. */
  n: number;
  /** -1: the link, which made a copy, or a router on it, which has something to say. */
  from: number;
  to: number;
  sent: Point;
  /** Where it ended; `on the way` when the log ends first (then `end` is null). */
  fate: 'arrived' | 'dropped' | 'on the way';
  end: Point | null;
  /** Why it was dropped: 'link queue full'; '' otherwise. */
  reason: string;
  /** The connection's id, or -1; `side` is the sender's end. */
  connection: number;
  side: Side;
  sock: number;
  /** 'SYN', 'SYN,ACK', 'ACK', 'PSH,ACK', 'FIN,ACK', 'RST'. For a packet that is no TCP or malformed: what it is. */
  flags: string;
  /** Relative to the sender's ISS; the SYN is 0, the first byte is 1. */
  seq: number;
  /** Relative to the peer's ISS; null without ACK. */
  ack: number | null;
  /** Bytes of payload. */
  length: number;
  /** As the window field says, unscaled on a SYN; otherwise shifted by the scale that was agreed on. */
  window: number;
  /** As tcpdump prints them: 'mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7'; '' without. */
  options: string;
  retransmission: boolean;
  /** '1:1449 (1448)' for data, 'SYN seq 0 win 64240' for a SYN, 'ACK 1449 win 64128': short, exact. */
  label: string;
}

/** A system call on a lifeline, from enter to exit. */
export interface CallMark {
  kind: 'call';
  n: number;
  host: number;
  sock: number;
  task: number;
  /** The task's name. */
  who: string;
  /** 'connect(3, 10.0.0.2:8080)' */
  text: string;
  enter: Point;
  /** Null while it has not returned. */
  exit: Point | null;
  /** '= 0', '= -1 ECONNREFUSED'; '' while it has not returned. */
  result: string;
  /** Whether it had to wait, and for what: 'accept queue'; '' when it did not. */
  waited: string;
  cell: string;
  line: number;
  column: number;
}

/** A change of state on a lifeline. */
export interface StateMark {
  kind: 'state';
  n: number;
  host: number;
  sock: number;
  at: Point;
  from: State;
  to: State;
  /** What happened: 'rcv SYN,ACK'. */
  on: string;
}

/** Something else worth a word on a lifeline: a timer that fired, an error on the socket. */
export interface NoteMark {
  kind: 'note';
  n: number;
  host: number;
  sock: number;
  at: Point;
  /** 'retransmission timer', 'ECONNRESET' */
  text: string;
}

export type Mark = CallMark | StateMark | NoteMark;

/** A stretch of time in which nothing happened, drawn short. */
export interface Fold {
  from: Time;
  to: Time;
  length: Time;
  /** Rows it takes: `row` to `row + rows`. */
  row: number;
  rows: number;
  /** '60 s' */
  label: string;
}

export interface SequenceModel {
  now: Cursor & { row: number };
  lifelines: readonly Lifeline[];
  connections: readonly Connection[];
  /** All arrows of the window, past and future: past when `sent.n <= now.n`, under way until `end.n <= now.n`. */
  arrows: readonly Arrow[];
  marks: readonly Mark[];
  folds: readonly Fold[];
  /** Height in rows. */
  rows: number;
  /** Numbers of the packets on the way at the cursor. */
  inFlight: readonly number[];
}

// --- states

/** A state's box: centre and size in the diagram's units. */
export interface StateNode {
  state: State;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One drawn edge: one or more rows of the transition table that join the same two states. */
export interface StateEdge {
  from: State;
  to: State;
  /** Indices into TRANSITIONS. */
  rows: readonly number[];
  /** A polyline from border to border; corners may be rounded. */
  points: readonly (readonly [x: number, y: number])[];
  /** 'rcv SYN,ACK' over 'send ACK', and where to put it. */
  label: { on: string; send: string; x: number; y: number; anchor: 'start' | 'middle' | 'end' };
  /** The normal life of a connection; the others (abort, timeout, RST) are drawn when they are taken. */
  usual: boolean;
}

/** A move that an end made. */
export interface StateStep {
  n: number;
  time: Time;
  /** Index into TRANSITIONS, and into the model's `edges`. */
  row: number;
  edge: number;
  from: State;
  to: State;
  on: string;
  send: string;
}

/** The path of one socket through the diagram. */
export interface StatePath {
  end: End;
  /** All its moves that the log knows. */
  steps: readonly StateStep[];
  /** How many of them are past at the cursor. */
  taken: number;
  current: State;
  /** The event and instant of the last move; -1 and 0 before any. */
  since: { n: number; time: Time };
  /** Freed: the socket is no more. */
  gone: boolean;
}

export interface StatesModel {
  now: Cursor;
  /** Extent of the diagram in its units; everything lies in 0..width, 0..height. */
  width: number;
  height: number;
  nodes: readonly StateNode[];
  edges: readonly StateEdge[];
  /** Both ends of a connection together, A first. */
  connections: readonly { connection: Connection; paths: readonly StatePath[] }[];
  listeners: readonly StatePath[];
}

// --- buffers

/**
 * A stretch of the byte stream. Send side: `acknowledged`, `lost` (a segment of it was dropped, not yet resent), `in
 * flight`, `unsent`, `free`. Receive side: `read`, `unread`, `hole`, `out of order`, `free`.
 */
export interface Segment {
  kind: 'acknowledged' | 'lost' | 'in flight' | 'unsent' | 'read' | 'unread' | 'hole' | 'out of order' | 'free';
  /** Positions in the stream: the first byte is 1; `to` is exclusive. */
  from: number;
  to: number;
  length: number;
  /** The bytes as text, control characters as pictures, at most 64 of them; '' when they are not known. */
  preview: string;
}

/** The buffer of a write or a read in progress, in the program's memory. */
export interface UserBuffer {
  /** The number of `call.enter`. */
  n: number;
  call: string;
  fd: number;
  /** Bytes offered or asked for. */
  size: number;
  /** Bytes copied so far. */
  copied: number;
  /** What it waits for: 'send buffer space', 'data'; '' when it does not. */
  waits: string;
  preview: string;
  /** False in the moment after it returned: shown until the next call of this socket or the next instant. */
  open: boolean;
}

export interface SendBuffer {
  /** The event that said so. */
  n: number;
  /** SND.UNA, SND.NXT, the end of what the program has written, and the right edge of the peer's window: relative. */
  una: number;
  nxt: number;
  end: number;
  edge: number;
  /** SO_SNDBUF. */
  limit: number;
  /** Bytes in it: unacknowledged and unsent. */
  used: number;
  free: number;
  cwnd: number;
  ssthresh: number;
  /** The peer's window from SND.UNA, as last heard. */
  window: number;
  /** FIN: 'none', 'queued' (after the last byte), 'in flight', 'acknowledged'. */
  fin: 'none' | 'queued' | 'in flight' | 'acknowledged';
  segments: readonly Segment[];
}

export interface ReceiveBuffer {
  n: number;
  /** What the program has read up to, RCV.NXT, the right edge of the advertised window: relative. */
  read: number;
  nxt: number;
  edge: number;
  /** SO_RCVBUF. */
  limit: number;
  unread: number;
  /** The window advertised: edge - RCV.NXT. */
  window: number;
  /** Out-of-order ranges. */
  ooo: readonly { from: number; to: number }[];
  /** The peer's FIN was received in order. */
  fin: boolean;
  segments: readonly Segment[];
}

export interface EndBuffers {
  end: End;
  state: State;
  writing: UserBuffer | null;
  send: SendBuffer | null;
  receive: ReceiveBuffer | null;
  reading: UserBuffer | null;
}

export interface BuffersModel {
  now: Cursor;
  connections: readonly {
    connection: Connection;
    ends: readonly EndBuffers[];
    /** Segments with payload on the way at the cursor. */
    wire: readonly { n: number; side: Side; from: number; to: number; progress: number }[];
  }[];
}

export type * from './listings.ts';
