/**
 * RACK (RFC 8985; Linux tcp_recovery.c): a segment is lost when one that was sent sufficiently later has arrived. Time
 * of sending decides, not place in the stream, so that retransmissions can be found lost too. Times of sending are
 * compared in microseconds, as Linux does.
 */
import { type Seq, seqLt } from '../../base/seq.ts';
import { ms, type Time, us } from '../../base/time.ts';
import { elapsed } from '../rtt.ts';
import { ANY_RETRANS, LOST, RETRANS, SACKED, type Skb } from '../send-queue.ts';
import type { Tcb } from '../tcb.ts';
import { setXmitTimer, type Turn } from '../turn.ts';

/** Two jiffies of a kernel with 1000 Hz (TCP_TIMEOUT_MIN). */
export const TIMEOUT_MIN = ms(2);
/** Recoveries for which a widened reordering window lasts (TCP_RACK_RECOVERY_THRESH). */
export const PERSIST = 16;
/** Bits of net.ipv4.tcp_recovery. */
const STATIC_WINDOW = 2;
const NO_DUPTHRESH = 4;

const micros = (t: Time): number => Math.floor(t / 1000);

/** Whether a segment sent at `a` and ending at `aEnd` left after another (tcp_skb_sent_after). */
const sentAfter = (a: Time, aEnd: Seq, b: Time, bEnd: Seq): boolean =>
  micros(a) > micros(b) || (micros(a) === micros(b) && seqLt(bEnd, aEnd));

/** A segment is known to have arrived (tcp_rack_advance). */
export function rackAdvance(tcb: Tcb, skb: Skb, now: Time): void {
  const { rack } = tcb;
  const rtt = elapsed(skb.at, now);
  if (skb.marks & ANY_RETRANS && rtt < tcb.rtt.minRtt) return; // the ACK is for the first copy
  rack.advanced = true;
  rack.rtt = rtt;
  if (sentAfter(skb.at, skb.end, rack.at, rack.end)) {
    rack.at = skb.at;
    rack.end = skb.end;
  }
}

/** How long a segment may be late before it counts as lost, in microseconds (tcp_rack_reo_wnd). */
function reorderingWindow(tcb: Tcb): number {
  const { cc, counts, rack, loss, rtt } = tcb;
  if (loss.reorderingSeen === 0) {
    if (cc.state === 'Recovery' || cc.state === 'Loss') return 0;
    if (counts.sackedOut >= loss.reordering && !(tcb.settings.recovery & NO_DUPTHRESH)) return 0;
  }
  return Math.min((rtt.minRtt >>> 2) * rack.steps, rtt.srtt8 >>> 3);
}

/** How long from now a segment may still arrive, in microseconds; at most 0: it is lost (tcp_rack_skb_timeout). */
export const patienceFor = (tcb: Tcb, skb: Skb, window: number, now: Time): number =>
  tcb.rack.rtt + window - elapsed(skb.at, now);

/** Presumes a segment lost, or lost again (tcp_mark_skb_lost). */
export function markLost(tcb: Tcb, skb: Skb): void {
  const { counts, loss, rate } = tcb;
  if (skb.marks & SACKED) return;
  if (loss.hint && seqLt(skb.seq, loss.hint.seq)) loss.hint = skb;
  if (skb.marks & LOST) {
    if (!(skb.marks & RETRANS)) return;
    skb.marks &= ~RETRANS;
    counts.retransOut -= skb.segs;
    rate.lost += skb.segs;
    return;
  }
  skb.marks |= LOST;
  counts.lostOut += skb.segs;
  rate.lost += skb.segs;
}

/**
 * Marks what is lost by now (tcp_rack_detect_loss).
 * @returns microseconds to wait for those that may only be late; 0 when there are none
 */
export function detectLoss(tcb: Tcb, now: Time): number {
  const window = reorderingWindow(tcb);
  let wait = 0;
  for (let skb = tcb.queue.sentFirst; skb; ) {
    const next: Skb | undefined = skb.sentNext;
    if ((skb.marks & (LOST | RETRANS)) !== LOST) {
      if (!sentAfter(tcb.rack.at, tcb.rack.end, skb.at, skb.end)) break;
      const remaining = patienceFor(tcb, skb, window, now);
      if (remaining <= 0) {
        markLost(tcb, skb);
        tcb.queue.unlist(skb);
      } else if (remaining > wait) {
        wait = remaining;
      }
    }
    skb = next;
  }
  return wait;
}

/** After an acknowledgment: looks for losses, and when to look again. @returns whether that timer was set (tcp_rack_mark_lost) */
export function lookForLoss(turn: Turn): boolean {
  const { tcb } = turn;
  if (!tcb.rack.advanced) return false;
  tcb.rack.advanced = false;
  const wait = detectLoss(tcb, turn.now);
  if (wait > 0) setXmitTimer(turn, 'reordering', (us(wait) + TIMEOUT_MIN) as Time);
  return wait > 0;
}

/** DSACKs say that patience was too short: it grows for a while (tcp_rack_update_reo_wnd; RFC 8985 section 6.2 step 4). */
export function updateReorderingWindow(tcb: Tcb): void {
  const { rack, rate } = tcb;
  const { priorDelivered } = rate.sample;
  if (tcb.settings.recovery & STATIC_WINDOW || priorDelivered === 0) return;
  if (priorDelivered < rack.lastDelivered) rack.dsackSeen = false;
  if (rack.dsackSeen) {
    rack.steps = Math.min(255, rack.steps + 1);
    rack.dsackSeen = false;
    rack.lastDelivered = rate.delivered;
    rack.persist = PERSIST;
  } else if (rack.persist === 0) {
    rack.steps = 1;
  }
}
