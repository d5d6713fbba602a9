/**
 * A link between two hosts: each direction has a queue, a rate, a delay and a chance of loss. Packets keep their order.
 * It moves packets and knows nothing of what they mean.
 */
import { Rng } from '../base/rng.ts';
import { type Time, ZERO } from '../base/time.ts';
import type { Log } from '../trace/log.ts';
import type { Packet } from '../wire/packet.ts';
import { DROPS } from './drops.ts';
import type { Scheduler } from './scheduler.ts';

/** Bytes of an Ethernet header: they take their time on the wire too. */
const FRAME_HEADER = 14;

/** Where a link ends. */
export interface Port {
  /** The host's index. */
  readonly index: number;
  readonly name: string;
  /** A packet has come; `number` is that of its `packet.sent`. */
  arrive(packet: Packet, number: number): void;
}

export interface LinkOptions {
  /** One way. */
  delay: Time;
  /** Bits per second; Infinity: none. */
  rate: number;
  /** Packets that may wait for the wire. */
  queue: number;
  /** 0 to 1. */
  loss: number;
  /** Bytes of an IP packet. */
  mtu: number;
  /**
   * What the devices at its ends do with a packet that is larger than a segment of the path (GSO): cut it into segments,
   * the default, or carry it whole.
   */
  offload?: 'cut' | 'whole';
}

interface Direction {
  to: Port;
  rng: Rng;
  /** When the wire is free again. */
  free: Time;
  waiting: number;
}

export class Link {
  readonly index: number;
  readonly mtu: number;
  readonly offload: 'cut' | 'whole';
  readonly #options: LinkOptions;
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  readonly #directions: Map<Port, Direction>;

  constructor(
    index: number,
    ends: readonly [Port, Port],
    options: LinkOptions,
    seed: number,
    scheduler: Scheduler,
    log: Log,
  ) {
    this.index = index;
    this.mtu = options.mtu;
    this.offload = options.offload ?? 'cut';
    this.#options = options;
    this.#scheduler = scheduler;
    this.#log = log;
    const [a, b] = ends;
    const direction = (from: Port, to: Port): Direction => ({
      to,
      rng: new Rng(seed, `loss ${from.name}>${to.name} ${index}`),
      free: ZERO,
      waiting: 0,
    });
    this.#directions = new Map([
      [a, direction(a, b)],
      [b, direction(b, a)],
    ]);
    const { delay, rate, queue, loss, mtu } = options;
    log.add('link.up', { cause: -1 }, { link: index, a: a.index, b: b.index, delay, rate, queue, loss, mtu });
  }

  /** The port at the other end. */
  peerOf(port: Port): Port {
    return (this.#directions.get(port) as Direction).to;
  }

  /** Takes a packet from `from`; logs it and what becomes of it. */
  send(from: Port, packet: Packet, sock: number, cause: number): void {
    const { delay, rate, queue, loss } = this.#options;
    const d = this.#directions.get(from) as Direction;
    const { now } = this.#scheduler;
    const number = this.#log.packetSent(from.index, sock, cause, d.to.index, this.index, packet);
    const drop = (reason: string) =>
      this.#log.add('packet.dropped', { host: from.index, sock, cause: number }, { packet: number, reason });

    if (d.free > now) {
      if (d.waiting >= queue) {
        drop(DROPS.queueFull);
        return;
      }
      this.#log.packetQueued(from.index, sock, number, number, d.waiting);
      d.waiting++;
      this.#scheduler.at(d.free, () => d.waiting--);
    }
    const start = Math.max(now, d.free);
    const onWire = rate === Number.POSITIVE_INFINITY ? 0 : Math.ceil(((packet.length + FRAME_HEADER) * 8e9) / rate);
    d.free = (start + onWire) as Time;

    if (loss > 0 && d.rng.unit() < loss) {
      this.#scheduler.at((d.free + Math.floor(delay / 2)) as Time, () => drop(DROPS.lost));
      return;
    }
    this.#scheduler.at((d.free + delay) as Time, () => d.to.arrive(packet, number));
  }
}
