/**
 * The out-of-order queue: what came before its turn, by sequence number (Linux out_of_order_queue). Segments may overlap
 * in part, as they came; one that holds nothing new is not kept, and one that is covered by a later one goes. The order of
 * Linux's tree is kept in a sorted array: a segment at the end is added in constant time, another one is found by halving.
 *
 * Beside the segments it keeps the stretches that they make up together, so that whoever draws or logs the queue need not
 * look at thousands of segments.
 */
import { type Seq, seqLe, seqLt, seqMax } from '../../base/seq.ts';
import { canJoin, joined, type Skb } from './queue.ts';

/** From `left` on, up to but without `right`. */
export interface Stretch {
  left: Seq;
  right: Seq;
}

/** What {@link OutOfOrder.insert} found: told to the sender by DSACK. */
export interface Inserted {
  /** 'joined': in the buffer of the one before. */
  kept: 'whole' | 'joined' | 'no';
  /** What the segment brought a second time. */
  twice: Stretch | undefined;
  /** Memory of the segments that it replaced. */
  freed: number;
}

/** Entries that were taken from the front are forgotten together once they are this many. */
const SLACK = 64;

/** Index of the first element that does not come before `at`. */
function lowerBound<T>(list: readonly T[], from: number, before: (element: T) => boolean): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(list[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class OutOfOrder {
  #skbs: Skb[] = [];
  #head = 0;
  #ranges: Stretch[] = [];

  get length(): number {
    return this.#skbs.length - this.#head;
  }

  /** What is held, as stretches with gaps between. */
  get ranges(): readonly Readonly<Stretch>[] {
    return this.#ranges;
  }

  first(): Skb | undefined {
    return this.#skbs[this.#head];
  }

  /** The one that begins last (Linux ooo_last_skb). */
  last(): Skb | undefined {
    return this.length > 0 ? this.#skbs[this.#skbs.length - 1] : undefined;
  }

  /** Takes the first one out; its stretch stays until {@link pass}. */
  shift(): void {
    this.#head++;
    if (this.#head === this.#skbs.length) {
      this.#skbs = [];
      this.#head = 0;
    } else if (this.#head >= SLACK && this.#head * 2 >= this.#skbs.length) {
      this.#skbs = this.#skbs.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Everything before `next` has been taken: stretches that it covers go. */
  pass(next: Seq): void {
    let covered = 0;
    for (; covered < this.#ranges.length; covered++) {
      if (seqLt(next, (this.#ranges[covered] as Stretch).right)) break;
    }
    if (covered > 0) this.#ranges.splice(0, covered);
  }

  /** Takes the last one out. */
  pop(): Skb | undefined {
    const skb = this.last();
    if (!skb) return undefined;
    this.#skbs.pop();
    this.#measure();
    return skb;
  }

  clear(): void {
    this.#skbs = [];
    this.#ranges = [];
    this.#head = 0;
  }

  list(): Skb[] {
    return this.#skbs.slice(this.#head);
  }

  /** Puts others, in order, in the place of all. */
  replace(skbs: Skb[]): void {
    this.#skbs = skbs;
    this.#head = 0;
    this.#measure();
  }

  /** Adds a segment (tcp_input.c tcp_data_queue_ofo). */
  insert(skb: Skb): Inserted {
    const last = this.last();
    if (last && canJoin(last, skb)) return this.#join(this.#skbs.length - 1, skb);
    if (!last || seqLe(last.end, skb.seq)) {
      this.#skbs.push(skb);
      this.#cover(skb);
      return NEW;
    }
    return this.#insertAmong(skb);
  }

  #join(index: number, skb: Skb): Inserted {
    this.#skbs[index] = joined(this.#skbs[index] as Skb, skb);
    this.#cover(skb);
    return JOINED;
  }

  #insertAmong(skb: Skb): Inserted {
    const skbs = this.#skbs;
    const { seq, end } = skb;
    let twice: Stretch | undefined;
    let freed = 0;
    let at = lowerBound(skbs, this.#head, (held) => seqLt(held.seq, seq));
    const same = skbs[at];
    // one that begins at the same number, else the one before
    const first = same && seqLe(same.seq, seq) ? at : at - 1;
    const held = first >= this.#head ? skbs[first] : undefined;
    if (held && seqLt(seq, held.end)) {
      if (seqLe(end, held.end)) return { kept: 'no', twice: { left: seq, right: end }, freed };
      if (first < at) twice = { left: seq, right: held.end };
    } else if (held && canJoin(held, skb)) {
      return this.#join(first, skb);
    }
    let covered = at;
    for (; covered < skbs.length; covered++) {
      const next = skbs[covered] as Skb;
      if (seqLe(end, next.seq)) break;
      const whole = seqLe(next.end, end);
      twice = extended(twice, next.seq, whole ? next.end : end);
      if (!whole) break;
      freed += next.truesize;
    }
    if (covered === at && at === this.#head && at > 0) {
      at = --this.#head; // a place that the front has left is free
      skbs[at] = skb;
    } else {
      skbs.splice(at, covered - at, skb);
    }
    this.#cover(skb);
    return { kept: 'whole', twice, freed };
  }

  /** Adds a segment to the stretches, joining those that it touches. */
  #cover({ seq, end }: Skb): void {
    const ranges = this.#ranges;
    const last = ranges[ranges.length - 1];
    if (!last || seqLt(last.right, seq)) {
      ranges.push({ left: seq, right: end });
      return;
    }
    if (seqLe(last.left, seq)) {
      last.right = seqMax(last.right, end);
      return;
    }
    const from = lowerBound(ranges, 0, (range) => seqLt(range.right, seq));
    let to = from;
    let left = seq;
    let right = end;
    for (; to < ranges.length; to++) {
      const range = ranges[to] as Stretch;
      if (seqLt(end, range.left)) break;
      if (seqLt(range.left, left)) left = range.left;
      right = seqMax(right, range.right);
    }
    ranges.splice(from, to - from, { left, right });
  }

  /** Finds the stretches anew. */
  #measure(): void {
    this.#ranges = [];
    for (let i = this.#head; i < this.#skbs.length; i++) this.#cover(this.#skbs[i] as Skb);
  }
}

const NEW: Inserted = { kept: 'whole', twice: undefined, freed: 0 };
const JOINED: Inserted = { ...NEW, kept: 'joined' };

/** A stretch grown by another that touches it; one that does not is not told (tcp_input.c tcp_dsack_extend). */
export function extended(stretch: Stretch | undefined, left: Seq, right: Seq): Stretch {
  if (!stretch) return { left, right };
  if (seqLt(stretch.right, left) || seqLt(right, stretch.left)) return stretch;
  return { left: seqLt(left, stretch.left) ? left : stretch.left, right: seqMax(stretch.right, right) };
}
