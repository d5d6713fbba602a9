/**
 * The buffers as text: a bar for each, not to scale where a stretch would vanish, and the exact numbers under it.
 */
import { LETTER } from './states.ts';
import type { BuffersModel, EndBuffers, ReceiveBuffer, Segment, SendBuffer, UserBuffer } from './view.ts';

const BAR = 60;
/** One sign for each meaning. */
const FILL: Record<Segment['kind'], string> = {
  acknowledged: '·',
  lost: '✕',
  'in flight': '▒',
  unsent: '█',
  read: '·',
  unread: '█',
  hole: '?',
  'out of order': '▒',
  free: ' ',
};

const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

export function buffersText({ connections }: BuffersModel): string {
  if (connections.length === 0) return 'no connection has buffers yet';
  return connections
    .map(({ connection, ends, wire }) => {
      const lines = [connection.label, ...ends.flatMap(endLines)];
      for (const side of [0, 1] as const) {
        const mine = wire.filter((segment) => segment.side === side);
        const bytes = mine.reduce((sum, { from, to }) => sum + to - from, 0);
        const ranges = mine.slice(0, 3).map(({ from, to }) => `${from}:${to}`);
        if (mine.length > ranges.length) ranges.push(`${mine.length - ranges.length} more`);
        if (mine.length > 0)
          lines.push(`  on the wire from ${LETTER[side]}: ${ranges.join(', ')} (${count(bytes)} bytes)`);
      }
      return lines.join('\n');
    })
    .join('\n\n');
}

function endLines({ end, state, writing, send, receive, reading }: EndBuffers): string[] {
  return [
    `  ${LETTER[end.side]} ${end.name}  ${state}${send || receive ? '' : ', no buffers'}`,
    ...(writing ? [user(writing, 'copied to the kernel')] : []),
    ...(send ? sendLines(send) : []),
    ...(receive ? receiveLines(receive) : []),
    ...(reading ? [user(reading, 'copied from the kernel')] : []),
  ];
}

function user({ call, fd, size, copied, waits, preview }: UserBuffer, what: string): string {
  const bytes = preview === '' ? '' : ` "${preview}"`;
  return `    ${call}(${fd})${bytes}: ${count(copied)} of ${count(size)} bytes ${what}${waits && `, waits for ${waits}`}`;
}

function sendLines({ una, nxt, end, window, cwnd, fin, segments }: SendBuffer): string[] {
  const numbers = `SND.UNA ${una}  SND.NXT ${nxt}  written to ${end}  peer's window ${count(window)}  cwnd ${cwnd}`;
  return [`    send     ${bar(segments)}  ${numbers}${fin === 'none' ? '' : `  FIN ${fin}`}`, ...legend(segments)];
}

function receiveLines({ read, nxt, window, fin, segments }: ReceiveBuffer): string[] {
  const numbers = `read to ${read}  RCV.NXT ${nxt}  advertised window ${count(window)}`;
  return [`    receive  ${bar(segments)}  ${numbers}${fin ? '  FIN received' : ''}`, ...legend(segments)];
}

function legend(segments: readonly Segment[]): string[] {
  if (segments.length === 0) return [];
  const words = segments.map(({ kind, from, to, length, preview }) => {
    if (kind === 'free') return `free ${count(length)}`;
    return `${kind} ${from}:${to} (${count(length)})${preview === '' ? '' : ` "${short(preview)}"`}`;
  });
  return [`             ${words.join(' | ')}`];
}

const short = (text: string): string => ([...text].length > 24 ? `${[...text].slice(0, 23).join('')}…` : text);

/**
 * The bar: free space takes what the rest leaves, at least a third; the others share by length, one cell at least.
 */
function bar(segments: readonly Segment[]): string {
  const used = segments.filter(({ kind }) => kind !== 'free');
  const free = segments.length > used.length;
  const total = used.reduce((sum, { length }) => sum + length, 0);
  const whole = segments.reduce((sum, { length }) => sum + length, 0);
  const room = free
    ? Math.min(Math.ceil((2 * BAR) / 3), Math.max(used.length * 4, Math.round((BAR * total) / whole)))
    : BAR;
  let cells = '';
  for (const { kind, length } of used) {
    cells += FILL[kind].repeat(Math.max(1, Math.round((length / Math.max(1, total)) * room)));
  }
  return `[${[...cells].slice(0, BAR).join('').padEnd(BAR)}]`;
}
