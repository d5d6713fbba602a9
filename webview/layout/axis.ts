/**
 * Bytes of a stream along a line.
 *
 * A lesson sends sixteen bytes through a buffer of sixty-five thousand: to one scale, the bytes would be invisible. Where
 * the stream is short beside the window, the stream gets most of the line and the rest of the window is folded behind a
 * break; else one scale serves both. Where the stream is long beside the window, the line shows a part of it that moves
 * with the connection in steps. Either way a byte has one place, the same for both ends. Pure.
 */

export interface Axis {
  /** First and last (exclusive) byte shown. */
  from: number;
  to: number;
  /** Where bytes end and the folded rest of the window begins; equal to `to` without a fold. */
  knee: number;
  /** The length of a byte before the knee. */
  perByte: number;
  /** The place of a stream position; places outside are drawn at the ends. */
  x(position: number): number;
}

/** What a stream ever reaches, over the whole run. */
export interface Extent {
  /** First and last (exclusive) byte that is ever in it. */
  from: number;
  end: number;
  /** The furthest right edge of a window or a buffer. */
  edge: number;
}

/** The share of the line that a short stream gets. */
const STREAM_SHARE = 0.66;
/** A stream of at least this share of the window needs no fold. */
const PLAIN_ABOVE = 0.3;
/** Longer than so many windows, and the line shows a moving part. */
const MOVING_ABOVE = 3;
const PARTS_PER_WINDOW = 2;

/**
 * @param now the first byte that the picture must show at this instant: of a long stream, the part around it is shown.
 * @param window bytes that are in play at once, for a long stream.
 */
export function byteAxis(extent: Extent, width: number, now: number, window: number): Axis {
  const { from, end } = extent;
  const edge = Math.max(extent.edge, end, from + 1);
  if (window > 0 && end - from > window * MOVING_ABOVE) {
    const step = Math.ceil(window / PARTS_PER_WINDOW);
    const start = from + Math.floor(Math.max(0, now - from) / step) * step;
    return linear(start, start + window + 2 * step, width);
  }
  if (end === from || end - from >= (edge - from) * PLAIN_ABOVE) return linear(from, edge, width);
  const perByte = (width * STREAM_SHARE) / (end - from);
  const kneeAt = width * STREAM_SHARE;
  const beyond = (width - kneeAt) / (edge - end);
  return {
    from,
    to: edge,
    knee: end,
    perByte,
    x(position) {
      const p = Math.min(Math.max(position, from), edge);
      return p <= end ? (p - from) * perByte : kneeAt + (p - end) * beyond;
    },
  };
}

function linear(from: number, to: number, width: number): Axis {
  const perByte = width / (to - from);
  return { from, to, knee: to, perByte, x: (position) => (Math.min(Math.max(position, from), to) - from) * perByte };
}
