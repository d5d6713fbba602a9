/**
 * The awaitable system calls of a process: POSIX in, promises out. This is where a kernel's "done or parked" becomes
 * something that code can await. A thread is in one call at a time, as a thread is. Serves both kernels and knows
 * neither: whoever answers the calls is a {@link Stage}.
 */
import type { Time } from '../base/time.ts';
import { buffer, buffers, bytesOf, epollEvent, messageOf, pieces, plainAddress, pollList } from './arguments.ts';
import type { Answer } from './call-log.ts';
import {
  type Calls,
  type EpollEvent,
  type MsgHdr,
  type Offset,
  type OptionInput,
  type Outcome,
  type PollFd,
  type Process,
  type SockAddr,
  type Spawned,
  SysError,
  type Thread,
} from './kernel.ts';
import type { CallName } from './signatures.ts';
import type { ThreadState } from './threads.ts';

type SelectArgs = Parameters<Calls['select']> extends [number, ...infer Rest] ? Rest : never;
type SpliceArgs = Parameters<Calls['splice']>;

/** What the facade needs of a kernel whose threads are `T`: one stage per process. */
export interface Stage<T extends ThreadState> {
  /** Makes a call; `done` takes its answer, perhaps before this returns. @throws when it is refused before it is made */
  invoke(thread: T, name: CallName, args: readonly unknown[], done: (answer: Answer) => void): void;
  /** Begins another thread in the process. */
  startThread(name: string): T;
  endThread(thread: T, error: unknown): void;
  /** Somebody waits for the end of this thread, and will learn what it threw. */
  joined(thread: T): void;
  /** Code may have been set going that has not run yet: the kernel lets it run before anything else happens. */
  settled(resolve: () => void): void;
}

class CallingThread<T extends ThreadState> implements Thread {
  readonly name: string;
  protected readonly state: T;
  protected readonly stage: Stage<T>;
  #process: Process | undefined;

  constructor(stage: Stage<T>, state: T, process?: Process) {
    this.stage = stage;
    this.state = state;
    this.name = state.name;
    this.#process = process;
  }

  get process(): Process {
    return this.#process ?? (this as unknown as Process);
  }

  #call(name: CallName, args: readonly unknown[]): Promise<Exclude<Answer, { errno: unknown }>> {
    const { state, stage } = this;
    if (state.call) {
      const error = new Error(
        `${this.name} is still inside ${state.call.name}(), waiting for ${state.call.on}: a thread waits in one call at a ` +
          `time. Await that call first, or start a second thread with ${this.process.host}.spawn('name', async (me) => { … }).`,
      );
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      let entered = true;
      const deliver = (answer: Answer) => {
        if ('errno' in answer) reject(new SysError(name, answer.errno));
        else resolve(answer);
      };
      // a call that blocked is answered in its own turn, so that two threads woken together run one after the other
      stage.invoke(state, name, args, (answer) => (entered ? deliver(answer) : stage.settled(() => deliver(answer))));
      entered = false;
    });
  }

  /** What the call gave and what it filled in. */
  async #filled(name: CallName, args: readonly unknown[]): Promise<{ result: number; out: readonly unknown[] }> {
    const { result, out = [] } = await this.#call(name, args);
    return { result, out };
  }

  async #number(name: CallName, args: readonly unknown[]): Promise<number> {
    return (await this.#call(name, args)).result;
  }

  async #nothing(name: CallName, args: readonly unknown[]): Promise<void> {
    await this.#call(name, args);
  }

  socket = (domain: number, type: number, protocol = 0) => this.#number('socket', [domain, type, protocol]);
  bind = (fd: number, address: SockAddr) => this.#nothing('bind', [fd, plainAddress(address)]);
  listen = (fd: number, backlog: number) => this.#nothing('listen', [fd, backlog]);
  connect = (fd: number, address: SockAddr) => this.#nothing('connect', [fd, plainAddress(address)]);
  read = (fd: number, buf: Uint8Array) => this.#number('read', [fd, buffer(buf, 'read')]);
  recv = (fd: number, buf: Uint8Array, flags = 0) => this.#number('recv', [fd, buffer(buf, 'recv'), flags]);
  write = (fd: number, data: string | Uint8Array) => this.#number('write', [fd, bytesOf(data, 'write')]);
  send = (fd: number, data: string | Uint8Array, flags = 0) => this.#number('send', [fd, bytesOf(data, 'send'), flags]);
  shutdown = (fd: number, how: number) => this.#nothing('shutdown', [fd, how]);
  close = (fd: number) => this.#nothing('close', [fd]);
  dup = (fd: number) => this.#number('dup', [fd]);
  sendto = (fd: number, data: string | Uint8Array, flags = 0, address?: SockAddr) =>
    this.#number('sendto', [fd, bytesOf(data, 'sendto'), flags, address && plainAddress(address)]);
  writev = (fd: number, iov: readonly (string | Uint8Array)[]) => this.#number('writev', [fd, pieces(iov, 'writev')]);
  readv = (fd: number, iov: readonly Uint8Array[]) => this.#number('readv', [fd, buffers(iov, 'readv')]);
  sendmsg = (fd: number, message: MsgHdr, flags = 0) =>
    this.#number('sendmsg', [fd, messageOf(message, pieces(message.iov, 'sendmsg')), flags]);
  epoll_create = (size: number) => this.#number('epoll_create', [size]);
  epoll_create1 = (flags = 0) => this.#number('epoll_create1', [flags]);
  epoll_ctl = (epfd: number, op: number, fd: number, event?: EpollEvent) =>
    this.#nothing('epoll_ctl', [epfd, op, fd, event && epollEvent(event)]);
  fcntl = (fd: number, op: number, arg = 0) => this.#number('fcntl', [fd, op, arg]);
  open = (path: string, flags: number, mode = 0o666) => this.#number('open', [String(path), flags, mode]);
  lseek = (fd: number, offset: number, whence: number) => this.#number('lseek', [fd, offset, whence]);
  setsockopt = (fd: number, level: number, name: number, value: OptionInput) =>
    this.#nothing('setsockopt', [fd, level, name, value instanceof Uint8Array ? [...value] : value]);
  sleep = (duration: Time) => this.#nothing('nanosleep', [duration]);

  accept = async (fd: number, peer?: SockAddr): Promise<number> => {
    const { result, out } = await this.#filled('accept', [fd]);
    if (peer) Object.assign(peer, out[1]);
    return result;
  };
  accept4 = async (fd: number, peer: SockAddr | undefined, flags: number): Promise<number> => {
    const { result, out } = await this.#filled('accept4', [fd, flags]);
    if (peer) Object.assign(peer, out[1]);
    return result;
  };
  recvfrom = async (fd: number, buf: Uint8Array, flags = 0, source?: SockAddr): Promise<number> => {
    const { result, out } = await this.#filled('recvfrom', [fd, buffer(buf, 'recvfrom'), flags]);
    if (source) Object.assign(source, out[4]);
    return result;
  };
  recvmsg = async (fd: number, message: MsgHdr, flags = 0): Promise<number> => {
    const given = messageOf(message, buffers(message.iov, 'recvmsg'));
    const { result, out } = await this.#filled('recvmsg', [fd, given, flags]);
    const { control, flags: told } = out[1] as Required<Pick<MsgHdr, 'control' | 'flags'>>;
    Object.assign(message, { control, flags: told });
    return result;
  };
  poll = async (fds: readonly PollFd[], timeout: number): Promise<number> => {
    const { result, out } = await this.#filled('poll', [pollList(fds), timeout]);
    const revents = out[0] as number[];
    for (const [i, bits] of revents.entries()) (fds[i] as PollFd).revents = bits;
    return result;
  };
  select = async (nfds: number, ...rest: SelectArgs): Promise<number> => {
    const [readfds, writefds, exceptfds, timeout] = rest;
    const sets = [readfds, writefds, exceptfds];
    const { result, out } = await this.#filled('select', [nfds, ...sets.map((set) => set && new Set(set)), timeout]);
    for (const [i, set] of sets.entries()) {
      if (!set) continue;
      set.clear();
      for (const fd of out[i + 1] as number[]) set.add(fd);
    }
    return result;
  };
  epoll_wait = (epfd: number, events: EpollEvent[], maxevents: number, timeout: number) =>
    this.#epoll('epoll_wait', events, [epfd, maxevents, timeout]);
  epoll_pwait = (epfd: number, events: EpollEvent[], maxevents: number, timeout: number) =>
    this.#epoll('epoll_pwait', events, [epfd, maxevents, timeout]);
  ioctl = async (fd: number, op: number, arg = 0): Promise<number> =>
    (await this.#filled('ioctl', [fd, op, arg])).out[2] as number;
  pipe = () => this.pipe2(0);
  pipe2 = async (flags: number) => (await this.#filled('pipe2', [flags])).out[0] as [read: number, write: number];
  sendfile = async (out: number, file: number, offset: Offset | undefined, count: number): Promise<number> => {
    const answer = await this.#filled('sendfile', [out, file, offset?.value, count]);
    if (offset) offset.value = answer.out[2] as number;
    return answer.result;
  };
  splice = async (...args: SpliceArgs): Promise<number> => {
    const [from, offsetFrom, to, offsetTo, length, flags = 0] = args;
    const given = [from, offsetFrom?.value, to, offsetTo?.value, length, flags];
    const { result } = await this.#call('splice', given);
    if (offsetFrom) offsetFrom.value += result;
    if (offsetTo) offsetTo.value += result;
    return result;
  };

  async #epoll(name: 'epoll_wait' | 'epoll_pwait', events: EpollEvent[], args: readonly number[]): Promise<number> {
    const { result, out } = await this.#filled(name, args);
    for (const [i, event] of (out[1] as EpollEvent[]).entries()) events[i] = event;
    return result;
  }

  getsockopt = (async (fd: number, level: number, name: number): Promise<unknown> => {
    const value = (await this.#filled('getsockopt', [fd, level, name])).out[3];
    return Array.isArray(value) ? Uint8Array.from(value) : value;
  }) as Process['getsockopt'];
  getsockname = async (fd: number): Promise<SockAddr> => (await this.#filled('getsockname', [fd])).out[1] as SockAddr;
  getpeername = async (fd: number): Promise<SockAddr> => (await this.#filled('getpeername', [fd])).out[1] as SockAddr;
}

type Identity = Pick<Process, 'pid' | 'ip' | 'ip6' | 'host'>;

/** A process, and its main thread. */
class CallingProcess<T extends ThreadState> extends CallingThread<T> implements Process {
  readonly pid: number;
  readonly ip: string;
  readonly ip6: string;
  readonly host: string;

  constructor(stage: Stage<T>, main: T, { pid, ip, ip6, host }: Identity) {
    super(stage, main);
    this.pid = pid;
    this.ip = ip;
    this.ip6 = ip6;
    this.host = host;
  }

  spawn<R>(name: string, body: (thread: Thread) => Promise<R>): Spawned<R> {
    const { stage } = this;
    const state = stage.startThread(name);
    const thread = new CallingThread(stage, state, this);
    const ended = Promise.resolve()
      .then(() => body(thread))
      .then(
        (value) => {
          stage.endThread(state, undefined);
          return value;
        },
        (error: unknown) => {
          stage.endThread(state, error ?? new Error('undefined was thrown'));
          throw error;
        },
      );
    ended.catch(() => {}); // the kernel reports it, unless it is joined
    const join = () => {
      stage.joined(state);
      return ended;
    };
    return { name, join };
  }
}

/** A process whose calls `stage` answers. @param main its main thread */
export const createProcess = <T extends ThreadState>(stage: Stage<T>, main: T, identity: Identity): Process =>
  new CallingProcess(stage, main, identity);

/** Begins a cell's code. @returns a function that tells how it has ended; undefined while it has not */
export function beginCell(body: () => Promise<unknown>): () => Outcome | undefined {
  let settled: Outcome | undefined;
  body().then(
    (value) => {
      settled = { end: 'returned', value };
    },
    (error: unknown) => {
      settled = { end: 'threw', error };
    },
  );
  return () => settled;
}
