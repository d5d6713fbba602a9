/**
 * Descriptors and open file descriptions (open(2) NOTES): a descriptor is a number in one process's table; several may
 * refer to one description, which lives until the last of them is closed.
 */

import type { Socket } from './socket.ts';
import { RLIMIT_NOFILE } from './sysctl.ts';

/** An open file description. */
export interface OpenFile {
  /** The socket, or undefined: a terminal. */
  readonly socket: Socket | undefined;
  /** O_NONBLOCK. */
  nonblocking: boolean;
  /** How many descriptors refer to it. */
  references: number;
}

export class FdTable {
  readonly #files: (OpenFile | undefined)[] = [];
  readonly #limit: number;

  /** @param limit RLIMIT_NOFILE: one more than the highest descriptor. */
  constructor(limit = RLIMIT_NOFILE) {
    this.#limit = limit;
    const terminal: OpenFile = { socket: undefined, nonblocking: false, references: 0 };
    for (let fd = 0; fd < 3; fd++) this.install(terminal);
  }

  get(fd: number): OpenFile | undefined {
    return Number.isInteger(fd) && fd >= 0 ? this.#files[fd] : undefined;
  }

  /** Whether one more descriptor may be opened. */
  get full(): boolean {
    return this.#lowest() >= this.#limit;
  }

  /** Gives `file` the lowest free number. The caller has asked {@link full}. */
  install(file: OpenFile): number {
    const fd = this.#lowest();
    this.#files[fd] = file;
    file.references++;
    return fd;
  }

  /** Frees a number; returns its file. */
  remove(fd: number): OpenFile | undefined {
    const file = this.get(fd);
    if (!file) return undefined;
    this.#files[fd] = undefined;
    file.references--;
    return file;
  }

  /** The descriptors in use, lowest first. */
  *entries(): Generator<[fd: number, file: OpenFile]> {
    for (const [fd, file] of this.#files.entries()) if (file) yield [fd, file];
  }

  #lowest(): number {
    const at = this.#files.indexOf(undefined);
    return at < 0 ? this.#files.length : at;
  }
}
