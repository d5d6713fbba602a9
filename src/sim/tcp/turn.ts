/**
 * A turn: one call, segment or timeout applied to one connection. It collects effects as plain data, of two sorts:
 * orders that the kernel obeys (`transmit`, `wake`, `fail`, `zerocopy`, `timestamp`, `gone`) and observations that it logs
 * (`state`, `note`, `rtt`). `enter` is the one gate through which a state changes.
 */

import { SimBug } from '../base/bug.ts';
import type { Errno } from '../base/errno.ts';
import type { Seq } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import type { Segment } from '../wire/tcp.ts';
import type { Lesson } from './fast-open.ts';
import { reportPurged } from './reports.ts';
import { type Row, STATES, type State, TRANSITIONS } from './states.ts';
import type { Tcb } from './tcb.ts';
import { noTimers, type TimerName } from './timers.ts';
import { countAs } from './totals.ts';

/** A decision, and the rules that made it: `rfc` as '9293 3.10.7.4', `linux` as 'tcp_input.c tcp_fin'. */
export interface Note {
  rule: string;
  rfc?: string;
  linux?: string;
}

/** SCM_TSTAMP_SCHED, SCM_TSTAMP_SND, SCM_TSTAMP_ACK of include/uapi/linux/errqueue.h. */
export type StampPoint = 'scheduled' | 'sent' | 'acknowledged';

export type Effect =
  /**
   * Hand a packet to the network. One whose payload is longer than `size` (the MSS, gso_size) is to be cut by the device;
   * `ect`: it may be marked instead of dropped (RFC 3168).
   */
  | { do: 'transmit'; segment: Segment; size: number | undefined; ect: boolean }
  /** Someone who waits to read (or accept), or to write (or for the handshake), may go on. */
  | { do: 'wake'; readers: boolean; writers: boolean }
  /** The connection failed: the next call reports it. */
  | { do: 'fail'; errno: Errno }
  /**
   * The memory of sends with MSG_ZEROCOPY may be used again: their numbers, first to last. `copied`: the kernel had copied
   * it after all, so that nothing was gained (skbuff.c msg_zerocopy_callback).
   */
  | { do: 'zerocopy'; first: number; last: number; copied: boolean }
  /**
   * The byte with this sequence number passed a point that SO_TIMESTAMPING asked about: its segment was given to the
   * device's queue, left the host, or was acknowledged (skbuff.c __skb_tstamp_tx). `payload`: what the record carries.
   */
  | { do: 'timestamp'; point: StampPoint; key: Seq; payload: Uint8Array }
  /** What a SYN,ACK said of Fast Open: the host remembers it for the next connection to this peer. */
  | { do: 'fast open'; lesson: Lesson }
  /** Nothing is left of the connection. */
  | { do: 'gone' }
  | { do: 'state'; from: number; to: number; row: number }
  | { do: 'note'; note: Note }
  | { do: 'rtt'; sample: Time };

export interface Turn {
  readonly tcb: Tcb;
  readonly now: Time;
  readonly effects: Effect[];
  /** An ACK must leave in this turn. */
  ackNow: boolean;
}

export const begin = (tcb: Tcb, now: Time): Turn => ({ tcb, now, effects: [], ackNow: false });

/**
 * Moves the connection along a row of the table.
 * @throws SimBug when the table has no such row from the present state.
 */
export function enter<O extends Row['on']>(turn: Turn, on: O, to: Extract<Row, { on: O }>['to']): void {
  const from = turn.tcb.state;
  const row = TRANSITIONS.findIndex((r) => r.from === from && r.on === on && r.to === to);
  if (row < 0) throw new SimBug(`no transition from ${from} on ${on} to ${to}`);
  (turn.tcb as { state: State }).state = to;
  turn.effects.push({ do: 'state', from: STATES.indexOf(from), to: STATES.indexOf(to), row });
}

export function note(turn: Turn, rule: string, rfc = '', linux = ''): void {
  turn.effects.push({ do: 'note', note: { rule, rfc, linux } });
}

export const wakeReaders = (turn: Turn): void => void turn.effects.push({ do: 'wake', readers: true, writers: false });
export const wakeWriters = (turn: Turn): void => void turn.effects.push({ do: 'wake', readers: false, writers: true });

/** Sets a timer to `delay` from now, or switches it off. */
export function setTimer(turn: Turn, name: TimerName, delay: Time | undefined): void {
  turn.tcb.timers[name] = delay === undefined ? undefined : ((turn.now + delay) as Time);
}

/** Sets one of the sender's timers and switches the others off: Linux has one for all (icsk_retransmit_timer). */
export function setXmitTimer(
  turn: Turn,
  name: 'retransmit' | 'loss probe' | 'reordering' | 'persist',
  delay: Time,
): void {
  const { timers } = turn.tcb;
  timers.retransmit = timers['loss probe'] = timers.reordering = timers.persist = undefined;
  timers[name] = (turn.now + delay) as Time;
}

/** The end of a connection: timers off, waiters told. `errno` is what the next call reports. */
export function finish(turn: Turn, errno?: Errno): void {
  turn.tcb.timers = noTimers();
  countAs(turn.tcb, undefined);
  reportPurged(turn);
  if (errno) turn.effects.push({ do: 'fail', errno });
  turn.effects.push({ do: 'wake', readers: true, writers: true }, { do: 'gone' });
}
