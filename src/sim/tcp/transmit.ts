/**
 * Making segments: header, options, ECN and urgent marks, the window advertised; and the segments that carry no data,
 * ACKs and resets (Linux tcp_output.c __tcp_transmit_skb). What is sent, and when, is decided in output.ts and
 * retransmit.ts.
 */
import { EMPTY } from '../base/bytes.ts';
import { type Seq, seq, seqAdd, seqDiff, seqLt, seqMax } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { ACK, CWR, ECE, RST, type Segment, segmentLength, URG } from '../wire/tcp.ts';
import type { TcpOptions } from '../wire/tcp-options.ts';
import { ackSent } from './receive/acknowledging.ts';
import { blocksToSend, hasBlocks } from './receive/sack.ts';
import type { Tcb } from './tcb.ts';
import type { Turn } from './turn.ts';
import { advertise } from './window.ts';

/** The millisecond clock of the timestamps option (RFC 7323 section 5.4). */
export const timestampAt = (tcb: Tcb, at: Time): number => (Math.floor(at / 1e6) + tcb.timestamps.offset) >>> 0;

const NO_OPTIONS: TcpOptions = {};

function options(turn: Turn): TcpOptions {
  const { tcb } = turn;
  const sacks = tcb.sackOk && hasBlocks(tcb);
  if (!tcb.timestamps.on) return sacks ? { sack: blocksToSend(tcb, 4) } : NO_OPTIONS;
  const timestamps = { val: timestampAt(tcb, turn.now), ecr: tcb.timestamps.recent };
  return sacks ? { timestamps, sack: blocksToSend(tcb, 3) } : { timestamps };
}

/** What a data packet is to carry besides its bytes. */
export interface Extras {
  /** The MSS by which the device cuts a larger packet (gso_size). */
  size?: number;
  /** It goes out for the first time. */
  fresh?: boolean;
}

/** Hands a segment that is no SYN to the network: it acknowledges what has come. */
export function transmit(turn: Turn, at: Seq, flags: number, payload: Uint8Array, extras?: Extras): void {
  const { tcb } = turn;
  const { ecn, stats, snd } = tcb;
  tcb.mtu.route = tcb.settings.pathMtu;
  const window = advertise(tcb);
  ackSent(turn);

  let bits = flags | ACK;
  let capable = false;
  if (ecn.on) {
    capable = payload.length > 0 && extras?.fresh === true; // RFC 3168 6.1.5: never a retransmission
    if (capable && ecn.queueCwr) {
      ecn.queueCwr = false;
      bits |= CWR;
    }
    if (ecn.demandCwr) bits |= ECE;
  }
  let urgent = 0;
  const ahead = seqDiff(snd.up, at);
  if (seqLt(snd.una, snd.up) && ahead > 0) {
    urgent = Math.min(ahead, 0xffff);
    bits |= URG;
  }
  const segs = extras?.size !== undefined && payload.length > extras.size ? Math.ceil(payload.length / extras.size) : 1;
  stats.segsOut += segs;
  if (payload.length > 0) {
    stats.dataSegsOut += segs;
    stats.bytesSent += payload.length;
  }
  const segment: Segment = {
    srcPort: tcb.local.port,
    dstPort: tcb.remote.port,
    seq: at,
    ack: tcb.rcv.nxt,
    flags: bits,
    window,
    urgent,
    options: options(turn),
    payload,
  };
  turn.effects.push({ do: 'transmit', segment, size: segs > 1 ? extras?.size : undefined, ect: capable });
}

/** A bare acknowledgment (tcp_send_ack). */
export const sendAck = (turn: Turn): void => transmit(turn, seqMax(turn.tcb.snd.nxt, turn.tcb.snd.una), 0, EMPTY);

/** Resets the connection from our side (tcp_send_active_reset). */
export function sendReset(turn: Turn): void {
  transmit(turn, turn.tcb.snd.nxt, RST, EMPTY);
}

/** Answers a segment of this connection as if there were none. */
export function answerWithReset(turn: Turn, segment: Segment): void {
  const reset = resetFor(segment);
  if (reset) turn.effects.push({ do: 'transmit', segment: reset, size: undefined, ect: false });
}

/** The reset that answers a segment of no connection (RFC 9293 section 3.10.7.1), or undefined: a reset gets none. */
export function resetFor(segment: Segment): Segment | undefined {
  if (segment.flags & RST) return undefined;
  const acked = (segment.flags & ACK) !== 0;
  return {
    srcPort: segment.dstPort,
    dstPort: segment.srcPort,
    seq: acked ? segment.ack : seq(0),
    ack: acked ? seq(0) : seqAdd(segment.seq, segmentLength(segment)),
    flags: acked ? RST : RST | ACK,
    window: 0,
    urgent: 0,
    options: NO_OPTIONS,
    payload: EMPTY,
  };
}
