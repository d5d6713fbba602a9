/**
 * Choosing local ports (Linux inet_hashtables.c __inet_hash_connect, RFC 6056 section 3.3.4): connect() starts at an
 * offset that depends on the destination and steps by two, even ports first.
 */
import { hashName } from '../../base/rng.ts';
import { type Address, endpointText } from '../../wire/address.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';

/** A port for connect(), or undefined when none is left for this destination: EADDRNOTAVAIL. */
export function connectPort(host: Host, socket: Socket, addr: Address, port: number): number | undefined {
  const [low, high] = host.sysctl['net.ipv4.ip_local_port_range'];
  const count = high - low + 1;
  const key = `${socket.localAddr.text}>${endpointText(addr, port)}`;
  const stepped = host.portSteps.get(key) ?? 0;
  const offset = (((hashName(`port ${key}`, host.secret) % count) + stepped) % count) & ~1;
  for (let parity = 0; parity < 2; parity++) {
    for (let i = 0; i < count; i += 2) {
      const candidate = low + ((offset + parity + i) % count);
      if (!free(host, socket.localAddr, candidate, addr, port)) continue;
      host.portSteps.set(key, stepped + i + 2);
      return candidate;
    }
  }
  return undefined;
}

/** Free for this destination: no connection with the same four, no one who bound the port by name. */
function free(host: Host, localAddr: Address, localPort: number, addr: Address, port: number): boolean {
  for (const holder of host.demux.holders(localPort)) {
    if (holder.boundByUser || holder.listener) return false;
  }
  return host.demux.connection(localAddr, localPort, addr, port) === undefined;
}

/** A port for bind() to port 0 or listen() without bind(): any that nobody holds (inet_csk_find_open_port). */
export function anyPort(host: Host, socket: Socket): number | undefined {
  const [low, high] = host.sysctl['net.ipv4.ip_local_port_range'];
  const count = high - low + 1;
  const start = host.ports.below(count) | 1; // odd first: even ones are connect()'s
  for (let parity = 0; parity < 2; parity++) {
    for (let i = 0; i < count; i += 2) {
      const candidate = low + ((start + parity + i) % count);
      if (!host.demux.conflict(socket, candidate, 'by kernel')) return candidate;
    }
  }
  return undefined;
}
