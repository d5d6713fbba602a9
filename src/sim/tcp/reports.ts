/**
 * What a connection reports of the data that it sent, where the program asked for it: when a byte left and when it was
 * acknowledged (SO_TIMESTAMPING; Linux tcp_tx_timestamp, __skb_tstamp_tx, tcp_ack_tstamp), and that the memory of a send
 * with MSG_ZEROCOPY may be used again (msg_zerocopy_put). Marks stand in the records of the send queue; reports are effects.
 */
import { type Seq, seqAdd, seqLt } from '../base/seq.ts';
import { payloadLength, type Skb } from './send-queue.ts';
import type { Tcb } from './tcb.ts';
import type { Effect, StampPoint, Turn } from './turn.ts';

/** Marks of a record: which points its last byte is to be reported at. */
const SCHEDULED = 1;
const SENT = 2;
const ACKNOWLEDGED = 4;

/** Points as marks. */
export const stampMarks = (points: Readonly<Record<StampPoint, boolean>>): number =>
  (points.scheduled ? SCHEDULED : 0) | (points.sent ? SENT : 0) | (points.acknowledged ? ACKNOWLEDGED : 0);

/** The last byte that was written is the one to be reported (tcp_tx_timestamp). */
export function stampWrite({ queue }: Tcb, marks: number): void {
  const skb = queue.unsent.tail;
  if (!skb || marks === 0) return;
  skb.stampFlags |= marks;
  skb.stampAt = seqAdd(skb.seq, payloadLength(skb) - 1);
}

/** What the record carries as it leaves: of the program's own memory, what stands there now. */
export function payloadOf({ queue }: Tcb, skb: Skb): Uint8Array {
  const view = queue.slice(skb.seq, payloadLength(skb));
  return skb.zerocopy < 0 ? view : view.slice();
}

/** The record leaves, or leaves again. */
export function reportSent({ effects }: Turn, skb: Skb, payload: Uint8Array): void {
  const report = (point: StampPoint): void => void effects.push({ do: 'timestamp', point, key: skb.stampAt, payload });
  if (skb.stampFlags & SCHEDULED) report('scheduled');
  if (skb.stampFlags & SENT) report('sent');
}

/** The record is acknowledged, whole or in part. @param una SND.UNA before */
export function reportAcknowledged({ tcb, effects }: Turn, skb: Skb, una: Seq): void {
  if (!(skb.stampFlags & ACKNOWLEDGED) || seqLt(skb.stampAt, una) || !seqLt(skb.stampAt, tcb.snd.una)) return;
  const payload = tcb.queue.slice(skb.seq, payloadLength(skb));
  effects.push({ do: 'timestamp', point: 'acknowledged', key: skb.stampAt, payload });
}

/** The send that began last has sent nothing (net_zcopy_put_abort). */
export function cancelZerocopy({ zerocopy }: Tcb, number: number): void {
  const shared = zerocopy?.get(number);
  if (shared && shared.last > number) shared.last--;
  else zerocopy?.delete(number);
}

/** The sends whose records stand under this number are complete. */
export const zerocopyDone = (tcb: Tcb, number: number): Extract<Effect, { do: 'zerocopy' }> => ({
  do: 'zerocopy',
  first: number,
  last: tcb.zerocopy?.get(number)?.last ?? number,
  copied: false,
});

/** What one completion may be for (msg_zerocopy_realloc). */
const SHARED_BYTES = 1 << 19;

/**
 * A send with MSG_ZEROCOPY: it shares the completion of the last one while that waits unsent.
 * @returns the number under which its records stand: that of the first send which shares the completion
 */
export function beginZerocopy(tcb: Tcb, number: number, bytes: number): number {
  tcb.zerocopy ??= new Map();
  const before = tcb.queue.unsent.tail?.zerocopy ?? -1;
  const shared = tcb.zerocopy.get(before);
  if (shared && shared.last + 1 === number && shared.bytes + bytes <= SHARED_BYTES) {
    shared.last = number;
    shared.bytes += bytes;
    return before;
  }
  tcb.zerocopy.set(number, { last: number, bytes });
  return number;
}

/** A record is gone: so is its hold on the program's memory, unless another record of the same send is left. */
export function reportFreed({ tcb, effects }: Turn, { zerocopy }: Skb): void {
  if (zerocopy < 0 || holdsZerocopy(tcb, zerocopy)) return;
  effects.push(zerocopyDone(tcb, zerocopy));
  tcb.zerocopy?.delete(zerocopy);
}

/** Whether a record still points into the program's memory of this send: its records stand next to each other. */
export const holdsZerocopy = ({ queue: { sent, unsent } }: Tcb, number: number): boolean =>
  [sent.head, sent.tail, unsent.head, unsent.tail].some((skb) => skb?.zerocopy === number);

/** The connection is over: nothing of what is queued will be sent (tcp_write_queue_purge). */
export function reportPurged({ tcb, effects }: Turn): void {
  const { sent, unsent } = tcb.queue;
  let last = -1;
  for (const list of [sent, unsent]) {
    for (let skb = list.head; skb; skb = skb.next) {
      if (skb.zerocopy >= 0 && skb.zerocopy !== last) effects.push(zerocopyDone(tcb, skb.zerocopy));
      last = skb.zerocopy;
      skb.zerocopy = -1;
    }
  }
}
