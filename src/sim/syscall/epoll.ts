/** epoll(7) (Linux eventpoll.c): what kernel/epoll.ts does, with the checks and errors of the system calls. */
import { after, ms } from '../base/time.ts';
import { Epoll } from '../kernel/epoll.ts';
import { OpenFile } from '../kernel/file.ts';
import { watchersOf } from '../kernel/pollable.ts';
import type { Reply } from '../kernel/task.ts';
import { type Call, type Handler, installFile } from './call.ts';
import type { EpollEvent } from './kernel.ts';
import { CONSTANTS as C } from './signatures.ts';

/** Beside what to wait for, what EPOLLEXCLUSIVE goes with (EPOLLEXCLUSIVE_OK_BITS). */
const WITH_EXCLUSIVE = C.EPOLLIN | C.EPOLLOUT | C.EPOLLERR | C.EPOLLHUP | C.EPOLLWAKEUP | C.EPOLLET | C.EPOLLEXCLUSIVE;
/** EP_MAX_EVENTS: as many structs as an int can count bytes of. */
const MAX_EVENTS = Math.floor(0x7fffffff / 12);

const open = (call: Call, closeOnExec: boolean): Reply => {
  if (call.process.fds.full) return { errno: 'EMFILE' };
  const epoll = new Epoll(call.host.machine.runQueue);
  return { result: installFile(call, new OpenFile({ epoll }), closeOnExec) };
};

/** epoll_create(2) */
export const create: Handler<[size: number]> =
  (call, [size]) =>
  () =>
    size <= 0 ? { errno: 'EINVAL' } : open(call, false);

/** epoll_create1(2) */
export const create1: Handler<[flags: number]> =
  (call, [flags]) =>
  () =>
    flags & ~C.EPOLL_CLOEXEC ? { errno: 'EINVAL' } : open(call, (flags & C.EPOLL_CLOEXEC) !== 0);

/** epoll_ctl(2) */
export const control: Handler<[epfd: number, op: number, fd: number, event?: EpollEvent]> = (call, args) => () => {
  const [, op, fd, event] = args;
  if (op !== C.EPOLL_CTL_DEL && !event) return { errno: 'EFAULT' };
  const { epoll } = call.file ?? {};
  const file = call.process.fds.get(fd);
  if (!call.file || !file) return { errno: 'EBADF' };
  if (!watchersOf(file)) return { errno: 'EPERM' };
  if (!epoll || file === call.file) return { errno: 'EINVAL' };
  if (event && op !== C.EPOLL_CTL_DEL && event.events & C.EPOLLEXCLUSIVE) {
    if (op === C.EPOLL_CTL_MOD || file.epoll || event.events & ~WITH_EXCLUSIVE) return { errno: 'EINVAL' };
  }
  const known = epoll.has(file, fd);
  switch (op) {
    case C.EPOLL_CTL_ADD:
      if (file.epoll?.watches(epoll)) return { errno: 'ELOOP' };
      if (known) return { errno: 'EEXIST' };
      epoll.add(file, fd, event as EpollEvent, call.enter);
      return { result: 0 };
    case C.EPOLL_CTL_MOD:
      if (!known) return { errno: 'ENOENT' };
      if (epoll.isExclusive(file, fd)) return { errno: 'EINVAL' };
      epoll.change(file, fd, event as EpollEvent, call.enter);
      return { result: 0 };
    case C.EPOLL_CTL_DEL:
      if (!known) return { errno: 'ENOENT' };
      epoll.remove(file, fd);
      return { result: 0 };
    default:
      return { errno: 'EINVAL' };
  }
};

/** epoll_wait(2); ep_poll */
export const wait: Handler<[epfd: number, maxevents: number, timeout: number]> =
  (call, [epfd, maxevents, timeout]) =>
  () => {
    const { file } = call;
    if (maxevents <= 0 || maxevents > MAX_EVENTS) return { errno: 'EINVAL' };
    if (!file) return { errno: 'EBADF' };
    const { epoll } = file;
    if (!epoll) return { errno: 'EINVAL' };
    const events = epoll.report(maxevents, call.enter);
    const until = timeout < 0 ? undefined : after(call.at, ms(timeout));
    if (events.length > 0 || (until !== undefined && call.host.now >= until)) {
      return { result: events.length, out: [null, events] };
    }
    return { park: [epoll.waiters], on: `events of epoll ${epfd}`, until };
  };
