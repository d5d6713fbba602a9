/**
 * Explicit congestion notification (RFC 3168; Linux tcp_input.c tcp_ecn_check_ce, tcp_ecn_accept_cwr, tcp_ecn_create_request,
 * tcp_ecn_rcv_synack): agreeing on it, echoing marks, hearing that the window was reduced. What the sender does about an
 * echo stands in recovery/reduce.ts. Accurate ECN is not simulated.
 */
import { CWR, ECE, type Segment, SYN, segmentLength } from '../wire/tcp.ts';
import { enterQuickAck } from './receive/acknowledging.ts';
import type { Tcb } from './tcb.ts';
import { note, type Turn } from './turn.ts';

/** The bits of a SYN that asks for ECN (RFC 3168 section 6.1.1). */
export const SYN_ECN = SYN | ECE | CWR;
/** Codepoints of the IP header (RFC 3168 section 5). */
const NOT_ECT = 0;
const CE = 3;

/** Whether our SYN asks for it. */
export const asksForEcn = ({ settings }: Tcb): boolean => settings.ecn === 1;

/** The peer's SYN or SYN,ACK says whether it takes part. */
export function agreeOnEcn(tcb: Tcb, segment: Segment): void {
  const { ecn, settings } = tcb;
  const asks = (segment.flags & SYN_ECN) === SYN_ECN;
  if (tcb.state === 'SYN-SENT') {
    const answers = (segment.flags & (ECE | CWR)) === ECE;
    ecn.on &&= asks || answers;
  } else {
    // a SYN that is itself marked as capable is not a SYN of RFC 3168
    ecn.on = asks && settings.ecn !== 0 && (segment.ecn ?? NOT_ECT) === NOT_ECT;
  }
}

/** Data came: did a router mark it? Then the sender hears of it until it has reduced its window. */
export function checkMark(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  const { ecn } = tcb;
  if (!ecn.on) return;
  const code = segment.ecn ?? NOT_ECT;
  if (code === NOT_ECT) {
    if (ecn.seen) enterQuickAck(tcb, 2); // probably sent again: it is not marked as capable
    return;
  }
  ecn.seen = true;
  if (code !== CE || ecn.demandCwr) return;
  note(turn, 'marked by a router (CE): ECE is echoed until CWR comes', '3168 6.1.3', 'tcp_input.c tcp_ecn_check_ce');
  enterQuickAck(tcb, 2);
  ecn.demandCwr = true;
}

/** The sender says that it has reduced its window. */
export function acceptCwr(turn: Turn, segment: Segment): void {
  if (!(segment.flags & CWR)) return;
  turn.tcb.ecn.demandCwr = false;
  if (segmentLength(segment) > 0) turn.ackNow = true; // its window may be one segment: do not delay
}
