/**
 * The checks that decide whether a segment belongs to the connection at all (RFC 9293 section 3.10.7.4, first to fourth,
 * with RFC 7323 section 5 and RFC 5961), in Linux's order: tcp_input.c tcp_validate_incoming. Whatever cannot be right is
 * answered by an ACK that says where we are, but not without limit.
 */
import { type Seq, seqAdd, seqDiff, seqLt } from '../../base/seq.ts';
import { s } from '../../base/time.ts';
import { ACK, FIN, RST, type Segment, SYN, segmentLength } from '../../wire/tcp.ts';
import { sendSyn } from '../syn.ts';
import type { Tcb } from '../tcb.ts';
import { sendAck } from '../transmit.ts';
import { enter, finish, note, type Turn } from '../turn.ts';
import { openWindow } from '../window.ts';
import { enterQuickAck } from './acknowledging.ts';
import { highestBlock, tellDuplicate } from './sack.ts';

export type Verdict = 'next' | 'stop';
export type Check = (turn: Turn, segment: Segment) => Verdict;

/** After so long a timestamp may have wrapped: it proves nothing any more (RFC 7323 section 5.5; TCP_PAWS_WRAP). */
const PAWS_WRAP = s(24 * 24 * 3600);
/** Ticks by which a timestamp may be older than the last (TCP_PAWS_WINDOW). */
const PAWS_WINDOW = 1;
/** The fastest timestamp clock that is expected, ticks in a second (tcp_tsval_replay). */
const FASTEST_CLOCK = 1200;

/** Whether an answer must be left out: the last one was less than net.ipv4.tcp_invalid_ratelimit ago. */
export function limited(turn: Turn, rule: string): boolean {
  const { ack, settings } = turn.tcb;
  if (turn.now - ack.lastInvalid < settings.invalidRateLimit) {
    note(turn, `${rule}: no answer, the last was too short ago`, '5961 7', 'tcp_input.c __tcp_oow_rate_limited');
    return true;
  }
  ack.lastInvalid = turn.now;
  return false;
}

/** RFC 5961: an ACK that only the true peer can do something with (tcp_send_challenge_ack). */
export function challenge(turn: Turn, rule: string, rfc: string): 'stop' {
  if (limited(turn, rule)) return 'stop';
  note(turn, `${rule}: challenge ACK`, rfc, 'tcp_input.c tcp_send_challenge_ack');
  sendAck(turn);
  return 'stop';
}

/** A segment that is not acceptable: acknowledge again (tcp_send_dupack); those without data are answered rarely. */
function answerAgain(turn: Turn, segment: Segment, rule: string, rfc: string): 'stop' {
  const { tcb } = turn;
  const length = segmentLength(segment);
  if ((length === 0 || segment.flags & SYN) && limited(turn, rule)) return 'stop';
  note(turn, `${rule}: acknowledge again`, rfc, 'tcp_input.c tcp_send_dupack');
  if (length > 0 && seqLt(segment.seq, tcb.rcv.nxt)) {
    enterQuickAck(tcb);
    const end = seqAdd(segment.seq, length);
    tellDuplicate(tcb, segment.seq, seqLt(tcb.rcv.nxt, end) ? tcb.rcv.nxt : end);
  }
  sendAck(turn);
  return 'stop';
}

const synChallenge = (turn: Turn): 'stop' => challenge(turn, 'SYN on a connection', '5961 4.2');

/** A SYN that came again before our SYN,ACK was answered: answer again (tcp_minisocks.c tcp_check_req). */
export const repeatedSyn: Check = (turn, segment) => {
  const { tcb } = turn;
  if (tcb.state !== 'SYN-RECEIVED' || (segment.flags & (SYN | ACK | RST)) !== SYN) return 'next';
  if (seqDiff(segment.seq, tcb.irs) !== 0) return 'next';
  note(turn, 'the SYN came again: so does the SYN,ACK', '9293 3.10.7.4', 'tcp_minisocks.c tcp_check_req');
  sendSyn(turn);
  return 'stop';
};

/** Neither SYN nor RST nor ACK: no segment of any connection (first lines of tcp_rcv_state_process). */
export const anyFlags: Check = (_, segment) => (segment.flags & (SYN | RST | ACK) ? 'next' : 'stop');

/** The timestamp is not older than the last one, by `ticks` at most (tcp.h tcp_paws_check). */
export function pawsPasses({ tcb, now }: Turn, value: number, ticks: number): boolean {
  const { recent, recentAt } = tcb.timestamps;
  return ((recent - value) | 0) <= ticks || now - recentAt >= PAWS_WRAP || recent === 0;
}

/**
 * What an old timestamp means on this segment: 'overtaken' is an ACK that another has overtaken, which tells nothing new
 * and is harmless; 'late' one from before the last data (tcp_disordered_ack_check).
 */
function disorder({ tcb }: Turn, segment: Segment, value: number): 'overtaken' | 'late' | 'wrapped' {
  const { snd, rcv } = tcb;
  if (!(segment.flags & ACK) || segmentLength(segment) > 0) return 'wrapped';
  const ahead = seqDiff(segment.seq, rcv.nxt);
  if (ahead !== 0) return ahead < 0 ? 'late' : 'wrapped';
  const window = segment.window << snd.scale;
  const updates = seqLt(snd.wl1, segment.seq) || (seqDiff(segment.seq, snd.wl1) === 0 && window > snd.wnd);
  const oldest = (tcb.rtt.rto / 1e9) * FASTEST_CLOCK;
  if (seqDiff(segment.ack, snd.una) !== 0 || updates) return 'wrapped';
  return ((tcb.timestamps.recent - value) | 0) <= oldest ? 'overtaken' : 'wrapped';
}

/** Protection against wrapped sequence numbers (RFC 7323 section 5.3, R1). A reset needs no timestamp. */
export const paws: Check = (turn, segment) => {
  const { timestamps } = turn.tcb;
  const stamp = segment.options.timestamps;
  if (!timestamps.on || !stamp || pawsPasses(turn, stamp.val, PAWS_WINDOW)) return 'next';
  const what = disorder(turn, segment, stamp.val);
  if (what === 'overtaken' || segment.flags & RST) return 'next';
  if (segment.flags & SYN) return synChallenge(turn);
  if (what === 'late') {
    note(turn, 'an ACK that others have overtaken: dropped', '7323 5.3', 'tcp_input.c tcp_disordered_ack_check');
    return 'stop';
  }
  return answerAgain(turn, segment, 'timestamp older than the last (PAWS)', '7323 5.3');
};

/** The timestamp to echo (RFC 7323 section 4.3): of the segment that our last ACK had reached (tcp_replace_ts_recent). */
export function replaceRecentTimestamp(turn: Turn, segment: Segment): void {
  const { timestamps, rcv } = turn.tcb;
  const stamp = segment.options.timestamps;
  if (!timestamps.on || !stamp || seqLt(rcv.wup, segment.seq) || !pawsPasses(turn, stamp.val, 0)) return;
  timestamps.recent = stamp.val;
  timestamps.recentAt = turn.now;
}

/**
 * First check: the sequence number. Linux counts from the last advertisement, not from RCV.NXT, so that a segment that is
 * old but was once inside the window is looked at; one that ends beyond the window is taken only into an empty queue
 * (tcp_sequence).
 */
function unacceptable(tcb: Tcb, { seq: start, payload, flags }: Segment): boolean {
  const { rcv } = tcb;
  const counted = seqAdd(start, payload.length + (flags & SYN ? 1 : 0)); // a FIN needs no room
  if (seqLt(flags & FIN ? seqAdd(counted, 1) : counted, rcv.wup)) return true;
  const edge = seqAdd(rcv.nxt, openWindow(tcb));
  return seqLt(edge, counted) && (seqLt(edge, start) || rcv.queue.length > 0);
}

export const sequence: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!unacceptable(tcb, segment)) return 'next';
  if (segment.flags & RST) return resetAfterFin(tcb, segment) ? reset(turn) : 'stop';
  if (segment.flags & SYN) return synChallenge(turn);
  return answerAgain(turn, segment, 'segment outside the receive window', '9293 3.10.7.4');
};

/** Some peers reset with the sequence number of the FIN that they have sent (tcp_reset_check). */
function resetAfterFin({ rcv, state }: Tcb, segment: Segment): boolean {
  const closing = state === 'CLOSE-WAIT' || state === 'LAST-ACK' || state === 'CLOSING';
  return closing && seqDiff(segment.seq, rcv.nxt) === -1;
}

/** The peer has reset the connection (tcp_reset). */
function reset(turn: Turn): 'stop' {
  const { state } = turn.tcb;
  enter(turn, 'rcv RST', 'CLOSED');
  finish(
    turn,
    state === 'SYN-RECEIVED' && !turn.tcb.fastOpen.pending
      ? 'ECONNREFUSED'
      : state === 'CLOSE-WAIT'
        ? 'EPIPE'
        : 'ECONNRESET',
  );
  return 'stop';
}

/** Second check: RST counts at RCV.NXT or where the highest SACK block ends; inside the window it is doubted. */
export const rst: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!(segment.flags & RST)) return 'next';
  if (seqDiff(segment.seq, tcb.rcv.nxt) === 0 || resetAfterFin(tcb, segment)) return reset(turn);
  const told = highestBlock(tcb);
  if (tcb.sackOk && told && seqDiff(segment.seq, told) === 0) return reset(turn);
  return challenge(turn, 'RST in the window, not at RCV.NXT', '5961 3.2');
};

/** Fourth check: a SYN has no business here, but for the SYN,ACK that answers our SYN of a simultaneous open. */
export const syn: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!(segment.flags & SYN)) return 'next';
  const crossed =
    tcb.state === 'SYN-RECEIVED' &&
    segment.flags & ACK &&
    seqDiff(seqAdd(segment.seq, 1), tcb.rcv.nxt) === 0 &&
    seqDiff(segment.ack, tcb.snd.nxt) === 0;
  return crossed ? 'next' : synChallenge(turn);
};

/** Whether an ACK is older than any that can still be on its way: it may be forged (RFC 5961 section 5.2; tcp_ack). */
export const tooOldAck = ({ snd, stats }: Tcb, ack: Seq): boolean =>
  seqLt(ack, seqAdd(snd.una, -Math.min(snd.maxWnd, stats.bytesAcked)));
