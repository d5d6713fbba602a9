/**
 * What the kernel tells a program about data that it sent, by the socket's error queue: sends with MSG_ZEROCOPY whose
 * memory is free again, and times of SO_TIMESTAMPING (Linux skbuff.c msg_zerocopy_callback, __skb_tstamp_tx).
 */
import { EMPTY } from '../../base/bytes.ts';
import { errnoNumber } from '../../base/errno.ts';
import { seqDiff } from '../../base/seq.ts';
import { ERRQUEUE, TIMESTAMPING } from '../../base/uapi.ts';
import type { Effect, StampPoint } from '../../tcp/turn.ts';
import { type ErrorEntry, ErrorQueue, errorEntry } from '../error-queue.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';
import { errorReport } from './readiness.ts';

const POINTS: Readonly<Record<StampPoint, number>> = {
  scheduled: ERRQUEUE.SCM_TSTAMP_SCHED,
  sent: ERRQUEUE.SCM_TSTAMP_SND,
  acknowledged: ERRQUEUE.SCM_TSTAMP_ACK,
};

/** Queues an entry (sock_queue_err_skb). */
export function queueError(host: Host, socket: Socket, entry: ErrorEntry): void {
  socket.errors ??= new ErrorQueue();
  socket.errors.add(entry);
  told(host, socket, entry);
}

function told(host: Host, socket: Socket, { origin, info, data }: ErrorEntry): void {
  const length = socket.errors?.length ?? 0;
  host.machine.log.add('queue.error', { host: host.index, sock: socket.id }, { origin, info, data, length });
  errorReport(host, socket);
}

/** Sends with MSG_ZEROCOPY are complete: nobody hears of it when the socket is closed. */
export function zeroCopyDone(host: Host, socket: Socket, done: Extract<Effect, { do: 'zerocopy' }>): void {
  if (socket.released) return;
  socket.errors ??= new ErrorQueue();
  const entry = socket.errors.zeroCopied(done.first, done.last, done.copied);
  told(host, socket, entry);
}

/** A time that SO_TIMESTAMPING asked for. */
export function stamped(host: Host, socket: Socket, stamp: Extract<Effect, { do: 'timestamp' }>): void {
  const { timestamping, timestampBase } = socket;
  if (socket.released) return;
  const counts = (timestamping & TIMESTAMPING.SOF_TIMESTAMPING_OPT_ID) !== 0 && timestampBase !== undefined;
  const alone = (timestamping & TIMESTAMPING.SOF_TIMESTAMPING_OPT_TSONLY) !== 0;
  const entry = errorEntry(ERRQUEUE.SO_EE_ORIGIN_TIMESTAMPING, {
    errno: errnoNumber('ENOMSG'),
    info: POINTS[stamp.point],
    data: counts ? seqDiff(stamp.key, timestampBase) >>> 0 : 0,
    payload: alone ? EMPTY : stamp.payload,
    time: host.now,
  });
  queueError(host, socket, entry);
}
