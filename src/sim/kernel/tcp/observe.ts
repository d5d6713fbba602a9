/**
 * What the log is told of a connection beside its effects: its variables when they changed, its timers when they were set
 * or switched off. What was last told is kept as plain numbers, so that a turn that changed nothing costs a few
 * comparisons. Decides nothing, and changes nothing of the connection.
 */
import { seqAdd, seqDiff, seqNumber } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import { endOfData } from '../../tcp/output.ts';
import { smoothedRtt } from '../../tcp/rtt.ts';
import type { Tcb } from '../../tcp/tcb.ts';
import { TIMERS, type TimerName } from '../../tcp/timers.ts';
import type { Effect } from '../../tcp/turn.ts';
import type { Log } from '../../trace/log.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';

/** Not an instant: the timer is off. */
const OFF = -1;

/** What was last told of a connection. Numbers are 32 bits, whatever their sign; times in nanoseconds. */
export class Observed {
  isnKnown = false;
  iss = 0;
  irs = 0;
  sendKnown = false;
  una = 0;
  nxt = 0;
  end = 0;
  edge = 0;
  limit = 0;
  cwnd = 0;
  ssthresh = 0;
  receiveKnown = false;
  read = 0;
  received = 0;
  offered = 0;
  receiveLimit = 0;
  early: readonly number[] = NONE;
  /** By index of the timer: when it is due, and the event that set it. */
  readonly timers = new Float64Array(TIMERS.length).fill(OFF);
  readonly setBy = new Float64Array(TIMERS.length).fill(OFF);
}

const NONE: readonly number[] = [];

/** Logs the variables that changed since they were last logged. */
export function logVariables(host: Host, socket: Socket): void {
  const { tcb } = socket;
  if (!tcb || tcb.state === 'CLOSED' || tcb.state === 'LISTEN') return;
  const { log } = host.machine;
  if (!log.keeps) return;
  socket.observed ??= new Observed();
  const last = socket.observed;
  logIsn(log, host.index, socket.id, tcb, last);
  logSend(log, host.index, socket.id, tcb, last);
  if (tcb.state !== 'SYN-SENT') logReceive(log, host.index, socket.id, tcb, last);
}

/** Bytes were copied into the send buffer: logged as they stand there, before any of them leaves. */
export function logWritten(host: Host, { id, tcb, observed }: Socket): void {
  if (!tcb || !observed?.sendKnown) return;
  observed.end = seqDiff(endOfData(tcb), tcb.iss);
  const { una, nxt, end, edge, limit, cwnd, ssthresh } = observed;
  host.machine.log.sendVariables(host.index, id, una, nxt, end, edge, limit, cwnd, ssthresh);
}

function logIsn(log: Log, host: number, sock: number, tcb: Tcb, last: Observed): void {
  const iss = seqNumber(tcb.iss);
  const irs = seqNumber(tcb.irs);
  if (last.isnKnown && (iss | 0) === last.iss && (irs | 0) === last.irs) return;
  last.isnKnown = true;
  last.iss = iss | 0;
  last.irs = irs | 0;
  log.add('tcp.isn', { host, sock }, { iss, irs });
}

function logSend(log: Log, host: number, sock: number, tcb: Tcb, last: Observed): void {
  const { iss, snd, cc } = tcb;
  const una = seqDiff(snd.una, iss);
  const nxt = seqDiff(snd.nxt, iss);
  const end = seqDiff(endOfData(tcb), iss);
  const edge = (una + snd.wnd) | 0;
  const limit = tcb.sendLimit | 0;
  const cwnd = cc.cwnd | 0;
  const ssthresh = cc.ssthresh | 0;
  if (
    last.sendKnown &&
    una === last.una &&
    nxt === last.nxt &&
    end === last.end &&
    edge === last.edge &&
    limit === last.limit &&
    cwnd === last.cwnd &&
    ssthresh === last.ssthresh
  ) {
    return;
  }
  last.sendKnown = true;
  last.una = una;
  last.nxt = nxt;
  last.end = end;
  last.edge = edge;
  last.limit = limit;
  last.cwnd = cwnd;
  last.ssthresh = ssthresh;
  log.sendVariables(host, sock, una, nxt, end, edge, limit, cwnd, ssthresh);
}

function logReceive(log: Log, host: number, sock: number, tcb: Tcb, last: Observed): void {
  const { irs, rcv } = tcb;
  const read = seqDiff(rcv.copied, irs);
  const nxt = seqDiff(rcv.nxt, irs);
  const edge = seqDiff(seqAdd(rcv.wup, rcv.wnd), irs);
  const limit = rcv.limit | 0;
  const early = earlyRanges(tcb, last.early);
  if (
    last.receiveKnown &&
    read === last.read &&
    nxt === last.received &&
    edge === last.offered &&
    limit === last.receiveLimit &&
    early === last.early
  ) {
    return;
  }
  last.receiveKnown = true;
  last.read = read;
  last.received = nxt;
  last.offered = edge;
  last.receiveLimit = limit;
  last.early = early;
  log.receiveVariables(host, sock, read, nxt, edge, limit, early);
}

/** The stretches that are held out of order, as relative numbers; `last` itself when it is still true. */
function earlyRanges(tcb: Tcb, last: readonly number[]): readonly number[] {
  const { irs } = tcb;
  const { ranges } = tcb.rcv.early;
  if (last.length === 2 * ranges.length) {
    let i = 0;
    for (; i < ranges.length; i++) {
      const { left, right } = ranges[i] as (typeof ranges)[number];
      if (seqDiff(left, irs) !== last[2 * i] || seqDiff(right, irs) !== last[2 * i + 1]) break;
    }
    if (i === ranges.length) return last;
  }
  return relativeRanges(tcb);
}

function relativeRanges({ rcv, irs }: Tcb): number[] {
  const out: number[] = [];
  for (const { left, right } of rcv.early.ranges) out.push(seqDiff(left, irs), seqDiff(right, irs));
  return out;
}

/** Logs a move from one state to another. */
export function logState(host: Host, socket: Socket, { from, to, row }: Omit<Effect & { do: 'state' }, 'do'>): void {
  host.machine.log.add('tcp.state', { host: host.index, sock: socket.id }, { from, to, row });
}

/** Logs a measured round trip, and what follows from it. */
export function logRoundTrip(host: Host, socket: Socket, sample: Time): void {
  const tcb = socket.tcb as Tcb;
  const rttvar = ((tcb.rtt.rttvar4 >>> 2) * 1000) as Time;
  host.machine.log.roundTrip(host.index, socket.id, sample, smoothedRtt(tcb), rttvar, tcb.rtt.rto);
}

/** Logs timers that were set and switched off. @returns when the next is due; undefined: none is set */
export function logTimers(host: Host, socket: Socket, tcb: Tcb): Time | undefined {
  const { log } = host.machine;
  if (log.keeps) socket.observed ??= new Observed();
  const last = socket.observed;
  readDue(tcb.timers);
  let next = OFF;
  for (let i = 0; i < due.length; i++) {
    const at = due[i] as Time;
    if (at !== OFF && (next === OFF || at < next)) next = at;
    if (!last || at === last.timers[i]) continue;
    last.timers[i] = at;
    const timer = TIMERS[i] as TimerName;
    if (at === OFF) log.timerOff(host.index, socket.id, timer);
    else last.setBy[i] = log.timerSet(host.index, socket.id, timer, at);
  }
  return next === OFF ? undefined : (next as Time);
}

/** When each timer of the connection at hand is due, by its index. */
const due = new Float64Array(TIMERS.length);
const INDEX = Object.fromEntries(TIMERS.map((name, i) => [name, i])) as Record<TimerName, number>;

/** Fills in {@link due}. Timer by timer: a name that varies is slow to look up, and this is done in every turn. */
function readDue(timers: Tcb['timers']): void {
  due[INDEX.retransmit] = timers.retransmit ?? OFF;
  due[INDEX['loss probe']] = timers['loss probe'] ?? OFF;
  due[INDEX.reordering] = timers.reordering ?? OFF;
  due[INDEX.persist] = timers.persist ?? OFF;
  due[INDEX.pacing] = timers.pacing ?? OFF;
  due[INDEX.keepalive] = timers.keepalive ?? OFF;
  due[INDEX['delayed ACK']] = timers['delayed ACK'] ?? OFF;
  due[INDEX['compressed ACK']] = timers['compressed ACK'] ?? OFF;
  due[INDEX['FIN-WAIT-2']] = timers['FIN-WAIT-2'] ?? OFF;
  due[INDEX['TIME-WAIT']] = timers['TIME-WAIT'] ?? OFF;
}

/** Logs that a timer has fired; what follows is its doing. */
export function logFired(host: Host, socket: Socket, timer: TimerName): void {
  const { log } = host.machine;
  const i = INDEX[timer];
  const { timers, setBy } = socket.observed ?? {};
  if (timers) timers[i] = OFF;
  log.cause = log.add('timer.fire', { host: host.index, sock: socket.id, cause: setBy?.[i] ?? OFF }, { timer });
}
