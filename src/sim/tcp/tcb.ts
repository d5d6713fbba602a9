/**
 * The transmission control block: all that TCP knows of one connection (RFC 9293 section 3.3.1), as plain data.
 *
 * Variables have the RFC's names (SND.UNA is `snd.una`); those that only Linux has name their kernel field. Nothing
 * here runs: calls.ts, segment-arrives.ts and timeouts.ts change a block inside a turn. No clock, no randomness, no
 * network, no socket: the initial sequence number and the timestamp offset come from outside.
 */
import type { Errno } from '../base/errno.ts';
import { type Seq, seq } from '../base/seq.ts';
import { s, type Time, ZERO } from '../base/time.ts';
import type { Address } from '../wire/address.ts';
import { type Chrono, newChrono } from './chrono.ts';
import { type CongestionBlock, type CongestionControl, INFINITE_SSTHRESH, NO_RTT } from './congestion/control.ts';
import { limitRate } from './congestion/pacing.ts';
import { DEFAULT } from './congestion/registry.ts';
import { type FastOpen, newFastOpen } from './fast-open.ts';
import { type MtuBlock, newMtuBlock } from './mtu.ts';
import { newRateBlock, type RateBlock } from './rate.ts';
import { type Ack, newAck, newRcv, type Rcv } from './receive/state.ts';
import { SendQueue, type Skb } from './send-queue.ts';
import type { Settings, Totals } from './settings.ts';
import { newSockOpts, type SockOpts } from './sockopts.ts';
import type { State } from './states.ts';
import { noTimers, type Timers } from './timers.ts';

export interface Tcb {
  /** Changed by `enter` (turn.ts) alone. */
  readonly state: State;
  readonly settings: Settings;
  /** What the program asked for; shared with its socket. */
  readonly opts: SockOpts;
  readonly local: { readonly addr: Address; readonly port: number };
  readonly remote: { readonly addr: Address; readonly port: number };

  iss: Seq;
  irs: Seq;

  snd: {
    una: Seq;
    nxt: Seq;
    /** In bytes, already scaled. */
    wnd: number;
    /** Sequence number of the segment that last updated `wnd`. */
    wl1: Seq;
    /** End of the last segment sent that was smaller than the MSS (Linux snd_sml, Minshall's change to Nagle). */
    sml: Seq;
    /** Just past the last sequence number that the program has filled, FIN included (Linux write_seq). */
    write: Seq;
    /** Where PSH was last asked for (Linux pushed_seq). */
    pushed: Seq;
    /** Just past urgent data (RFC 9293 SND.UP). */
    up: Seq;
    /** Largest payload per segment, timestamps option already subtracted (Linux mss_cache; RFC 6691). */
    mss: number;
    /** The same before SACK blocks are subtracted, and what the peer's SYN allowed (Linux mss_clamp). */
    mssClamp: number;
    /** The largest window that the peer has offered (Linux max_window). */
    maxWnd: number;
    /** Shift of the windows that the peer advertises (RFC 7323). */
    scale: number;
  };
  /** The path's MTU, from which `snd.mss` follows (mtu.ts). */
  mtu: MtuBlock;
  rcv: Rcv;

  /** What the program wrote and the peer has not acknowledged. */
  queue: SendQueue;
  /** SO_SNDBUF: bytes of kernel memory (Linux sk_sndbuf). */
  sendLimit: number;
  /** A write found no room: who waits is woken when a third is free (Linux SOCK_NOSPACE). */
  noSpace: boolean;
  /** Sends with MSG_ZEROCOPY that share a completion, by the first number: the last one, and bytes of all. */
  zerocopy: Map<number, { last: number; bytes: number }> | undefined;
  /** The program said that it will send no more: a FIN is queued. */
  finQueued: boolean;

  /** The peer's FIN was taken in its turn. */
  finReceived: boolean;
  /** shutdown(SHUT_RD) or close(): nobody will read (Linux RCV_SHUTDOWN). */
  receiveShut: boolean;
  /** No descriptor is left (Linux SOCK_DEAD). */
  orphan: boolean;

  /** What Linux keeps when it has let most of the block go (struct tcp_timewait_sock): in TIME-WAIT, or an orphan's FIN-WAIT-2. */
  closing: {
    miniature: boolean;
    /** When that happened (tw_entry_stamp). */
    since: Time;
    /** As what the host counts it. */
    counted: keyof Totals | undefined;
  };

  timers: Timers;

  rtt: {
    /** Microseconds, 8 times the smoothed value; 0 before the first sample. */
    srtt8: number;
    /** Microseconds, 4 times the mean deviation. */
    mdev4: number;
    mdevMax4: number;
    rttvar4: number;
    /** SND.NXT when the current round trip of mdevMax4 began. */
    seq: Seq;
    /** Without backoff. */
    rto: Time;
    backoff: number;
    /** Timeouts in a row without new data acknowledged. */
    timeouts: number;
    /** Window and keepalive probes sent without an answer, and since when the window is probed; NEVER: it is not. */
    probes: number;
    probesSince: Time;
    /** Microseconds: the smallest of the last minutes, and when it was seen (Linux rtt_min). */
    minRtt: number;
    minAt: Time;
  };

  /** Segments in the retransmission queue, and what is known of them (Linux packets_out and so on). */
  counts: { packetsOut: number; sackedOut: number; lostOut: number; retransOut: number };

  cc: CongestionBlock & {
    /** SND.NXT when the present episode began: it ends when all before was acknowledged (Linux high_seq). */
    highSeq: Seq;
    /** `ssthresh` before the reduction; 0 when the reduction must stay (Linux prior_ssthresh). */
    priorSsthresh: number;
    /** Proportional rate reduction (RFC 6937): segments delivered and sent since it began. */
    prrDelivered: number;
    prrOut: number;
    /** SND.UNA when the reduction began, until it is proven or undone (Linux undo_marker). */
    undoMarker: Seq | undefined;
    /** Retransmissions whose DSACK would prove the reduction wrong; -1: none was made (Linux undo_retrans). */
    undoRetrans: number;
  };
  /** What the path delivers (rate.ts). */
  rate: RateBlock;
  /** When data was last sent (Linux lsndtime). */
  lastSent: Time;

  loss: {
    /** When the first retransmission of this episode was sent; -1: none (Linux retrans_stamp). */
    retransStamp: Time;
    /** F-RTO is under way (RFC 5682; Linux frto). */
    frto: boolean;
    /** Segments by which the network is believed to reorder (Linux reordering), and whether it was ever seen to. */
    reordering: number;
    reorderingSeen: number;
    /** The skb before which nothing is left to retransmit (Linux retransmit_skb_hint). */
    hint: Skb | undefined;
    /** The sent skb just after the highest one that was selectively acknowledged (Linux highest_sack). */
    highestSack: Skb | undefined;
    /** The peer threw away what it had selectively acknowledged (Linux is_sack_reneg). */
    reneged: boolean;
  };

  /** RACK (RFC 8985): the segment sent last among those known to have arrived. */
  rack: {
    /** When it was sent. */
    at: Time;
    end: Seq;
    /** Its round trip in microseconds. */
    rtt: number;
    /** Something newer arrived since losses were last looked for. */
    advanced: boolean;
    /** Quarters of the smallest round trip that a segment may be late; widened by DSACKs (Linux reo_wnd_steps). */
    steps: number;
    /** Recoveries for which a widened window lasts (Linux reo_wnd_persist). */
    persist: number;
    dsackSeen: boolean;
    /** `stats.delivered` when `steps` last changed. */
    lastDelivered: number;
  };
  /** SND.NXT when the last loss probe was sent, until its fate is known (Linux tlp_high_seq, tlp_retrans). */
  probe: { end: Seq; again: boolean } | undefined;

  /** What an ICMP message said went wrong; told when the connection times out (Linux sk_err_soft). */
  softError: Errno | undefined;

  ack: Ack;
  pacing: {
    /** Packets leave as they may, or as TCP spaces them (Linux SK_PACING_NONE, SK_PACING_NEEDED). */
    by: 'none' | 'tcp';
    /** When the next packet may leave (Linux tcp_wstamp_ns). */
    next: Time;
  };

  /** Explicit congestion notification (RFC 3168). */
  ecn: {
    /** Asked for in our SYN, or agreed. */
    on: boolean;
    /** A data segment carried CE: ECE is echoed until CWR comes (Linux TCP_ECN_DEMAND_CWR). */
    demandCwr: boolean;
    /** The window was reduced: the next new data says so (Linux TCP_ECN_QUEUE_CWR). */
    queueCwr: boolean;
    /** An ECT segment was seen: the path keeps the bits (Linux TCP_ECN_SEEN). */
    seen: boolean;
  };

  /** Counters that TCP_INFO and the tools show, in bytes or segments. */
  stats: Stats;

  fastOpen: FastOpen;

  /** Opened by connect(), not by a SYN for a listener. */
  active: boolean;
  /** Our SYN,ACK was acknowledged, but the listener wants data first (TCP_DEFER_ACCEPT; Linux inet_rsk(req)->acked). */
  deferred: boolean;
  /** A program waits to write until the handshake is done (Linux sk_write_pending). */
  writePending: boolean;
  /** TCP_NODELAY. */
  noDelay: boolean;
  /** Where the sender's time goes. */
  chrono: Chrono;
  /** Both SYNs carried the window scale option. */
  scaling: boolean;
  /** `recent` is TS.Recent (RFC 7323), and `recentAt` when it came. */
  /** `echo`: what the last segment echoed of our clock; 0: nothing. */
  timestamps: { on: boolean; offset: number; recent: number; recentAt: Time; echo: number };
  sackOk: boolean;
}

/** Counters of a connection (struct tcp_info, RFC 4898). */
export interface Stats {
  deliveredCe: number;
  bytesAcked: number;
  bytesSent: number;
  bytesRetrans: number;
  totalRetrans: number;
  segsOut: number;
  dataSegsOut: number;
  segsIn: number;
  dataSegsIn: number;
  dsackDups: number;
  totalRto: number;
  lastAckRecv: Time;
}

export interface TcbInit {
  settings: Settings;
  opts?: SockOpts;
  local: Tcb['local'];
  remote: Tcb['remote'];
  iss: Seq;
  /** Added to the millisecond clock of the timestamps option. */
  timestampOffset: number;
  sendLimit: number;
  receiveLimit: number;
  receiveLocked?: boolean;
  control?: CongestionControl;
}

/** An instant that has not come. */
export const NEVER = -1 as Time;

/** The segment size that we offer: TCP_MAXSEG, if it is smaller than what the path takes (tcp_mss_clamp). */
export const offeredMss = ({ settings, opts }: Pick<Tcb, 'settings' | 'opts'>): number =>
  opts.maxSegment > 0 ? Math.min(opts.maxSegment, settings.mss) : settings.mss;

/** A block in CLOSED. */
export function newTcb(init: TcbInit): Tcb {
  const { settings, opts = newSockOpts(), local, remote, iss } = init;
  const tcb: Tcb = {
    state: 'CLOSED',
    settings,
    opts,
    local,
    remote,
    iss,
    irs: seq(0),
    rcv: newRcv({
      mss: offeredMss({ settings, opts }),
      limit: init.receiveLimit,
      locked: init.receiveLocked ?? false,
      clamp: opts.windowClamp || settings.receive.routeWindow,
      ratio: settings.receiveRatio,
    }),
    snd: {
      una: iss,
      nxt: iss,
      wnd: 0,
      wl1: seq(0),
      sml: iss,
      write: iss,
      pushed: iss,
      up: iss,
      mss: 536,
      mssClamp: settings.mssDefault,
      maxWnd: 0,
      scale: 0,
    },
    mtu: newMtuBlock(settings),
    queue: new SendQueue(),
    sendLimit: init.sendLimit,
    noSpace: false,
    zerocopy: undefined,
    finQueued: false,
    finReceived: false,
    receiveShut: false,
    orphan: false,
    closing: { miniature: false, since: NEVER, counted: undefined },
    timers: noTimers(),
    rtt: {
      srtt8: 0,
      mdev4: 0,
      mdevMax4: 0,
      rttvar4: 0,
      seq: iss,
      rto: s(1),
      backoff: 0,
      timeouts: 0,
      probes: 0,
      probesSince: NEVER,
      minRtt: NO_RTT,
      minAt: ZERO,
    },
    counts: { packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0 },
    cc: {
      control: init.control ?? DEFAULT,
      private: undefined,
      state: 'Open',
      cwnd: settings.initialCwnd,
      ssthresh: INFINITE_SSTHRESH,
      count: 0,
      clamp: 0x7fffffff,
      highSeq: iss,
      priorCwnd: 0,
      priorSsthresh: 0,
      prrDelivered: 0,
      prrOut: 0,
      undoMarker: undefined,
      undoRetrans: 0,
      isCwndLimited: false,
      maxPacketsOut: 0,
      cwndUsageSeq: iss,
      cwndUsed: 0,
      cwndStamp: ZERO,
      pacingRate: Number.POSITIVE_INFINITY,
    },
    rate: newRateBlock(),
    lastSent: ZERO,
    loss: {
      retransStamp: NEVER,
      frto: false,
      reordering: settings.reordering,
      reorderingSeen: 0,
      hint: undefined,
      highestSack: undefined,
      reneged: false,
    },
    rack: { at: ZERO, end: iss, rtt: 0, advanced: false, steps: 1, persist: 0, dsackSeen: false, lastDelivered: 0 },
    probe: undefined,
    softError: undefined,
    ack: { ...newAck(), pingpong: opts.delaysAcks ? settings.receive.pingpongThreshold : 0 },
    pacing: { by: 'none', next: ZERO },
    ecn: { on: false, demandCwr: false, queueCwr: false, seen: false },
    stats: {
      deliveredCe: 0,
      bytesAcked: 0,
      bytesSent: 0,
      bytesRetrans: 0,
      totalRetrans: 0,
      segsOut: 0,
      dataSegsOut: 0,
      segsIn: 0,
      dataSegsIn: 0,
      dsackDups: 0,
      totalRto: 0,
      lastAckRecv: ZERO,
    },
    fastOpen: newFastOpen(),
    active: false,
    deferred: false,
    writePending: false,
    noDelay: false,
    chrono: newChrono(),
    scaling: settings.windowScaling,
    timestamps: { on: settings.timestamps, offset: init.timestampOffset, recent: 0, recentAt: ZERO, echo: 0 },
    sackOk: settings.sack,
  };
  limitRate(tcb);
  tcb.cc.control.init(tcb, ZERO);
  return tcb;
}
