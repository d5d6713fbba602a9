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

/** The watchers of one file, in the order in which they came. Most files have none, and take next to no memory. */
export class Watchers {
  #all: Watcher[] = NOBODY;

  add(watcher: Watcher): void {
    if (this.#all === NOBODY) this.#all = [watcher];
    else this.#all.push(watcher);
  }

  remove(watcher: Watcher): void {
    const at = this.#all.indexOf(watcher);
    if (at >= 0) this.#all.splice(at, 1);
  }

  /** @param everyone exclusive watchers too, as when a connection's state changes */
  notify(bits: number, cause: number, everyone = false): void {
    if (this.#all.length === 0) return;
    const told = [...this.#all]; // who is told may leave
    for (const watcher of told) if (!watcher.exclusive) watcher.notify(bits, cause);
    for (const watcher of told) if (watcher.exclusive && watcher.notify(bits, cause) && !everyone) return;
  }
}

const NOBODY: Watcher[] = [];
