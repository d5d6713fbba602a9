/**
 * TIME-WAIT (RFC 9293 section 3.6.1; Linux tcp_minisocks.c tcp_timewait_state_process): the end that closed first
 * waits, so that a lost last ACK can be repeated and old segments die before their addresses are used again. Linux
 * waits 60 s, a constant; the RFC says twice the maximum segment lifetime, 4 minutes.
 */
import { seqDiff, seqLt } from '../base/seq.ts';
import { s } from '../base/time.ts';
import { ACK, RST, type Segment, SYN, segmentLength } from '../wire/tcp.ts';
import { noTimers } from './tcb.ts';
import { enter, finish, note, setTimer, type Turn, wakeReaders, wakeWriters } from './turn.ts';

/** Linux TCP_TIMEWAIT_LEN. No sysctl changes it. */
const TIME_WAIT_LENGTH = s(60);

export function enterTimeWait(turn: Turn, on: 'rcv FIN' | 'rcv ACK of FIN' | 'rcv FIN, ACK of FIN'): void {
  enter(turn, on, 'TIME-WAIT');
  turn.tcb.timers = noTimers();
  setTimer(turn, 'TIME-WAIT', TIME_WAIT_LENGTH);
  wakeReaders(turn);
  wakeWriters(turn);
}

/**
 * A segment for a connection in TIME-WAIT.
 * @returns 'new' when it is a SYN that may open the same pair of sockets again: the connection is over, and a listener
 *   should look at the segment.
 */
export function timeWaitSegment(turn: Turn, segment: Segment): 'new' | undefined {
  const { tcb } = turn;
  const stamp = segment.options.timestamps;
  const newerStamp = tcb.timestamps.on && stamp !== undefined && ((tcb.timestamps.recent - stamp.val) | 0) < 0;
  const olderStamp = tcb.timestamps.on && stamp !== undefined && ((stamp.val - tcb.timestamps.recent) | 0) < 0;

  const atNext = seqDiff(segment.seq, tcb.rcv.nxt) === 0;
  if (!olderStamp && atNext && (segment.flags & RST || segmentLength(segment) === 0)) {
    if (segment.flags & RST) {
      enter(turn, 'rcv RST', 'CLOSED');
      finish(turn);
    } else {
      setTimer(turn, 'TIME-WAIT', TIME_WAIT_LENGTH);
    }
    return undefined;
  }
  const isSyn = (segment.flags & (SYN | ACK | RST)) === SYN;
  if (isSyn && !olderStamp && (seqLt(tcb.rcv.nxt, segment.seq) || newerStamp)) {
    note(
      turn,
      'a newer SYN for a connection in TIME-WAIT: the wait is over',
      '9293 3.6.1 MAY-2',
      'tcp_minisocks.c tcp_timewait_state_process',
    );
    enter(turn, 'rcv SYN', 'CLOSED');
    finish(turn);
    return 'new';
  }
  if (segment.flags & RST) return undefined;
  if (segment.flags & ACK) setTimer(turn, 'TIME-WAIT', TIME_WAIT_LENGTH);
  note(
    turn,
    'segment of a connection that is over: acknowledged again',
    '9293 3.10.7.4',
    'tcp_minisocks.c tcp_timewait_state_process',
  );
  turn.ackNow = true;
  return undefined;
}
