/**
 * Taking an acknowledgment (RFC 9293 section 3.10.7.4, fifth check; Linux tcp_input.c tcp_ack): what it says about our
 * data, our FIN, the round trip, lost segments and the peer's window. What follows for the congestion window stands in
 * recovery/ and congestion/.
 */

import { type Seq, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import { type Time, us } from '../base/time.ts';
import { ECE, type Segment, SYN, segmentLength } from '../wire/tcp.ts';
import { noLongerLimitedBy } from './chrono.ts';
import { restartAfterIdle } from './congestion/validation.ts';
import { acceptCwr } from './ecn.ts';
import { syncMss } from './mtu.ts';
import { probeArrived } from './mtu-probe.ts';
import { finSent, NODELAY, pushPending } from './output.ts';
import { ackOfProbe } from './persist.ts';
import { beginSample, segmentDelivered } from './rate.ts';
import { alert } from './recovery/alert.ts';
import { judgeProbe, rearmAfterAck } from './recovery/probe.ts';
import { rackAdvance, updateReorderingWindow } from './recovery/rack.ts';
import { congestionControl, remark } from './recovery/reduce.ts';
import { forgetDuplicates } from './recovery/reno-sack.ts';
import { reportAcknowledged, reportFreed } from './reports.ts';
import { retransmitLost, trimAcknowledged } from './retransmit.ts';
import { elapsed, sampleMin, sampleRtt } from './rtt.ts';
import { checkReordering, highestSackSeq, readSack, spuriousRetransmission } from './sack.ts';
import { inFlight } from './segmentation.ts';
import { ANY_RETRANS, LOST, RETRANS, SACKED, type Skb } from './send-queue.ts';
import { NEVER, type Tcb } from './tcb.ts';
import { timestampAt } from './transmit.ts';
import { type Turn, wakeWriters } from './turn.ts';

/** What one acknowledgment has brought (the FLAG_ bits and struct tcp_sacktag_state of tcp_input.c). */
export interface AckNews {
  /** SND.UNA moved. */
  advanced: boolean;
  /** The segment carried data or FIN itself. */
  data: boolean;
  windowUpdate: boolean;
  dataAcked: boolean;
  synAcked: boolean;
  sacked: boolean;
  /** A retransmitted record was acknowledged. */
  retransAcked: boolean;
  /** Something that was sent once, before the episode, has arrived. */
  originalArrived: boolean;
  ece: boolean;
  dsacking: boolean;
  dsackOfProbe: boolean;
  /** The head of the queue is marked as held: the peer threw away what it had acknowledged. */
  reneging: boolean;
  lostRetrans: boolean;
  /** A timer is to be set anew. */
  setTimer: boolean;
  sackDelivered: number;
  firstSacked: Time | undefined;
  lastSacked: Time | undefined;
}

/** What is to be sent again after it: nothing, what is lost, or new data first (F-RTO). */
export type Rexmit = 'none' | 'lost' | 'new';

/** Whether our FIN was sent and acknowledged. */
export const finAcknowledged = (tcb: Tcb): boolean => finSent(tcb) && tcb.queue.sent.head === undefined;

/**
 * Applies the acknowledgment of an acceptable segment whose ACK is not beyond SND.NXT.
 * @param window the window it advertises, in bytes.
 */
export function acknowledge(turn: Turn, segment: Segment, window: number): void {
  const { tcb, now } = turn;
  const { snd, counts, stats, rate } = tcb;
  const una = snd.una;
  const news: AckNews = {
    advanced: seqLt(una, segment.ack),
    data: segmentLength(segment) > 0,
    windowUpdate: false,
    dataAcked: false,
    synAcked: false,
    sacked: false,
    retransAcked: false,
    originalArrived: false,
    ece: false,
    dsacking: false,
    dsackOfProbe: false,
    reneging: false,
    lostRetrans: false,
    setTimer: false,
    sackDelivered: 0,
    firstSacked: undefined,
    lastSacked: undefined,
  };
  const delivered = rate.delivered;
  const lost = rate.lost;
  const packetsOut = counts.packetsOut;
  const priorFack = tcb.sackOk ? highestSackSeq(tcb) : una;
  const old = seqLt(segment.ack, una);
  tcb.timestamps.echo = segment.options.timestamps?.ecr ?? 0;
  if (old) {
    readSack(tcb, segment, una, now, news);
    rate.delivered += news.sackDelivered;
    if (segment.options.sack) sendAgain(turn, alert(turn, una, 0, news));
    return;
  }
  beginSample(rate, inFlight(tcb));
  if (news.advanced) tcb.rtt.timeouts = 0;
  updateWindow(turn, segment, window, news);
  readSack(tcb, segment, una, now, news);
  news.ece = tcb.ecn.on && (segment.flags & (ECE | SYN)) === ECE;
  rate.delivered += news.sackDelivered;
  if (news.ece) stats.deliveredCe += news.sackDelivered;
  if (tcb.ecn.on) acceptCwr(turn, segment);
  tcb.rtt.probes = 0;
  stats.lastAckRecv = now;
  tcb.softError = undefined;
  if (packetsOut === 0) {
    if (news.dsacking) alert(turn, una, 0, news);
    ackOfProbe(turn);
    if (tcb.probe) judgeProbe(turn, segment.ack, news);
    return;
  }
  clean(turn, una, priorFack, news);
  updateReorderingWindow(tcb);
  if (tcb.probe) judgeProbe(turn, segment.ack, news);
  let rexmit: Rexmit = 'none';
  const notDuplicate = news.data || news.windowUpdate || news.dataAcked || news.synAcked;
  if (!notDuplicate || news.sacked || news.ece || news.dsacking || tcb.cc.state !== 'Open') {
    const duplicates = !news.advanced && !notDuplicate && !news.dsacking ? 1 : 0;
    rexmit = alert(turn, una, duplicates, news);
  }
  if (news.setTimer) rearmAfterAck(turn);
  congestionControl(turn, rate.delivered - delivered, rate.lost - lost, news);
  sendAgain(turn, rexmit);
}

/** What recovery asks for (tcp_xmit_recovery): after a timeout new data may tell whether it was needed (F-RTO). */
function sendAgain(turn: Turn, rexmit: Rexmit): void {
  const { tcb } = turn;
  if (rexmit === 'none' || tcb.state === 'SYN-SENT') return; // data of a SYN waits for what the SYN,ACK says of it
  if (rexmit === 'new') {
    pushPending(turn, NODELAY);
    if (seqLt(tcb.cc.highSeq, tcb.snd.nxt)) return;
    tcb.loss.frto = false;
  }
  retransmitLost(turn);
}

/** Takes what is acknowledged off the retransmission queue (tcp_clean_rtx_queue). */
function clean(turn: Turn, una: Seq, priorFack: Seq, news: AckNews): void {
  const { tcb, now } = turn;
  const { queue, counts, snd, stats, loss, cc, rate } = tcb;
  const priorSacked = counts.sackedOut;
  let acked = 0;
  let first: Time | undefined;
  let last: Time | undefined;
  let reordered = snd.nxt;
  let skb: Skb | undefined = queue.sent.head;
  while (skb) {
    let segs = skb.segs;
    let whole = true;
    const start = skb.seq;
    if (skb.stampFlags) reportAcknowledged(turn, skb, una);
    if (seqLt(snd.una, skb.end)) {
      if (skb.segs === 1 || !seqLt(skb.seq, snd.una)) break;
      segs = trimAcknowledged(tcb, skb, skb.size);
      if (segs === 0) break;
      whole = false;
    }
    if (skb.marks & ANY_RETRANS) {
      if (skb.marks & RETRANS) counts.retransOut -= segs;
      news.retransAcked = true;
    } else if (!(skb.marks & SACKED)) {
      last = skb.at;
      first ??= last;
      if (seqLt(start, reordered)) reordered = start;
      if (seqLe(skb.end, cc.highSeq)) news.originalArrived = true;
    }
    if (skb.marks & SACKED) {
      counts.sackedOut -= segs;
    } else if (tcb.sackOk) {
      rate.delivered += segs;
      if (news.ece) stats.deliveredCe += segs;
      if (!spuriousRetransmission(tcb, skb)) rackAdvance(tcb, skb, now);
    }
    if (skb.marks & LOST) counts.lostOut -= segs;
    counts.packetsOut -= segs;
    acked += segs;
    segmentDelivered(rate, skb);
    if (skb.syn) {
      news.synAcked = true;
      tcb.fastOpen.pending = false;
      loss.retransStamp = NEVER;
    } else {
      news.dataAcked = true;
    }
    if (!whole) break;
    const next: Skb | undefined = skb.next;
    if (loss.hint === skb) loss.hint = undefined;
    if (loss.highestSack === skb) loss.highestSack = next;
    queue.drop(queue.sent, skb);
    if (skb.zerocopy >= 0) reportFreed(turn, skb);
    skb = next;
  }
  if (!skb) noLongerLimitedBy(tcb, 'busy', now);
  // a record whose loss was undone may have been counted twice as sent again; nothing is outstanding now
  if (!skb && tcb.sackOk) counts.sackedOut = counts.lostOut = counts.retransOut = 0;
  if (skb && skb.marks & SACKED) news.reneging = true;
  if (seqLt(una, snd.una)) {
    stats.bytesAcked += seqDiff(snd.una, una);
    queue.release(snd.una);
    if (!seqLt(snd.una, snd.up)) snd.up = snd.una;
  }
  if (tcb.mtu.probe) probeArrived(turn);
  const direct = first !== undefined && last !== undefined && !news.retransAcked;
  if (direct && acked === 1 && !skb && priorSacked === 0 && seqDiff(snd.una, una) < snd.mss)
    rate.sample.isAckDelayed = !news.sacked && !news.ece && !news.dsacking && !news.synAcked;
  const measured = measureRtt(turn, direct ? first : undefined, direct ? last : undefined, news);
  if (news.dataAcked || news.synAcked) {
    news.setTimer = true;
    if (!tcb.sackOk) {
      forgetDuplicates(tcb, acked, news);
      if (news.retransAcked) news.originalArrived = false;
    } else if (seqLt(reordered, priorFack)) {
      checkReordering(tcb, reordered);
    }
  } else if (measured && skb && news.firstSacked !== undefined && news.firstSacked < skb.at) {
    news.setTimer = true; // the head was sent again since: its own timeout counts from there
  }
  remark(turn, cc.control.acked?.(tcb, acked, rate.sample.rttUs, rate.sample.priorInFlight, now));
  if (tcb.noSpace) wakeWriters(turn); // tcp_check_space
}

/** An echo that is so many ticks old shows no round trip: microseconds would not hold it (tcp_rtt_tsopt_us). */
const OLDEST_ECHO = Math.floor((2 ** 31 - 1) / 1000);

/**
 * The round trip that an ACK shows: of what was sent once (Karn), of what was selectively acknowledged, or else by the
 * echoed timestamp (tcp_ack_update_rtt). @returns whether it shows one
 */
function measureRtt(turn: Turn, first: Time | undefined, last: Time | undefined, news: AckNews): boolean {
  const { tcb, now } = turn;
  let rtt = first === undefined ? -1 : elapsed(first, now);
  let newest = last === undefined ? -1 : elapsed(last, now);
  if (news.firstSacked !== undefined) {
    if (rtt < 0) rtt = elapsed(news.firstSacked, now);
    newest = elapsed(news.lastSacked as Time, now);
  }
  const { on, echo } = tcb.timestamps;
  if (rtt < 0 && on && echo !== 0 && (news.dataAcked || news.synAcked)) {
    const ticks = (timestampAt(tcb, now) - echo) >>> 0;
    if (ticks < OLDEST_ECHO) rtt = newest = Math.max(1, ticks) * 1000;
  }
  tcb.rate.sample.rttUs = newest;
  if (rtt < 0) return false;
  sampleMin(tcb, newest, tcb.rate.sample.isAckDelayed, now);
  sampleRtt(tcb, rtt);
  tcb.rtt.backoff = 0;
  turn.effects.push({ do: 'rtt', sample: us(rtt) });
  return true;
}

/** SND.WND follows the newest segment (tcp_ack_update_window, tcp_may_update_window). */
function updateWindow(turn: Turn, segment: Segment, window: number, news: AckNews): void {
  const { tcb } = turn;
  const { snd } = tcb;
  const newer = news.advanced || seqLt(snd.wl1, segment.seq);
  const same = seqDiff(segment.seq, snd.wl1) === 0 && (window > snd.wnd || window === 0);
  if (newer || same) {
    news.windowUpdate = true;
    snd.wl1 = segment.seq;
    if (snd.wnd !== window) {
      snd.wnd = window;
      if (tcb.queue.unsent.head && tcb.settings.slowStartAfterIdle) restartAfterIdle(tcb, turn.now);
      if (window > snd.maxWnd) {
        snd.maxWnd = window;
        syncMss(tcb, tcb.mtu.path);
      }
    }
  }
  snd.una = segment.ack;
}
