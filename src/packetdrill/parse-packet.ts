/** Packets in a script: TCP, UDP, ICMP, with what may be said of their IP header (see parse.ts). */
import { MAX_OPTIONS } from '../sim/wire/tcp-options.ts';
import type { Reader } from './reader.ts';
import type { IcmpAction, IpInfo, PacketAction, TcpAction, TcpOption, UdpAction } from './script.ts';
import { optionBytes } from './tcp-options.ts';

const U8 = 0xff;
const U16 = 0xffff;
const U20 = 0xfffff;
const U24 = 0xffffff;
const U32 = 0xffffffff;
/** Bytes of the IPv4 and the TCP header without options. */
const HEADERS = 40;

const PORTS = /(\d+)\s*>\s*(\d+)(?=\s)/y;
const FLAGS = /[.FSRPEWAU0-7]+(?=\s)|-(?=\s)/y;
const ADDRESSES = /([0-9a-fA-F.:]+)\s*>\s*([0-9a-fA-F.:]+):(?=\s)/y;

type Base = Omit<
  TcpAction,
  'protocol' | 'flags' | 'seq' | 'length' | 'ack' | 'window' | 'urgent' | 'options' | 'ports'
>;

export function parsePacket(reader: Reader): PacketAction {
  const place = reader.place();
  const direction = reader.takes('<') ? 'in' : 'out';
  if (direction === 'out') reader.expects('>');
  let ip = parseIpInfo(reader);
  const tunnels: { kind: 'ipv4' | 'ipv6' | 'gre' | 'mpls' | 'psp'; text: string }[] = [];
  for (let tunnel = parseTunnel(reader); tunnel; tunnel = parseTunnel(reader)) {
    tunnels.push(tunnel);
    ip = parseIpInfo(reader);
  }
  const base: Base = { do: 'packet', direction, ip, tunnels, ...place };
  if (direction === 'in' && ip.ecn === 'ect01') reader.fail('[ect01] can only be expected, not sent');
  if (reader.takesWord('udp')) return parseUdp(reader, base);
  if (reader.takesWord('icmp')) return parseIcmp(reader, base);
  return parseTcp(reader, base);
}

/** `[ect0]`, `(tos 0x10)`, `(ttl 64)`, `[tos 0x10, flowlabel 0x2]`, or nothing. */
function parseIpInfo(reader: Reader): IpInfo {
  const close = reader.takes('[') ? ']' : reader.takes('(') ? ')' : undefined;
  const ip: IpInfo = {};
  if (close === undefined) return ip;
  do {
    const start = reader.offset;
    const word = reader.word();
    switch (word) {
      case 'noecn':
      case 'ect0':
      case 'ect1':
      case 'ect01':
      case 'ce':
        ip.ecn = word;
        break;
      case 'tos':
        ip.tos = reader.unsigned('the type of service', U8);
        break;
      case 'ttl':
        ip.ttl = reader.unsigned('the time to live', U8);
        break;
      case 'flowlabel':
        ip.flowLabel = reader.unsigned('the flow label', U20);
        break;
      default:
        reader.fail('one of noecn, ect0, ect1, ect01, ce, tos, ttl, flowlabel expected', start);
    }
  } while (reader.takes(','));
  reader.expects(close);
  return ip;
}

function parseTunnel(reader: Reader): { kind: 'ipv4' | 'ipv6' | 'gre' | 'mpls'; text: string } | undefined {
  for (const kind of ['ipv4', 'ipv6'] as const) {
    if (!reader.takesWord(kind)) continue;
    parseIpInfo(reader);
    const found = reader.match(ADDRESSES);
    if (!found) reader.fail(`"address > address:" expected after ${kind}`);
    return { kind, text: `${found[1]} > ${found[2]}` };
  }
  const found = reader.match(/(gre|GREv0|mpls)\b([^:\n]*):/y);
  if (!found) return undefined;
  return { kind: found[1] === 'mpls' ? 'mpls' : 'gre', text: (found[2] as string).trim() };
}

function parsePorts(reader: Reader): TcpAction['ports'] {
  const start = reader.offset;
  const found = reader.match(PORTS);
  if (!found) return undefined;
  const [src, dst] = [Number(found[1]), Number(found[2])];
  if (src > U16 || dst > U16) reader.fail(`ports are 0 to ${U16}`, start);
  return { src, dst };
}

function parseUdp(reader: Reader, base: Base): UdpAction {
  const ports = parsePorts(reader);
  reader.expects('(');
  const length = reader.unsigned('the length of the payload', U16);
  reader.expects(')');
  return { ...base, protocol: 'udp', ports, length };
}

function parseIcmp(reader: Reader, base: Base): IcmpAction {
  const type = reader.word();
  if (type === undefined) reader.fail(`an ICMP type expected, not ${reader.next()}`);
  const code = reader.sees(/(?:mtu|id)\b/y) ? undefined : reader.word();
  const mtu = reader.takesWord('mtu') ? reader.unsigned('the MTU', U32) : undefined;
  const id = reader.takesWord('id') ? reader.unsigned('the identifier', U16) : undefined;
  return { ...base, protocol: 'icmp', ports: undefined, type, code, mtu, id, quotes: parseQuote(reader) };
}

function parseQuote(reader: Reader): IcmpAction['quotes'] {
  if (!reader.takes('[')) return undefined;
  const kind = reader.takesWord('udp') ? 'udp' : reader.takesWord('raw') ? 'raw' : 'tcp';
  let quotes: IcmpAction['quotes'];
  if (kind === 'tcp') quotes = { kind, ...parseRange(reader) };
  else {
    reader.expects('(');
    quotes = { kind, length: reader.unsigned('the length of the payload', U16) };
    reader.expects(')');
  }
  reader.expects(']');
  return quotes;
}

function parseTcp(reader: Reader, base: Base): TcpAction {
  let tunnels = base.tunnels;
  const psp = reader.match(/encap\s+psp\s+spi\s+(0x[0-9a-fA-F]+|\d+)/y);
  if (psp) tunnels = [...tunnels, { kind: 'psp', text: psp[1] as string }];
  const ports = parsePorts(reader);
  const flags = parseFlags(reader);
  const range = parseRange(reader);
  const ack = reader.takesWord('ack') ? reader.unsigned('the acknowledgement', U32) : undefined;
  const window = reader.takesWord('win') ? reader.unsigned('the window', U16) : undefined;
  const urgent = reader.takesWord('urg') ? reader.unsigned('the urgent pointer', U16) : undefined;
  const start = reader.offset;
  const options = parseOptions(reader, base.direction);
  const header = options === 'any' ? 0 : (optionBytes(options).length + 3) & ~3;
  if (header > MAX_OPTIONS) reader.fail(`these options take ${header} bytes: ${MAX_OPTIONS} fit`, start);
  if (base.direction === 'in' && HEADERS + header + range.length > U16) {
    reader.fail(`a packet holds ${U16} bytes, headers counted`, start);
  }
  return { ...base, protocol: 'tcp', tunnels, ports, flags, ...range, ack, window, urgent, options };
}

function parseFlags(reader: Reader): string {
  const start = reader.offset;
  const found = reader.match(FLAGS);
  if (!found) reader.fail(`TCP flags expected (letters of FSRPEWAU, "." for ACK, "-" for none), not ${reader.next()}`);
  const flags = found[0] === '-' ? '' : found[0];
  if ((flags.match(/[0-7]/g)?.length ?? 0) > 1) reader.fail('one digit for the ACE field, not several', start);
  if (/[0-7]/.test(flags) && /[EWA]/.test(flags)) reader.fail('E, W and A are part of the ACE field: not both', start);
  return flags;
}

/** `start:end(length)` */
function parseRange(reader: Reader): { seq: number; length: number } {
  const start = reader.offset;
  const seq = reader.unsigned('the sequence number', U32);
  reader.expects(':');
  const end = reader.unsigned('the end of the sequence numbers', U32);
  reader.expects('(');
  const length = reader.unsigned('the length of the payload', U16);
  reader.expects(')');
  if ((seq + length) >>> 0 !== end) {
    reader.fail(`${seq} and ${length} bytes make ${(seq + length) >>> 0}, not ${end}`, start);
  }
  return { seq, length };
}

function parseOptions(reader: Reader, direction: 'in' | 'out'): TcpAction['options'] {
  // the next event's packet never begins with `<`: an event begins with its time
  if (!reader.takes('<')) return [];
  if (reader.takes('...')) {
    if (direction === 'in') reader.fail('<...> can only be expected, not sent');
    reader.expects('>');
    return 'any';
  }
  const options: TcpOption[] = [];
  do options.push(parseOption(reader));
  while (reader.takes(','));
  reader.expects('>', 'or "," after an option');
  return options;
}

function parseOption(reader: Reader): TcpOption {
  const start = reader.offset;
  const kind = reader.word();
  switch (kind) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return { kind };
    case 'mss':
      return { kind, value: reader.unsigned('the MSS', U16) };
    case 'wscale':
      return { kind, value: reader.unsigned('the window scale', U8) };
    case 'sack':
      return { kind, blocks: parseBlocks(reader) };
    case 'TS': {
      if (!reader.takesWord('val')) reader.fail('"val" expected after TS');
      const val = reader.unsigned('the timestamp', U32);
      if (!reader.takesWord('ecr')) reader.fail('"ecr" expected after the timestamp');
      return { kind, val, ecr: reader.unsigned('the echoed timestamp', U32) };
    }
    case 'FO':
    case 'FOEXP':
    case 'md5': {
      const hex = reader.digits();
      if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) reader.fail('hexadecimal digits in pairs expected', start);
      return { kind, hex: hex.toLowerCase() };
    }
    case 'ECN':
      return { kind, counters: parseCounters(reader) };
    default:
      return reader.fail('one of nop, eol, mss, wscale, sackOK, sack, TS, FO, FOEXP, md5, ECN expected', start);
  }
}

function parseBlocks(reader: Reader): { left: number; right: number }[] {
  const blocks: { left: number; right: number }[] = [];
  do {
    const left = reader.unsigned('the left edge of a block', U32);
    reader.expects(':');
    blocks.push({ left, right: reader.unsigned('the right edge of a block', U32) });
  } while (reader.sees(/\d/y));
  return blocks;
}

function parseCounters(reader: Reader): { name: string; value: number }[] {
  const counters: { name: string; value: number }[] = [];
  for (let found = reader.match(/e0b|e1b|ceb/y); found; found = reader.match(/e0b|e1b|ceb/y)) {
    counters.push({ name: found[0], value: reader.unsigned('the counter', U24) });
  }
  if (counters.length === 0) reader.fail('one of e0b, e1b, ceb expected after ECN');
  return counters;
}
