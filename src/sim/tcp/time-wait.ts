/**
 * The end of a connection that we closed first: FIN-WAIT-2 after the program has let go, and TIME-WAIT (RFC 9293 section
 * 3.6.1; Linux tcp_minisocks.c). Its block has little left to do, so Linux keeps a miniature of it (tcp_timewait_sock), in
 * TIME-WAIT always and in FIN-WAIT-2 when nobody holds the socket; the miniature has its own, shorter rules for segments.
 * Linux waits 60 s in TIME-WAIT, a constant; the RFC says twice the maximum segment lifetime, 4 minutes.
 */
import { seqAdd, seqDiff, seqLt } from '../base/seq.ts';
import { s, type Time } from '../base/time.ts';
import { ACK, FIN, RST, type Segment, SYN, segmentLength } from '../wire/tcp.ts';
import { limited, pawsPasses } from './receive/validate.ts';
import type { Tcb } from './tcb.ts';
import { noTimers } from './timers.ts';
import { countAs } from './totals.ts';
import { answerWithReset, sendAck, sendReset } from './transmit.ts';
import { begin, type Effect, enter, finish, note, setTimer, type Turn, wakeReaders, wakeWriters } from './turn.ts';
import { openWindow } from './window.ts';

/** Linux TCP_TIMEWAIT_LEN. No sysctl changes it. */
export const TIME_WAIT_LENGTH = s(60);
/** A reset may be older than this and still count (TCP_PAWS_MSL). */
const PAWS_MSL = s(60);
/** By how much a connection that follows one in TIME-WAIT begins beyond it (tcp_timewait_state_process). */
const NEXT_ISN = 65_535 + 2;

const LINUX = 'tcp_minisocks.c tcp_timewait_state_process';

/** Only the names and a few numbers are left of the connection. */
export const isMiniature = ({ state, closing }: Tcb): boolean => state === 'TIME-WAIT' || closing.miniature;

/** From now on a miniature stands for the connection (tcp_time_wait). @returns false: the host has too many of them */
function shrink(turn: Turn): boolean {
  const { tcb, now } = turn;
  if (tcb.settings.totals.timeWaits >= tcb.settings.maxTimeWaits && tcb.closing.counted !== 'timeWaits') return false;
  countAs(tcb, 'timeWaits');
  Object.assign(tcb.closing, { miniature: true, since: now });
  tcb.timers = noTimers();
  tcb.ack.lastInvalid = -s(1) as Time;
  return true;
}

/** Our FIN is acknowledged and the peer's has come. */
export function enterTimeWait(turn: Turn, on: 'rcv FIN' | 'rcv ACK of FIN' | 'rcv FIN, ACK of FIN'): void {
  enter(turn, on, 'TIME-WAIT');
  if (shrink(turn)) {
    setTimer(turn, 'TIME-WAIT', TIME_WAIT_LENGTH);
    wakeReaders(turn);
    wakeWriters(turn);
    return;
  }
  note(turn, 'too many connections are in TIME-WAIT: this one does not wait', '', 'tcp_minisocks.c tcp_time_wait');
  if (on !== 'rcv ACK of FIN') sendAck(turn);
  endTimeWait(turn);
}

/** The wait is over. */
export function endTimeWait(turn: Turn): void {
  enter(turn, 'time-wait timeout', 'CLOSED');
  finish(turn);
}

/** How long an orphan waits for the peer's FIN (tcp.h tcp_fin_time). */
function finTime({ opts, settings, rtt }: Tcb): number {
  const wanted = opts.linger2 > 0 ? s(opts.linger2) : settings.finTimeout;
  return Math.max(wanted, 3.5 * rtt.rto);
}

/** The miniature of an orphan in FIN-WAIT-2, or nothing at all when the host has too many. */
function shrinkFor(turn: Turn, time: number): void {
  if (shrink(turn)) setTimer(turn, 'FIN-WAIT-2', Math.max(time, 3.5 * turn.tcb.rtt.rto) as Time);
  else {
    enter(turn, 'timeout', 'CLOSED');
    finish(turn);
  }
}

/**
 * An orphan is in FIN-WAIT-2: it will not wait for ever (tcp.c __tcp_close, tcp_input.c tcp_rcv_state_process).
 * @param segment the one that acknowledged our FIN, when that is what brought it here
 * @returns 'stop' when the connection is over and the segment was answered
 */
export function orphanInFinWait2(turn: Turn, segment?: Segment): 'stop' | 'next' {
  const { tcb } = turn;
  const more = segment !== undefined && segmentLength(segment) > 0;
  const end = more && seqAdd(segment.seq, segment.payload.length);
  if (tcb.opts.linger2 < 0 || (end !== false && seqLt(tcb.rcv.nxt, end))) {
    note(turn, 'nobody holds the socket, and it is not to wait for the peer: reset', '', 'tcp.c __tcp_close');
    if (segment) answerWithReset(turn, segment);
    else sendReset(turn);
    enter(turn, 'ABORT', 'CLOSED');
    finish(turn);
    return 'stop';
  }
  const time = finTime(tcb);
  setTimer(turn, 'keepalive', undefined); // the two share Linux's sk_timer
  if (time > TIME_WAIT_LENGTH) setTimer(turn, 'FIN-WAIT-2', (time - TIME_WAIT_LENGTH) as Time);
  else if (segment && segment.flags & FIN) setTimer(turn, 'FIN-WAIT-2', time as Time);
  else shrinkFor(turn, time);
  return 'next';
}

/** The wait for the peer's FIN was in vain (tcp_keepalive_timer; a miniature just goes). */
export function finWait2Timeout(turn: Turn): void {
  const { tcb } = turn;
  const left = finTime(tcb) - TIME_WAIT_LENGTH;
  if (!tcb.closing.miniature && tcb.opts.linger2 >= 0 && left > 0) {
    shrinkFor(turn, left);
    return;
  }
  note(turn, 'nobody holds this socket and the peer does not close: gone', '', 'tcp_timer.c tcp_keepalive_timer');
  if (!tcb.closing.miniature) sendReset(turn);
  enter(turn, 'timeout', 'CLOSED');
  finish(turn);
}

/** The timestamp says that the segment is old (tcp.h tcp_paws_reject). */
function pawsRejects(turn: Turn, segment: Segment): boolean {
  const { timestamps } = turn.tcb;
  const stamp = segment.options.timestamps;
  if (!timestamps.on || !stamp || pawsPasses(turn, stamp.val, 0)) return false;
  return !(segment.flags & RST && turn.now >= timestamps.recentAt + PAWS_MSL);
}

function rememberStamp({ tcb, now }: Turn, segment: Segment): void {
  const stamp = segment.options.timestamps;
  if (!tcb.timestamps.on || !stamp) return;
  tcb.timestamps.recent = stamp.val;
  tcb.timestamps.recentAt = now;
}

/** Linux tcp_in_window. */
function inWindow(tcb: Tcb, segment: Segment): boolean {
  const { nxt } = tcb.rcv;
  const edge = seqAdd(nxt, openWindow(tcb));
  const end = seqAdd(segment.seq, segmentLength(segment));
  if (seqDiff(segment.seq, nxt) === 0) return true;
  if (seqLt(nxt, end) && seqLt(segment.seq, edge)) return true;
  return seqDiff(segment.seq, edge) === 0 && seqDiff(segment.seq, end) === 0;
}

/** An ACK for a segment that the miniature has no use for, twice a second at most when it carries nothing. */
function answer(turn: Turn, segment: Segment, rule: string): undefined {
  const counts = segment.payload.length === 0 || segment.flags & SYN;
  if (counts && limited(turn, rule)) return;
  note(turn, `${rule}: acknowledge again`, '9293 3.10.7.4', LINUX);
  sendAck(turn);
}

function resetAndGo(turn: Turn, segment: Segment, rule: string): undefined {
  note(turn, rule, '9293 3.6.1', LINUX);
  answerWithReset(turn, segment);
  enter(turn, 'ABORT', 'CLOSED');
  finish(turn);
}

/** A segment for an orphan in FIN-WAIT-2. */
function finWait2Segment(turn: Turn, segment: Segment): undefined {
  const { tcb } = turn;
  const { nxt } = tcb.rcv;
  const length = segmentLength(segment);
  const end = seqAdd(segment.seq, length);
  if (pawsRejects(turn, segment) || !inWindow(tcb, segment)) return answer(turn, segment, 'segment outside the window');
  if (segment.flags & RST) {
    enter(turn, 'rcv RST', 'CLOSED');
    finish(turn);
    return;
  }
  if (segment.flags & SYN && !seqLt(segment.seq, nxt)) return resetAndGo(turn, segment, 'SYN on a connection: reset');
  if (!(segment.flags & ACK) || length === 0 || !seqLt(nxt, end)) return;
  if (!(segment.flags & FIN) || seqDiff(end, nxt) !== 1) {
    return resetAndGo(turn, segment, 'data for a socket that is closed: reset');
  }
  tcb.rcv.nxt = end;
  rememberStamp(turn, segment);
  enterTimeWait(turn, 'rcv FIN');
  if (tcb.state === 'TIME-WAIT') sendAck(turn);
}

/**
 * A segment for a miniature.
 * @returns 'new' when it is a SYN that may open the same pair of sockets again: if somebody listens, the connection is to
 *   be ended by {@link makeWay} and the listener to have the segment; if not, {@link answerSyn} is to answer it
 */
export function timeWaitSegment(turn: Turn, segment: Segment): 'new' | undefined {
  const { tcb } = turn;
  if (tcb.state === 'FIN-WAIT-2') return finWait2Segment(turn, segment);
  const stamp = segment.options.timestamps;
  const old = pawsRejects(turn, segment);
  if (!old && seqDiff(segment.seq, tcb.rcv.nxt) === 0 && (segment.flags & RST || segmentLength(segment) === 0)) {
    if (segment.flags & RST && !tcb.settings.rfc1337) {
      enter(turn, 'rcv RST', 'CLOSED');
      finish(turn);
      return undefined;
    }
    setTimer(turn, 'TIME-WAIT', TIME_WAIT_LENGTH);
    rememberStamp(turn, segment);
    return undefined;
  }
  const newer = tcb.timestamps.on && stamp !== undefined && ((tcb.timestamps.recent - stamp.val) | 0) < 0;
  const isSyn = (segment.flags & (SYN | ACK | RST)) === SYN;
  if (isSyn && !old && (seqLt(tcb.rcv.nxt, segment.seq) || newer)) return 'new';
  if (segment.flags & RST) return undefined;
  if (old || segment.flags & ACK) setTimer(turn, 'TIME-WAIT', TIME_WAIT_LENGTH);
  return answer(turn, segment, 'segment of a connection that is over');
}

/** Where the connection must begin that takes the names of one in TIME-WAIT: well beyond what that has sent. */
export const isnAfter = (tcb: Tcb): Tcb['iss'] => seqAdd(tcb.snd.nxt, NEXT_ISN);

/** A newer connection takes the names, the peer's (`rcv SYN`) or our own: this one is over. */
export function makeWay(tcb: Tcb, on: 'rcv SYN' | 'active OPEN', now: Time): Effect[] {
  const turn = begin(tcb, now);
  if (on === 'rcv SYN') {
    note(turn, 'a newer SYN for a connection in TIME-WAIT: the wait is over', '9293 3.6.1 MAY-2', LINUX);
  } else {
    note(turn, 'a newer connection takes these names: the wait is over', '6191 2', 'tcp_ipv4.c tcp_twsk_unique');
  }
  enter(turn, on, 'CLOSED');
  finish(turn);
  return turn.effects;
}

/** Nobody listens for the newer connection: its SYN is answered as any old segment is (tcp_ipv4.c tcp_v4_rcv). */
export function answerSyn(tcb: Tcb, segment: Segment, now: Time): Effect[] {
  const turn = begin(tcb, now);
  answer(turn, segment, 'SYN of a connection that is over');
  return turn.effects;
}
