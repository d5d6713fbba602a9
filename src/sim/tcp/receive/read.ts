/**
 * RECEIVE (RFC 9293 section 3.10.3): what recv(2) takes out of the receive queue, and what the peer is told of the room that
 * this makes. Nothing here waits: that is the system call's business (Linux tcp.c tcp_recvmsg_locked, __tcp_cleanup_rbuf).
 */
import { seqAdd, seqDiff } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import { sendAckIfDue } from '../output.ts';
import type { SockOpts } from '../sockopts.ts';
import type { Tcb } from '../tcb.ts';
import { begin, type Effect, note, type Turn, wakeReaders } from '../turn.ts';
import { offeredWindow, openWindow } from '../window.ts';
import { inPingpong } from './acknowledging.ts';
import { adjustSpace } from './autotune.ts';
import { spaceFromWindow, uncharge, underPressure } from './memory.ts';
import type { Skb } from './queue.ts';
import { passUrgent } from './urgent.ts';

export interface ReadRequest {
  /** Where the bytes go; absent: nowhere (MSG_TRUNC of tcp(7), or `views` are enough). */
  into?: Uint8Array;
  /** The most bytes to take; with `into`, all that it holds. */
  length?: number;
  /** MSG_PEEK: they stay. */
  peek?: boolean;
  /** Bytes to skip first: what a peek has seen before (SO_PEEK_OFF, and MSG_PEEK with MSG_WAITALL). */
  offset?: number;
  /** Gets what was taken, in order, as views of the packets that brought it. */
  views?: Uint8Array[];
}

export interface ReadResult {
  given: number;
  effects: Effect[];
  /** The read must end here: the end of the stream or the urgent mark is next. */
  stopped: boolean;
}

/** Bytes that can be read, urgent ones counted. */
export const available = ({ rcv, finReceived }: Tcb): number => seqDiff(rcv.nxt, rcv.copied) - (finReceived ? 1 : 0);

/** SIOCINQ, FIONREAD: bytes up to the urgent one, or all (tcp.h tcp_inq). */
export function inputQueued(tcb: Tcb): number {
  const { rcv } = tcb;
  const { urgent } = rcv;
  const toMark = seqDiff(urgent.seq, rcv.copied);
  const marked = urgent.mark !== 'none' && !tcb.opts.urgentInline && toMark >= 0 && seqDiff(urgent.seq, rcv.nxt) < 0;
  return marked ? toMark : available(tcb);
}

/** TCP_INQ: bytes left to read, and one more for the end of the stream (tcp.c tcp_inq_hint). */
export const inputHint = (tcb: Tcb): number => available(tcb) + (tcb.finReceived ? 1 : 0);

/** How many bytes a read waits for (sock.h sock_rcvlowat). */
export const readTarget = (opts: SockOpts, length: number, waitAll: boolean): number =>
  (waitAll ? length : Math.min(opts.receiveLowat, length)) || 1;

/** Whether poll(2) calls the socket readable, and a waiting reader is woken, for `target` bytes (tcp.h tcp_epollin_ready). */
export function readable(tcb: Tcb, target: number): boolean {
  const bytes = seqDiff(tcb.rcv.nxt, tcb.rcv.copied);
  if (bytes <= 0) return false;
  return bytes >= target || underPressure(tcb) || openWindow(tcb) <= tcb.rcv.mss;
}

/** Data came: readers are woken when there is enough for them (tcp_input.c tcp_data_ready). */
export function dataReady(turn: Turn): void {
  const { tcb } = turn;
  if (tcb.finReceived || readable(tcb, tcb.opts.receiveLowat)) wakeReaders(turn);
}

/** SO_RCVLOWAT: readers wait for so many bytes, half the buffer at most; the buffer is made to hold them (tcp_set_rcvlowat). */
export function setReceiveLowat(tcb: Tcb, bytes: number, now: Time): Effect[] {
  const turn = begin(tcb, now);
  const { rcv, settings } = tcb;
  const most = (rcv.locked ? rcv.limit : settings.receive.rmemMax) >> 1;
  const wanted = Math.min(bytes, most);
  tcb.opts.receiveLowat = wanted || 1;
  dataReady(turn);
  const space = spaceFromWindow(tcb, wanted);
  if (!rcv.locked && space > rcv.limit) {
    rcv.limit = space;
    if (rcv.clamp > 0) rcv.clamp = Math.max(rcv.clamp, wanted);
  }
  return turn.effects;
}

/** Takes or copies bytes in their order, up to the urgent mark, and tells the peer of the new room if it is worth it. */
export function read(tcb: Tcb, request: ReadRequest, now: Time): ReadResult {
  const turn = begin(tcb, now);
  const reader = request.peek ? peek : take;
  const { given, stopped } = reader(turn, request);
  if (given > 0 && !request.peek) cleanUp(turn, given);
  return { given, effects: turn.effects, stopped };
}

/** How many bytes of `length` may be read from `at` on before the urgent byte; 0: it is next. */
function toUrgent({ urgent }: Tcb['rcv'], at: Tcb['rcv']['copied'], length: number): number {
  if (urgent.mark === 'none') return length;
  const distance = seqDiff(urgent.seq, at);
  return distance < 0 ? length : Math.min(distance, length);
}

interface Progress {
  given: number;
  stopped: boolean;
}

/** Gives `length` bytes of a segment from `offset` on. */
function give({ into, views }: ReadRequest, given: number, { bytes }: Skb, offset: number, length: number): void {
  if (!into && !views) return;
  const part = length === bytes.length ? bytes : bytes.subarray(offset, offset + length);
  into?.set(part, given);
  views?.push(part);
}

function take(turn: Turn, request: ReadRequest): Progress {
  const { tcb } = turn;
  const { rcv } = tcb;
  const { queue, urgent } = rcv;
  const { urgentInline } = tcb.opts;
  const wanted = request.length ?? request.into?.length ?? 0;
  let given = 0;
  let stopped = false;
  while (given < wanted) {
    const skb = queue.first();
    if (!skb) break;
    const offset = seqDiff(rcv.copied, skb.seq);
    const left = skb.bytes.length - offset;
    if (left > 0) {
      const most = Math.min(left, wanted - given);
      const length = toUrgent(rcv, rcv.copied, most);
      if (length === 0 && given > 0) {
        stopped = true;
        break;
      }
      if (length === 0 && !urgentInline) {
        rcv.copied = seqAdd(rcv.copied, 1); // it is read by MSG_OOB, not here
      } else {
        const taken = length || most;
        give(request, given, skb, offset, taken);
        rcv.copied = seqAdd(rcv.copied, taken);
        given += taken;
        adjustSpace(turn);
      }
      if (urgent.mark !== 'none') passUrgent(tcb);
      if (seqDiff(rcv.copied, skb.seq) < skb.bytes.length) continue;
    }
    if (skb.fin) stopped = true;
    queue.shift();
    uncharge(tcb, skb.truesize);
    if (stopped) break;
  }
  return { given, stopped };
}

function peek(turn: Turn, request: ReadRequest): Progress {
  const { rcv, opts } = turn.tcb;
  const wanted = request.length ?? request.into?.length ?? 0;
  let at = seqAdd(rcv.copied, request.offset ?? 0);
  let given = 0;
  for (let i = 0; given < wanted; i++) {
    const skb = rcv.queue.at(i);
    if (!skb) break;
    const end = seqAdd(skb.seq, skb.bytes.length);
    while (given < wanted && seqDiff(end, at) > 0) {
      const most = Math.min(seqDiff(end, at), wanted - given);
      const length = toUrgent(rcv, at, most);
      if (length === 0 && given > 0) return { given, stopped: true };
      if (length === 0 && !opts.urgentInline) {
        at = seqAdd(at, 1);
        continue;
      }
      const taken = length || most;
      give(request, given, skb, seqDiff(at, skb.seq), taken);
      at = seqAdd(at, taken);
      given += taken;
    }
    if (skb.fin) return { given, stopped: true };
  }
  return { given, stopped: false };
}

/** An ACK that a read brings forward: one that was put off, or one that tells of enough new room (__tcp_cleanup_rbuf). */
export function cleanUp(turn: Turn, copied: number): void {
  const { tcb } = turn;
  if (tcb.state === 'CLOSED' || tcb.state === 'TIME-WAIT') return;
  if (ackDue(tcb, copied)) {
    note(turn, 'the program has read: acknowledge what waited', '9293 3.8.6.3', 'tcp.c __tcp_cleanup_rbuf');
    turn.ackNow = true;
  } else if (copied > 0 && !tcb.finReceived && !tcb.receiveShut && roomDoubled(tcb)) {
    note(turn, 'the program made room: tell the peer', '9293 3.8.6.2.2', 'tcp.c __tcp_cleanup_rbuf');
    turn.ackNow = true;
  }
  if (turn.ackNow) sendAckIfDue(turn);
}

function ackDue(tcb: Tcb, copied: number): boolean {
  const { ack, rcv } = tcb;
  if (!ack.pending) return false;
  if (seqDiff(rcv.nxt, rcv.wup) > rcv.mss) return true;
  return copied > 0 && rcv.alloc === 0 && (ack.pushed > 1 || (ack.pushed > 0 && !inPingpong(tcb)));
}

/** The window would be at least twice what is left of the last one. */
function roomDoubled(tcb: Tcb): boolean {
  const open = openWindow(tcb);
  if (2 * open > tcb.rcv.clamp) return false;
  const offered = offeredWindow(tcb);
  return offered > 0 && offered >= 2 * open;
}
