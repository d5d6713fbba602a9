/**
 * Reading and writing sockets, and what read(2) and write(2) do on everything else (Linux tcp.c tcp_recvmsg_locked,
 * tcp_sendmsg_locked). Every copy between the program's memory and the kernel's is an event.
 */

import { EMPTY } from '../base/bytes.ts';
import type { Errno } from '../base/errno.ts';
import type { Time } from '../base/time.ts';
import type { Socket } from '../kernel/socket.ts';
import type { Reply } from '../kernel/task.ts';
import { apply } from '../kernel/tcp/bridge.ts';
import { logWritten } from '../kernel/tcp/observe.ts';
import { writeSpace } from '../kernel/tcp/readiness.ts';
import { stampsOf, zeroCopyEnded } from '../kernel/tcp/reports.ts';
import { mayWriteEarly } from '../tcp/fast-open.ts';
import { available, readTarget, read as takeBytes } from '../tcp/receive/read.ts';
import { receiveUrgent as takeUrgent } from '../tcp/receive/urgent.ts';
import { beginZerocopy } from '../tcp/reports.ts';
import { memoryFree, type SendFlags, send as tcpSend } from '../tcp/send.ts';
import type { Tcb } from '../tcp/tcb.ts';
import { type Call, type Handler, patience } from './call.ts';
import { awaitConnection } from './connect.ts';
import { opensConnection, openWithData } from './fast-open.ts';
import type { SockAddr } from './kernel.ts';
import { type ControlNumber, gather, isNowhere, type Message, room, scatter } from './memory.ts';
import { CONSTANTS } from './signatures.ts';
import { readFile, writeFile } from './streams.ts';

const { MSG_OOB, MSG_ZEROCOPY, MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC, MSG_MORE, MSG_EOR } = CONSTANTS;

/** read(2): a short count is normal; 0 is the end of the stream. */
export const read: Handler<[fd: number, buf: Uint8Array]> = (call, [, buf]) => {
  const { file } = call;
  if (!file) return () => ({ errno: 'EBADF' });
  if (!file.socket) return readFile(call, file, buf);
  return buf.length === 0 ? () => ({ result: 0, data: EMPTY }) : receiveInto(call, buf, 0, plain);
};

/** readv(2) */
export const readv: Handler<[fd: number, iov: readonly Uint8Array[]]> = (call, [fd, iov]) => {
  const all = room(iov);
  const attempt = read(call, [fd, all]);
  return () => scattered(iov, attempt());
};

/** recv(2), recvfrom(2): unlike read(), a call for no bytes waits for some. */
export const recv: Handler<[fd: number, buf: Uint8Array, flags?: number]> = (call, [, buf, flags = 0]) =>
  receiveInto(call, buf, flags, plain);

/** Lays what came into the buffers of a list. */
export function scattered(iov: readonly Uint8Array[], reply: Reply): Reply {
  if ('data' in reply && reply.data && iov.length > 1) scatter(iov, reply.data);
  return reply;
}

/** What a read that has ended gives: how many bytes, and those of them that were copied. */
export type Finish = (socket: Socket, result: number, data: Uint8Array, pieces?: readonly Uint8Array[]) => Reply;
const plain: Finish = (_, result, data, pieces) => (pieces ? { result, data, pieces } : { result, data });

/** Reads a socket into one buffer (tcp_recvmsg_locked). */
export function receiveInto(call: Call, buf: Uint8Array, flags: number, finish: Finish): () => Reply {
  let done = 0;
  // as the packets brought it: where the log has it already
  const views: Uint8Array[] = [];
  return () => {
    const { file } = call;
    if (!file) return { errno: 'EBADF' };
    const { socket } = file;
    if (!socket) return { errno: 'ENOTSOCK' };
    if (socket.listener) return { errno: 'ENOTCONN' };
    if (flags & MSG_OOB) return receiveUrgent(socket, buf, flags, finish);
    const { tcb } = socket;
    const ended = () =>
      flags & MSG_TRUNC ? finish(socket, done, EMPTY) : finish(socket, done, buf.subarray(0, done), views);
    const queued = tcb ? available(tcb) : 0;

    if (tcb && queued > 0) {
      if (isNowhere(buf) && !(flags & MSG_TRUNC)) return done > 0 ? ended() : { errno: 'EFAULT' };
      const { given, stopped } = take(call, socket, tcb, { buf, done, flags, views });
      done += given;
      if (stopped || done === buf.length) return ended();
    }
    if (tcb?.finReceived && available(tcb) === 0) return ended();
    if (done >= readTarget(socket.opts, buf.length, (flags & MSG_WAITALL) !== 0)) return ended();
    const closed = !socket.deferred && (socket.over || !tcb || tcb.state === 'CLOSED');
    const { waits, until } = patience(call, file.nonblocking || (flags & MSG_DONTWAIT) !== 0, socket.receiveTimeout);
    if (done > 0) {
      if (!waits || socket.error || closed || socket.receiveShut) return ended();
    } else {
      const failed = socket.takeError();
      if (failed) return { errno: failed };
      if (socket.receiveShut || socket.over) return ended();
      if (closed) return { errno: 'ENOTCONN' };
      if (!waits) return { errno: 'EAGAIN' };
    }
    return { park: [socket.readers], on: `data on descriptor ${call.fd}`, until };
  };
}

interface Progress {
  buf: Uint8Array;
  done: number;
  flags: number;
  views: Uint8Array[];
}

/** Takes what is there, behind what the call has already. */
function take(
  call: Call,
  socket: Socket,
  tcb: Tcb,
  { buf, done, flags, views }: Progress,
): { given: number; stopped: boolean } {
  const peek = (flags & MSG_PEEK) !== 0;
  const where = flags & MSG_TRUNC ? { length: buf.length - done } : { into: buf.subarray(done), views };
  const { given, stopped, effects } = takeBytes(tcb, { ...where, peek, offset: peek ? done : 0 }, call.host.now);
  if (!(flags & MSG_TRUNC) && given > 0) {
    call.log.add('copy.out', { ...call.here, sock: socket.id }, { enter: call.enter, from: done, length: given });
  }
  apply(call.host, socket, effects);
  return { given, stopped };
}

/** recv(MSG_OOB): the one urgent byte (tcp_recv_urg). */
function receiveUrgent(socket: Socket, buf: Uint8Array, flags: number, finish: Finish): Reply {
  const { tcb } = socket;
  if (!tcb) return { errno: 'EINVAL' };
  const found = takeUrgent(tcb, (flags & MSG_PEEK) !== 0);
  if (found === 'EINVAL') return { errno: 'EINVAL' };
  if (tcb.state === 'CLOSED' && !tcb.finReceived) return { errno: 'ENOTCONN' };
  if (found === 'end' || found === 'EAGAIN') {
    const ended = found === 'end' || socket.receiveShut || socket.over;
    return ended ? finish(socket, 0, EMPTY) : { errno: 'EAGAIN' };
  }
  if (buf.length === 0) return finish(socket, 0, EMPTY);
  if (flags & MSG_TRUNC) return finish(socket, 1, EMPTY);
  if (isNowhere(buf)) return { errno: 'EFAULT' };
  buf[0] = found.byte;
  return finish(socket, 1, buf.slice(0, 1));
}

/** write(2): a blocking call takes all bytes, however long that lasts. */
export const write: Handler<[fd: number, data: Uint8Array]> = (call, [, data]) => {
  const { file } = call;
  if (!file) return () => ({ errno: 'EBADF' });
  return file.socket ? sendFrom(call, data, { flags: 0 }) : writeFile(call, file, data);
};

/** writev(2) */
export const writev: Handler<[fd: number, iov: readonly Uint8Array[]]> = (call, [fd, iov]) =>
  write(call, [fd, gather(iov)]);

/** send(2), sendto(2) */
export const send: Handler<[fd: number, data: Uint8Array, flags?: number, address?: SockAddr]> = (call, args) => {
  const [, data, flags = 0, address] = args;
  return sendFrom(call, data, { flags, address });
};

/** sendmsg(2) */
export const sendmsg: Handler<[fd: number, message: Message, flags?: number]> = (call, [, message, flags = 0]) =>
  sendFrom(call, gather(message.iov), {
    flags,
    address: message.name,
    pieces: message.iov,
    control: message.control,
  });

/** How bytes are sent. */
export interface Sending {
  flags: number;
  address?: SockAddr | undefined;
  /** The program's buffers, where there is more than one. */
  pieces?: readonly Uint8Array[];
  control?: readonly ControlNumber[];
  /** The bytes are the kernel's own: sendfile() and splice() copy nothing. */
  uncopied?: boolean;
}

/** Writes bytes to a socket (tcp_sendmsg_locked). They are the kernel's own (keptArgs): no program changes them. */
export function sendFrom(call: Call, data: Uint8Array, sending: Sending): () => Reply {
  const { flags } = sending;
  let done = 0;
  /** The call has opened the connection itself, and waits for it: what it says when it may not wait. */
  let opening: Errno | undefined;
  let opened = false;
  /** The number under which the records of a send with MSG_ZEROCOPY stand. */
  let pinned: number | undefined;
  /** What is to be told of the last byte. */
  let stamps = 0;

  return () => {
    const { file } = call;
    if (!file) return { errno: 'EBADF' };
    const { socket } = file;
    if (!socket) return { errno: 'ENOTSOCK' };
    const stamping = stampingOf(socket.timestamping, sending.control ?? []);
    if (stamping === undefined) return { errno: 'EINVAL' };
    stamps = stampsOf(stamping);
    const { waits, until } = patience(call, file.nonblocking || (flags & MSG_DONTWAIT) !== 0, socket.sendTimeout);
    const reply = attempt(socket, waits, until);
    if (pinned !== undefined && !('park' in reply)) zeroCopyEnded(call.host, socket, pinned, 'errno' in reply);
    return reply;
  };

  function attempt(socket: Socket, waits: boolean, until: Time | undefined): Reply {
    if (!opened && opensConnection(socket, flags)) {
      const number = flags & MSG_ZEROCOPY && socket.zeroCopy ? socket.zeroCopyNext : undefined;
      const begun = openWithData(call, socket, data, sending.address, number);
      if ('errno' in begun) return begun;
      done = begun.taken;
      if (number !== undefined && done > 0) pinned = socket.zeroCopying = socket.zeroCopyNext++;
      opening = begun.underWay;
      opened = true;
    }
    if (opening !== undefined) {
      const reply = awaitConnection(call, socket, !waits, opening);
      if ('errno' in reply && done > 0 && reply.errno === 'EINPROGRESS') return { result: done };
      if ('park' in reply && socket.tcb) socket.tcb.writePending = done < data.length;
      if (!('result' in reply)) return reply;
      opening = undefined;
      if (done === data.length) return { result: done };
    }
    const { tcb } = socket;
    const state = tcb?.state ?? 'CLOSED';
    if (state !== 'ESTABLISHED' && state !== 'CLOSE-WAIT' && !(tcb && mayWriteEarly(tcb))) {
      const failed = done > 0 ? undefined : socket.takeError();
      if (failed) return { errno: failed };
      if (!tcb || (state !== 'SYN-SENT' && state !== 'SYN-RECEIVED')) return shorten('EPIPE');
      if (!waits) return { errno: 'EAGAIN' };
      tcb.writePending = true;
      return { park: [socket.writers], on: `the handshake of descriptor ${call.fd}`, until };
    }
    if (!tcb || socket.error || socket.sendShut)
      return done > 0 ? { result: done } : { errno: socket.takeError() ?? 'EPIPE' };
    const taken = enqueue(socket, tcb, waits);
    if (taken === undefined) return shorten('EFAULT');
    done += taken;
    if (done === data.length) return { result: done };
    if (waits) return { park: [socket.writers], on: `room in the send buffer of descriptor ${call.fd}`, until };
    if (tcb.queue.empty) writeSpace(call.host, socket); // wake whoever waits for an edge
    return shorten('EAGAIN');
  }

  /** Takes what fits into the send buffer while TCP sends what it may. @returns undefined for memory that is not there */
  function enqueue(socket: Socket, tcb: Tcb, waits: boolean): number | undefined {
    if (done === data.length) return 0;
    if (isNowhere(data)) return memoryFree(tcb) ? undefined : 0;
    if (flags & MSG_ZEROCOPY && socket.zeroCopy && pinned === undefined) {
      pinned = socket.zeroCopying = beginZerocopy(tcb, socket.zeroCopyNext++, data.length);
    }
    const zerocopy = pinned === undefined ? {} : { zerocopy: pinned, pieces: endsOf(sending.pieces ?? [data]) };
    const asked = { ...sendFlags(flags), ...zerocopy, stamps, waits };
    const { taken, effects } = tcpSend(tcb, data, done, asked, call.host.now);
    if (taken > 0 && !sending.uncopied && pinned === undefined) {
      call.log.add('copy.in', { ...call.here, sock: socket.id }, { enter: call.enter, from: done, length: taken });
    }
    if (taken > 0) logWritten(call.host, socket);
    apply(call.host, socket, effects);
    return taken;
  }

  /** What was done counts before what failed. */
  function shorten(errno: 'EPIPE' | 'EFAULT' | 'EAGAIN'): Reply {
    return done > 0 ? { result: done } : { errno };
  }
}

/** Which points SO_TIMESTAMPING may ask about for one write (SOF_TIMESTAMPING_TX_RECORD_MASK). */
const RECORD =
  CONSTANTS.SOF_TIMESTAMPING_TX_HARDWARE |
  CONSTANTS.SOF_TIMESTAMPING_TX_SOFTWARE |
  CONSTANTS.SOF_TIMESTAMPING_TX_SCHED |
  CONSTANTS.SOF_TIMESTAMPING_TX_ACK;

/** The socket's flags of SO_TIMESTAMPING, or those of control messages (sock_cmsg_send). @returns undefined: EINVAL */
function stampingOf(flags: number, control: readonly ControlNumber[]): number | undefined {
  let asked = flags;
  for (const { level, type, data } of control) {
    if (level !== CONSTANTS.SOL_SOCKET) continue;
    if (type !== CONSTANTS.SO_TIMESTAMPING || data & ~RECORD) return undefined;
    asked = (asked & ~RECORD) | data;
  }
  return asked;
}

/** Where each of a list of buffers ends when they lie one after the other. */
function endsOf(pieces: readonly Uint8Array[]): number[] {
  let end = 0;
  return pieces.map(({ length }) => (end += length));
}

const sendFlags = (flags: number): SendFlags => ({
  more: (flags & MSG_MORE) !== 0,
  eor: (flags & MSG_EOR) !== 0,
  oob: (flags & MSG_OOB) !== 0,
});
