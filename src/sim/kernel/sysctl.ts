/**
 * Kernel settings under their Linux names: what they are on a fresh Linux 6.18, which values they take, and reading and
 * writing them as sysctl(8) does.
 *
 * Defaults that Linux computes from the machine's memory are those of a host with 24 GB. Where Linux has a knob for
 * something that is not simulated, `only` names the values at which a simulated host does as Linux would; other values
 * are refused, never taken and ignored. Whoever simulates the rest removes `only`. Sources: net/ipv4/sysctl_net_ipv4.c,
 * net/core/sysctl_net_core.c, Documentation/networking/ip-sysctl.rst; defaults and ranges were read back from a 6.18 host.
 */

import { available, DEFAULT, find, inOrder } from '../tcp/congestion/registry.ts';

export type SysctlValue = number | string | readonly number[];

/** One setting. Numbers of a list obey the same bounds. */
export interface Setting<V extends SysctlValue> {
  readonly value: V;
  readonly min: number;
  readonly max: number;
  readonly only?: readonly number[];
  /** What a text must look like. */
  readonly form?: RegExp;
  readonly readOnly?: true;
}

const I32 = 2 ** 31 - 1;
const U32 = 2 ** 32 - 1;

const int = (value: number, min = -I32 - 1, max = I32): Setting<number> => ({ value, min, max });
/** Linux keeps most switches in a byte and lets any value in. */
const u8 = (value: number): Setting<number> => int(value, 0, 255);
const flag = (value: 0 | 1): Setting<number> => int(value, 0, 1);
const triple = (a: number, b: number, c: number): Setting<readonly [number, number, number]> => ({
  value: [a, b, c],
  min: 1,
  max: I32,
});
const pair = (a: number, b: number, min: number, max: number): Setting<readonly [number, number]> => ({
  value: [a, b],
  min,
  max,
});
const text = (value: string, form: RegExp): Setting<string> => ({ value, form, min: 0, max: 0 });
const only = (setting: Setting<number>, ...values: readonly number[]): Setting<number> => ({
  ...setting,
  only: values,
});

const KEY = /^[\da-f]{8}(?:-[\da-f]{8}){3}(?:,[\da-f]{8}(?:-[\da-f]{8}){3})?$/;
const WORDS = /^[a-z][\w ]*$/;

/* biome-ignore format: a table */
export const SYSCTLS = {
  'net.core.default_qdisc':              text('pfifo_fast', /^pfifo_fast$/),
  'net.core.optmem_max':                 int(131_072, 0),
  'net.core.rmem_default':               int(212_992, 2304),
  'net.core.rmem_max':                   int(4_194_304, 2304),
  'net.core.somaxconn':                  int(4096, 0),
  'net.core.wmem_default':               int(212_992, 4608),
  'net.core.wmem_max':                   int(4_194_304, 4608),

  'net.ipv4.ip_autobind_reuse':          only(flag(0), 0),
  'net.ipv4.ip_default_ttl':             int(64, 1, 255),
  'net.ipv4.ip_local_port_range':        pair(32_768, 60_999, 1, 65_535),
  'net.ipv4.ip_no_pmtu_disc':            only(u8(0), 0),
  'net.ipv4.ip_nonlocal_bind':           u8(0),
  'net.ipv4.ip_unprivileged_port_start': int(1024, 0, 32_768),

  'net.ipv4.route.min_pmtu':             int(552, 68),
  'net.ipv4.route.mtu_expires':          int(600),
  'net.ipv4.tcp_abort_on_overflow':      u8(0),
  'net.ipv4.tcp_adv_win_scale':          int(1, -31, 31),
  'net.ipv4.tcp_allowed_congestion_control': text(available(), WORDS),
  'net.ipv4.tcp_app_win':                int(31, 0, 31),
  'net.ipv4.tcp_autocorking':            only(flag(1), 0, 1),
  'net.ipv4.tcp_available_congestion_control': { ...text(available(), WORDS), readOnly: true },
  'net.ipv4.tcp_backlog_ack_defer':      flag(1),
  'net.ipv4.tcp_base_mss':               int(1024),
  'net.ipv4.tcp_challenge_ack_limit':    only(int(2_147_483_647), 2_147_483_647),
  'net.ipv4.tcp_comp_sack_delay_ns':     int(1_000_000, 0, U32),
  'net.ipv4.tcp_comp_sack_nr':           u8(44),
  'net.ipv4.tcp_comp_sack_slack_ns':     int(100_000, 0, U32),
  'net.ipv4.tcp_congestion_control':     text(DEFAULT.name, WORDS),
  'net.ipv4.tcp_dsack':                  u8(1),
  'net.ipv4.tcp_early_demux':            u8(1),
  'net.ipv4.tcp_early_retrans':          int(3, 0, 4),
  'net.ipv4.tcp_ecn':                    only(int(2, 0, 5), 0, 1, 2),
  'net.ipv4.tcp_ecn_fallback':           flag(1),
  'net.ipv4.tcp_ecn_option':             int(2, 0, 2),
  'net.ipv4.tcp_ecn_option_beacon':      int(3, 0, 3),
  'net.ipv4.tcp_fack':                   u8(0),
  'net.ipv4.tcp_fastopen':               int(1),
  'net.ipv4.tcp_fastopen_blackhole_timeout_sec': int(0, 0),
  'net.ipv4.tcp_fastopen_key':           text('00000000-00000000-00000000-00000000', KEY),
  'net.ipv4.tcp_fin_timeout':            int(60, -I32, 8_388_607),
  'net.ipv4.tcp_frto':                   u8(2),
  'net.ipv4.tcp_invalid_ratelimit':      int(500, 0),
  'net.ipv4.tcp_keepalive_intvl':        int(75, -I32, 8_388_607),
  'net.ipv4.tcp_keepalive_probes':       u8(9),
  'net.ipv4.tcp_keepalive_time':         int(7200, -I32, 8_388_607),
  'net.ipv4.tcp_limit_output_bytes':     only(int(4_194_304), 4_194_304, 1_048_576),
  'net.ipv4.tcp_max_orphans':            int(131_072),
  'net.ipv4.tcp_max_reordering':         int(300, 1),
  'net.ipv4.tcp_max_syn_backlog':        int(2048),
  'net.ipv4.tcp_max_tw_buckets':         int(131_072),
  'net.ipv4.tcp_min_rtt_wlen':           int(300, 0, 86_400),
  'net.ipv4.tcp_min_snd_mss':            int(48, 48, 65_535),
  'net.ipv4.tcp_min_tso_segs':           int(2, 1, 255),
  'net.ipv4.tcp_moderate_rcvbuf':        u8(1),
  'net.ipv4.tcp_mtu_probe_floor':        int(48, 48, 65_535),
  'net.ipv4.tcp_mtu_probing':            u8(0),
  'net.ipv4.tcp_no_metrics_save':        u8(0),
  'net.ipv4.tcp_no_ssthresh_metrics_save': flag(1),
  'net.ipv4.tcp_notsent_lowat':          int(U32, 0, U32),
  'net.ipv4.tcp_orphan_retries':         u8(0),
  'net.ipv4.tcp_pacing_ca_ratio':        int(120, 0, 1000),
  'net.ipv4.tcp_pacing_ss_ratio':        int(200, 0, 1000),
  'net.ipv4.tcp_pingpong_thresh':        int(1, 1, 255),
  'net.ipv4.tcp_plb_enabled':            only(flag(0), 0),
  'net.ipv4.tcp_probe_interval':         int(600, 0, 8_388_607),
  'net.ipv4.tcp_probe_threshold':        int(8),
  'net.ipv4.tcp_recovery':               u8(1),
  'net.ipv4.tcp_reflect_tos':            only(flag(0), 0),
  'net.ipv4.tcp_reordering':             int(3, 1, 300),
  'net.ipv4.tcp_retrans_collapse':       u8(1),
  'net.ipv4.tcp_retries1':               u8(3),
  'net.ipv4.tcp_retries2':               u8(15),
  'net.ipv4.tcp_rfc1337':                u8(0),
  'net.ipv4.tcp_rmem':                   triple(4096, 131_072, 33_554_432),
  'net.ipv4.tcp_rto_max_ms':             int(120_000, 1000, 120_000),
  'net.ipv4.tcp_rto_min_us':             int(200_000, 1),
  'net.ipv4.tcp_sack':                   u8(1),
  'net.ipv4.tcp_shrink_window':          flag(0),
  'net.ipv4.tcp_slow_start_after_idle':  u8(1),
  'net.ipv4.tcp_stdurg':                 u8(0),
  'net.ipv4.tcp_syn_linear_timeouts':    int(4, 0, 127),
  'net.ipv4.tcp_syn_retries':            int(6, 1, 127),
  'net.ipv4.tcp_synack_retries':         u8(5),
  'net.ipv4.tcp_syncookies':             only(u8(1), 0, 1),
  'net.ipv4.tcp_thin_linear_timeouts':   u8(0),
  'net.ipv4.tcp_timestamps':             u8(1),
  'net.ipv4.tcp_tso_rtt_log':            u8(9),
  'net.ipv4.tcp_tso_win_divisor':        u8(3),
  'net.ipv4.tcp_tw_reuse':               int(2, 0, 2),
  'net.ipv4.tcp_tw_reuse_delay':         int(1000, 1, 60_000),
  'net.ipv4.tcp_window_scaling':         u8(1),
  'net.ipv4.tcp_wmem':                   triple(4096, 16_384, 4_194_304),
  'net.ipv4.tcp_workaround_signed_windows': u8(0),
} as const satisfies Record<string, Setting<SysctlValue>>;

export type SysctlName = keyof typeof SYSCTLS;

/** The settings of one host. */
export type Sysctl = { -readonly [K in SysctlName]: (typeof SYSCTLS)[K] extends Setting<infer V> ? V : never };

/** Why a setting was not taken: there is none of that name, or it cannot have that value, or it cannot be written, or what it asks is not simulated. */
export type Refusal = 'ENOENT' | 'EINVAL' | 'EPERM' | 'not simulated';

export const isSysctl = (name: string): name is SysctlName => Object.hasOwn(SYSCTLS, name);

/** The defaults of Linux 6.18, fresh: the caller may change them. */
export const defaultSysctl = (): Sysctl =>
  Object.fromEntries(Object.entries(SYSCTLS).map(([name, { value }]) => [name, value])) as unknown as Sysctl;

/** A setting as sysctl(8) prints it: the numbers of a list with tabs between. */
export function sysctlText(sysctl: Sysctl, name: SysctlName): string {
  const value: SysctlValue = sysctl[name];
  return typeof value === 'object' ? value.join('\t') : String(value);
}

/** Writes a setting as sysctl(8) does. @returns why not, or undefined: it is done */
export function writeSysctl(sysctl: Sysctl, name: string, given: string): Refusal | undefined {
  if (!isSysctl(name)) return 'ENOENT';
  const setting: Setting<SysctlValue> = SYSCTLS[name];
  if (setting.readOnly) return 'EPERM';
  const value = setting.form ? checkedText(setting, given.trim()) : checkedNumbers(setting, sysctl[name], given.trim());
  if (value === undefined) return 'EINVAL';
  if (setting.only && !setting.only.includes(value as number)) return 'not simulated';
  if (name === 'net.ipv4.tcp_congestion_control' || name === 'net.ipv4.tcp_allowed_congestion_control')
    return writeCongestionControl(sysctl, name, String(value));
  (sysctl as Record<string, SysctlValue>)[name] = value;
  return undefined;
}

/** Names must be known; a default may be chosen by programs from then on (tcp_set_default_congestion_control). */
function writeCongestionControl(
  sysctl: Sysctl,
  name: 'net.ipv4.tcp_congestion_control' | 'net.ipv4.tcp_allowed_congestion_control',
  value: string,
): Refusal | undefined {
  const names = value.split(/\s+/);
  if (!names.every(find)) return 'ENOENT';
  if (name === 'net.ipv4.tcp_congestion_control') {
    sysctl[name] = value;
    names.push(...sysctl['net.ipv4.tcp_allowed_congestion_control'].split(' '));
  }
  sysctl['net.ipv4.tcp_allowed_congestion_control'] = inOrder(names);
  return undefined;
}

const checkedText = ({ form }: Setting<SysctlValue>, given: string): string | undefined =>
  form?.test(given) ? given : undefined;

/** Decimal, or with 0x hexadecimal; of a list, as many from the first on as are given. */
function checkedNumbers(
  { min, max, value }: Setting<SysctlValue>,
  before: SysctlValue,
  given: string,
): number | readonly number[] | undefined {
  const words = given.split(/\s+/);
  if (!words.every((word) => /^-?(?:0x[\da-f]+|\d+)$/i.test(word))) return undefined;
  const numbers = words.map((word) => (word.startsWith('-') ? -Number(word.slice(1)) : Number(word)));
  // an unsigned setting takes -1 for its largest value
  const taken = numbers.map((n) => (max === U32 && n === -1 ? U32 : n));
  if (taken.some((n) => n < min || n > max)) return undefined;
  if (typeof value !== 'object') return taken.length === 1 ? taken[0] : undefined;
  if (taken.length > value.length) return undefined;
  const all = (before as readonly number[]).map((old, i) => taken[i] ?? old);
  // ip_local_port_range: the lower end first
  return all.length === 2 && (all[0] as number) > (all[1] as number) ? undefined : all;
}

/** The default of RLIMIT_NOFILE, soft. */
export const RLIMIT_NOFILE = 1024;
