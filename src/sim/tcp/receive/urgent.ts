/**
 * Urgent data (RFC 9293 section 3.8.5, RFC 6093), as far as Linux keeps it: one byte, the last one that an urgent pointer
 * named. It is taken out of the stream and read by itself, or stays where it is (SO_OOBINLINE); a read stops before it.
 */
import { seqAdd, seqDiff, seqLe, seqLt } from '../../base/seq.ts';
import { type Segment, SYN, URG } from '../../wire/tcp.ts';
import type { Tcb } from '../tcb.ts';
import { note, type Turn, wakeReaders } from '../turn.ts';
import { uncharge } from './memory.ts';
import { predictAgain } from './prediction.ts';

/** Sixth check: the URG bit (tcp_input.c tcp_urg). */
export function urgentPointer(turn: Turn, segment: Segment): void {
  const { rcv } = turn.tcb;
  if (segment.flags & URG) announce(turn, segment);
  const { urgent } = rcv;
  if (urgent.mark !== 'announced') return;
  const at = seqDiff(urgent.seq, segment.seq) - (segment.flags & SYN ? 1 : 0);
  if (at < 0 || at >= segment.payload.length) return;
  urgent.mark = 'here';
  urgent.byte = segment.payload[at] as number;
  wakeReaders(turn);
}

/** A pointer that tells something new (tcp_check_urg). */
function announce(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  const { rcv } = tcb;
  const { urgent } = rcv;
  const back = segment.urgent > 0 && !tcb.settings.receive.stdUrg ? 1 : 0;
  const at = seqAdd(segment.seq, segment.urgent - back);
  if (seqLt(at, rcv.copied) || seqLt(at, rcv.nxt)) return;
  if (urgent.mark !== 'none' && seqLe(at, urgent.seq)) return;
  note(turn, 'urgent data is announced', '9293 3.8.5', 'tcp_input.c tcp_check_urg');
  if (seqDiff(urgent.seq, rcv.copied) === 0 && urgent.mark !== 'none' && !tcb.opts.urgentInline) {
    // the last byte read was urgent too: it is not data any more
    if (seqDiff(rcv.copied, rcv.nxt) !== 0) skipByte(tcb);
  }
  urgent.mark = 'announced';
  urgent.seq = at;
  rcv.prediction = false;
}

/** The next byte to be read is not read at all. */
function skipByte(tcb: Tcb): void {
  const { rcv } = tcb;
  rcv.copied = seqAdd(rcv.copied, 1);
  const first = rcv.queue.first();
  if (first && seqLe(first.end, rcv.copied)) {
    rcv.queue.shift();
    uncharge(tcb, first.truesize);
  }
}

/** SIOCATMARK: the next byte to be read is the urgent one (tcp.c tcp_ioctl). */
export const atUrgentMark = ({ rcv }: Tcb): boolean =>
  rcv.urgent.mark !== 'none' && seqDiff(rcv.urgent.seq, rcv.copied) === 0;

/**
 * recv(MSG_OOB): takes the urgent byte, or looks at it with `peek`; it never waits (tcp.c tcp_recv_urg). EINVAL: there is
 * none, or it was read, or it is in the stream. EAGAIN: it was announced and has not come.
 */
export function receiveUrgent(
  { rcv, opts, finReceived }: Tcb,
  peek: boolean,
): { byte: number } | 'EINVAL' | 'EAGAIN' | 'end' {
  const { urgent } = rcv;
  if (opts.urgentInline || urgent.mark === 'none' || urgent.mark === 'read') return 'EINVAL';
  if (urgent.mark === 'announced') return finReceived ? 'end' : 'EAGAIN';
  if (!peek) urgent.mark = 'read';
  return { byte: urgent.byte };
}

/** A read has passed the urgent byte: it is over (end of tcp_recvmsg_locked's loop). */
export function passUrgent(tcb: Tcb): void {
  const { urgent, copied } = tcb.rcv;
  if (urgent.mark === 'none' || !seqLt(urgent.seq, copied)) return;
  urgent.mark = 'none';
  predictAgain(tcb);
}
