/**
 * The receive queue: what came in its turn and was not read (Linux sk_receive_queue). It holds views of the packets'
 * payload: bytes are copied when a program reads them, or when a small segment fits into the buffer of the one before. Taking from the front and adding at the end cost the
 * same however long the queue is. What memory it may take is the owner's business (memory.ts).
 */
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
  /** Bytes that its buffer still takes behind these (skb_tailroom). */
  readonly room: number;
  /** The bytes lie in memory of our own that reaches as far as `room`; else they are a view of the packet. */
  readonly grown?: true;
}

/** Whether a segment fits into the buffer of the one before it (tcp_input.c tcp_try_coalesce). */
export const canJoin = (last: Skb, { seq, bytes }: Skb): boolean =>
  bytes.length <= last.room && seqDiff(last.end, seq) === 0;

/** Both in that buffer: here, as in Linux, bytes are copied before a program reads them. */
export function joined(last: Skb, { bytes, end, fin }: Skb): Skb {
  if (bytes.length === 0) return { ...last, end, fin };
  const { length } = last.bytes;
  let { buffer, byteOffset } = last.bytes;
  if (!last.grown) {
    const copy = new Uint8Array(length + last.room);
    copy.set(last.bytes);
    buffer = copy.buffer;
    byteOffset = 0;
  }
  const both = new Uint8Array(buffer, byteOffset, length + bytes.length);
  both.set(bytes, length);
  return { ...last, end, fin, bytes: both, room: last.room - bytes.length, grown: true };
}

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
