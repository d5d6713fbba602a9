/**
 * SEGMENT ARRIVES (RFC 9293 section 3.10.7): the entry for a segment that belongs to this connection. CLOSED is the
 * kernel's business (output.ts resetFor); a listener's queues are too: for each SYN it hands a fresh block in LISTEN.
 */
import { SimBug } from '../base/bug.ts';
import { seqAdd, seqLe, seqLt } from '../base/seq.ts';
import type { Time } from '../base/time.ts';
import { ACK, RST, type Segment, SYN } from '../wire/tcp.ts';
import { acknowledge } from './acknowledge.ts';
import { CHECKS, fin } from './checks.ts';
import { agreeOnEcn } from './ecn.ts';
import { synAckOfFastOpen, takeSynData } from './fast-open.ts';
import { startKeepAlive } from './keepalive.ts';
import { syncMss } from './mtu.ts';
import { output, sendAckIfDue } from './output.ts';
import { acknowledgeArrival, DELAYED_ACK_MAX, enterQuickAck, inPingpong } from './receive/acknowledging.ts';
import { beginReceiving } from './receive/autotune.ts';
import { shortWay } from './receive/text.ts';
import { TIMEOUT_MIN } from './recovery/rack.ts';
import { firstSyn, initTransfer, sendSyn } from './syn.ts';
import type { Tcb } from './tcb.ts';
import { isMiniature, timeWaitSegment } from './time-wait.ts';
import { answerWithReset, timestampAt } from './transmit.ts';
import { begin, type Effect, enter, finish, note, setTimer, type Turn, wakeReaders, wakeWriters } from './turn.ts';
import { chooseInitialWindow, windowScale } from './window.ts';

export interface Arrival {
  effects: Effect[];
  /** The segment is a SYN that may end TIME-WAIT, if somebody listens: see time-wait.ts. */
  forListener: boolean;
}

/**
 * Applies a segment whose addresses and ports are this connection's.
 */
export function segmentArrives(tcb: Tcb, segment: Segment, now: Time): Arrival {
  const turn = begin(tcb, now);
  let forListener = false;
  tcb.stats.segsIn++;
  if (segment.payload.length > 0) tcb.stats.dataSegsIn++;
  switch (tcb.state) {
    case 'CLOSED':
      throw new SimBug('a segment for a block in CLOSED');
    case 'LISTEN':
      listen(turn, segment);
      break;
    case 'SYN-SENT':
      synSent(turn, segment);
      break;
    default:
      if (isMiniature(tcb)) {
        forListener = timeWaitSegment(turn, segment) === 'new';
        break;
      }
      if (!shortWay(turn, segment)) {
        for (const check of CHECKS) if (check(turn, segment) === 'stop') break;
        output(turn);
      }
      acknowledgeArrival(turn);
      sendAckIfDue(turn);
      return { effects: turn.effects, forListener };
  }
  output(turn);
  return { effects: turn.effects, forListener };
}

/** What both ends offered in their SYNs holds from now on. */
function agree(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  const { options } = segment;
  tcb.timestamps.on &&= options.timestamps !== undefined;
  tcb.timestamps.recent = options.timestamps?.val ?? 0;
  tcb.timestamps.recentAt = turn.now;
  tcb.sackOk &&= options.sackPermitted === true;
  tcb.scaling &&= options.windowScale !== undefined;
  tcb.snd.scale = tcb.scaling ? Math.min(options.windowScale ?? 0, 14) : 0;
  tcb.rcv.scale = tcb.scaling ? windowScale(tcb) : 0;
  const { opts, settings } = tcb;
  tcb.snd.mssClamp = Math.min(options.mss || settings.mssDefault, opts.maxSegment || Infinity);
  if (tcb.active) tcb.snd.maxWnd = segment.window; // segments fill half of it at most, from the first on
  syncMss(tcb, tcb.mtu.path);

  agreeOnEcn(tcb, segment);

  tcb.irs = segment.seq;
  tcb.rcv.nxt = tcb.rcv.wup = tcb.rcv.copied = seqAdd(segment.seq, 1);
  tcb.snd.wnd = segment.window; // the window of a SYN is never scaled (RFC 7323 2.2)
  tcb.snd.wl1 = segment.seq;
}

/** Section 3.10.7.2. The kernel has already turned away what is no SYN. */
function listen(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  agree(turn, segment);
  enter(turn, 'rcv SYN', 'SYN-RECEIVED');
  if (!tcb.fastOpen.pending) {
    firstSyn(turn);
    return;
  }
  tcb.snd.maxWnd = tcb.snd.wnd;
  chooseInitialWindow(tcb, tcb.timestamps.on ? tcb.settings.mss - 12 : tcb.settings.mss, tcb.scaling);
  beginReceiving(turn);
  takeSynData(turn, segment);
  firstSyn(turn);
  initTransfer(turn);
  turn.ackNow = tcb.ack.pending = false; // the SYN,ACK has acknowledged the data
}

/** The SYN,ACK echoes a timestamp of no SYN of ours. */
function echoIsForeign({ tcb, now }: Turn, { options }: Segment): boolean {
  const echo = options.timestamps?.ecr ?? 0;
  if (!tcb.timestamps.on || echo === 0) return false;
  const since = timestampAt(tcb, tcb.loss.retransStamp);
  return ((echo - since) | 0) < 0 || ((timestampAt(tcb, now) - echo) | 0) < 0;
}

/** Section 3.10.7.3. */
function synSent(turn: Turn, segment: Segment): void {
  const { tcb } = turn;
  const acked = (segment.flags & ACK) !== 0;
  if (acked && (seqLe(segment.ack, tcb.iss) || seqLt(tcb.snd.nxt, segment.ack))) {
    // perhaps a leftover of an older connection: answer, and ask again at once
    if (tcb.rtt.timeouts === 0) setTimer(turn, 'retransmit', TIMEOUT_MIN);
    answerWithReset(turn, segment);
    return;
  }
  if (acked && echoIsForeign(turn, segment)) {
    note(
      turn,
      'it echoes a timestamp that was never sent: reset',
      '7323 3.2',
      'tcp_input.c tcp_rcv_synsent_state_process',
    );
    answerWithReset(turn, segment);
    return;
  }
  if (segment.flags & RST) {
    if (!acked) return;
    enter(turn, 'rcv RST', 'CLOSED');
    finish(turn, 'ECONNREFUSED');
    return;
  }
  if (!(segment.flags & SYN)) return;

  agree(turn, segment);
  if (!acked) {
    enter(turn, 'rcv SYN', 'SYN-RECEIVED');
    sendSyn(turn);
    return;
  }
  acknowledge(turn, segment, segment.window);
  enter(turn, 'rcv SYN,ACK', 'ESTABLISHED');
  startKeepAlive(turn);
  initTransfer(turn);
  beginReceiving(turn);
  const again = synAckOfFastOpen(turn, segment);
  fin(turn, segment);
  if (again) {
    // what was sent again carries the ACK
  } else if (tcb.writePending || inPingpong(tcb)) {
    note(
      turn,
      'a write waits for this: its data will carry the ACK',
      '9293 3.10.7.3',
      'tcp_input.c tcp_rcv_synsent_state_process',
    );
    tcb.ack.pending = true;
    enterQuickAck(tcb);
    setTimer(turn, 'delayed ACK', DELAYED_ACK_MAX);
  } else {
    turn.ackNow = true;
  }
  wakeReaders(turn);
  wakeWriters(turn);
}
