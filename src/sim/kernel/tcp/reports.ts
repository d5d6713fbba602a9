/**
 * What the kernel tells a program about data that it sent, by the socket's error queue: sends with MSG_ZEROCOPY whose
 * memory is free again, and times of SO_TIMESTAMPING (Linux skbuff.c msg_zerocopy_callback, __skb_tstamp_tx).
 */
import { EMPTY } from '../../base/bytes.ts';
import { errnoNumber } from '../../base/errno.ts';
import { seqDiff } from '../../base/seq.ts';
import { ERRQUEUE, TIMESTAMPING } from '../../base/uapi.ts';
import { cancelZerocopy, holdsZerocopy, stampMarks, zerocopyDone } from '../../tcp/reports.ts';
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

type Done = Extract<Effect, { do: 'zerocopy' }>;

/**
 * Sends with MSG_ZEROCOPY are complete: nobody hears of it when the socket is closed, and a call that is still at it has
 * its own hold on the memory. Loopback and a tun device copy: they hand packets to somebody on this machine, who may keep
 * them (skb_orphan_frags_rx).
 */
export function zeroCopyDone(host: Host, socket: Socket, done: Done): void {
  if (socket.released || socket.zeroCopying === done.first) return;
  const link = host.route(socket.remoteAddr)?.link;
  socket.errors ??= new ErrorQueue();
  const entry = socket.errors.zeroCopied(done.first, done.last, done.copied || link?.offload !== 'cut');
  told(host, socket, entry);
}

/**
 * A call with MSG_ZEROCOPY lets go of the program's memory. `number`: under which its records stand. One that sent nothing
 * gives its number back.
 */
export function zeroCopyEnded(host: Host, socket: Socket, number: number, failed: boolean): void {
  socket.zeroCopying = undefined;
  if (!socket.tcb) return;
  if (failed) {
    socket.zeroCopyNext--;
    cancelZerocopy(socket.tcb, number);
    return;
  }
  if (holdsZerocopy(socket.tcb, number)) return;
  zeroCopyDone(host, socket, zerocopyDone(socket.tcb, number));
}

/** What flags of SO_TIMESTAMPING ask to be told of sent data. */
export const stampsOf = (flags: number): number =>
  flags === 0
    ? 0
    : stampMarks({
        scheduled: (flags & TIMESTAMPING.SOF_TIMESTAMPING_TX_SCHED) !== 0,
        sent: (flags & TIMESTAMPING.SOF_TIMESTAMPING_TX_SOFTWARE) !== 0,
        acknowledged: (flags & TIMESTAMPING.SOF_TIMESTAMPING_TX_ACK) !== 0,
      });

/** SOF_TIMESTAMPING_OPT_ID: numbers count from SND.UNA, or, with OPT_ID_TCP, from the end of what was written. */
export function countStampsFrom(socket: Socket, end: boolean): void {
  socket.timestampBase = end ? socket.tcb?.snd.write : socket.tcb?.snd.una;
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
    payload: alone ? EMPTY : stamp.point === 'acknowledged' ? stamp.payload : (host.lastSent?.bytes() ?? EMPTY),
    time: host.now,
  });
  queueError(host, socket, entry);
}
