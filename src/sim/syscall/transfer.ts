/**
 * Reading and writing: read, recv, write, send (Linux tcp.c tcp_recvmsg_locked, tcp_sendmsg_locked). Every copy between
 * the program's memory and the kernel's is an event.
 */
import { EMPTY } from '../base/bytes.ts';
import type { Socket } from '../kernel/socket.ts';
import type { Reply } from '../kernel/task.ts';
import { apply, logVariables } from '../kernel/tcp/bridge.ts';
import { enqueue, push, receive } from '../tcp/calls.ts';
import { available } from '../tcp/receive/read.ts';
import type { Call, Handler } from './call.ts';
import { CONSTANTS } from './signatures.ts';

const { MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL } = CONSTANTS;

/** read(2) and recv(2): a short count is normal; 0 is the end of the stream. */
export const recv: Handler<[fd: number, buf: Uint8Array, flags: number]> = (call, [fd, buf, flags]) => {
  let done = 0;
  return () => {
    const file = call.process.fds.get(fd);
    if (!file) return { errno: 'EBADF' };
    const { socket } = file;
    if (!socket) return { result: 0, data: EMPTY };
    const finish = (): Reply => ({ result: done, data: buf.slice(0, done) });
    const { tcb } = socket;
    if (!tcb || tcb.state === 'LISTEN') return { errno: 'ENOTCONN' };

    if (available(tcb) > 0 && done < buf.length) {
      const peek = (flags & MSG_PEEK) !== 0;
      const { given, effects } = receive(tcb, buf.subarray(done), peek, call.host.now);
      call.log.add('copy.out', { ...call.here, sock: socket.id }, { enter: call.enter, from: done, length: given });
      done += given;
      apply(call.host, socket, effects);
      if (!(flags & MSG_WAITALL) || peek || done === buf.length) return finish();
    }
    if (done > 0 && (done === buf.length || ended(socket) || socket.error)) return finish();
    if (buf.length === 0) return finish();
    if (done === 0) {
      if (tcb.finReceived) return finish();
      const failed = socket.takeError();
      if (failed) return { errno: failed };
      if (ended(socket)) return finish();
    }
    if (file.nonblocking || flags & MSG_DONTWAIT) return done > 0 ? finish() : { errno: 'EAGAIN' };
    return { park: [socket.readers], on: `data on descriptor ${fd}` };
  };
};

/** Nothing more will come to be read. */
const ended = (socket: Socket): boolean => socket.over || socket.receiveShut || (socket.tcb?.finReceived ?? false);

/** write(2) and send(2): a blocking call takes all bytes, however long that lasts. */
export const send: Handler<[fd: number, data: Uint8Array, flags: number]> = (call, [fd, data, flags]) => {
  let done = 0;
  return () => {
    const file = call.process.fds.get(fd);
    if (!file) return { errno: 'EBADF' };
    const { socket } = file;
    if (!socket) return { result: data.length };
    const waits = !file.nonblocking && !(flags & MSG_DONTWAIT);
    const { tcb } = socket;
    if (socket.error || socket.sendShut || socket.over) {
      if (done > 0) return { result: done };
      return { errno: socket.takeError() ?? 'EPIPE' };
    }
    switch (tcb?.state) {
      case 'SYN-SENT':
      case 'SYN-RECEIVED':
        if (!waits) return { errno: 'EAGAIN' };
        tcb.writePending = true;
        return { park: [socket.writers], on: `the handshake of descriptor ${fd}` };
      case 'ESTABLISHED':
      case 'CLOSE-WAIT':
        break;
      default:
        return { errno: 'EPIPE' };
    }
    done += copyIn(call, socket, data, done);
    if (done === data.length) return { result: done };
    if (!waits) return done > 0 ? { result: done } : { errno: 'EAGAIN' };
    return { park: [socket.writers], on: `room in the send buffer of descriptor ${fd}` };
  };
};

/** Copies what fits into the send buffer, then lets TCP send what it may. */
function copyIn(call: Call, socket: Socket, data: Uint8Array, from: number): number {
  const { tcb } = socket;
  if (!tcb) return 0;
  const length = enqueue(tcb, data, from);
  if (length === 0) return 0;
  call.log.add('copy.in', { ...call.here, sock: socket.id }, { enter: call.enter, from, length });
  logVariables(call.host, socket);
  apply(call.host, socket, push(tcb, call.host.now));
  return length;
}
