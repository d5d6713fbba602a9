/**
 * TCP options: what may follow the fixed header, read as Linux reads them and written as Linux writes them.
 *
 * Reading takes each option by its form alone. Whether an option counts (MSS only with SYN, a window scale above 14)
 * is for the connection to decide. Writing is byte for byte tcp_options_write (net/ipv4/tcp_output.c): its order, and
 * NOPs where it puts them. Options of other kinds are kept raw and come last.
 */

import { must } from '../base/bug.ts';
import { type Seq, seq, seqNumber } from '../base/seq.ts';
import { getU16, getU32, putU32 } from './octets.ts';

/* biome-ignore format: a table */
export const TCP_OPTIONS = {
  // length: of the whole option with kind and length bytes; 0: it varies
  eol:           { kind: 0,   name: 'eol',       length: 1,  rfc: '9293', about: 'end of the options' },
  nop:           { kind: 1,   name: 'nop',       length: 1,  rfc: '9293', about: 'padding: aligns the next option' },
  mss:           { kind: 2,   name: 'mss',       length: 4,  rfc: '9293', about: 'largest segment that the sender of this can take' },
  windowScale:   { kind: 3,   name: 'wscale',    length: 3,  rfc: '7323', about: 'shift the window field left by this' },
  sackPermitted: { kind: 4,   name: 'sackOK',    length: 2,  rfc: '2018', about: 'selective acknowledgements are understood' },
  sack:          { kind: 5,   name: 'sack',      length: 0,  rfc: '2018', about: 'blocks that arrived beyond the acknowledgement' },
  timestamps:    { kind: 8,   name: 'TS',        length: 10, rfc: '7323', about: 'clock of the sender and echo of the clock of the peer' },
  md5:           { kind: 19,  name: 'md5',       length: 18, rfc: '2385', about: 'digest of the segment under a shared key' },
  fastOpen:      { kind: 34,  name: 'tfo',       length: 0,  rfc: '7413', about: 'Fast Open cookie, or without one the request for it' },
  experiment:    { kind: 254, name: 'exp',       length: 0,  rfc: '6994', about: 'an experiment, told apart by the number that follows' },
} as const satisfies Record<string, TcpOption>;

/** A kind of option. */
export interface TcpOption {
  readonly kind: number;
  /** As tcpdump prints it. */
  readonly name: string;
  readonly length: number;
  readonly rfc: string;
  readonly about: string;
}

/** The number of the Fast Open experiment (RFC 6994), used before kind 34 was assigned. */
export const FAST_OPEN_EXPERIMENT = 0xf989;
/** The options can take no more bytes than this: the data offset counts 15 words, of which the fixed header has 5. */
export const MAX_OPTIONS = 40;

/** The options of a segment; an absent one is not there. */
export interface TcpOptions {
  /** Bytes of payload, 16 bits. */
  mss?: number;
  /** 8 bits; a receiver takes values above 14 for 14. */
  windowScale?: number;
  sackPermitted?: boolean;
  /** `left` is the first sequence number of a block, `right` the one after its last; at most 4 blocks. */
  sack?: readonly { left: Seq; right: Seq }[];
  /** TSval and TSecr, 32 bits each. */
  timestamps?: { val: number; ecr: number };
  /** The cookie (empty: a request for one); `experimental` when carried in kind 254. */
  fastOpen?: { cookie: Uint8Array; experimental: boolean };
  /** The 16 bytes of the digest. */
  md5?: Uint8Array;
  /** Options of other kinds, and known ones of a length that cannot be, without kind and length bytes. */
  other?: readonly { kind: number; data: Uint8Array }[];
}

/** No options. */
export const NO_OPTIONS: TcpOptions = Object.freeze({});

const ALIGNED_TIMESTAMPS = 0x0101080a;

/**
 * The options in `bytes[from, to)`. Reading stops, keeping what was found, at an end-of-options byte and at a length
 * that is below 2 or leads beyond the end (tcp_parse_options, net/ipv4/tcp_input.c). Of two of a kind the later counts.
 */
export function parseTcpOptions(bytes: Uint8Array, from: number, to: number): TcpOptions {
  if (from === to) return NO_OPTIONS;
  // What nearly every segment of an established connection carries
  if (to - from === 12 && getU32(bytes, from) === ALIGNED_TIMESTAMPS) {
    return { timestamps: { val: getU32(bytes, from + 4), ecr: getU32(bytes, from + 8) } };
  }
  const options: TcpOptions = {};
  for (let at = from; at < to; ) {
    const length = optionLength(bytes, at, to);
    if (length === 0 || bytes[at] === TCP_OPTIONS.eol.kind) break;
    if (length > 1) readOption(options, bytes[at] as number, bytes.subarray(at + 2, at + length));
    at += length;
  }
  return options;
}

/** The length of the option at `at`, 1 for EOL and NOP; 0 when its length is missing, below 2, or leads beyond `to`. */
export function optionLength(bytes: Uint8Array, at: number, to: number): number {
  if ((bytes[at] as number) <= TCP_OPTIONS.nop.kind) return 1;
  const length = at + 1 < to ? (bytes[at + 1] as number) : 0;
  return length < 2 || at + length > to ? 0 : length;
}

function readOption(options: TcpOptions, kind: number, data: Uint8Array): void {
  const size = data.length;
  if (kind === TCP_OPTIONS.mss.kind && size === 2) options.mss = getU16(data, 0);
  else if (kind === TCP_OPTIONS.windowScale.kind && size === 1) options.windowScale = data[0] as number;
  else if (kind === TCP_OPTIONS.sackPermitted.kind && size === 0) options.sackPermitted = true;
  else if (kind === TCP_OPTIONS.sack.kind && size > 0 && size % 8 === 0) options.sack = readBlocks(data);
  else if (kind === TCP_OPTIONS.timestamps.kind && size === 8) {
    options.timestamps = { val: getU32(data, 0), ecr: getU32(data, 4) };
  } else if (kind === TCP_OPTIONS.md5.kind && size === 16) options.md5 = data;
  else if (kind === TCP_OPTIONS.fastOpen.kind) options.fastOpen = { cookie: data, experimental: false };
  else if (kind === TCP_OPTIONS.experiment.kind && size >= 2 && getU16(data, 0) === FAST_OPEN_EXPERIMENT) {
    options.fastOpen = { cookie: data.subarray(2), experimental: true };
  } else options.other = [...(options.other ?? []), { kind, data }];
}

function readBlocks(data: Uint8Array): { left: Seq; right: Seq }[] {
  const blocks: { left: Seq; right: Seq }[] = [];
  for (let i = 0; i < data.length; i += 8) blocks.push({ left: seq(getU32(data, i)), right: seq(getU32(data, i + 4)) });
  return blocks;
}

/** How many bytes the options take in the header: a multiple of 4. More than {@link MAX_OPTIONS} cannot be sent. */
export function tcpOptionsLength(options: TcpOptions): number {
  if (options === NO_OPTIONS) return 0;
  let size = 0;
  if (options.md5) size += 20;
  if (options.mss !== undefined) size += 4;
  if (options.timestamps) size += 12;
  else if (options.sackPermitted) size += 4;
  if (options.windowScale !== undefined) size += 4;
  if (options.sack && options.sack.length > 0) size += 4 + options.sack.length * 8;
  if (options.fastOpen) size += words((options.fastOpen.experimental ? 4 : 2) + options.fastOpen.cookie.length);
  if (options.other) size += words(options.other.reduce((sum, { data }) => sum + 2 + data.length, 0));
  return size;
}

const words = (size: number): number => (size + 3) & ~3;

const NOP = TCP_OPTIONS.nop.kind;

/** Writes the options at `at`, in {@link tcpOptionsLength} bytes. */
export function writeTcpOptions(out: Uint8Array, at: number, options: TcpOptions): void {
  if (options === NO_OPTIONS) return;
  const { md5, mss, timestamps, sackPermitted, windowScale, sack, fastOpen, other } = options;
  let p = at;
  if (md5) {
    must(md5.length === 16, 'an MD5 digest of 16 bytes');
    p = put4(out, p, NOP, NOP, TCP_OPTIONS.md5.kind, TCP_OPTIONS.md5.length);
    out.set(md5, p);
    p += 16;
  }
  if (mss !== undefined) p = put4(out, p, TCP_OPTIONS.mss.kind, TCP_OPTIONS.mss.length, mss >>> 8, mss);
  // SACK-permitted takes the place of the two NOPs that would align the timestamps
  if (timestamps && sackPermitted) p = put2(out, p, TCP_OPTIONS.sackPermitted.kind, TCP_OPTIONS.sackPermitted.length);
  else if (timestamps) p = put2(out, p, NOP, NOP);
  else if (sackPermitted) {
    p = put4(out, p, NOP, NOP, TCP_OPTIONS.sackPermitted.kind, TCP_OPTIONS.sackPermitted.length);
  }
  if (timestamps) {
    p = put2(out, p, TCP_OPTIONS.timestamps.kind, TCP_OPTIONS.timestamps.length);
    putU32(out, p, timestamps.val);
    putU32(out, p + 4, timestamps.ecr);
    p += 8;
  }
  if (windowScale !== undefined) {
    p = put4(out, p, NOP, TCP_OPTIONS.windowScale.kind, TCP_OPTIONS.windowScale.length, windowScale);
  }
  if (sack && sack.length > 0) {
    p = put4(out, p, NOP, NOP, TCP_OPTIONS.sack.kind, 2 + sack.length * 8);
    for (const { left, right } of sack) {
      putU32(out, p, seqNumber(left));
      putU32(out, p + 4, seqNumber(right));
      p += 8;
    }
  }
  if (fastOpen) p = putFastOpen(out, p, fastOpen.cookie, fastOpen.experimental);
  if (!other) return;
  for (const { kind, data } of other) {
    p = put2(out, p, kind, 2 + data.length);
    out.set(data, p);
    p += data.length;
  }
  pad(out, p, at);
}

function put2(out: Uint8Array, at: number, a: number, b: number): number {
  out[at] = a;
  out[at + 1] = b;
  return at + 2;
}

const put4 = (out: Uint8Array, at: number, a: number, b: number, c: number, d: number): number =>
  put2(out, put2(out, at, a, b), c, d);

function putFastOpen(out: Uint8Array, at: number, cookie: Uint8Array, experimental: boolean): number {
  let p = at;
  if (experimental) {
    p = put2(out, p, TCP_OPTIONS.experiment.kind, 4 + cookie.length);
    p = put2(out, p, FAST_OPEN_EXPERIMENT >>> 8, FAST_OPEN_EXPERIMENT);
  } else p = put2(out, p, TCP_OPTIONS.fastOpen.kind, 2 + cookie.length);
  out.set(cookie, p);
  return pad(out, p + cookie.length, at);
}

/** Fills up with NOPs to a whole number of words from `start`. */
function pad(out: Uint8Array, at: number, start: number): number {
  let p = at;
  while ((p - start) % 4 !== 0) out[p++] = NOP;
  return p;
}
