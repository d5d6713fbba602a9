/** What is ready of an open file description, whatever stands behind it, and who watches it (Linux vfs_poll). */
import { POLL } from '../base/uapi.ts';
import type { OpenFile } from './file.ts';
import type { Watchers } from './poll.ts';
import { readiness } from './tcp/readiness.ts';

/** What is always so of files that cannot be waited for (DEFAULT_POLLMASK). */
const ALWAYS = POLL.POLLIN | POLL.POLLOUT | POLL.POLLRDNORM | POLL.POLLWRNORM;

/** The bits of poll(2) that are up now. */
export function readinessOf(file: OpenFile): number {
  const { socket, pipe, epoll } = file;
  if (socket) return readiness(socket);
  if (pipe) return pipe.readiness(file.access);
  if (epoll) return epoll.readable ? POLL.POLLIN | POLL.POLLRDNORM : 0;
  return ALWAYS;
}

/** Whoever watches the file; undefined: it cannot be waited for. */
export const watchersOf = ({ socket, pipe, epoll }: OpenFile): Watchers | undefined =>
  (socket ?? pipe ?? epoll)?.watchers;
