/**
 * Options of level SOL_IPV6 (ipv6(7); Linux net/ipv6/ipv6_sockglue.c do_ipv6_setsockopt), as far as they concern TCP. A socket
 * of AF_INET has none of them.
 */
import type { Errno } from '../base/errno.ts';
import { IPV6_MIN_MTU } from '../wire/ipv6.ts';
import { flag, kept, keptSwitch, type Option, type OptionTable } from './option.ts';
import { CONSTANTS } from './signatures.ts';

/** The two bits of the traffic class that belong to TCP (RFC 3168). */
const ECN_MASK = 3;
/** Linux net.ipv6.conf.all.hop_limit. */
const HOP_LIMIT = 64;
const PMTUDISC_OMIT = 5;

/* biome-ignore format: a table */
const TABLE: OptionTable = {
  IPV6_RECVHOPLIMIT:  keptSwitch('IPV6_RECVHOPLIMIT'),
  IPV6_RECVTCLASS:    keptSwitch('IPV6_RECVTCLASS'),
  IPV6_RECVPATHMTU:   keptSwitch('IPV6_RECVPATHMTU'),
  IPV6_DONTFRAG:      keptSwitch('IPV6_DONTFRAG'),
  IPV6_FLOWINFO_SEND: keptSwitch('IPV6_FLOWINFO_SEND'),
  IPV6_FREEBIND:      keptSwitch('IPV6_FREEBIND'),
  IPV6_TRANSPARENT:   keptSwitch('IPV6_TRANSPARENT'),
  IPV6_MINHOPCOUNT:   kept('IPV6_MINHOPCOUNT', 0, 255),
  IPV6_V6ONLY: {
    get: (s) => flag(s.v6only),
    set: (s, _, value: number) => {
      if (s.localPort !== 0) return 'EINVAL';
      s.v6only = value !== 0;
      return undefined;
    },
  },
  IPV6_TCLASS: {
    get: (s) => s.opts.trafficClass,
    set: (s, _, value: number) => {
      if (value < -1 || value > 255) return 'EINVAL';
      const wanted = value === -1 ? 0 : value; // RFC 3542 section 6.5: -1 is the default
      s.opts.trafficClass = (wanted & ~ECN_MASK) | (s.opts.trafficClass & ECN_MASK);
      return undefined;
    },
  },
  IPV6_UNICAST_HOPS: {
    get: (s) => (s.opts.hopLimit < 0 ? HOP_LIMIT : s.opts.hopLimit),
    set: (s, _, value: number) => {
      if (value < -1 || value > 255) return 'EINVAL';
      s.opts.hopLimit = value;
      return undefined;
    },
  },
  IPV6_AUTOFLOWLABEL: {
    get: (s) => flag(s.opts.autoFlowLabel),
    set: (s, _, value: number) => {
      s.opts.autoFlowLabel = value !== 0;
      return undefined;
    },
  },
  IPV6_MTU_DISCOVER: {
    get: (s) => s.opts.pathMtuDiscovery6,
    set: (s, _, value: number) => {
      if (value < 0 || value > PMTUDISC_OMIT) return 'EINVAL';
      s.opts.pathMtuDiscovery6 = value;
      return undefined;
    },
  },
  IPV6_RECVERR: {
    get: (s) => flag(s.receiveErrors6),
    set: (s, _, value: number) => {
      s.receiveErrors6 = value !== 0;
      return undefined;
    },
  },
  IPV6_MTU: {
    get: ({ tcb }) => {
      const connected = tcb !== undefined && tcb.state !== 'CLOSED' && tcb.state !== 'LISTEN';
      return connected ? tcb.settings.pathMtu : { errno: 'ENOTCONN' };
    },
    // a bound for fragments, of which TCP makes none
    set: (_, __, value: number) => (value !== 0 && value < IPV6_MIN_MTU ? 'EINVAL' : undefined),
  },
};

/** A row that is there for sockets of AF_INET6 alone. */
function forFamily({ get, set }: Option): Option {
  const strange = ({ domain }: { domain: number }) => domain !== CONSTANTS.AF_INET6;
  return {
    get: (s, host) => (strange(s) ? { errno: 'EOPNOTSUPP' as Errno } : (get as NonNullable<Option['get']>)(s, host)),
    set: (s, host, value) => (strange(s) ? 'ENOPROTOOPT' : (set as NonNullable<Option['set']>)(s, host, value)),
  };
}

export const IPV6_OPTIONS: OptionTable = Object.fromEntries(
  Object.entries(TABLE).map(([name, option]) => [name, forFamily(option)]),
);
