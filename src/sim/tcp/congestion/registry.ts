/**
 * The algorithms by name, as TCP_CONGESTION and the sysctls of a host know them (Linux tcp_cong.c). Which one is a
 * host's default and which its programs may choose are the host's settings: plain strings, judged here.
 */
import type { Time } from '../../base/time.ts';
import { BBR } from './bbr/bbr.ts';
import type { CongestionControl, Flow } from './control.ts';
import { CUBIC } from './cubic.ts';
import { RENO } from './reno.ts';

const ALGORITHMS: readonly CongestionControl[] = [RENO, CUBIC, BBR];

/** net.ipv4.tcp_congestion_control of a kernel as distributions build it. */
export const DEFAULT = CUBIC;

/** net.ipv4.tcp_available_congestion_control: what there is, names with blanks between. */
export const available = (): string => ALGORITHMS.map(({ name }) => name).join(' ');

/** The algorithm of that name, or undefined: ENOENT. */
export const find = (name: string): CongestionControl | undefined => ALGORITHMS.find((known) => known.name === name);

/** A connection goes on with another algorithm: window and threshold stay (tcp_reinit_congestion_control). */
export function change(flow: Flow, control: CongestionControl, now: Time): void {
  if (flow.cc.control === control) return;
  flow.cc.control = control;
  flow.cc.priorSsthresh = 0;
  control.init(flow, now);
}

/** Names as a list of the kernel has them: in the order of the available ones, once each. */
export const inOrder = (names: readonly string[]): string =>
  ALGORITHMS.map(({ name }) => name)
    .filter((name) => names.includes(name))
    .join(' ');
