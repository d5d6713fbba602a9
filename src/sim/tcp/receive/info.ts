/** The fields of TCP_INFO that tell of receiving (net/ipv4/tcp.c tcp_get_info). */
import type { Time } from '../../base/time.ts';
import type { Tcb } from '../tcb.ts';

const micros = (time: number): number => Math.floor(time / 1e3);

/* biome-ignore format: a table */
export const RECEIVE_FIELDS: Readonly<Record<string, (tcb: Tcb, now: Time) => number>> = {
  tcpi_ato:            ({ ack, opts }) => micros(Math.min(ack.ato, opts.delayedAckMax)),
  tcpi_rcv_mss:        ({ rcv }) => rcv.mss,
  tcpi_advmss:         ({ rcv }) => rcv.advMss,
  tcpi_last_data_recv: ({ ack }, now) => Math.floor((now - ack.lastData) / 1e6),
  tcpi_rcv_ssthresh:   ({ rcv }) => rcv.ssthresh,
  tcpi_rcv_rtt:        ({ rcv }) => rcv.rtt.us8 >> 3,
  tcpi_rcv_space:      ({ rcv }) => rcv.space.bytes,
  tcpi_rcv_ooopack:    ({ rcv }) => rcv.oooPackets,
  tcpi_rcv_wnd:        ({ rcv }) => rcv.wnd,
  tcpi_bytes_received: ({ rcv }) => rcv.received,
  tcpi_segs_in:        ({ stats }) => stats.segsIn,
  tcpi_data_segs_in:   ({ stats }) => stats.dataSegsIn,
};
