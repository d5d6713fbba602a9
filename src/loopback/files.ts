/**
 * Descriptors on the real kernel: flags, pipes, files, and bytes that go from one to another.
 *
 * The files that cells open are no files of this machine: each path stands for a file in memory (memfd_create(2)), made
 * by O_CREAT and gone with the world.
 */
import { CONSTANTS as C } from '../sim/syscall/signatures.ts';
import {
  type Call,
  type Handler,
  install,
  lastError,
  POLLIN,
  POLLOUT,
  type Reply,
  waitFor,
  withDescriptor,
} from './call.ts';
import { adopt, type Descriptor, LIMIT } from './descriptors.ts';
import type { Libc } from './libc.ts';
import { PollFds } from './waits.ts';

const { O_CREAT, O_EXCL, O_NONBLOCK, O_CLOEXEC, O_APPEND, FD_CLOEXEC } = C;

/** Another real descriptor of the same description, the lowest from `from` on. */
export function copy(call: Call, { real, file }: Descriptor, from: number, closeOnExec: boolean): Reply {
  if (call.process.fds.full) return { errno: 'EMFILE' };
  const second = call.libc.dup(real);
  if (second < 0) return { errno: lastError(call) };
  return { result: install(call, adopt(call.libc, second, file), closeOnExec, from) };
}

export const fcntl: Handler<[fd: number, op: number, arg?: number]> = (call, [fd, op, arg = 0]) =>
  withDescriptor(call, fd, (descriptor) => {
    const { libc } = call;
    const { real, file } = descriptor;
    switch (op) {
      case C.F_DUPFD:
      case C.F_DUPFD_CLOEXEC:
        if (arg < 0 || arg >= LIMIT) return { errno: 'EINVAL' };
        return copy(call, descriptor, arg, op === C.F_DUPFD_CLOEXEC);
      case C.F_GETFD:
        return { result: descriptor.closeOnExec ? FD_CLOEXEC : 0 };
      case C.F_SETFD:
        descriptor.closeOnExec = (arg & FD_CLOEXEC) !== 0;
        return { result: 0 };
      case C.F_GETFL: {
        const flags = libc.fcntl(real, op, 0);
        if (flags < 0) return { errno: lastError(call) };
        return { result: (flags & (3 | O_APPEND)) | (file.nonblocking ? O_NONBLOCK : 0) };
      }
      case C.F_SETFL:
        file.nonblocking = (arg & O_NONBLOCK) !== 0;
        return libc.fcntl(real, op, arg | O_NONBLOCK) < 0 ? { errno: lastError(call) } : { result: 0 };
      default:
        return { errno: 'EINVAL' };
    }
  });

export const ioctl: Handler<[fd: number, op: number, arg?: number]> = (call, [fd, op, arg = 0]) =>
  withDescriptor(call, fd, ({ real, file }) => {
    if (op === C.FIONBIO) {
      file.nonblocking = arg !== 0;
      return { result: 0, out: [null, null, arg] };
    }
    const known: readonly number[] = [C.FIONREAD, C.SIOCOUTQ, C.SIOCOUTQNSD, C.SIOCATMARK];
    if (!known.includes(op)) return { errno: 'ENOTTY' };
    const value = new Int32Array(1);
    if (call.libc.ioctl(real, op, value) < 0) return { errno: lastError(call) };
    return { result: 0, out: [null, null, value[0]] };
  });

const description = (flags: number) => ({ sock: 0, nonblocking: (flags & O_NONBLOCK) !== 0, pending: undefined });

export const pipe2: Handler<[flags: number]> =
  (call, [flags]) =>
  () => {
    if (flags & ~(O_NONBLOCK | O_CLOEXEC)) return { errno: 'EINVAL' };
    const ends = new Int32Array(2);
    if (call.libc.pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return { errno: lastError(call) };
    const fds = [...ends].map((real) =>
      install(call, adopt(call.libc, real, description(flags)), (flags & O_CLOEXEC) !== 0),
    );
    return { result: 0, out: [fds] };
  };

/** Of memfd_create(2). */
const MFD_CLOEXEC = 1;

/** Makes a file in memory, which the path stands for from now on. */
function create(call: Call, path: string): Descriptor {
  const made = adopt(call.libc, call.libc.memfd_create(path, MFD_CLOEXEC), description(0));
  call.process.fds.files.set(path, made);
  return made;
}

export const open: Handler<[path: string, flags: number, mode?: number]> =
  (call, [path, flags, mode = 0]) =>
  () => {
    const known = call.process.fds.files.get(path);
    if (known && flags & O_CREAT && flags & O_EXCL) return { errno: 'EEXIST' };
    if (!known && !(flags & O_CREAT)) return { errno: 'ENOENT' };
    if (call.process.fds.full) return { errno: 'EMFILE' };
    const { real } = known ?? create(call, path);
    const opened = call.libc.open(`/proc/self/fd/${real}`, (flags & ~(O_CREAT | O_EXCL)) | O_CLOEXEC, mode);
    if (opened < 0) return { errno: lastError(call) };
    return { result: install(call, adopt(call.libc, opened, description(flags)), (flags & O_CLOEXEC) !== 0) };
  };

export const lseek: Handler<[fd: number, offset: number, whence: number]> = (call, [fd, offset, whence]) =>
  withDescriptor(call, fd, ({ real }) => {
    const result = call.libc.lseek(real, offset, whence);
    return result < 0 ? { errno: lastError(call) } : { result };
  });

/** An off_t that the kernel reads and moves; null: the file's own. */
const offsetOf = (value: number | undefined): BigInt64Array | null =>
  value === undefined ? null : new BigInt64Array([BigInt(value)]);

type SendfileArgs = [out: number, file: number, offset: number | undefined, count: number];

export const sendfile: Handler<SendfileArgs> = (call, [out, from, offset, count]) => {
  const source = call.process.fds.get(from);
  const at = offsetOf(offset);
  let done = 0;
  return withDescriptor(call, out, (descriptor) => {
    if (!source) return { errno: 'EBADF' };
    const finish = (): Reply => ({ result: done, out: [null, null, at ? Number(at[0]) : null] });
    for (;;) {
      const sent = call.libc.sendfile(descriptor.real, source.real, at, count - done);
      if (sent >= 0) {
        done += sent;
        if (sent === 0 || done >= count) return finish();
        continue;
      }
      const errno = lastError(call);
      if (errno !== 'EAGAIN' || descriptor.file.nonblocking) return done > 0 ? finish() : { errno };
      const waiting = waitFor(call, descriptor, POLLOUT, `room in the send buffer of descriptor ${out}`);
      return 'errno' in waiting && done > 0 ? finish() : waiting;
    }
  });
};

/** Whether something can be read now. */
function readable(libc: Libc, descriptor: Descriptor): boolean {
  const fds = new PollFds([{ descriptor, events: POLLIN }]);
  libc.look(fds.bytes, 1);
  return fds.revents(0) !== 0;
}

type SpliceArgs = [
  from: number,
  offFrom: number | undefined,
  to: number,
  offTo: number | undefined,
  length: number,
  flags?: number,
];

export const splice: Handler<SpliceArgs> = (call, [from, offFrom, to, offTo, length, flags = 0]) => {
  const target = call.process.fds.get(to);
  return withDescriptor(call, from, (source) => {
    if (!target) return { errno: 'EBADF' };
    const result = call.libc.splice(source.real, offsetOf(offFrom), target.real, offsetOf(offTo), length, flags);
    if (result >= 0) return { result };
    const errno = lastError(call);
    const never = (flags & C.SPLICE_F_NONBLOCK) !== 0 || source.file.nonblocking || target.file.nonblocking;
    if (errno !== 'EAGAIN' || never) return { errno };
    if (!readable(call.libc, source)) return waitFor(call, source, POLLIN, `data on descriptor ${from}`);
    return waitFor(call, target, POLLOUT, `room on descriptor ${to}`);
  });
};
