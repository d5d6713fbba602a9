/**
 * Which connections of a host nobody holds any more, counted: orphans that are still busy, and those of which only the
 * names are kept (FIN-WAIT-2 handed over, TIME-WAIT). Linux bounds both (tcp_max_orphans, tcp_max_tw_buckets).
 */
import type { Totals } from './settings.ts';
import type { Tcb } from './tcb.ts';

/** Counts a connection as one of these from now on, and no longer as what it was; undefined: as none. */
export function countAs(tcb: Tcb, as: keyof Totals | undefined): void {
  const { totals } = tcb.settings;
  const { counted } = tcb.closing;
  if (counted) totals[counted]--;
  if (as) totals[as]++;
  tcb.closing.counted = as;
}
