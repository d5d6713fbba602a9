/**
 * The eight checks for a segment that arrives in a synchronized state (RFC 9293 section 3.10.7.4), in order, with
 * Linux's choices where it has its own (tcp_input.c tcp_validate_incoming and tcp_rcv_state_process). Each says 'next'
 * or 'stop'.
 */
import { seqAdd, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import { ms, type Time } from '../base/time.ts';
import { ACK, FIN, RST, type Segment, SYN, segmentLength } from '../wire/tcp.ts';
import { acknowledge, finAcknowledged } from './acknowledge.ts';
import { startSmallAfterLostSyn } from './congestion/reno.ts';
import { answerWithReset, DELAYED_ACK_MAX, DELAYED_ACK_MIN, sendSyn } from './output.ts';
import { keepEarly, takeInOrder } from './reassembly.ts';
import { smoothedRtt } from './rtt.ts';
import type { Tcb } from './tcb.ts';
import { enterTimeWait } from './time-wait.ts';
import { enter, finish, note, setTimer, type Turn, wakeReaders, wakeWriters } from './turn.ts';
import { bufferFull, growWindow, measureSegment, offeredWindow, openWindow } from './window.ts';

type Verdict = 'next' | 'stop';
type Check = (turn: Turn, segment: Segment) => Verdict;

/** Answers to segments outside the window are this far apart at least (net.ipv4.tcp_invalid_ratelimit). */
const INVALID_RATE_LIMIT = ms(500);
/** A tick of a kernel with 1000 Hz. */
const TICK = ms(1);
/** Linux TCP_MAX_QUICKACKS. */
const MAX_QUICK_ACKS = 16;

/** An ACK for a segment that cannot be right; bare ones are answered twice a second at most (RFC 5961 section 7). */
function answerInvalid(turn: Turn, segment: Segment, rule: string, rfc: string): void {
  const { ack } = turn.tcb;
  if (segment.payload.length === 0 && turn.now - ack.lastInvalid < INVALID_RATE_LIMIT) {
    note(turn, `${rule}: no answer, the last was less than 500 ms ago`, '5961 7', 'tcp_input.c tcp_oow_rate_limited');
    return;
  }
  ack.lastInvalid = turn.now;
  note(turn, `${rule}: acknowledge again`, rfc, 'tcp_input.c tcp_send_dupack');
  turn.ackNow = true;
}

const paws: Check = (turn, segment) => {
  const { tcb } = turn;
  const stamp = segment.options.timestamps;
  if (!tcb.timestamps.on || !stamp) return 'next';
  const old = ((stamp.val - tcb.timestamps.recent) | 0) < 0;
  if (old && !(segment.flags & RST)) {
    answerInvalid(turn, segment, 'timestamp older than the last (PAWS)', '7323 5.3');
    return 'stop';
  }
  if (!old && seqLe(segment.seq, tcb.timestamps.lastAck)) tcb.timestamps.recent = stamp.val;
  return 'next';
};

const sequence: Check = (turn, segment) => {
  const { tcb } = turn;
  const end = seqAdd(segment.seq, segmentLength(segment));
  // Linux counts from the last advertisement, not from RCV.NXT (tcp_sequence), so that a segment that is old but was
  // once inside the window is looked at.
  if (seqLe(tcb.rcv.wup, end) && seqLe(segment.seq, seqAdd(tcb.rcv.nxt, openWindow(tcb)))) return 'next';
  if (segment.flags & RST) return 'stop';
  answerInvalid(turn, segment, 'segment outside the receive window', '9293 3.10.7.4');
  return 'stop';
};

const rst: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!(segment.flags & RST)) return 'next';
  if (seqDiff(segment.seq, tcb.rcv.nxt) !== 0) {
    answerInvalid(turn, segment, 'RST in the window, not at RCV.NXT: challenge ACK', '5961 3.2');
    return 'stop';
  }
  const errno = tcb.state === 'CLOSE-WAIT' ? 'EPIPE' : 'ECONNRESET';
  const passive = tcb.state === 'SYN-RECEIVED';
  enter(turn, 'rcv RST', 'CLOSED');
  finish(turn, passive ? 'ECONNREFUSED' : errno);
  return 'stop';
};

const syn: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!(segment.flags & SYN)) return 'next';
  const crossed =
    tcb.state === 'SYN-RECEIVED' &&
    segment.flags & ACK &&
    seqDiff(seqAdd(segment.seq, 1), tcb.rcv.nxt) === 0 &&
    seqDiff(segment.ack, tcb.snd.nxt) === 0;
  if (crossed) return 'next'; // the SYN,ACK that answers our SYN of a simultaneous open
  answerInvalid(turn, segment, 'SYN on a connection: challenge ACK', '5961 4.2');
  return 'stop';
};

const ack: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!(segment.flags & ACK)) return 'stop';
  if (tcb.state === 'SYN-RECEIVED') {
    if (!seqLt(tcb.snd.una, segment.ack) || seqLt(tcb.snd.nxt, segment.ack)) {
      answerWithReset(turn, segment);
      return 'stop';
    }
    startSmallAfterLostSyn(tcb);
    enter(turn, 'rcv ACK of SYN', 'ESTABLISHED');
    tcb.snd.wl1 = segment.seq;
    acknowledge(turn, segment, segment.window << tcb.snd.scale);
    tcb.snd.maxWnd = tcb.snd.wnd;
    wakeReaders(turn);
    wakeWriters(turn);
  } else if (seqLt(tcb.snd.nxt, segment.ack)) {
    answerInvalid(turn, segment, 'acknowledges what was never sent', '9293 3.10.7.4');
    return 'stop';
  } else if (!seqLt(segment.ack, tcb.snd.una)) {
    acknowledge(turn, segment, segment.window << tcb.snd.scale);
  }
  if (!finAcknowledged(tcb)) return 'next';
  if (tcb.state === 'FIN-WAIT-1' && !bringsFin(turn, segment)) {
    enter(turn, 'rcv ACK of FIN', 'FIN-WAIT-2');
    wakeWriters(turn);
    if (tcb.orphan) setTimer(turn, 'FIN-WAIT-2', tcb.settings.finTimeout);
  } else if (tcb.state === 'CLOSING') {
    enterTimeWait(turn, 'rcv ACK of FIN');
    return 'stop';
  } else if (tcb.state === 'LAST-ACK') {
    enter(turn, 'rcv ACK of FIN', 'CLOSED');
    finish(turn);
    return 'stop';
  }
  return 'next';
};

/** Whether this segment's FIN will be taken now: then FIN-WAIT-1 moves once, not twice (RFC 9293 3.3.2 note 2). */
const bringsFin = (turn: Turn, segment: Segment): boolean =>
  (segment.flags & FIN) !== 0 && seqLe(segment.seq, turn.tcb.rcv.nxt);

const text: Check = (turn, segment) => {
  const { tcb } = turn;
  const length = segment.payload.length;
  if (tcb.state !== 'ESTABLISHED' && tcb.state !== 'FIN-WAIT-1' && tcb.state !== 'FIN-WAIT-2') {
    if (segmentLength(segment) > 0 && seqLt(segment.seq, tcb.rcv.nxt)) turn.ackNow = true; // their FIN came again
    return 'next';
  }
  if (length === 0 && !(segment.flags & FIN)) return 'next';

  const end = seqAdd(segment.seq, length);
  if (tcb.receiveShut && tcb.state !== 'ESTABLISHED' && seqLt(tcb.rcv.nxt, end)) {
    note(turn, 'data for a socket that is closed: reset', '9293 3.6.1', 'tcp_input.c tcp_rcv_state_process');
    answerWithReset(turn, segment);
    enter(turn, 'ABORT', 'CLOSED');
    finish(turn, 'ECONNRESET');
    return 'stop';
  }

  const old = Math.max(0, seqDiff(tcb.rcv.nxt, segment.seq));
  const room = openWindow(tcb);
  const fresh = segment.payload.subarray(Math.min(old, length), Math.min(length, old + room));
  const whole = length <= old + room;
  const fin = (segment.flags & FIN) !== 0 && whole;
  if (length > 0 && length < tcb.rcv.mss) tcb.ack.pushed++;
  measureSegment(tcb, length);
  if (fresh.length > 0 && bufferFull(tcb)) {
    note(
      turn,
      'the receive buffer is full: data inside the window is dropped',
      '9293 3.8.6',
      'tcp_input.c tcp_data_queue',
    );
    tcb.ack.noMemory = true;
    turn.ackNow = true;
    return 'stop';
  }

  if (seqLt(tcb.rcv.nxt, segment.seq)) {
    note(
      turn,
      'arrived before its turn: kept, and the ACK says what is missing',
      '9293 3.10.7.4',
      'tcp_input.c tcp_data_queue_ofo',
    );
    const twice = keepEarly(tcb, segment.seq, fresh, fin);
    if (tcb.sackOk && twice) tcb.duplicate = twice;
    tcb.ack.quick = MAX_QUICK_ACKS;
    turn.ackNow = true;
    return 'next';
  }
  if (length > 0 && fresh.length === 0) {
    if (tcb.sackOk && seqLe(end, tcb.rcv.nxt)) tcb.duplicate = { left: segment.seq, right: end };
    turn.ackNow = true; // a duplicate, or a probe of a closed window: the sender must hear where we are
    return 'next';
  }
  const filled = tcb.early.length > 0;
  if (old > 0 && length > 0 && tcb.sackOk) {
    tcb.duplicate = { left: segment.seq, right: tcb.rcv.nxt };
    turn.ackNow = true;
  }
  if (fin) tcb.finReceived = true;
  if (fresh.length > 0) {
    takeInOrder(tcb, fresh);
    growWindow(tcb);
    wakeReaders(turn);
    estimateAto(turn);
  }
  tcb.ack.pending = true;
  if (filled) turn.ackNow = true;
  return 'next';
};

const fin: Check = (turn) => {
  const { tcb } = turn;
  if (!tcb.finReceived) return 'next';
  switch (tcb.state) {
    case 'ESTABLISHED':
      takeFin(turn);
      enter(turn, 'rcv FIN', 'CLOSE-WAIT');
      tcb.ack.pingpong = true; // tcp_fin: perhaps our own FIN can carry the ACK
      break;
    case 'FIN-WAIT-1':
      takeFin(turn);
      if (finAcknowledged(tcb)) {
        enterTimeWait(turn, 'rcv FIN, ACK of FIN');
      } else {
        enter(turn, 'rcv FIN', 'CLOSING');
      }
      turn.ackNow = true;
      break;
    case 'FIN-WAIT-2':
      takeFin(turn);
      enterTimeWait(turn, 'rcv FIN');
      turn.ackNow = true;
      break;
  }
  return 'next';
};

function takeFin(turn: Turn): void {
  turn.tcb.rcv.nxt = seqAdd(turn.tcb.rcv.nxt, 1);
  turn.tcb.ack.pending = true;
  wakeReaders(turn);
}

/** How long an ACK may wait follows the gaps between segments (tcp_input.c tcp_event_data_recv). */
function estimateAto({ tcb, now }: Turn): void {
  const { ack } = tcb;
  const gap = now - ack.lastData;
  if (ack.ato === 0) {
    ack.ato = DELAYED_ACK_MIN;
    ack.quick = MAX_QUICK_ACKS;
  } else if (gap <= DELAYED_ACK_MIN / 2) {
    ack.ato = Math.floor(ack.ato / 2 + DELAYED_ACK_MIN / 2) as Time;
  } else if (gap < ack.ato) {
    ack.ato = Math.min(Math.floor(ack.ato / 2) + gap, tcb.rtt.rto) as Time;
  } else if (gap > tcb.rtt.rto) {
    ack.quick = MAX_QUICK_ACKS; // the sender was idle and starts over: help it
  }
  ack.lastData = now;
}

/** The wait of a delayed ACK: no longer than a round trip, or 40 ms if that is more (tcp_send_delayed_ack). */
function ackDelay(tcb: Tcb): Time {
  const { ack } = tcb;
  if (ack.ato === 0) return TICK; // before the first data there is no estimate: the next tick
  if (ack.ato <= DELAYED_ACK_MIN) return ack.ato;
  const most = ack.pingpong || ack.pushed > 0 ? DELAYED_ACK_MAX : ms(500);
  const roundTrip = smoothedRtt(tcb);
  const known = roundTrip === 0 ? most : Math.max(roundTrip, DELAYED_ACK_MIN);
  return Math.min(ack.ato, most, known) as Time;
}

/** Now, or a little later (tcp_input.c __tcp_ack_snd_check). */
const acknowledgeArrival: Check = (turn) => {
  const { tcb } = turn;
  if (!tcb.ack.pending || turn.ackNow) return 'next';
  // more than one full segment, and the window does not close: if it does, the reader's next read acknowledges
  const twoFull = seqDiff(tcb.rcv.nxt, tcb.rcv.wup) > tcb.rcv.mss && offeredWindow(tcb) >= tcb.rcv.wnd;
  if (twoFull || (tcb.ack.quick > 0 && !tcb.ack.pingpong)) {
    turn.ackNow = true;
  } else if (tcb.timers['delayed ACK'] === undefined) {
    note(turn, 'the ACK waits: perhaps data can carry it', '9293 3.8.6.3', 'tcp_output.c tcp_send_delayed_ack');
    setTimer(turn, 'delayed ACK', ackDelay(tcb));
  }
  return 'next';
};

/** A SYN that came again before our SYN,ACK was answered: answer again (tcp_minisocks.c tcp_check_req). */
const repeatedSyn: Check = (turn, segment) => {
  const { tcb } = turn;
  if (tcb.state !== 'SYN-RECEIVED' || (segment.flags & (SYN | ACK | RST)) !== SYN) return 'next';
  if (seqDiff(segment.seq, tcb.irs) !== 0) return 'next';
  note(turn, 'the SYN came again: so does the SYN,ACK', '9293 3.10.7.4', 'tcp_minisocks.c tcp_check_req');
  sendSyn(turn);
  return 'stop';
};

/** In order. The third check of the RFC (security) and the sixth (URG) have nothing to do here. */
export const CHECKS: readonly Check[] = [repeatedSyn, paws, sequence, rst, syn, ack, text, fin, acknowledgeArrival];
