/**
 * What getsockopt(TCP_INFO) of Linux would say of a connection, as far as the simulator keeps it (include/uapi/linux/tcp.h,
 * net/ipv4/tcp.c tcp_get_info). A field that is absent is one that it does not keep.
 */
import type { Time } from '../base/time.ts';
import { timeSpent } from './chrono.ts';
import { unsent } from './output.ts';
import { deliveryRate } from './rate.ts';
import { RECEIVE_FIELDS } from './receive/info.ts';
import type { State } from './states.ts';
import type { Tcb } from './tcb.ts';

/** TIME-WAIT is none of them: for whoever still holds the socket it is closed, and a miniature waits (time-wait.ts). */
/* biome-ignore format: a table */
const STATES: Readonly<Record<State, number>> = {
  ESTABLISHED: 1, 'SYN-SENT': 2, 'SYN-RECEIVED': 3, 'FIN-WAIT-1': 4, 'FIN-WAIT-2': 5, 'TIME-WAIT': 7, CLOSED: 7,
  'CLOSE-WAIT': 8, 'LAST-ACK': 9, LISTEN: 10, CLOSING: 11,
};

/** Constants that assertions compare with. */
/* biome-ignore format: a table */
export const TCP_INFO_CONSTANTS: Readonly<Record<string, number>> = {
  TCP_ESTABLISHED: 1, TCP_SYN_SENT: 2, TCP_SYN_RECV: 3, TCP_FIN_WAIT1: 4, TCP_FIN_WAIT2: 5, TCP_TIME_WAIT: 6,
  TCP_CLOSE: 7, TCP_CLOSE_WAIT: 8, TCP_LAST_ACK: 9, TCP_LISTEN: 10, TCP_CLOSING: 11,
  TCP_CA_Open: 0, TCP_CA_Disorder: 1, TCP_CA_CWR: 2, TCP_CA_Recovery: 3, TCP_CA_Loss: 4,
  TCPI_OPT_TIMESTAMPS: 1, TCPI_OPT_SACK: 2, TCPI_OPT_WSCALE: 4, TCPI_OPT_ECN: 8, TCPI_OPT_ECN_SEEN: 16,
  TCPI_OPT_SYN_DATA: 32, TCPI_OPT_USEC_TS: 64, TCPI_OPT_TFO_CHILD: 128,
};

const congestionState = ({ cc }: Tcb): number => TCP_INFO_CONSTANTS[`TCP_CA_${cc.state}`] as number;

type Fields = Readonly<Record<string, (tcb: Tcb, now: Time) => number>>;

const micros = (time: number): number => Math.floor(time / 1e3);
const millis = (time: number): number => Math.floor(time / 1e6);
/** No limit is all ones, of 64 bits. */
const rateOf = (rate: number): number => Math.min(Math.floor(rate), 2 ** 64);

/* biome-ignore format: a table */
const FIELDS: Fields = {
  tcpi_state:        (tcb) => STATES[tcb.state],
  tcpi_ca_state:     congestionState,
  tcpi_retransmits:  (tcb) => tcb.rtt.timeouts,
  tcpi_probes:       (tcb) => tcb.rtt.probes,
  tcpi_backoff:      (tcb) => tcb.rtt.backoff,
  tcpi_options:      negotiated,
  tcpi_snd_wscale:   (tcb) => tcb.snd.scale,
  tcpi_rcv_wscale:   (tcb) => tcb.rcv.scale,
  tcpi_rto:          (tcb) => Math.round(tcb.rtt.rto / 1000),
  tcpi_snd_mss:      (tcb) => tcb.snd.mss,
  tcpi_unacked:     ({ counts }) => counts.packetsOut,
  tcpi_sacked:      ({ counts }) => counts.sackedOut,
  tcpi_lost:        ({ counts }) => counts.lostOut,
  tcpi_retrans:     ({ counts }) => counts.retransOut,
  tcpi_total_retrans: ({ stats }) => stats.totalRetrans,
  tcpi_reordering:  ({ loss }) => loss.reordering,
  tcpi_delivered:   ({ rate }) => rate.delivered,
  tcpi_delivered_ce: ({ stats }) => stats.deliveredCe,
  tcpi_bytes_acked: ({ stats }) => stats.bytesAcked,
  tcpi_bytes_sent:  ({ stats }) => stats.bytesSent,
  tcpi_bytes_retrans: ({ stats }) => stats.bytesRetrans,
  tcpi_segs_out:    ({ stats }) => stats.segsOut,
  tcpi_data_segs_out: ({ stats }) => stats.dataSegsOut,
  tcpi_dsack_dups:  ({ stats }) => stats.dsackDups,
  tcpi_reord_seen:  ({ loss }) => loss.reorderingSeen,
  tcpi_min_rtt:     ({ rtt }) => rtt.minRtt,
  tcpi_notsent_bytes: unsent,
  tcpi_rtt:          (tcb) => tcb.rtt.srtt8 >>> 3,
  tcpi_rttvar:       (tcb) => tcb.rtt.mdev4 >>> 2,
  tcpi_pacing_rate:  ({ cc }) => rateOf(cc.pacingRate),
  tcpi_max_pacing_rate: ({ opts }) => rateOf(opts.maxPacingRate),
  tcpi_delivery_rate: ({ rate, snd }) => deliveryRate(rate, snd.mss),
  tcpi_delivery_rate_app_limited: ({ rate }) => (rate.rateAppLimited ? 1 : 0),
  tcpi_snd_ssthresh: (tcb) => tcb.cc.ssthresh,
  tcpi_snd_cwnd:     (tcb) => tcb.cc.cwnd,
  tcpi_last_data_sent: ({ lastSent }, now) => millis(now - lastSent),
  tcpi_last_ack_sent:  () => 0, // Linux does not remember it either
  tcpi_last_ack_recv:  ({ stats }, now) => millis(now - stats.lastAckRecv),
  tcpi_pmtu:           ({ settings }) => settings.mss + 40,
  tcpi_busy_time:      (tcb, now) => micros(timeSpent(tcb, now).busy),
  tcpi_rwnd_limited:   (tcb, now) => micros(timeSpent(tcb, now).receiveWindow),
  tcpi_sndbuf_limited: (tcb, now) => micros(timeSpent(tcb, now).sendBuffer),
  tcpi_snd_wnd:        ({ snd }) => snd.wnd,
  tcpi_total_rto:      ({ stats }) => stats.totalRto,
  tcpi_fackets:        () => 0,
};

function negotiated({ timestamps, sackOk, scaling, ecn, fastOpen }: Tcb): number {
  const bit = (on: boolean, name: string): number => (on ? (TCP_INFO_CONSTANTS[name] as number) : 0);
  return (
    bit(timestamps.on, 'TCPI_OPT_TIMESTAMPS') |
    bit(sackOk, 'TCPI_OPT_SACK') |
    bit(scaling, 'TCPI_OPT_WSCALE') |
    bit(ecn.on, 'TCPI_OPT_ECN') |
    bit(ecn.seen, 'TCPI_OPT_ECN_SEEN') |
    bit(fastOpen.synDataAcked, 'TCPI_OPT_SYN_DATA')
  );
}

/** The names of the fields that are kept. */
export const KEPT: ReadonlySet<string> = new Set(Object.keys({ ...FIELDS, ...RECEIVE_FIELDS }));

/** The fields under their C names; times in microseconds, but for those since something happened: milliseconds. */
export const tcpInfo = (tcb: Tcb, now: Time): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries({ ...FIELDS, ...RECEIVE_FIELDS }).map(([name, read]) => [name, read(tcb, now)]));
