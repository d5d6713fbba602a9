/**
 * What a program has asked of a socket by setsockopt(2), as far as TCP obeys it. Plain data, shared between the kernel's
 * socket and its connection block: to set an option is to write here. 0 or undefined in a field that has a sysctl beside
 * it means that the sysctl decides, now and whenever it changes. Names and units on the system call's side, ranges and
 * errors stand in syscall/options.ts.
 */
import { ms, type Time, ZERO } from '../base/time.ts';

export interface SockOpts {
  /** SO_KEEPALIVE. */
  keepAlive: boolean;
  /** TCP_KEEPIDLE; 0: net.ipv4.tcp_keepalive_time. */
  keepIdle: Time;
  /** TCP_KEEPINTVL; 0: net.ipv4.tcp_keepalive_intvl. */
  keepInterval: Time;
  /** TCP_KEEPCNT; 0: net.ipv4.tcp_keepalive_probes. */
  keepCount: number;
  /** TCP_USER_TIMEOUT; 0: none. */
  userTimeout: Time;
  /** TCP_SYNCNT; 0: net.ipv4.tcp_syn_retries, tcp_synack_retries. */
  synCount: number;
  /** TCP_LINGER2; 0: net.ipv4.tcp_fin_timeout; below 0: an orphan does not wait in FIN-WAIT-2 at all. */
  linger2: number;
  /** TCP_THIN_LINEAR_TIMEOUTS. */
  thinLinear: boolean;
  /** TCP_RTO_MIN_US; 0: net.ipv4.tcp_rto_min_us as it was when the socket was made. */
  rtoMin: Time;
  /** TCP_RTO_MAX_MS; 0: net.ipv4.tcp_rto_max_ms as it was when the socket was made. */
  rtoMax: Time;
  /** TCP_DELACK_MAX_US. */
  delayedAckMax: Time;
  /** TCP_QUICKACK was switched off: a connection begins by delaying its ACKs. */
  delaysAcks: boolean;
  /** TCP_CORK: no segment that is not full leaves within 200 ms. */
  cork: boolean;
  /** TCP_NOTSENT_LOWAT; 0: net.ipv4.tcp_notsent_lowat. Bytes. */
  notSentLowat: number;
  /** TCP_MAXSEG as set; 0: not set. */
  maxSegment: number;
  /** TCP_WINDOW_CLAMP; 0: none. */
  windowClamp: number;
  /** SO_RCVLOWAT. */
  receiveLowat: number;
  /** SO_OOBINLINE. */
  urgentInline: boolean;
  /** TCP_INQ: recvmsg() tells what is left. */
  inq: boolean;
  /** TCP_CONGESTION; undefined: net.ipv4.tcp_congestion_control. */
  congestion: string | undefined;
  /** SO_MAX_PACING_RATE, bytes per second; Infinity: none. */
  maxPacingRate: number;
  /** TCP_DEFER_ACCEPT: how often the SYN,ACK is sent again before a connection without data is taken. */
  deferAccept: number;
  /** TCP_FASTOPEN: how many connections may wait that began with data; 0: the listener takes none. */
  fastOpenQueue: number;
  /** TCP_FASTOPEN_CONNECT: connect() waits for the first write. */
  fastOpenConnect: boolean;
  /** TCP_FASTOPEN_NO_COOKIE. */
  fastOpenNoCookie: boolean;
  /** TCP_FASTOPEN_KEY, 16 bytes or two keys; undefined: net.ipv4.tcp_fastopen_key. */
  fastOpenKey: Uint8Array | undefined;
  /** IP_TOS: the byte, its two ECN bits left to TCP. */
  tos: number;
  /** IP_TTL; 0: net.ipv4.ip_default_ttl. */
  ttl: number;
  /** IPV6_TCLASS: {@link tos} of packets in IPv6. */
  trafficClass: number;
  /** IPV6_UNICAST_HOPS; below 0: net.ipv6.conf.all.hop_limit. */
  hopLimit: number;
  /** IPV6_AUTOFLOWLABEL: packets carry a flow label. */
  autoFlowLabel: boolean;
  /** IP_MTU_DISCOVER: one of IP_PMTUDISC_. */
  pathMtuDiscovery: number;
  /** IPV6_MTU_DISCOVER: the same of packets in IPv6. */
  pathMtuDiscovery6: number;
}

/** Linux TCP_DELACK_MAX. */
const DELAYED_ACK_MAX = ms(200);
/** IP_PMTUDISC_WANT: what Linux gives a TCP socket while net.ipv4.ip_no_pmtu_disc is 0. */
const PMTUDISC_WANT = 1;

/** A fresh socket's. */
export const newSockOpts = (): SockOpts => ({
  keepAlive: false,
  keepIdle: ZERO,
  keepInterval: ZERO,
  keepCount: 0,
  userTimeout: ZERO,
  synCount: 0,
  linger2: 0,
  thinLinear: false,
  rtoMin: ZERO,
  rtoMax: ZERO,
  delayedAckMax: DELAYED_ACK_MAX,
  delaysAcks: false,
  cork: false,
  notSentLowat: 0,
  maxSegment: 0,
  windowClamp: 0,
  receiveLowat: 1,
  urgentInline: false,
  inq: false,
  congestion: undefined,
  maxPacingRate: Number.POSITIVE_INFINITY,
  deferAccept: 0,
  fastOpenQueue: 0,
  fastOpenConnect: false,
  fastOpenNoCookie: false,
  fastOpenKey: undefined,
  tos: 0,
  ttl: 0,
  trafficClass: 0,
  hopLimit: -1,
  autoFlowLabel: true,
  pathMtuDiscovery: PMTUDISC_WANT,
  pathMtuDiscovery6: PMTUDISC_WANT,
});
