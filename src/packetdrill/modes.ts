/**
 * The three ways to run one script: over IPv4, over IPv4 by sockets of AF_INET6, over IPv6. What each sets is what the runner
 * of google/packetdrill's own suite passes, so that scripts for it mean here what they mean there.
 */

export type IpVersion = 'ipv4' | 'ipv4-mapped-ipv6' | 'ipv6';

export interface Mode {
  /** Options as on packetdrill's command line: they hold whatever the script says. */
  readonly options: Readonly<Record<string, string>>;
  /** Words that scripts use for what differs. */
  readonly defines: ReadonlyMap<string, string>;
  /** Scripts whose names end in this are for the other family. */
  readonly others: string;
}

const IPV4_OPTIONS = { local_ip: '192.168.0.1', remote_ip: '192.0.2.1' };
/** The cookie that Linux gives to the peer's address under the key that the suite sets. */
const IPV4_COOKIE = ['TFO_COOKIE', '3021b9d889017eeb'] as const;
const LEVEL_IP = [
  ['CMSG_LEVEL_IP', 'SOL_IP'],
  ['CMSG_TYPE_RECVERR', 'IP_RECVERR'],
] as const;
const LEVEL_IPV6 = [
  ['CMSG_LEVEL_IP', 'SOL_IPV6'],
  ['CMSG_TYPE_RECVERR', 'IPV6_RECVERR'],
] as const;

export const MODES = {
  ipv4: {
    options: { ip_version: 'ipv4', ...IPV4_OPTIONS },
    defines: new Map([IPV4_COOKIE, ['CODE', 'host_unreachable'], ...LEVEL_IP]),
    others: 'v6.pkt',
  },
  'ipv4-mapped-v6': {
    options: { ip_version: 'ipv4-mapped-ipv6', ...IPV4_OPTIONS },
    defines: new Map([IPV4_COOKIE, ['CODE', 'host_unreachable'], ...LEVEL_IPV6]),
    others: 'v6.pkt',
  },
  ipv6: {
    options: { ip_version: 'ipv6', mtu: '1520', local_ip: 'fd3d:0a0b:17d6::1', remote_ip: 'fd3d:fa7b:d17d::1' },
    defines: new Map([['TFO_COOKIE', 'c1d1e9742a47a9bc'], ...LEVEL_IPV6]),
    others: 'v4.pkt',
  },
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof MODES;

/** What words of a script stand for: a mode's, and those that somebody adds. */
export const wordsOf = (mode: Mode, more: Iterable<readonly [string, string]> = []): Map<string, string> =>
  new Map([...mode.defines, ...more]);
