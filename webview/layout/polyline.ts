/** Lines with corners: rounding them, and drawing two side by side. Pure. */

type Corner = readonly [x: number, y: number];

/** An SVG path along the points, its corners rounded by at most `radius`. */
export function rounded(points: readonly Corner[], radius: number): string {
  const parts = points.map(([x, y], i) => {
    const before = points[i - 1];
    const after = points[i + 1];
    if (!before) return `M${x} ${y}`;
    if (!after) return `L${x} ${y}`;
    const cut = (to: Corner): string => {
      const length = Math.hypot(to[0] - x, to[1] - y) || 1;
      const r = Math.min(radius, length / 2);
      return `${x + ((to[0] - x) * r) / length} ${y + ((to[1] - y) * r) / length}`;
    };
    return `L${cut(before)}Q${x} ${y} ${cut(after)}`;
  });
  return parts.join('');
}

/** The line moved sideways by `by`, to the right of its direction. */
export function shifted(points: readonly Corner[], by: number): Corner[] {
  if (by === 0) return [...points];
  const normal = (a: Corner, b: Corner): Corner => {
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    return [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
  };
  return points.map((point, i): Corner => {
    const before = points[i - 1];
    const after = points[i + 1];
    const p = before ? normal(before, point) : normal(point, after ?? point);
    const q = after ? normal(point, after) : p;
    // At a corner, along the bisector: far enough that both legs keep their distance.
    const share = Math.max(0.2, 1 + p[0] * q[0] + p[1] * q[1]);
    return [point[0] + (by * (p[0] + q[0])) / share, point[1] + (by * (p[1] + q[1])) / share];
  });
}
