/** What tests of receiving have in common: an established connection, and segments of a peer that the test plays. */
import { seqAdd, seqDiff } from '../../../../src/sim/base/seq.ts';
import type { Time } from '../../../../src/sim/base/time.ts';
import { read } from '../../../../src/sim/tcp/receive/read.ts';
import { segmentArrives } from '../../../../src/sim/tcp/segment-arrives.ts';
import type { Settings } from '../../../../src/sim/tcp/settings.ts';
import type { Tcb } from '../../../../src/sim/tcp/tcb.ts';
import type { Effect } from '../../../../src/sim/tcp/turn.ts';
import { ACK, type Segment } from '../../../../src/sim/wire/tcp.ts';
import { Duo } from '../duo.ts';

/** Byte `i` of the peer's stream. */
export const byteAt = (i: number): number => (i * 7 + (i >> 8)) & 255;
/** Bytes `[from, to)` of the peer's stream. */
export const stream = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from }, (_, i) => byteAt(from + i));

/** The receiving end of a connection; its peer is the test. Sequence numbers cross the wrap within the first bytes. */
export class Receiver {
  readonly tcb: Tcb;
  now: Time;
  /** What the connection did since it was last asked. */
  effects: Effect[] = [];
  readonly #template: Segment;

  constructor(settings: Partial<Settings> = {}, buffers: { receive?: number } = {}) {
    const duo = Duo.established({ timestamps: false, ...settings }, buffers);
    const { a, b } = duo;
    this.tcb = b;
    this.now = duo.now;
    this.#template = {
      srcPort: a.local.port,
      dstPort: b.local.port,
      seq: a.snd.nxt,
      ack: b.snd.nxt,
      flags: ACK,
      window: 65_535,
      urgent: 0,
      options: {},
      payload: new Uint8Array(0),
    };
  }

  /** Bytes `[from, to)` of the stream arrive in one segment. */
  data(from: number, to: number, more: Partial<Segment> = {}): this {
    return this.segment({ seq: seqAdd(this.#template.seq, from), payload: stream(from, to), ...more });
  }

  segment(more: Partial<Segment>): this {
    this.effects.push(...segmentArrives(this.tcb, { ...this.#template, ...more }, this.now).effects);
    return this;
  }

  /** What a program reads. */
  read(length = 1 << 20, peek = false): Uint8Array {
    const into = new Uint8Array(length);
    const { given, effects } = read(this.tcb, { into, peek }, this.now);
    this.effects.push(...effects);
    return into.subarray(0, given);
  }

  /** A sequence number of the peer, from 0 on. */
  offset(seq: Segment['seq']): number {
    return seqDiff(seq, this.#template.seq);
  }

  /** Segments sent since the last call. */
  sent(): Segment[] {
    const out = this.effects.flatMap((effect) => (effect.do === 'transmit' ? [effect.segment] : []));
    this.effects = [];
    return out;
  }

  /** The SACK blocks of an ACK, from 0 on. */
  blocks(segment: Segment | undefined): [number, number][] {
    return (segment?.options.sack ?? []).map(({ left, right }) => [this.offset(left), this.offset(right)]);
  }
}
