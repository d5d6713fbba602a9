/**
 * Bytes that go from one description to another without a copy through the program: sendfile(2), splice(2) (Linux
 * splice.c, tcp.c tcp_splice_read). Nothing here is a copy event: pages change hands.
 */

import { concat } from '../base/bytes.ts';
import type { OpenFile } from '../kernel/file.ts';
import type { Pipe } from '../kernel/pipe.ts';
import type { Reply } from '../kernel/task.ts';
import { apply } from '../kernel/tcp/bridge.ts';
import { available, read } from '../tcp/receive/read.ts';
import { atUrgentMark } from '../tcp/receive/urgent.ts';
import { type Call, type Handler, patience } from './call.ts';
import { CONSTANTS as C } from './signatures.ts';
import { sendFrom } from './transfer.ts';

/** sendfile(2). @param offset undefined: the file's own position, which moves */
export const sendfile: Handler<[out: number, file: number, offset: number | undefined, count: number]> = (
  call,
  args,
) => {
  const [, from, offset, count] = args;
  const source = call.process.fds.get(from);
  const { file } = call;
  if (!file || !source || file.access === 'read' || source.access === 'write') return () => ({ errno: 'EBADF' });
  const { inode } = source;
  if (count === 0) return () => ({ result: 0, out: [null, null, offset ?? null] });
  if (!inode || (offset !== undefined && offset < 0) || count < 0) return () => ({ errno: 'EINVAL' });
  const at = offset ?? source.position;
  const bytes = inode.bytes.slice(at, at + count);
  const attempt = file.socket ? sendFrom(call, bytes, { flags: 0, uncopied: true }) : () => intoFile(call, file, bytes);
  return () => {
    const reply = attempt();
    if (!('result' in reply)) return reply;
    if (offset === undefined) source.position = at + reply.result;
    return { ...reply, out: [null, null, offset === undefined ? null : at + reply.result] };
  };
};

/** Bytes of the kernel's own into a pipe or a regular file. */
function intoFile(call: Call, file: OpenFile, bytes: Uint8Array): Reply {
  if (file.inode) {
    file.inode.write(file.position, bytes);
    file.position += bytes.length;
    return { result: bytes.length };
  }
  return file.pipe ? intoPipe(call, file.pipe, bytes, file.nonblocking) : { errno: 'EINVAL' };
}

function intoPipe(call: Call, pipe: Pipe, bytes: Uint8Array, nonblocking: boolean): Reply {
  if (!pipe.readable) return { errno: 'EPIPE' };
  const fits = Math.min(bytes.length, pipe.room);
  if (fits === 0 && bytes.length > 0) {
    return nonblocking ? { errno: 'EAGAIN' } : { park: [pipe.writers], on: 'room in the pipe' };
  }
  pipe.bytes.push(bytes, 0, fits);
  pipe.changed(call.enter);
  return { result: fits };
}

type SpliceArgs = [
  from: number,
  offFrom: number | undefined,
  to: number,
  offTo: number | undefined,
  length: number,
  flags?: number,
];

/** splice(2): one of the two is a pipe. */
export const splice: Handler<SpliceArgs> = (call, [, offFrom, toFd, offTo, length, flags = 0]) => {
  const from = call.file;
  const to = call.process.fds.get(toFd);
  if (length === 0) return () => ({ result: 0 });
  if (!from || !to || from.access === 'write' || to.access === 'read') return () => ({ errno: 'EBADF' });
  if ((from.pipe && offFrom !== undefined) || (to.pipe && offTo !== undefined)) return () => ({ errno: 'ESPIPE' });
  if (from.pipe) return fromPipe(call, from.pipe, to, length, flags);
  if (to.pipe) return () => toPipe(call, from, to.pipe as Pipe, { at: offFrom, length, flags });
  return () => ({ errno: 'EINVAL' });
};

function fromPipe(call: Call, pipe: Pipe, to: OpenFile, length: number, flags: number): () => Reply {
  const nonblocking = (flags & C.SPLICE_F_NONBLOCK) !== 0;
  let attempt: (() => Reply) | undefined;
  return () => {
    if (!attempt && pipe.bytes.length === 0) {
      if (!pipe.writable) return { result: 0 };
      return nonblocking ? { errno: 'EAGAIN' } : { park: [pipe.readers], on: 'bytes in the pipe' };
    }
    const bytes = new Uint8Array(Math.min(length, pipe.bytes.length));
    if (!attempt) pipe.bytes.peek(0, bytes);
    const more = (flags & C.SPLICE_F_MORE ? C.MSG_MORE : 0) | (nonblocking ? C.MSG_DONTWAIT : 0);
    attempt ??= to.socket
      ? sendFrom({ ...call, file: to }, bytes, { flags: more, uncopied: true })
      : () => intoFile(call, to, bytes);
    const reply = attempt();
    if ('result' in reply) {
      pipe.bytes.drop(reply.result);
      pipe.changed(call.enter);
    }
    return reply;
  };
}

/** From a file or a socket into a pipe; a socket gives what it has, and 0 at the end of the stream. */
function toPipe(
  call: Call,
  from: OpenFile,
  pipe: Pipe,
  what: { at: number | undefined; length: number; flags: number },
): Reply {
  const nonblocking = from.nonblocking || (what.flags & C.SPLICE_F_NONBLOCK) !== 0;
  if (!pipe.readable) return { errno: 'EPIPE' };
  if (pipe.room === 0) return nonblocking ? { errno: 'EAGAIN' } : { park: [pipe.writers], on: 'room in the pipe' };
  const most = Math.min(what.length, pipe.room);
  const { socket, inode } = from;
  if (inode) {
    const at = what.at ?? from.position;
    const reply = intoPipe(call, pipe, inode.bytes.subarray(at, at + most), nonblocking);
    if ('result' in reply && what.at === undefined) from.position += reply.result;
    return reply;
  }
  if (!socket) return { errno: 'EINVAL' };
  const { tcb } = socket;
  if (tcb && available(tcb) > 0 && !atUrgentMark(tcb)) {
    const views: Uint8Array[] = [];
    const { effects } = read(tcb, { length: most, views }, call.host.now);
    apply(call.host, socket, effects);
    return intoPipe(call, pipe, concat(views), nonblocking);
  }
  if (tcb?.finReceived) return { result: 0 };
  const failed = socket.takeError();
  if (failed) return { errno: failed };
  if (socket.receiveShut || socket.over) return { result: 0 };
  if (!tcb || tcb.state === 'CLOSED' || socket.listener) return { errno: 'ENOTCONN' };
  const { waits, until } = patience(call, nonblocking, socket.receiveTimeout);
  // the urgent byte is in the way: waiting would never end
  if (waits && available(tcb) > 0) return { result: 0 };
  return waits ? { park: [socket.readers], on: `data on descriptor ${call.fd}`, until } : { errno: 'EAGAIN' };
}
