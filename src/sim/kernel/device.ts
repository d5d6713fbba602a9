/**
 * What a host's administrator sets with ethtool(8), tc(8) and ip(8): which work the network device takes over, which queue
 * stands before it, and what is known of single routes. Plain data; TCP learns of it through its settings.
 */
import type { Time } from '../base/time.ts';

/** Queueing disciplines that a host may have; all but fq send packets in order, as fast as the link takes them. */
export const QDISCS = ['pfifo_fast', 'pfifo', 'bfifo', 'fq', 'fq_codel', 'noqueue'] as const;
export type Qdisc = (typeof QDISCS)[number];

export interface Device {
  /** The device cuts packets larger than the MSS itself (ethtool tso). */
  tso: boolean;
  /** Large packets go down to the device whole (ethtool gso). */
  gso: boolean;
  /** Segments that arrive one after the other are joined (ethtool gro). */
  gro: boolean;
  qdisc: Qdisc;
  /** Packets that the qdisc holds; 0: it takes none, and whoever sends is told at once. */
  limit: number;
  /** Bytes of an IP packet; undefined: the link's. */
  mtu: number | undefined;
}

export const newDevice = (): Device => ({
  tso: true,
  gso: true,
  gro: true,
  qdisc: 'pfifo_fast',
  limit: 1000,
  mtu: undefined,
});

/** What ip-route(8) says of a destination: what is absent follows from the link and the host's settings. */
export interface RouteMetrics {
  mtu?: number;
  /** The path's MTU is not looked for below this one (`mtu lock`). */
  mtuLocked?: boolean;
  /** The MSS that we offer. */
  advmss?: number;
  /** Segments of the first window that we send, and of the one that we offer. */
  initcwnd?: number;
  initrwnd?: number;
  /** The largest window that we offer, in bytes. */
  window?: number;
  /** Acknowledge at once, always. */
  quickack?: boolean;
  rtoMin?: Time;
  /** The algorithm of its connections, whatever the socket chose; locked: it stays (`congctl lock`). */
  congctl?: string;
  congctlLocked?: boolean;
}
