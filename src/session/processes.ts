/**
 * The processes of the world as cells hold them: the kernel's own calls, with the cell's side of each kept.
 *
 * A system call that blocked fails long after the line that made it is off the stack; here the error is told its line.
 * A call of a run that was given up (stopped, stuck, out of bounds) never comes back, so that no half of a stopped cell
 * goes on during the next one. Threads made by `spawn` outlive the run that made them. Knows either kernel.
 */
import type { Time } from '../sim/base/time.ts';
import type { Calls, Kernel, Position, Process, Spawned, Thread } from '../sim/syscall/kernel.ts';
import type { CellScope } from './cell/scope.ts';

/** Every call of a thread. */
const CALLS: Readonly<Record<keyof Calls, true>> = {
  socket: true,
  bind: true,
  listen: true,
  accept: true,
  connect: true,
  read: true,
  write: true,
  recv: true,
  send: true,
  accept4: true,
  recvfrom: true,
  sendto: true,
  recvmsg: true,
  sendmsg: true,
  readv: true,
  writev: true,
  poll: true,
  select: true,
  epoll_create: true,
  epoll_create1: true,
  epoll_ctl: true,
  epoll_wait: true,
  epoll_pwait: true,
  fcntl: true,
  ioctl: true,
  pipe: true,
  pipe2: true,
  open: true,
  lseek: true,
  sendfile: true,
  splice: true,
  shutdown: true,
  close: true,
  dup: true,
  setsockopt: true,
  getsockopt: true,
  getsockname: true,
  getpeername: true,
  sleep: true,
};

/** The formatter asks an object for its form under this symbol. */
const FORM = Symbol.for('nodejs.util.inspect.custom');

export class Processes {
  /** Calls to the processes by the name of their host. */
  readonly byName: Readonly<Record<string, Process>>;
  readonly #scope: () => Pick<CellScope, 'position' | 'blame'>;
  readonly #kernel: Kernel;
  readonly #faces = new WeakMap<object, Thread>();
  readonly #threadOf = new WeakMap<object, string>();
  /** Raised when a run is given up: what it waits for is waited for no more. */
  #run = 0;

  constructor(kernel: Kernel, scope: () => Pick<CellScope, 'position' | 'blame'>) {
    this.#kernel = kernel;
    this.#scope = scope;
    this.byName = Object.fromEntries(
      [...kernel.processes].map(([name, process]) => [name, this.#face(process, true) as Process]),
    );
  }

  /** Lets virtual time pass for the run that asks. */
  pause(duration: Time): Promise<void> {
    return this.#unlessGivenUp(this.#kernel.pause(duration), this.#scope().position());
  }

  /** What the last run still waits for is never to come back to it. */
  giveUp(): void {
    this.#run++;
  }

  /** The thread that threw this error to its end, or undefined. */
  threadOf(error: unknown): string | undefined {
    return typeof error === 'object' && error !== null ? this.#threadOf.get(error) : undefined;
  }

  #unlessGivenUp<T>(pending: Promise<T>, place: Position | undefined): Promise<T> {
    const run = this.#run;
    return new Promise((resolve, reject) => {
      pending.then(
        (value) => {
          if (run === this.#run) resolve(value);
        },
        (error: unknown) => {
          this.#blame(error, place);
          if (run === this.#run) reject(error);
        },
      );
    });
  }

  async #located<T>(pending: Promise<T>, place: Position | undefined): Promise<T> {
    try {
      return await pending;
    } catch (error) {
      this.#blame(error, place);
      throw error;
    }
  }

  #blame(error: unknown, place: Position | undefined): void {
    if (error instanceof Error) this.#scope().blame(error, place);
  }

  /** @param main its calls belong to the run that makes them */
  #face(thread: Thread, main: boolean): Thread {
    const known = this.#faces.get(thread);
    if (known) return known;
    const face: Record<PropertyKey, unknown> = { name: thread.name };
    this.#faces.set(thread, face as unknown as Thread);
    for (const name of Object.keys(CALLS) as (keyof Calls)[]) {
      const call = thread[name].bind(thread) as (...args: unknown[]) => Promise<unknown>;
      face[name] = (...args: unknown[]) => {
        const place = this.#scope().position();
        const pending = call(...args);
        return main ? this.#unlessGivenUp(pending, place) : this.#located(pending, place);
      };
    }
    if (main) {
      const process = thread as Process;
      const { pid, ip, ip6, host } = process;
      const identity: Omit<Process, keyof Thread | 'spawn'> = { pid, ip, ip6, host };
      Object.assign(face, { ...identity, process: face });
      face.spawn = (name: string, body: (thread: Thread) => Promise<unknown>) => this.#spawn(process, name, body);
      face[FORM] = () => `Process ${process.name} (pid ${process.pid}, ${process.ip})`;
    } else {
      face.process = this.#face(thread.process, true);
      face[FORM] = () => `Thread ${thread.name} of ${thread.process.name}`;
    }
    return Object.freeze(face) as unknown as Thread;
  }

  #spawn(process: Process, name: string, body: (thread: Thread) => Promise<unknown>): Spawned {
    if (typeof name !== 'string' || typeof body !== 'function') {
      throw new TypeError("spawn needs a name and a function: spawn('worker', async (me) => { ... })");
    }
    const spawned = process.spawn(name, async (thread) => {
      try {
        return await body(this.#face(thread, false));
      } catch (error) {
        if (typeof error === 'object' && error !== null) this.#threadOf.set(error, name);
        throw error;
      }
    });
    return Object.freeze({
      name,
      join: () => this.#unlessGivenUp(spawned.join(), this.#scope().position()),
      [FORM]: () => `Spawned ${name}`,
    });
  }
}
