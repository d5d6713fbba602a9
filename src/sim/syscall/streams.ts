/** read(2) and write(2) on what is no socket: pipes, regular files, and the terminal, which takes all and gives nothing. */
import { EMPTY } from '../base/bytes.ts';
import type { OpenFile } from '../kernel/file.ts';
import type { Inode } from '../kernel/inode.ts';
import { PIPE_BUF, type Pipe } from '../kernel/pipe.ts';
import type { Reply } from '../kernel/task.ts';
import type { Call } from './call.ts';
import { isNowhere } from './memory.ts';

/** read(2) */
export function readFile(call: Call, file: OpenFile, buf: Uint8Array): () => Reply {
  const { pipe, inode, epoll } = file;
  return () => {
    if (file.access === 'write') return { errno: 'EBADF' };
    if (epoll) return { errno: 'EINVAL' };
    if (pipe) return buf.length === 0 ? { result: 0, data: EMPTY } : readPipe(call, file, pipe, buf);
    return inode ? readInode(call, file, inode, buf) : { result: 0, data: EMPTY };
  };
}

/** write(2) */
export function writeFile(call: Call, file: OpenFile, data: Uint8Array): () => Reply {
  const { pipe, inode, epoll } = file;
  let done = 0;
  return () => {
    if (file.access === 'read') return { errno: 'EBADF' };
    if (epoll) return { errno: 'EINVAL' };
    if (isNowhere(data)) return { errno: 'EFAULT' };
    if (inode) return writeInode(call, file, inode, data);
    if (!pipe || data.length === 0) return { result: data.length };
    const { reply, taken } = writePipe(call, file, pipe, data, done);
    done += taken;
    return reply;
  };
}

const copied = (call: Call, kind: 'copy.in' | 'copy.out', from: number, length: number): void =>
  void call.log.add(kind, call.here, { enter: call.enter, from, length });

function readInode(call: Call, file: OpenFile, inode: Inode, buf: Uint8Array): Reply {
  if (isNowhere(buf) && file.position < inode.bytes.length) return { errno: 'EFAULT' };
  const result = inode.read(file.position, buf);
  file.position += result;
  if (result > 0) copied(call, 'copy.out', 0, result);
  return { result, data: buf.slice(0, result) };
}

function writeInode(call: Call, file: OpenFile, inode: Inode, data: Uint8Array): Reply {
  if (file.append) file.position = inode.bytes.length;
  inode.write(file.position, data);
  file.position += data.length;
  if (data.length > 0) copied(call, 'copy.in', 0, data.length);
  return { result: data.length };
}

/** pipe_read */
function readPipe(call: Call, file: OpenFile, pipe: Pipe, buf: Uint8Array): Reply {
  if (pipe.bytes.length > 0) {
    if (isNowhere(buf)) return { errno: 'EFAULT' };
    const result = pipe.bytes.peek(0, buf);
    pipe.bytes.drop(result);
    copied(call, 'copy.out', 0, result);
    pipe.changed(call.enter);
    return { result, data: buf.slice(0, result) };
  }
  if (!pipe.writable) return { result: 0, data: EMPTY };
  if (file.nonblocking) return { errno: 'EAGAIN' };
  return { park: [pipe.readers], on: `bytes in the pipe of descriptor ${call.fd}` };
}

/** pipe_write: what is no larger than PIPE_BUF goes in as a whole. */
function writePipe(
  call: Call,
  file: OpenFile,
  pipe: Pipe,
  data: Uint8Array,
  done: number,
): { reply: Reply; taken: number } {
  const left = data.length - done;
  const fits = left <= PIPE_BUF && pipe.room < left ? 0 : Math.min(left, pipe.room);
  if (!pipe.readable) return { reply: done > 0 ? { result: done } : { errno: 'EPIPE' }, taken: 0 };
  if (fits > 0) {
    pipe.bytes.push(data, done, done + fits);
    copied(call, 'copy.in', done, fits);
    pipe.changed(call.enter);
  }
  const taken = done + fits;
  if (taken === data.length) return { reply: { result: taken }, taken: fits };
  if (!file.nonblocking)
    return { reply: { park: [pipe.writers], on: `room in the pipe of descriptor ${call.fd}` }, taken: fits };
  return { reply: taken > 0 ? { result: taken } : { errno: 'EAGAIN' }, taken: fits };
}
