/**
 * Readiness: the bits of poll(2), and who wants to hear when a file's readiness changes.
 *
 * A watcher is told which bits may have come up (0: it must look for itself) and then asks the file; being told too often
 * does no harm, being told too rarely does. Exclusive watchers are told after the others, and only until one of them has
 * woken a thread (Linux wait.c __wake_up_common). Knows neither sockets nor threads.
 */
import { POLL } from '../base/uapi.ts';

/** What sk_data_ready, sk_write_space and sk_error_report tell (Linux sock.c, stream.c). */
export const DATA_READY = POLL.POLLIN | POLL.POLLPRI | POLL.POLLRDNORM | POLL.POLLRDBAND;
export const WRITE_SPACE = POLL.POLLOUT | POLL.POLLWRNORM | POLL.POLLWRBAND;

/** Someone who wants to hear of a file: a thread in poll(), an entry of an epoll. */
export interface Watcher {
  /** Only one such watcher is woken (EPOLLEXCLUSIVE). */
  readonly exclusive: boolean;
  /** @param bits what may have come up; 0: anything. @param cause the event that did it. @returns whether a thread was woken */
  notify(bits: number, cause: number): boolean;
}

/** The watchers of one file, in the order in which they came. */
export class Watchers {
  readonly #all = new Set<Watcher>();

  add(watcher: Watcher): void {
    this.#all.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.#all.delete(watcher);
  }

  /** @param everyone exclusive watchers too, as when a connection's state changes */
  notify(bits: number, cause: number, everyone = false): void {
    if (this.#all.size === 0) return;
    const exclusive: Watcher[] = [];
    for (const watcher of [...this.#all]) {
      if (watcher.exclusive) exclusive.push(watcher);
      else watcher.notify(bits, cause);
    }
    for (const watcher of exclusive) if (watcher.notify(bits, cause) && !everyone) return;
  }
}

/** What a description can be asked for and watched by. */
export interface Pollable {
  /** The bits that are up now. */
  readiness(): number;
  readonly watchers: Watchers;
}
