/**
 * Descriptors: the small numbers that a process sees, and the real ones behind them.
 *
 * The cells of all processes run in one real process, whose descriptors are crowded. So each process has a table of its
 * own, which gives out the lowest free number from 3 on, as POSIX wants it and as the simulator does; 0, 1 and 2 are
 * /dev/null. It holds at most as many as a fresh process may open, which keeps a runaway cell from starving the editor.
 *
 * Guarantees that no real descriptor outlives its world. A real descriptor takes its number from a file that Node has
 * opened: Node closes such numbers when a worker thread ends, even one that is terminated in the middle of a cell.
 */
import { closeSync, openSync } from 'node:fs';
import type { Errno } from '../sim/base/errno.ts';
import { CONSTANTS } from '../sim/syscall/signatures.ts';
import type { Libc } from './libc.ts';

const { SOL_SOCKET, SO_LINGER } = CONSTANTS;

/** RLIMIT_NOFILE, the usual soft limit: one more than the highest descriptor. */
export const LIMIT = 1024;
/** struct linger: on, for no time. */
const AT_ONCE = new Int32Array([1, 0]);
/** O_CLOEXEC, for dup3: no program that the editor starts inherits a socket. */
const O_CLOEXEC = 0o2000000;

/** What descriptors of one open file description share, as far as the kernel does not keep it itself. */
export interface Description {
  /** The socket's number in the log; 0: /dev/null. */
  readonly sock: number;
  /** Whether the program asked for O_NONBLOCK. The real description always has it: see calls.ts. */
  nonblocking: boolean;
  /** An error that the kernel gave to a call which had moved bytes before: the next call's. */
  pending: Errno | undefined;
}

/** A real descriptor. Calls hold it while they wait, so that close() by another thread takes nothing from them. */
export class Descriptor {
  readonly real: number;
  readonly file: Description;
  /** FD_CLOEXEC, as the program asked for it: the real one always has it. */
  closeOnExec = false;
  #holders = 1;

  constructor(real: number, file: Description) {
    this.real = real;
    this.file = file;
  }

  hold(): void {
    this.#holders++;
  }

  /** close(2), when nobody holds it any more. */
  release(): void {
    if (--this.#holders === 0) closeSync(this.real);
  }
}

/** Gives a real descriptor a number that Node will close. @throws Error when there is none left */
export function adopt(libc: Libc, real: number, file: Description): Descriptor {
  try {
    const number = openSync('/dev/null', 'r');
    libc.dup3(real, number, O_CLOEXEC);
    return new Descriptor(number, file);
  } finally {
    libc.close(real);
  }
}

/** The descriptors of one process. */
export class FdTable {
  readonly #open: (Descriptor | undefined)[] = [];
  /** The files that open() knows, by path: real descriptors that keep them alive. */
  readonly files = new Map<string, Descriptor>();

  constructor() {
    for (let fd = 0; fd < 3; fd++) {
      this.install(new Descriptor(openSync('/dev/null', 'r+'), { sock: 0, nonblocking: false, pending: undefined }));
    }
  }

  get(fd: number): Descriptor | undefined {
    return Number.isInteger(fd) && fd >= 0 ? this.#open[fd] : undefined;
  }

  /** Whether no further descriptor may be opened: EMFILE. */
  get full(): boolean {
    return this.#lowest(0) >= LIMIT;
  }

  /** Gives a descriptor the lowest free number from `from` on. */
  install(descriptor: Descriptor, from = 0): number {
    const fd = this.#lowest(from);
    this.#open[fd] = descriptor;
    return fd;
  }

  /** Frees a number; its descriptor is closed as soon as no call waits on it. */
  close(fd: number): void {
    const descriptor = this.#open[fd];
    this.#open[fd] = undefined;
    descriptor?.release();
  }

  /**
   * Closes all of them at once, as the end of a world does: connections are reset, so that none lingers in TIME-WAIT and
   * holds its port against the next world.
   */
  closeAll(libc: Libc): void {
    for (const [fd, descriptor] of this.#open.entries()) {
      if (descriptor?.file.sock) libc.setsockopt(descriptor.real, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.byteLength);
      this.close(fd);
    }
    for (const file of this.files.values()) file.release();
    this.files.clear();
  }

  #lowest(from: number): number {
    let fd = from;
    while (this.#open[fd]) fd++;
    return fd;
  }
}
