/**
 * The eight checks for a segment that arrives in a synchronized state (RFC 9293 section 3.10.7.4), in order, with
 * Linux's choices where it has its own (tcp_input.c tcp_rcv_established, tcp_rcv_state_process). Each says 'next' or
 * 'stop'. Those that are about receiving alone stand in receive/.
 */
import { seqLe, seqLt } from '../base/seq.ts';
import { ACK, FIN, segmentLength } from '../wire/tcp.ts';
import { acknowledge, finAcknowledged } from './acknowledge.ts';
import { startKeepAlive } from './keepalive.ts';
import { syncMss } from './mtu.ts';
import { setPingpong } from './receive/acknowledging.ts';
import { beginReceiving, guessSegment } from './receive/autotune.ts';
import { predict, windowChanged } from './receive/prediction.ts';
import { text } from './receive/text.ts';
import { urgentPointer } from './receive/urgent.ts';
import {
  anyFlags,
  type Check,
  challenge,
  paws,
  repeatedSyn,
  replaceRecentTimestamp,
  rst,
  sequence,
  syn,
  tooOldAck,
} from './receive/validate.ts';
import { initTransfer } from './syn.ts';
import { enterTimeWait, orphanInFinWait2 } from './time-wait.ts';
import { answerWithReset } from './transmit.ts';
import { enter, finish, note, type Turn, wakeReaders, wakeWriters } from './turn.ts';

/** Fifth check. */
const ack: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!(segment.flags & ACK)) return 'stop';
  predict(tcb, segment);
  if (tcb.rcv.predicted) replaceRecentTimestamp(turn, segment); // the short way believes the timestamp before the ACK
  if (tcb.state === 'SYN-RECEIVED') {
    if (!seqLt(tcb.snd.una, segment.ack) || seqLt(tcb.snd.nxt, segment.ack)) {
      answerWithReset(turn, segment);
      return 'stop';
    }
    if (!tcb.active && segmentLength(segment) === 0 && tcb.rtt.timeouts < tcb.opts.deferAccept) {
      note(turn, 'the listener wants data first: this ACK does not count', '', 'tcp_minisocks.c tcp_check_req');
      tcb.deferred = true;
      return 'stop';
    }
    replaceRecentTimestamp(turn, segment);
    enter(turn, 'rcv ACK of SYN', 'ESTABLISHED');
    startKeepAlive(turn);
    const served = tcb.fastOpen.pending; // by Fast Open: all of this has begun already
    if (!served) beginReceiving(turn);
    tcb.snd.wl1 = segment.seq;
    acknowledge(turn, segment, segment.window << tcb.snd.scale);
    if (!tcb.active && !served) tcb.stats.bytesAcked = 0; // the SYN of a listener's child is not counted
    tcb.snd.maxWnd = Math.max(tcb.snd.maxWnd, tcb.snd.wnd);
    if (!served) {
      syncMss(tcb, tcb.mtu.path); // tcp_v4_syn_recv_sock, before probing for a larger MTU begins
      guessSegment(tcb); // again: the peer's first window may have made our own segments small
      initTransfer(turn);
    }
    wakeReaders(turn);
    wakeWriters(turn);
  } else if (seqLt(tcb.snd.nxt, segment.ack)) {
    return challenge(turn, 'acknowledges what was never sent', '5961 5.2');
  } else if (seqLt(segment.ack, tcb.snd.una)) {
    if (tooOldAck(tcb, segment.ack)) return challenge(turn, 'acknowledges what was acknowledged long ago', '5961 5.2');
    acknowledge(turn, segment, segment.window << tcb.snd.scale);
  } else {
    replaceRecentTimestamp(turn, segment);
    const { wnd } = tcb.snd;
    acknowledge(turn, segment, segment.window << tcb.snd.scale);
    if (tcb.snd.wnd !== wnd) windowChanged(tcb);
  }
  return afterAck(turn, segment);
};

/** What the acknowledgment of our FIN changes. */
const afterAck: Check = (turn, segment) => {
  const { tcb } = turn;
  if (!finAcknowledged(tcb)) return 'next';
  if (tcb.state === 'FIN-WAIT-1' && !((segment.flags & FIN) !== 0 && seqLe(segment.seq, tcb.rcv.nxt))) {
    // with a FIN that will be taken now, FIN-WAIT-1 moves once, not twice (RFC 9293 3.3.2 note 2)
    enter(turn, 'rcv ACK of FIN', 'FIN-WAIT-2');
    wakeWriters(turn);
    if (tcb.orphan) return orphanInFinWait2(turn, segment);
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

/** Sixth check. */
const urg: Check = (turn, segment) => {
  urgentPointer(turn, segment);
  return 'next';
};

/** Eighth check. */
export const fin: Check = (turn) => {
  const { tcb } = turn;
  if (!tcb.finReceived) return 'next';
  switch (tcb.state) {
    case 'ESTABLISHED':
      takeFin(turn);
      enter(turn, 'rcv FIN', 'CLOSE-WAIT');
      setPingpong(tcb, true); // tcp_fin: perhaps our own FIN can carry the ACK
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
  turn.tcb.rcv.sacks.length = 0;
  turn.tcb.ack.pending = true;
  wakeReaders(turn);
}

/** In order. The third check of the RFC (security) has nothing to do here. */
export const CHECKS: readonly Check[] = [repeatedSyn, anyFlags, paws, sequence, rst, syn, ack, urg, text, fin];
