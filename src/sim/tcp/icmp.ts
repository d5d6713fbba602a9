/**
 * What an ICMP error does to a connection (RFC 9293 section 3.9.2.2, RFC 1122 section 4.2.3.9, RFC 5461, RFC 6069; Linux
 * tcp_ipv4.c tcp_v4_err, tcp_v4_mtu_reduced, tcp_ld_RTO_revert; tcp_ipv6.c tcp_v6_err). Before the connection stands, an
 * error ends it; later it is only remembered, since what is unreachable now may not be so soon: then it is what the program
 * is told when it has waited in vain.
 */
import type { Errno } from '../base/errno.ts';
import { type Seq, seqLe } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { syncMss } from './mtu.ts';
import { simpleRetransmit } from './recovery/simple.ts';
import { backedOff } from './rtt.ts';
import type { Tcb } from './tcb.ts';
import { retransmitTimeout } from './timeouts.ts';
import { begin, type Effect, enter, finish, note, setXmitTimer, type Turn } from './turn.ts';

/** An error as far as TCP is concerned. */
export interface PathError {
  /** What it says, in words. */
  about: string;
  /** What the program is told. */
  errno: Errno;
  /** Nobody could forward the packet: the path may be down, and not congested (RFC 6069 section 3). */
  unreachable: boolean;
}

/** Whether the quoted segment is one that is on its way: RFC 5927 section 4.1. Anyone can send an error. */
export const isOutstanding = ({ snd }: Tcb, quoted: Seq): boolean => seqLe(snd.una, quoted) && seqLe(quoted, snd.nxt);

/** What the kernel knows of the program. */
export interface Listeners {
  /** It asked to hear of errors at once (IP_RECVERR). */
  report: boolean;
  /** It holds the connection already, though the handshake may not be done (Fast Open). */
  accepted: boolean;
}

/** An error about an outstanding segment. */
export function errorArrives(
  tcb: Tcb,
  error: PathError,
  quoted: Seq,
  { report, accepted }: Listeners,
  now: Time,
): Effect[] {
  const turn = begin(tcb, now);
  const { pending } = tcb.fastOpen;
  if (error.unreachable && !pending) revertBackoff(turn, quoted);
  if (tcb.state === 'SYN-SENT' || (tcb.state === 'SYN-RECEIVED' && !(pending && accepted))) {
    note(turn, `${error.about}: the connection cannot be made`, '9293 3.9.2.2', 'tcp_ipv4.c tcp_v4_err');
    enter(turn, 'rcv ICMP', 'CLOSED');
    finish(turn, error.errno);
    return turn.effects;
  }
  if (report) {
    note(turn, `${error.about}: told, since the program asked for it`, '', 'tcp_ipv4.c tcp_v4_err, IP_RECVERR');
    turn.effects.push({ do: 'fail', errno: error.errno });
  } else {
    note(turn, `${error.about}: remembered, it may pass`, '9293 3.9.2.2', 'tcp_ipv4.c tcp_v4_err');
    tcb.softError = error.errno;
  }
  return turn.effects;
}

/** A retransmission was answered by an error, not by silence: what was waited for it too long is taken back (RFC 6069). */
function revertBackoff(turn: Turn, quoted: Seq): void {
  const { tcb, now } = turn;
  const { rtt, queue, snd } = tcb;
  const head = queue.sent.head;
  if (quoted !== snd.una || rtt.timeouts === 0 || rtt.backoff === 0 || !head) return;
  rtt.backoff--;
  const left = (backedOff(tcb) - (now - head.at)) as Time;
  note(turn, 'the path is down, not congested: the timeout is not doubled', '6069 4', 'tcp_ipv4.c tcp_ld_RTO_revert');
  if (left > 0) setXmitTimer(turn, 'retransmit', left);
  else retransmitTimeout(turn);
}

/**
 * The path takes packets of `mtu` bytes, a router said; `route` is what the host's route says of it since.
 * @param obey the socket lets routers say so (IP_MTU_DISCOVER)
 */
export function mtuReduced(tcb: Tcb, mtu: number, route: number, obey: boolean, now: Time): Effect[] {
  const turn = begin(tcb, now);
  tcb.mtu.route = route;
  if (mtu < route) tcb.softError = 'EMSGSIZE'; // it goes on as if nothing was said: perhaps in vain
  if (!obey || tcb.mtu.path <= route) return turn.effects;
  const before = tcb.snd.mss;
  syncMss(tcb, route);
  note(
    turn,
    `the path takes packets of ${route} bytes: segments of ${tcb.snd.mss} instead of ${before}, and again at once`,
    '1191 6.4',
    'tcp_ipv4.c tcp_v4_mtu_reduced',
  );
  simpleRetransmit(turn);
  return turn.effects;
}

/** An error about the SYN,ACK of a connection that the program has not heard of: it is dropped (tcp_req_err). */
export function requestRefused(tcb: Tcb, error: PathError, now: Time): Effect[] {
  const turn = begin(tcb, now);
  note(
    turn,
    `${error.about}: who asked for the connection cannot be reached`,
    '9293 3.9.2.2',
    'tcp_ipv4.c tcp_req_err',
  );
  enter(turn, 'rcv ICMP', 'CLOSED');
  finish(turn);
  return turn.effects;
}
