/**
 * Taking a reduction back when it turns out that nothing was lost: the timestamps show that the originals arrived (Eifel,
 * RFC 3522, RFC 4015), or every retransmission was reported as a duplicate (DSACK, RFC 3708). Linux tcp_input.c
 * tcp_try_undo_recovery and its neighbours.
 */
import type { Seq } from '../../base/seq.ts';
import { anyRetransmitted } from '../retransmit.ts';
import { checkReordering, echoBefore } from '../sack.ts';
import { LOST } from '../send-queue.ts';
import { NEVER, type Tcb } from '../tcb.ts';
import { note, type Turn } from '../turn.ts';
import { PERSIST } from './rack.ts';
import { setCaState } from './reduce.ts';

/** From now on the reduction could turn out wrong (tcp_init_undo). */
export function beginUndo(tcb: Tcb): void {
  const { cc, counts } = tcb;
  cc.undoMarker = tcb.snd.una;
  cc.undoRetrans = counts.retransOut;
  if (tcb.probe?.again) cc.undoRetrans++;
  if (cc.undoRetrans === 0) cc.undoRetrans = -1;
}

/** The peer answered to the original, not to what was sent again (tcp_packet_delayed). */
function packetDelayed(tcb: Tcb): boolean {
  const { retransStamp } = tcb.loss;
  if (retransStamp !== NEVER) return echoBefore(tcb, retransStamp);
  return tcb.state !== 'SYN-SENT'; // nothing was sent again: what arrives was only late
}

const mayUndo = (tcb: Tcb): boolean =>
  tcb.cc.undoMarker !== undefined && (tcb.cc.undoRetrans === 0 || packetDelayed(tcb));

/** Window and threshold as before (tcp_undo_cwnd_reduction). */
function undo(turn: Turn, unmark: boolean, why: string, rfc: string): void {
  const { tcb } = turn;
  const { cc } = tcb;
  if (unmark) {
    for (let skb = tcb.queue.sent.head; skb; skb = skb.next) skb.marks &= ~LOST;
    tcb.counts.lostOut = 0;
    tcb.loss.hint = undefined;
  }
  if (cc.priorSsthresh !== 0) {
    cc.cwnd = cc.control.undoCwnd(tcb, turn.now);
    if (cc.priorSsthresh > cc.ssthresh) {
      cc.ssthresh = cc.priorSsthresh;
      tcb.ecn.queueCwr = false;
    }
    note(turn, `${why}: nothing was lost, the window is restored`, rfc, 'tcp_input.c tcp_undo_cwnd_reduction');
  }
  cc.cwndStamp = turn.now;
  cc.undoMarker = undefined;
  tcb.rack.advanced = true; // look at losses anew
}

/** Without SACK the state lasts until something above is acknowledged (RFC 6582; tcp_is_non_sack_preventing_reopen). */
function mustHold(tcb: Tcb): boolean {
  if (tcb.sackOk || tcb.snd.una !== tcb.cc.highSeq) return false;
  if (!anyRetransmitted(tcb)) tcb.loss.retransStamp = NEVER;
  return true;
}

/** All of the episode is acknowledged. @returns whether its state must last (tcp_try_undo_recovery) */
export function undoRecovery(turn: Turn): boolean {
  const { tcb } = turn;
  if (mayUndo(tcb)) undo(turn, false, 'the originals arrived', '4015 3.2');
  else if (tcb.rack.persist > 0) tcb.rack.persist--;
  if (mustHold(tcb)) return true;
  setCaState(turn, 'Open');
  tcb.loss.reneged = false;
  return false;
}

/** Every retransmission was reported as a duplicate (tcp_try_undo_dsack). */
export function undoByDsack(turn: Turn): boolean {
  const { tcb } = turn;
  if (tcb.cc.undoMarker === undefined || tcb.cc.undoRetrans !== 0) return false;
  tcb.rack.persist = Math.min(PERSIST, tcb.rack.persist + 1);
  undo(turn, false, 'each retransmission was a duplicate (DSACK)', '3708 3');
  return true;
}

/** After a timeout: the original was acknowledged, or F-RTO proves it. @returns whether it was undone (tcp_try_undo_loss) */
export function undoLoss(turn: Turn, proven: boolean): boolean {
  const { tcb } = turn;
  if (!proven && !mayUndo(tcb)) return false;
  undo(turn, true, 'the timeout was spurious', proven ? '5682 3.1' : '4015 3.2');
  tcb.rtt.timeouts = 0;
  if (mustHold(tcb)) return true;
  if (proven || tcb.sackOk) {
    setCaState(turn, 'Open');
    tcb.loss.reneged = false;
  }
  return true;
}

/** In recovery, part is acknowledged, by the original. @returns whether nothing more is to be done (tcp_try_undo_partial) */
export function undoPartial(turn: Turn, una: Seq): boolean {
  const { tcb } = turn;
  if (tcb.cc.undoMarker === undefined || !packetDelayed(tcb)) return false;
  checkReordering(tcb, una);
  if (tcb.counts.retransOut > 0) return true;
  if (!anyRetransmitted(tcb)) tcb.loss.retransStamp = NEVER;
  undo(turn, true, 'the original arrived', '4015 3.2');
  keepOpen(turn);
  return false;
}

/** Open, or Disorder while something is missing (tcp_try_keep_open). */
export function keepOpen(turn: Turn): void {
  const { tcb } = turn;
  const { counts, cc } = tcb;
  const state = counts.sackedOut + counts.lostOut > 0 || anyRetransmitted(tcb) ? 'Disorder' : 'Open';
  if (cc.state === state) return;
  setCaState(turn, state);
  cc.highSeq = tcb.snd.nxt;
}
