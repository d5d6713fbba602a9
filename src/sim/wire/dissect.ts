/**
 * A packet taken apart into its fields, for hexdumps and drawings.
 *
 * Any bytes can be taken apart: the spans name every bit that is there, in order, without gaps or overlaps, whether or
 * not a parser would take the packet. Values are as on the wire; what they mean for a connection is not known here.
 */

import { type Field, readField } from './fields.ts';
import { IPV4_FIELDS, IPV4_HEADER, ip4Text, PROTOCOL } from './ipv4.ts';
import { optionText, tcpOption } from './print.ts';
import { TCP_FIELDS, TCP_HEADER } from './tcp.ts';
import { optionLength, TCP_OPTIONS } from './tcp-options.ts';

/** Some adjacent bits of a packet that mean one thing. */
export interface Span {
  layer: 'IPv4' | 'TCP' | 'data';
  name: string;
  /** Offset of the first bit from the start of the packet. */
  bit: number;
  bits: number;
  /** For a field of a header. */
  value?: number;
  /** The value as people write it: `64`, `0x1c46`, `10.0.0.1`, `mss 1460`, `5 bytes`. */
  text: string;
  about: string;
}

/** The spans of an IPv4 packet. */
export function dissect(bytes: Uint8Array): Span[] {
  const spans: Span[] = [];
  let at = header(spans, bytes, 0, 'IPv4', IPV4_FIELDS);
  if (at < IPV4_HEADER) return withCut(spans, bytes, at, 'IPv4');
  const wordCount = (bytes[0] as number) & 15;
  const ipEnd = Math.min(Math.max(wordCount * 4, IPV4_HEADER), bytes.length);
  if (ipEnd > at) spans.push(piece('IPv4', 'options', at, ipEnd, 'IPv4 options (RFC 791 section 3.1)'));
  at = ipEnd;
  const fragment = readField(bytes, 0, IPV4_FIELDS[9]) as number;
  if (bytes[9] !== PROTOCOL.tcp || fragment !== 0) return withRest(spans, bytes, at);

  const tcp = at;
  at = header(spans, bytes, tcp, 'TCP', TCP_FIELDS);
  if (at < tcp + TCP_HEADER) return withCut(spans, bytes, at, 'TCP');
  const dataAt = Math.min(tcp + ((bytes[tcp + 12] as number) >> 4) * 4, bytes.length);
  while (at < dataAt) at = option(spans, bytes, at, dataAt);
  return withRest(spans, bytes, at);
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
    end = start * 8 + field.bit + field.bits;
    spans.push({
      layer,
      name: field.name,
      bit: start * 8 + field.bit,
      bits: field.bits,
      value,
      text: valueText(field, value),
      about: field.about,
    });
  }
  // A byte that belongs in part to a field that is cut is left to the cut piece
  for (; end % 8 !== 0; end -= (spans.pop() as Span).bits);
  return end / 8;
}

function valueText(field: Field, value: number): string {
  if (field.form === 'hex') return `0x${value.toString(16).padStart(field.bits / 4, '0')}`;
  return field.form === 'address' ? ip4Text(value) : String(value);
}

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
    text: optionText(bytes.subarray(at, at + length)),
    about: known ? `${known.about} (RFC ${known.rfc})` : 'an option of another kind',
  });
  return end;
}

function piece(layer: Span['layer'], name: string, from: number, to: number, about: string): Span {
  const size = to - from;
  return { layer, name, bit: from * 8, bits: size * 8, text: `${size} byte${size === 1 ? '' : 's'}`, about };
}

function withCut(spans: Span[], bytes: Uint8Array, at: number, layer: Span['layer']): Span[] {
  if (bytes.length > at) spans.push(piece(layer, 'cut', at, bytes.length, 'a field whose end is missing'));
  return spans;
}

function withRest(spans: Span[], bytes: Uint8Array, at: number): Span[] {
  const total = readField(bytes, 0, IPV4_FIELDS[4]) as number;
  const end = Math.min(Math.max(total, at), bytes.length);
  if (end > at) spans.push(piece('data', 'payload', at, end, 'what the headers carry'));
  if (bytes.length > end) spans.push(piece('data', 'padding', end, bytes.length, 'bytes after the total length'));
  return spans;
}
