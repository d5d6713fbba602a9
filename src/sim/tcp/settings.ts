/**
 * What a host and the path let a connection use: sysctls, the device, the route, in TCP's own units. One object serves all
 * connections over like paths, and is rewritten in place when a setting changes (kernel/tcp/settings.ts): TCP reads it
 * where Linux reads the sysctl, and copies what Linux copies when a socket is made.
 */
import type { Time } from '../base/time.ts';
import type { ReceiveSettings } from './receive/state.ts';

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
  /** The largest segment that this end wants: MTU less 40 or 60 bytes of headers (RFC 9293 section 3.7.1). */
  mss: number;
  /** What a peer that names no MSS is taken to handle: 536 bytes in IPv4, 1220 in IPv6 (RFC 9293 section 3.7.1). */
  mssDefault: number;
  /** Bytes of a packet that the path takes, as far as the host knows now. */
  pathMtu: number;
  /** net.ipv4.tcp_mtu_probing: 0 never, 1 when a black hole is suspected, 2 always (RFC 4821). */
  mtuProbing: number;
  /** net.ipv4.tcp_base_mss, tcp_mtu_probe_floor, tcp_probe_threshold; tcp_probe_interval in seconds. */
  baseMss: number;
  mtuProbeFloor: number;
  probeThreshold: number;
  probeInterval: number;
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
  /** The route's rto_min, which beats both the setting and the socket. */
  routeRtoMin: Time | undefined;
  rtoMax: Time;
  /** net.ipv4.tcp_min_rtt_wlen, tcp_min_snd_mss. */
  minRttWindow: Time;
  minSendMss: number;
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
  /** net.ipv4.tcp_slow_start_after_idle. */
  slowStartAfterIdle: boolean;
  /** net.ipv4.tcp_reordering, tcp_max_reordering. */
  reordering: number;
  maxReordering: number;
  /** net.ipv4.tcp_frto. */
  frto: boolean;
  /** net.ipv4.tcp_early_retrans is 3 or 4: tail loss probes. */
  lossProbes: boolean;
  /** net.ipv4.tcp_recovery: 1 RACK, 2 static reordering window, 4 no duplicate threshold. */
  recovery: number;
  /** net.ipv4.tcp_min_tso_segs. */
  minTsoSegs: number;
  /** net.ipv4.tcp_tso_rtt_log. */
  tsoRttLog: number;
  /** net.ipv4.tcp_tso_win_divisor. */
  tsoWinDivisor: number;
  /** net.ipv4.tcp_pacing_ss_ratio, tcp_pacing_ca_ratio: per cent. */
  pacingSsRatio: number;
  pacingCaRatio: number;
  /** net.ipv4.tcp_notsent_lowat. */
  notSentLowat: number;
  /** net.ipv4.tcp_ecn: 0 never, 1 ask and accept, 2 accept. */
  ecn: number;
  /** net.ipv4.tcp_ecn_fallback: a SYN that is sent again does not ask for ECN. */
  ecnFallback: boolean;
  /** The device's queue takes no packet: whoever sends is told at once (tc pfifo limit 0). */
  deviceFull: boolean;
  /** net.ipv4.tcp_retrans_collapse. */
  retransCollapse: boolean;
  /** Segments of the first window; the route's initcwnd, else 10 (RFC 6928). */
  initialCwnd: number;
  /** Counted over all connections of the host. */
  readonly totals: Totals;
}

/** Connections that hold memory though no program holds them. */
export interface Totals {
  orphans: number;
  timeWaits: number;
}
