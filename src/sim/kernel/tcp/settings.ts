/**
 * From a host's sysctls, device and routes to what its connections go by: one object per kind of path, shared by all
 * connections over such paths and rewritten in place when something of it changes, so that a setting reaches connections
 * that exist, as it does in Linux.
 */
import { ms, ns, s, us } from '../../base/time.ts';
import { INITIAL_CWND } from '../../tcp/congestion/control.ts';
import type { Settings } from '../../tcp/settings.ts';
import type { Address } from '../../wire/address.ts';
import { IPV4_HEADER } from '../../wire/ipv4.ts';
import { IPV6_HEADER, IPV6_MIN_MTU } from '../../wire/ipv6.ts';
import { TCP_HEADER } from '../../wire/tcp.ts';
import type { Host } from '../host.ts';

/** A path, as far as settings depend on it. */
export interface Path {
  /** The link's. */
  readonly mtu: number;
  /** The address at its end. */
  readonly peer: Address;
}

/** What the host's settings, as they are now, mean to connections over a path. */
function settingsNow(host: Host, { mtu: linkMtu, peer }: Path): Settings {
  const { sysctl, profile, totals, device } = host;
  const metrics = host.routes.get(peer.text) ?? {};
  const mtu = host.pathMtus.of(peer, metrics.mtu ?? device.mtu ?? linkMtu, host.now);
  const ipHeader = peer.family === 4 ? IPV4_HEADER : IPV6_HEADER;
  const scale = sysctl['net.ipv4.tcp_adv_win_scale'];
  return {
    synRetries: sysctl['net.ipv4.tcp_syn_retries'],
    synLinearTimeouts: sysctl['net.ipv4.tcp_syn_linear_timeouts'],
    synackRetries: sysctl['net.ipv4.tcp_synack_retries'],
    retries1: sysctl['net.ipv4.tcp_retries1'],
    retries2: sysctl['net.ipv4.tcp_retries2'],
    orphanRetries: sysctl['net.ipv4.tcp_orphan_retries'],
    finTimeout: s(sysctl['net.ipv4.tcp_fin_timeout']),
    keepIdle: s(sysctl['net.ipv4.tcp_keepalive_time']),
    keepInterval: s(sysctl['net.ipv4.tcp_keepalive_intvl']),
    keepCount: sysctl['net.ipv4.tcp_keepalive_probes'],
    rtoMin: us(sysctl['net.ipv4.tcp_rto_min_us']),
    rtoMax: ms(sysctl['net.ipv4.tcp_rto_max_ms']),
    routeRtoMin: metrics.rtoMin,
    minRttWindow: s(sysctl['net.ipv4.tcp_min_rtt_wlen']),
    minSendMss: sysctl['net.ipv4.tcp_min_snd_mss'],
    thinLinear: sysctl['net.ipv4.tcp_thin_linear_timeouts'] !== 0,
    invalidRateLimit: ms(sysctl['net.ipv4.tcp_invalid_ratelimit']),
    rfc1337: sysctl['net.ipv4.tcp_rfc1337'] !== 0,
    maxOrphans: sysctl['net.ipv4.tcp_max_orphans'],
    maxTimeWaits: sysctl['net.ipv4.tcp_max_tw_buckets'],
    windowScaling: sysctl['net.ipv4.tcp_window_scaling'] !== 0,
    timestamps: sysctl['net.ipv4.tcp_timestamps'] !== 0,
    sack: sysctl['net.ipv4.tcp_sack'] !== 0,
    mssDefault: (peer.family === 4 ? 576 : IPV6_MIN_MTU) - ipHeader - TCP_HEADER,
    pathMtu: mtu,
    mtuProbing: sysctl['net.ipv4.tcp_mtu_probing'],
    baseMss: sysctl['net.ipv4.tcp_base_mss'],
    mtuProbeFloor: sysctl['net.ipv4.tcp_mtu_probe_floor'],
    probeThreshold: sysctl['net.ipv4.tcp_probe_threshold'],
    probeInterval: sysctl['net.ipv4.tcp_probe_interval'],
    mss: Math.min(metrics.advmss ?? 65_495, mtu - ipHeader - TCP_HEADER, 65_495),
    receiveMax: Math.max(sysctl['net.ipv4.tcp_rmem'][2], sysctl['net.core.rmem_max']),
    receive: {
      rmemMax: sysctl['net.ipv4.tcp_rmem'][2],
      moderate: sysctl['net.ipv4.tcp_moderate_rcvbuf'] !== 0,
      appWin: sysctl['net.ipv4.tcp_app_win'],
      shrinkWindow: sysctl['net.ipv4.tcp_shrink_window'] !== 0,
      signedWindows: sysctl['net.ipv4.tcp_workaround_signed_windows'] !== 0,
      dsack: sysctl['net.ipv4.tcp_dsack'] !== 0,
      stdUrg: sysctl['net.ipv4.tcp_stdurg'] !== 0,
      quickAck: metrics.quickack ?? false,
      routeWindow: metrics.window ?? 0,
      routeSegments: metrics.initrwnd ?? 0,
      pingpongThreshold: sysctl['net.ipv4.tcp_pingpong_thresh'],
      compressMost: sysctl['net.ipv4.tcp_comp_sack_nr'],
      compressDelay: ns(sysctl['net.ipv4.tcp_comp_sack_delay_ns']),
      compressSlack: ns(sysctl['net.ipv4.tcp_comp_sack_slack_ns']),
      ipHeader,
    },
    receiveRatio: profile.learnsReceiveRatio ? 'learned' : scale > 0 ? 256 - (256 >> scale) : 256 >> -scale,
    totals,
    slowStartAfterIdle: sysctl['net.ipv4.tcp_slow_start_after_idle'] !== 0,
    reordering: sysctl['net.ipv4.tcp_reordering'],
    maxReordering: sysctl['net.ipv4.tcp_max_reordering'],
    frto: sysctl['net.ipv4.tcp_frto'] !== 0,
    lossProbes: sysctl['net.ipv4.tcp_early_retrans'] === 3 || sysctl['net.ipv4.tcp_early_retrans'] === 4,
    recovery: sysctl['net.ipv4.tcp_recovery'],
    minTsoSegs: sysctl['net.ipv4.tcp_min_tso_segs'],
    tsoRttLog: sysctl['net.ipv4.tcp_tso_rtt_log'],
    tsoWinDivisor: sysctl['net.ipv4.tcp_tso_win_divisor'],
    pacingSsRatio: sysctl['net.ipv4.tcp_pacing_ss_ratio'],
    pacingCaRatio: sysctl['net.ipv4.tcp_pacing_ca_ratio'],
    notSentLowat: sysctl['net.ipv4.tcp_notsent_lowat'],
    ecn: sysctl['net.ipv4.tcp_ecn'],
    ecnFallback: sysctl['net.ipv4.tcp_ecn_fallback'] !== 0,
    deviceFull: host.device.limit === 0,
    retransCollapse: sysctl['net.ipv4.tcp_retrans_collapse'] !== 0,
    initialCwnd: metrics.initcwnd ?? INITIAL_CWND,
  };
}

/** The same, one for all connections over like paths: when a setting is written it reaches them, as it does in Linux. */
export function settingsOf(host: Host, path: Path): Settings {
  const key = `${path.mtu} ${path.peer.text}`;
  const known = host.settings.get(key);
  if (known) return known.settings;
  const settings = settingsNow(host, path);
  host.settings.set(key, { path, settings });
  return settings;
}

/** Something that settings depend on was changed: connections go by it from now on. */
export function refreshSettings(host: Host): void {
  for (const { path, settings } of host.settings.values()) Object.assign(settings, settingsNow(host, path));
}
