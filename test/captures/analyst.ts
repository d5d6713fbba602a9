/**
 * What tshark is to say of each packet of a capture: the rules of the section "TCP Analysis" of Wireshark's User's Guide,
 * as tshark 4.0 applies them, over what the log knows of the packets. A frame for which tshark says anything else shows a
 * fault of the capture (bytes, times, order) or of this reading of the rules.
 *
 * Each rule looks at one packet, at what was captured before it in its connection, and at nothing else: no rule knows what
 * the hosts knew. That is where tshark and the log may part; `agreement.ts` holds both against each other.
 */
import { seqNumber } from '../../src/sim/base/seq.ts';
import { endpointText } from '../../src/sim/wire/address.ts';
import type { TcpIp } from '../../src/sim/wire/packet.ts';
import { ACK, FIN, RST, SYN } from '../../src/sim/wire/tcp.ts';

/** Fields `tcp.analysis.…` of tshark, in the order in which they are asked for. */
export const FLAGS = [
  'retransmission',
  'fast_retransmission',
  'spurious_retransmission',
  'out_of_order',
  'duplicate_ack',
  'keep_alive',
  'keep_alive_ack',
  'zero_window',
  'zero_window_probe',
  'zero_window_probe_ack',
  'window_full',
  'window_update',
  'lost_segment',
  'ack_lost_segment',
  'reused_ports',
] as const;
export type Flag = (typeof FLAGS)[number];

/** Nanoseconds after the last duplicate acknowledgment in which a segment counts as a fast retransmission. */
const FAST_WITHIN = 20e6;
/** Nanoseconds after the highest segment in which one below it counts as reordered, where no round trip was seen. */
const REORDERED_WITHIN = 3e6;

/** Duplicates after an acknowledgment of what was not captured: more than any number. */
const MANY = Infinity;

/** One direction of a connection, as captured so far. A sequence number of 0 counts as none seen yet. */
export interface Flow {
  /** The first sequence number; undefined: nothing seen. */
  base: number | undefined;
  /** The next expected sequence number: just past the highest one captured, and when that was. */
  next: number;
  nextTime: number;
  /** Just past the sequence numbers captured without a gap. */
  whole: number;
  /** Of the last packet: acknowledgment, time, window field, what was said of it. */
  ack: number;
  time: number;
  window: number;
  flags: ReadonlySet<Flag>;
  /** Duplicates of the last acknowledgment. */
  duplicates: number;
  /** Window scale: undefined before a SYN was seen, 'none' when not agreed on. */
  scale: number | 'none' | undefined;
  /** A SYN was sent and no acknowledgment since: the window captured last is not scaled. */
  opening: boolean;
}

interface Conversation {
  flows: Map<string, Flow>;
  /** When the last SYN was sent, and how long after it the first acknowledgment was seen. */
  syn: number | undefined;
  rtt: number | undefined;
}

/** A packet, and what was captured before it; for the rules and for those who explain them. */
export interface Case {
  time: number;
  seq: number;
  ack: number;
  length: number;
  control: number;
  window: number;
  /** This direction and the other, before the packet. */
  mine: Flow;
  theirs: Flow;
  rtt: number | undefined;
}

/** a - b, as signed 32 bits. */
const diff = (a: number, b: number): number => (a - b) | 0;
const u32 = (value: number): number => value >>> 0;

const flow = (): Flow => ({
  base: undefined,
  next: 0,
  nextTime: 0,
  whole: 0,
  ack: 0,
  time: 0,
  window: 0,
  flags: new Set(),
  duplicates: 0,
  scale: undefined,
  opening: false,
});

export class Analyst {
  readonly #conversations = new Map<string, Conversation>();

  /** The next packet of the capture. @returns what tshark says of it, and what that rests on */
  analyse({ ip, segment }: TcpIp, time: number): { flags: Set<Flag>; case: Case } {
    const said = new Set<Flag>();
    const from = endpointText(ip.src, segment.srcPort);
    const to = endpointText(ip.dst, segment.dstPort);
    const control = segment.flags;
    const seq = seqNumber(segment.seq);
    const ack = seqNumber(segment.ack);
    let conversation = this.#conversation(from, to);
    const known = (conversation.flows.get(from) as Flow).base;
    if ((control & (SYN | ACK)) === SYN && known !== undefined) {
      if (known === seq) {
        const again = conversation.flows.get(from) as Flow;
        again.next = again.whole;
      } else {
        conversation = this.#begin(from, to);
        said.add('reused_ports');
      }
    }
    const mine = conversation.flows.get(from) as Flow;
    const theirs = conversation.flows.get(to) as Flow;
    if ((control & (SYN | ACK)) === (SYN | ACK) && mine.base !== undefined && mine.base !== seq) {
      mine.base = seq;
      said.add('reused_ports');
    }
    mine.base ??= control & SYN ? seq : u32(seq - 1);
    if (control & ACK) theirs.base ??= u32(ack - 1);

    const one: Case = {
      time,
      seq,
      ack,
      length: segment.payload.length,
      control,
      window: segment.window,
      mine: { ...mine },
      theirs: { ...theirs },
      rtt: conversation.rtt,
    };
    judge(one, said, mine, theirs);
    remember(one, said, mine);

    if (control & SYN) {
      mine.opening = true;
      if (segment.options.windowScale !== undefined) mine.scale = Math.min(segment.options.windowScale, 14);
      if (mine.scale === undefined) mine.scale = theirs.scale = 'none';
      else if (control & ACK && theirs.scale === 'none') mine.scale = 'none';
      if (!(control & ACK)) conversation.syn = time;
    } else if (control & ACK) {
      mine.opening = false;
      if (conversation.syn !== undefined) conversation.rtt ||= time - conversation.syn; // one of 0 counts as none seen
    }
    return { flags: said, case: one };
  }

  #conversation(from: string, to: string): Conversation {
    return this.#conversations.get([from, to].sort().join(' ')) ?? this.#begin(from, to);
  }

  #begin(from: string, to: string): Conversation {
    const flows = new Map([from, to].map((end) => [end, flow()]));
    const conversation: Conversation = { flows, syn: undefined, rtt: undefined };
    this.#conversations.set([from, to].sort().join(' '), conversation);
    return conversation;
  }
}

/** The rules, in tshark's order: a later one does not look at a packet that an earlier one has settled. */
function judge(one: Case, said: Set<Flag>, mine: Flow, theirs: Flow): void {
  acknowledges(one, said, mine);
  if (one.ack !== mine.ack) mine.duplicates = 0;
  unseen(one, said, theirs);
  const kind = repeats(one, said);
  if (kind) said.add(kind);
  if (kind === 'fast_retransmission' || kind === 'spurious_retransmission') said.add('retransmission');
}

const plain = (control: number): boolean => (control & (SYN | FIN | RST)) === 0;
/** An empty segment at the next expected sequence number that acknowledges what the one before it did. */
const repeatsAck = ({ length, seq, ack, control, mine }: Case): boolean =>
  length === 0 && seq === mine.next && ack === mine.ack && plain(control);

/** Windows, keep-alives and duplicate acknowledgments. */
function acknowledges(one: Case, said: Set<Flag>, mine: Flow): void {
  const { length, seq, control, window, theirs } = one;
  if (length === 1 && seq === mine.next && theirs.window === 0) {
    said.add('zero_window_probe');
    return;
  }
  if (window === 0 && plain(control)) said.add('zero_window');
  if (mine.next !== 0 && diff(seq, mine.next) > 0 && !(control & RST)) said.add('lost_segment');
  if (length <= 1 && seq === u32(mine.next - 1) && plain(control)) said.add('keep_alive');
  if (repeatsAck(one) && window !== 0 && window !== mine.window) said.add('window_update');
  if (length > 0 && plain(control) && theirs.scale !== undefined && u32(seq + length) === edgeOf(theirs)) {
    said.add('window_full');
  }
  if (!repeatsAck(one) || window !== mine.window) return;
  if (window !== 0 && theirs.flags.has('keep_alive')) said.add('keep_alive_ack');
  else if (window === 0 && theirs.flags.has('zero_window_probe')) said.add('zero_window_probe_ack');
  else if (window !== 0) {
    mine.duplicates = mine.duplicates === MANY ? 1 : mine.duplicates + 1;
    said.add('duplicate_ack');
  }
}

/** The right edge of the window that the last packet of this direction offered. */
export const edgeOf = ({ ack, window, scale, opening }: Flow): number =>
  u32(ack + window * 2 ** (opening || typeof scale !== 'number' ? 0 : scale));

/** Something is acknowledged that was not captured. */
function unseen({ ack, control }: Case, said: Set<Flag>, theirs: Flow): void {
  if (theirs.whole === 0 || !(control & ACK) || diff(ack, theirs.whole) <= 0) return;
  if (diff(theirs.whole, theirs.next) < 0) {
    theirs.whole = theirs.next;
    said.add('ack_lost_segment');
  } else {
    if (theirs.duplicates === 0) said.add('ack_lost_segment');
    theirs.duplicates = MANY;
  }
}

export type Repeat = 'retransmission' | 'fast_retransmission' | 'spurious_retransmission' | 'out_of_order';

/** What a segment is that begins below the next expected sequence number. */
function repeats(one: Case, said: ReadonlySet<Flag>): Repeat | undefined {
  const { time, seq, length, control, mine, theirs, rtt } = one;
  if ((length === 0 && !(control & (SYN | FIN))) || said.has('keep_alive')) return undefined;
  if (length > 0 && theirs.ack !== 0 && diff(u32(seq + length), theirs.ack) <= 0) return 'spurious_retransmission';
  const below = mine.next !== 0 && diff(seq, mine.next) < 0;
  // it may follow a window probe, whose one byte it repeats
  if (!below || (length > 1 && seq === u32(mine.next - 1))) return undefined;
  if (theirs.duplicates >= 2 && theirs.ack === seq && time - theirs.time < FAST_WITHIN) return 'fast_retransmission';
  const end = u32(seq + length + (control & (SYN | FIN) ? 1 : 0));
  if (time - mine.nextTime < (rtt || REORDERED_WITHIN) && end !== mine.next) return 'out_of_order';
  return 'retransmission';
}

function remember({ time, seq, ack, length, control, window }: Case, said: ReadonlySet<Flag>, mine: Flow): void {
  const end = u32(seq + length + (control & (SYN | FIN) ? 1 : 0));
  const probe = said.has('zero_window_probe');
  if (!probe && (mine.next === 0 || diff(end, mine.next) > 0)) Object.assign(mine, { next: end, nextTime: time });
  if (!probe && (mine.whole === 0 || mine.whole === seq)) mine.whole = mine.next;
  Object.assign(mine, { ack, time, window, flags: said });
}
