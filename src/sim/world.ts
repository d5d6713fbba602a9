/**
 * A world: hosts, links, one clock, one log, one seed. It is the kernel that cells run against.
 *
 * Theory of operation. While a cell runs, the world lets its code go as far as it can (`drain`), then resumes one woken
 * thread, or else moves the clock to the next event; and so on until the cell's code has settled. One thing at a time,
 * code drained in between: so the order of everything depends on the seed and the cells alone, never on how deep a chain
 * of promises is. Between cells time stands still; what is on its way stays on its way.
 */
import { must } from './base/bug.ts';
import { human, type Time } from './base/time.ts';
import { FdTable } from './kernel/file.ts';
import { Host, type Machine } from './kernel/host.ts';
import { type ProcessState, RunQueue, type Task } from './kernel/task.ts';
import { Link } from './net/link.ts';
import { Scheduler } from './net/scheduler.ts';
import { checkedDuration } from './syscall/arguments.ts';
import { giveUp, invoke, resume } from './syscall/dispatch.ts';
import { beginCell, createProcess, type Stage } from './syscall/facade.ts';
import type { Hooks, Kernel, Limits, Outcome, Process, Topology } from './syscall/kernel.ts';
import { Threads } from './syscall/threads.ts';
import { Log } from './trace/log.ts';
import { type Address, parseAddress } from './wire/address.ts';

export interface WorldOptions {
  /** Unsigned 32 bits: all randomness follows from it. */
  seed: number;
  topology: Topology;
  hooks: Hooks;
  /** The initial sequence number of every connection, in place of the hash and the clock of RFC 6528: to watch it wrap. */
  initialSequence?: number;
  /** false: the log numbers events and keeps none, for worlds that are too large to be looked at. */
  log?: boolean;
  /** How many descriptors a process may have open (RLIMIT_NOFILE); 1024 unless given. */
  openFiles?: number;
}

/** The first process of the first host gets this number, the next host's the next hundred. */
const FIRST_PID = 100;

class World implements Kernel {
  readonly kind = 'simulator';
  readonly log: Log;
  readonly processes: ReadonlyMap<string, Process>;
  readonly #hooks: Hooks;
  readonly #scheduler = new Scheduler();
  readonly #runQueue = new RunQueue();
  /** Answers of calls that had blocked, to be handed out one by one. */
  readonly #answers: (() => void)[] = [];
  readonly #threads: Threads<Task, Host>;
  readonly #openFiles: number | undefined;
  readonly #mains: Task[] = [];
  #cells = 0;

  constructor({ seed, topology, hooks, initialSequence, log = true, openFiles }: WorldOptions) {
    this.#hooks = hooks;
    this.#openFiles = openFiles;
    this.log = new Log({ keep: log });
    this.#threads = new Threads<Task, Host>(this.log);
    let sockets = 0;
    const machine: Machine = {
      log: this.log,
      scheduler: this.#scheduler,
      runQueue: this.#runQueue,
      seed,
      initialSequence,
      nextSocket: () => ++sockets,
    };
    const hosts = new Map<string, Host>();
    for (const [index, { name, address, address6, ...setup }] of topology.hosts.entries()) {
      hosts.set(name, new Host(index, name, addressesOf(name, address, address6), machine, setup));
    }
    for (const [index, { between, ...options }] of topology.links.entries()) {
      const ends = between.map((name) => hosts.get(name));
      const [a, b] = ends;
      must(a && b, `link between unknown hosts: ${between.join(', ')}`);
      const link = new Link(index, [a, b], options, seed, this.#scheduler, this.log);
      a.links.push(link);
      b.links.push(link);
    }
    this.processes = new Map([...hosts].map(([name, host]) => [name, this.#startProcess(name, host)]));
  }

  now(): Time {
    return this.#scheduler.now;
  }

  pause(duration: Time): Promise<void> {
    return new Promise((resolve) => {
      const due = (this.now() + checkedDuration(duration)) as Time;
      this.#scheduler.at(due, () => this.#answers.push(resolve));
    });
  }

  async run(cell: string, body: () => Promise<unknown>, limits: Limits): Promise<Outcome> {
    const { log } = this;
    const started = log.add('cell.begin', { cause: -1 }, { cell, index: this.#cells++ });
    const outcome = await this.#drive(body, limits, started);
    if (outcome.end !== 'returned' && outcome.end !== 'threw') {
      for (const task of this.#mains) giveUp(this.#threads.hostOf(task), task);
    }
    log.now = this.now();
    log.add('cell.end', { cause: started }, { cell, ok: outcome.end === 'returned' ? 1 : 0 });
    return outcome;
  }

  async #drive(body: () => Promise<unknown>, limits: Limits, started: number): Promise<Outcome> {
    const begin = this.now();
    const settled = beginCell(body);
    await this.#hooks.drain();
    for (;;) {
      const outcome = settled();
      if (outcome) return this.#threads.failed && outcome.end === 'returned' ? this.#threadError() : outcome;
      if (this.#hooks.interrupted()) return { end: 'interrupted' };
      if (this.now() - begin > limits.time) return { end: 'limit', what: `${human(limits.time)} of virtual time` };
      if (this.log.next - started > limits.events) return { end: 'limit', what: `${limits.events} events` };

      const answer = this.#answers.shift();
      if (answer) {
        answer();
        await this.#hooks.drain();
        continue;
      }
      const task = this.#runQueue.next();
      if (task) {
        resume(this.#threads.hostOf(task), task);
        continue;
      }
      this.log.now = this.#scheduler.peek() ?? this.log.now;
      if (!this.#scheduler.step())
        return this.#threads.failed ? this.#threadError() : { end: 'stuck', waiting: this.#threads.waiting() };
    }
  }

  /** An error that a thread threw and nobody waited for. */
  #threadError(): Outcome {
    return { end: 'threw', error: this.#threads.takeError() };
  }

  async dispose(): Promise<void> {}

  #startProcess(name: string, host: Host): Process {
    const process: ProcessState = { pid: FIRST_PID * (host.index + 1), name, fds: new FdTable(this.#openFiles) };
    this.log.add('process.start', { host: host.index, cause: -1 }, { pid: process.pid, name });
    const newTask = (taskName: string): Task =>
      this.#threads.start(host, process.pid, (id) => ({
        id,
        name: taskName,
        process,
        call: undefined,
        woken: undefined,
      }));
    const stage: Stage<Task> = {
      invoke: (task, call, args, done) =>
        invoke({ host, process, task, name: call, args, position: this.#hooks.position(), done }),
      startThread: newTask,
      endThread: (task, error) => this.#threads.end(task, error),
      joined: (task) => this.#threads.join(task),
      settled: (resolve) => this.#answers.push(resolve),
    };
    const main = newTask(name);
    this.#mains.push(main);
    const ip = host.addresses[0]?.text ?? '';
    const ip6 = host.addresses.find(({ family }) => family === 6)?.text ?? '';
    return createProcess(stage, main, { pid: process.pid, ip, ip6, host: name });
  }
}

/** The addresses of a host, IPv4 first. @throws SimBug when a text is no address, or there is none */
function addressesOf(host: string, ...texts: readonly (string | undefined)[]): Address[] {
  const addresses = texts.flatMap((text) => {
    if (text === undefined) return [];
    const parsed = parseAddress(text);
    must(parsed !== undefined, `host ${host} has no valid address: ${text}`);
    return [parsed];
  });
  must(addresses.length > 0, `host ${host} has no address`);
  return addresses.sort((a, b) => a.family - b.family);
}

/** A world of simulated hosts. */
export const createSimulator = (options: WorldOptions): Kernel => new World(options);
