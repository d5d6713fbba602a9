/**
 * Kernel settings under their Linux names, with the defaults of Linux 6.18 (Documentation/networking/ip-sysctl.rst; read
 * back from a 6.18 host where the document leaves them to the machine).
 */
export const SYSCTL_6_18 = {
  'net.core.somaxconn': 4096,
  'net.core.rmem_max': 212_992,
  'net.core.wmem_max': 212_992,
  'net.ipv4.ip_default_ttl': 64,
  'net.ipv4.ip_local_port_range': [32_768, 60_999],
  'net.ipv4.tcp_abort_on_overflow': 0,
  'net.ipv4.tcp_fin_timeout': 60,
  'net.ipv4.tcp_orphan_retries': 0,
  'net.ipv4.tcp_retries2': 15,
  'net.ipv4.tcp_rmem': [4096, 131_072, 33_554_432],
  'net.ipv4.tcp_sack': 1,
  'net.ipv4.tcp_syn_linear_timeouts': 4,
  'net.ipv4.tcp_syn_retries': 6,
  'net.ipv4.tcp_synack_retries': 5,
  'net.ipv4.tcp_timestamps': 1,
  'net.ipv4.tcp_window_scaling': 1,
  'net.ipv4.tcp_wmem': [4096, 16_384, 4_194_304],
} as const;

export type Sysctl = {
  -readonly [K in keyof typeof SYSCTL_6_18]: (typeof SYSCTL_6_18)[K] extends number ? number : readonly number[];
};

/** The default of RLIMIT_NOFILE, soft. */
export const RLIMIT_NOFILE = 1024;
