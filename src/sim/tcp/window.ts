/**
 * The window that we advertise: how much room the receive buffer has, in the steps that keep senders from sending
 * crumbs (RFC 9293 section 3.8.6.2.2), and, short of running out of memory, never moving its right edge back. Linux
 * tcp_output.c tcp_select_initial_window, __tcp_select_window, tcp_select_window.
 */
import { seqAdd, seqDiff } from '../base/seq.ts';
import { freeSpace, fullSpace } from './receive/memory.ts';
import type { Tcb } from './tcb.ts';

/** RFC 7323 section 2.3. */
const MOST_SCALE = 14;
/** Linux MAX_TCP_WINDOW: for stacks that take the field for a signed number. */
const SIGNED_WINDOW = 32767;

const roundDown = (n: number, unit: number): number => n - (n % unit);
const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

/** The clamp of a buffer that the program has set: what it holds; else none, but what can be expressed. */
function initialClamp(tcb: Tcb): number {
  const { rcv } = tcb;
  const full = fullSpace(tcb);
  if (rcv.locked && (rcv.clamp > full || rcv.clamp === 0)) return full;
  return rcv.clamp === 0 ? 65535 * 2 ** MOST_SCALE : rcv.clamp;
}

/** The shift for the windows that we advertise: the largest that can ever come must fit 16 bits. */
export function windowScale(tcb: Tcb): number {
  const most = Math.min(Math.max(fullSpace(tcb), tcb.settings.receiveMax), initialClamp(tcb));
  return Math.min(Math.max(Math.floor(Math.log2(most)) - 15, 0), MOST_SCALE);
}

/**
 * Chooses the window of a SYN or SYN,ACK, whole segments if it can be: sets `rcv.wnd`, `rcv.ssthresh` and `rcv.clamp`.
 * @param scaled the window will be scaled
 * @returns the 16 bits for the header: the window of a SYN is never scaled (RFC 7323 section 2.2)
 */
export function chooseInitialWindow(tcb: Tcb, segment: number, scaled: boolean): number {
  const { rcv } = tcb;
  rcv.wup = rcv.nxt;
  if (rcv.wnd > 0) return Math.min(rcv.wnd, 65535); // a SYN that is sent again offers what it offered
  const clamp = initialClamp(tcb);
  let space = Math.min(fullSpace(tcb), clamp);
  if (space > segment) space = roundDown(space, segment);
  if (tcb.settings.receive.signedWindows) space = Math.min(space, SIGNED_WINDOW);
  const { routeSegments } = tcb.settings.receive;
  if (routeSegments > 0) space = Math.min(space, routeSegments * segment);
  rcv.clamp = Math.min(clamp, 65535 * 2 ** (scaled ? windowScale(tcb) : 0));
  rcv.wnd = rcv.ssthresh = space;
  return Math.min(space, 65535);
}

/** What is left of the window last advertised (tcp_receive_window). */
export function openWindow({ rcv }: Tcb): number {
  return Math.max(0, seqDiff(seqAdd(rcv.wup, rcv.wnd), rcv.nxt));
}

/** The window that the buffer allows now, before the right edge is protected (__tcp_select_window). */
export function offeredWindow(tcb: Tcb): number {
  const { rcv, ack, settings } = tcb;
  const allowed = fullSpace(tcb);
  let free = freeSpace(tcb);
  const full = Math.min(rcv.clamp, allowed);
  const mss = Math.min(rcv.mss, full);
  if (mss <= 0) return 0;
  const unit = 1 << rcv.scale;
  const shrinks = settings.receive.shrinkWindow && rcv.scale > 0;

  if (shrinks) free -= ((free % unit) + unit) % unit;
  if (free < full >> 1) {
    ack.quick = 0; // the program does not keep up: nothing is won by quick acknowledgments
    free -= ((free % unit) + unit) % unit;
    if (free < allowed >> 4 || free < mss || (shrinks && free < unit)) return 0;
  }
  free = Math.min(free, rcv.ssthresh);
  if (rcv.scale > 0) return roundUp(free, unit);
  const { wnd } = rcv;
  if (wnd <= free - mss || wnd > free) return roundDown(free, mss);
  return mss === full && free > wnd + (full >> 1) ? free : wnd;
}

/** Chooses the window of the segment about to be sent and remembers it; returns the 16 bits for the header. */
export function advertise(tcb: Tcb): number {
  const { rcv, settings } = tcb;
  const { shrinkWindow, signedWindows } = settings.receive;
  let window = 0;
  if (!tcb.ack.noMemory) {
    // without memory the window is taken back, the one case in which Linux does so by default (tcp_select_window)
    const open = openWindow(tcb);
    window = offeredWindow(tcb);
    if (window < open && !(shrinkWindow && rcv.scale > 0)) window = roundUp(open, 1 << rcv.scale);
  }
  rcv.wnd = window;
  rcv.wup = rcv.nxt;
  if (window === 0) rcv.prediction = false;
  const most = rcv.scale === 0 && signedWindows ? SIGNED_WINDOW : 65535 * 2 ** rcv.scale;
  return Math.min(window, most) >> rcv.scale;
}
