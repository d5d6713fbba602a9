/**
 * Segments that are too large for the path are lost for certain, and not for congestion: they are sent again at once, cut to
 * what fits, and the window stays (Linux tcp_input.c tcp_simple_retransmit; RFC 1191 section 6.4).
 */
import { currentSsthresh } from '../congestion/validation.ts';
import { retransmitLost } from '../retransmit.ts';
import { currentMss } from '../segmentation.ts';
import { segmentPayload } from '../send-queue.ts';
import type { Turn } from '../turn.ts';
import { markLost } from './rack.ts';
import { setCaState } from './reduce.ts';
import { limitDuplicates } from './reno-sack.ts';

export function simpleRetransmit(turn: Turn): void {
  const { tcb } = turn;
  const { cc, counts } = tcb;
  // the data of a SYN stands behind it in a record of its own, so neither looks too large (tcp_send_syn_data)
  const mss = tcb.fastOpen.synData && tcb.state === 'SYN-SENT' ? -1 : currentMss(tcb);
  for (let skb = tcb.queue.sent.head; skb; skb = skb.next) if (segmentPayload(skb) > mss) markLost(tcb, skb);
  if (counts.lostOut === 0) return;
  if (!tcb.sackOk) limitDuplicates(tcb, 0);
  if (cc.state !== 'Loss') {
    cc.highSeq = tcb.snd.nxt;
    cc.ssthresh = currentSsthresh(tcb);
    cc.priorSsthresh = 0;
    cc.undoMarker = undefined;
    setCaState(turn, 'Loss');
  }
  retransmitLost(turn);
}
