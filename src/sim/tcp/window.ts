/**
 * The window that we advertise: how much room the receive buffer has, in the steps that keep senders from sending
 * crumbs (RFC 9293 section 3.8.6.2.2), and, short of running out of memory, never moving its right edge back.
 *
 * SO_RCVBUF counts the kernel's memory, not payload. Linux takes half of it for overhead until segments have shown how
 * much they really take (tcp_measure_rcv_mss); so does this file. Overhead is not counted packet by packet.
 */
import { seqAdd, seqDiff } from '../base/seq.ts';
import type { Tcb } from './tcb.ts';

/** Half of the buffer is for payload, of 256 parts (TCP_DEFAULT_SCALING_RATIO). */
export const DEFAULT_RATIO = 128;
/** struct sk_buff, and with it headers and struct skb_shared_info in the same allocation, on x86-64. */
const SKB_SIZE = 256;
const SEGMENT_OVERHEAD = 256 + 320;

/** Kernel memory that a segment of this payload takes (skb->truesize). */
export const trueSize = (payload: number): number => 2 ** Math.ceil(Math.log2(payload + SEGMENT_OVERHEAD)) + SKB_SIZE;

/** Bytes of payload that the receive buffer holds (tcp_full_space). */
export const fullSpace = (tcb: Tcb): number => Math.floor((tcb.receiveLimit * tcb.rcv.ratio) / 256);

/** A segment larger than those before shows how much of the memory is payload (tcp_measure_rcv_mss). */
export function measureSegment(tcb: Tcb, payload: number): void {
  if (payload < tcb.rcv.mss) return;
  if (payload !== tcb.rcv.mss) tcb.rcv.ratio = Math.max(1, Math.floor((payload * 256) / trueSize(payload)));
  tcb.rcv.mss = Math.min(payload, tcb.settings.mss);
}

/** The shift for the windows that we advertise: the largest window that can come must fit 16 bits (tcp_select_initial_window). */
export function windowScale(tcb: Tcb): number {
  const most = tcb.receiveLocked ? fullSpace(tcb) : tcb.settings.receiveMax;
  let scale = 0;
  for (let space = most; space > 65535 && scale < 14; space >>= 1) scale++;
  return scale;
}

/** The window of a SYN or SYN-ACK: whole segments, unscaled (tcp_select_initial_window). */
export function initialWindow(tcb: Tcb, segment: number): number {
  const space = Math.min(fullSpace(tcb), 65535);
  return space > segment ? space - (space % segment) : space;
}

/** What is left of the window last advertised (tcp_receive_window). */
export function openWindow(tcb: Tcb): number {
  return Math.max(0, seqDiff(seqAdd(tcb.rcv.wup, tcb.rcv.wnd), tcb.rcv.nxt));
}

/** A data segment came: the window may open further towards the whole buffer (tcp_grow_window). */
export function growWindow(tcb: Tcb): void {
  tcb.rcv.ssthresh = Math.min(tcb.rcv.ssthresh + 2 * tcb.settings.mss, fullSpace(tcb));
}

/** Payload in the receive buffer, in order and early. */
function queued(tcb: Tcb): number {
  let bytes = tcb.in.length;
  for (const early of tcb.early) bytes += early.bytes.length;
  return bytes;
}

/**
 * Whether there is no memory for one more segment, whatever was advertised (tcp_try_rmem_schedule). Before Linux says so
 * it packs what is queued until it is nearly all payload, and lets a buffer that the program did not fix grow.
 */
export const bufferFull = (tcb: Tcb): boolean => tcb.receiveLocked && queued(tcb) >= tcb.receiveLimit;

/** The window that the buffer allows now, before the right edge is protected (__tcp_select_window). */
export function offeredWindow(tcb: Tcb): number {
  const full = fullSpace(tcb);
  let free = Math.max(0, full - queued(tcb));
  const mss = Math.min(tcb.rcv.mss, full);
  if (free < full >> 1 && (free < full >> 4 || free < mss)) return 0;
  free = Math.min(free, tcb.rcv.ssthresh);
  if (tcb.rcv.scale > 0) return ((free + (1 << tcb.rcv.scale) - 1) >> tcb.rcv.scale) << tcb.rcv.scale;
  const open = openWindow(tcb);
  if (open <= free - mss || open > free) return free - (free % mss);
  return mss === full && free > open + (full >> 1) ? free : open;
}

/** Chooses the window of the segment about to be sent and remembers it; returns the 16 bits for the header. */
export function advertise(tcb: Tcb): number {
  if (tcb.ack.noMemory) {
    tcb.rcv.wnd = 0; // the one case in which Linux takes a window back (tcp_select_window)
    tcb.rcv.wup = tcb.rcv.nxt;
    return 0;
  }
  const open = openWindow(tcb);
  const unit = 1 << tcb.rcv.scale;
  let window = offeredWindow(tcb);
  if (window < open) window = Math.ceil(open / unit) * unit; // never shrink (RFC 9293 3.8.6)
  window = Math.min(window, 65535 * unit);
  tcb.rcv.wnd = window;
  tcb.rcv.wup = tcb.rcv.nxt;
  return window >> tcb.rcv.scale;
}
