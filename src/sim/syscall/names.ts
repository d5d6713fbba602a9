/**
 * Socket addresses of system calls and what they mean to a socket of either family (Linux af_inet.c, af_inet6.c,
 * tcp_ipv4.c, tcp_ipv6.c; RFC 3493).
 *
 * Inside the kernel an address is what stands in packets: IPv4-mapped ones are unmapped on their way in, and mapped again
 * on their way out of a socket of AF_INET6. Errors come in Linux's order; no state is changed here.
 */
import type { Errno } from '../base/errno.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import {
  type Address,
  ANY4,
  ANY6,
  isAny,
  isBroadcast,
  isLinkLocal,
  isMapped,
  isMulticast,
  LOOPBACK4,
  LOOPBACK6,
  mapped,
  parseAddress,
  unmapped,
} from '../wire/address.ts';
import { familyOf, type SockAddr, sizeOfAddress } from './kernel.ts';
import { CONSTANTS } from './signatures.ts';

const { AF_UNSPEC, AF_INET, AF_INET6 } = CONSTANTS;

/** What an address argument stands for, or why it is refused. */
export type Meant = { addr: Address; errno?: undefined } | { errno: Errno };

const validPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65535;

/** The wildcard of a socket's family. */
export const wildcardOf = (socket: Pick<Socket, 'domain'>): Address => (socket.domain === AF_INET6 ? ANY6 : ANY4);

/** A name as getsockname(), getpeername() and accept() give it, and the size of its structure. */
export function sockaddrOf(socket: Pick<Socket, 'domain'>, addr: Address, port: number): [SockAddr, size: number] {
  const name = { addr: (socket.domain === AF_INET6 ? mapped(addr) : addr).text, port };
  return [name, sizeOfAddress(name)];
}

/** The address that bind() is to give to a socket (inet_bind, inet6_bind). */
export function bindName(host: Host, socket: Socket, given: SockAddr): Meant {
  const addr = parseAddress(given.addr);
  const family = familyOf(given);
  if (!addr || !validPort(given.port)) return { errno: 'EINVAL' };
  if (socket.domain !== AF_INET6) {
    const fits = family === AF_INET || (family === AF_UNSPEC && addr === ANY4); // AF_UNSPEC: for old programs
    if (!fits || addr.family !== 4) return { errno: 'EAFNOSUPPORT' };
    const bindable = isAny(addr) || isMulticast(addr) || isBroadcast(addr) || owned(host, socket, addr);
    return bindable ? { addr } : { errno: 'EADDRNOTAVAIL' };
  }
  const wrong = wrongFamily6(family, addr);
  if (wrong) return { errno: wrong };
  if (isMulticast(addr) || (isMapped(addr) && socket.v6only)) return { errno: 'EINVAL' };
  if (isLinkLocal(addr) && !given.scope) return { errno: 'EINVAL' };
  const own = unmapped(addr);
  return isAny(own) || owned(host, socket, own) ? { addr: own } : { errno: 'EADDRNOTAVAIL' };
}

/** Whether an address is the host's, or may be bound although it is not (inet_can_nonlocal_bind). */
function owned(host: Host, socket: Socket, addr: Address): boolean {
  const anywhere = addr.family === 4 && host.sysctl['net.ipv4.ip_nonlocal_bind'] !== 0;
  return host.owns(addr) || anywhere || Boolean(socket.kept?.get(addr.family === 4 ? 'IP_FREEBIND' : 'IPV6_FREEBIND'));
}

/** The address that connect() is to reach (tcp_v4_connect, tcp_v6_connect): a wildcard is the host itself. */
export function connectName(socket: Socket, given: SockAddr): Meant {
  const addr = parseAddress(given.addr);
  const family = familyOf(given);
  if (!addr || !validPort(given.port)) return { errno: 'EINVAL' };
  if (socket.domain !== AF_INET6) {
    if (family !== AF_INET || addr.family !== 4) return { errno: 'EAFNOSUPPORT' };
    return reach4(socket, addr);
  }
  const wrong = wrongFamily6(family, addr);
  if (wrong) return { errno: wrong };
  if (isLinkLocal(addr) && !given.scope) return { errno: 'EINVAL' };
  const bound4 = socket.localAddr.family === 4;
  if (addr === ANY6) return { addr: bound4 ? LOOPBACK4 : LOOPBACK6 };
  if (isMapped(addr)) return socket.v6only ? { errno: 'ENETUNREACH' } : reach4(socket, unmapped(addr));
  if (isMulticast(addr)) return { errno: 'ENETUNREACH' };
  return bound4 ? { errno: 'EAFNOSUPPORT' } : { addr };
}

function reach4(socket: Socket, addr: Address): Meant {
  if (addr === ANY4) return { addr: isAny(socket.localAddr) ? LOOPBACK4 : socket.localAddr };
  return isMulticast(addr) || isBroadcast(addr) ? { errno: 'ENETUNREACH' } : { addr };
}

/** A socket of AF_INET6 takes struct sockaddr_in6 alone: one of AF_INET is too short. */
function wrongFamily6(family: number, addr: Address): Errno | undefined {
  if (family === AF_INET || addr.family === 4) return 'EINVAL';
  return family === AF_INET6 ? undefined : 'EAFNOSUPPORT';
}
