/**
 * TCP Fast Open (RFC 7413; Linux tcp_fastopen.c, tcp_output.c tcp_send_syn_data, tcp_input.c tcp_rcv_fastopen_synack): data
 * in the SYN, and a server that takes it before the handshake is done. Which cookie is valid, and what a host remembers of
 * its peers, is the kernel's business (kernel/tcp/fast-open.ts); here is what a connection does with it.
 */
import { seqAdd } from '../base/seq.ts';
import type { Segment } from '../wire/tcp.ts';
import { currentSsthresh } from './congestion/validation.ts';
import { synText } from './receive/text.ts';
import { markLost } from './recovery/rack.ts';
import { setCaState } from './recovery/reduce.ts';
import { retransmitLost } from './retransmit.ts';
import { newSkb } from './send-queue.ts';
import type { Tcb } from './tcb.ts';
import { note, type Turn } from './turn.ts';

/** The option of a SYN or SYN,ACK: a cookie, or an empty one: the request for it. */
export interface Cookie {
  readonly cookie: Uint8Array;
  /** Carried as the experiment that it was before RFC 7413 (RFC 6994). */
  readonly experimental: boolean;
}

/** What a connection knows of its Fast Open. */
export interface FastOpen {
  /** Client: what our SYN asks or shows; undefined: nothing. It goes with the first SYN only. */
  option: Cookie | undefined;
  /** A SYN or SYN,ACK was sent: the next one is a repetition. */
  synSent: boolean;
  /** Client: that SYN carried data (Linux syn_data). */
  synData: boolean;
  /** The data of the SYN was taken: by the peer, or by us (Linux syn_data_acked). */
  synDataAcked: boolean;
  /** Server: the connection is served though its handshake is not done (Linux fastopen_rsk). */
  pending: boolean;
}

export const newFastOpen = (): FastOpen => ({
  option: undefined,
  synSent: false,
  synData: false,
  synDataAcked: false,
  pending: false,
});

/** What a SYN offers besides the handshake. */
export interface EarlyData {
  option: Cookie | undefined;
  /** Bytes for the SYN; they must not change afterwards. */
  data: Uint8Array;
  /** The number of the write with MSG_ZEROCOPY; undefined: it copies. */
  zerocopy?: number | undefined;
  /** The MSS that the peer named last time. */
  mss: number | undefined;
}

/** Cookies have 4 to 16 bytes, an even number of them (RFC 7413 section 4.1.1). @returns undefined: as if there were none */
export function cookieOf(segment: Segment): Cookie | undefined {
  const given = segment.options.fastOpen;
  if (!given) return undefined;
  const { length } = given.cookie;
  return length % 2 === 0 && (length === 0 || (length >= 4 && length <= 16)) ? given : undefined;
}

/** How much data a SYN takes: a segment less the room of all options that a middlebox may add (MAX_TCP_OPTION_SPACE). */
export function synSpace({ settings, snd, opts }: Tcb, mss: number | undefined): number {
  const clamp = Math.min(settings.mss, mss ?? settings.mss, opts.maxSegment || settings.mss);
  snd.mssClamp = clamp;
  return Math.max(0, clamp - 40);
}

/** Puts data behind the SYN: it is sent with it now, and without it when it must be sent again. @returns its bytes */
export function queueSynData(turn: Turn, data: Uint8Array, zerocopy = -1): Uint8Array {
  const { tcb } = turn;
  const { queue, snd } = tcb;
  if (data.length === 0) return data;
  queue.append(data);
  const skb = newSkb(snd.write, seqAdd(snd.write, data.length));
  skb.push = true;
  skb.zerocopy = zerocopy;
  skb.segs = 1;
  skb.size = data.length;
  skb.at = turn.now;
  skb.memory += data.length;
  queue.entail(skb);
  queue.moveToSent(skb);
  queue.sentNow(skb);
  tcb.counts.packetsOut++;
  snd.write = snd.nxt = snd.pushed = skb.end;
  tcb.fastOpen.synData = true;
  return data;
}

/** What the SYN,ACK says of our Fast Open: worth remembering for the next connection (tcp_fastopen_cache_set). */
export interface Lesson {
  mss: number;
  cookie: Cookie | undefined;
  /** The other form of the option is to be tried next time: 1 the experimental one, 2 that of RFC 7413 again. */
  tryExperimental: 0 | 1 | 2;
}

/**
 * The SYN,ACK has come (tcp_rcv_fastopen_synack). Data of the SYN that it does not acknowledge is sent again at once, by
 * that its ACK is carried.
 * @returns whether that happened
 */
export function synAckOfFastOpen(turn: Turn, segment: Segment): boolean {
  const { tcb } = turn;
  const { fastOpen, queue, stats, cc, rate } = tcb;
  const asked = fastOpen.option;
  if (!asked && !fastOpen.synData) return false;
  const cookie = asked ? cookieOf(segment) : undefined;
  let tryExperimental: Lesson['tryExperimental'] = 0;
  if (asked && stats.totalRetrans === 0 && !cookie && !fastOpen.synData) tryExperimental = asked.experimental ? 2 : 1;
  const lesson: Lesson = { mss: segment.options.mss ?? 536, cookie, tryExperimental };
  turn.effects.push({ do: 'fast open', lesson });
  const left = fastOpen.synData ? queue.sent.head : undefined;
  if (left) {
    note(
      turn,
      'the data of the SYN was not taken: sent again at once',
      '7413 4.2.2',
      'tcp_input.c tcp_rcv_fastopen_synack',
    );
    for (let skb: typeof left | undefined = left; skb; skb = skb.next) markLost(tcb, skb);
    cc.highSeq = tcb.snd.nxt;
    cc.ssthresh = currentSsthresh(tcb);
    cc.priorSsthresh = 0;
    cc.undoMarker = undefined;
    setCaState(turn, 'Loss');
    retransmitLost(turn);
    return true;
  }
  fastOpen.synDataAcked = fastOpen.synData;
  if (fastOpen.synDataAcked && rate.delivered > 1) rate.delivered--; // SYN and data count as one
  if (segment.payload.length > 0) {
    synText(turn, segment);
    fastOpen.synDataAcked = true;
  }
  return false;
}

/** A server takes the data of a SYN before its SYN,ACK leaves (tcp_fastopen_create_child). */
export function takeSynData(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  note(
    turn,
    'a valid Fast Open: its data is taken before the handshake is done',
    '7413 4.2.1',
    'tcp_fastopen.c tcp_fastopen_create_child',
  );
  if (segment.payload.length === 0) return;
  synText(turn, segment);
  tcb.fastOpen.synDataAcked = true;
}

/** Whether data may leave although the handshake is not done (tcp_passive_fastopen). */
export const mayWriteEarly = ({ state, fastOpen }: Tcb): boolean => state === 'SYN-RECEIVED' && fastOpen.pending;
