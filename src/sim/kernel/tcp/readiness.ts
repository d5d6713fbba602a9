/**
 * When a TCP socket is ready to be read and written (Linux tcp.c tcp_poll, stream.c, sock.h), and who is told that it has
 * become so: sk_data_ready, sk_write_space, sk_state_change and sk_error_report.
 */
import { type Seq, seqAdd, seqDiff, seqMax } from '../../base/seq.ts';
import { POLL } from '../../base/uapi.ts';
import { noLongerLimitedBy } from '../../tcp/chrono.ts';
import { endOfData } from '../../tcp/output.ts';
import { inputQueued, readable, readTarget } from '../../tcp/receive/read.ts';
import { atUrgentMark } from '../../tcp/receive/urgent.ts';
import { writable } from '../../tcp/send.ts';
import type { Tcb } from '../../tcp/tcb.ts';
import type { Host } from '../host.ts';
import { DATA_READY, WRITE_SPACE } from '../poll.ts';
import type { Socket } from '../socket.ts';

/** SIOCINQ: bytes to read, up to an urgent one. */
export function receiveQueued({ tcb }: Socket): number {
  return tcb && tcb.state !== 'SYN-SENT' && tcb.state !== 'SYN-RECEIVED' ? inputQueued(tcb) : 0;
}

/** SIOCOUTQ: sequence numbers from SND.UNA to the end of what was written, a FIN among them. */
export function unacknowledged({ tcb }: Socket): number {
  return tcb && tcb.state !== 'SYN-SENT' && tcb.state !== 'SYN-RECEIVED' ? seqDiff(writeEnd(tcb), tcb.snd.una) : 0;
}

/** SIOCOUTQNSD: those of them that were never sent. */
export function unsent({ tcb }: Socket): number {
  return tcb && tcb.state !== 'SYN-SENT' && tcb.state !== 'SYN-RECEIVED' ? seqDiff(writeEnd(tcb), tcb.snd.nxt) : 0;
}

/** Linux write_seq. */
const writeEnd = (tcb: Tcb): Seq => seqMax(tcb.snd.nxt, seqAdd(endOfData(tcb), tcb.finQueued ? 1 : 0));

/** SIOCATMARK: the next byte to be read is the urgent one. */
export const atMark = ({ tcb }: Socket): boolean => tcb !== undefined && atUrgentMark(tcb);

/** How many bytes make a socket readable: one more where the next is the urgent one, which is not read. */
const pollTarget = (tcb: Tcb): number =>
  readTarget(tcb.opts, Number.MAX_SAFE_INTEGER, false) + (atUrgentMark(tcb) && !tcb.opts.urgentInline ? 1 : 0);

/** tcp_poll: the bits that are up. Asking whether it can be written makes it tell when it can. */
export function readiness(socket: Socket): number {
  const { tcb, listener } = socket;
  if (listener) return listener.accept.length > 0 ? POLL.POLLIN | POLL.POLLRDNORM : 0;
  if (socket.deferred) return POLL.POLLOUT | POLL.POLLWRNORM;
  const state = tcb?.state ?? 'CLOSED';
  const closed = state === 'CLOSED' || state === 'LISTEN' || state === 'TIME-WAIT';
  const receiveShut = socket.receiveShut || socket.over || (tcb?.finReceived ?? false);
  const sendShut = socket.sendShut || socket.over;
  let bits = 0;
  if (closed || (receiveShut && sendShut)) bits |= POLL.POLLHUP;
  if (receiveShut) bits |= POLL.POLLIN | POLL.POLLRDNORM | POLL.POLLRDHUP;
  if (state !== 'SYN-SENT' && state !== 'SYN-RECEIVED') {
    if (tcb && readable(tcb, pollTarget(tcb))) bits |= POLL.POLLIN | POLL.POLLRDNORM;
    if (sendShut || !tcb || writable(tcb)) bits |= POLL.POLLOUT | POLL.POLLWRNORM;
    else tcb.noSpace = true;
    if (tcb?.rcv.urgent.mark === 'here') bits |= POLL.POLLPRI;
  }
  if (socket.error || (socket.errors?.length ?? 0) > 0) bits |= POLL.POLLERR;
  return bits;
}

/** sk_data_ready: there is enough to read, something urgent, or an end of it. */
export function dataReady(host: Host, socket: Socket): void {
  const { runQueue, log } = host.machine;
  const { tcb } = socket;
  const ended = !tcb || tcb.finReceived || socket.over;
  runQueue.wake(socket.readers, log.cause);
  socket.watchers.notify(ended ? 0 : DATA_READY, log.cause, ended);
}

/** sk_write_space: who found no room hears of it as soon as a third of the buffer is free. */
export function writeSpace(host: Host, socket: Socket): void {
  const { tcb } = socket;
  if (!tcb?.noSpace || !writable(tcb)) return;
  const { runQueue, log } = host.machine;
  tcb.noSpace = false;
  noLongerLimitedBy(tcb, 'send buffer', host.now);
  runQueue.wake(socket.writers, log.cause);
  socket.watchers.notify(WRITE_SPACE, log.cause);
}

/** sk_state_change: everyone looks for themselves. */
export function stateChanged(host: Host, socket: Socket): void {
  const { runQueue, log } = host.machine;
  runQueue.wake(socket.readers, log.cause);
  runQueue.wake(socket.writers, log.cause);
  socket.watchers.notify(0, log.cause, true);
}

/** sk_error_report: the error queue has an entry, or sk_err is set. */
export function errorReport(host: Host, socket: Socket): void {
  socket.watchers.notify(POLL.POLLERR, host.machine.log.cause);
}
