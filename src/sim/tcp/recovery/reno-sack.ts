/**
 * Without SACK (Linux "Reno SACK"): each duplicate ACK stands for one segment that has arrived somewhere above the hole
 * (tcp_input.c tcp_add_reno_sack and its neighbours), and three of them, or a partial ACK, show the hole (RFC 6582).
 */
import type { AckNews } from '../acknowledge.ts';
import { splitSent } from '../retransmit.ts';
import { LOST, payloadLength, segmentPayload } from '../send-queue.ts';
import type { Tcb } from '../tcb.ts';
import { markLost } from './rack.ts';

/** Duplicate ACKs beyond what can be outstanding show reordering (tcp_limit_reno_sacked, tcp_check_reno_reordering). */
export function limitDuplicates(tcb: Tcb, acked: number): void {
  const { counts, loss } = tcb;
  const holes = Math.min(Math.max(counts.lostOut, 1), counts.packetsOut);
  if (counts.sackedOut + holes <= counts.packetsOut) return;
  counts.sackedOut = counts.packetsOut - holes;
  loss.reordering = Math.min(counts.packetsOut + acked, tcb.settings.maxReordering);
  loss.reorderingSeen++;
}

/** A duplicate ACK came. */
export function addDuplicates(tcb: Tcb, duplicates: number, news: AckNews): void {
  if (duplicates === 0) return;
  const { counts, rate } = tcb;
  const before = counts.sackedOut;
  counts.sackedOut += duplicates;
  limitDuplicates(tcb, 0);
  const delivered = Math.max(0, counts.sackedOut - before);
  rate.delivered += delivered;
  if (news.ece) tcb.stats.deliveredCe += delivered;
}

/** `acked` segments were acknowledged: one fills the hole, the others were the duplicates (tcp_remove_reno_sacks). */
export function forgetDuplicates(tcb: Tcb, acked: number, news: AckNews): void {
  const { counts, rate } = tcb;
  if (acked > 0) {
    const delivered = Math.max(acked - counts.sackedOut, 1);
    rate.delivered += delivered;
    if (news.ece) tcb.stats.deliveredCe += delivered;
    counts.sackedOut = Math.max(0, counts.sackedOut - (acked - 1));
  }
  limitDuplicates(tcb, acked);
}

export const forgetAllDuplicates = (tcb: Tcb): void => {
  tcb.counts.sackedOut = 0;
};

/** Three duplicates, or a partial ACK in recovery: the head is lost (tcp_newreno_mark_lost). */
export function markHeadLost(tcb: Tcb, advanced: boolean): void {
  const { cc, counts, loss, queue } = tcb;
  const head = queue.sent.head;
  const first = cc.state !== 'Recovery' && cc.state !== 'Loss' && counts.sackedOut >= loss.reordering;
  if (!head || !(first || (cc.state === 'Recovery' && advanced)) || head.marks & LOST) return;
  const size = segmentPayload(head);
  if (head.segs > 1 && payloadLength(head) > size) splitSent(tcb, head, size, size);
  markLost(tcb, head);
}
