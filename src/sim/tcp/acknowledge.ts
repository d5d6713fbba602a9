/**
 * Taking an acknowledgment (RFC 9293 section 3.10.7.4, fifth check; Linux tcp_ack): what it says about our data, our
 * FIN, the round trip, lost segments and the peer's window.
 */
import { seqAdd, seqDiff, seqLe, seqLt, seqMax } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { type Segment, segmentLength } from '../wire/tcp.ts';
import { acknowledged } from './congestion/reno.ts';
import { finSent } from './output.ts';
import { recover } from './recovery/loss.ts';
import { armRetransmission, judgeProbe } from './recovery/probe.ts';
import { arrived, noteReordering } from './recovery/rack.ts';
import { sampleRtt } from './rtt.ts';
import type { Tcb } from './tcb.ts';
import { setTimer, type Turn, wakeWriters } from './turn.ts';

/** A program that waits to write is woken when a third of the buffer is free (sk_stream_is_writeable). */
export const writable = (tcb: Tcb): boolean => tcb.sendLimit - tcb.out.length >= tcb.out.length >> 1;

/** Whether our FIN was sent and acknowledged. */
export const finAcknowledged = (tcb: Tcb): boolean => finSent(tcb) && tcb.flights.length === 0;

/**
 * Applies the acknowledgment of an acceptable segment whose ACK is not beyond SND.NXT.
 * @param window the window it advertises, in bytes.
 */
export function acknowledge(turn: Turn, segment: Segment, window: number): void {
  const { tcb } = turn;
  const windowBefore = tcb.snd.wnd;
  const outstanding = tcb.flights.length;
  const advanced = seqLt(tcb.snd.una, segment.ack);
  tcb.rtt.probes = 0;
  tcb.stats.lastAckRecv = turn.now;
  tcb.softError = undefined;
  updateWindow(turn, segment, window);
  const sacked = markSacked(turn, segment);
  const acked = advanced ? advance(turn, segment) : NOTHING;
  const sample = advanced ? acked.sample : sacked.sample;
  if (sample !== undefined) {
    sampleRtt(tcb, sample);
    turn.effects.push({ do: 'rtt', sample });
  }

  const bare = segmentLength(segment) === 0 && tcb.snd.wnd === windowBefore;
  if (advanced) tcb.cc.duplicates = 0;
  else if (outstanding > 0 && bare) tcb.cc.duplicates++;
  judgeProbe(turn, segment.ack, bare && !advanced && sacked.count === 0);

  const armed = tcb.timers.reordering;
  recover(turn, { delivered: acked.count + sacked.count, advanced });
  if (tcb.cc.recovery !== 'fast' && acked.count > 0) acknowledged(tcb, acked.count, outstanding);
  const waiting = tcb.timers.reordering !== undefined && tcb.timers.reordering !== armed;
  if ((advanced || sacked.count > 0) && !waiting) armRetransmission(turn, false);
}

/** Segments that an ACK or a SACK block newly accounts for, and the round trip that it shows. */
interface Accounted {
  count: number;
  sample: Time | undefined;
}
const NOTHING: Accounted = { count: 0, sample: undefined };

/** Remembers what the peer holds out of order. */
function markSacked({ tcb, now }: Turn, segment: Segment): Accounted {
  let count = 0;
  let sample: Time | undefined;
  for (const { left, right } of segment.options.sack ?? []) {
    if (seqLe(right, segment.ack)) continue; // DSACK: a duplicate, not a hole (RFC 2883)
    for (const flight of tcb.flights) {
      if (flight.sacked || !seqLe(left, flight.seq) || !seqLe(flight.end, right)) continue;
      noteReordering(tcb, flight);
      flight.sacked = true;
      flight.lost = false;
      count++;
      arrived(tcb, flight, now);
      if (flight.again === 0) sample = (now - flight.at) as Time;
    }
  }
  for (const flight of tcb.flights) if (flight.sacked) tcb.rack.highest = seqMax(tcb.rack.highest, flight.end);
  return { count, sample };
}

function advance(turn: Turn, segment: Segment): Accounted {
  const { tcb, now } = turn;
  tcb.snd.una = segment.ack;
  tcb.rtt.backoff = 0;
  tcb.rtt.timeouts = 0;

  let count = 0;
  let sample: Time | undefined;
  let ambiguous = false; // Karn: an ACK that covers a segment sent twice says nothing about time
  for (let head = tcb.flights[0]; head && seqLe(head.end, segment.ack); head = tcb.flights[0]) {
    tcb.flights.shift();
    if (head.again > 0) ambiguous = true;
    else if (!head.sacked) sample ??= (now - head.at) as Time;
    if (head.sacked || head.syn) continue;
    count++;
    noteReordering(tcb, head);
    arrived(tcb, head, now);
  }
  const head = tcb.flights[0];
  if (head && seqLt(head.seq, segment.ack)) head.seq = segment.ack;

  const bytes = Math.min(tcb.out.length, Math.max(0, seqDiff(segment.ack, tcb.outSeq)));
  tcb.out.drop(bytes);
  tcb.outSeq = seqAdd(tcb.outSeq, bytes);
  if (bytes > 0 && writable(tcb)) wakeWriters(turn);
  return { count, sample: ambiguous ? undefined : sample };
}

/** SND.WND follows the newest segment (tcp_may_update_window). */
function updateWindow(turn: Turn, segment: Segment, window: number): void {
  const { tcb } = turn;
  const { snd } = tcb;
  const newer = seqLt(snd.una, segment.ack) || seqLt(snd.wl1, segment.seq);
  const same = seqDiff(segment.seq, snd.wl1) === 0 && (window > snd.wnd || window === 0);
  if (!newer && !same) return;
  snd.wl1 = segment.seq;
  if (window > 0 && tcb.timers.persist !== undefined) {
    setTimer(turn, 'persist', undefined);
    tcb.rtt.backoff = 0;
  }
  snd.wnd = window;
  snd.maxWnd = Math.max(snd.maxWnd, window);
}
