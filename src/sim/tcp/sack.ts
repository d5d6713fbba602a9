/**
 * Reading SACK (RFC 2018, RFC 2883; Linux tcp_input.c tcp_sacktag_write_queue): which sent records the peer holds out of
 * order, which it got twice, and what that says about reordering. Neighbours that are held are joined, so that a long
 * hole costs little.
 */
import { type Seq, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import type { Segment } from '../wire/tcp.ts';
import type { AckNews } from './acknowledge.ts';
import { segmentDelivered } from './rate.ts';
import { rackAdvance } from './recovery/rack.ts';
import { splitSent } from './retransmit.ts';
import { ANY_RETRANS, LOST, payloadLength, RETRANS, SACKED, type Skb, segmentPayload } from './send-queue.ts';
import type { Tcb } from './tcb.ts';
import { timestampAt } from './transmit.ts';

interface Block {
  left: Seq;
  right: Seq;
}

/** One reading: where it happens and what it has found. */
interface Reading {
  readonly tcb: Tcb;
  readonly now: Time;
  readonly news: AckNews;
  /** The lowest sequence number that filled a hole without having been sent again. */
  reorderedFrom: Seq;
}

/** Applies the SACK blocks of an acknowledgment; `una` is SND.UNA before it. */
export function readSack(tcb: Tcb, segment: Segment, una: Seq, now: Time, news: AckNews): void {
  const given = segment.options.sack;
  if (!given || given.length === 0 || !tcb.sackOk) return;
  if (tcb.counts.sackedOut === 0) tcb.loss.highestSack = tcb.queue.sent.head;
  const twice = reportsDuplicate(tcb, given, segment.ack, una, news) ? given[0] : undefined;
  if (tcb.counts.packetsOut === 0) return;
  const blocks = given.filter((b) => seqLt(una, b.right) && valid(tcb, b, b === twice));
  if (blocks.length > 1) blocks.sort((a, b) => seqDiff(a.left, b.left));
  const reading: Reading = { tcb, now, news, reorderedFrom: tcb.snd.nxt };
  for (const block of blocks) walk(reading, block, block === twice);
  if (tcb.cc.state !== 'Loss' || tcb.cc.undoMarker !== undefined) checkReordering(tcb, reading.reorderedFrom);
}

/** A block must lie in what was sent and is not acknowledged; a duplicate may lie below (tcp_is_sackblock_valid). */
function valid({ snd, cc }: Tcb, { left, right }: Block, twice: boolean): boolean {
  if (seqLt(snd.nxt, right) || !seqLt(left, right) || !seqLt(left, snd.nxt)) return false;
  if (seqLt(snd.una, left)) return true;
  const marker = cc.undoMarker;
  if (!twice || marker === undefined || seqLt(snd.una, right)) return false;
  if (seqLe(marker, left)) return true;
  return seqLt(marker, right) && seqDiff(right, left) <= snd.maxWnd;
}

/** Whether the first block reports something that came twice (tcp_check_dsack, tcp_dsack_seen). */
function reportsDuplicate(tcb: Tcb, given: readonly Block[], ack: Seq, una: Seq, news: AckNews): boolean {
  const [first, second] = given as [Block, Block | undefined];
  const inside = second !== undefined && seqLe(first.right, second.right) && seqLe(second.left, first.left);
  if (!seqLt(first.left, ack) && !inside) return false;
  const length = seqDiff(first.right, first.left);
  if (length <= 0 || length > tcb.snd.maxWnd) return false;
  const segments = Math.max(1, Math.ceil(length / tcb.snd.mss));
  if (length <= tcb.snd.mss && tcb.probe && seqDiff(first.right, tcb.probe.end) === 0) news.dsackOfProbe = true;
  tcb.stats.dsackDups += segments;
  if (tcb.stats.dsackDups > tcb.stats.totalRetrans) return false; // more than was sent again: the network duplicates
  if (tcb.loss.reorderingSeen > 0 && !news.dsackOfProbe) tcb.rack.dsackSeen = true;
  news.dsacking = true;
  news.sackDelivered += segments;
  const { cc } = tcb;
  if (cc.undoMarker !== undefined && cc.undoRetrans > 0 && seqLe(first.right, una) && seqLt(cc.undoMarker, first.right))
    cc.undoRetrans = Math.max(0, cc.undoRetrans - segments);
  return true;
}

/** Marks the records that a block covers (tcp_sacktag_walk). */
function walk(reading: Reading, block: Block, twice: boolean): void {
  const { tcb } = reading;
  const high = tcb.loss.highestSack;
  let skb = high && !twice && seqLe(high.seq, block.left) ? high : tcb.queue.sent.head;
  while (skb && seqLe(skb.end, block.left)) skb = skb.next;
  while (skb && seqLt(skb.seq, block.right)) {
    if (skb.marks & SACKED && !twice) {
      skb = skb.next;
      continue;
    }
    const covered = match(tcb, skb, block);
    if (covered === undefined) break;
    if (covered) {
      tag(reading, skb, twice);
      skb = joinHeld(tcb, skb);
    }
    skb = skb.next;
  }
}

/**
 * Whether a block covers a record. A record of several segments that it covers in part is cut at a whole segment
 * (tcp_match_skb_to_sack). @returns undefined when no whole segment of it is covered
 */
function match(tcb: Tcb, skb: Skb, { left, right }: Block): boolean | undefined {
  const fromStart = seqLe(left, skb.seq);
  if (fromStart && seqLe(skb.end, right)) return true;
  if (skb.segs <= 1) return false;
  const { size } = skb;
  let length = seqDiff(fromStart ? right : left, skb.seq);
  if (length < size) {
    if (fromStart) return undefined;
    length = size;
  }
  const partial = length % size;
  if (length > size && partial > 0) length += fromStart ? -partial : size - partial;
  if (length >= payloadLength(skb)) return fromStart;
  splitSent(tcb, skb, length, size);
  return fromStart;
}

/** The peer holds this record (tcp_sacktag_one). */
function tag(reading: Reading, skb: Skb, twice: boolean): void {
  const { tcb, news } = reading;
  const { counts, cc, loss } = tcb;
  if (twice && skb.marks & ANY_RETRANS) {
    if (cc.undoMarker !== undefined && cc.undoRetrans > 0 && seqLt(cc.undoMarker, skb.end))
      cc.undoRetrans = Math.max(0, cc.undoRetrans - skb.segs);
    if (skb.marks & SACKED && seqLt(skb.seq, reading.reorderedFrom)) reading.reorderedFrom = skb.seq;
  }
  if (!(skb.marks & SACKED)) {
    rackAdvance(tcb, skb, reading.now);
    segmentDelivered(tcb.rate, skb);
    if (skb.marks & RETRANS) {
      // not presumed lost again: the copy is believed to be on its way still
      if (skb.marks & LOST) {
        counts.lostOut -= skb.segs;
        counts.retransOut -= skb.segs;
        skb.marks &= ~(LOST | RETRANS);
      }
    } else {
      if (!(skb.marks & ANY_RETRANS)) {
        if (seqLt(skb.seq, highestSackSeq(tcb)) && seqLt(skb.seq, reading.reorderedFrom))
          reading.reorderedFrom = skb.seq;
        if (seqLe(skb.end, cc.highSeq)) news.originalArrived = true;
        if (news.firstSacked === undefined) news.firstSacked = skb.at;
        news.lastSacked = skb.at;
      }
      if (skb.marks & LOST) {
        counts.lostOut -= skb.segs;
        skb.marks &= ~LOST;
      }
    }
    skb.marks |= SACKED;
    news.sacked = true;
    news.sackDelivered += skb.segs;
    counts.sackedOut += skb.segs;
    tcb.queue.unlist(skb);
    if (!seqLt(skb.seq, highestSackSeq(tcb))) loss.highestSack = skb.next;
  }
  if (twice && skb.marks & RETRANS) {
    skb.marks &= ~RETRANS;
    counts.retransOut -= skb.segs;
  }
}

/** Joins a held record with the held one before it (tcp_shift_skb_data). @returns the record that remains */
function joinHeld(tcb: Tcb, skb: Skb): Skb {
  const { prev } = skb;
  if (!prev || (prev.marks & (SACKED | RETRANS | LOST)) !== SACKED || skb.marks & (RETRANS | LOST)) return skb;
  if (prev.syn || skb.fin || prev.eor || prev.zerocopy >= 0 || skb.zerocopy >= 0 || prev.stampFlags | skb.stampFlags)
    return skb;
  if (segmentPayload(prev) !== segmentPayload(skb)) return skb;
  const { queue, loss } = tcb;
  const bytes = payloadLength(skb);
  prev.size = segmentPayload(skb);
  prev.end = skb.end;
  prev.segs += skb.segs;
  prev.push ||= skb.push;
  prev.eor = skb.eor;
  prev.marks |= skb.marks;
  if (loss.hint === skb) loss.hint = prev;
  if (loss.highestSack === skb) loss.highestSack = skb.next;
  const { next } = skb;
  queue.drop(queue.sent, skb);
  prev.next = next;
  prev.memory += bytes;
  queue.memory += bytes;
  return prev;
}

/** Just past the highest sequence number that was selectively acknowledged (tcp_highest_sack_seq). */
export function highestSackSeq(tcb: Tcb): Seq {
  if (tcb.counts.sackedOut === 0) return tcb.snd.una;
  return tcb.loss.highestSack?.seq ?? tcb.snd.nxt;
}

/** Something below what had already arrived came late: how far apart they were (tcp_check_sack_reordering). */
export function checkReordering(tcb: Tcb, low: Seq): void {
  const high = highestSackSeq(tcb);
  if (!seqLt(low, high)) return;
  const { loss, settings } = tcb;
  const distance = Math.ceil(seqDiff(high, low) / tcb.snd.mss);
  if (distance > loss.reordering) loss.reordering = Math.min(distance, settings.maxReordering);
  loss.reorderingSeen++;
}

/** The ACK echoes a timestamp from before this was sent again: the original had arrived (tcp_skb_spurious_retrans). */
export const spuriousRetransmission = (tcb: Tcb, skb: Skb): boolean =>
  (skb.marks & ANY_RETRANS) !== 0 && echoBefore(tcb, skb.at);

/** The timestamp that the peer last echoed is older than what was sent at `at` (tcp_tsopt_ecr_before). */
export function echoBefore(tcb: Tcb, at: Time): boolean {
  const { on, echo } = tcb.timestamps;
  return on && echo !== 0 && ((echo - timestampAt(tcb, at)) | 0) < 0;
}
