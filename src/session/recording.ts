/**
 * The log as a program reads it: what the cells of lessons and the checks of exercises ask about a run.
 *
 * Three questions cover most of them: which system calls were made, which packets were sent, which states were entered.
 * Each gives plain objects in order of time, and takes a pattern: `calls({ call: 'accept' })`. Anything else is in
 * `log`, event by event. Numbers and words are those of the views. Read-only; a recording sees nothing but the log.
 */
import { errnoName } from '../sim/base/errno.ts';
import type { Time } from '../sim/base/time.ts';
import { STATES, type State, TRANSITIONS } from '../sim/tcp/states.ts';
import type { Log } from '../sim/trace/log.ts';
import type { Event, EventOf, Kind } from '../sim/trace/schema.ts';
import { endpointText } from '../sim/wire/address.ts';
import { isMalformed } from '../sim/wire/malformed.ts';
import { type CallFacts, factsOf } from '../views/facts.ts';
import { flagWords, type PacketFacts, packetsOf } from '../views/packets.ts';

/** A system call. */
export interface Call {
  /** The number of its `call.enter` event. */
  n: number;
  /** 'accept' */
  call: string;
  host: string;
  /** The thread that made it. */
  thread: string;
  /** The descriptor it was made on; -1 without one. */
  fd: number;
  /** As signatures.ts lists them. */
  args: readonly unknown[];
  /** What it returned, -1 when it failed; undefined while it waits. */
  result: number | undefined;
  /** 'ECONNREFUSED'; '' when it did not fail. */
  error: string;
  /** The bytes that crossed, in or out. */
  data: Uint8Array;
  entered: Time;
  returned: Time | undefined;
  /** Whether it had to wait. */
  waited: boolean;
  cell: string;
  line: number;
}

/** A TCP segment on its way between two hosts. */
export interface Packet {
  /** The number of its `packet.sent` event. */
  n: number;
  /** Names of the hosts; '' for an address that no host has. */
  from: string;
  to: string;
  sent: Time;
  /** Undefined while it is on its way, and when it was dropped. */
  arrived: Time | undefined;
  /** Why it was dropped; '' when it was not. */
  dropped: string;
  /** 'SYN', 'SYN,ACK', 'ACK', 'PSH,ACK', 'FIN,ACK', 'RST'. */
  flags: string;
  /** Relative to the sender's SYN, which is 0. */
  seq: number;
  /** Relative to the other side's SYN; undefined without ACK. */
  ack: number | undefined;
  /** In bytes: scaled as the handshake agreed. */
  window: number;
  /** Bytes of payload. */
  length: number;
  payload: Uint8Array;
  /** '10.0.0.1:49152' */
  source: string;
  target: string;
  retransmission: boolean;
}

/** A socket's move from one TCP state to another. */
export interface StateChange {
  n: number;
  host: string;
  /** The socket's number, unique in the world. */
  sock: number;
  from: State;
  to: State;
  /** What happened: 'rcv SYN,ACK'. */
  on: string;
  time: Time;
}

const matches = <T extends object>(item: T, pattern: Partial<T>): boolean =>
  Object.entries(pattern).every(([key, value]) => item[key as keyof T] === value);

/** The event at an index, with bytes of its own: those in the log must stay as they are, whatever a cell does. */
function eventAt(log: Log, index: number): Event {
  const event = log.at(index);
  for (const [name, value] of Object.entries(event)) {
    if (value instanceof Uint8Array) Object.assign(event, { [name]: value.slice() });
  }
  return event;
}

/** The events of a recording, in order. Iterable; reading one makes a fresh plain object. */
export class Events {
  readonly #log: Log;
  readonly #from: number;
  readonly #to: number | undefined;

  constructor(log: Log, from: number, to: number | undefined) {
    this.#log = log;
    this.#from = from;
    this.#to = to;
  }

  get length(): number {
    return (this.#to ?? this.#log.length) - this.#from;
  }

  /** The event at index `i`, undefined beyond the ends; a negative index counts from the end. */
  at(i: number): Event | undefined {
    const index = i < 0 ? this.length + i : i;
    return index >= 0 && index < this.length ? eventAt(this.#log, this.#from + index) : undefined;
  }

  /** The events of one kind that match: `of('packet.dropped')`. The kinds are listed in sim/trace/schema.ts. */
  of<K extends Kind>(kind: K, pattern: Partial<EventOf<K>> = {}): EventOf<K>[] {
    const out: EventOf<K>[] = [];
    for (let i = this.#from; i < this.#from + this.length; i++) {
      if (this.#log.kindAt(i) !== kind) continue;
      const event = eventAt(this.#log, i) as EventOf<K>;
      if (matches(event, pattern)) out.push(event);
    }
    return out;
  }

  filter(test: (event: Event) => boolean): Event[] {
    return [...this].filter(test);
  }

  *[Symbol.iterator](): Generator<Event> {
    for (let i = 0; i < this.length; i++) yield eventAt(this.#log, this.#from + i);
  }
}

/** The part of a run from one event to another, or up to now. */
export class Recording {
  /** Event by event. */
  readonly log: Events;
  readonly #log: Log;
  readonly #from: number;
  readonly #to: number | undefined;

  /** @param from index of the first event. @param to index after the last; without it the recording grows. */
  constructor(log: Log, from = 0, to?: number) {
    this.log = new Events(log, from, to);
    this.#log = log;
    this.#from = from;
    this.#to = to;
  }

  /** The system calls that were entered, in order; those still waiting at the recording's end have no result. */
  calls(pattern: Partial<Call> = {}): Call[] {
    return factsOf(this.#log)
      .calls.filter((call) => this.#has(call.enter))
      .map((call) => this.#call(call))
      .filter((call) => matches(call, pattern));
  }

  /** The TCP segments that were sent, in order. */
  packets(pattern: Partial<Packet> = {}): Packet[] {
    return packetsOf(this.#log)
      .filter((packet) => this.#has(packet.sent))
      .flatMap((packet) => this.#packet(packet))
      .filter((packet) => matches(packet, pattern));
  }

  /** The moves through the TCP states, in order. */
  states(pattern: Partial<StateChange> = {}): StateChange[] {
    return this.log
      .of('tcp.state')
      .map((event) => ({
        n: event.n,
        host: this.#host(event.host),
        sock: event.sock,
        from: STATES[event.from] as State,
        to: STATES[event.to] as State,
        on: TRANSITIONS[event.row]?.on ?? '',
        time: event.t,
      }))
      .filter((change) => matches(change, pattern));
  }

  #has(index: number): boolean {
    return index >= this.#from && index < (this.#to ?? this.#log.length);
  }

  #host(index: number): string {
    return factsOf(this.#log).hosts.find((host) => host.host === index)?.name ?? '';
  }

  #call({ n, enter, exit, blocks, host, task }: CallFacts): Call {
    const event = this.#log.at(enter) as EventOf<'call.enter'>;
    const end = this.#has(exit) ? (this.#log.at(exit) as EventOf<'call.exit'>) : undefined;
    const failed = end !== undefined && end.errno !== 0;
    return {
      n,
      call: event.call,
      host: this.#host(host),
      thread: factsOf(this.#log).tasks.get(task)?.name ?? '',
      fd: event.fd,
      args: JSON.parse(event.args) as unknown[],
      result: failed ? -1 : end?.result,
      error: failed ? (errnoName(end.errno) ?? `errno ${end.errno}`) : '',
      data: (end && end.data.length > 0 ? end : event).data.slice(),
      entered: event.t,
      returned: end?.t,
      waited: blocks.length > 0,
      cell: event.cell,
      line: event.line,
    };
  }

  #packet(packet: PacketFacts): Packet[] {
    const { parsed } = packet;
    if (isMalformed(parsed)) return [];
    const { ip, segment } = parsed;
    const end = this.#has(packet.end) ? packet.fate : 'on the way';
    return [
      {
        n: packet.n,
        from: this.#host(packet.from),
        to: this.#host(packet.to),
        sent: packet.time,
        arrived: end === 'arrived' ? packet.endTime : undefined,
        dropped: end === 'dropped' ? packet.reason : '',
        flags: flagWords(segment.flags),
        seq: packet.seq,
        ack: packet.ack ?? undefined,
        window: packet.window,
        length: packet.length,
        payload: segment.payload.slice(),
        source: endpointText(ip.src, segment.srcPort),
        target: endpointText(ip.dst, segment.dstPort),
        retransmission: packet.retransmission,
      },
    ];
  }
}
