/**
 * Kernels that a host can have: Linux 5.15, 6.1 and 6.18, as what differs from 6.18. Each row names the release that
 * brought the change. What is not here is the same in all three, or is not simulated.
 */
import type { KernelVersion } from '../base/kernels.ts';
import { defaultSysctl, type Sysctl, type SysctlName } from './sysctl.ts';

/** A change to the kernel between two of the versions. */
interface Change {
  /** The release that brought it. */
  readonly since: number;
  readonly name: SysctlName;
  /** The default before. */
  readonly before: number | readonly number[];
  /** The setting did not exist before: `before` is what the kernel did without it. */
  readonly added?: true;
}

/** Releases as numbers in order. */
const release = (major: number, minor: number): number => major * 100 + minor;
const RELEASES: Readonly<Record<KernelVersion, number>> = {
  '5.15': release(5, 15),
  '6.1': release(6, 1),
  '6.18': release(6, 18),
};

/* biome-ignore format: a table */
const CHANGES: readonly Change[] = [
  { since: release(5, 18), name: 'net.ipv4.tcp_tso_rtt_log',         before: 0, added: true },
  { since: release(6, 1),  name: 'net.ipv4.tcp_challenge_ack_limit', before: 1000 },
  { since: release(6, 2),  name: 'net.ipv4.tcp_plb_enabled',         before: 0, added: true },
  { since: release(6, 5),  name: 'net.ipv4.tcp_syn_linear_timeouts', before: 0, added: true },
  { since: release(6, 5),  name: 'net.ipv4.tcp_shrink_window',       before: 0, added: true },
  { since: release(6, 7),  name: 'net.ipv4.tcp_backlog_ack_defer',   before: 0, added: true },
  { since: release(6, 7),  name: 'net.ipv4.tcp_pingpong_thresh',     before: 1, added: true },
  { since: release(6, 9),  name: 'net.core.optmem_max',              before: 20_480 },
  { since: release(6, 11), name: 'net.ipv4.tcp_rto_min_us',          before: 200_000, added: true },
  { since: release(6, 14), name: 'net.ipv4.tcp_tw_reuse_delay',      before: 1000, added: true },
  { since: release(6, 15), name: 'net.ipv4.tcp_rto_max_ms',          before: 120_000, added: true },
  { since: release(6, 16), name: 'net.ipv4.tcp_rmem',                before: [4096, 131_072, 6_291_456] },
  { since: release(6, 16), name: 'net.ipv4.tcp_limit_output_bytes',  before: 1_048_576 },
  { since: release(6, 18), name: 'net.core.rmem_max',                before: 212_992 },
  { since: release(6, 18), name: 'net.core.wmem_max',                before: 212_992 },
  { since: release(6, 18), name: 'net.ipv4.tcp_ecn_option',          before: 0, added: true },
  { since: release(6, 18), name: 'net.ipv4.tcp_ecn_option_beacon',   before: 0, added: true },
];

/** A kernel, as its host sees it. */
export interface Profile {
  readonly version: KernelVersion;
  /** Settings that this kernel does not have: reading or writing one gives ENOENT. */
  readonly absent: ReadonlySet<SysctlName>;
  /**
   * How much of SO_RCVBUF is payload is learned from the segments that come (6.6, tcp_measure_rcv_mss and scaling_ratio);
   * before, net.ipv4.tcp_adv_win_scale says it once and for all.
   */
  readonly learnsReceiveRatio: boolean;
  /** TCP_RTO_MAX_MS, TCP_RTO_MIN_US and TCP_DELACK_MAX_US (6.15). */
  readonly timeoutOptions: boolean;
}

/** The defaults of a kernel, fresh. */
export function sysctlOf(version: KernelVersion): Sysctl {
  const sysctl = defaultSysctl();
  const changed = CHANGES.filter(({ since }) => since > RELEASES[version]);
  return Object.assign(sysctl, Object.fromEntries(changed.map(({ name, before }) => [name, before])));
}

export function profileOf(version: KernelVersion): Profile {
  const at = RELEASES[version];
  const missing = CHANGES.filter(({ since, added }) => added && since > at);
  return {
    version,
    absent: new Set(missing.map(({ name }) => name)),
    learnsReceiveRatio: at >= release(6, 6),
    timeoutOptions: at >= release(6, 15),
  };
}
