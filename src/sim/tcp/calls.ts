/**
 * User calls (RFC 9293 sections 3.10.1 to 3.10.5): OPEN, SEND, RECEIVE, CLOSE, ABORT, as Linux offers them. What may
 * block is the kernel's business: these say how many bytes were taken or given, never wait.
 */
import type { Time } from '../base/time.ts';
import { PUSH, pushPending, sendFin } from './output.ts';
import { setPingpong } from './receive/acknowledging.ts';
import { available, cleanUp, type ReadResult, read } from './receive/read.ts';
import { firstSyn } from './syn.ts';
import type { Tcb } from './tcb.ts';
import { sendReset } from './transmit.ts';
import { begin, type Effect, enter, finish, note, setTimer, type Turn } from './turn.ts';

/** OPEN, passive: the block of a listener, or of the connection that a SYN will make. */
export function passiveOpen(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  enter(turn, 'passive OPEN', 'LISTEN');
  return turn.effects;
}

/** OPEN, active: sends the SYN. */
export function activeOpen(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.active = true;
  enter(turn, 'active OPEN', 'SYN-SENT');
  firstSyn(turn);
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
 * CLOSE of the last descriptor (tcp.c __tcp_close). With unread data it is an abort: the peer must not believe that
 * its data was read (RFC 2525 section 2.17).
 */
export function close(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.receiveShut = true;
  tcb.orphan = true;
  switch (tcb.state) {
    case 'CLOSED':
      turn.effects.push({ do: 'gone' });
      break;
    case 'LISTEN':
    case 'SYN-SENT':
      enter(turn, 'CLOSE', 'CLOSED');
      finish(turn);
      break;
    case 'TIME-WAIT':
      break;
    default:
      if (available(tcb) > 0) {
        note(turn, 'closed with unread data: reset, not FIN', '2525 2.17', 'tcp.c __tcp_close');
        sendReset(turn);
        enter(turn, 'ABORT', 'CLOSED');
        finish(turn);
        break;
      }
      queueFin(turn);
      if (tcb.state === 'FIN-WAIT-2') setTimer(turn, 'FIN-WAIT-2', tcb.settings.finTimeout);
  }
  return turn.effects;
}

/** ABORT: a reset, and nothing is left (tcp.c tcp_disconnect). */
export function abort(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  switch (tcb.state) {
    case 'CLOSED':
      break;
    case 'TIME-WAIT':
      break;
    case 'LISTEN':
    case 'SYN-SENT':
      enter(turn, 'CLOSE', 'CLOSED');
      break;
    default:
      sendReset(turn);
      enter(turn, 'ABORT', 'CLOSED');
  }
  if (tcb.state === 'CLOSED') finish(turn);
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

/** TCP_CORK: holds back what is not full; when it ends, all leaves (tcp.c __tcp_sock_set_cork). */
export function setCork(tcb: Tcb, on: boolean, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.opts.cork = on;
  if (!on) pushPending(turn, tcb.noDelay ? PUSH : undefined);
  return turn.effects;
}
