/**
 * Choosing local ports (Linux inet_hashtables.c __inet_hash_connect, RFC 6056 section 3.3.4): connect() starts at an
 * offset that depends on the destination and steps by two, even ports first.
 */
import { hashName } from '../../base/rng.ts';
import { ms } from '../../base/time.ts';
import type { Tcb } from '../../tcp/tcb.ts';
import { isMiniature, isnAfter, makeWay } from '../../tcp/time-wait.ts';
import { type Address, endpointText, isLoopback } from '../../wire/address.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';
import { apply, type Predecessor } from './bridge.ts';

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
  const old = host.demux.connection(localAddr, localPort, addr, port);
  return old === undefined || mayTakeOver(host, old, 'by kernel');
}

/**
 * Whether a new connection may have the names of one in TIME-WAIT, or of an orphan in FIN-WAIT-2 (tcp_ipv4.c
 * tcp_twsk_unique). Timestamps are needed in any case: they tell old segments from new ones. A port that the program has
 * bound may be had at once; one that the kernel chooses only as net.ipv4.tcp_tw_reuse allows.
 */
export function mayTakeOver(host: Host, old: Socket, chosen: 'by name' | 'by kernel'): boolean {
  const { tcb } = old;
  if (!tcb || !isMiniature(tcb) || !tcb.timestamps.on) return false;
  if (chosen === 'by name') return true;
  const allowed = host.sysctl['net.ipv4.tcp_tw_reuse'];
  const local = isLoopback(old.localAddr) || isLoopback(old.remoteAddr);
  if (tcb.state !== 'TIME-WAIT' || allowed === 0 || (allowed === 2 && !local)) return false;
  return host.now - tcb.closing.since > ms(host.sysctl['net.ipv4.tcp_tw_reuse_delay']);
}

/** Ends a connection whose names another takes. @returns with what the other begins */
export function takeOver(host: Host, old: Socket): Predecessor {
  const tcb = old.tcb as Tcb;
  const { recent, recentAt } = tcb.timestamps;
  apply(host, old, makeWay(tcb, 'active OPEN', host.now));
  return { isn: isnAfter(tcb), stamp: { recent, recentAt } };
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
