/**
 * Two TCP ends and a wire between them, without a kernel: a test drives calls, drops and delays segments, lets time pass
 * and looks at blocks. Sequence numbers start just below 2^32, so that the first bytes cross the wrap.
 */
import { EMPTY, utf8 } from '../../../src/sim/base/bytes.ts';
import { type Seq, seq, seqAdd } from '../../../src/sim/base/seq.ts';
import { ms, s, type Time, ZERO } from '../../../src/sim/base/time.ts';
import { activeOpen, close, passiveOpen, receive, shutdownSend } from '../../../src/sim/tcp/calls.ts';
import { RECEIVE_DEFAULTS } from '../../../src/sim/tcp/receive/state.ts';
import { segmentArrives } from '../../../src/sim/tcp/segment-arrives.ts';
import { type SendFlags, send } from '../../../src/sim/tcp/send.ts';
import type { Settings } from '../../../src/sim/tcp/settings.ts';
import { STATES, type State, TRANSITIONS } from '../../../src/sim/tcp/states.ts';
import { newTcb, type Tcb } from '../../../src/sim/tcp/tcb.ts';
import { timerExpires } from '../../../src/sim/tcp/timeouts.ts';
import { nextTimer } from '../../../src/sim/tcp/timers.ts';
import type { Effect } from '../../../src/sim/tcp/turn.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { cutSegment } from '../../../src/sim/wire/gso.ts';
import { ACK, FIN, RST, type Segment, SYN } from '../../../src/sim/wire/tcp.ts';

export const SETTINGS: Settings = {
  synRetries: 6,
  synLinearTimeouts: 4,
  synackRetries: 5,
  retries2: 15,
  orphanRetries: 0,
  finTimeout: s(60),
  windowScaling: true,
  timestamps: true,
  sack: true,
  mss: 1460,
  mssDefault: 536,
  pathMtu: 1500,
  minSendMss: 48,
  mtuProbing: 0,
  baseMss: 1024,
  mtuProbeFloor: 48,
  probeThreshold: 8,
  probeInterval: 600,
  receiveMax: 33_554_432,
  retries1: 3,
  keepIdle: s(7200),
  keepInterval: s(75),
  keepCount: 9,
  rtoMin: ms(200),
  rtoMax: s(120),
  routeRtoMin: undefined,
  minRttWindow: s(300),
  thinLinear: false,
  invalidRateLimit: ms(500),
  rfc1337: false,
  maxOrphans: 131_072,
  maxTimeWaits: 131_072,
  receiveRatio: 'learned',
  receive: RECEIVE_DEFAULTS,
  totals: { orphans: 0, timeWaits: 0 },
  slowStartAfterIdle: true,
  reordering: 3,
  maxReordering: 300,
  frto: true,
  lossProbes: true,
  recovery: 1,
  minTsoSegs: 2,
  tsoRttLog: 9,
  tsoWinDivisor: 3,
  pacingSsRatio: 200,
  pacingCaRatio: 120,
  notSentLowat: 4_294_967_295,
  ecn: 2,
  ecnFallback: true,
  deviceFull: false,
  retransCollapse: true,
  initialCwnd: 10,
};

export type EndName = 'a' | 'b';
export interface Sent {
  t: Time;
  from: EndName;
  segment: Segment;
}

/** Codepoints of the IP header (RFC 3168 section 5). */
const ECT = 2;
const CE = 3;

const LETTERS: readonly [string, number][] = [
  ['R', RST],
  ['S', SYN],
  ['F', FIN],
  ['A', ACK],
];

/** Rows of the transition table that any duo of this process has taken. */
export const taken = new Set<number>();

export class Duo {
  now = ZERO;
  readonly a: Tcb;
  readonly b: Tcb;
  readonly sent: Sent[] = [];
  readonly effects: { from: EndName; effect: Effect }[] = [];
  /** Whether a segment is lost; the default loses none. */
  drop: (sent: Sent, index: number) => boolean = () => false;
  delay = ms(10);
  /** When the copies of a segment that is not lost arrive, from now; the default: one, after `delay`. */
  copies: (sent: Sent, index: number) => readonly Time[] = () => [this.delay];
  /** Whether a router marks a segment that may be marked (CE). */
  marks: (sent: Sent, index: number) => boolean = () => false;
  /** Called after each call, segment and timeout. */
  watch: (end: EndName) => void = () => {};
  #wire: { at: Time; to: EndName; segment: Segment }[] = [];

  constructor(settings: Partial<Settings> = {}, buffers: { send?: number; receive?: number } = {}) {
    const init = {
      settings: { ...SETTINGS, totals: { orphans: 0, timeWaits: 0 }, ...settings },
      timestampOffset: 0,
      sendLimit: buffers.send ?? 46_080,
      receiveLimit: buffers.receive ?? 131_072,
      receiveLocked: buffers.receive !== undefined,
    };
    const nameA = { addr: address('10.0.0.1'), port: 40_000 };
    const nameB = { addr: address('10.0.0.2'), port: 80 };
    this.a = newTcb({ ...init, local: nameA, remote: nameB, iss: seq(-3) });
    this.b = newTcb({ ...init, local: nameB, remote: nameA, iss: seq(-5) });
  }

  tcb(end: EndName): Tcb {
    return end === 'a' ? this.a : this.b;
  }

  obey(end: EndName, effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.effects.push({ from: end, effect });
      if (effect.do === 'state') taken.add(effect.row);
      if (effect.do !== 'transmit') continue;
      const { segment, size, ect } = effect;
      for (const part of size ? cutSegment(segment, size) : [segment])
        this.#carry(end, ect ? { ...part, ecn: ECT } : part);
    }
    this.watch(end);
  }

  #carry(end: EndName, segment: Segment): void {
    const sent: Sent = { t: this.now, from: end, segment };
    this.sent.push(sent);
    if (this.drop(sent, this.sent.length - 1)) return;
    const to = end === 'a' ? 'b' : 'a';
    if (segment.ecn === ECT && this.marks(sent, this.sent.length - 1)) segment.ecn = CE;
    for (const after of this.copies(sent, this.sent.length - 1)) {
      const at = (this.now + after) as Time;
      let place = this.#wire.length;
      while (place > 0 && (this.#wire[place - 1]?.at ?? 0) > at) place--;
      this.#wire.splice(place, 0, { at, to, segment });
    }
  }

  connect(end: EndName = 'a'): this {
    this.obey(end, activeOpen(this.tcb(end), this.now));
    return this;
  }
  listen(end: EndName = 'b'): this {
    this.obey(end, passiveOpen(this.tcb(end), this.now));
    return this;
  }
  write(end: EndName, data: string | Uint8Array, flags: SendFlags = {}): number {
    const tcb = this.tcb(end);
    const { taken: n, effects } = send(tcb, typeof data === 'string' ? utf8(data) : data, 0, flags, this.now);
    this.obey(end, effects);
    return n;
  }
  read(end: EndName, count = 1 << 20): Uint8Array {
    const out = new Uint8Array(count);
    const { given, effects } = receive(this.tcb(end), out, false, this.now);
    this.obey(end, effects);
    return out.subarray(0, given);
  }
  close(end: EndName): this {
    this.obey(end, close(this.tcb(end), this.now));
    return this;
  }
  shutdown(end: EndName): this {
    this.obey(end, shutdownSend(this.tcb(end), this.now));
    return this;
  }
  inject(to: EndName, segment: Segment): this {
    this.obey(to, segmentArrives(this.tcb(to), segment, this.now).effects);
    return this;
  }

  /** Runs everything that is due within `duration`. */
  pass(duration: Time): this {
    const end = this.now + duration;
    for (;;) {
      const arrival = this.#wire[0];
      const timerA = nextTimer(this.a) ?? Number.POSITIVE_INFINITY;
      const timerB = nextTimer(this.b) ?? Number.POSITIVE_INFINITY;
      const next = Math.min(arrival?.at ?? Number.POSITIVE_INFINITY, timerA, timerB);
      if (next > end) break;
      this.now = next as Time;
      if (arrival && arrival.at === next) {
        this.#wire.shift();
        const tcb = this.tcb(arrival.to);
        if (tcb.state !== 'CLOSED') this.obey(arrival.to, segmentArrives(tcb, arrival.segment, this.now).effects);
      } else if (timerA === next) this.obey('a', timerExpires(this.a, this.now).effects);
      else this.obey('b', timerExpires(this.b, this.now).effects);
    }
    this.now = end as Time;
    return this;
  }

  /** Both ends ESTABLISHED, the wire quiet. */
  static established(settings: Partial<Settings> = {}, buffers: { send?: number; receive?: number } = {}): Duo {
    const duo = new Duo(settings, buffers).listen().connect().pass(ms(100));
    duo.sent.length = 0;
    duo.effects.length = 0;
    return duo;
  }

  get states(): [State, State] {
    return [this.a.state, this.b.state];
  }
  /** The path of an end through the states. */
  path(end: EndName): State[] {
    return this.effects.flatMap(({ from, effect }) =>
      from === end && effect.do === 'state' ? [STATES[effect.to] as State] : [],
    );
  }
  /** `a>S`, `b>SA`, ...: who sent which flags, with the payload length when there is one. */
  get flags(): string[] {
    return this.sent.map(({ from, segment }) => {
      const names = [...LETTERS].filter(([, bit]) => segment.flags & bit).map(([letter]) => letter);
      return `${from}>${names.join('')}${segment.payload.length > 0 ? segment.payload.length : ''}`;
    });
  }
  errors(end: EndName): string[] {
    return this.effects.flatMap(({ from, effect }) => (from === end && effect.do === 'fail' ? [effect.errno] : []));
  }
}

export const rowText = (row: number): string => {
  const { from, on, to } = TRANSITIONS[row] as (typeof TRANSITIONS)[number];
  return `${from} --${on}--> ${to}`;
};

/** A pure ACK from b, `at` bytes of a's stream acknowledged, blocks in bytes of that stream. */
export function ackOf(
  { a, b }: Duo,
  at: number,
  blocks: readonly (readonly [number, number])[] = [],
  more: Partial<Segment> = {},
): Segment {
  const place = (n: number): Seq => seqAdd(a.iss, 1 + n);
  return {
    srcPort: 80,
    dstPort: 40_000,
    seq: b.snd.nxt,
    ack: place(at),
    flags: ACK,
    window: 65_535,
    urgent: 0,
    options:
      blocks.length > 0 ? { sack: blocks.map(([left, right]) => ({ left: place(left), right: place(right) })) } : {},
    payload: EMPTY,
    ...more,
  };
}
