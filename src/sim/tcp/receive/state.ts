/**
 * What a connection keeps to receive: the parts `rcv` and `ack` of its block, and the settings of the host that they obey.
 * Plain data. Variables have the RFC's names (RCV.NXT is `rcv.nxt`); those that only Linux has name their kernel field.
 */
import { type Seq, seq } from '../../base/seq.ts';
import { ms, s, type Time, ZERO } from '../../base/time.ts';
import { OutOfOrder, type Stretch } from './out-of-order.ts';
import { ReceiveQueue } from './queue.ts';

/** Sysctls and what the kernel's version decides. */
export interface ReceiveSettings {
  /** net.ipv4.tcp_rmem[2]: the largest receive buffer that grows by itself. */
  rmemMax: number;
  /** net.ipv4.tcp_moderate_rcvbuf: the receive buffer grows with the rate. */
  moderate: boolean;
  /** net.ipv4.tcp_app_win. */
  appWin: number;
  /** net.ipv4.tcp_shrink_window. */
  shrinkWindow: boolean;
  /** net.ipv4.tcp_workaround_signed_windows. */
  signedWindows: boolean;
  /** net.ipv4.tcp_dsack. */
  dsack: boolean;
  /** net.ipv4.tcp_stdurg: the urgent pointer points at the last urgent byte (RFC 1122), not behind it. */
  stdUrg: boolean;
  /** The route's quickack: acknowledge at once, always. */
  quickAck: boolean;
  /** The route's window and initrwnd: the largest window, in bytes, and the first, in segments; 0: as it comes. */
  routeWindow: number;
  routeSegments: number;
  /** net.ipv4.tcp_pingpong_thresh. */
  pingpongThreshold: number;
  /** net.ipv4.tcp_comp_sack_nr: so many ACKs of out-of-order data become one. */
  compressMost: number;
  /** net.ipv4.tcp_comp_sack_delay_ns and tcp_comp_sack_slack_ns. */
  compressDelay: Time;
  compressSlack: Time;
  /** Bytes of the IP header: 20, or 40 for IPv6. */
  ipHeader: number;
}

/** The defaults of Linux 6.18. */
export const RECEIVE_DEFAULTS: ReceiveSettings = {
  rmemMax: 33_554_432,
  moderate: true,
  appWin: 31,
  shrinkWindow: false,
  signedWindows: false,
  dsack: true,
  stdUrg: false,
  quickAck: false,
  routeWindow: 0,
  routeSegments: 0,
  pingpongThreshold: 1,
  compressMost: 44,
  compressDelay: ms(1),
  compressSlack: 100_000 as Time,
  ipHeader: 20,
};

/** The urgent pointer as Linux keeps it: at the last urgent byte (urg_seq), and that one byte (urg_data). */
export interface Urgent {
  /** 'announced': the byte has not come yet. */
  mark: 'none' | 'announced' | 'here' | 'read';
  seq: Seq;
  byte: number;
}

export interface Rcv {
  nxt: Seq;
  /** The window as last advertised, from `wup` (Linux rcv_wnd). */
  wnd: number;
  /** RCV.NXT when the window was last advertised (Linux rcv_wup). */
  wup: Seq;
  /** The next byte to be read (Linux copied_seq). */
  copied: Seq;
  /** Shift of the windows that we advertise. */
  scale: number;
  /** What a full segment of the peer is taken to carry (Linux icsk_ack.rcv_mss). */
  mss: number;
  /** Payload of the last segment that was smaller than that, and 0 else (Linux last_seg_size). */
  lastSegment: number;
  /** The segment that we ask for, less the timestamps option (Linux advmss). */
  advMss: number;

  /** What came in order and was not read. */
  queue: ReceiveQueue;
  /** What came early. */
  early: OutOfOrder;
  /** Kernel memory that both take (Linux sk_rmem_alloc). */
  alloc: number;
  /** Memory that was set aside in whole pages and is not taken yet (Linux sk_forward_alloc, as far as receiving goes). */
  forward: number;
  /** Header prediction is on: what looks as expected takes a shorter way (Linux pred_flags is not 0). */
  prediction: boolean;
  /** The segment at hand looks as expected. */
  predicted: boolean;
  /** SO_RCVBUF: how much of it they may take (Linux sk_rcvbuf). */
  limit: number;
  /** The program set it: it does not grow by itself (SOCK_RCVBUF_LOCK). */
  locked: boolean;
  /** Payload's share of that memory, of 256 parts (Linux scaling_ratio). */
  ratio: number;
  /** The most that will ever be advertised (Linux window_clamp); 0 before the handshake: not set. */
  clamp: number;
  /** The most that is advertised for now; grows as segments come (Linux rcv_ssthresh). */
  ssthresh: number;

  /** What SACK tells of `early`: blocks, the one that changed last first (RFC 2018 section 4). */
  sacks: Stretch[];
  /** What came twice: the next ACK says so (DSACK, RFC 2883). */
  dsack: Stretch | undefined;
  urgent: Urgent;

  /** Bytes read in a round trip, since when and from where: the buffer follows (Linux rcvq_space). */
  space: { bytes: number; seq: Seq; at: Time };
  /** The round trip as a receiver sees it (Linux rcv_rtt_est): eighths of a microsecond; 0 before the first sample. */
  rtt: { us8: number; seq: Seq; at: Time; started: boolean; ecr: number };
  /** Segments that came out of order (tcpi_rcv_ooopack). */
  oooPackets: number;
  /** Sequence numbers that were taken in their turn, a FIN counted (Linux bytes_received). */
  received: number;
}

export interface Ack {
  /** Quick acknowledgments left (Linux icsk_ack.quick). */
  quick: number;
  /** Delay of the next delayed ACK; 0 before the first data. */
  ato: Time;
  /** How often the program answered what it received: from a threshold on, ACKs wait to be carried (icsk_ack.pingpong). */
  pingpong: number;
  /** Something is to be acknowledged (ICSK_ACK_SCHED). */
  pending: boolean;
  /** Small segments since the last ACK, 2 for more: the peer is done for now (ICSK_ACK_PUSHED, ICSK_ACK_PUSHED2). */
  pushed: number;
  /** Data was refused because the buffer is full: the next window is 0 (ICSK_ACK_NOMEM). */
  noMemory: boolean;
  /** When data last came (Linux lrcvtime). */
  lastData: Time;
  /** When an out-of-window segment was last answered (Linux last_oow_ack_time). */
  lastInvalid: Time;
  /** ACKs of out-of-order data that were put off to become one (Linux compressed_ack). */
  compressed: number;
  /** Those that were sent for the present RCV.NXT: the first ones are never put off (Linux dup_ack_counter). */
  duplicates: number;
  /** The RCV.NXT of `duplicates` (Linux compressed_ack_rcv_nxt). */
  duplicatesFor: Seq;
}

/** Half of the buffer is for payload, of 256 parts (TCP_DEFAULT_SCALING_RATIO). */
const DEFAULT_RATIO = 128;
/** Linux TCP_MSS_DEFAULT: what a segment is taken to carry until one has come. */
const DEFAULT_MSS = 536;

/** What decides how a connection begins to receive. */
export interface RcvInit {
  /** The largest segment that this end wants. */
  mss: number;
  /** SO_RCVBUF, and whether the program has set it. */
  limit: number;
  locked: boolean;
  /** TCP_WINDOW_CLAMP; 0: none. */
  clamp: number;
  /** Payload's share of the buffer's memory, of 256 parts, if it is not learned. */
  ratio: number | 'learned';
}

export const newRcv = ({ mss, limit, locked, clamp, ratio }: RcvInit): Rcv => ({
  nxt: seq(0),
  wnd: 0,
  wup: seq(0),
  copied: seq(0),
  scale: 0,
  mss: Math.min(DEFAULT_MSS, mss),
  lastSegment: 0,
  advMss: mss,
  queue: new ReceiveQueue(),
  early: new OutOfOrder(),
  alloc: 0,
  forward: 0,
  prediction: false,
  predicted: false,
  limit,
  locked,
  ratio: ratio === 'learned' ? DEFAULT_RATIO : ratio,
  clamp,
  ssthresh: 0,
  sacks: [],
  dsack: undefined,
  urgent: { mark: 'none', seq: seq(0), byte: 0 },
  space: { bytes: 0, seq: seq(0), at: ZERO },
  rtt: { us8: 0, seq: seq(0), at: ZERO, started: false, ecr: 0 },
  oooPackets: 0,
  received: 0,
});

export const newAck = (): Ack => ({
  quick: 0,
  ato: ZERO,
  pingpong: 0,
  pending: false,
  pushed: 0,
  noMemory: false,
  lastData: ZERO,
  lastInvalid: -s(1e6) as Time,
  compressed: 0,
  duplicates: 0,
  duplicatesFor: seq(0),
});
