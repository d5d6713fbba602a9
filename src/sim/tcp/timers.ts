/** The timers of a connection: each is an instant, or undefined when it is off. What they do when due: timeouts.ts. */
import type { Time } from '../base/time.ts';

export const TIMERS = [
  'retransmit',
  'loss probe',
  'reordering',
  'persist',
  'pacing',
  'delayed ACK',
  'compressed ACK',
  'keepalive',
  'FIN-WAIT-2',
  'TIME-WAIT',
] as const;
export type TimerName = (typeof TIMERS)[number];

export type Timers = Record<TimerName, Time | undefined>;

/** All off. */
export const noTimers = (): Timers => ({
  retransmit: undefined,
  'loss probe': undefined,
  reordering: undefined,
  persist: undefined,
  pacing: undefined,
  keepalive: undefined,
  'delayed ACK': undefined,
  'compressed ACK': undefined,
  'FIN-WAIT-2': undefined,
  'TIME-WAIT': undefined,
});

/** The earliest instant at which one is due. */
export function nextTimer({ timers }: { readonly timers: Timers }): Time | undefined {
  let next: Time | undefined;
  for (const name of TIMERS) {
    const at = timers[name];
    if (at !== undefined && (next === undefined || at < next)) next = at;
  }
  return next;
}
