/** tshark's opinion of captures: one row per packet, many captures in one run. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { which } from '../host/install.mjs';
import { FLAGS, type Flag } from './analyst.ts';

/** What tshark says of one packet. */
export interface Row {
  /** The packet's number in the log. */
  packet: number;
  /** 'good', 'bad', or why not checked; of the IP header and of what it carries. */
  checksums: [string, string];
  /** What is malformed, or an error in tshark's eyes; '' when nothing is. */
  faults: string;
  flags: Set<Flag>;
}

const FIELDS = [
  'frame.packet_id',
  'ip.checksum.status',
  'tcp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
  '_ws.malformed',
  '_ws.expert.severity',
];
const PREFERENCES = ['ip.check_checksum:TRUE', 'tcp.check_checksum:TRUE', 'tcp.desegment_tcp_streams:FALSE'];
/** Of `*.checksum.status`. */
const GOOD = '1';
/** Of `_ws.expert.severity`: an error. */
const ERROR = 0x800000;

/** Everything that tshark says of the packets in these captures, in order. */
export async function dissect(captures: readonly Uint8Array[]): Promise<Row[]> {
  const tshark = which('tshark');
  if (!tshark) throw new Error('no tshark on PATH: run `node test/host/install.mjs`');
  const folder = mkdtempSync(join(tmpdir(), 'socknb-tshark-'));
  try {
    const file = join(folder, 'all.pcapng');
    writeFileSync(file, Buffer.concat(captures)); // sections after one another are one file
    const args = ['-n', '-r', file, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a'];
    for (const preference of PREFERENCES) args.push('-o', preference);
    for (const field of [...FIELDS, ...FLAGS.map((flag) => `tcp.analysis.${flag}`)]) args.push('-e', field);
    const { stdout } = await promisify(execFile)(tshark, args, { maxBuffer: 2 ** 30 });
    return stdout.split('\n').slice(0, -1).map(rowOf);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rowOf(line: string): Row {
  const [packet, ip, tcp, icmp, icmp6, malformed, severity = '', ...flags] = line.split('\t') as string[];
  const errors = severity.split(',').filter((word) => (Number(word) & 0xf00000) === ERROR);
  const status = (of: string | undefined) => (of?.split(',').every((one) => one === GOOD) ? 'good' : `status ${of}`);
  return {
    packet: Number(packet),
    // IPv6 has no checksum; of a segment that ICMP quotes, only the beginning is there
    checksums: [ip === '' ? 'good' : status(ip), status(icmp || icmp6 || tcp)],
    faults: malformed + (errors.length > 0 ? 'expert error' : ''),
    flags: new Set(FLAGS.filter((_, i) => flags[i] !== '' && flags[i] !== undefined)),
  };
}
