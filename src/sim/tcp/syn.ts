/**
 * SYN and SYN,ACK (RFC 9293 sections 3.5 and 3.7.1): what this end offers or accepts, and what holds once both have
 * spoken (Linux tcp_output.c tcp_syn_options, tcp_synack_options; tcp_input.c tcp_init_transfer).
 */
import { EMPTY } from '../base/bytes.ts';
import { seqAdd } from '../base/seq.ts';
import { ACK, ECE, SYN } from '../wire/tcp.ts';
import type { TcpOptions } from '../wire/tcp-options.ts';
import { INFINITE_SSTHRESH } from './congestion/control.ts';
import { asksForEcn, SYN_ECN } from './ecn.ts';
import { type EarlyData, queueSynData, synSpace } from './fast-open.ts';
import { beginSearch } from './mtu.ts';
import { segmentSent } from './rate.ts';
import { setCaState, updateRate } from './recovery/reduce.ts';
import { backedOff } from './rtt.ts';
import { newSkb } from './send-queue.ts';
import { NEVER, offeredMss } from './tcb.ts';
import { timestampAt } from './transmit.ts';
import { setTimer, type Turn } from './turn.ts';
import { chooseInitialWindow, windowScale } from './window.ts';

/** Sends SYN or SYN,ACK with the options that this end offers, or accepts; `payload`: data that goes with it (RFC 7413). */
export function sendSyn(turn: Turn, payload: Uint8Array = EMPTY): void {
  const { tcb } = turn;
  const answer = tcb.state === 'SYN-RECEIVED';
  const { settings } = tcb;
  const mss = offeredMss(tcb);
  const syn: TcpOptions = { mss };
  // a SYN,ACK agrees to what the peer offered; in a simultaneous open it is our SYN again, with all that it offered
  const all = tcb.active;
  if (all ? settings.sack : tcb.sackOk) syn.sackPermitted = true;
  if (all ? settings.timestamps : tcb.timestamps.on)
    syn.timestamps = { val: timestampAt(tcb, turn.now), ecr: tcb.timestamps.recent };
  if (all ? settings.windowScaling : tcb.scaling) syn.windowScale = answer && !all ? tcb.rcv.scale : windowScale(tcb);
  const segment = !all && tcb.timestamps.on ? mss - 12 : mss;
  const window = chooseInitialWindow(tcb, segment, syn.windowScale !== undefined);
  let flags = answer ? SYN | ACK : SYN;
  const { option } = tcb.fastOpen;
  const repeated = tcb.fastOpen.synSent;
  tcb.fastOpen.synSent = true;
  if (option && !repeated) syn.fastOpen = option;
  // a SYN that is sent again was perhaps lost because of what it asked for (RFC 3168 section 6.1.1.1, RFC 7413 section 4.1.3)
  if (tcb.ecn.on && !(repeated && tcb.settings.ecnFallback)) flags |= answer ? ECE : SYN_ECN;
  tcb.stats.segsOut++;
  tcb.mtu.route = settings.pathMtu;
  turn.effects.push({
    do: 'transmit',
    segment: {
      srcPort: tcb.local.port,
      dstPort: tcb.remote.port,
      seq: tcb.iss,
      ack: tcb.rcv.nxt,
      flags,
      window,
      urgent: 0,
      options: syn,
      payload,
    },
    size: undefined,
    ect: false,
  });
}

/** Sends the first SYN of a connection, perhaps with data, and starts its timer. */
export function firstSyn(turn: Turn, early?: EarlyData): void {
  const { tcb } = turn;
  const { snd, queue } = tcb;
  const skb = newSkb(tcb.iss, seqAdd(tcb.iss, 1));
  skb.syn = true;
  skb.segs = 1;
  skb.at = turn.now;
  segmentSent(tcb.rate, skb, 0);
  queue.entail(skb);
  queue.moveToSent(skb);
  queue.sentNow(skb);
  tcb.counts.packetsOut = 1;
  snd.nxt = snd.write = snd.pushed = snd.up = skb.end;
  queue.begin(skb.end);
  tcb.loss.retransStamp = turn.now;
  if (tcb.active) tcb.ecn.on = asksForEcn(tcb);
  const room = early ? synSpace(tcb, early.mss) : 0;
  tcb.fastOpen.option ??= early?.option;
  if (tcb.active) beginSearch(tcb, turn.now); // tcp_connect_init: an MSS that is believed to pass, from the start
  sendSyn(turn, early ? queueSynData(turn, early.data.subarray(0, room), early.zerocopy) : EMPTY);
  setTimer(turn, 'retransmit', backedOff(tcb));
}

/**
 * The handshake is done: the window of the first flight. A SYN that was lost twice makes it one segment, unless the
 * timestamps say that the first had arrived after all (tcp_init_transfer, RFC 5681 section 3.1).
 */
export function initTransfer(turn: Turn): void {
  const { tcb } = turn;
  const { cc } = tcb;
  cc.cwnd = tcb.stats.totalRetrans > 1 ? 1 : tcb.settings.initialCwnd;
  cc.ssthresh = INFINITE_SSTHRESH;
  setCaState(turn, 'Open');
  cc.cwndStamp = turn.now;
  tcb.loss.retransStamp = NEVER;
  cc.control.init(tcb, turn.now);
  beginSearch(tcb, turn.now);
  updateRate(tcb);
}
