/**
 * Finding the socket of a segment (Linux inet_hashtables.c): first a connection by all four of addresses and ports,
 * then a listener by the local two. Also who holds which local port.
 */
import type { Socket } from '../socket.ts';

/** Remote address and port as one number: 48 bits. */
const remoteKey = (addr: number, port: number): number => addr * 65536 + port;

const ANY = 0;

export class Demux {
  readonly #connections = new Map<number, Socket[]>();
  readonly #bound = new Map<number, Set<Socket>>();

  /** The connection with exactly these names. */
  connection(localAddr: number, localPort: number, remoteAddr: number, remotePort: number): Socket | undefined {
    return this.#connections
      .get(remoteKey(remoteAddr, remotePort))
      ?.find((s) => s.localPort === localPort && s.localAddr === localAddr);
  }

  addConnection(socket: Socket): void {
    const key = remoteKey(socket.remoteAddr, socket.remotePort);
    const chain = this.#connections.get(key);
    if (chain) chain.push(socket);
    else this.#connections.set(key, [socket]);
  }

  removeConnection(socket: Socket): void {
    const key = remoteKey(socket.remoteAddr, socket.remotePort);
    const chain = this.#connections.get(key)?.filter((s) => s !== socket);
    if (chain && chain.length > 0) this.#connections.set(key, chain);
    else this.#connections.delete(key);
  }

  /**
   * The listener for a local name; one bound to the address beats the wildcard. Of several that share the name by
   * SO_REUSEPORT the one whose turn the hash of all four names says (reuseport_select_sock).
   * @param hash of the segment's addresses and ports, below 2^32; asked for only then
   */
  listener(addr: number, port: number, hash: () => number = () => 0): Socket | undefined {
    const exact: Socket[] = [];
    const wildcard: Socket[] = [];
    for (const socket of this.#bound.get(port) ?? []) {
      if (!socket.listener) continue;
      if (socket.localAddr === addr) exact.push(socket);
      else if (socket.localAddr === ANY) wildcard.push(socket);
    }
    const group = exact.length > 0 ? exact : wildcard;
    return group.length > 1 ? group[Math.floor((hash() / 2 ** 32) * group.length)] : group[0];
  }

  /** The sockets that hold a local port. */
  holders(port: number): Iterable<Socket> {
    return this.#bound.get(port) ?? [];
  }

  hold(socket: Socket): void {
    const holders = this.#bound.get(socket.localPort);
    if (holders) holders.add(socket);
    else this.#bound.set(socket.localPort, new Set([socket]));
  }

  release(socket: Socket): void {
    const holders = this.#bound.get(socket.localPort);
    if (!holders?.delete(socket)) return;
    if (holders.size === 0) this.#bound.delete(socket.localPort);
  }

  /**
   * Whether bind() of this name is refused (inet_csk_bind_conflict): someone holds the port on an overlapping address,
   * unless both have SO_REUSEADDR and the holder does not listen, or both have SO_REUSEPORT. TIME-WAIT holds like any
   * other state. A port that the kernel is to choose is not taken over by SO_REUSEADDR or SO_REUSEPORT.
   */
  conflict(socket: Socket, addr: number, port: number, chosen: 'by name' | 'by kernel' = 'by name'): boolean {
    for (const other of this.holders(port)) {
      if (other === socket) continue;
      if (addr !== ANY && other.localAddr !== ANY && addr !== other.localAddr) continue;
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
    for (const other of this.holders(socket.localPort)) {
      if (other === socket || !other.listener || (socket.reusePort && other.reusePort)) continue;
      if (socket.localAddr === ANY || other.localAddr === ANY || socket.localAddr === other.localAddr) return true;
    }
    return false;
  }
}
