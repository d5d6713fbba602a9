/**
 * How all waiting threads of a world wait at once: one poll(2) over their descriptors, on one thread of Node's pool,
 * with a timeout short enough for an interrupt to be felt. Knows nothing of calls.
 */
import { endianness } from 'node:os';
import type { Park } from './call.ts';
import type { Descriptor } from './descriptors.ts';
import type { Libc } from './libc.ts';

/** Milliseconds after which a wait ends in any case: an interrupt and the end of the cell's code are noticed then. */
const TICK = 20;
/** sizeof(struct pollfd): int fd, short events, short revents. */
const POLLFD = 8;
const LITTLE = endianness() === 'LE';

/**
 * Waits until a descriptor is ready for one of the parked, but no longer than `most` nanoseconds, and a tick.
 *
 * Of several that wait for the same thing only the first is woken, as accept(2) has it; what it leaves is the next
 * one's, because poll(2) tells a state and no change.
 * @param parked in the order in which they began to wait; those that wait for an instant alone are left out
 * @returns those that may go on
 */
export async function pollFor(libc: Libc, parked: readonly Park[], most: number): Promise<ReadonlySet<Park>> {
  const polled: Extract<Park, { descriptor: Descriptor }>[] = [];
  for (const park of parked) {
    if (!('descriptor' in park)) continue;
    const { descriptor, events } = park;
    if (!polled.some((other) => other.descriptor === descriptor && other.events === events)) polled.push(park);
  }
  const fds = new Uint8Array(Math.max(1, polled.length) * POLLFD);
  const view = new DataView(fds.buffer);
  for (const [i, { descriptor, events }] of polled.entries()) {
    view.setInt32(i * POLLFD, descriptor.real, LITTLE);
    view.setInt16(i * POLLFD + 4, events, LITTLE);
  }
  await libc.poll(fds, polled.length, Math.min(TICK, Math.max(0, Math.ceil(most / 1e6))));
  return new Set(polled.filter((_, i) => view.getInt16(i * POLLFD + 6, LITTLE) !== 0));
}
