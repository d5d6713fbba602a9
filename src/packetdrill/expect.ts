/**
 * Is what happened what the script expects? Compares packets, results and times field by field, so that a mismatch shows
 * all of both sides and not only the first difference.
 */
import type { Time } from '../sim/base/time.ts';
import type { Config } from './config.ts';
import type { Compared } from './outcome.ts';
import { ACE_BITS, flagBits, flagText, type WirePacket } from './packet.ts';
import type { IpInfo, TcpAction, TcpOption } from './script.ts';
import { optionsText, optionText, type SeenOption } from './tcp-options.ts';

const compared = (field: string, expected: string | number, actual: string | number): Compared => ({
  field,
  expected: String(expected),
  actual: String(actual),
  same: String(expected) === String(actual),
});

/** Fields that the script leaves open are not among the result. `actual` is in the script's numbers. */
export function comparePacket(expected: TcpAction, actual: WirePacket, config: Config): Compared[] {
  const { flags, seq, length, ack, window, urgent, ports, options } = expected;
  const range = (from: number, size: number) => `${from}:${(from + size) >>> 0}(${size})`;
  const out = [
    compareFlags(flags, actual.flags),
    compared('seq', range(seq, length), range(actual.seq, actual.length)),
  ];
  out.push(compared('ack', ack ?? 0, actual.ack));
  if (window !== undefined) out.push(compared('win', window, actual.window));
  out.push(compared('urg', urgent ?? 0, actual.urgent));
  if (ports) out.push(compared('ports', `${ports.src} > ${ports.dst}`, `${actual.srcPort} > ${actual.dstPort}`));
  if (options !== 'any') out.push(compareOptions(options, actual.options, config));
  out.push(...compareIp(expected.ip, actual));
  return out;
}

/** A digit stands for the three bits of the ACE field; without one each of them counts. */
function compareFlags(flags: string, actual: number): Compared {
  const ace = /[0-7]/.exec(flags)?.[0];
  if (ace === undefined) return compared('flags', flagText(flagBits(flags)), flagText(actual));
  const rest = (bits: number) => flagText(bits & ~ACE_BITS).replace('-', '');
  return compared('flags', `${rest(flagBits(flags))}${ace}`, `${rest(actual)}${(actual & ACE_BITS) >> 6}`);
}

/** Kinds, order and values must agree; of timestamps the value within the tolerance, if the script's clock is known. */
function compareOptions(expected: readonly TcpOption[], actual: readonly SeenOption[], config: Config): Compared {
  const same =
    expected.length === actual.length &&
    expected.every((option, i) => sameOption(option, actual[i] as SeenOption, config));
  return { field: 'options', expected: optionsText(expected) || 'none', actual: optionsText(actual) || 'none', same };
}

function sameOption(expected: TcpOption, actual: SeenOption, { timestampTick, tolerance }: Config): boolean {
  if (expected.kind === 'TS' && actual.kind === 'TS') {
    const ticks = Math.abs((actual.val - expected.val) | 0);
    return ticks * timestampTick <= tolerance;
  }
  return optionText(expected) === optionText(actual);
}

const hex = (value: number): string => `0x${value.toString(16)}`;

const ECN_NAMES = ['noecn', 'ect1', 'ect0', 'ce'];

function compareIp({ ecn, tos, ttl, flowLabel }: IpInfo, actual: WirePacket): Compared[] {
  const out: Compared[] = [];
  const mark = ECN_NAMES[actual.tos & 3] as string;
  if (ecn === 'ect01') {
    out.push({ field: 'ecn', expected: 'ect0 or ect1', actual: mark, same: mark.startsWith('ect') });
  } else if (ecn !== undefined) out.push(compared('ecn', ecn, mark));
  if (tos !== undefined) out.push(compared('tos', tos, actual.tos));
  if (ttl !== undefined) out.push(compared('ttl', ttl, actual.ttl));
  if (flowLabel !== undefined) out.push(compared('flow label', hex(flowLabel), hex(actual.flowLabel)));
  return out;
}

/** A time that the script expects, in the simulator's own. */
export interface Due {
  from: Time;
  to: Time;
  /** When the event before it happened: the tolerance grows with the distance. */
  since: Time;
}

const secondsText = (t: number): string => (t / 1e9).toFixed(6);

/** The earliest and latest time that passes for `due`. */
export function within(
  { from, to, since }: Due,
  { tolerance, tolerancePart }: Config,
): { first: number; last: number } {
  const slack = Math.max(tolerance, tolerancePart * (from - since));
  return { first: from - slack, last: to + slack };
}

export function compareTime(due: Due, actual: Time, config: Config): Compared {
  const { first, last } = within(due, config);
  return {
    field: 'time',
    expected: due.from === due.to ? secondsText(due.from) : `${secondsText(due.from)}~${secondsText(due.to)}`,
    actual: secondsText(actual),
    same: actual >= first && actual <= last,
  };
}
