/**
 * From the path's MTU to the size of segments (Linux tcp_output.c tcp_sync_mss, tcp_mtu_to_mss, tcp_mtup_init), and the
 * bounds between which packetization layer path MTU discovery searches (RFC 4821). What becomes of segments that are too
 * large for a path stands in recovery/simple.ts, the probes in mtu-probe.ts.
 */
import type { Seq } from '../base/seq.ts';
import { type Time, ZERO } from '../base/time.ts';
import type { Settings } from './settings.ts';
import type { Tcb } from './tcb.ts';

/** What a connection knows of its path's MTU. All sizes are of whole IP packets. */
export interface MtuBlock {
  /** What the route said when a packet last left (dst_mtu of the cached route). */
  route: number;
  /** The one that `snd.mss` follows from (icsk_pmtu_cookie). */
  path: number;
  /** The search of RFC 4821: whether it is on, what is known to pass, what is known not to or never tried. */
  searching: boolean;
  low: number;
  high: number;
  /** The probe that is on its way. */
  probe: { size: number; from: Seq; to: Seq } | undefined;
  /** When the present search began (probe_timestamp). */
  since: Time;
}

export const newMtuBlock = ({ pathMtu }: Pick<Settings, 'pathMtu'>): MtuBlock => ({
  route: pathMtu,
  path: pathMtu,
  searching: false,
  low: 0,
  high: pathMtu,
  probe: undefined,
  since: ZERO,
});

const TCP_HEADER = 20;
/** Bytes of the options that every segment carries. */
const standing = (tcb: Tcb): number => (tcb.timestamps.on ? 12 : 0);
const headers = (tcb: Tcb): number => tcb.settings.receive.ipHeader + TCP_HEADER;

/** The payload of a packet of this size (tcp_mtu_to_mss). */
export const mssOf = (tcb: Tcb, mtu: number): number =>
  Math.max(Math.min(mtu - headers(tcb), tcb.snd.mssClamp), tcb.settings.minSendMss) - standing(tcb);

/** The size of a packet with this payload (tcp_mss_to_mtu). */
export const mtuOf = (tcb: Tcb, mss: number): number => mss + headers(tcb) + standing(tcb);

/** At most half of the largest window that the peer has offered, or all of a tiny one (tcp_bound_to_half_wnd). */
export function boundToHalfWindow({ snd }: Tcb, size: number): number {
  const most = snd.maxWnd > 536 ? snd.maxWnd >> 1 : snd.maxWnd;
  return most > 0 && size > most ? Math.max(most, 68 - TCP_HEADER) : size;
}

/** The path takes packets of `mtu`: segments follow (tcp_sync_mss). */
export function syncMss(tcb: Tcb, mtu: number): void {
  const block = tcb.mtu;
  if (block.high > mtu) block.high = mtu;
  const mss = boundToHalfWindow(tcb, mssOf(tcb, mtu));
  block.path = mtu;
  tcb.snd.mss = block.searching ? Math.min(mss, mssOf(tcb, block.low)) : mss;
}

/** The handshake is done: where the search begins, and whether it is on from the start (tcp_mtup_init). */
export function beginSearch(tcb: Tcb, now: Time): void {
  const { mtu, settings, snd } = tcb;
  mtu.searching = settings.mtuProbing > 1;
  mtu.high = snd.mssClamp + headers(tcb);
  mtu.low = mtuOf(tcb, settings.baseMss);
  mtu.probe = undefined;
  if (mtu.searching) mtu.since = now;
}
