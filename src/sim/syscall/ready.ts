/**
 * Waiting for readiness and for time: poll(2), select(2), nanosleep(2) (Linux select.c). Each try asks every descriptor;
 * a thread that must wait watches them all.
 */
import { after, ms, type Time } from '../base/time.ts';
import { POLL } from '../base/uapi.ts';
import type { OpenFile } from '../kernel/file.ts';
import type { Watcher } from '../kernel/poll.ts';
import { readinessOf, watchersOf } from '../kernel/pollable.ts';
import type { Parked, RunQueue, Task, Waitable } from '../kernel/task.ts';
import type { Call, Handler } from './call.ts';
import type { PollFd } from './kernel.ts';

/** A thread that watches a file for some bits. */
class Watch implements Waitable, Watcher {
  readonly exclusive = false;
  readonly #file: OpenFile;
  readonly #bits: number;
  readonly #runQueue: RunQueue;
  #task: Task | undefined;

  constructor(file: OpenFile, bits: number, runQueue: RunQueue) {
    this.#file = file;
    this.#bits = bits;
    this.#runQueue = runQueue;
  }

  add(task: Task): void {
    this.#task = task;
    watchersOf(this.#file)?.add(this);
  }

  remove(): void {
    watchersOf(this.#file)?.remove(this);
  }

  notify(bits: number, cause: number): boolean {
    if (bits !== 0 && !(bits & this.#bits)) return false;
    return this.#task !== undefined && this.#runQueue.ready(this.#task, cause);
  }
}

/** What is asked of one descriptor. */
interface Question {
  file: OpenFile;
  bits: number;
}

const ALWAYS = POLL.POLLERR | POLL.POLLHUP;

/** @returns undefined when the time is over: the call ends with nothing. */
function wait(call: Call, questions: readonly Question[], timeout: Time | undefined): Parked | undefined {
  const { runQueue } = call.host.machine;
  const until = timeout === undefined ? undefined : after(call.at, timeout);
  if (until !== undefined && call.host.now >= until) return undefined;
  const park = questions.map(({ file, bits }) => new Watch(file, bits | ALWAYS, runQueue));
  return {
    park,
    on: `${questions.length} ${questions.length === 1 ? 'descriptor' : 'descriptors'} to become ready`,
    until,
  };
}

/** poll(2) */
export const poll: Handler<[fds: readonly PollFd[], timeout: number]> = (call, [fds, timeout]) => {
  const { fds: table } = call.process;
  return () => {
    const questions: Question[] = [];
    const revents = fds.map(({ fd, events }) => {
      if (fd < 0) return 0;
      const file = table.get(fd);
      if (!file) return POLL.POLLNVAL;
      questions.push({ file, bits: events });
      return readinessOf(file) & (events | ALWAYS);
    });
    const ready = revents.filter((bits) => bits !== 0).length;
    const parked = ready > 0 ? undefined : wait(call, questions, timeout < 0 ? undefined : ms(timeout));
    return parked ?? { result: ready, out: [revents] };
  };
};

type FdSet = ReadonlySet<number> | undefined;

/** What readiness each of select()'s three sets means (POLLIN_SET, POLLOUT_SET, POLLEX_SET). */
const MEANINGS = [
  POLL.POLLRDNORM | POLL.POLLRDBAND | POLL.POLLIN | ALWAYS,
  POLL.POLLWRBAND | POLL.POLLWRNORM | POLL.POLLOUT | POLL.POLLERR,
  POLL.POLLPRI,
];
/** FD_SETSIZE: what the sets of the C library have room for. */
const FD_SETSIZE = 1024;

/** select(2) */
export const select: Handler<[nfds: number, FdSet, FdSet, FdSet, timeout: Time | undefined]> = (call, args) => {
  const [nfds, readfds, writefds, exceptfds, timeout] = args;
  return () => {
    if (nfds < 0) return { errno: 'EINVAL' };
    const questions: Question[] = [];
    const left = [readfds, writefds, exceptfds].map((set, k) => {
      const meaning = MEANINGS[k] as number;
      return [...(set ?? [])].filter((fd) => {
        if (fd >= Math.min(nfds, FD_SETSIZE)) return false;
        const file = call.process.fds.get(fd);
        if (file) questions.push({ file, bits: meaning });
        return !file || (readinessOf(file) & meaning) !== 0;
      });
    });
    if (left.flat().some((fd) => !call.process.fds.get(fd))) return { errno: 'EBADF' };
    const count = left.flat().length;
    const parked = count > 0 ? undefined : wait(call, questions, timeout);
    return parked ?? { result: count, out: [null, ...left.map((set, k) => (args[k + 1] ? set : null))] };
  };
};

/** nanosleep(2) */
export const nanosleep: Handler<[duration: number]> =
  (call, [duration]) =>
  () => {
    if (!Number.isFinite(duration) || duration < 0) return { errno: 'EINVAL' };
    const until = after(call.at, Math.round(duration) as Time);
    return call.host.now >= until ? { result: 0 } : { park: [], on: 'its sleep to end', until };
  };
