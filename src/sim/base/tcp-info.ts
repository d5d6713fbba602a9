/**
 * struct tcp_info of Linux 6.18 on x86-64 (include/uapi/linux/tcp.h): its fields by name, as bytes and back. The four that
 * share two bytes as bit fields stand as fields of their own.
 */

/** Bytes of a field, or its bits within a byte. */
type Kind = 'u8' | 'u16' | 'u32' | 'u64' | { readonly shift: number; readonly bits: number; readonly last?: true };

/* biome-ignore format: a table */
const LAYOUT: readonly (readonly [kind: Kind, names: string])[] = [
  ['u8',  'state ca_state retransmits probes backoff options'],
  [{ shift: 0, bits: 4 }, 'snd_wscale'], [{ shift: 4, bits: 4, last: true }, 'rcv_wscale'],
  [{ shift: 0, bits: 1 }, 'delivery_rate_app_limited'], [{ shift: 1, bits: 2, last: true }, 'fastopen_client_fail'],
  ['u32', 'rto ato snd_mss rcv_mss unacked sacked lost retrans fackets'],
  ['u32', 'last_data_sent last_ack_sent last_data_recv last_ack_recv pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd'],
  ['u32', 'advmss reordering rcv_rtt rcv_space total_retrans'],
  ['u64', 'pacing_rate max_pacing_rate bytes_acked bytes_received'],
  ['u32', 'segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out'],
  ['u64', 'delivery_rate busy_time rwnd_limited sndbuf_limited'],
  ['u32', 'delivered delivered_ce'],
  ['u64', 'bytes_sent bytes_retrans'],
  ['u32', 'dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash'],
  ['u16', 'total_rto total_rto_recoveries'],
  ['u32', 'total_rto_time received_ce delivered_e1_bytes delivered_e0_bytes delivered_ce_bytes'],
  ['u32', 'received_e1_bytes received_e0_bytes received_ce_bytes'],
  ['u16', 'accecn_fail_mode accecn_opt_seen'],
];

/** sizeof(struct tcp_info). */
export const TCP_INFO_SIZE = 280;

export type TcpInfo = Readonly<Record<string, number>>;

interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly at: number;
}

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;

function fieldsOf(): Field[] {
  const fields: Field[] = [];
  let at = 0;
  for (const [kind, names] of LAYOUT) {
    const size = typeof kind === 'string' ? SIZES[kind] : 1;
    at = Math.ceil(at / size) * size;
    for (const name of names.split(' ')) {
      fields.push({ name: `tcpi_${name}`, kind, at });
      if (typeof kind === 'string' || kind.last) at += size;
    }
  }
  return fields;
}
const FIELDS = fieldsOf();

/** The bytes that the kernel would give; fields that are absent are 0. */
export function packTcpInfo(info: TcpInfo): Uint8Array {
  const bytes = new Uint8Array(TCP_INFO_SIZE);
  const view = new DataView(bytes.buffer);
  for (const { name, kind, at } of FIELDS) {
    const value = info[name] ?? 0;
    if (kind === 'u8') view.setUint8(at, value);
    else if (kind === 'u16') view.setUint16(at, value, true);
    else if (kind === 'u32') view.setUint32(at, value, true);
    else if (kind === 'u64') {
      const all = value >= 2 ** 64; // as near as a number comes to 64 ones
      view.setUint32(at, all ? 0xffff_ffff : value % 2 ** 32, true);
      view.setUint32(at + 4, all ? 0xffff_ffff : Math.floor(value / 2 ** 32), true);
    } else view.setUint8(at, view.getUint8(at) | (value << kind.shift));
  }
  return bytes;
}

/** The fields in bytes that a kernel gave; of a kernel that knows fewer, those that are whole. */
export function unpackTcpInfo(bytes: Uint8Array): TcpInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const info: Record<string, number> = {};
  for (const { name, kind, at } of FIELDS) {
    const size = typeof kind === 'string' ? SIZES[kind] : 1;
    if (at + size > bytes.length) break;
    if (kind === 'u8') info[name] = view.getUint8(at);
    else if (kind === 'u16') info[name] = view.getUint16(at, true);
    else if (kind === 'u32') info[name] = view.getUint32(at, true);
    else if (kind === 'u64') info[name] = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    else info[name] = (view.getUint8(at) >> kind.shift) & ((1 << kind.bits) - 1);
  }
  return info;
}
