/**
 * RACK (RFC 8985; Linux tcp_recovery.c): a segment is lost when one that was sent sufficiently later has arrived. Time
 * of sending decides, not place in the stream, so that retransmissions can be found lost too.
 */
import { type Seq, seqLt } from '../../base/seq.ts';
import { ms, type Time, ZERO } from '../../base/time.ts';
import { smoothedRtt } from '../rtt.ts';
import type { Flight, Tcb } from '../tcb.ts';

/** Two jiffies of a kernel with 1000 Hz (TCP_TIMEOUT_MIN). */
export const TIMEOUT_MIN = ms(2);
/** Duplicate ACKs, or segments held by the peer, at which no time is allowed for reordering (tcp_reordering). */
const REORDERING = 3;

/** Whether a segment sent at `a` and ending at `aEnd` left after another (tcp_rack_sent_after). */
const sentAfter = (a: Time, aEnd: Seq, b: Time, bEnd: Seq): boolean => a > b || (a === b && seqLt(bEnd, aEnd));

/** A segment is known to have arrived (tcp_rack_advance). */
export function arrived(tcb: Tcb, flight: Flight, now: Time): void {
  const { rack } = tcb;
  const rtt = (now - flight.at) as Time;
  if (flight.again > 0 && rtt < rack.minRtt) return; // the ACK is for the first copy
  if (flight.again === 0 && (rack.minRtt === 0 || rtt < rack.minRtt)) rack.minRtt = rtt;
  rack.rtt = rtt;
  if (sentAfter(flight.at, flight.end, rack.at, rack.end)) {
    rack.at = flight.at;
    rack.end = flight.end;
  }
}

/** A hole was filled by a segment that was sent once: the network reorders (tcp_check_sack_reordering). */
export function noteReordering(tcb: Tcb, flight: Flight): void {
  if (flight.again === 0 && seqLt(flight.seq, tcb.rack.highest)) tcb.rack.reordering = true;
}

/** How long a segment may be late before it counts as lost (tcp_rack_reo_wnd). */
function reorderingWindow(tcb: Tcb): Time {
  const sacked = tcb.flights.reduce((n, f) => n + (f.sacked ? 1 : 0), 0);
  if (!tcb.rack.reordering && (tcb.cc.recovery !== 'none' || sacked >= REORDERING)) return ZERO;
  return Math.floor(Math.min(tcb.rack.minRtt / 4, smoothedRtt(tcb) / 8)) as Time;
}

/** How long from now a segment may still arrive; at most 0: lost (tcp_rack_skb_timeout). */
export const patienceFor = (tcb: Tcb, flight: Flight, window: Time, now: Time): number =>
  tcb.rack.rtt + window - (now - flight.at);

/** Marks lost segments. @returns how long to wait for those that may only be late; undefined when there are none. */
export function markLost(tcb: Tcb, now: Time): { marked: number; wait: Time | undefined } {
  const window = reorderingWindow(tcb);
  let marked = 0;
  let wait: Time | undefined;
  for (const flight of tcb.flights) {
    if (flight.sacked || flight.lost) continue;
    if (!sentAfter(tcb.rack.at, tcb.rack.end, flight.at, flight.end)) continue;
    const remaining = patienceFor(tcb, flight, window, now);
    if (remaining <= 0) {
      flight.lost = true;
      marked++;
    } else if (wait === undefined || remaining > wait) {
      wait = remaining as Time;
    }
  }
  return { marked, wait };
}
