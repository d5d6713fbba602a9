/**
 * The algorithms by name, as TCP_CONGESTION and the sysctls of a host know them (Linux tcp_cong.c). Which one is a
 * host's default and which its programs may choose are the host's settings: plain strings, judged here.
 */
import { BBR } from './bbr/bbr.ts';
import type { CongestionControl } from './control.ts';
import { CUBIC } from './cubic.ts';
import { RENO } from './reno.ts';

const ALGORITHMS: readonly CongestionControl[] = [RENO, CUBIC, BBR];

/** net.ipv4.tcp_congestion_control of a kernel as distributions build it. */
export const DEFAULT = CUBIC;

/** net.ipv4.tcp_available_congestion_control: what there is, names with blanks between. */
export const available = (): string => ALGORITHMS.map(({ name }) => name).join(' ');

/** The algorithm of that name, or undefined: ENOENT. */
export const find = (name: string): CongestionControl | undefined => ALGORITHMS.find((known) => known.name === name);

/** The names in a value of net.ipv4.tcp_allowed_congestion_control, or undefined when one is unknown: ENOENT. */
export function parseAllowed(value: string): readonly string[] | undefined {
  const names = value.split(/\s+/).filter((name) => name !== '');
  return names.every(find) ? names : undefined;
}

/** net.ipv4.tcp_allowed_congestion_control as it reads: in the order of the available ones; the default always is. */
export const allowed = (names: readonly string[], current: string): string =>
  ALGORITHMS.map(({ name }) => name)
    .filter((name) => name === current || names.includes(name))
    .join(' ');
