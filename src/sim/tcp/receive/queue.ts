/**
 * The receive queue: what came in its turn and was not read (Linux sk_receive_queue). It holds views of the packets'
 * payload; bytes are copied when a program reads them, never before. Taking from the front and adding at the end cost the
 * same however long the queue is. What memory it may take is the owner's business (memory.ts).
 */
import { concat } from '../../base/bytes.ts';
import { type Seq, seqDiff } from '../../base/seq.ts';

/** A segment's payload as it waits (Linux struct sk_buff). */
export interface Skb {
  /** Of the first byte of `bytes`. */
  readonly seq: Seq;
  /** Just past its last sequence number: a FIN counts. */
  readonly end: Seq;
  readonly bytes: Uint8Array;
  readonly fin: boolean;
  /** Kernel memory that it takes. */
  readonly truesize: number;
  /** Made of others to win memory: bytes that its buffer still takes. Nobody else looks at it, so it may grow. */
  readonly room?: number;
}

/** Whether a segment fits into the buffer of the one before it (tcp_input.c tcp_try_coalesce). */
export const canJoin = (last: Skb, { seq, bytes }: Skb): boolean =>
  last.room !== undefined && bytes.length <= last.room && seqDiff(last.end, seq) === 0;

/** Both in that buffer. */
export const joined = (last: Skb, { bytes, end, fin }: Skb): Skb => ({
  ...last,
  end,
  fin,
  bytes: concat([last.bytes, bytes]),
  room: (last.room ?? 0) - bytes.length,
});

/** Taken entries are forgotten together once they are this many. */
const SLACK = 64;

export class ReceiveQueue {
  #skbs: (Skb | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#skbs.length - this.#head;
  }

  first(): Skb | undefined {
    return this.#skbs[this.#head];
  }

  /** The one at `index`, counted from the front. */
  at(index: number): Skb | undefined {
    return this.#skbs[this.#head + index];
  }

  /** The one that came last. */
  last(): Skb | undefined {
    return this.#skbs[this.#skbs.length - 1];
  }

  /** Puts another in the place of the last one. */
  replaceLast(skb: Skb): void {
    this.#skbs[this.#skbs.length - 1] = skb;
  }

  push(skb: Skb): void {
    this.#skbs.push(skb);
  }

  shift(): Skb | undefined {
    const skb = this.#skbs[this.#head];
    if (!skb) return undefined;
    this.#skbs[this.#head++] = undefined;
    if (this.#head === this.#skbs.length) {
      this.#skbs.length = this.#head = 0;
    } else if (this.#head >= SLACK && this.#head * 2 >= this.#skbs.length) {
      this.#skbs.copyWithin(0, this.#head);
      this.#skbs.length -= this.#head;
      this.#head = 0;
    }
    return skb;
  }

  /** All that is queued, in order. */
  list(): Skb[] {
    return this.#skbs.slice(this.#head) as Skb[];
  }

  /** Puts others in the place of all that is queued. */
  replace(skbs: Skb[]): void {
    this.#skbs = skbs;
    this.#head = 0;
  }
}
