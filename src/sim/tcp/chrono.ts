/**
 * Where a sender's time goes (Linux tcp_output.c tcp_chrono_start, tcp_chrono_stop; TCP_INFO's busy_time, rwnd_limited and
 * sndbuf_limited): of the time in which there is something to send, how much the peer's window or our own buffer limits.
 * One clock runs at a time, the one that stands last in {@link LIMITS}.
 */
import type { Time } from '../base/time.ts';
import type { Tcb } from './tcb.ts';

/** Nothing to send; sending; the peer's window limits; the program could not write more because SO_SNDBUF was full. */
export const LIMITS = ['idle', 'busy', 'receive window', 'send buffer'] as const;
export type Limit = (typeof LIMITS)[number];

export interface Chrono {
  limit: Limit;
  since: Time;
  /** Time spent, the present one not counted. */
  spent: Record<Exclude<Limit, 'idle'>, number>;
}

export const newChrono = (): Chrono => ({
  limit: 'idle',
  since: 0 as Time,
  spent: { busy: 0, 'receive window': 0, 'send buffer': 0 },
});

function set({ chrono }: Tcb, limit: Limit, now: Time): void {
  if (chrono.limit !== 'idle') chrono.spent[chrono.limit] += now - chrono.since;
  chrono.limit = limit;
  chrono.since = now;
}

/** Something limits from now on. */
export function limitedBy(tcb: Tcb, limit: Limit, now: Time): void {
  if (LIMITS.indexOf(limit) > LIMITS.indexOf(tcb.chrono.limit)) set(tcb, limit, now);
}

/** It limits no longer. */
export function noLongerLimitedBy(tcb: Tcb, limit: Limit, now: Time): void {
  const { queue, chrono } = tcb;
  if (!queue.sent.head && !queue.unsent.head) {
    if (chrono.limit !== 'idle') set(tcb, 'idle', now);
  } else if (chrono.limit === limit && limit !== 'busy') set(tcb, 'busy', now);
}

/** The time spent with something to send, and the parts of it that were limited (tcp_get_info_chrono_stats). */
export function timeSpent({ chrono }: Tcb, now: Time): { busy: number; receiveWindow: number; sendBuffer: number } {
  const at = (limit: Exclude<Limit, 'idle'>) => chrono.spent[limit] + (chrono.limit === limit ? now - chrono.since : 0);
  const receiveWindow = at('receive window');
  const sendBuffer = at('send buffer');
  return { busy: at('busy') + receiveWindow + sendBuffer, receiveWindow, sendBuffer };
}
