/**
 * How large what leaves may be: the MSS of now, the size up to which writes are gathered in one record, and how much of
 * a record may go down at once for the device to cut (TSO, GSO). Pure questions about a block; nothing is changed here.
 */
import { powerOf2 } from '../base/bits.ts';
import { seqAdd, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import { type Time, us } from '../base/time.ts';
import { packetsInFlight } from './congestion/control.ts';
import { boundToHalfWindow, syncMss } from './mtu.ts';
import { payloadLength, type Skb } from './send-queue.ts';
import type { Tcb } from './tcb.ts';

/** Most bytes of a packet that a device will cut: 64 KiB less Linux's header room (sk_gso_max_size, sk_trim_gso_size). */
export const GSO_MAX_SIZE = 65_536 - 321;

/** Segments that are on their way (RFC 6675 pipe). */
export { packetsInFlight as inFlight } from './congestion/control.ts';

/** Just past the last byte that the peer's window takes (tcp_wnd_end). */
export const windowEnd = ({ snd }: Tcb) => seqAdd(snd.una, snd.wnd);

/** The largest payload of a segment that leaves now: the path may be another, SACK blocks take room (tcp_current_mss). */
export function currentMss(tcb: Tcb): number {
  if (tcb.mtu.route !== tcb.mtu.path) syncMss(tcb, tcb.mtu.route);
  const blocks = tcb.rcv.sacks.length + (tcb.rcv.dsack ? 1 : 0);
  if (!tcb.sackOk || blocks === 0) return tcb.snd.mss;
  return tcb.snd.mss - (4 + 8 * Math.min(blocks, tcb.timestamps.on ? 3 : 4));
}

/** Bytes that are gathered in one record while the program writes: whole segments (tcp_xmit_size_goal). */
export function sizeGoal(tcb: Tcb, mss: number): number {
  const most = boundToHalfWindow(tcb, GSO_MAX_SIZE);
  return Math.max(Math.floor(most / mss) * mss, mss);
}

/** Sets how many segments a record counts as (tcp_set_skb_tso_segs). */
export function setSegments(skb: Skb, mss: number): number {
  const length = payloadLength(skb);
  skb.segs = length <= mss ? 1 : Math.ceil(length / mss);
  skb.size = mss;
  return skb.segs;
}

/**
 * Segments that one packet should carry at most: about a millisecond's worth at the pacing rate, more on short paths
 * (tcp_tso_autosize, tcp_tso_segs).
 */
export function tsoSegments(tcb: Tcb, mss: number): number {
  const { settings, cc } = tcb;
  let bytes = cc.pacingRate / 1024;
  const shift = Math.floor(tcb.rtt.minRtt / powerOf2(settings.tsoRttLog));
  if (shift < 32) bytes += Math.floor(GSO_MAX_SIZE / powerOf2(shift));
  bytes = Math.min(bytes, GSO_MAX_SIZE);
  const least = cc.control.minTsoSegs?.(tcb) ?? settings.minTsoSegs;
  const fit = Math.max(Math.floor(GSO_MAX_SIZE / mss), 1); // on loopback, one segment is all that a packet can be
  return Math.min(Math.max(Math.floor(bytes / mss), least), fit);
}

/** Whether another segment may be in flight, and how many at once: never the whole window in one packet (tcp_cwnd_test). */
export function cwndQuota(tcb: Tcb): number {
  const flying = packetsInFlight(tcb);
  const { cwnd } = tcb.cc;
  if (flying >= cwnd) return 0;
  return Math.min(Math.max(cwnd >> 1, 1), cwnd - flying);
}

/** Whether the peer's window takes the record, or its first segment (tcp_snd_wnd_test). */
export function fitsWindow(tcb: Tcb, skb: Skb, mss: number): boolean {
  const end = payloadLength(skb) > mss ? seqAdd(skb.seq, mss) : skb.end;
  return seqLe(end, windowEnd(tcb));
}

/** What holds back segments that are not full. */
export interface Nagle {
  /** TCP_NODELAY (TCP_NAGLE_OFF), TCP_CORK or MSG_MORE (TCP_NAGLE_CORK), forced (TCP_NAGLE_PUSH). */
  off: boolean;
  cork: boolean;
  push: boolean;
}

/** Whether a small segment must wait: corked, or another small one is unacknowledged (tcp_nagle_check, Minshall). */
export function smallMustWait(tcb: Tcb, nagle: Nagle): boolean {
  if (nagle.cork) return true;
  if (nagle.off || nagle.push || tcb.counts.packetsOut === 0) return false;
  const { sml, una, nxt } = tcb.snd;
  return seqLt(una, sml) && seqLe(sml, nxt);
}

/** How many bytes of a record may leave now (tcp_mss_split_point). */
export function splitPoint(tcb: Tcb, skb: Skb, mss: number, segments: number, nagle: Nagle): number {
  const window = seqDiff(windowEnd(tcb), skb.seq);
  const most = mss * segments;
  if (most <= window && skb.next !== undefined) return most;
  const needed = Math.min(payloadLength(skb), window);
  if (most <= needed) return most;
  const partial = needed % mss;
  if (partial !== 0 && smallMustWait(tcb, nagle)) return needed - partial;
  return needed;
}

/** Why a burst waits to become larger. */
export type Deferral = 'congestion window' | 'receive window' | 'more data' | undefined;

/** Whether it is worth waiting for the next ACK to send a larger packet (tcp_tso_should_defer). */
export function shouldDefer(tcb: Tcb, skb: Skb, segments: number, now: Time): Deferral {
  const { cc, snd } = tcb;
  if (cc.state === 'Recovery' || cc.state === 'Loss') return undefined;
  if (now - tcb.pacing.next > 1e6) return undefined; // the last packet left more than 1 ms ago
  const window = seqDiff(windowEnd(tcb), skb.seq);
  const congestion = (cc.cwnd - packetsInFlight(tcb)) * snd.mss;
  const limit = Math.min(window, congestion);
  if (limit >= segments * snd.mss) return undefined;
  const length = payloadLength(skb);
  if (skb.next !== undefined && limit >= length) return undefined;
  const { tsoWinDivisor } = tcb.settings;
  const chunk = Math.min(snd.wnd, cc.cwnd * snd.mss);
  if (tsoWinDivisor > 0 ? limit >= Math.floor(chunk / tsoWinDivisor) : limit > 3 * snd.mss) return undefined;
  const head = tcb.queue.sent.head;
  if (!head) return undefined;
  const srtt = us(tcb.rtt.srtt8 / 8);
  const ackIsFar = head.at + srtt - now - Math.min(srtt / 2, 1e6);
  if (ackIsFar > 0) return undefined;
  if (congestion < window) {
    if (congestion <= length) return 'congestion window';
  } else if (window <= length) {
    return 'receive window';
  }
  if (skb.fin || skb.eor) return undefined;
  return 'more data';
}
