/**
 * Descriptors and open file descriptions (open(2) NOTES): a descriptor is a number in one process's table; several may
 * refer to one description, which lives until the last of them is closed. What is read and written is the business of
 * whoever stands behind the description.
 */
import type { Epoll } from './epoll.ts';
import type { Inode } from './inode.ts';
import type { Pipe } from './pipe.ts';
import type { Socket } from './socket.ts';
import { RLIMIT_NOFILE } from './sysctl.ts';

/** What an open file description stands for; a terminal when nothing of it is given. */
export interface Backing {
  readonly socket?: Socket;
  readonly epoll?: Epoll;
  /** One end of a pipe: `access` tells which. */
  readonly pipe?: Pipe;
  /** A regular file. */
  readonly inode?: Inode;
}

/** O_RDONLY, O_WRONLY, O_RDWR. */
export type Access = 'read' | 'write' | 'both';

/** An open file description. */
export class OpenFile {
  readonly socket: Socket | undefined;
  readonly epoll: Epoll | undefined;
  readonly pipe: Pipe | undefined;
  readonly inode: Inode | undefined;
  readonly access: Access;
  /** O_NONBLOCK. */
  nonblocking: boolean;
  /** O_APPEND. */
  append = false;
  /** Where the next read or write of a regular file begins. */
  position = 0;
  /** How many descriptors refer to it, and blocked calls. */
  references = 0;
  /** The epolls that watch it; undefined while none ever did. */
  epolls: Set<Epoll> | undefined;

  constructor(backing: Backing, nonblocking = false, access: Access = 'both') {
    this.socket = backing.socket;
    this.epoll = backing.epoll;
    this.pipe = backing.pipe;
    this.inode = backing.inode;
    this.access = access;
    this.nonblocking = nonblocking;
  }
}

export class FdTable {
  readonly #files: (OpenFile | undefined)[] = [];
  /** Descriptors with FD_CLOEXEC. */
  readonly #closeOnExec = new Set<number>();
  /** RLIMIT_NOFILE. */
  readonly limit: number;
  /** No number below it is free (Linux next_fd). */
  #next = 0;

  /** @param limit RLIMIT_NOFILE: one more than the highest descriptor. */
  constructor(limit = RLIMIT_NOFILE) {
    this.limit = limit;
    const terminal = new OpenFile({});
    for (let fd = 0; fd < 3; fd++) this.install(terminal);
  }

  get(fd: number): OpenFile | undefined {
    return Number.isInteger(fd) && fd >= 0 ? this.#files[fd] : undefined;
  }

  /** Whether one more descriptor may be opened. */
  get full(): boolean {
    return this.#lowest(0) >= this.limit;
  }

  /** Whether `count` more descriptors may be opened. */
  hasRoom(count: number): boolean {
    let free = this.limit - this.#files.length;
    for (const file of this.#files) if (!file) free++;
    return free >= count;
  }

  /** Gives `file` the lowest free number from `from` on. The caller has asked whether there is room. */
  install(file: OpenFile, closeOnExec = false, from = 0): number {
    const fd = this.#lowest(from);
    this.#files[fd] = file;
    if (fd === this.#next) this.#next++;
    this.setCloseOnExec(fd, closeOnExec);
    file.references++;
    return fd;
  }

  /** Frees a number; returns its file. */
  remove(fd: number): OpenFile | undefined {
    const file = this.get(fd);
    if (!file) return undefined;
    this.#files[fd] = undefined;
    this.#closeOnExec.delete(fd);
    this.#next = Math.min(this.#next, fd);
    file.references--;
    return file;
  }

  closesOnExec(fd: number): boolean {
    return this.#closeOnExec.has(fd);
  }

  setCloseOnExec(fd: number, on: boolean): void {
    if (on) this.#closeOnExec.add(fd);
    else this.#closeOnExec.delete(fd);
  }

  /** The descriptors in use, lowest first. */
  *entries(): Generator<[fd: number, file: OpenFile]> {
    for (const [fd, file] of this.#files.entries()) if (file) yield [fd, file];
  }

  #lowest(from: number): number {
    let fd = Math.max(from, this.#next);
    while (this.#files[fd]) fd++;
    if (from <= this.#next) this.#next = fd;
    return fd;
  }
}
