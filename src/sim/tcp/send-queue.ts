/**
 * What the program wrote and the peer has not acknowledged, as Linux keeps it: a stream of bytes, and over it records
 * (`Skb`, struct sk_buff) in two queues, those not yet sent and those to be sent again if need be (sk_write_queue,
 * tcp_rtx_queue). A record is a range of sequence numbers with flags and marks; it holds no bytes, so cutting and joining
 * records moves none. Records that were sent are also linked in the order in which they were last sent, for RACK
 * (tsorted_sent_queue).
 *
 * Payload is kept as views of what was handed in, which must not change afterwards. Knows nothing of windows and timers;
 * whoever changes a record keeps the counts of the block true.
 */
import { EMPTY } from '../base/bytes.ts';
import { type Seq, seq, seqAdd, seqDiff, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';

/** Marks of a record that was sent (Linux TCP_SKB_CB(skb)->sacked). */
export const SACKED = 1;
/** Sent again, and that copy is believed to be on its way (TCPCB_SACKED_RETRANS). */
export const RETRANS = 2;
export const LOST = 4;
/** Sent again at some time (TCPCB_EVER_RETRANS). */
export const EVER_RETRANS = 8;
/** Sent again, now or ever (TCPCB_RETRANS). */
export const ANY_RETRANS = RETRANS | EVER_RETRANS;

/** Kernel memory of a record besides its payload: struct sk_buff, header room, struct skb_shared_info. Measured on 6.18. */
export const SKB_OVERHEAD = 832;

export interface Skb {
  seq: Seq;
  /** Just past its last sequence number, SYN and FIN counted. */
  end: Seq;
  syn: boolean;
  fin: boolean;
  push: boolean;
  /** MSG_EOR: nothing may be joined behind it. */
  eor: boolean;
  /** Segments of the MSS that it counts as (tcp_skb_pcount); 0: not yet known. */
  segs: number;
  /** The MSS by which a record of several segments is cut (gso_size). */
  size: number;
  /** SACKED, RETRANS, LOST, EVER_RETRANS. */
  marks: number;
  /** When it was last sent (skb_mstamp_ns). */
  at: Time;
  /** Kernel memory that it is charged with (truesize). */
  memory: number;
  /** Pieces of the program's memory that it points to, for MSG_ZEROCOPY; 0 for copied data. */
  frags: number;
  /** The number of the MSG_ZEROCOPY write whose pages it holds; -1: none. */
  zerocopy: number;
  /** SO_TIMESTAMPING: the flags asked for, and the last byte that they are about (tskey). */
  stampFlags: number;
  stampAt: Seq;
  /** Rate sample: the connection's counters when it was last sent (rate.ts). */
  txDelivered: number;
  txDeliveredUs: number;
  txFirstSentUs: number;
  txAppLimited: boolean;

  next: Skb | undefined;
  prev: Skb | undefined;
  /** Neighbours in the order of sending; `sentListed` when it is in that list. */
  sentNext: Skb | undefined;
  sentPrev: Skb | undefined;
  sentListed: boolean;
}

/** A fresh record that covers `seq` to `end`. All records are made here, so that they have one shape in memory. */
export function newSkb(at: Seq, end: Seq): Skb {
  return {
    seq: at,
    end,
    syn: false,
    fin: false,
    push: false,
    eor: false,
    segs: 0,
    size: 0,
    marks: 0,
    at: 0 as Time,
    memory: SKB_OVERHEAD,
    frags: 0,
    zerocopy: -1,
    stampFlags: 0,
    stampAt: at,
    txDelivered: 0,
    txDeliveredUs: 0,
    txFirstSentUs: 0,
    txAppLimited: false,
    next: undefined,
    prev: undefined,
    sentNext: undefined,
    sentPrev: undefined,
    sentListed: false,
  };
}

/** Bytes of payload. */
export const payloadLength = (skb: Skb): number => seqDiff(skb.end, skb.seq) - (skb.syn ? 1 : 0) - (skb.fin ? 1 : 0);

/** Payload of one of its segments (tcp_skb_seglen). */
export const segmentPayload = (skb: Skb): number => (skb.segs > 1 ? skb.size : payloadLength(skb));

/** A doubly linked queue of records in the order of the stream. */
export class SkbList {
  head: Skb | undefined;
  tail: Skb | undefined;

  push(skb: Skb): void {
    skb.prev = this.tail;
    skb.next = undefined;
    if (this.tail) this.tail.next = skb;
    else this.head = skb;
    this.tail = skb;
  }

  pushFirst(skb: Skb): void {
    skb.prev = undefined;
    skb.next = this.head;
    if (this.head) this.head.prev = skb;
    else this.tail = skb;
    this.head = skb;
  }

  insertAfter(place: Skb, skb: Skb): void {
    skb.prev = place;
    skb.next = place.next;
    if (place.next) place.next.prev = skb;
    else this.tail = skb;
    place.next = skb;
  }

  remove(skb: Skb): void {
    if (skb.prev) skb.prev.next = skb.next;
    else this.head = skb.next;
    if (skb.next) skb.next.prev = skb.prev;
    else this.tail = skb.prev;
    skb.next = skb.prev = undefined;
  }
}

export class SendQueue {
  /** Not yet sent (sk_write_queue). */
  readonly unsent = new SkbList();
  /** Sent and not acknowledged (tcp_rtx_queue). */
  readonly sent = new SkbList();
  /** Kernel memory of all records (sk_wmem_queued). */
  memory = 0;

  /** First and last in the order of sending. */
  sentFirst: Skb | undefined;
  #sentLast: Skb | undefined;

  /** The stream: views, and the sequence number at which the first of them begins. */
  #chunks: Uint8Array[] = [];
  #from: Seq = seq(0);
  #length = 0;
  /** Where the last slice ended: chunk and the distance of its start from #from. */
  #hint = 0;
  #hintAt = 0;

  /** Bytes of payload that are kept. */
  get length(): number {
    return this.#length;
  }

  get empty(): boolean {
    return this.unsent.head === undefined && this.sent.head === undefined;
  }

  /** Sequence number of the first byte that is kept. */
  get from(): Seq {
    return this.#from;
  }

  /** The stream begins at `at`; nothing has been written yet. */
  begin(at: Seq): void {
    this.#from = at;
  }

  /** Takes bytes at the end of the stream. They must not change afterwards. */
  append(bytes: Uint8Array): void {
    const index = this.#chunks.length - 1;
    const last = this.#chunks[index];
    this.#length += bytes.length;
    if (last && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      // the next part of the same write: one view, so that packets can be views too
      this.#chunks[index] = new Uint8Array(last.buffer, last.byteOffset, last.length + bytes.length);
    } else this.#chunks.push(bytes);
  }

  /** `length` bytes from sequence number `at`: a view when they lie together, else a copy. */
  slice(at: Seq, length: number): Uint8Array {
    if (length === 0) return EMPTY;
    const offset = seqDiff(at, this.#from);
    if (offset < this.#hintAt) this.#hint = this.#hintAt = 0;
    let chunk = this.#chunks[this.#hint] as Uint8Array;
    while (offset >= this.#hintAt + chunk.length) {
      this.#hintAt += chunk.length;
      chunk = this.#chunks[++this.#hint] as Uint8Array;
    }
    const start = offset - this.#hintAt;
    if (start + length <= chunk.length) return chunk.subarray(start, start + length);
    const out = new Uint8Array(length);
    let filled = chunk.length - start;
    out.set(chunk.subarray(start));
    for (let i = this.#hint + 1; filled < length; i++) {
      const more = this.#chunks[i] as Uint8Array;
      out.set(filled + more.length > length ? more.subarray(0, length - filled) : more, filled);
      filled += more.length;
    }
    return out;
  }

  /** Forgets the bytes before sequence number `to`. */
  release(to: Seq): void {
    let left = Math.min(seqDiff(to, this.#from), this.#length);
    if (left <= 0) return;
    this.#from = seqAdd(this.#from, left);
    this.#length -= left;
    let whole = 0;
    let first = this.#chunks[0];
    while (first && left >= first.length) {
      left -= first.length;
      first = this.#chunks[++whole];
    }
    if (whole > 0) this.#chunks.splice(0, whole);
    if (left > 0 && first) this.#chunks[0] = first.subarray(left);
    this.#hint = this.#hintAt = 0;
  }

  /** A record joins the stream of those not yet sent (tcp_skb_entail). */
  entail(skb: Skb): void {
    this.memory += skb.memory;
    this.unsent.push(skb);
  }

  /** A record made of the first bytes not yet sent comes before the others. */
  entailFirst(skb: Skb): void {
    this.memory += skb.memory;
    this.unsent.pushFirst(skb);
  }

  /** The first unsent record was sent. */
  moveToSent(skb: Skb): void {
    this.unsent.remove(skb);
    this.sent.push(skb);
  }

  /** The record is of no more use. */
  drop(list: SkbList, skb: Skb): void {
    list.remove(skb);
    this.unlist(skb);
    this.memory -= skb.memory;
  }

  /** It was sent just now: it goes last in the order of sending (tcp_update_skb_after_send). */
  sentNow(skb: Skb): void {
    this.unlist(skb);
    skb.sentPrev = this.#sentLast;
    skb.sentNext = undefined;
    if (this.#sentLast) this.#sentLast.sentNext = skb;
    else this.sentFirst = skb;
    this.#sentLast = skb;
    skb.sentListed = true;
  }

  /** Takes it out of the order of sending. */
  unlist(skb: Skb): void {
    if (!skb.sentListed) return;
    if (skb.sentPrev) skb.sentPrev.sentNext = skb.sentNext;
    else this.sentFirst = skb.sentNext;
    if (skb.sentNext) skb.sentNext.sentPrev = skb.sentPrev;
    else this.#sentLast = skb.sentPrev;
    skb.sentNext = skb.sentPrev = undefined;
    skb.sentListed = false;
  }

  /**
   * Cuts a record: `skb` keeps its first `length` bytes, the rest becomes the record after it (tcp_fragment). Counts of
   * segments are the caller's.
   */
  split(list: SkbList, skb: Skb, length: number): Skb {
    const at = seqAdd(skb.seq, length + (skb.syn ? 1 : 0));
    const rest = newSkb(at, skb.end);
    rest.fin = skb.fin;
    const moved = payloadLength(rest);
    rest.memory += moved;
    rest.push = skb.push;
    rest.eor = skb.eor;
    rest.size = skb.size;
    rest.marks = skb.marks;
    rest.at = skb.at;
    rest.frags = skb.frags;
    rest.zerocopy = skb.zerocopy;
    rest.stampFlags = skb.stampFlags;
    rest.stampAt = skb.stampAt;
    rest.txDelivered = skb.txDelivered;
    rest.txDeliveredUs = skb.txDeliveredUs;
    rest.txFirstSentUs = skb.txFirstSentUs;
    rest.txAppLimited = skb.txAppLimited;
    skb.end = at;
    skb.fin = skb.push = skb.eor = false;
    skb.memory -= moved;
    this.memory += SKB_OVERHEAD;
    // the time stamp is about one byte: it goes with whoever holds that (tcp_fragment_tstamp)
    if (seqLt(skb.stampAt, at)) rest.stampFlags = 0;
    else skb.stampFlags = 0;
    list.insertAfter(skb, rest);
    if (skb.sentListed) this.#listAfter(skb, rest);
    return rest;
  }

  #listAfter(place: Skb, skb: Skb): void {
    skb.sentPrev = place;
    skb.sentNext = place.sentNext;
    if (place.sentNext) place.sentNext.sentPrev = skb;
    else this.#sentLast = skb;
    place.sentNext = skb;
    skb.sentListed = true;
  }

  /** The first `length` bytes were acknowledged (tcp_trim_head). */
  trimHead(skb: Skb, length: number): void {
    skb.seq = seqAdd(skb.seq, length);
    skb.memory -= length;
    this.memory -= length;
  }
}
