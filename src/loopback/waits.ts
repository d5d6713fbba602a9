/**
 * How all waiting threads of a world wait at once: one poll(2) over their descriptors, on one thread of Node's pool,
 * with a timeout short enough for an interrupt to be felt. Knows nothing of calls.
 */
import { endianness } from 'node:os';
import type { Park, Polled } from './call.ts';
import type { Libc } from './libc.ts';

/** Milliseconds after which a wait ends in any case: an interrupt and the end of the cell's code are noticed then. */
const TICK = 20;
/** sizeof(struct pollfd): int fd, short events, short revents. */
const POLLFD = 8;
const LITTLE = endianness() === 'LE';

/** An array of struct pollfd, and what the kernel leaves in it. */
export class PollFds {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(polls: readonly Polled[]) {
    this.bytes = new Uint8Array(Math.max(1, polls.length) * POLLFD);
    this.#view = new DataView(this.bytes.buffer);
    for (const [i, { descriptor, events }] of polls.entries()) {
      this.#view.setInt32(i * POLLFD, descriptor.real, LITTLE);
      this.#view.setInt16(i * POLLFD + 4, events, LITTLE);
    }
  }

  revents(i: number): number {
    return this.#view.getUint16(i * POLLFD + 6, LITTLE);
  }
}

/**
 * Waits until a descriptor is ready for one of the parked, but no longer than `most` nanoseconds, and a tick.
 *
 * Of several that wait for the same one thing only the first is woken, as accept(2) has it; what it leaves is the next
 * one's, because poll(2) tells a state and no change.
 * @param parked in the order in which they began to wait; those that wait for an instant alone are left out
 * @returns those that may go on
 */
export async function pollFor(libc: Libc, parked: readonly Park[], most: number): Promise<ReadonlySet<Park>> {
  const polled: { park: Park; poll: Polled }[] = [];
  for (const park of parked) {
    const [only] = park.polls;
    const first = (poll: Polled) =>
      !polled.some(
        (other) =>
          other.park.polls.length === 1 &&
          other.poll.descriptor === poll.descriptor &&
          other.poll.events === poll.events,
      );
    if (park.polls.length > 1 || (only && first(only))) polled.push(...park.polls.map((poll) => ({ park, poll })));
  }
  const fds = new PollFds(polled.map(({ poll }) => poll));
  await libc.poll(fds.bytes, polled.length, Math.min(TICK, Math.max(0, Math.ceil(most / 1e6))));
  return new Set(polled.filter((_, i) => fds.revents(i) !== 0).map(({ park }) => park));
}
