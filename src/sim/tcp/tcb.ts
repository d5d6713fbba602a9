/**
 * The transmission control block: all that TCP knows of one connection (RFC 9293 section 3.3.1), as plain data.
 *
 * Variables have the RFC's names (SND.UNA is `snd.una`); those that only Linux has name their kernel field. Nothing
 * here runs: calls.ts, segment-arrives.ts and timeouts.ts change a block inside a turn. No clock, no randomness, no
 * network, no socket: the initial sequence number and the timestamp offset come from outside.
 */
import type { Errno } from '../base/errno.ts';
import { ByteRing } from '../base/ring.ts';
import { type Seq, seq } from '../base/seq.ts';
import { s, type Time, ZERO } from '../base/time.ts';
import { type Ack, newAck, newRcv, type Rcv, type ReceiveSettings } from './receive/state.ts';
import { newSockOpts, type SockOpts } from './sockopts.ts';
import type { State } from './states.ts';

/** Timers of a connection: each is an instant, or undefined when it is off. */
export type TimerName =
  | 'retransmit'
  | 'loss probe'
  | 'reordering'
  | 'persist'
  | 'delayed ACK'
  | 'compressed ACK'
  | 'keepalive'
  | 'FIN-WAIT-2'
  | 'TIME-WAIT';
export const TIMERS: readonly TimerName[] = [
  'retransmit',
  'loss probe',
  'reordering',
  'persist',
  'delayed ACK',
  'compressed ACK',
  'keepalive',
  'FIN-WAIT-2',
  'TIME-WAIT',
];

/** A segment that was sent and is not acknowledged: what Linux keeps in tcp_rtx_queue. */
export interface Flight {
  seq: Seq;
  /** Just past its last sequence number. */
  end: Seq;
  syn: boolean;
  fin: boolean;
  /** It carried PSH. */
  push: boolean;
  /** When it was last sent. */
  at: Time;
  /** When it was first sent. */
  first: Time;
  /** How often it was sent again. */
  again: number;
  /** The peer holds it out of order (RFC 2018). */
  sacked: boolean;
  /** Presumed lost and not sent again since. */
  lost: boolean;
}

/** What a host lets its connections use: sysctls and the path. */
export interface Settings {
  /** net.ipv4.tcp_syn_retries. */
  synRetries: number;
  /** net.ipv4.tcp_syn_linear_timeouts. */
  synLinearTimeouts: number;
  /** net.ipv4.tcp_synack_retries. */
  synackRetries: number;
  /** net.ipv4.tcp_retries2. */
  retries2: number;
  /** net.ipv4.tcp_orphan_retries; 0 means 8 (tcp_orphan_retries() in tcp_timer.c). */
  orphanRetries: number;
  /** net.ipv4.tcp_fin_timeout. */
  finTimeout: Time;
  windowScaling: boolean;
  timestamps: boolean;
  sack: boolean;
  /** The largest segment that this end wants: MTU less 40 bytes of headers (RFC 9293 section 3.7.1). */
  mss: number;
  /** The larger of net.ipv4.tcp_rmem[2] and net.core.rmem_max: sets the window scale. */
  receiveMax: number;
  /** net.ipv4.tcp_retries1. */
  retries1: number;
  /** net.ipv4.tcp_keepalive_time, tcp_keepalive_intvl, tcp_keepalive_probes. */
  keepIdle: Time;
  keepInterval: Time;
  keepCount: number;
  /** net.ipv4.tcp_rto_min_us, tcp_rto_max_ms. */
  rtoMin: Time;
  rtoMax: Time;
  /** net.ipv4.tcp_thin_linear_timeouts. */
  thinLinear: boolean;
  /** net.ipv4.tcp_invalid_ratelimit. */
  invalidRateLimit: Time;
  /** net.ipv4.tcp_rfc1337: a reset does not end TIME-WAIT. */
  rfc1337: boolean;
  /** net.ipv4.tcp_max_orphans, tcp_max_tw_buckets. */
  maxOrphans: number;
  maxTimeWaits: number;
  /** How much of SO_RCVBUF is payload: learned from what comes, or this many of 256 parts for good (Linux before 6.6). */
  receiveRatio: number | 'learned';
  /** What else decides about receiving. */
  receive: ReceiveSettings;
  /** Counted over all connections of the host. */
  readonly totals: Totals;
}

/** Connections that hold memory though no program holds them. */
export interface Totals {
  orphans: number;
  timeWaits: number;
}

export interface Tcb {
  /** Changed by `enter` (turn.ts) alone. */
  readonly state: State;
  readonly settings: Settings;
  /** What the program asked for; shared with its socket. */
  readonly opts: SockOpts;
  readonly local: { readonly addr: number; readonly port: number };
  readonly remote: { readonly addr: number; readonly port: number };

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
    /** Largest payload per segment, timestamps option already subtracted (RFC 6691). */
    mss: number;
    /** The largest window that the peer has offered (Linux max_window). */
    maxWnd: number;
    /** Shift of the windows that the peer advertises (RFC 7323). */
    scale: number;
  };
  rcv: Rcv;

  /** What the program wrote, from SND.UNA on. */
  out: ByteRing;
  /** Sequence number of the first byte in `out`. */
  outSeq: Seq;
  /** SO_SNDBUF. */
  sendLimit: number;
  /** The program said that it will send no more: FIN is sent after the last byte. */
  finQueued: boolean;

  /** The peer's FIN was taken in its turn. */
  finReceived: boolean;
  /** shutdown(SHUT_RD) or close(): nobody will read (Linux RCV_SHUTDOWN). */
  receiveShut: boolean;
  /** No descriptor is left (Linux SOCK_DEAD). */
  orphan: boolean;

  flights: Flight[];
  timers: Partial<Record<TimerName, Time>>;

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
    /** Window probes sent without an answer. */
    probes: number;
  };

  cc: {
    /** Segments. */
    cwnd: number;
    ssthresh: number;
    /** Segments acknowledged towards the next step of congestion avoidance. */
    count: number;
    duplicates: number;
    recovery: 'none' | 'fast' | 'timeout';
    /** SND.NXT when recovery began. */
    recover: Seq;
    /** Proportional rate reduction (RFC 6937): what arrived and what was sent since, and the window before. */
    prr: { delivered: number; out: number; priorCwnd: number };
  };

  /** RACK (RFC 8985): the segment sent last among those known to have arrived. */
  rack: {
    /** When it was sent. */
    at: Time;
    end: Seq;
    /** Its round trip; 0 before the first. */
    rtt: Time;
    /** The smallest round trip so far. */
    minRtt: Time;
    /** A segment was once seen to overtake another. */
    reordering: boolean;
    /** Just past the highest sequence number known to have arrived. */
    highest: Seq;
  };
  /** SND.NXT when the last loss probe was sent, until its fate is known (TLP.end_seq), and whether it was a repetition. */
  probe: { end: Seq; again: boolean } | undefined;

  loss: {
    /** When the first retransmission of this episode was sent; NEVER: none (Linux retrans_stamp). */
    retransStamp: Time;
  };

  stats: {
    /** When an acknowledgment last came (Linux rcv_tstamp). */
    lastAckRecv: Time;
  };

  /** What an ICMP message said went wrong; told when the connection times out (Linux sk_err_soft). */
  softError: Errno | undefined;

  ack: Ack;

  /** Opened by connect(), not by a SYN for a listener. */
  active: boolean;
  /** A program waits to write until the handshake is done (Linux sk_write_pending). */
  writePending: boolean;
  /** TCP_NODELAY. */
  noDelay: boolean;
  /** Both SYNs carried the window scale option. */
  scaling: boolean;
  /** `recent` is TS.Recent (RFC 7323), and `recentAt` when it came. */
  timestamps: { on: boolean; offset: number; recent: number; recentAt: Time };
  sackOk: boolean;
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
}

/** Linux TCP_INIT_CWND (RFC 6928). */
export const INITIAL_CWND = 10;

/** An instant that has not come. */
export const NEVER = -1 as Time;

/** A block in CLOSED. */
export function newTcb(init: TcbInit): Tcb {
  const { settings, opts = newSockOpts(), local, remote, iss } = init;
  return {
    state: 'CLOSED',
    settings,
    opts,
    local,
    remote,
    iss,
    irs: seq(0),
    snd: { una: iss, nxt: iss, wnd: 0, wl1: seq(0), sml: iss, mss: 536, maxWnd: 0, scale: 0 },
    rcv: newRcv({
      mss: settings.mss,
      limit: init.receiveLimit,
      locked: init.receiveLocked ?? false,
      clamp: opts.windowClamp,
      ratio: settings.receiveRatio,
    }),
    out: new ByteRing(),
    outSeq: iss,
    sendLimit: init.sendLimit,
    finQueued: false,
    finReceived: false,
    receiveShut: false,
    orphan: false,
    flights: [],
    timers: {},
    rtt: { srtt8: 0, mdev4: 0, mdevMax4: 0, rttvar4: 0, seq: iss, rto: s(1), backoff: 0, timeouts: 0, probes: 0 },
    cc: {
      cwnd: INITIAL_CWND,
      ssthresh: 0x7fffffff,
      count: 0,
      duplicates: 0,
      recovery: 'none',
      recover: iss,
      prr: { delivered: 0, out: 0, priorCwnd: 0 },
    },
    rack: { at: ZERO, end: iss, rtt: ZERO, minRtt: ZERO, reordering: false, highest: iss },
    probe: undefined,
    loss: { retransStamp: NEVER },
    stats: { lastAckRecv: ZERO },
    softError: undefined,
    ack: { ...newAck(), pingpong: opts.delaysAcks ? settings.receive.pingpongThreshold : 0 },
    active: false,
    writePending: false,
    noDelay: false,
    scaling: settings.windowScaling,
    timestamps: { on: settings.timestamps, offset: init.timestampOffset, recent: 0, recentAt: ZERO },
    sackOk: settings.sack,
  };
}

/** The earliest instant at which a timer of this connection is due. */
export function nextTimer(tcb: Tcb): Time | undefined {
  let next: Time | undefined;
  for (const name of TIMERS) {
    const at = tcb.timers[name];
    if (at !== undefined && (next === undefined || at < next)) next = at;
  }
  return next;
}
