/**
 * Packets on their way in one direction that arrive in the order in which they were sent: one alarm for all of them. It
 * keeps the rank that each would have had with an alarm of its own.
 */
import type { Time } from '../base/time.ts';
import type { Packet } from '../wire/packet.ts';
import { Alarm, type Scheduler } from './scheduler.ts';

/** Where packets come to. */
export interface Receiver {
  /** A packet has come; `number` is that of its `packet.sent`. */
  arrive(packet: Packet, number: number): void;
}

const AT_FIRST = 16;

export class Pipe extends Alarm {
  readonly #to: Receiver;
  readonly #scheduler: Scheduler;
  // a ring, an array per column; its size is a power of two
  #packets: (Packet | undefined)[] = [];
  #numbers: number[] = [];
  /** Which part of the packet it is. */
  #parts: number[] = [];
  #ats: number[] = [];
  #orders: number[] = [];
  #head = 0;
  #count = 0;

  constructor(to: Receiver, scheduler: Scheduler) {
    super();
    this.#to = to;
    this.#scheduler = scheduler;
  }

  /** When the last of the packets arrives that are on their way; undefined: there is none. */
  get last(): Time | undefined {
    return this.#count === 0 ? undefined : (this.#ats[this.#place(this.#count - 1)] as Time);
  }

  /**
   * A packet will arrive at `at`, which is not before {@link last}.
   * @param part which part of a packet that is to be cut: it is made when it arrives
   */
  push(at: Time, packet: Packet, number: number, part = 0): void {
    const order = this.#scheduler.ticket();
    if (this.#count === this.#packets.length) this.#grow();
    const i = this.#place(this.#count++);
    this.#packets[i] = packet;
    this.#numbers[i] = number;
    this.#parts[i] = part;
    this.#ats[i] = at;
    this.#orders[i] = order;
    if (this.#count === 1) this.#scheduler.set(this, at, order);
  }

  override ring(): void {
    const i = this.#head;
    const packet = this.#packets[i] as Packet;
    this.#packets[i] = undefined;
    this.#head = this.#place(1);
    this.#count--;
    if (this.#count > 0) {
      this.#scheduler.set(this, this.#ats[this.#head] as Time, this.#orders[this.#head] as number);
    }
    const number = this.#numbers[i] as number;
    this.#to.arrive(packet.cutTo > 0 ? packet.part(this.#parts[i] as number) : packet, number);
  }

  /** The index of the `k`th packet from the front. */
  #place(k: number): number {
    return (this.#head + k) & (this.#packets.length - 1);
  }

  #grow(): void {
    const size = Math.max(AT_FIRST, 2 * this.#packets.length);
    this.#packets = this.#unrolled(this.#packets, size, undefined);
    this.#numbers = this.#unrolled(this.#numbers, size, 0);
    this.#parts = this.#unrolled(this.#parts, size, 0);
    this.#ats = this.#unrolled(this.#ats, size, 0);
    this.#orders = this.#unrolled(this.#orders, size, 0);
    this.#head = 0;
  }

  #unrolled<T>(ring: T[], size: number, empty: T): T[] {
    const out = [...ring.slice(this.#head), ...ring.slice(0, this.#head)];
    while (out.length < size) out.push(empty);
    return out;
  }
}
