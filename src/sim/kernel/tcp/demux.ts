/**
 * Finding the socket of a segment (Linux inet_hashtables.c, inet6_hashtables.c): first a connection by all four of
 * addresses and ports, then a listener by the local two. Also who holds which local port, for both families at once: a
 * socket of AF_INET6 may take IPv4 too.
 */
import { type Address, ANY4, ANY6 } from '../../wire/address.ts';
import type { Socket } from '../socket.ts';

/** The name of a socket, as far as its local address goes. */
type Name = Pick<Socket, 'localAddr' | 'v6only'>;

/** Whether a wildcard takes in an address: `::` those of both families, unless IPV6_V6ONLY is set. */
const covers = ({ localAddr, v6only }: Name, addr: Address): boolean =>
  localAddr === ANY6 ? addr.family === 6 || !v6only : localAddr === ANY4 && addr.family === 4;

/** Whether two names take in an address together (inet_rcv_saddr_equal, wildcards matching). */
const overlap = (a: Name, b: Name): boolean =>
  a.localAddr === b.localAddr || covers(a, b.localAddr) || covers(b, a.localAddr);

/** How well the address of a socket fits: itself, the wildcard of its family, that of the other. */
const closeness = ({ localAddr }: Name, addr: Address): number =>
  localAddr === addr ? 2 : localAddr.family === addr.family ? 1 : 0;

/** 30 bits, so that it stays a small integer in every engine (inet_ehashfn). */
function hash(localAddr: Address, localPort: number, remoteAddr: Address, remotePort: number): number {
  const mixed =
    Math.imul(localAddr.id, 0x9e3779b1) ^ Math.imul(remoteAddr.id, 0x85ebca6b) ^ (localPort << 16) ^ remotePort;
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 2;
}

type ByPort = Map<number, Set<Socket>>;

function put(sockets: ByPort, socket: Socket): void {
  const there = sockets.get(socket.localPort);
  if (there) there.add(socket);
  else sockets.set(socket.localPort, new Set([socket]));
}

function take(sockets: ByPort, socket: Socket): void {
  const there = sockets.get(socket.localPort);
  if (there?.delete(socket) && there.size === 0) sockets.delete(socket.localPort);
}

export class Demux {
  /** The first of each chain; the next one hangs on `Socket.chained`. */
  readonly #connections = new Map<number, Socket>();
  readonly #bound: ByPort = new Map();
  /** Those of them that listen, apart from their children, of which there may be very many (Linux lhash2). */
  readonly #listening: ByPort = new Map();

  /** The connection with exactly these names. */
  connection(localAddr: Address, localPort: number, remoteAddr: Address, remotePort: number): Socket | undefined {
    let socket = this.#connections.get(hash(localAddr, localPort, remoteAddr, remotePort));
    while (
      socket &&
      (socket.remotePort !== remotePort ||
        socket.localPort !== localPort ||
        socket.remoteAddr !== remoteAddr ||
        socket.localAddr !== localAddr)
    ) {
      socket = socket.chained;
    }
    return socket;
  }

  addConnection(socket: Socket): void {
    const key = hash(socket.localAddr, socket.localPort, socket.remoteAddr, socket.remotePort);
    socket.chained = this.#connections.get(key);
    this.#connections.set(key, socket);
  }

  removeConnection(socket: Socket): void {
    const key = hash(socket.localAddr, socket.localPort, socket.remoteAddr, socket.remotePort);
    const first = this.#connections.get(key);
    if (first === socket) {
      if (socket.chained) this.#connections.set(key, socket.chained);
      else this.#connections.delete(key);
    } else {
      let before = first;
      while (before && before.chained !== socket) before = before.chained;
      if (before) before.chained = socket.chained;
    }
    socket.chained = undefined;
  }

  /**
   * The listener for a local name: one bound to the address beats a wildcard, and for IPv4 the wildcard of its own family
   * beats that of IPv6 (compute_score). Of several that share the name by SO_REUSEPORT the one whose turn the hash of all
   * four names says (reuseport_select_sock).
   * @param hash of the segment's addresses and ports, below 2^32; asked for only then
   */
  listener(addr: Address, port: number, hash: () => number = () => 0): Socket | undefined {
    let group: Socket[] = [];
    for (const socket of this.#listening.get(port) ?? []) {
      if (socket.localAddr !== addr && !covers(socket, addr)) continue;
      const better = closeness(socket, addr) - (group[0] ? closeness(group[0], addr) : -1);
      if (better > 0) group = [socket];
      else if (better === 0) group.push(socket);
    }
    return group.length > 1 ? group[Math.floor((hash() / 2 ** 32) * group.length)] : group[0];
  }

  /** All sockets that hold a port, in no order that means anything. */
  *sockets(): Generator<Socket> {
    for (const holders of this.#bound.values()) yield* holders;
  }

  /** The sockets that hold a local port. */
  holders(port: number): Iterable<Socket> {
    return this.#bound.get(port) ?? [];
  }

  hold(socket: Socket): void {
    put(this.#bound, socket);
  }

  release(socket: Socket): void {
    take(this.#bound, socket);
  }

  /** The socket, which holds its port, listens on it from now on. */
  listen(socket: Socket): void {
    put(this.#listening, socket);
  }

  stopListening(socket: Socket): void {
    take(this.#listening, socket);
  }

  /**
   * Whether bind() of a socket's address to this port is refused (inet_csk_bind_conflict): someone holds the port on an
   * overlapping address, unless both have SO_REUSEADDR and the holder does not listen, or both have SO_REUSEPORT. TIME-WAIT
   * holds like any other state. A port that the kernel is to choose is not taken over by SO_REUSEADDR or SO_REUSEPORT.
   */
  conflict(socket: Socket, port: number, chosen: 'by name' | 'by kernel' = 'by name'): boolean {
    for (const other of this.holders(port)) {
      if (other === socket || !overlap(socket, other)) continue;
      if (chosen === 'by name') {
        if (socket.reuseAddr && other.reuseAddr && !other.listener) continue;
        if (socket.reusePort && other.reusePort) continue;
      }
      return true;
    }
    return false;
  }

  /** Whether someone else already listens on a name that overlaps this socket's: listen() is refused. */
  listens(socket: Socket): boolean {
    for (const other of this.#listening.get(socket.localPort) ?? []) {
      if (other === socket || (socket.reusePort && other.reusePort)) continue;
      if (overlap(socket, other)) return true;
    }
    return false;
  }
}
