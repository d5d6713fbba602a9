/** Descriptors and what they stand for: closing, copying, flags, pipes, regular files. */
import { FILE } from '../base/uapi.ts';
import { type Access, OpenFile } from '../kernel/file.ts';
import { Inode } from '../kernel/inode.ts';
import { Pipe } from '../kernel/pipe.ts';
import { type Lingering, letGo, lingers, releaseFile } from '../kernel/release.ts';
import type { Socket } from '../kernel/socket.ts';
import type { Reply } from '../kernel/task.ts';
import { atMark, receiveQueued, unacknowledged, unsent } from '../kernel/tcp/readiness.ts';
import { type Call, type Handler, installFile } from './call.ts';

const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK, O_CLOEXEC, FD_CLOEXEC } = FILE;

/** close(2): frees the number; the last reference closes what it stands for, and with SO_LINGER waits for the peer. */
export const close: Handler<[fd: number]> = (call, [fd]) => {
  let lingering: Lingering | undefined;
  return () => {
    const { host, process } = call;
    if (!lingering) {
      const file = process.fds.remove(fd);
      if (!file) return { errno: 'EBADF' };
      call.log.add('fd.close', { ...call.here, sock: file.socket?.id ?? 0 }, { pid: process.pid, fd });
      if (file.references === 0) lingering = releaseFile(host, file);
      if (!lingering) return { result: 0 };
    }
    const { socket, until } = lingering;
    if (lingers(host, lingering)) {
      return {
        park: [socket.writers],
        on: `the peer of descriptor ${fd} to acknowledge everything (SO_LINGER)`,
        until,
      };
    }
    letGo(host, socket);
    return { result: 0 };
  };
};

/** Another descriptor for the same description, the lowest from `from` on. */
function copy(call: Call, from: number, closeOnExec: boolean): Reply {
  const { file } = call;
  if (!file) return { errno: 'EBADF' };
  if (call.process.fds.full) return { errno: 'EMFILE' };
  return { result: installFile(call, file, closeOnExec, from) };
}

/** dup(2) */
export const dup: Handler<[fd: number]> = (call) => () => copy(call, 0, false);

/** What F_GETFL tells. */
const statusFlags = ({ access, append, nonblocking }: OpenFile): number =>
  (access === 'both' ? O_RDWR : access === 'write' ? O_WRONLY : 0) |
  (append ? O_APPEND : 0) |
  (nonblocking ? O_NONBLOCK : 0);

/** fcntl(2) */
export const fcntl: Handler<[fd: number, op: number, arg?: number]> =
  (call, [fd, op, arg = 0]) =>
  () => {
    const { file } = call;
    const { fds } = call.process;
    if (!file) return { errno: 'EBADF' };
    switch (op) {
      case FILE.F_DUPFD:
      case FILE.F_DUPFD_CLOEXEC:
        if (arg < 0 || arg >= fds.limit) return { errno: 'EINVAL' };
        return copy(call, arg, op === FILE.F_DUPFD_CLOEXEC);
      case FILE.F_GETFD:
        return { result: fds.closesOnExec(fd) ? FD_CLOEXEC : 0 };
      case FILE.F_SETFD:
        fds.setCloseOnExec(fd, (arg & FD_CLOEXEC) !== 0);
        return { result: 0 };
      case FILE.F_GETFL:
        return { result: statusFlags(file) };
      case FILE.F_SETFL:
        file.nonblocking = (arg & O_NONBLOCK) !== 0;
        file.append = (arg & O_APPEND) !== 0;
        return { result: 0 };
      default:
        return { errno: 'EINVAL' };
    }
  };

/** What ioctl() tells of a TCP socket (tcp_ioctl). */
/* biome-ignore format: a table */
const COUNTS = new Map<number, (socket: Socket) => number>([
  [FILE.FIONREAD, receiveQueued], [FILE.TIOCOUTQ, unacknowledged], [FILE.SIOCOUTQNSD, unsent],
  [FILE.SIOCATMARK, (socket) => (atMark(socket) ? 1 : 0)],
]);

/** ioctl(2) */
export const ioctl: Handler<[fd: number, op: number, arg?: number]> =
  (call, [, op, arg = 0]) =>
  () => {
    const { file } = call;
    if (!file) return { errno: 'EBADF' };
    const told = (value: number): Reply => ({ result: 0, out: [null, null, value] });
    if (op === FILE.FIONBIO) {
      file.nonblocking = arg !== 0;
      return told(arg);
    }
    const { socket, pipe, inode } = file;
    const count = COUNTS.get(op);
    if (socket && count) return socket.listener && op !== FILE.SIOCATMARK ? { errno: 'EINVAL' } : told(count(socket));
    if (op === FILE.FIONREAD && pipe) return told(pipe.bytes.length);
    if (op === FILE.FIONREAD && inode) return told(inode.bytes.length - file.position);
    return { errno: 'ENOTTY' };
  };

/** pipe2(2) */
export const pipe2: Handler<[flags: number]> =
  (call, [flags]) =>
  () => {
    if (flags & ~(O_NONBLOCK | O_CLOEXEC)) return { errno: 'EINVAL' };
    if (!call.process.fds.hasRoom(2)) return { errno: 'EMFILE' };
    const pipe = new Pipe(call.host.machine.runQueue);
    const ends = (['read', 'write'] as const).map((access) =>
      installFile(call, new OpenFile({ pipe }, (flags & O_NONBLOCK) !== 0, access), (flags & O_CLOEXEC) !== 0),
    );
    return { result: 0, out: [ends] };
  };

/** open(2): a regular file of the host, by its path. */
export const open: Handler<[path: string, flags: number, mode?: number]> =
  (call, [path, flags]) =>
  () => {
    const { files } = call.host;
    let inode = files.get(path);
    if (inode && flags & O_CREAT && flags & O_EXCL) return { errno: 'EEXIST' };
    if (!inode && !(flags & O_CREAT)) return { errno: 'ENOENT' };
    if (call.process.fds.full) return { errno: 'EMFILE' };
    if (!inode) files.set(path, (inode = new Inode()));
    const access: Access = flags & O_RDWR ? 'both' : flags & O_WRONLY ? 'write' : 'read';
    if (flags & O_TRUNC && access !== 'read') inode.bytes = new Uint8Array(0);
    const file = new OpenFile({ inode }, (flags & O_NONBLOCK) !== 0, access);
    file.append = (flags & O_APPEND) !== 0;
    return { result: installFile(call, file, (flags & O_CLOEXEC) !== 0) };
  };

/** lseek(2) */
export const lseek: Handler<[fd: number, offset: number, whence: number]> =
  (call, [, offset, whence]) =>
  () => {
    const { file } = call;
    if (!file) return { errno: 'EBADF' };
    if (!file.inode) return { errno: 'ESPIPE' };
    const origin = [0, file.position, file.inode.bytes.length][whence];
    if (origin === undefined || origin + offset < 0) return { errno: 'EINVAL' };
    file.position = origin + offset;
    return { result: file.position };
  };
