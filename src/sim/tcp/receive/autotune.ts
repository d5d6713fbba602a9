/**
 * How the receive buffer finds its size: what a full segment carries, how much of the memory is payload, how far the window
 * may open, and a buffer that follows the bytes which the program reads in a round trip (dynamic right-sizing; Linux
 * tcp_input.c tcp_measure_rcv_mss, tcp_grow_window, tcp_init_buffer_space, tcp_rcv_space_adjust).
 */
import { seqAdd, seqDiff, seqLt } from '../../base/seq.ts';
import { FIN, PSH, type Segment, SYN, URG } from '../../wire/tcp.ts';
import { offeredMss, type Tcb } from '../tcb.ts';
import { note, type Turn } from '../turn.ts';
import { freeSpace, fullSpace, headersOf, spaceFromWindow, windowFromSpace } from './memory.ts';
import type { Skb } from './queue.ts';

/** Linux TCP_MSS_DEFAULT and TCP_MIN_MSS. */
const DEFAULT_MSS = 536;
const MIN_MSS = 88;
/** Linux SOCK_MIN_RCVBUF. */
const MIN_RECEIVE_BUFFER = 2304;
/** Segments of a first window (RFC 6928; Linux TCP_INIT_CWND). */
const INITIAL_SEGMENTS = 10;
/** Bytes of the timestamps option with its padding. */
const TIMESTAMPS = 12;

/** A first guess at the peer's segments, rather too small than too large (tcp_initialize_rcv_mss). */
export function guessSegment(tcb: Tcb): void {
  const { rcv, snd } = tcb;
  rcv.mss = Math.max(Math.min(rcv.advMss, snd.mss, rcv.wnd >> 1, DEFAULT_MSS), MIN_MSS);
}

/** The handshake is done: the buffer's variables begin (tcp_init_buffer_space and the lines around its calls). */
export function beginReceiving(turn: Turn): void {
  const { tcb, now } = turn;
  const { rcv, settings } = tcb;
  const { appWin } = settings.receive;
  rcv.copied = rcv.nxt;
  tcb.ack.lastData = now;
  if (tcb.timestamps.on) rcv.advMss = offeredMss(tcb) - TIMESTAMPS;
  if (!tcb.scaling) rcv.clamp = Math.min(rcv.clamp, 65535);
  guessSegment(tcb);
  rcv.prediction = !tcb.active || tcb.snd.scale === 0; // tcp_finish_connect is of another mind than tcp_rcv_state_process

  const most = fullSpace(tcb);
  const { advMss } = rcv;
  if (rcv.clamp >= most) {
    rcv.clamp = most;
    if (appWin > 0 && most > 4 * advMss) rcv.clamp = Math.max(most - Math.floor(most / 2 ** appWin), 4 * advMss);
  }
  // one segment stays in reserve
  if (appWin > 0 && rcv.clamp > 2 * advMss && rcv.clamp + advMss > most) {
    rcv.clamp = Math.max(2 * advMss, most - advMss);
  }
  rcv.ssthresh = Math.min(rcv.ssthresh, rcv.clamp);
  rcv.space.bytes = Math.min(rcv.ssthresh, rcv.wnd, INITIAL_SEGMENTS * advMss);
  rcv.space.seq = rcv.copied;
  rcv.space.at = now;
}

/** Learns from a segment what the peer's full ones carry, and how much of the memory is payload (tcp_measure_rcv_mss). */
export function measureSegment(tcb: Tcb, skb: Skb, segment: Segment): void {
  const { rcv, ack, settings } = tcb;
  const length = skb.bytes.length;
  const before = rcv.lastSegment;
  rcv.lastSegment = 0;
  if (length >= rcv.mss) {
    if (length !== rcv.mss) learnRatio(tcb, skb);
    rcv.mss = Math.min(length, rcv.advMss);
    // a full segment with PSH ends a write: perhaps the sender waits for its ACK
    if (segment.flags & PSH && ack.pushed === 0) ack.pushed = 1;
    return;
  }
  // a little less than full, twice: full segments have become smaller
  const whole = length + headersOf(tcb, segment) - settings.receive.ipHeader;
  if (whole >= DEFAULT_MSS + 20 || (whole >= MIN_MSS + 20 && !(segment.flags & (FIN | SYN | PSH | URG)))) {
    const bare = whole - 20 - (tcb.timestamps.on ? TIMESTAMPS : 0);
    rcv.lastSegment = bare;
    if (bare === before) {
      rcv.mss = bare;
      return;
    }
  }
  ack.pushed = ack.pushed === 0 ? 1 : 2;
}

function learnRatio(tcb: Tcb, { bytes, truesize }: Skb): void {
  const { rcv, settings } = tcb;
  if (settings.receiveRatio !== 'learned') return;
  const ratio = Math.max(1, Math.floor((bytes.length * 256) / truesize) & 255);
  if (ratio === rcv.ratio) return;
  rcv.ratio = ratio;
  setWindowClamp(tcb, fullSpace(tcb));
  rcv.space.bytes = Math.min(rcv.space.bytes, rcv.clamp);
}

/** A segment came: the window may open further towards the whole buffer (tcp_grow_window). */
export function growWindow(tcb: Tcb, { bytes, truesize }: Skb): void {
  const { rcv, ack } = tcb;
  const room = Math.min(rcv.clamp, freeSpace(tcb)) - rcv.ssthresh;
  if (room <= 0) return;
  let more = windowFromSpace(tcb, truesize) <= bytes.length ? 2 * rcv.advMss : growSlowly(tcb, bytes.length, truesize);
  if (more === 0) return;
  more = Math.max(more, 2 * bytes.length);
  rcv.ssthresh += Math.min(room, more);
  ack.quick |= 1;
}

/** Segments waste memory: the window grows by two of them while it is still small for what they take (__tcp_grow_window). */
function growSlowly(tcb: Tcb, length: number, truesize: number): number {
  const { rcv, settings } = tcb;
  let size = windowFromSpace(tcb, truesize) >> 1;
  let window = windowFromSpace(tcb, settings.receive.rmemMax) >> 1;
  while (rcv.ssthresh <= window) {
    if (size <= length) return 2 * rcv.mss;
    size >>= 1;
    window >>= 1;
  }
  return 0;
}

/** Takes a sample of the round trip; without timestamps (`bounded`) only the smallest counts (tcp_rcv_rtt_update). */
function sampleRoundTrip({ rcv }: Tcb, us: number, bounded: boolean): void {
  const { rtt } = rcv;
  if (rtt.us8 === 0 || us * 8 < rtt.us8) {
    rtt.us8 = us * 8;
    return;
  }
  // what the program has not read in time would only seem to make the path longer
  if (bounded || seqDiff(rcv.nxt, rcv.copied) !== 0) return;
  rtt.us8 = rtt.us8 - Math.floor(rtt.us8 / 8) + us;
}

/** The time in which a whole window came is a round trip at most (tcp_rcv_rtt_measure). */
export function measureByWindow({ tcb, now }: Turn): void {
  const { rcv } = tcb;
  const { rtt } = rcv;
  if (rtt.started) {
    if (seqLt(rcv.nxt, rtt.seq)) return;
    sampleRoundTrip(tcb, Math.max(1, Math.floor((now - rtt.at) / 1000)), true);
  }
  rtt.started = true;
  rtt.seq = seqAdd(rcv.nxt, rcv.wnd);
  rtt.at = now;
}

/** A full segment echoes when we sent what it answers (tcp_rcv_rtt_measure_ts). */
export function measureByEcho({ tcb, now }: Turn, segment: Segment, length: number): void {
  const stamp = segment.options.timestamps;
  if (!tcb.timestamps.on || !stamp) return;
  const { rtt, mss } = tcb.rcv;
  const ecr = (stamp.ecr - tcb.timestamps.offset) >>> 0;
  if (ecr === rtt.ecr) return;
  rtt.ecr = ecr;
  if (length < mss) return;
  const since = (Math.floor(now / 1e6) - ecr) >>> 0;
  if (since > 0 && since < 2_147_483) sampleRoundTrip(tcb, since * 1000, false);
}

/** The program has read: once in a round trip the buffer is made to fit twice that (tcp_rcv_space_adjust). */
export function adjustSpace(turn: Turn): void {
  const { tcb, now } = turn;
  const { rcv } = tcb;
  const { space, rtt } = rcv;
  if (rtt.us8 === 0 || Math.floor((now - space.at) / 1000) < rtt.us8 >> 3) return;
  const waiting = seqDiff(rcv.nxt, rcv.copied);
  const copied = seqDiff(rcv.copied, space.seq) - waiting;
  if (copied > space.bytes && growBuffer(tcb, copied)) {
    note(
      turn,
      `${copied} bytes were read in a round trip: the receive buffer grows to ${rcv.limit}`,
      '',
      'tcp_input.c tcp_rcv_space_adjust',
    );
  }
  space.seq = rcv.copied;
  space.at = now;
}

/**
 * The buffer for so many bytes in a round trip: twice that, as the sender may double it, more as it has grown, and what
 * came out of order besides (tcp_rcvbuf_grow). Says whether it has grown.
 */
export function growBuffer(tcb: Tcb, bytes: number): boolean {
  const { rcv, settings } = tcb;
  const { moderate, rmemMax } = settings.receive;
  const { bytes: before } = rcv.space;
  rcv.space.bytes = bytes;
  if (!moderate || rcv.locked || before === 0) return false;
  let window = 2 * bytes;
  window += 2 * Math.floor((window * (bytes - before)) / before);
  const last = rcv.early.last();
  if (last) window += seqDiff(last.end, rcv.nxt);
  const limit = Math.min(spaceFromWindow(tcb, window), rmemMax);
  if (limit <= rcv.limit) return false;
  rcv.limit = limit;
  rcv.clamp = fullSpace(tcb);
  return true;
}

/** SO_RCVBUF: the size as the kernel keeps it; from now on it does not grow by itself. */
export function setReceiveBuffer({ rcv }: Tcb, limit: number): void {
  rcv.limit = limit;
  rcv.locked = true;
}

/** TCP_WINDOW_CLAMP of a connection (tcp.c tcp_set_window_clamp); 0 is for sockets that have none, and says EINVAL. */
export function setWindowClamp({ rcv }: Tcb, bytes: number): boolean {
  if (bytes === 0) return false;
  const clamp = Math.max(MIN_RECEIVE_BUFFER >> 1, bytes);
  if (clamp < rcv.clamp) rcv.ssthresh = Math.min(rcv.ssthresh, clamp);
  else if (clamp > rcv.clamp) rcv.ssthresh = Math.max(Math.min(rcv.wnd, clamp), rcv.ssthresh);
  rcv.clamp = clamp;
  return true;
}
