/**
 * A window of the log: what is needed to draw the events from one index on.
 *
 * A cell's pictures begin at its first event, but a connection that an earlier cell opened has a state, buffers, timers
 * and packets on the way. A window therefore holds, of the time before it, the events that still tell how things stand
 * (and no others), then everything from its start on. Events keep their numbers and instants, so that causes and
 * packets named across windows stay the same. Sockets that were freed and packets that ended leave nothing behind.
 *
 * The keeper reads each event once, so that cutting a window at every cell costs what the cell cost, not the notebook.
 */
import { must } from '../base/bug.ts';
import type { Log } from './log.ts';
import type { Kind } from './schema.ts';

/** A system call: where it was entered, left, and the latest about it. */
interface Call {
  enter: number;
  exit: number;
  block: number;
  copy: number;
}

/** A packet of a socket: where it was sent and where it ended, and the sequence number after its data. */
interface Flight {
  sent: number;
  end: number;
  seqEnd: number;
}

/** What still matters of one socket: indices of events. */
interface Sock {
  /** The latest event of each kind that replaces the one before. */
  latest: Map<Kind, number>;
  /** Its whole path through the states. */
  states: number[];
  timers: Map<number, number>;
  /** The last SYN that it sent, for the options that were agreed on. */
  syn: Flight | undefined;
  /** Packets with data that may not be acknowledged yet: which of them were lost is drawn. */
  flights: Flight[];
  /** Copies from a program whose bytes are not yet acknowledged or not yet read by the other end. */
  copies: { call: Call; copy: number; length: number }[];
  /** How many of each may pile up before those that are done with are looked for. */
  pruneAbove: number;
  iss: number;
  una: number;
  end: number;
  read: number;
  local: string;
  peer: string;
}

const NONE = -1;
const SYN = 0x02;
const PRUNE_ABOVE = 64;

const born = (i: number): Sock => ({
  latest: new Map([['sock.new', i]]),
  states: [],
  timers: new Map(),
  syn: undefined,
  flights: [],
  copies: [],
  pruneAbove: PRUNE_ABOVE,
  iss: 0,
  una: 1,
  end: 1,
  read: 1,
  local: '',
  peer: '',
});

export class Keeper {
  readonly #log: Log;
  #at = 0;
  /** Hosts and links: for ever. */
  #world: number[] = [];
  #processes = new Map<string, number>();
  #tasks = new Map<number, number>();
  #descriptors = new Map<string, number>();
  #socks = new Map<number, Sock>();
  /** Packets on the way, by number: where they were sent and queued. */
  #packets = new Map<number, number[]>();
  /** Calls in progress, by number. */
  #calls = new Map<number, Call>();
  #flights = new Map<number, Flight>();
  #named = new Map<string, Sock>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * What is needed to draw the events from index `from` on, and those events.
   * @param from not below that of an earlier call.
   */
  window(from: number): Log {
    must(from >= this.#at && from <= this.#log.length, `a window at ${from}, after one at ${this.#at}`);
    for (; this.#at < from; this.#at++) this.#consume(this.#at);
    const out = this.#log.emptyWindow();
    for (const i of this.#kept()) out.copyOf(this.#log, i);
    for (let i = from; i < this.#log.length; i++) out.copyOf(this.#log, i);
    out.now = this.#log.now;
    return out;
  }

  /** The indices of all that still matters, in order. */
  #kept(): number[] {
    const kept = new Set<number>(this.#world);
    const keep = (all: Iterable<number>) => {
      for (const i of all) if (i !== NONE) kept.add(i);
    };
    for (const map of [this.#processes, this.#tasks, this.#descriptors]) keep(map.values());
    for (const packet of this.#packets.values()) keep(packet);
    for (const { enter, block, copy } of this.#calls.values()) keep([enter, block, copy]);
    for (const sock of this.#socks.values()) {
      this.#prune(sock);
      keep(sock.latest.values());
      keep(sock.states);
      keep(sock.timers.values());
      for (const { sent, end } of sock.syn ? [sock.syn, ...sock.flights] : sock.flights) keep([sent, end]);
      for (const { call, copy } of sock.copies) keep([call.enter, copy, call.exit]);
    }
    return [...kept].sort((a, b) => a - b);
  }

  #consume(i: number): void {
    const log = this.#log;
    const kind = log.kindAt(i);
    const sock = this.#socks.get(log.sockAt(i));
    const first = this.#log.wordAt(i, 0);
    switch (kind) {
      case 'host.up':
      case 'link.up':
        this.#world.push(i);
        break;
      case 'process.start':
        this.#processes.set(`${log.hostAt(i)}:${first}`, i);
        break;
      case 'process.exit': {
        const pid = `${log.hostAt(i)}:${first}`;
        this.#processes.delete(pid);
        for (const key of this.#descriptors.keys()) if (key.startsWith(`${pid}:`)) this.#descriptors.delete(key);
        break;
      }
      case 'task.start':
        this.#tasks.set(log.taskAt(i), i);
        break;
      case 'task.end':
        this.#tasks.delete(log.taskAt(i));
        break;
      case 'fd.open':
        this.#descriptors.set(`${log.hostAt(i)}:${first}:${this.#log.wordAt(i, 1)}`, i);
        break;
      case 'fd.close':
        this.#descriptors.delete(`${log.hostAt(i)}:${first}:${this.#log.wordAt(i, 1)}`);
        break;
      case 'call.enter':
        this.#calls.set(log.numberAt(i), { enter: i, exit: NONE, block: NONE, copy: NONE });
        break;
      case 'call.block':
      case 'call.wake':
      case 'call.exit':
      case 'copy.in':
      case 'copy.out':
        this.#consumeCall(kind, i, first, sock);
        break;
      case 'packet.sent':
        this.#packets.set(log.numberAt(i), [i]);
        if (sock) this.#consumeSegment(i, sock);
        break;
      case 'packet.queued':
      case 'packet.damaged':
        this.#packets.get(first)?.push(i);
        break;
      case 'packet.arrived':
      case 'packet.dropped': {
        this.#packets.delete(first);
        const flight = this.#flights.get(first);
        if (flight) flight.end = i;
        this.#flights.delete(first);
        break;
      }
      case 'sock.new':
        this.#socks.set(log.sockAt(i), born(i));
        break;
      default:
        if (sock) this.#consumeSock(kind, i, first, sock);
    }
  }

  #consumeCall(kind: Kind, i: number, enter: number, sock: Sock | undefined): void {
    const call = this.#calls.get(enter);
    if (!call) return;
    if (kind === 'call.block') call.block = i;
    else if (kind === 'call.wake') call.block = NONE;
    else if (kind === 'call.exit') {
      call.exit = i;
      this.#calls.delete(enter);
    } else call.copy = i;
    if (kind !== 'copy.in' || !sock) return;
    sock.copies.push({ call, copy: i, length: this.#log.wordAt(i, 2) });
    if (sock.copies.length > sock.pruneAbove) this.#prune(sock);
  }

  #consumeSock(kind: Kind, i: number, first: number, sock: Sock): void {
    switch (kind) {
      case 'sock.free':
        this.#socks.delete(this.#log.sockAt(i));
        if (this.#named.get(sock.local + sock.peer) === sock) this.#named.delete(sock.local + sock.peer);
        return;
      case 'tcp.state':
        sock.states.push(i);
        return;
      case 'timer.set':
        sock.timers.set(first, i);
        return;
      case 'timer.off':
      case 'timer.fire':
        sock.timers.delete(first);
        return;
      case 'tcp.note':
        return;
      case 'sock.name':
        sock.local = this.#log.texts[first] as string;
        sock.peer = this.#log.texts[this.#log.wordAt(i, 1)] as string;
        this.#named.set(sock.local + sock.peer, sock);
        break;
      case 'tcp.isn':
        sock.iss = first;
        break;
      case 'tcp.send':
        sock.una = first;
        sock.end = this.#log.wordAt(i, 2);
        break;
      case 'tcp.recv':
        sock.read = first;
    }
    sock.latest.set(kind, i);
  }

  /**
   * Forgets the copies whose bytes both ends are done with, which are those before the last `end - done` bytes written,
   * and the packets that are acknowledged.
   */
  #prune(sock: Sock): void {
    const peer = this.#named.get(sock.peer + sock.local);
    let wanted = sock.end - (peer ? Math.min(sock.una, peer.read) : sock.una);
    let k = sock.copies.length;
    while (k > 0 && wanted > 0) wanted -= (sock.copies[--k] as { length: number }).length;
    sock.copies.splice(0, k);
    sock.flights = sock.flights.filter(({ seqEnd }) => ((seqEnd - sock.iss - sock.una) | 0) > 0);
    sock.pruneAbove = Math.max(PRUNE_ABOVE, 2 * sock.copies.length, 2 * sock.flights.length);
  }

  /** Takes note of the packet sent at index `i` if it is a TCP SYN or carries data, read from its bytes where they lie. */
  #consumeSegment(i: number, sock: Sock): void {
    const { headers, payload } = this.#log.packetAt(i);
    const bytes = headers.length > 0 ? headers : payload;
    const tcp = ((bytes[0] ?? 0) & 0x0f) * 4;
    if ((bytes[0] ?? 0) >> 4 !== 4 || bytes[9] !== 6 || bytes.length < tcp + 20) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset + tcp, bytes.length - tcp);
    const length = headers.length + payload.length - tcp - (view.getUint8(12) >> 4) * 4;
    const syn = (view.getUint8(13) & SYN) !== 0;
    if (!syn && length <= 0) return;
    const flight = { sent: i, end: NONE, seqEnd: view.getUint32(4) + length };
    this.#flights.set(this.#log.numberAt(i), flight);
    if (syn) sock.syn = flight;
    else sock.flights.push(flight);
    if (sock.flights.length > sock.pruneAbove) this.#prune(sock);
  }
}

/** The window of `log` from index `from` on, once. */
export const slice = (log: Log, from: number): Log => new Keeper(log).window(from);
