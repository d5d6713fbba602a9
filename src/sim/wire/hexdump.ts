/**
 * Bytes as text: plain, as `tcpdump -X` and `tcpdump -x` lay them out, and with the name of every field beside them.
 */

import { dissect, type Span } from './dissect.ts';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** `bytes[from, to)` in hex, two bytes to a group: `4500 003c 1c`. */
function groups(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += ((i - from) % 2 === 0 && i > from ? ' ' : '') + hex(bytes[i] as number, 2);
  return text;
}

/** `bytes[from, to)` as ASCII; a dot stands for what leaves no ink, the space included. */
function ascii(bytes: Uint8Array, from: number, to: number): string {
  return Array.from(bytes.subarray(from, to), (byte) =>
    byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  ).join('');
}

const offset = (at: number): string => `0x${hex(at, 4)}`;

/** Sixteen bytes to a line with their offset and their ASCII, as `tcpdump -X` prints them; lines joined by newlines. */
export function hexdump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const end = Math.min(at + 16, bytes.length);
    lines.push(`\t${offset(at)}:  ${groups(bytes, at, end).padEnd(39)}  ${ascii(bytes, at, end)}`);
  }
  return lines.join('\n');
}

/**
 * An IP packet with one line per field: offset, bytes, name and value, under a line per header. Fields that share a
 * byte share a line, of its one-bit flags only those that are set are named, and the data goes on as in {@link hexdump}.
 */
export function fieldDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  let layer: Span['layer'] | undefined;
  for (const line of byteAligned(dissect(bytes))) {
    const first = line[0] as Span;
    const last = line[line.length - 1] as Span;
    if (first.layer !== layer) lines.push((layer = first.layer));
    const from = first.bit / 8;
    const to = (last.bit + last.bits) / 8;
    for (let at = from; at < to; at += 16) {
      const end = Math.min(at + 16, to);
      const text = first.layer === 'data' ? ascii(bytes, at, end) : at === from ? lineText(line) : '';
      lines.push(`  ${offset(at)}:  ${groups(bytes, at, end).padEnd(39)}  ${text}`.trimEnd());
    }
  }
  return lines.join('\n');
}

/** The spans in runs that each begin and end at a byte's edge. */
function byteAligned(spans: readonly Span[]): Span[][] {
  const runs: Span[][] = [];
  for (const span of spans) {
    if (span.bit % 8 === 0 && !sharesByte(runs.at(-1))) runs.push([span]);
    else runs.at(-1)?.push(span);
  }
  return runs;
}

const sharesByte = (run: Span[] | undefined): boolean => {
  const last = run?.at(-1);
  return last !== undefined && (last.bit + last.bits) % 8 !== 0;
};

function lineText(line: readonly Span[]): string {
  const texts = line
    .filter(({ bits, value }) => bits > 1 || value !== 0)
    .map(({ name, field, text, bits }) => (!field ? text : bits === 1 ? name : `${name} ${text}`));
  return texts.join(', ') || 'no flags';
}
