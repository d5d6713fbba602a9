/**
 * The second kernel: the same processes, calls and log as the simulator's, answered by the real kernel of this machine
 * over its loopback device. Linux only.
 *
 * Theory of operation. Each host of the topology is one address of 127.0.0.0/8 and one process; all of them live in the
 * one real process. Time is real: nanoseconds of the monotonic clock since the world began. While a cell runs, its code
 * goes as far as it can, then one waiting thread after the other goes on as poll(2) finds its descriptor ready. Between
 * cells the threads stand still; the real kernel does not, and goes on shaking hands and filling buffers.
 *
 * Guarantees: nothing leaves the machine (sockaddr.ts); no call blocks the thread that runs it, or more than one thread
 * of Node's pool; an interrupt is felt within a tick; no descriptor outlives the world (descriptors.ts). The log tells of
 * system calls, descriptors and names alone: what else the kernel does it does not tell (absent.ts).
 */
import { release, type } from 'node:os';
import { human, s, type Time } from '../sim/base/time.ts';
import { checkedDuration } from '../sim/syscall/arguments.ts';
import { beginCell, createProcess, type Stage } from '../sim/syscall/facade.ts';
import type { Hooks, Kernel, Limits, Outcome, Process, SockAddr, Topology } from '../sim/syscall/kernel.ts';
import type { CallName } from '../sim/syscall/signatures.ts';
import { Threads } from '../sim/syscall/threads.ts';
import { Log } from '../sim/trace/log.ts';
import { FdTable } from './descriptors.ts';
import { Dispatcher, type Host, type Task } from './dispatch.ts';
import { type Libc, libc } from './libc.ts';
import { loopbackOnly, standIn } from './sockaddr.ts';
import { pollFor } from './waits.ts';

export { ABSENT } from './absent.ts';

/**
 * How long all threads may wait without a sign of life before a run ends as stuck. Whether anything will ever happen
 * cannot be known of a real kernel; on the loopback device answers take microseconds, and what a full accept queue has
 * dropped is sent again after 1, 2, 4 and 8 seconds.
 */
const SILENCE = s(10);

/** The first process of the first host gets this number, the next host's the next hundred: as in the simulator. */
const FIRST_PID = 100;
/** Hosts are 127.0.0.1, 127.0.0.2, ...: as many as the last byte has room for. */
const MOST_HOSTS = 254;

export interface LoopbackOptions {
  /** Its hosts; links are not asked for, and addresses of 127.0.0.0/8 stand in for those of the topology. */
  topology: Topology;
  hooks: Hooks;
  /** Instead of {@link SILENCE}. */
  silence?: Time;
}

/** The calls that are given an address, and where. */
const ADDRESS_AT: Partial<Record<CallName, number>> = { bind: 1, connect: 1, sendto: 3 };

class Loopback implements Kernel {
  readonly kind = 'loopback';
  readonly log = new Log();
  readonly processes: ReadonlyMap<string, Process>;
  readonly #libc: Libc;
  readonly #hooks: Hooks;
  readonly #topology: Topology;
  readonly #silence: Time;
  readonly #began = process.hrtime.bigint();
  readonly #dispatcher: Dispatcher;
  readonly #threads = new Threads<Task, Host>(this.log);
  readonly #mains: Task[] = [];
  readonly #tables: FdTable[] = [];
  /** Threads that may go on, in their order. */
  readonly #ready: Task[] = [];
  /** Answers of calls that had blocked, and ends of pauses, to be handed out one by one. */
  readonly #answers: (() => void)[] = [];
  #pauses: { due: Time; end: () => void }[] = [];
  #cells = 0;
  #disposed = false;

  constructor(library: Libc, { topology, hooks, silence = SILENCE }: LoopbackOptions) {
    if (topology.hosts.length > MOST_HOSTS) throw new Error(`Real loopback sockets take at most ${MOST_HOSTS} hosts.`);
    this.#libc = library;
    this.#hooks = hooks;
    this.#topology = topology;
    this.#silence = silence;
    this.#dispatcher = new Dispatcher(library, this.log, () => this.now());
    const hosts = topology.hosts.map(({ name }, index): Host => ({ index, name, ip: standIn(index) }));
    for (const { index, name, ip } of hosts) {
      this.log.add(
        'host.up',
        { host: index, cause: -1 },
        { name, address: ip, address6: '::1', kernel: `${type()} ${release()}` },
      );
    }
    this.processes = new Map(hosts.map((host) => [host.name, this.#startProcess(host)]));
  }

  now(): Time {
    return Number(process.hrtime.bigint() - this.#began) as Time;
  }

  pause(duration: Time): Promise<void> {
    return new Promise((end) => {
      this.#pauses.push({ due: (this.now() + checkedDuration(duration)) as Time, end });
    });
  }

  async run(cell: string, body: () => Promise<unknown>, limits: Limits): Promise<Outcome> {
    const { log } = this;
    log.now = this.now();
    const started = log.add('cell.begin', { cause: -1 }, { cell, index: this.#cells++ });
    const outcome = await this.#drive(body, limits, started);
    if (outcome.end !== 'returned' && outcome.end !== 'threw') {
      for (const task of this.#mains) this.#dispatcher.giveUp(task);
    }
    log.now = this.now();
    log.add('cell.end', { cause: started }, { cell, ok: outcome.end === 'returned' ? 1 : 0 });
    return outcome;
  }

  async #drive(body: () => Promise<unknown>, limits: Limits, started: number): Promise<Outcome> {
    const begin = this.now();
    const settled = beginCell(body);
    await this.#hooks.drain();
    let seen = this.log.next;
    let alive = this.now();
    /** Whether the descriptors were asked since a pause has ended: no run of short pauses keeps the threads from going on. */
    let looked = false;
    for (;;) {
      const outcome = settled();
      if (outcome) return this.#threads.failed && outcome.end === 'returned' ? this.#threadError() : outcome;
      if (this.#disposed || this.#hooks.interrupted()) return { end: 'interrupted' };
      if (this.now() - begin > limits.time) return { end: 'limit', what: `${human(limits.time)} of real time` };
      if (this.log.next - started > limits.events) return { end: 'limit', what: `${limits.events} events` };

      const answer = this.#answers.shift();
      if (answer) {
        answer();
        await this.#hooks.drain();
        alive = this.now();
        continue;
      }
      const task = this.#ready.shift();
      if (task) {
        this.#dispatcher.resume(task);
        continue;
      }
      if (looked && this.#endPauses()) {
        looked = false;
        continue;
      }
      await this.#wait();
      looked = true;
      if (this.log.next !== seen || this.#ready.length > 0 || this.#due() !== Number.POSITIVE_INFINITY) {
        seen = this.log.next;
        alive = this.now();
      } else if (this.now() - alive >= this.#silence) {
        return this.#threads.failed ? this.#threadError() : { end: 'stuck', waiting: this.#waiting() };
      }
    }
  }

  #waiting(): string[] {
    return [...this.#threads.waiting(), `and nothing has happened for ${human(this.#silence)}`];
  }

  /**
   * Lets real time pass, until a thread may go on or a tick is over. Who waits for a descriptor goes on before who waits
   * for an instant, so that a program which slept finds done what the network did meanwhile.
   */
  async #wait(): Promise<void> {
    const parked = [...this.#dispatcher.parked];
    const ready = await pollFor(
      this.#libc,
      parked.map(([, park]) => park),
      this.#due() - this.now(),
    );
    const now = this.now();
    const wakes = parked
      .map(([task, park]) => ({ task, park, at: ready.has(park) ? 0 : (park.until ?? now + 1) }))
      .filter(({ task, park, at }) => at <= now && this.#dispatcher.parked.get(task) === park);
    this.#ready.push(...wakes.sort((a, b) => a.at - b.at).map(({ task }) => task));
  }

  /** Ends the pauses that are over. @returns whether there were any */
  #endPauses(): boolean {
    const now = this.now();
    const over = this.#pauses.filter(({ due }) => due <= now).sort((a, b) => a.due - b.due);
    this.#pauses = this.#pauses.filter(({ due }) => due > now);
    for (const { end } of over) this.#answers.push(end);
    return over.length > 0;
  }

  /** The instant at which the first pause or sleep ends; Infinity: there is none. */
  #due(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const pause of this.#pauses) due = Math.min(due, pause.due);
    for (const park of this.#dispatcher.parked.values()) due = Math.min(due, park.until ?? due);
    return due;
  }

  /** An error that a thread threw and nobody waited for. */
  #threadError(): Outcome {
    return { end: 'threw', error: this.#threads.takeError() };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const task of [...this.#dispatcher.parked.keys()]) this.#dispatcher.giveUp(task);
    for (const table of this.#tables) table.closeAll(this.#libc);
  }

  #startProcess(host: Host): Process {
    const owner = { pid: FIRST_PID * (host.index + 1), fds: new FdTable() };
    this.#tables.push(owner.fds);
    this.log.add('process.start', { host: host.index, cause: -1 }, { pid: owner.pid, name: host.name });
    const newTask = (name: string): Task => {
      this.log.now = this.now();
      return this.#threads.start(host, owner.pid, (id) => ({ id, name, host, process: owner, call: undefined }));
    };
    const stage: Stage<Task> = {
      invoke: (task, name, args, done) => {
        if (this.#disposed) throw new Error(`${name}: the world of this cell is closed`);
        this.#dispatcher.invoke(task, name, this.#admitted(name, args, host), this.#hooks.position(), done);
      },
      startThread: newTask,
      endThread: (task, error) => {
        this.log.now = this.now();
        this.#threads.end(task, error);
      },
      joined: (task) => this.#threads.join(task),
      settled: (resolve) => this.#answers.push(resolve),
    };
    const main = newTask(host.name);
    this.#mains.push(main);
    return createProcess(stage, main, { pid: owner.pid, ip: host.ip, ip6: '::1', host: host.name });
  }

  /** The arguments that the real call is made with, and that the log tells. @throws Refused for what leaves the machine */
  #admitted(name: CallName, args: readonly unknown[], host: Host): readonly unknown[] {
    const at = ADDRESS_AT[name];
    const address = at === undefined ? undefined : (args[at] as SockAddr | undefined);
    if (!address) return args;
    const hint = (addr: string): string | undefined => {
      const index = this.#topology.hosts.findIndex(({ address, address6 }) => address === addr || address6 === addr);
      if (index < 0) return undefined;
      const { name } = this.#topology.hosts[index] as { name: string };
      return addr.includes(':') ? `::1, which ${name}.ip6 gives` : `${standIn(index)}, which ${name}.ip gives`;
    };
    return args.with(at as number, loopbackOnly(name, address, host.ip, hint));
  }
}

/**
 * A world on the real kernel.
 * @throws Error where there is no Linux or no koffi; its message is for the reader
 */
export const createLoopback = async (options: LoopbackOptions): Promise<Kernel> => new Loopback(await libc(), options);
