/**
 * Socket addresses as C lays them out, and the rule of this kernel: loopback only.
 *
 * Guarantees that no address but 127.0.0.0/8, mapped into IPv6 or not, and ::1 ever reaches the C library. The wildcard, which would open a
 * program to the whole network, is narrowed to the loopback address of the host that asks.
 */
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import { CONSTANTS } from '../sim/syscall/signatures.ts';

/** The address that the host with this index has here: 127.0.0.1, 127.0.0.2, ... */
export const standIn = (index: number): string => `127.0.0.${index + 1}`;

const { AF_INET, AF_INET6 } = CONSTANTS;

/** Whether this machine puts the low byte first: sin_family is in its order, sin_port in the network's. */
const LITTLE = endianness() === 'LE';

/** sizeof(struct sockaddr_in6): room for either. */
export const SOCKADDR_MAX = 28;

/** A call was refused before it was made: it would have left the machine, or could not be put in C. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** 127.0.0.0/8 as a socket of AF_INET6 names it (RFC 3493 section 3.7). */
const MAPPED = '::ffff:';

/** struct sockaddr_in, or struct sockaddr_in6 for ::1 and mapped addresses. `addr` has been through {@link loopbackOnly}. */
export function pack({ addr, port }: SockAddr): Uint8Array {
  const six = addr.includes(':');
  const bytes = new Uint8Array(six ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, six ? AF_INET6 : AF_INET, LITTLE);
  view.setUint16(2, port);
  if (addr === '::1') bytes[23] = 1;
  else bytes.set(addr.replace(MAPPED, '').split('.').map(Number), six ? 20 : 4);
  if (addr.startsWith(MAPPED)) bytes.fill(0xff, 18, 20);
  return bytes;
}

/** The address in a struct sockaddr_in or sockaddr_in6 that the kernel has filled in. */
export function unpack(bytes: Uint8Array): SockAddr {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const port = view.getUint16(2);
  if (view.getUint16(0, LITTLE) !== AF_INET6) return { addr: bytes.subarray(4, 8).join('.'), port };
  const rest = bytes.subarray(8, 24);
  if (rest[10] === 0xff) return { addr: `${MAPPED}${rest.subarray(12).join('.')}`, port };
  return { addr: rest.every((byte, i) => byte === (i === 15 ? 1 : 0)) ? '::1' : '::', port };
}

/**
 * The address that a call may be made with: a loopback address as it is, a wildcard narrowed.
 * @param own the loopback address of the host that calls
 * @param standIn what a topology's address is here, when `addr` is one: '127.0.0.2, server.ip'
 * @throws Refused for every other address
 */
export function loopbackOnly(
  call: string,
  { family, addr, port }: SockAddr,
  own: string,
  standIn: (addr: string) => string | undefined,
): SockAddr {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Refused(`${call}: ${port} is no port; a port is a whole number from 0 to 65535.`);
  }
  if (family !== undefined && family !== (addr.includes(':') ? AF_INET6 : AF_INET)) {
    throw new Refused(`${call}: ${addr} is no address of the family ${family}.`);
  }
  if (addr === '0.0.0.0') return { addr: own, port };
  if (addr === '::' || addr === '::1') return { addr: '::1', port };
  const four = addr.startsWith(MAPPED) ? addr.slice(MAPPED.length) : addr;
  if (isIPv4(four) && four.startsWith('127.')) return { addr, port };
  const here = standIn(addr);
  throw new Refused(
    `${call}: ${addr} is refused. Real sockets are let to loopback addresses only, 127.0.0.0/8 and ::1, so that no cell ` +
      `reaches another machine.${here ? ` On the real kernel this host is ${here}.` : ''}`,
  );
}
