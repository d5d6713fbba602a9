/** The views that the real kernel cannot feed, and why: it tells a program about its own calls and of little else. */
export const ABSENT: Readonly<Record<string, string>> = {
  sequence: 'The real kernel does not show its packets to a program without privileges.',
  tcpdump: 'The real kernel does not show its packets to a program without privileges.',
  states: 'The real kernel does not tell when a connection changes its state.',
  buffers: 'The real kernel does not tell what lies in the buffers of a socket at each instant.',
  ss: 'The sockets of the real kernel can be listed at one instant, but not followed through time.',
  timeline: 'Without packets and states there is nothing to mark on the time of a run but its system calls.',
};
