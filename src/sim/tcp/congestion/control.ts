/**
 * What a congestion control algorithm is (Linux struct tcp_congestion_ops): functions over one connection's block. An
 * algorithm sees a {@link Flow} and nothing else of TCP; it changes `flow.cc` alone, and what it must remember of the
 * connection it keeps in `flow.cc.private`, which its `init` makes. The functions themselves remember nothing.
 *
 * The core asks: `init` when the connection is established, `acked` for every acknowledgment, then `avoid` (or `main`,
 * for an algorithm that decides alone), `ssthresh` when loss or ECN calls for less, `undoCwnd` when that was an error.
 * `avoid` and `acked` run for each acknowledgment: they allocate nothing.
 */
import type { Seq } from '../../base/seq.ts';
import type { Time } from '../../base/time.ts';
import type { RateBlock, RateSample } from '../rate.ts';
import type { Bbr } from './bbr/state.ts';
import type { Cubic } from './cubic.ts';

/** What the sender thinks of the network (Linux enum tcp_ca_state). */
export type CaState = 'Open' | 'Disorder' | 'CWR' | 'Recovery' | 'Loss';

/**
 * Things that an algorithm may want to know of (Linux enum tcp_ca_event): the first segment after all were
 * acknowledged; the window was reduced after idling; the window reduction is complete; a retransmission timeout; data
 * came without, or with, the mark of congestion.
 */
export type CaEvent = 'TX_START' | 'CWND_RESTART' | 'COMPLETE_CWR' | 'LOSS' | 'ECN_NO_CE' | 'ECN_IS_CE';

/** The part of a connection's block that belongs to congestion control. Windows count segments. */
export interface CongestionBlock {
  control: CongestionControl;
  /** What the algorithm remembers (Linux icsk_ca_priv); made by its `init`. */
  private: Cubic | Bbr | undefined;
  /** Linux icsk_ca_state. */
  state: CaState;
  /** Linux snd_cwnd. */
  cwnd: number;
  /** Linux snd_ssthresh. */
  ssthresh: number;
  /** Segments acknowledged towards the next step of congestion avoidance (Linux snd_cwnd_cnt). */
  count: number;
  /** The window never exceeds it (Linux snd_cwnd_clamp). */
  clamp: number;
  /** The window before the last reduction (Linux prior_cwnd), and the threshold; 0: none. */
  priorCwnd: number;
  priorSsthresh: number;
  /** The window was all that kept data back, at some time in this round (Linux is_cwnd_limited). */
  isCwndLimited: boolean;
  /** The most segments outstanding at once in this round (Linux max_packets_out). */
  maxPacketsOut: number;
  /** SND.NXT when this round of validation began (Linux cwnd_usage_seq). */
  cwndUsageSeq: Seq;
  /** The most segments outstanding since the window was last full (Linux snd_cwnd_used). */
  cwndUsed: number;
  /** When the window was last full or validated (Linux snd_cwnd_stamp). */
  cwndStamp: Time;
  /** Bytes per second that the algorithm thinks right; Infinity before any (Linux sk_pacing_rate). */
  pacingRate: number;
}

/** What an algorithm may see of a connection. */
export interface Flow {
  readonly snd: {
    readonly una: Seq;
    readonly nxt: Seq;
    /** Largest payload per segment (Linux mss_cache). */
    readonly mss: number;
  };
  readonly rtt: {
    /** Microseconds, 8 times the smoothed value; 0 before the first sample (Linux srtt_us). */
    readonly srtt8: number;
    /** Microseconds: the smallest of the last minutes (tcp_min_rtt); {@link NO_RTT} before the first sample. */
    readonly minRtt: number;
    /** The retransmission timeout (Linux icsk_rto). */
    readonly rto: Time;
  };
  /** Segments sent and not acknowledged, and of these: held by the peer, presumed lost, sent again. */
  readonly counts: {
    readonly packetsOut: number;
    readonly sackedOut: number;
    readonly lostOut: number;
    readonly retransOut: number;
  };
  /** When data was last sent (Linux lsndtime). */
  readonly lastSent: Time;
  readonly rate: RateBlock;
  readonly pacing: {
    /** Who spaces packets by the rate: nobody, or TCP itself (Linux sk_pacing_status). */
    by: 'none' | 'tcp';
    /** When the next packet may leave (Linux tcp_wstamp_ns). */
    readonly next: Time;
  };
  readonly opts: {
    /** SO_MAX_PACING_RATE, bytes per second. */
    readonly maxPacingRate: number;
  };
  readonly cc: CongestionBlock;
}

/** No round trip was measured yet (Linux ~0U). */
export const NO_RTT = 0xffffffff;
/** No loss yet: slow start has no end (TCP_INFINITE_SSTHRESH). */
export const INFINITE_SSTHRESH = 0x7fffffff;
/** The initial window (RFC 6928, TCP_INIT_CWND). */
export const INITIAL_CWND = 10;

/** A decision worth a note: which rule, and where it stands. One constant per rule: telling it costs nothing. */
export interface Remark {
  readonly rule: string;
  readonly rfc: string;
  readonly linux: string;
}

export interface CongestionControl {
  /** As TCP_CONGESTION and net.ipv4.tcp_congestion_control call it. */
  readonly name: string;
  /** The connection is established, or has changed to this algorithm. */
  init(flow: Flow, now: Time): void;
  /** The slow start threshold after a loss. */
  ssthresh(flow: Flow, now: Time): number;
  /** The window after a reduction turned out to be an error. */
  undoCwnd(flow: Flow, now: Time): number;
  /** `acked` segments were newly acknowledged and the window may grow; asked in Open and Disorder (cong_avoid). */
  avoid?(flow: Flow, acked: number, now: Time): void;
  /** Every acknowledgment: sets window and rate alone, in all states (cong_control). In place of `avoid`. */
  main?(flow: Flow, sample: RateSample, now: Time): Remark | undefined;
  /** The state is about to change; `flow.cc.state` is the old one (set_state). */
  setState?(flow: Flow, state: CaState, now: Time): void;
  event?(flow: Flow, event: CaEvent, now: Time): void;
  /**
   * Every acknowledgment that accounts for segments (pkts_acked).
   * @param rttUs the round trip of the newest of them in microseconds (Linux ca_rtt_us, where RTO takes the oldest);
   *   negative when there is none
   * @param inFlight segments in flight when the newest of them was sent
   */
  acked?(flow: Flow, segments: number, rttUs: number, inFlight: number, now: Time): Remark | undefined;
  /** How many windows the send buffer should hold; 2 unless told (sndbuf_expand). */
  readonly bufferedWindows?: number;
  /** The fewest segments that one packet for the network card should hold (min_tso_segs). */
  minTsoSegs?(flow: Flow): number;
}

/** Ticks per second of the kernel's coarse clock (CONFIG_HZ). */
export const HZ = 1000;
/** The coarse clock (tcp_jiffies32). */
export const jiffies = (now: Time): number => Math.floor(now / (1e9 / HZ));
/** The fine clock, in microseconds (tcp_mstamp). */
export const micros = (now: Time): number => Math.floor(now / 1000);

/** Segments in the network, as far as the sender knows (tcp_packets_in_flight). */
export const packetsInFlight = ({ counts }: Pick<Flow, 'counts'>): number =>
  counts.packetsOut - counts.sackedOut - counts.lostOut + counts.retransOut;
