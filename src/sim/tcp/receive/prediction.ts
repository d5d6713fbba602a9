/**
 * Header prediction (Van Jacobson's "30 instruction TCP receive"; Linux tcp_input.c tcp_rcv_established): a segment that
 * looks as the last one made expect takes a shorter way. The outcome is the same, but for one thing: it is not asked
 * whether the receive buffer has room for it, only whether memory is set aside (memory.ts).
 */
import { seqDiff, seqLe } from '../../base/seq.ts';
import { ACK, PSH, type Segment } from '../../wire/tcp.ts';
import type { Tcb } from '../tcb.ts';

/** A predicted segment takes the short way only while memory for it is set aside. */
export const takesShortWay = ({ rcv }: Tcb, truesize: number): boolean => rcv.predicted && truesize <= rcv.forward;

/** Nothing is out of the ordinary: prediction is on from now on (tcp.h tcp_fast_path_check). */
export function predictAgain({ rcv }: Tcb): void {
  if (rcv.early.length === 0 && rcv.wnd > 0 && rcv.alloc < rcv.limit && rcv.urgent.mark === 'none')
    rcv.prediction = true;
}

/** Looks at a segment before its ACK is processed: `rcv.predicted`. */
export function predict({ rcv, snd, timestamps, state }: Tcb, { flags, window, seq, ack, options }: Segment): void {
  rcv.predicted =
    rcv.prediction &&
    state === 'ESTABLISHED' &&
    (flags & ~PSH) === ACK &&
    window << snd.scale === snd.wnd &&
    seqDiff(seq, rcv.nxt) === 0 &&
    seqLe(ack, snd.nxt) &&
    options.sack === undefined &&
    (options.timestamps === undefined) === !timestamps.on &&
    (options.timestamps === undefined || ((options.timestamps.val - timestamps.recent) | 0) >= 0);
}

/** The peer's window has changed: that is expected from now on, if all else is ordinary (tcp_ack_update_window). */
export function windowChanged(tcb: Tcb): void {
  tcb.rcv.prediction = false;
  predictAgain(tcb);
}
