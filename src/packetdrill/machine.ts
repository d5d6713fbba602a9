/**
 * The simulated host under test: one host, one link, and at its other end nobody but the script, which sees every packet
 * that leaves and sends what it likes. Time moves only when it is told to.
 */
import { type Time, ZERO } from '../sim/base/time.ts';
import { FdTable } from '../sim/kernel/file.ts';
import { Host } from '../sim/kernel/host.ts';
import { type ProcessState, RunQueue, type Task } from '../sim/kernel/task.ts';
import { Link, type Port } from '../sim/net/link.ts';
import { Scheduler } from '../sim/net/scheduler.ts';
import type { Answer } from '../sim/syscall/call-log.ts';
import { invoke, resume } from '../sim/syscall/dispatch.ts';
import type { CallName } from '../sim/syscall/signatures.ts';
import { Log } from '../sim/trace/log.ts';
import type { Address } from '../sim/wire/address.ts';
import { RawPacket } from '../sim/wire/packet.ts';

/** A packet that the host sent. */
export interface Captured {
  at: Time;
  bytes: Uint8Array;
}

/** A system call on its way. */
export interface Started {
  begin: Time;
  /** Absent while it blocks. */
  answer: Answer | undefined;
  /** When it came back. */
  end: Time;
}

const PID = 100;
const NO_MORE = Number.POSITIVE_INFINITY as Time;

export class Machine {
  readonly log = new Log();
  readonly host: Host;
  readonly process: ProcessState = { pid: PID, name: 'script', fds: new FdTable() };
  /** What the host sent and nobody has looked at yet, oldest first. */
  readonly captured: Captured[] = [];
  readonly #scheduler = new Scheduler();
  readonly #runQueue = new RunQueue();
  readonly #link: Link;
  readonly #peer: Port & { readonly addresses: readonly Address[] };
  #tasks = 0;

  /** @param seed all randomness of the host follows from it */
  constructor({ local, remote, mtu, seed }: { local: Address; remote: Address; mtu: number; seed: number }) {
    const { log } = this;
    let sockets = 0;
    this.host = new Host(0, 'host', [local], {
      log,
      scheduler: this.#scheduler,
      runQueue: this.#runQueue,
      seed,
      nextSocket: () => ++sockets,
    });
    this.#peer = {
      index: 1,
      name: 'peer',
      addresses: [remote],
      arrive: (packet, number) => {
        log.packetArrived(1, 0, number);
        this.captured.push({ at: this.now, bytes: packet.bytes() });
      },
    };
    log.add(
      'host.up',
      { host: 1, cause: -1 },
      {
        name: 'peer',
        address: remote.text,
        address6: remote.family === 6 ? remote.text : '',
        kernel: 'packetdrill script',
      },
    );
    const path = { delay: ZERO, rate: Number.POSITIVE_INFINITY, queue: 1000, loss: 0, mtu, offload: 'whole' as const };
    this.#link = new Link(0, [this.host, this.#peer], path, seed, this.#scheduler, log);
    this.host.links.push(this.#link);
    log.add('process.start', { host: 0, cause: -1 }, { pid: PID, name: 'script' });
  }

  get now(): Time {
    return this.#scheduler.now;
  }

  /** A thread of the one process. */
  newTask(name: string): Task {
    const task: Task = { id: ++this.#tasks, name, process: this.process, call: undefined, woken: undefined };
    this.log.add('task.start', { host: 0, task: task.id, cause: -1 }, { pid: PID, name });
    return task;
  }

  /** Makes a system call, which may block. `line`: where the script makes it. */
  call(task: Task, name: CallName, args: readonly unknown[], line: number): Started {
    this.log.now = this.now;
    const started: Started = { begin: this.now, answer: undefined, end: this.now };
    const position = { cell: 'script', line, column: 1 };
    const done = (answer: Answer) => {
      started.answer = answer;
      started.end = this.now;
    };
    invoke({ host: this.host, process: this.process, task, name, args, position, done });
    this.settle();
    return started;
  }

  /** The peer sends a packet. */
  inject(bytes: Uint8Array): void {
    this.log.now = this.now;
    this.#link.send(this.#peer, new RawPacket(bytes), 0, -1);
    this.settle();
  }

  /** Lets everything happen that happens without time passing. */
  settle(): void {
    this.advance(this.now);
  }

  /** Moves the clock to `until`; everything due by then has happened. */
  advance(until: Time): void {
    if (until > this.now) this.#scheduler.at(until, () => {});
    this.advanceUntil(() => false, until);
  }

  /** Moves the clock until `ready`, or to the last event by `limit`. @returns whether it is ready */
  advanceUntil(ready: () => boolean, limit: Time = NO_MORE): boolean {
    for (;;) {
      if (ready()) return true;
      const task = this.#runQueue.next();
      if (task) {
        resume(this.host, task);
        continue;
      }
      const next = this.#scheduler.peek();
      if (next === undefined || next > limit) return false;
      this.log.now = next;
      this.#scheduler.step();
    }
  }
}
