/**
 * An IP packet as one line of text: what `tcpdump -n` prints after the time and `IP` or `IP6`.
 *
 * The line is made from the bytes, not from a parsed segment: options stand in the order of the wire, and bytes that no
 * parser takes still show what can be read of them. Two things are added to tcpdump's short form: a wrong checksum is
 * named, as `tcpdump -v` does, and after a bad option the line goes on. Payloads are not looked into.
 */

import { type Seq, seqNumber } from '../base/seq.ts';
import { wordSum } from '../base/sum.ts';
import { type Address, addressAt } from './address.ts';
import { foldChecksum, pseudoHeaderSum } from './checksum.ts';
import { IPV4_HEADER, PROTOCOL } from './ipv4.ts';
import { IPV6_HEADER } from './ipv6.ts';
import { getU16, getU32 } from './octets.ts';
import { icmp6Text, icmpText } from './print-icmp.ts';
import { ACK, FIN, FLAGS, RST, SYN, TCP_HEADER, URG } from './tcp.ts';
import { FAST_OPEN_EXPERIMENT, optionLength, TCP_OPTIONS, type TcpOption } from './tcp-options.ts';

/** The numbers that relative sequence numbers count from: the ISN of the packet's sender, and of its receiver. */
export interface Base {
  seq: Seq;
  ack: Seq;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const hexBytes = (bytes: Uint8Array): string => Array.from(bytes, (byte) => hex(byte, 2)).join('');

/** The control bits as tcpdump prints them: `S`, `S.`, `P.`, `none`. */
export const flagsText = (flags: number): string =>
  FLAGS.map(({ bit, letter }) => (flags & bit ? letter : '')).join('') || 'none';

/** What tcpdump prints before the line of a packet. */
export const packetFamily = (bytes: Uint8Array): 'IP' | 'IP6' => ((bytes[0] as number) >> 4 === 6 ? 'IP6' : 'IP');

/** The line of a packet. Sequence numbers are absolute without `base`. */
export function packetText(bytes: Uint8Array, base?: Base): string {
  if (bytes.length === 0) return '[|ip]';
  const version = (bytes[0] as number) >> 4;
  if (version === 4) return packetText4(bytes, base);
  return version === 6 ? packetText6(bytes, base) : `unknown ip ${version}`;
}

function packetText4(bytes: Uint8Array, base?: Base): string {
  if (bytes.length < IPV4_HEADER) return '[|ip]';
  const header = ((bytes[0] as number) & 15) * 4;
  if (header < IPV4_HEADER) return `bad-hlen ${header}`;
  const total = getU16(bytes, 2);
  if (total < header) return `bad-len ${total}`;
  if (bytes.length < header) return `truncated-ip - ${total - bytes.length} bytes missing! [|ip]`;

  const missing = Math.max(0, total - bytes.length);
  const truncated = missing > 0 ? `truncated-ip - ${missing} bytes missing! ` : '';
  const wrong = wrongChecksum(wordSum(bytes, 0, header), getU16(bytes, 10));
  const start = truncated + (wrong ? `bad ip cksum ${wrong.is} (->${wrong.due})! ` : '');
  const bytesOfTcp = bytes.subarray(header, total);
  const src = addressAt(bytes, 12, 4);
  const dst = addressAt(bytes, 16, 4);
  const protocol = bytes[9] as number;
  const fragment = getU16(bytes, 6) & 0x3fff;
  if (protocol === PROTOCOL.icmp && fragment === 0) {
    return `${start}${src.text} > ${dst.text}: ${icmpText(bytesOfTcp)}`;
  }
  if (protocol !== PROTOCOL.tcp || (fragment & 0x1fff) !== 0) {
    return `${start}${src.text} > ${dst.text}: ip-proto-${protocol} ${bytesOfTcp.length}`;
  }
  const summed = missing === 0 && fragment === 0;
  return start + segmentText({ bytes: bytesOfTcp, missing, summed, src, dst, named: false }, base);
}

/** What tcpdump calls extension headers. */
const EXTENSIONS: ReadonlyMap<number, string> = new Map([
  [0, 'HBH'],
  [60, 'DSTOPT'],
]);

function packetText6(bytes: Uint8Array, base?: Base): string {
  if (bytes.length < IPV6_HEADER) return '[|ip6]';
  const total = IPV6_HEADER + getU16(bytes, 4);
  const missing = Math.max(0, total - bytes.length);
  const src = addressAt(bytes, 8, 6);
  const dst = addressAt(bytes, 24, 6);
  const start = missing > 0 ? `truncated-ip6 - ${missing} bytes missing!` : '';
  const ends = `${src.text} > ${dst.text}: `;
  const end = Math.min(total, bytes.length);
  let protocol = bytes[6] as number;
  let at = IPV6_HEADER;
  let headers = '';
  for (let name = EXTENSIONS.get(protocol); name !== undefined; name = EXTENSIONS.get(protocol)) {
    const size = 8 + (bytes[at + 1] as number) * 8;
    if (at + 2 > end || at + size > end) return `${start}${ends}${headers}[|${name === 'HBH' ? 'hbhopt' : 'dstopt'}]`;
    headers += `${name} `;
    protocol = bytes[at] as number;
    at += size;
  }
  if (protocol === PROTOCOL.tcp) {
    const segment = { bytes: bytes.subarray(at, end), missing, summed: missing === 0, src, dst, named: headers !== '' };
    return start + (headers && ends + headers) + segmentText(segment, base);
  }
  if (protocol === PROTOCOL.icmp6) return `${start}${ends}${headers}${icmp6Text(bytes.subarray(at, end))}`;
  const rest = protocol === NO_NEXT_HEADER ? 'no next header' : `ip-proto-${protocol} ${total - at}`;
  return `${start}${ends}${headers}${rest}`;
}

/** Nothing follows (RFC 8200 section 4.7). */
const NO_NEXT_HEADER = 59;

function wrongChecksum(sum: number, field: number): { is: string; due: string } | undefined {
  return foldChecksum(sum) === 0 ? undefined : { is: hex(field, 4), due: hex(foldChecksum(sum - field), 4) };
}

/** A TCP segment in a packet, as far as it is there. */
interface Captured {
  bytes: Uint8Array;
  /** So many bytes of the packet were cut off. */
  missing: number;
  /** The segment is whole, so its checksum can be checked. */
  summed: boolean;
  src: Address;
  dst: Address;
  /** The addresses stand in the line already. */
  named: boolean;
}

function segmentText({ bytes, missing, summed, src, dst, named }: Captured, base?: Base): string {
  if (bytes.length < 4) return `${src.text} > ${dst.text}: [|tcp]`;
  const from = `${named ? '' : `${src.text}.`}${getU16(bytes, 0)}`;
  const ends = `${from} > ${named ? '' : `${dst.text}.`}${getU16(bytes, 2)}:`;
  if (bytes.length < TCP_HEADER) return `${ends} [|tcp]`;
  const control = getU16(bytes, 12);
  const header = (control >> 12) * 4;
  const length = bytes.length + missing - header;
  if (header < TCP_HEADER) return `${ends} tcp ${length} [bad hdr length ${header} - too short, < ${TCP_HEADER}]`;
  const flags = control & 0x1ff;
  const start = `${ends} Flags [${flagsText(flags)}]`;
  if (length < 0) return `${start} [bad hdr length ${header} - too long, > ${bytes.length + missing}]`;

  const seqFrom = base ? seqNumber(base.seq) : 0;
  const ackFrom = base ? seqNumber(base.ack) : 0;
  const first = (getU32(bytes, 4) - seqFrom) >>> 0;
  const pseudo = pseudoHeaderSum(src, dst, PROTOCOL.tcp, bytes.length);
  const wrong = summed ? wrongChecksum(wordSum(bytes, 0, bytes.length, pseudo), getU16(bytes, 16)) : undefined;
  const parts = [start];
  if (wrong) parts.push(`cksum 0x${wrong.is} (incorrect -> 0x${wrong.due})`);
  if (length > 0) parts.push(`seq ${first}:${(first + length) >>> 0}`);
  else if (flags & (SYN | FIN | RST)) parts.push(`seq ${first}`);
  if (flags & ACK) parts.push(`ack ${(getU32(bytes, 8) - ackFrom) >>> 0}`);
  parts.push(`win ${getU16(bytes, 14)}`);
  if (flags & URG) parts.push(`urg ${getU16(bytes, 18)}`);
  if (header > TCP_HEADER) parts.push(`options [${optionTexts(bytes, TCP_HEADER, header, ackFrom).join(',')}]`);
  parts.push(`length ${length}`);
  return parts.join(', ');
}

/** One text per option in `bytes[from, to)`, to the first that ends them or is bad. */
function optionTexts(bytes: Uint8Array, from: number, to: number, blocksFrom: number): string[] {
  const texts: string[] = [];
  for (let at = from; at < to; ) {
    const length = at < bytes.length ? optionLength(bytes, at, to) : 0;
    if (at + Math.max(length, 1) > bytes.length) return [...texts, '[|tcp]'];
    texts.push(optionText(bytes.subarray(at, at + length), blocksFrom));
    if (length === 0 || bytes[at] === TCP_OPTIONS.eol.kind) break;
    at += length;
  }
  return texts;
}

const BY_KIND = new Map<number, TcpOption>(Object.values(TCP_OPTIONS).map((option) => [option.kind, option]));

/** The option of this kind, or undefined when the table has none. */
export const tcpOption = (kind: number): TcpOption | undefined => BY_KIND.get(kind);

/**
 * One option, kind and length bytes included, as tcpdump prints it: `mss 1460`, `nop`, `sack 1 {101:201}`. The edges of
 * SACK blocks are printed relative to `blocksFrom`. No bytes at all stand for an option whose length is bad.
 */
export function optionText(option: Uint8Array, blocksFrom = 0): string {
  if (option.length === 0) return '[bad opt]';
  const kind = option[0] as number;
  const data = option.subarray(2);
  const known = BY_KIND.get(kind);
  const name = known?.name ?? `unknown-${kind}`;
  if (known && known.length > 0 && known.length !== option.length) {
    return `${name}${data.length > 0 ? ` 0x${hexBytes(data)}` : ''}[len ${option.length}]`;
  }
  switch (kind) {
    case TCP_OPTIONS.eol.kind:
    case TCP_OPTIONS.nop.kind:
    case TCP_OPTIONS.sackPermitted.kind:
      return name;
    case TCP_OPTIONS.mss.kind:
      return `${name} ${getU16(data, 0)}`;
    case TCP_OPTIONS.windowScale.kind:
      return `${name} ${data[0]}`;
    case TCP_OPTIONS.timestamps.kind:
      return `${name} val ${getU32(data, 0)} ecr ${getU32(data, 4)}`;
    case TCP_OPTIONS.sack.kind:
      return data.length % 8 === 0
        ? `${name} ${data.length / 8} ${blocksText(data, blocksFrom)}`
        : `${name} invalid sack`;
    case TCP_OPTIONS.md5.kind:
      return `${name} ${hexBytes(data)}`;
    case TCP_OPTIONS.fastOpen.kind:
      return `${name}  ${cookieText(data)}`; // two spaces: so does tcpdump
    case TCP_OPTIONS.experiment.kind:
      if (data.length < 2) return `${name}[bad opt]`;
      if (getU16(data, 0) === FAST_OPEN_EXPERIMENT) return `${name}-tfo ${cookieText(data.subarray(2))}`;
      return `${name}-${hexBytes(data.subarray(0, 2))}`;
    default:
      return data.length > 0 ? `${name} 0x${hexBytes(data)}` : name;
  }
}

function blocksText(data: Uint8Array, blocksFrom: number): string {
  let text = '';
  for (let i = 0; i < data.length; i += 8) {
    text += `{${(getU32(data, i) - blocksFrom) >>> 0}:${(getU32(data, i + 4) - blocksFrom) >>> 0}}`;
  }
  return text;
}

function cookieText(cookie: Uint8Array): string {
  if (cookie.length === 0) return 'cookiereq';
  // RFC 7413 section 4.1.1: 4 to 16 bytes, an even number
  if (cookie.length < 4 || cookie.length > 16 || cookie.length % 2 !== 0) return '(invalid)';
  return `cookie ${hexBytes(cookie)}`;
}
