/**
 * Loss recovery as a state machine (Linux tcp_input.c tcp_fastretrans_alert, tcp_process_loss, tcp_enter_recovery,
 * tcp_enter_loss): Open, Disorder, CWR, Recovery, Loss. An acknowledgment that is out of the ordinary comes here. Which
 * segments are lost is RACK's to say (rack.ts), or without SACK three duplicate ACKs' (reno-sack.ts).
 */
import { type Seq, seqLe, seqLt } from '../../base/seq.ts';
import { ms, us } from '../../base/time.ts';
import type { AckNews, Rexmit } from '../acknowledge.ts';
import { currentSsthresh } from '../congestion/validation.ts';
import { probeLost } from '../mtu-probe.ts';
import { anyRetransmitted } from '../retransmit.ts';
import { inFlight, windowEnd } from '../segmentation.ts';
import { SACKED } from '../send-queue.ts';
import { NEVER, type Tcb } from '../tcb.ts';
import { note, setXmitTimer, type Turn } from '../turn.ts';
import { lookForLoss, markLost, patienceFor } from './rack.ts';
import { beginReduction, endReduction, enterCwr, isReducing, setCaState } from './reduce.ts';
import { addDuplicates, forgetAllDuplicates, markHeadLost } from './reno-sack.ts';
import { simpleRetransmit } from './simple.ts';
import { beginUndo, keepOpen, undoByDsack, undoLoss, undoPartial, undoRecovery } from './undo.ts';

/** The least that is waited for when the peer seems to have dropped what it held. */
const RENEGING_MIN = ms(10);

/** Judges an acknowledgment; `una` is SND.UNA before it. @returns what is to be sent again */
export function alert(turn: Turn, una: Seq, duplicates: number, news: AckNews): Rexmit {
  const { tcb } = turn;
  const { cc, counts, loss, snd } = tcb;
  if (counts.packetsOut === 0) counts.sackedOut = 0;
  if (news.ece) cc.priorSsthresh = 0;
  if (news.reneging && news.advanced) {
    reneged(turn, news);
    return 'none';
  }
  if (cc.state === 'Open') {
    loss.retransStamp = NEVER;
  } else if (seqLe(cc.highSeq, snd.una)) {
    if (cc.state === 'CWR') {
      if (snd.una !== cc.highSeq) {
        endReduction(turn);
        setCaState(turn, 'Open');
      }
    } else if (cc.state === 'Recovery') {
      if (!tcb.sackOk) forgetAllDuplicates(tcb);
      if (undoRecovery(turn)) return 'none';
      endReduction(turn);
    }
  }
  switch (cc.state) {
    case 'Recovery':
      if (!news.advanced) {
        if (!tcb.sackOk) addDuplicates(tcb, duplicates, news);
      } else if (undoPartial(turn, una)) {
        return 'none';
      }
      if (undoByDsack(turn)) tryOpen(turn, news);
      findLosses(turn, news);
      if ((cc.state as string) !== 'Recovery') {
        if (counts.lostOut === 0) return 'none';
        enterRecovery(turn, news.ece);
      }
      return 'lost';
    case 'Loss': {
      const rexmit = processLoss(turn, duplicates, news);
      findLosses(turn, news);
      if ((cc.state as string) !== 'Open' && !news.lostRetrans) return rexmit;
      break;
    }
  }
  if (!tcb.sackOk) {
    if (news.advanced) forgetAllDuplicates(tcb);
    addDuplicates(tcb, duplicates, news);
  }
  if (cc.state === 'Open' || cc.state === 'Disorder') undoByDsack(turn);
  findLosses(turn, news);
  if (counts.lostOut === 0) {
    tryOpen(turn, news);
    return 'none';
  }
  if ((cc.state === 'Open' || cc.state === 'Disorder') && probeLost(turn)) {
    simpleRetransmit(turn);
    return 'none';
  }
  enterRecovery(turn, news.ece);
  return 'lost';
}

/** Marks what is lost by now (tcp_identify_packet_loss). */
function findLosses(turn: Turn, news: AckNews): void {
  const { tcb } = turn;
  if (!tcb.queue.sent.head) return;
  if (!tcb.sackOk) {
    markHeadLost(tcb, news.advanced);
    return;
  }
  const retransOut = tcb.counts.retransOut;
  if (lookForLoss(turn)) news.setTimer = false;
  if (retransOut > tcb.counts.retransOut) news.lostRetrans = true;
}

/** Nothing is lost as far as one knows (tcp_try_to_open). */
function tryOpen(turn: Turn, news: AckNews): void {
  const { tcb } = turn;
  if (!anyRetransmitted(tcb)) tcb.loss.retransStamp = NEVER;
  if (news.ece) enterCwr(turn);
  if (tcb.cc.state !== 'CWR') keepOpen(turn);
}

/** A loss is proven: the window is reduced once for all that is lost of this flight (tcp_enter_recovery). */
export function enterRecovery(turn: Turn, ece: boolean): void {
  const { tcb } = turn;
  const { cc } = tcb;
  note(
    turn,
    tcb.sackOk ? 'a segment sent later has arrived: fast recovery' : 'three duplicate ACKs: fast recovery',
    tcb.sackOk ? '8985 6.2' : '6582 3.2',
    'tcp_input.c tcp_enter_recovery',
  );
  if (!anyRetransmitted(tcb)) tcb.loss.retransStamp = NEVER;
  cc.priorSsthresh = 0;
  beginUndo(tcb);
  if (!isReducing(tcb)) {
    if (!ece) cc.priorSsthresh = currentSsthresh(tcb);
    beginReduction(turn);
  }
  setCaState(turn, 'Recovery');
}

/** After a timeout: was it needed? (tcp_process_loss; F-RTO, RFC 5682 section 3.1) */
function processLoss(turn: Turn, duplicates: number, news: AckNews): Rexmit {
  const { tcb } = turn;
  const { cc, loss, snd } = tcb;
  const recovered = seqLe(cc.highSeq, snd.una);
  if (news.advanced && undoLoss(turn, false)) return 'none';
  if (loss.frto) {
    if (news.originalArrived && undoLoss(turn, true)) return 'none';
    if (seqLt(cc.highSeq, snd.nxt)) {
      if (news.sacked || duplicates > 0) loss.frto = false; // step 3.a: the loss was real
    } else if (news.advanced && !recovered) {
      cc.highSeq = snd.nxt;
      if (tcb.queue.unsent.head && seqLt(snd.nxt, windowEnd(tcb))) return 'new'; // step 2.b
      loss.frto = false;
    }
  }
  if (recovered) {
    undoRecovery(turn);
    return 'none';
  }
  if (!tcb.sackOk) {
    if (seqLt(cc.highSeq, snd.nxt) && duplicates > 0) addDuplicates(tcb, duplicates, news);
    else if (news.advanced) forgetAllDuplicates(tcb);
  }
  return 'lost';
}

/** A retransmission timeout: what is old enough is presumed lost, the window starts over (tcp_enter_loss). */
export function enterLoss(turn: Turn): void {
  const { tcb } = turn;
  const { cc, counts, loss } = tcb;
  const fresh = cc.state !== 'Recovery' && cc.state !== 'Loss';
  markTimedOut(turn);
  const again = cc.state === 'Loss' && tcb.rtt.timeouts === 0;
  if (cc.state === 'Open' || cc.state === 'Disorder' || seqLe(cc.highSeq, tcb.snd.una) || again) {
    cc.priorSsthresh = currentSsthresh(tcb);
    cc.priorCwnd = cc.cwnd;
    cc.ssthresh = cc.control.ssthresh(tcb, turn.now);
    cc.control.event?.(tcb, 'LOSS', turn.now);
    beginUndo(tcb);
  }
  cc.cwnd = inFlight(tcb) + 1;
  cc.count = 0;
  cc.cwndStamp = turn.now;
  const most = tcb.settings.reordering;
  if ((cc.state === 'Open' || cc.state === 'Disorder') && counts.sackedOut >= most)
    loss.reordering = Math.min(loss.reordering, most);
  setCaState(turn, 'Loss');
  cc.highSeq = tcb.snd.nxt;
  tcb.probe = undefined;
  if (tcb.ecn.on) tcb.ecn.queueCwr = true;
  loss.frto = tcb.settings.frto && (fresh || tcb.rtt.timeouts > 0);
}

/** tcp_timeout_mark_lost */
function markTimedOut(turn: Turn): void {
  const { tcb } = turn;
  const { counts, queue, loss } = tcb;
  const head = queue.sent.head;
  const forgotten = head !== undefined && (head.marks & SACKED) !== 0;
  if (forgotten) {
    note(turn, 'the peer dropped what it had held: SACK is forgotten', '2018 8', 'tcp_input.c tcp_timeout_mark_lost');
    counts.sackedOut = 0;
    loss.reneged = true;
  } else if (!tcb.sackOk) {
    forgetAllDuplicates(tcb);
  }
  for (let skb = head; skb; skb = skb.next) {
    if (forgotten) skb.marks &= ~SACKED;
    else if (skb !== head && tcb.sackOk && patienceFor(tcb, skb, 0, turn.now) > 0) continue; // sent only just
    markLost(tcb, skb);
  }
  loss.hint = undefined;
}

/** The head is marked as held, yet not acknowledged (tcp_check_sack_reneging): wait a little, then a timeout. */
function reneged(turn: Turn, news: AckNews): void {
  const half = us(turn.tcb.rtt.srtt8 >>> 4);
  setXmitTimer(turn, 'retransmit', half > RENEGING_MIN ? half : RENEGING_MIN);
  news.setTimer = false;
}

/** Whether a block is one of a connection that recovers from loss. */
export const recovering = ({ cc }: Tcb): boolean => cc.state === 'Recovery' || cc.state === 'Loss';
