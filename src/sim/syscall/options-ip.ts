/** Options of level SOL_IP (ip(7); Linux net/ipv4/ip_sockglue.c do_ip_setsockopt), as far as they concern TCP. */
import { flag, kept, keptSwitch, type OptionTable } from './option.ts';

/** The two bits of the type of service that belong to TCP (RFC 3168). */
const ECN_MASK = 3;
const PMTUDISC_OMIT = 5;
/** The total length of an IP packet has 16 bits. */
const MAX_PACKET = 65_535;

/* biome-ignore format: a table */
export const IP_OPTIONS: OptionTable = {
  IP_RECVTTL:  keptSwitch('IP_RECVTTL'),
  IP_RECVTOS:  keptSwitch('IP_RECVTOS'),
  IP_FREEBIND: keptSwitch('IP_FREEBIND'),
  IP_TRANSPARENT: keptSwitch('IP_TRANSPARENT'),
  IP_BIND_ADDRESS_NO_PORT: keptSwitch('IP_BIND_ADDRESS_NO_PORT'),
  IP_TOS: {
    get: (s) => s.opts.tos,
    set: (s, _, value: number) => {
      s.opts.tos = (value & 0xff & ~ECN_MASK) | (s.opts.tos & ECN_MASK);
      return undefined;
    },
  },
  IP_TTL: {
    get: (s, host) => s.opts.ttl || host.sysctl['net.ipv4.ip_default_ttl'],
    set: (s, _, value: number) => {
      if (value !== -1 && (value < 1 || value > 255)) return 'EINVAL';
      s.opts.ttl = value === -1 ? 0 : value;
      return undefined;
    },
  },
  IP_MINTTL:   kept('IP_MINTTL', 0, 255),
  IP_MTU_DISCOVER: {
    get: (s) => s.opts.pathMtuDiscovery,
    set: (s, _, value: number) => {
      if (value < 0 || value > PMTUDISC_OMIT) return 'EINVAL';
      s.opts.pathMtuDiscovery = value;
      return undefined;
    },
  },
  IP_RECVERR: {
    get: (s) => flag(s.receiveErrors),
    set: (s, _, value: number) => {
      s.receiveErrors = value !== 0;
      return undefined;
    },
  },
  IP_MTU: {
    get: ({ tcb }) => {
      const connected = tcb !== undefined && tcb.state !== 'CLOSED' && tcb.state !== 'LISTEN';
      return connected ? Math.min(tcb.settings.pathMtu, MAX_PACKET) : { errno: 'ENOTCONN' };
    },
  },
};
