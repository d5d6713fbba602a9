/**
 * Slanted boxes and lines in the plane: do they touch? Pure geometry, for placing labels.
 */

export interface Point {
  x: number;
  y: number;
}

export interface Line {
  a: Point;
  b: Point;
}

/** A rectangle turned by `angle` (radians, clockwise as y grows downwards) about its middle. */
export interface Box {
  middle: Point;
  width: number;
  height: number;
  angle: number;
}

/** The corners, in order around it. */
export function corners({ middle, width, height, angle }: Box): [Point, Point, Point, Point] {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  const corner = (dx: number, dy: number): Point => ({
    x: middle.x + (dx * width * c) / 2 - (dy * height * s) / 2,
    y: middle.y + (dx * width * s) / 2 + (dy * height * c) / 2,
  });
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}

/** Whether a direction keeps all of `a` apart from all of `b` (they may share a border). */
function separates(axis: Point, a: readonly Point[], b: readonly Point[]): boolean {
  const along = (p: Point) => p.x * axis.x + p.y * axis.y;
  const of = (points: readonly Point[]): [number, number] => {
    const all = points.map(along);
    return [Math.min(...all), Math.max(...all)];
  };
  const [aLow, aHigh] = of(a);
  const [bLow, bHigh] = of(b);
  return aHigh <= bLow || bHigh <= aLow;
}

const axesOf = (box: Box): Point[] => [
  { x: Math.cos(box.angle), y: Math.sin(box.angle) },
  { x: -Math.sin(box.angle), y: Math.cos(box.angle) },
];

/** Whether two boxes share area. */
export function boxesTouch(a: Box, b: Box): boolean {
  // Most pairs are far apart: circles decide before corners are worked out.
  const reach = (Math.hypot(a.width, a.height) + Math.hypot(b.width, b.height)) / 2;
  if (Math.hypot(a.middle.x - b.middle.x, a.middle.y - b.middle.y) >= reach) return false;
  const pa = corners(a);
  const pb = corners(b);
  return ![...axesOf(a), ...axesOf(b)].some((axis) => separates(axis, pa, pb));
}

/** Whether a line runs through a box: both are turned so that the box lies straight, then the line is clipped. */
export function lineCrosses(box: Box, { a, b }: Line): boolean {
  const { middle, width, height, angle } = box;
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  const x = (a.x - middle.x) * c + (a.y - middle.y) * s;
  const y = (a.y - middle.y) * c - (a.x - middle.x) * s;
  const dx = (b.x - a.x) * c + (b.y - a.y) * s;
  const dy = (b.y - a.y) * c - (b.x - a.x) * s;
  let from = 0;
  let to = 1;
  for (const [start, way, half] of [
    [x, dx, width / 2],
    [y, dy, height / 2],
  ] as const) {
    if (way === 0) {
      if (Math.abs(start) >= half) return false;
      continue;
    }
    const enter = (-Math.sign(way) * half - start) / way;
    const leave = (Math.sign(way) * half - start) / way;
    from = Math.max(from, enter);
    to = Math.min(to, leave);
  }
  return from < to;
}
