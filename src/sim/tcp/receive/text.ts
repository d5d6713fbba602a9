/**
 * Seventh check of RFC 9293 section 3.10.7.4: the segment text. In its turn it goes to the receive queue, before its turn
 * to the out-of-order queue, and what is there already is told to the sender (Linux tcp_input.c tcp_data_queue,
 * tcp_data_queue_ofo, tcp_ofo_queue).
 */
import { type Seq, seqAdd, seqDiff, seqLe, seqLt } from '../../base/seq.ts';
import { FIN, type Segment, SYN } from '../../wire/tcp.ts';
import { checkMark } from '../ecn.ts';
import type { Tcb } from '../tcb.ts';
import { answerWithReset } from '../transmit.ts';
import { enter, finish, note, type Turn, wakeReaders } from '../turn.ts';
import { openWindow } from '../window.ts';
import { enterQuickAck, estimateAto } from './acknowledging.ts';
import { growBuffer, growWindow, measureByEcho, measureByWindow, measureSegment } from './autotune.ts';
import { charge, hasMemory, headersOf, tailroom, trueSize, uncharge } from './memory.ts';
import { predict, predictAgain, takesShortWay } from './prediction.ts';
import { canJoin, joined, type Skb } from './queue.ts';
import { dataReady } from './read.ts';
import { blockForEarly, removeBlocks, tellDuplicate, tellDuplicateToo } from './sack.ts';
import { type Check, replaceRecentTimestamp } from './validate.ts';

/** Bytes from which on a segment tells something about the window's growth (tcp_event_data_recv). */
const WORTH_GROWING = 128;

export const text: Check = (turn, segment) => {
  const { tcb } = turn;
  const { rcv } = tcb;
  const length = segment.payload.length;
  const fin = (segment.flags & FIN) !== 0;
  const syn = (segment.flags & SYN) !== 0; // of a simultaneous open: it is here already
  measureByEcho(turn, segment, length);
  if (length === 0 && !fin && !syn) return 'next';
  switch (tcb.state) {
    case 'ESTABLISHED':
      break;
    case 'FIN-WAIT-1':
    case 'FIN-WAIT-2':
      if (dataForNobody(turn, segment)) return 'stop';
      break;
    default:
      // the peer has said FIN: only what came before it can come again
      if (!seqLt(segment.seq, rcv.nxt)) return 'next';
      if (dataForNobody(turn, segment)) return 'stop';
  }
  const end = seqAdd(segment.seq, length + (fin ? 1 : 0) + (syn ? 1 : 0));
  if (rcv.dsack && !takesShortWay(tcb, skbOf(tcb, segment, end).truesize)) rcv.dsack = undefined;
  const ahead = seqDiff(segment.seq, rcv.nxt);
  const open = openWindow(tcb);
  if (ahead === 0) {
    if (open === 0 && length > 0) return outside(turn, 'the window is closed');
    inTurn(turn, segment, end);
  } else if (seqLe(end, rcv.nxt)) {
    tellDuplicate(tcb, segment.seq, end);
    return outside(turn, 'all of it is here already');
  } else if (ahead >= open) {
    return outside(turn, 'outside the window');
  } else if (ahead < 0) {
    tellDuplicate(tcb, segment.seq, rcv.nxt);
    if (open === 0) return outside(turn, 'the window is closed');
    inTurn(turn, segment, end);
  } else {
    early(turn, segment, end);
  }
  return 'next';
};

/** Nobody will read: the sender must hear that, not that its data arrived (RFC 1122 section 4.2.2.13). */
function dataForNobody(turn: Turn, segment: Segment): boolean {
  const { tcb } = turn;
  const { length } = segment.payload;
  const nobody = tcb.receiveShut || tcb.finReceived; // after a FIN nothing can be new
  if (!nobody || length === 0 || !seqLt(tcb.rcv.nxt, seqAdd(segment.seq, length))) return false;
  note(turn, 'data for a socket that is closed: reset', '9293 3.6.1', 'tcp_input.c tcp_rcv_state_process');
  answerWithReset(turn, segment);
  const errno = tcb.state === 'CLOSE-WAIT' ? 'EPIPE' : 'ECONNRESET';
  enter(turn, 'ABORT', 'CLOSED');
  finish(turn, errno);
  return true;
}

/** Dropped, and the sender hears at once where we are: a retransmission that was not needed, or a window probe. */
function outside(turn: Turn, why: string): 'next' {
  note(turn, `${why}: dropped, and acknowledged at once`, '9293 3.10.7.4', 'tcp_input.c tcp_data_queue');
  enterQuickAck(turn.tcb);
  turn.tcb.ack.pending = true;
  return 'next';
}

/** The segment as it waits. */
function skbOf(tcb: Tcb, segment: Segment, end: Seq): Skb {
  const { payload } = segment;
  const headers = headersOf(tcb, segment);
  const truesize = trueSize(payload.length, headers);
  return {
    seq: segment.seq,
    end,
    bytes: payload,
    fin: (segment.flags & FIN) !== 0,
    truesize,
    room: tailroom(truesize, payload.length, headers),
  };
}

/**
 * Data that was predicted and acknowledges nothing new goes straight to the receive queue: none of the checks has anything
 * to say about it (tcp_input.c tcp_rcv_established, the fast path).
 * @returns whether it did
 */
export function shortWay(turn: Turn, segment: Segment): boolean {
  const { tcb } = turn;
  const { length } = segment.payload;
  if (length === 0 || seqDiff(segment.ack, tcb.snd.una) !== 0 || openWindow(tcb) < length) return false;
  predict(tcb, segment);
  if (!takesShortWay(tcb, trueSize(length, headersOf(tcb, segment)))) return false;
  measureByEcho(turn, segment, length);
  replaceRecentTimestamp(turn, segment);
  tcb.snd.wl1 = segment.seq;
  inTurn(turn, segment, seqAdd(segment.seq, length));
  return true;
}

function inTurn(turn: Turn, segment: Segment, end: Seq): void {
  const { tcb } = turn;
  const { rcv, ack } = tcb;
  const skb = skbOf(tcb, segment, end);
  if (!hasMemory(turn, skb)) {
    ack.noMemory = true;
    ack.pending = true;
    turn.ackNow = true;
    wakeReaders(turn);
    if (rcv.queue.length > 0 && skb.bytes.length > 0) {
      note(
        turn,
        'the receive buffer is full: data inside the window is dropped',
        '9293 3.8.6',
        'tcp_input.c tcp_data_queue',
      );
      return;
    }
  }
  enqueue(tcb, skb);
  if (skb.bytes.length > 0) arrived(turn, segment, skb);
  if (skb.fin) forgetEarly(tcb);
  if (rcv.early.length > 0) {
    fill(turn);
    if (rcv.early.length === 0) turn.ackNow = true; // the gap is filled: RFC 5681 section 4.2
  }
  if (rcv.sacks.length > 0) removeBlocks(tcb);
  predictAgain(tcb);
  if (!tcb.orphan) dataReady(turn);
}

/** The text of a SYN or SYN,ACK that Fast Open lets in: it begins one past the SYN. */
export function synText(turn: Turn, segment: Segment): void {
  const seq = seqAdd(segment.seq, 1);
  const fin = (segment.flags & FIN) !== 0 ? 1 : 0;
  const skb = skbOf(turn.tcb, { ...segment, seq }, seqAdd(seq, segment.payload.length + fin));
  enqueue(turn.tcb, skb); // it tells nothing of the sender's pace, nor of its segments
  dataReady(turn);
}

/** Adds a segment to the receive queue. */
function enqueue(tcb: Tcb, skb: Skb): void {
  const { rcv } = tcb;
  const last = rcv.queue.last();
  if (last && canJoin(last, skb)) {
    rcv.queue.replaceLast(joined(last, skb));
  } else {
    rcv.queue.push(skb);
    charge(tcb, skb.truesize);
  }
  rcv.received += seqDiff(skb.end, rcv.nxt);
  rcv.nxt = skb.end;
  if (skb.fin) tcb.finReceived = true;
}

/** What every arrival of data in its turn tells (tcp_event_data_recv). */
function arrived(turn: Turn, segment: Segment, skb: Skb): void {
  const { tcb } = turn;
  tcb.ack.pending = true;
  measureSegment(tcb, skb, segment);
  measureByWindow(turn);
  estimateAto(turn);
  checkMark(turn, segment);
  if (skb.bytes.length >= WORTH_GROWING) growWindow(tcb, skb);
}

/** What came early and is in its turn now goes to the receive queue. */
function fill(turn: Turn): void {
  const { tcb } = turn;
  const { rcv } = tcb;
  const { early } = rcv;
  const reached = rcv.nxt;
  for (let skb = early.first(); skb && seqLe(skb.seq, rcv.nxt) && !tcb.finReceived; skb = early.first()) {
    if (seqLt(skb.seq, reached)) tellDuplicateToo(tcb, skb.seq, seqLt(skb.end, reached) ? skb.end : reached);
    early.shift();
    uncharge(tcb, skb.truesize);
    if (seqLt(rcv.nxt, skb.end)) enqueue(tcb, skb);
  }
  if (tcb.finReceived) forgetEarly(tcb);
  early.pass(rcv.nxt);
}

/** The stream has ended: what is said to come behind its end goes, and nothing is told any more (end of tcp_fin). */
function forgetEarly(tcb: Tcb): void {
  const { early, sacks } = tcb.rcv;
  tcb.rcv.dsack = undefined;
  sacks.length = 0;
  for (const skb of early.list()) uncharge(tcb, skb.truesize);
  early.clear();
}

function early(turn: Turn, segment: Segment, end: Seq): void {
  const { tcb } = turn;
  const { rcv } = tcb;
  const skb = skbOf(tcb, segment, end);
  checkMark(turn, segment);
  if (!hasMemory(turn, skb)) {
    note(
      turn,
      'the receive buffer is full: data out of order is dropped',
      '9293 3.8.6',
      'tcp_input.c tcp_data_queue_ofo',
    );
    wakeReaders(turn);
    return;
  }
  note(
    turn,
    'arrived before its turn: kept, and the ACK says what is missing',
    '9293 3.10.7.4',
    'tcp_input.c tcp_data_queue_ofo',
  );
  measureSegment(tcb, skb, segment);
  rcv.prediction = false;
  tcb.ack.pending = true;
  rcv.oooPackets++;
  const { kept, twice, freed } = rcv.early.insert(skb);
  if (freed > 0) uncharge(tcb, freed);
  if (twice) tellDuplicate(tcb, twice.left, twice.right);
  if (tcb.sackOk) {
    blockForEarly(turn, segment.seq, end);
    // without SACK the window must stay as it is: only then are ACKs duplicates
    if (kept !== 'no') growWindow(tcb, skb);
  }
  if (kept === 'whole') charge(tcb, skb.truesize);
  if (!tcb.orphan) growBuffer(tcb, rcv.space.bytes);
}
