/**
 * The window that we advertise: how much room the receive buffer has, in the steps that keep senders from sending
 * crumbs (RFC 9293 section 3.8.6.2.2), and never moving its right edge back.
 *
 * Linux sets half of SO_RCVBUF aside for the kernel's own overhead per packet (tcp_win_from_space with the scaling
 * ratio that a connection starts with). Overhead is not counted here packet by packet.
 */
import { seqAdd, seqDiff } from '../base/seq.ts';
import type { Tcb } from './tcb.ts';

/** Bytes of payload that a receive buffer of this limit holds (tcp_full_space). */
export const fullSpace = (receiveLimit: number): number => receiveLimit >> 1;

/** The shift for the windows that we advertise: the largest buffer must fit 16 bits (tcp_select_initial_window). */
export function windowScale(receiveMax: number): number {
  let scale = 0;
  for (let space = receiveMax; space > 65535 && scale < 14; space >>= 1) scale++;
  return scale;
}

/** The window of a SYN or SYN-ACK: whole segments, unscaled (tcp_select_initial_window). */
export function initialWindow(receiveLimit: number, segment: number): number {
  const space = Math.min(fullSpace(receiveLimit), 65535);
  return space > segment ? space - (space % segment) : space;
}

/** What is left of the window last advertised (tcp_receive_window). */
export function openWindow(tcb: Tcb): number {
  return Math.max(0, seqDiff(seqAdd(tcb.rcv.wup, tcb.rcv.wnd), tcb.rcv.nxt));
}

/** A data segment came: the window may open further towards the whole buffer (tcp_grow_window). */
export function growWindow(tcb: Tcb): void {
  tcb.rcv.ssthresh = Math.min(tcb.rcv.ssthresh + 2 * tcb.settings.mss, fullSpace(tcb.receiveLimit));
}

/** The window that the buffer allows now, before the right edge is protected (__tcp_select_window). */
export function offeredWindow(tcb: Tcb): number {
  const full = fullSpace(tcb.receiveLimit);
  let queued = tcb.in.length;
  for (const early of tcb.early) queued += early.bytes.length;
  let free = Math.max(0, full - queued);
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
  const open = openWindow(tcb);
  const unit = 1 << tcb.rcv.scale;
  let window = offeredWindow(tcb);
  if (window < open) window = Math.ceil(open / unit) * unit; // never shrink (RFC 9293 3.8.6)
  window = Math.min(window, 65535 * unit);
  tcb.rcv.wnd = window;
  tcb.rcv.wup = tcb.rcv.nxt;
  return window >> tcb.rcv.scale;
}
