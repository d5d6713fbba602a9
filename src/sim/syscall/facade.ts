/**
 * The awaitable system calls of a process: POSIX in, promises out. This is where a kernel's "done or parked" becomes
 * something that code can await. A thread is in one call at a time, as a thread is. Serves both kernels and knows
 * neither: whoever answers the calls is a {@link Stage}.
 */
import { utf8 } from '../base/bytes.ts';
import type { Time } from '../base/time.ts';
import type { Answer } from './call-log.ts';
import { type Outcome, type Process, type SockAddr, type Spawned, SysError, type Thread } from './kernel.ts';
import type { CallName } from './signatures.ts';
import type { ThreadState } from './threads.ts';

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
  setsockopt = (fd: number, level: number, name: number, value: number) =>
    this.#nothing('setsockopt', [fd, level, name, value]);
  sleep = (duration: Time) => this.#nothing('nanosleep', [duration]);

  accept = async (fd: number, peer?: SockAddr): Promise<number> => {
    const { result, out } = await this.#call('accept', [fd]);
    if (peer) Object.assign(peer, out?.[1]);
    return result;
  };
  getsockopt = async (fd: number, level: number, name: number): Promise<number> =>
    (await this.#call('getsockopt', [fd, level, name])).out?.[3] as number;
  getsockname = async (fd: number): Promise<SockAddr> => (await this.#call('getsockname', [fd])).out?.[1] as SockAddr;
  getpeername = async (fd: number): Promise<SockAddr> => (await this.#call('getpeername', [fd])).out?.[1] as SockAddr;
}

/** A process, and its main thread. */
class CallingProcess<T extends ThreadState> extends CallingThread<T> implements Process {
  readonly pid: number;
  readonly ip: string;
  readonly host: string;

  constructor(stage: Stage<T>, main: T, { pid, ip, host }: Pick<Process, 'pid' | 'ip' | 'host'>) {
    super(stage, main);
    this.pid = pid;
    this.ip = ip;
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
export const createProcess = <T extends ThreadState>(
  stage: Stage<T>,
  main: T,
  identity: Pick<Process, 'pid' | 'ip' | 'host'>,
): Process => new CallingProcess(stage, main, identity);

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

/** A duration to sleep for, in whole nanoseconds. @throws RangeError when it is none */
export function checkedDuration(duration: Time): Time {
  if (Number.isFinite(duration) && duration >= 0) return Math.round(duration) as Time;
  throw new RangeError(`cannot sleep for ${duration}: a duration is made by ms(20), s(1), us(5)`);
}

const plainAddress = (address: SockAddr): SockAddr => {
  if (typeof address?.addr !== 'string' || typeof address.port !== 'number') {
    throw new TypeError(`an address is { addr: '10.0.0.2', port: 80 }, not ${JSON.stringify(address)}`);
  }
  return { addr: address.addr, port: address.port };
};

const buffer = (buf: Uint8Array, call: CallName): Uint8Array => {
  if (!(buf instanceof Uint8Array)) throw new TypeError(`${call}() needs a buffer to fill: buffer(4096)`);
  return buf;
};

const bytesOf = (data: string | Uint8Array, call: CallName): Uint8Array => {
  if (typeof data === 'string') return utf8(data);
  if (!(data instanceof Uint8Array)) throw new TypeError(`${call}() takes text or bytes`);
  return data;
};
