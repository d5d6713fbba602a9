/**
 * A packet taken apart into its fields, for hexdumps and drawings.
 *
 * Any bytes can be taken apart: the spans name every bit that is there, in order, without gaps or overlaps, whether or
 * not a parser would take the packet. Values are as on the wire; what they mean for a connection is not known here.
 */

import { addressAt } from './address.ts';
import { type Field, readField } from './fields.ts';
import { IPV4_FIELDS, IPV4_HEADER, PROTOCOL } from './ipv4.ts';
import { EXTENSION_HEADERS, IPV6_FIELDS, IPV6_HEADER } from './ipv6.ts';
import { optionText, tcpOption } from './print.ts';
import { TCP_FIELDS, TCP_HEADER } from './tcp.ts';
import { optionLength, TCP_OPTIONS } from './tcp-options.ts';

/** Some adjacent bits of a packet that mean one thing. */
export interface Span {
  layer: 'IPv4' | 'IPv6' | 'TCP' | 'data';
  name: string;
  /** Offset of the first bit from the start of the packet. */
  bit: number;
  bits: number;
  /** A field of a header: `text` is its value and does not repeat the name. */
  field: boolean;
  /** For a field of a header that is no address. */
  value?: number;
  /** The value as people write it: `64`, `0x1c46`, `10.0.0.1`, `2001:db8::1`, `mss 1460`, `5 bytes`. */
  text: string;
  about: string;
}

/** The spans of an IP packet; bytes that begin with neither version are taken for IPv4. */
export function dissect(bytes: Uint8Array): Span[] {
  const spans: Span[] = [];
  const six = (bytes[0] as number) >> 4 === 6;
  const upper = six ? ipv6(spans, bytes) : ipv4(spans, bytes);
  if (upper.protocol !== PROTOCOL.tcp) return withRest(spans, bytes, upper);

  const tcp = upper.at;
  let at = header(spans, bytes, tcp, 'TCP', TCP_FIELDS);
  if (at < tcp + TCP_HEADER) return withCut(spans, bytes, at, 'TCP');
  const dataAt = Math.min(tcp + ((bytes[tcp + 12] as number) >> 4) * 4, bytes.length);
  while (at < dataAt) at = option(spans, bytes, at, dataAt);
  return withRest(spans, bytes, { ...upper, at });
}

/** What stands after the IP headers: its protocol (undefined: not to be looked into), and where the packet ends. */
interface Upper {
  protocol: number | undefined;
  at: number;
  end: number;
}

function ipv4(spans: Span[], bytes: Uint8Array): Upper {
  const at = header(spans, bytes, 0, 'IPv4', IPV4_FIELDS);
  if (at < IPV4_HEADER) return cut(spans, bytes, at, 'IPv4');
  const wordCount = (bytes[0] as number) & 15;
  const ipEnd = Math.min(Math.max(wordCount * 4, IPV4_HEADER), bytes.length);
  if (ipEnd > at) spans.push(piece('IPv4', 'options', at, ipEnd, 'IPv4 options (RFC 791 section 3.1)'));
  const fragment = readField(bytes, 0, IPV4_FIELDS[9]) as number;
  const end = readField(bytes, 0, IPV4_FIELDS[4]) as number;
  return { protocol: fragment === 0 ? bytes[9] : undefined, at: ipEnd, end };
}

function ipv6(spans: Span[], bytes: Uint8Array): Upper {
  let at = header(spans, bytes, 0, 'IPv6', IPV6_FIELDS);
  if (at < IPV6_HEADER) return cut(spans, bytes, at, 'IPv6');
  const end = IPV6_HEADER + (readField(bytes, 0, IPV6_FIELDS[4]) as number);
  const limit = Math.min(end, bytes.length);
  let protocol = bytes[6] as number;
  for (let name = EXTENSION_HEADERS.get(protocol); name; name = EXTENSION_HEADERS.get(protocol)) {
    const next = at + 8 + (bytes[at + 1] as number) * 8;
    if (at + 2 > limit || next > limit) return { protocol: undefined, at, end };
    spans.push(piece('IPv6', name, at, next, 'an IPv6 extension header (RFC 8200 section 4)'));
    protocol = bytes[at] as number;
    at = next;
  }
  return { protocol, at, end };
}

function cut(spans: Span[], bytes: Uint8Array, at: number, layer: Span['layer']): Upper {
  withCut(spans, bytes, at, layer);
  return { protocol: undefined, at: bytes.length, end: bytes.length };
}

/** Adds the fields whose bytes are all there; returns the first byte after them. */
function header(
  spans: Span[],
  bytes: Uint8Array,
  start: number,
  layer: Span['layer'],
  fields: readonly Field[],
): number {
  let end = start * 8;
  for (const field of fields) {
    const value = readField(bytes, start, field);
    if (value === undefined) break;
    const bit = start * 8 + field.bit;
    end = bit + field.bits;
    const { name, bits, about, form } = field;
    if (form === 'address') {
      const { text } = addressAt(bytes, bit / 8, bits === 32 ? 4 : 6);
      spans.push({ layer, name, bit, bits, field: true, text, about });
    } else spans.push({ layer, name, bit, bits, field: true, value, text: valueText(field, value), about });
  }
  // A byte that belongs in part to a field that is cut is left to the cut piece
  for (; end % 8 !== 0; end -= (spans.pop() as Span).bits);
  return end / 8;
}

const valueText = ({ form, bits }: Field, value: number): string =>
  form === 'hex' ? `0x${value.toString(16).padStart(bits / 4, '0')}` : String(value);

/** Adds the option at `at`; when it ends the options or is bad, all up to `to`. Returns the first byte after it. */
function option(spans: Span[], bytes: Uint8Array, at: number, to: number): number {
  const kind = bytes[at] as number;
  const length = optionLength(bytes, at, to);
  const known = tcpOption(kind);
  const last = length === 0 || kind === TCP_OPTIONS.eol.kind;
  const end = last ? to : at + length;
  spans.push({
    layer: 'TCP',
    name: known?.name ?? `option ${kind}`,
    bit: at * 8,
    bits: (end - at) * 8,
    field: false,
    text: optionText(bytes.subarray(at, at + length)),
    about: known ? `${known.about} (RFC ${known.rfc})` : 'an option of another kind',
  });
  return end;
}

function piece(layer: Span['layer'], name: string, from: number, to: number, about: string): Span {
  const size = to - from;
  return {
    layer,
    name,
    bit: from * 8,
    bits: size * 8,
    field: false,
    text: `${size} byte${size === 1 ? '' : 's'}`,
    about,
  };
}

function withCut(spans: Span[], bytes: Uint8Array, at: number, layer: Span['layer']): Span[] {
  if (bytes.length > at) spans.push(piece(layer, 'cut', at, bytes.length, 'a field whose end is missing'));
  return spans;
}

function withRest(spans: Span[], bytes: Uint8Array, { at, end: total }: Upper): Span[] {
  const end = Math.min(Math.max(total, at), bytes.length);
  if (end > at) spans.push(piece('data', 'payload', at, end, 'what the headers carry'));
  if (bytes.length > end) spans.push(piece('data', 'padding', end, bytes.length, 'bytes after the end of the packet'));
  return spans;
}
