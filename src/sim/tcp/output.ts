/**
 * What a connection sends, and when: retransmissions first, then new data as far as the peer's window, the congestion
 * window and Nagle allow, then the FIN, then a bare ACK if nothing else carried it. Runs at the end of every turn.
 */
import { EMPTY } from '../base/bytes.ts';
import { type Seq, seq, seqAdd, seqDiff, seqLe, seqLt, seqMax } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { ACK, FIN, PSH, RST, type Segment, SYN, segmentLength } from '../wire/tcp.ts';
import type { TcpOptions } from '../wire/tcp-options.ts';
import { ackSent, dataSent } from './receive/acknowledging.ts';
import { blocksToSend, hasBlocks } from './receive/sack.ts';
import { inFlight } from './recovery/loss.ts';
import { armRetransmission } from './recovery/probe.ts';
import { backedOff, RTO_MIN } from './rtt.ts';
import type { Flight, Tcb } from './tcb.ts';
import { note, setTimer, type Turn } from './turn.ts';
import { advertise, chooseInitialWindow, windowScale } from './window.ts';

/** The millisecond clock of the timestamps option (RFC 7323 section 5.4). */
const timestamp = (tcb: Tcb, now: Time): number => (Math.floor(now / 1e6) + tcb.timestamps.offset) >>> 0;

function options(turn: Turn): TcpOptions {
  const { tcb } = turn;
  const out: TcpOptions = {};
  if (tcb.timestamps.on) out.timestamps = { val: timestamp(tcb, turn.now), ecr: tcb.timestamps.recent };
  if (tcb.sackOk && hasBlocks(tcb)) out.sack = blocksToSend(tcb, tcb.timestamps.on ? 3 : 4);
  return out;
}

/** Hands a segment that is no SYN to the network: it acknowledges. */
function transmit(turn: Turn, at: Seq, flags: number, payload: Uint8Array): void {
  const { tcb } = turn;
  const window = advertise(tcb);
  ackSent(turn);
  turn.effects.push({
    do: 'transmit',
    segment: {
      srcPort: tcb.local.port,
      dstPort: tcb.remote.port,
      seq: at,
      ack: tcb.rcv.nxt,
      flags: flags | ACK,
      window,
      urgent: 0,
      options: options(turn),
      payload,
    },
  });
}

/** Sends SYN or SYN,ACK with the options that this end offers, or accepts. */
export function sendSyn(turn: Turn): void {
  const { tcb } = turn;
  const answer = tcb.state === 'SYN-RECEIVED';
  const { settings } = tcb;
  const syn: TcpOptions = { mss: settings.mss };
  // a SYN,ACK agrees to what the peer offered; in a simultaneous open it is our SYN again, with all that it offered
  const all = tcb.active;
  if (all ? settings.sack : tcb.sackOk) syn.sackPermitted = true;
  if (all ? settings.timestamps : tcb.timestamps.on)
    syn.timestamps = { val: timestamp(tcb, turn.now), ecr: tcb.timestamps.recent };
  if (all ? settings.windowScaling : tcb.scaling) syn.windowScale = windowScale(tcb);
  const segment = !all && tcb.timestamps.on ? settings.mss - 12 : settings.mss;
  const window = chooseInitialWindow(tcb, segment, syn.windowScale !== undefined);
  turn.effects.push({
    do: 'transmit',
    segment: {
      srcPort: tcb.local.port,
      dstPort: tcb.remote.port,
      seq: tcb.iss,
      ack: tcb.rcv.nxt,
      flags: answer ? SYN | ACK : SYN,
      window,
      urgent: 0,
      options: syn,
      payload: EMPTY,
    },
  });
}

/** Sends the first SYN of a connection and starts its timer. */
export function firstSyn(turn: Turn): void {
  const { tcb } = turn;
  tcb.snd.nxt = seqAdd(tcb.iss, 1);
  tcb.outSeq = tcb.snd.nxt;
  tcb.flights = [flightOf(turn, tcb.iss, tcb.snd.nxt, { syn: true })];
  sendSyn(turn);
  setTimer(turn, 'retransmit', backedOff(tcb));
}

const flightOf = (
  turn: Turn,
  start: Seq,
  end: Seq,
  bits: { syn?: boolean; fin?: boolean; push?: boolean },
): Flight => ({
  seq: start,
  end,
  syn: bits.syn ?? false,
  fin: bits.fin ?? false,
  push: bits.push ?? false,
  at: turn.now,
  first: turn.now,
  again: 0,
  sacked: false,
  lost: false,
});

/** The payload between two sequence numbers, out of the send buffer. */
function payloadOf(tcb: Tcb, from: Seq, length: number): Uint8Array {
  if (length === 0) return EMPTY;
  const bytes = new Uint8Array(length);
  tcb.out.peek(seqDiff(from, tcb.outSeq), bytes);
  return bytes;
}

/** Sends a segment again (tcp_retransmit_skb). */
export function retransmit(turn: Turn, flight: Flight): void {
  const { tcb } = turn;
  flight.at = turn.now;
  flight.again++;
  flight.lost = false;
  if (flight.syn) {
    sendSyn(turn);
    return;
  }
  const length = seqDiff(flight.end, flight.seq) - (flight.fin ? 1 : 0);
  const flags = (flight.fin ? FIN : 0) | (flight.push ? PSH : 0);
  transmit(turn, flight.seq, flags, payloadOf(tcb, flight.seq, length));
}

/** Just past the last byte that the program wrote. */
export const endOfData = (tcb: Tcb): Seq => seqAdd(tcb.outSeq, tcb.out.length);

/** The largest payload for this peer: half its largest window at most, or all of a tiny one (tcp_bound_to_half_wnd). */
function segmentSize({ snd }: Tcb): number {
  const most = snd.maxWnd > 536 ? snd.maxWnd >> 1 : snd.maxWnd;
  return most > 0 ? Math.min(snd.mss, Math.max(most, 68 - 20)) : snd.mss;
}

/** Bytes written and never sent. */
export const unsent = (tcb: Tcb): number => Math.max(0, seqDiff(endOfData(tcb), tcb.snd.nxt));

/** Whether our FIN was sent. */
export const finSent = (tcb: Tcb): boolean => seqLt(endOfData(tcb), tcb.snd.nxt);

/** Nagle with Minshall's change: one small segment may be in flight, not two (tcp_output.c tcp_nagle_check). */
function nagleHolds(tcb: Tcb, length: number, fin: boolean): boolean {
  if (tcb.noDelay || fin || length >= segmentSize(tcb) || tcb.flights.length === 0) return false;
  return seqLt(tcb.snd.una, tcb.snd.sml) && seqLe(tcb.snd.sml, tcb.snd.nxt);
}

function sendNew(turn: Turn): void {
  const { tcb } = turn;
  const before = tcb.snd.nxt;
  while (inFlight(tcb) < tcb.cc.cwnd) {
    const left = unsent(tcb);
    const room = seqDiff(seqAdd(tcb.snd.una, tcb.snd.wnd), tcb.snd.nxt);
    const size = segmentSize(tcb);
    let length = Math.min(left, size);
    // a burst may end with what the window still takes, a lone segment must fit whole (tcp_mss_split_point)
    if (length > room && room > 0 && tcb.snd.nxt !== before && !nagleHolds(tcb, room, false)) length = room;
    const fin = tcb.finQueued && length === left && !finSent(tcb);
    if (length === 0 && !fin) break;
    if (length > room && length > 0) break;
    if (nagleHolds(tcb, length, fin)) {
      note(
        turn,
        `Nagle: ${length} bytes wait while a small segment is unacknowledged`,
        '9293 3.7.4',
        'tcp_output.c tcp_nagle_check',
      );
      break;
    }
    const start = tcb.snd.nxt;
    const end = seqAdd(start, length + (fin ? 1 : 0));
    if (tcb.cc.recovery === 'fast') tcb.cc.prr.out++;
    const push = length > 0 && length === left;
    tcb.flights.push(flightOf(turn, start, end, { fin, push }));
    tcb.snd.nxt = end;
    if (length > 0 && length < size) tcb.snd.sml = end;
    transmit(turn, start, (fin ? FIN : 0) | (push ? PSH : 0), payloadOf(tcb, start, length));
    if (length > 0) dataSent(turn);
    setTimer(turn, 'persist', undefined);
  }
  if (tcb.snd.nxt === before) return;
  if (tcb.cc.recovery === 'none') armRetransmission(turn, true);
  else if (tcb.timers.retransmit === undefined && tcb.timers.reordering === undefined)
    setTimer(turn, 'retransmit', backedOff(tcb));
}

/** A loss probe: new data if there is any, else the last segment again (tcp_send_loss_probe). */
export function sendLossProbe(turn: Turn): void {
  const { tcb } = turn;
  const last = tcb.flights.at(-1);
  if (!last) return;
  const before = tcb.snd.nxt;
  tcb.cc.cwnd++;
  sendNew(turn);
  tcb.cc.cwnd--;
  const again = tcb.snd.nxt === before;
  if (again) retransmit(turn, last);
  tcb.probe = { end: tcb.snd.nxt, again };
  setTimer(turn, 'loss probe', undefined);
  setTimer(turn, 'retransmit', backedOff(tcb));
}

/** Sends again what is presumed lost, as far as the congestion window allows (tcp_xmit_retransmit_queue). */
function retransmitLost(turn: Turn): void {
  const { tcb } = turn;
  for (const flight of tcb.flights) {
    if (!flight.lost) continue;
    if (inFlight(tcb) >= tcb.cc.cwnd) break;
    retransmit(turn, flight);
    if (tcb.cc.recovery === 'fast') tcb.cc.prr.out++;
    setTimer(turn, 'loss probe', undefined);
    if (tcb.timers.reordering === undefined) setTimer(turn, 'retransmit', backedOff(tcb));
  }
}

/** Sends all that may leave now. Called last in every turn. */
export function output(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.state === 'CLOSED' || tcb.state === 'LISTEN' || tcb.state === 'SYN-SENT') return;
  if (tcb.state !== 'SYN-RECEIVED' && tcb.state !== 'TIME-WAIT') {
    retransmitLost(turn);
    sendNew(turn);
    if (tcb.flights.length === 0 && unsent(tcb) > 0 && tcb.timers.persist === undefined) {
      note(
        turn,
        'the peer has no room: probe its window until it opens',
        '9293 3.8.6.1',
        'tcp_timer.c tcp_probe_timer',
      );
      setTimer(turn, 'persist', probeDelay(tcb));
    }
  }
  if (turn.ackNow) sendAck(turn);
}

/** A bare acknowledgment. */
export const sendAck = (turn: Turn): void => transmit(turn, seqMax(turn.tcb.snd.nxt, turn.tcb.snd.una), 0, EMPTY);

/** Delay of the next window probe (tcp_probe0_base and backoff). */
export const probeDelay = (tcb: Tcb): Time => Math.max(backedOff(tcb), RTO_MIN) as Time;

/**
 * Probes a closed window (tcp_write_wakeup): as much data as the window takes, or else one sequence number that the
 * peer has already acknowledged, which makes it answer.
 */
export function sendProbe(turn: Turn): void {
  const { tcb } = turn;
  const room = seqDiff(seqAdd(tcb.snd.una, tcb.snd.wnd), tcb.snd.nxt);
  const length = Math.min(room, unsent(tcb), segmentSize(tcb));
  if (length <= 0) {
    transmit(turn, seqAdd(tcb.snd.una, -1), 0, EMPTY);
    return;
  }
  const start = tcb.snd.nxt;
  tcb.snd.nxt = seqAdd(start, length);
  tcb.flights.push(flightOf(turn, start, tcb.snd.nxt, { push: true }));
  setTimer(turn, 'retransmit', backedOff(tcb));
  transmit(turn, start, PSH, payloadOf(tcb, start, length));
}

/** Resets the connection from our side (tcp_send_active_reset). */
export function sendReset(turn: Turn): void {
  transmit(turn, turn.tcb.snd.nxt, RST, EMPTY);
}

/** Answers a segment of this connection as if there were none. */
export function answerWithReset(turn: Turn, segment: Segment): void {
  const reset = resetFor(segment);
  if (reset) turn.effects.push({ do: 'transmit', segment: reset });
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
    options: {},
    payload: EMPTY,
  };
}
