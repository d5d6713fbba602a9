/**
 * `world` and `attempt`: what a cell may ask about everything that happened, and a check about the student's run.
 */
import type { Time } from '../sim/base/time.ts';
import type { Kernel } from '../sim/syscall/kernel.ts';
import { factsOf } from '../views/facts.ts';
import { VIEWS } from '../views/text.ts';
import type { View } from '../views/view.ts';
import { Recording } from './recording.ts';

/** The whole run so far, as recordings and as the texts that the usual tools would print. */
export class World extends Recording {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    super(kernel.log);
    this.#kernel = kernel;
  }

  /** Nanoseconds of virtual time since the world began. */
  get now(): Time {
    return this.#kernel.now();
  }

  /** The system calls as strace prints them; of one host, or of all. */
  strace(host?: string): string {
    return this.#text('strace', host);
  }

  /** The packets as tcpdump prints them, captured at a host: the first one, unless named. */
  tcpdump(host?: string): string {
    return this.#text('tcpdump', host);
  }

  /** The sockets as ss prints them; of one host, or of all. */
  ss(host?: string): string {
    return this.#text('ss', host);
  }

  #text(id: 'strace' | 'tcpdump' | 'ss', host: string | undefined): string {
    const { log } = this.#kernel;
    const view: View<unknown> = VIEWS[id];
    const only = host === undefined ? {} : { host: this.#hostNumber(host) };
    return view.text(view.model(log, log.length, { from: 0, ...only }));
  }

  #hostNumber(host: string): number {
    const found = factsOf(this.#kernel.log).hosts.find(({ name }) => name === host);
    if (!found) throw new RangeError(`no host is called '${host}'`);
    return found.host;
  }
}

/** The last run of an exercise's starter or solution, for its check cell. */
export class Attempt extends Recording {
  /** Whether it ended without an error. */
  readonly ok: boolean;
  /** The value of its last expression. */
  readonly value: unknown;
  /** What failed it, as the student saw it; '' when nothing did. */
  readonly error: string;
  /** What it printed. */
  readonly printed: string;

  constructor(
    kernel: Kernel,
    run: { from: number; to: number; ok: boolean; value: unknown; error: string; printed: string },
  ) {
    super(kernel.log, run.from, run.to);
    this.ok = run.ok;
    this.value = run.value;
    this.error = run.error;
    this.printed = run.printed;
  }
}
