/**
 * A link between two hosts: each direction has a queue, a rate and a delay, and may lose, copy, damage, delay and reorder
 * packets as Linux's netem does (net/sched/sch_netem.c; tc-netem(8)), each by a stream of random numbers of its own. It
 * moves packets and knows nothing of what they mean.
 *
 * A packet waits for the wire, takes its time on it, and is then on its way for `delay`. What the link does to it happens
 * after the wire: a lost packet has taken its time on it, and one that is not held back arrives as soon as it has left it.
 */

import { flipped } from '../base/bytes.ts';
import { Rng } from '../base/rng.ts';
import { type Time, ZERO } from '../base/time.ts';
import type { Frame } from '../trace/frame.ts';
import type { Log } from '../trace/log.ts';
import { partCount } from '../wire/gso.ts';
import { type Packet, Part, RawPacket, type TcpPacket } from '../wire/packet.ts';
import { DROPS } from './drops.ts';
import { Pipe, type Receiver } from './pipe.ts';
import { type RouterOptions, refuses, tooBig } from './router.ts';
import type { Scheduler } from './scheduler.ts';
import { Waiting } from './waiting.ts';

/** Bytes of an Ethernet header: they take their time on the wire too. */
const FRAME_HEADER = 14;

/** Where a link ends. */
export interface Port extends Receiver {
  /** The host's index. */
  readonly index: number;
  readonly name: string;
}

/** What may go wrong on a link, in the words of tc-netem(8). Probabilities are 0 to 1; absent: never. */
export interface Impairments {
  /** Probability that a packet is lost. */
  loss?: number;
  /** Probability that a packet arrives twice. */
  duplicate?: number;
  /** Probability that one bit of a packet is flipped. */
  corrupt?: number;
  /**
   * The delay varies by so much to either side, evenly. Packets may overtake each other, unless the link has a rate: then
   * none arrives before the one that was sent before it.
   */
  jitter?: Time;
  /** Probability that a packet is not held back by the delay, and so overtakes those that are on their way. */
  reorder?: number;
  /** Only every `gap`th packet may do so; 1 unless given. */
  gap?: number;
}

export interface LinkOptions extends Impairments {
  /** One way. */
  delay: Time;
  /** Bits per second; Infinity: none. */
  rate: number;
  /** Packets that may wait for the wire. */
  queue: number;
  /** Bytes of an IP packet. */
  mtu: number;
  /** Bytes that a router half-way forwards: less than `mtu`, which is all that the hosts see; absent: as much as `mtu`. */
  pathMtu?: number | undefined;
  /** That router drops what is larger without a word. */
  blackHole?: boolean | undefined;
  /**
   * What the devices at its ends do with a packet that is larger than a segment of the path (GSO): cut it into segments,
   * the default, or carry it whole.
   */
  offload?: 'cut' | 'whole' | undefined;
}

/** Something that happens by chance, with its own stream of random numbers. */
class Chance {
  readonly rng: Rng;
  readonly #probability: number;

  constructor(seed: number, name: string, probability: number) {
    this.rng = new Rng(seed, name);
    this.#probability = probability;
  }

  /** Whether it happens. One that never does draws no number. */
  happens(): boolean {
    return this.#probability > 0 && this.rng.unit() < this.#probability;
  }
}

interface Direction {
  from: Port;
  to: Port;
  /** When the wire is free again. */
  free: Time;
  waiting: Waiting;
  pipe: Pipe;
  loss: Chance;
  duplicate: Chance;
  corrupt: Chance;
  reorder: Chance;
  jitter: Rng;
  /** Packets since one was last reordered (netem's counter). */
  counter: number;
}

export class Link {
  readonly index: number;
  readonly mtu: number;
  readonly offload: 'cut' | 'whole';
  readonly #delay: Time;
  readonly #rate: number;
  readonly #queue: number;
  readonly #jitter: Time;
  readonly #gap: number;
  readonly #router: RouterOptions | undefined;
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  readonly #there: Direction;
  readonly #back: Direction;
  /** The part that is being taken. */
  #part: Part | undefined;

  constructor(
    index: number,
    ends: readonly [Port, Port],
    options: LinkOptions,
    seed: number,
    scheduler: Scheduler,
    log: Log,
  ) {
    const { delay, rate, queue, mtu, offload = 'cut' } = options;
    const { pathMtu = mtu, blackHole = false } = options;
    const { loss = 0, duplicate = 0, corrupt = 0, jitter = ZERO, reorder = 0, gap = 1 } = options;
    this.index = index;
    this.mtu = mtu;
    this.offload = offload;
    this.#delay = delay;
    this.#rate = rate;
    this.#queue = queue;
    this.#jitter = jitter;
    this.#gap = gap;
    this.#router = pathMtu < mtu ? { pathMtu, blackHole } : undefined;
    this.#scheduler = scheduler;
    this.#log = log;
    const direction = (from: Port, to: Port): Direction => {
      const name = `${from.name}>${to.name} ${index}`;
      return {
        from,
        to,
        free: ZERO,
        waiting: new Waiting(scheduler),
        pipe: new Pipe(to, scheduler),
        loss: new Chance(seed, `loss ${name}`, loss),
        duplicate: new Chance(seed, `duplicate ${name}`, duplicate),
        corrupt: new Chance(seed, `corrupt ${name}`, corrupt),
        reorder: new Chance(seed, `reorder ${name}`, reorder),
        jitter: new Rng(seed, `jitter ${name}`),
        counter: 0,
      };
    };
    const [a, b] = ends;
    this.#there = direction(a, b);
    this.#back = direction(b, a);
    log.add(
      'link.up',
      { cause: -1 },
      {
        ...{ link: index, a: a.index, b: b.index, delay, rate, queue, mtu },
        ...{ loss, duplicate, corrupt, jitter, reorder, gap, pathMtu },
      },
    );
  }

  /** The port at the other end. */
  peerOf(port: Port): Port {
    return this.#from(port).to;
  }

  /** Takes a packet from `from`, or the parts into which it is to be cut; logs each and what becomes of it. */
  send(from: Port, packet: Packet, sock: number, cause: number): void {
    const d = this.#from(from);
    if (packet.cutTo === 0 || packet instanceof RawPacket) {
      this.#take(d, packet, packet, 0, sock, cause);
      return;
    }
    const count = partCount(packet.segment, packet.cutTo);
    this.#part ??= new Part(packet);
    for (let i = 0; i < count; i++) this.#take(d, packet, this.#part.of(packet, i), i, sock, cause);
  }

  /** Takes a packet, or the part of one that `frame` is. */
  #take(d: Direction, packet: Packet, frame: Frame, part: number, sock: number, cause: number): void {
    const { from } = d;
    const { now } = this.#scheduler;
    const number = this.#log.packetSent(from.index, sock, cause, d.to.index, this.index, frame);
    if (d.free > now) {
      const length = d.waiting.count();
      if (length >= this.#queue) {
        this.#drop(d, sock, number, DROPS.queueFull);
        return;
      }
      this.#log.packetQueued(from.index, sock, number, number, length);
      d.waiting.push(d.free);
    }
    const start = Math.max(now, d.free);
    const bytes = frame.headerLength + frame.payloadLength + FRAME_HEADER;
    d.free = (start + (this.#rate === Infinity ? 0 : Math.ceil((bytes * 8e9) / this.#rate))) as Time;

    if (this.#router) {
      const whole = wholeOf(packet, part);
      if (refuses(this.#router, whole)) {
        this.#refuse(d, this.#router, whole, sock, number);
        return;
      }
    }
    const twice = d.duplicate.happens();
    const lost = d.loss.happens();
    if (!lost || twice)
      this.#carry(d, packet, part, number); // of two, the one that is lost leaves the other
    else this.#lose(d, sock, number);
    if (twice && !lost) this.#copy(d, wholeOf(packet, part), sock, number);
  }

  #from(port: Port): Direction {
    return port === this.#there.from ? this.#there : this.#back;
  }

  #drop(d: Direction, sock: number, packet: number, reason: string): void {
    this.#log.add('packet.dropped', { host: d.from.index, sock, cause: packet }, { packet, reason });
  }

  #lose(d: Direction, sock: number, number: number): void {
    const at = (d.free + Math.floor(this.#delay / 2)) as Time;
    this.#scheduler.at(at, () => this.#drop(d, sock, number, DROPS.lost));
  }

  /** The packet has come to the router half-way and goes no further; what the router says comes back at once. */
  #refuse(d: Direction, router: RouterOptions, packet: TcpPacket, sock: number, number: number): void {
    const half = Math.floor(this.#delay / 2);
    this.#scheduler.at((d.free + half) as Time, () => {
      this.#drop(d, sock, number, DROPS.tooBig);
      const answer = router.blackHole ? undefined : tooBig(router, packet, this.index);
      if (!answer) return;
      const said = this.#log.packetSent(-1, 0, number, d.from.index, this.index, answer);
      this.#scheduler.at((this.#scheduler.now + half) as Time, () => d.from.arrive(answer, said));
    });
  }

  /** A second packet like the first comes into being on the link; it can be lost like any other, but has no copy. */
  #copy(d: Direction, packet: Packet, sock: number, original: number): void {
    const number = this.#log.packetSent(-1, sock, original, d.to.index, this.index, packet);
    if (d.loss.happens()) this.#lose(d, sock, number);
    else this.#carry(d, packet, 0, number);
  }

  /** A packet that has left the wire will arrive. */
  #carry(d: Direction, sent: Packet, part: number, number: number): void {
    const packet = d.corrupt.happens() ? this.#damage(d, wholeOf(sent, part), number) : sent;
    const { last } = d.pipe;
    let at = d.free;
    if (this.#isHeld(d)) {
      at = this.#delayed(d);
      if (last !== undefined && at < last && this.#rate < Infinity) at = last;
    }
    if (last === undefined || last <= at) d.pipe.push(at, packet, number, part);
    else this.#overtake(d, at, wholeOf(packet, part), number);
  }

  /** A packet that overtakes others has an alarm of its own. */
  #overtake(d: Direction, at: Time, packet: Packet, number: number): void {
    this.#scheduler.at(at, () => d.to.arrive(packet, number));
  }

  /** Flips one bit of a packet: from now on it is known by its bytes alone. */
  #damage(d: Direction, packet: Packet, number: number): RawPacket {
    const bit = d.corrupt.rng.below(packet.length * 8);
    this.#log.add('packet.damaged', { host: d.from.index, cause: number }, { packet: number, bit });
    return new RawPacket(flipped(packet.bytes(), bit));
  }

  /** Whether a packet is delayed as it should: one of `gap` may not be (sch_netem.c netem_enqueue). */
  #isHeld(d: Direction): boolean {
    if (d.counter >= this.#gap - 1 && d.reorder.happens()) {
      d.counter = 0;
      return false;
    }
    d.counter++;
    return true;
  }

  /** When a packet that leaves the wire last arrives (sch_netem.c tabledist, without a table). */
  #delayed(d: Direction): Time {
    if (this.#jitter === 0) return (d.free + this.#delay) as Time;
    const delay = this.#delay - this.#jitter + d.jitter.below(2 * this.#jitter);
    return (d.free + Math.max(0, delay)) as Time;
  }
}

/** The packet that a part is. */
const wholeOf = (packet: Packet, part: number): Packet => (packet.cutTo > 0 ? packet.part(part) : packet);
