/**
 * The awaitable system calls of a simulated process: POSIX in, promises out. This is where the kernel's "done or
 * parked" becomes something that code can await. A thread is in one call at a time, as a thread is.
 */
import { utf8 } from '../base/bytes.ts';
import type { Time } from '../base/time.ts';
import type { Host } from '../kernel/host.ts';
import type { ProcessState, Task } from '../kernel/task.ts';
import { ip4Text } from '../wire/ipv4.ts';
import { invoke, type Outcome } from './dispatch.ts';
import { type Hooks, type Process, type SockAddr, type Spawned, SysError, type Thread } from './kernel.ts';
import type { CallName } from './signatures.ts';

/** What the facade needs of the world. */
export interface Stage {
  readonly hooks: Hooks;
  newTask(process: ProcessState, host: Host, name: string): Task;
  endTask(host: Host, task: Task, error: unknown): void;
  /** Somebody waits for the end of this thread, and will learn what it threw. */
  joined(task: Task): void;
  /** Code may have been set going that has not run yet: the world lets it run before the next event. */
  settled(resolve: () => void): void;
}

class SimThread implements Thread {
  readonly name: string;
  readonly task: Task;
  protected readonly host_: Host;
  protected readonly stage: Stage;
  #process: Process | undefined;

  constructor(stage: Stage, host: Host, task: Task, process?: Process) {
    this.stage = stage;
    this.host_ = host;
    this.task = task;
    this.name = task.name;
    this.#process = process;
  }

  get process(): Process {
    return this.#process ?? (this as unknown as Process);
  }

  #call(name: CallName, args: readonly unknown[]): Promise<Exclude<Outcome, { errno: unknown }>> {
    const { task, stage } = this;
    if (task.call) {
      const error = new Error(
        `${this.name} is still inside ${task.call.name}(), waiting for ${task.call.on}: a thread waits in one call at a ` +
          `time. Await that call first, or start a second thread with ${this.process.host}.spawn('name', async (me) => { … }).`,
      );
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      let entered = true;
      const deliver = (outcome: Outcome) => {
        if ('errno' in outcome) reject(new SysError(name, outcome.errno));
        else resolve(outcome);
      };
      invoke({
        host: this.host_,
        process: task.process,
        task,
        name,
        args,
        position: stage.hooks.position(),
        // a call that blocked is answered in its own turn, so that two threads woken together run one after the other
        done: (outcome) => (entered ? deliver(outcome) : stage.settled(() => deliver(outcome))),
      });
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
export class SimProcess extends SimThread implements Process {
  readonly pid: number;
  readonly ip: string;
  readonly host: string;

  constructor(stage: Stage, host: Host, task: Task) {
    super(stage, host, task);
    this.pid = task.process.pid;
    this.ip = ip4Text(host.address);
    this.host = host.name;
  }

  spawn<T>(name: string, body: (thread: Thread) => Promise<T>): Spawned<T> {
    const task = this.stage.newTask(this.task.process, this.host_, name);
    const thread = new SimThread(this.stage, this.host_, task, this);
    const ended = Promise.resolve()
      .then(() => body(thread))
      .then(
        (value) => {
          this.stage.endTask(this.host_, task, undefined);
          return value;
        },
        (error: unknown) => {
          this.stage.endTask(this.host_, task, error ?? new Error('undefined was thrown'));
          throw error;
        },
      );
    ended.catch(() => {}); // the world reports it, unless it is joined
    const join = () => {
      this.stage.joined(task);
      return ended;
    };
    return { name, join };
  }
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
