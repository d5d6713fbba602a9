/**
 * epoll (Linux eventpoll.c): a set of descriptions to watch, and an ordered list of those that may be ready.
 *
 * Theory of operation. When something happens to a file its watchers are told, and the entry joins the ready list if the
 * news concern it. epoll_wait() walks that list and asks each file what is up now: what is up is reported. A level-triggered
 * entry that was reported goes back to the end of the list, so that the next call asks again; an edge-triggered one leaves
 * it until there is news; a one-shot one is asleep until EPOLL_CTL_MOD. So only news and reports cost anything, never how
 * many files are watched.
 */
import { EPOLL } from '../base/uapi.ts';
import type { OpenFile } from './file.ts';
import { type Watcher, Watchers } from './poll.ts';
import { readinessOf, watchersOf } from './pollable.ts';
import { type RunQueue, WaitQueue } from './task.ts';

const { EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET } = EPOLL;

/** Bits that say how to report, not what (EP_PRIVATE_BITS). */
const PRIVATE = EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET;

/** struct epoll_event: the bits, and the number that the program gave with them. */
export interface ReadyEvent {
  events: number;
  data: number;
}

/** A watched description, under the number by which it was added (struct epitem). */
class Entry implements Watcher {
  readonly epoll: Epoll;
  readonly file: OpenFile;
  readonly fd: number;
  readonly exclusive: boolean;
  events: number;
  data: number;

  constructor(epoll: Epoll, file: OpenFile, fd: number, { events, data }: ReadyEvent) {
    this.epoll = epoll;
    this.file = file;
    this.fd = fd;
    this.exclusive = (events & EPOLLEXCLUSIVE) !== 0;
    this.events = events;
    this.data = data;
  }

  /** What is up of that which it watches (ep_item_poll). */
  up(): number {
    return readinessOf(this.file) & this.events;
  }

  /** ep_poll_callback */
  notify(bits: number, cause: number): boolean {
    const asleep = (this.events & ~PRIVATE) === 0;
    const concerns = !asleep && (bits === 0 || (bits & this.events) !== 0);
    const woken = concerns && this.epoll.becameReady(this, cause);
    if (!this.exclusive) return true;
    if (!woken) return false;
    const way = bits & (EPOLLIN | EPOLLOUT);
    return way === 0 || ((way === EPOLLIN || way === EPOLLOUT) && (this.events & way) !== 0);
  }
}

export class Epoll {
  readonly watchers = new Watchers();
  /** Threads in epoll_wait(). */
  readonly waiters = new WaitQueue();
  readonly #runQueue: RunQueue;
  readonly #entries = new Map<OpenFile, Map<number, Entry>>();
  #ready = new Set<Entry>();

  constructor(runQueue: RunQueue) {
    this.#runQueue = runQueue;
  }

  has(file: OpenFile, fd: number): boolean {
    return this.#find(file, fd) !== undefined;
  }

  /** Whether the entry was added with EPOLLEXCLUSIVE: it cannot be changed. */
  isExclusive(file: OpenFile, fd: number): boolean {
    return this.#find(file, fd)?.exclusive ?? false;
  }

  /** EPOLL_CTL_ADD (ep_insert) */
  add(file: OpenFile, fd: number, event: ReadyEvent, cause: number): void {
    const entry = new Entry(this, file, fd, { ...event, events: event.events | EPOLLERR | EPOLLHUP });
    const entries = this.#entries.get(file);
    if (entries) entries.set(fd, entry);
    else this.#entries.set(file, new Map([[fd, entry]]));
    file.epolls ??= new Set();
    file.epolls.add(this);
    watchersOf(file)?.add(entry);
    if (entry.up() !== 0) this.becameReady(entry, cause);
  }

  /** EPOLL_CTL_MOD (ep_modify) */
  change(file: OpenFile, fd: number, event: ReadyEvent, cause: number): void {
    const entry = this.#find(file, fd) as Entry;
    entry.events = event.events | EPOLLERR | EPOLLHUP;
    entry.data = event.data;
    if (entry.up() !== 0) this.becameReady(entry, cause);
  }

  /** EPOLL_CTL_DEL */
  remove(file: OpenFile, fd: number): void {
    const entries = this.#entries.get(file);
    const entry = entries?.get(fd);
    if (!entries || !entry) return;
    entries.delete(fd);
    if (entries.size === 0) {
      this.#entries.delete(file);
      file.epolls?.delete(this);
    }
    watchersOf(file)?.remove(entry);
    this.#ready.delete(entry);
  }

  /** The last descriptor of a description is closed: it is watched no more (eventpoll_release_file). */
  forget(file: OpenFile): void {
    for (const fd of [...(this.#entries.get(file)?.keys() ?? [])]) this.remove(file, fd);
  }

  /** The epoll itself is closed. */
  close(): void {
    for (const file of [...this.#entries.keys()]) this.forget(file);
  }

  /** @returns whether a thread was woken */
  becameReady(entry: Entry, cause: number): boolean {
    this.#ready.add(entry);
    const woken = !this.waiters.empty;
    this.#runQueue.wake(this.waiters, cause, true);
    this.watchers.notify(EPOLLIN, cause);
    return woken;
  }

  /** Whether one of the list is ready in truth: an epoll can be watched itself (ep_eventpoll_poll). */
  get readable(): boolean {
    for (const entry of this.#ready) {
      if (entry.up() !== 0) return true;
      this.#ready.delete(entry);
    }
    return false;
  }

  /** Reports at most `most` entries (ep_send_events). */
  report(most: number, cause: number): ReadyEvent[] {
    const out: ReadyEvent[] = [];
    const again: Entry[] = [];
    for (const entry of this.#ready) {
      if (out.length >= most) break;
      this.#ready.delete(entry);
      const events = entry.up();
      if (events === 0) continue;
      out.push({ events, data: entry.data });
      if (entry.events & EPOLLONESHOT) entry.events &= PRIVATE;
      else if (!(entry.events & EPOLLET)) again.push(entry);
    }
    for (const entry of again) this.#ready.add(entry);
    if (this.#ready.size > 0) this.#runQueue.wake(this.waiters, cause, true);
    return out;
  }

  /** Whether this epoll watches `other`, itself or by way of epolls that it watches. */
  watches(other: Epoll): boolean {
    for (const { epoll } of this.#entries.keys()) if (epoll && (epoll === other || epoll.watches(other))) return true;
    return false;
  }

  #find(file: OpenFile, fd: number): Entry | undefined {
    return this.#entries.get(file)?.get(fd);
  }
}
