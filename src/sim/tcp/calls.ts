/**
 * User calls (RFC 9293 sections 3.10.1 to 3.10.5): OPEN, SEND, RECEIVE, CLOSE, ABORT, as Linux offers them. What may
 * block is the kernel's business: these say how many bytes were taken or given, never wait.
 */
import { seqDiff } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import type { EarlyData } from './fast-open.ts';
import { PUSH, pushPending, sendFin } from './output.ts';
import { setPingpong } from './receive/acknowledging.ts';
import { available, cleanUp, type ReadResult, read } from './receive/read.ts';
import { firstSyn } from './syn.ts';
import type { Tcb } from './tcb.ts';
import { isMiniature, orphanInFinWait2 } from './time-wait.ts';
import { countAs } from './totals.ts';
import { sendReset } from './transmit.ts';
import { begin, type Effect, enter, finish, note, type Turn } from './turn.ts';

/** OPEN, passive: the block of a listener, or of the connection that a SYN will make. */
export function passiveOpen(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  enter(turn, 'passive OPEN', 'LISTEN');
  return turn.effects;
}

/** OPEN, active: sends the SYN, perhaps with data: `tcb.snd.write` tells how much of it was taken. */
export function activeOpen(tcb: Tcb, now: Time, early?: EarlyData): Effect[] {
  const turn = begin(tcb, now);
  tcb.active = true;
  enter(turn, 'active OPEN', 'SYN-SENT');
  firstSyn(turn, early);
  return turn.effects;
}

/** RECEIVE: moves bytes in order into `out`; with `peek` they stay. */
export function receive(tcb: Tcb, out: Uint8Array, peek: boolean, now: Time): ReadResult {
  return read(tcb, { into: out, peek }, now);
}

/** The row by which CLOSE leaves each state; the others have nothing to say to the peer. */
function queueFin(turn: Turn): void {
  const { tcb } = turn;
  switch (tcb.state) {
    case 'SYN-RECEIVED':
    case 'ESTABLISHED':
      enter(turn, 'CLOSE', 'FIN-WAIT-1');
      break;
    case 'CLOSE-WAIT':
      enter(turn, 'CLOSE', 'LAST-ACK');
      break;
    default:
      return;
  }
  sendFin(turn);
}

/** shutdown(SHUT_WR): the FIN goes after the last byte; reading goes on. */
export function shutdownSend(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  queueFin(turn);
  return turn.effects;
}

/**
 * CLOSE of the last descriptor (tcp.c __tcp_close): what the peer is told, then nobody holds the connection.
 * @param abortive SO_LINGER with a time of 0: reset it
 */
export function close(tcb: Tcb, now: Time, abortive = false): Effect[] {
  const said = hangUp(tcb, abortive, now);
  return said.some((effect) => effect.do === 'gone') ? said : [...said, ...disown(tcb, now)];
}

/**
 * CLOSE, first half: FIN behind the last byte. With unread data it is an abort: the peer must not believe that its data
 * was read (RFC 2525 section 2.17). SO_LINGER waits after it.
 */
export function hangUp(tcb: Tcb, abortive: boolean, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.receiveShut = true;
  switch (tcb.state) {
    case 'CLOSED':
    case 'TIME-WAIT':
      break;
    case 'LISTEN':
    case 'SYN-SENT':
      enter(turn, 'CLOSE', 'CLOSED');
      finish(turn);
      break;
    default:
      if (available(tcb) > 0) {
        note(turn, 'closed with unread data: reset, not FIN', '2525 2.17', 'tcp.c __tcp_close');
        reset(turn);
      } else if (abortive) {
        note(turn, 'closed with SO_LINGER and no time: reset, not FIN', '9293 3.10.5', 'tcp.c __tcp_close');
        disconnect(turn);
      } else {
        queueFin(turn);
      }
  }
  return turn.effects;
}

/** CLOSE, second half: the program has let go; the rest is the kernel's business, and has bounds. */
export function disown(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.orphan = true;
  if (tcb.state === 'CLOSED') {
    turn.effects.push({ do: 'gone' });
    return turn.effects;
  }
  if (isMiniature(tcb)) return turn.effects;
  countAs(tcb, 'orphans');
  if (tcb.state === 'FIN-WAIT-2' && orphanInFinWait2(turn) === 'stop') return turn.effects;
  if (!isMiniature(tcb) && tcb.settings.totals.orphans > tcb.settings.maxOrphans) {
    note(turn, 'too many connections that nobody holds: reset', '', 'tcp.c tcp_check_oom');
    reset(turn);
  }
  return turn.effects;
}

function reset(turn: Turn): void {
  sendReset(turn);
  enter(turn, 'ABORT', 'CLOSED');
  finish(turn);
}

/** Whether the peer must be told that the connection ends (tcp_need_reset, and what tcp_disconnect adds). */
function needsReset({ state, snd }: Tcb): boolean {
  return (state !== 'CLOSING' && state !== 'LAST-ACK') || seqDiff(snd.nxt, snd.write) !== 0;
}

/** Ends the connection at once, with a reset if the peer can still want something (tcp_disconnect). */
function disconnect(turn: Turn): void {
  if (needsReset(turn.tcb)) sendReset(turn);
  enter(turn, 'ABORT', 'CLOSED');
  finish(turn, 'ECONNRESET');
}

/** The listener is closed: a handshake that is not done ends without a word (inet_csk_listen_stop, reqsk_put). */
export function listenerGone(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  note(
    turn,
    'the listener is closed: the unfinished handshake is forgotten',
    '9293 3.10.4',
    'inet_connection_sock.c inet_csk_listen_stop',
  );
  enter(turn, 'listener CLOSE', 'CLOSED');
  finish(turn);
  return turn.effects;
}

/** ABORT: nothing is left of the connection (tcp_disconnect). */
export function abort(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  switch (tcb.state) {
    case 'CLOSED':
    case 'TIME-WAIT':
      break;
    case 'LISTEN':
      enter(turn, 'CLOSE', 'CLOSED');
      finish(turn);
      break;
    case 'SYN-SENT':
      enter(turn, 'CLOSE', 'CLOSED');
      finish(turn, 'ECONNRESET');
      break;
    default:
      disconnect(turn);
  }
  return turn.effects;
}

/**
 * TCP_QUICKACK: 0, ACKs wait to be carried by data; odd, they leave at once for a while; even, what is pending leaves now
 * and the next ones wait again (tcp.c __tcp_sock_set_quickack).
 */
export function quickAck(tcb: Tcb, value: number, now: Time): Effect[] {
  const turn = begin(tcb, now);
  setPingpong(tcb, value === 0);
  if (value !== 0 && tcb.ack.pending && (tcb.state === 'ESTABLISHED' || tcb.state === 'CLOSE-WAIT')) {
    tcb.ack.pushed = Math.max(tcb.ack.pushed, 1);
    cleanUp(turn, 1);
    if ((value & 1) === 0) setPingpong(tcb, true);
  }
  return turn.effects;
}

/** TCP_NODELAY: what Nagle held may leave. */
export function setNoDelay(tcb: Tcb, on: boolean, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.noDelay = on;
  if (on) pushPending(turn, PUSH);
  return turn.effects;
}
