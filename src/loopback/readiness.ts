/**
 * poll(2), select(2) and epoll(7) on the real kernel: each looks without waiting; what must wait waits with all other
 * threads of the world (waits.ts). select() is made by poll(2), whose answers mean the same to the kernel.
 */

import type { EpollEvent, PollFd } from '../sim/base/structs.ts';
import type { Time } from '../sim/base/time.ts';
import { POLL } from '../sim/base/uapi.ts';
import { CONSTANTS as C } from '../sim/syscall/signatures.ts';
import {
  type Call,
  type Handler,
  install,
  lastError,
  type Park,
  POLLIN,
  type Polled,
  type Reply,
  withDescriptor,
  zeroOr,
} from './call.ts';
import { adopt } from './descriptors.ts';
import { PollFds } from './waits.ts';

/** What is ready of each descriptor. */
function look(call: Call, polls: readonly Polled[]): number[] {
  const fds = new PollFds(polls);
  call.libc.look(fds.bytes, polls.length);
  return polls.map((_, i) => fds.revents(i));
}

/** @returns undefined when the time is over */
function wait(call: Call, polls: readonly Polled[], timeout: number | undefined): Park | undefined {
  const until = timeout === undefined ? undefined : ((call.at + timeout) as Time);
  if (until !== undefined && call.now() >= until) return undefined;
  return { polls, until, on: `${polls.length} ${polls.length === 1 ? 'descriptor' : 'descriptors'} to become ready` };
}

export const poll: Handler<[fds: readonly PollFd[], timeout: number]> =
  (call, [fds, timeout]) =>
  () => {
    const polls: Polled[] = [];
    const at = fds.map(({ fd, events }) => {
      const descriptor = fd < 0 ? undefined : call.process.fds.get(fd);
      return descriptor ? polls.push({ descriptor, events }) - 1 : undefined;
    });
    const found = look(call, polls);
    const revents = fds.map(({ fd }, i) => {
      const k = at[i];
      return k === undefined ? (fd < 0 ? 0 : POLL.POLLNVAL) : (found[k] as number);
    });
    const ready = revents.filter((bits) => bits !== 0).length;
    const parked = ready > 0 ? undefined : wait(call, polls, timeout < 0 ? undefined : timeout * 1e6);
    return parked ?? { result: ready, out: [revents] };
  };

type FdSet = ReadonlySet<number> | undefined;

/** What readiness each of the three sets means (POLLIN_SET, POLLOUT_SET, POLLEX_SET). */
const MEANINGS = [
  POLL.POLLRDNORM | POLL.POLLRDBAND | POLL.POLLIN | POLL.POLLHUP | POLL.POLLERR,
  POLL.POLLWRBAND | POLL.POLLWRNORM | POLL.POLLOUT | POLL.POLLERR,
  POLL.POLLPRI,
] as const;

export const select: Handler<[nfds: number, FdSet, FdSet, FdSet, timeout: Time | undefined]> = (call, args) => () => {
  const [nfds, , , , timeout] = args;
  if (nfds < 0) return { errno: 'EINVAL' };
  const sets = [args[1], args[2], args[3]];
  const asked = sets.flatMap((set, k) => [...(set ?? [])].filter((fd) => fd < nfds).map((fd) => ({ fd, k })));
  const polls: Polled[] = [];
  for (const { fd, k } of asked) {
    const descriptor = call.process.fds.get(fd);
    if (!descriptor) return { errno: 'EBADF' };
    polls.push({ descriptor, events: MEANINGS[k] as number });
  }
  const found = look(call, polls);
  const left = sets.map((_, k) =>
    asked.flatMap((one, i) => (one.k === k && (found[i] as number) & (MEANINGS[k] as number) ? [one.fd] : [])),
  );
  const count = left.flat().length;
  const parked = count > 0 ? undefined : wait(call, polls, timeout);
  return parked ?? { result: count, out: [null, ...left.map((set, k) => (sets[k] ? set : null))] };
};

function createEpoll(call: Call, closeOnExec: boolean): Reply {
  if (call.process.fds.full) return { errno: 'EMFILE' };
  const real = call.libc.epoll_create1(C.EPOLL_CLOEXEC);
  if (real < 0) return { errno: lastError(call) };
  const file = { sock: 0, nonblocking: false, pending: undefined };
  return { result: install(call, adopt(call.libc, real, file), closeOnExec) };
}

export const epollCreate: Handler<[size: number]> =
  (call, [size]) =>
  () =>
    size <= 0 ? { errno: 'EINVAL' } : createEpoll(call, false);

export const epollCreate1: Handler<[flags: number]> =
  (call, [flags]) =>
  () =>
    flags & ~C.EPOLL_CLOEXEC ? { errno: 'EINVAL' } : createEpoll(call, (flags & C.EPOLL_CLOEXEC) !== 0);

/** sizeof(struct epoll_event): packed on x86-64 alone. */
const EVENT = process.arch === 'x64' ? { size: 12, data: 4 } : { size: 16, data: 8 };

export const epollControl: Handler<[epfd: number, op: number, fd: number, event?: EpollEvent]> = (call, args) => {
  const [epfd, op, fd, event] = args;
  return withDescriptor(call, epfd, ({ real }) => {
    const target = call.process.fds.get(fd);
    if (!target) return { errno: event || op === C.EPOLL_CTL_DEL ? 'EBADF' : 'EFAULT' };
    const bytes = new Uint8Array(EVENT.size);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, event?.events ?? 0, true);
    view.setBigInt64(EVENT.data, BigInt(event?.data ?? 0), true);
    return zeroOr(call, call.libc.epoll_ctl(real, op, target.real, event ? bytes : null));
  });
};

export const epollWait: Handler<[epfd: number, maxevents: number, timeout: number]> = (call, [epfd, most, timeout]) =>
  withDescriptor(call, epfd, (descriptor) => {
    const room = Math.max(0, Math.min(most, 1024));
    const bytes = new Uint8Array(Math.max(1, room) * EVENT.size);
    const found = call.libc.epoll_wait(descriptor.real, bytes, most > room ? room : most, 0);
    if (found < 0) return { errno: lastError(call) };
    const view = new DataView(bytes.buffer);
    const events = Array.from(
      { length: found },
      (_, i): EpollEvent => ({
        events: view.getUint32(i * EVENT.size, true),
        data: Number(view.getBigInt64(i * EVENT.size + EVENT.data, true)),
      }),
    );
    const until = timeout < 0 ? undefined : ((call.at + timeout * 1e6) as Time);
    if (found > 0 || (until !== undefined && call.now() >= until)) return { result: found, out: [null, events] };
    return { polls: [{ descriptor, events: POLLIN }], until, on: `events of epoll ${epfd}` };
  });
