/**
 * TCP options of a script, to and from bytes and text, in exactly the script's order and padding. The simulator's own
 * codec writes as Linux does; a script says byte for byte what the peer sends, and in which order Linux must answer.
 */
import { getU16, getU32, putU16, putU32 } from '../sim/wire/octets.ts';
import { FAST_OPEN_EXPERIMENT, optionLength, TCP_OPTIONS } from '../sim/wire/tcp-options.ts';
import type { TcpOption } from './script.ts';

/** AccECN, RFC 9768 section 3.2.3: which counter comes first decides the kind. */
const ACC_ECN_0 = 172;
const ACC_ECN_1 = 174;
const ORDER: Readonly<Record<number, readonly string[]>> = {
  [ACC_ECN_0]: ['e0b', 'ceb', 'e1b'],
  [ACC_ECN_1]: ['e1b', 'ceb', 'e0b'],
};

/** What may be read in a captured packet beside what a script can say. */
export type SeenOption = TcpOption | { kind: 'other'; number: number; hex: string };

/** The bytes of the options, without padding: a script writes its own NOPs. */
export function optionBytes(options: readonly TcpOption[]): Uint8Array {
  const out: number[] = [];
  for (const option of options) out.push(...oneOption(option));
  return Uint8Array.from(out);
}

function oneOption(option: TcpOption): readonly number[] {
  switch (option.kind) {
    case 'nop':
    case 'eol':
      return [TCP_OPTIONS[option.kind].kind];
    case 'sackOK':
      return sized(TCP_OPTIONS.sackPermitted.kind, []);
    case 'mss':
      return sized(TCP_OPTIONS.mss.kind, [option.value >>> 8, option.value & 0xff]);
    case 'wscale':
      return sized(TCP_OPTIONS.windowScale.kind, [option.value]);
    case 'sack':
      return sized(
        TCP_OPTIONS.sack.kind,
        option.blocks.flatMap(({ left, right }) => [...word(left), ...word(right)]),
      );
    case 'TS':
      return sized(TCP_OPTIONS.timestamps.kind, [...word(option.val), ...word(option.ecr)]);
    case 'FO':
      return sized(TCP_OPTIONS.fastOpen.kind, fromHex(option.hex));
    case 'FOEXP':
      return sized(TCP_OPTIONS.experiment.kind, [
        FAST_OPEN_EXPERIMENT >>> 8,
        FAST_OPEN_EXPERIMENT & 0xff,
        ...fromHex(option.hex),
      ]);
    case 'md5':
      return sized(TCP_OPTIONS.md5.kind, fromHex(option.hex));
    case 'ECN':
      return sized(
        option.counters[0]?.name === 'e1b' ? ACC_ECN_1 : ACC_ECN_0,
        option.counters.flatMap(({ value }) => word(value).slice(1)),
      );
  }
}

const sized = (kind: number, data: readonly number[]): number[] => [kind, 2 + data.length, ...data];

function word(value: number): number[] {
  const out = new Uint8Array(4);
  putU32(out, 0, value);
  return [...out];
}

const fromHex = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** The options in `bytes[from, to)`, in their order, NOPs too. */
export function readOptions(bytes: Uint8Array, from: number, to: number): SeenOption[] {
  const seen: SeenOption[] = [];
  for (let at = from; at < to; ) {
    const length = optionLength(bytes, at, to);
    if (length === 0) break;
    seen.push(readOption(bytes[at] as number, bytes.subarray(at + 2, at + length)));
    at += length;
  }
  return seen;
}

function readOption(kind: number, data: Uint8Array): SeenOption {
  const size = data.length;
  switch (kind) {
    case TCP_OPTIONS.eol.kind:
      return { kind: 'eol' };
    case TCP_OPTIONS.nop.kind:
      return { kind: 'nop' };
    case TCP_OPTIONS.mss.kind:
      if (size === 2) return { kind: 'mss', value: getU16(data, 0) };
      break;
    case TCP_OPTIONS.windowScale.kind:
      if (size === 1) return { kind: 'wscale', value: data[0] as number };
      break;
    case TCP_OPTIONS.sackPermitted.kind:
      if (size === 0) return { kind: 'sackOK' };
      break;
    case TCP_OPTIONS.sack.kind:
      if (size % 8 === 0) return { kind: 'sack', blocks: readBlocks(data) };
      break;
    case TCP_OPTIONS.timestamps.kind:
      if (size === 8) return { kind: 'TS', val: getU32(data, 0), ecr: getU32(data, 4) };
      break;
    case TCP_OPTIONS.md5.kind:
      return { kind: 'md5', hex: toHex(data) };
    case TCP_OPTIONS.fastOpen.kind:
      return { kind: 'FO', hex: toHex(data) };
    case TCP_OPTIONS.experiment.kind:
      if (size >= 2 && getU16(data, 0) === FAST_OPEN_EXPERIMENT) return { kind: 'FOEXP', hex: toHex(data.subarray(2)) };
      break;
    case ACC_ECN_0:
    case ACC_ECN_1:
      if (size % 3 === 0) return { kind: 'ECN', counters: readCounters(ORDER[kind] as readonly string[], data) };
      break;
  }
  return { kind: 'other', number: kind, hex: toHex(data) };
}

function readBlocks(data: Uint8Array): { left: number; right: number }[] {
  const blocks: { left: number; right: number }[] = [];
  for (let i = 0; i < data.length; i += 8) blocks.push({ left: getU32(data, i), right: getU32(data, i + 4) });
  return blocks;
}

const readCounters = (names: readonly string[], data: Uint8Array): { name: string; value: number }[] =>
  names.slice(0, data.length / 3).map((name, i) => ({
    name,
    value: ((data[3 * i] as number) << 16) | getU16(data, 3 * i + 1),
  }));

/** An option as a script writes it. */
export function optionText(option: SeenOption): string {
  switch (option.kind) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return option.kind;
    case 'mss':
    case 'wscale':
      return `${option.kind} ${option.value}`;
    case 'sack':
      return `sack ${option.blocks.map(({ left, right }) => `${left}:${right}`).join(' ')}`;
    case 'TS':
      return `TS val ${option.val} ecr ${option.ecr}`;
    case 'ECN':
      return `ECN ${option.counters.map(({ name, value }) => `${name} ${value}`).join(' ')}`;
    case 'other':
      return `kind ${option.number} ${option.hex}`.trimEnd();
    default:
      return `${option.kind} ${option.hex}`.trimEnd();
  }
}

/** Writes `<options>` around them; '' for none. */
export const optionsText = (options: readonly SeenOption[]): string =>
  options.length === 0 ? '' : `<${options.map(optionText).join(',')}>`;

/** Puts raw options after the fixed header of 20 bytes in `out`, padded with zeros. */
export function putOptions(out: Uint8Array, options: Uint8Array): void {
  out.set(options, 20);
  putU16(out, 12, ((20 + options.length) << 10) | (getU16(out, 12) & 0x1ff));
}
