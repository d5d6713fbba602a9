/**
 * Probing a closed window (RFC 9293 section 3.8.6.1; Linux tcp_output.c tcp_write_wakeup, tcp_send_probe0; tcp_input.c
 * tcp_ack_probe).
 */
import { EMPTY } from '../base/bytes.ts';
import { seqAdd, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { probeWithinUserTimeout } from './giving-up.ts';
import { deviceRefuses, sendNew, splitSkb } from './output.ts';
import { backedOff, RTO_MIN } from './rtt.ts';
import { currentMss, setSegments, windowEnd } from './segmentation.ts';
import { payloadLength } from './send-queue.ts';
import { NEVER, type Tcb } from './tcb.ts';
import { transmit } from './transmit.ts';
import { setTimer, type Turn } from './turn.ts';

/** Delay of the next window probe (tcp_probe0_base and backoff). */
export const probeDelay = (tcb: Tcb): Time => Math.max(backedOff(tcb), RTO_MIN) as Time;

/**
 * As much data as the window takes, or else one sequence number that the peer has already: that makes it answer.
 * @returns false when the device takes none
 */
export function sendProbe(turn: Turn): boolean {
  const { tcb } = turn;
  const { snd, queue } = tcb;
  const skb = queue.unsent.head;
  if (!skb || !seqLt(skb.seq, windowEnd(tcb))) {
    if (deviceRefuses(turn)) return false;
    transmit(turn, seqAdd(snd.una, -1), 0, EMPTY);
    return true;
  }
  const mss = currentMss(tcb);
  const room = seqDiff(windowEnd(tcb), skb.seq);
  if (seqLt(snd.pushed, skb.end)) snd.pushed = skb.end;
  const length = payloadLength(skb);
  if (room < length || length > mss) splitSkb(tcb, queue.unsent, skb, Math.min(room, mss), mss);
  else if (skb.segs === 0) setSegments(skb, mss);
  skb.push = true;
  return sendNew(turn, skb, mss);
}

/** An ACK came with nothing in flight: does it open the window? (tcp_ack_probe) */
export function ackOfProbe(turn: Turn): void {
  const { tcb } = turn;
  const head = tcb.queue.unsent.head;
  if (!head) return;
  if (seqLe(head.end, windowEnd(tcb))) {
    tcb.rtt.backoff = 0;
    tcb.rtt.probesSince = NEVER;
    setTimer(turn, 'persist', undefined);
  } else {
    setTimer(turn, 'persist', probeWithinUserTimeout(turn, probeDelay(tcb)));
  }
}
