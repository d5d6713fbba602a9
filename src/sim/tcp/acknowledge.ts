/**
 * Taking an acknowledgment (RFC 9293 section 3.10.7.4, fifth check; Linux tcp_ack): what it says about our data, our
 * FIN, the round trip, lost segments and the peer's window.
 */
import { seqAdd, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { type Segment, segmentLength } from '../wire/tcp.ts';
import { acknowledged } from './congestion/reno.ts';
import { finSent } from './output.ts';
import { detectLoss, progress } from './recovery/loss.ts';
import { backedOff, sampleRtt } from './rtt.ts';
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
  tcb.rtt.probes = 0;
  const sacked = markSacked(turn, segment);
  const advanced = seqLt(tcb.snd.una, segment.ack);
  updateWindow(turn, segment, window);
  if (advanced) advance(turn, segment);
  else if (tcb.flights.length > 0 && segmentLength(segment) === 0 && tcb.snd.wnd === windowBefore) tcb.cc.duplicates++;
  if (!advanced && sacked !== undefined) takeSample(turn, sacked);
  if (tcb.flights.length > 0) detectLoss(turn);
}

function takeSample(turn: Turn, sample: Time): void {
  sampleRtt(turn.tcb, sample);
  turn.effects.push({ do: 'rtt', sample });
}

/** Remembers what the peer holds out of order; gives the round trip of the newest segment that it reports. */
function markSacked(turn: Turn, segment: Segment): Time | undefined {
  let sample: Time | undefined;
  for (const { left, right } of segment.options.sack ?? []) {
    for (const flight of turn.tcb.flights) {
      if (flight.sacked || !seqLe(left, flight.seq) || !seqLe(flight.end, right)) continue;
      flight.sacked = true;
      flight.lost = false;
      if (flight.again === 0) sample = (turn.now - flight.at) as Time;
    }
  }
  return sample;
}

function advance(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  tcb.snd.una = segment.ack;
  tcb.rtt.backoff = 0;
  tcb.rtt.timeouts = 0;
  tcb.cc.duplicates = 0;

  const before = tcb.flights.length;
  let count = 0;
  let sample: Time | undefined;
  let ambiguous = false; // Karn: an ACK that covers a segment sent twice says nothing about time
  for (let head = tcb.flights[0]; head && seqLe(head.end, segment.ack); head = tcb.flights[0]) {
    tcb.flights.shift();
    if (!head.syn) count++;
    if (head.again > 0) ambiguous = true;
    else if (!head.sacked) sample ??= (turn.now - head.at) as Time;
  }
  const head = tcb.flights[0];
  if (head && seqLt(head.seq, segment.ack)) head.seq = segment.ack;

  const bytes = Math.min(tcb.out.length, Math.max(0, seqDiff(segment.ack, tcb.outSeq)));
  tcb.out.drop(bytes);
  tcb.outSeq = seqAdd(tcb.outSeq, bytes);
  if (bytes > 0 && writable(tcb)) wakeWriters(turn);

  if (sample !== undefined && !ambiguous) takeSample(turn, sample);
  progress(turn);
  if (tcb.cc.recovery !== 'fast') acknowledged(tcb, count, before);
  setTimer(turn, 'retransmit', tcb.flights.length > 0 ? backedOff(tcb) : undefined);
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
}
