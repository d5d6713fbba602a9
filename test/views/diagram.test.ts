import assert from 'node:assert/strict';
import { STATES, TRANSITIONS } from '../../src/sim/tcp/states.ts';
import { EDGE_OF_ROW, EDGES, HEIGHT, NODES, WIDTH } from '../../src/views/diagram.ts';
import type { StateEdge, StateNode } from '../../src/views/view.ts';

type Point = readonly [number, number];
const node = (state: string) => NODES.find((n) => n.state === state) as StateNode;
const inside = (n: StateNode, [x, y]: Point, margin = 0) =>
  Math.abs(x - n.x) < n.width / 2 + margin && Math.abs(y - n.y) < n.height / 2 + margin;
const onBorder = (n: StateNode, p: Point) => inside(n, p, 1e-6) && !inside(n, p, -1e-6);
const segments = (edge: StateEdge): [Point, Point][] =>
  edge.points.slice(1).map((p, i) => [edge.points[i] as Point, p]);

/** Whether two axis-parallel segments share a point. */
function meet([[ax, ay], [bx, by]]: [Point, Point], [[cx, cy], [dx, dy]]: [Point, Point]): boolean {
  const overlap = (a: number, b: number, c: number, d: number) =>
    Math.max(Math.min(a, b), Math.min(c, d)) <= Math.min(Math.max(a, b), Math.max(c, d));
  return overlap(ax, bx, cx, dx) && overlap(ay, by, cy, dy);
}

describe('the diagram of the states', () => {
  it('has each state once, inside the picture, none on another', () => {
    assert.deepEqual(NODES.map((n) => n.state).sort(), [...STATES].sort());
    for (const a of NODES) {
      assert.ok(a.x - a.width / 2 >= 0 && a.x + a.width / 2 <= WIDTH && a.y + a.height / 2 <= HEIGHT, a.state);
      for (const b of NODES) if (a !== b) assert.ok(!inside(a, [b.x, b.y], a.height / 2), `${a.state} on ${b.state}`);
    }
  });

  it('has each row of the transition table on exactly one edge, between its two states', () => {
    for (const [i, row] of TRANSITIONS.entries()) {
      const edges = EDGES.filter((edge) => edge.rows.includes(i));
      assert.equal(edges.length, 1, `${row.from} ${row.on}`);
      assert.equal(EDGES[EDGE_OF_ROW[i] as number], edges[0]);
      assert.deepEqual([edges[0]?.from, edges[0]?.to], [row.from, row.to]);
    }
  });

  it('draws every edge from border to border, along the axes, through no other state', () => {
    for (const edge of EDGES) {
      const name = `${edge.from} to ${edge.to}`;
      assert.ok(edge.rows.length > 0, name);
      assert.ok(onBorder(node(edge.from), edge.points[0] as Point), `${name} begins at ${edge.points[0]}`);
      assert.ok(onBorder(node(edge.to), edge.points.at(-1) as Point), `${name} ends at ${edge.points.at(-1)}`);
      for (const [[ax, ay], [bx, by]] of segments(edge)) {
        assert.ok(ax === bx || ay === by, name);
        for (let k = 1; k < 100; k++) {
          const p: Point = [ax + ((bx - ax) * k) / 100, ay + ((by - ay) * k) / 100];
          for (const n of NODES) assert.ok(!inside(n, p, -1e-6), `${name} passes through ${n.state}`);
        }
      }
    }
  });

  it('lets no two edges of a normal life cross or touch', () => {
    const usual = EDGES.filter((edge) => edge.usual);
    for (const [i, a] of usual.entries()) {
      for (const b of usual.slice(i + 1)) {
        const crossing = segments(a).some((s) => segments(b).some((t) => meet(s, t)));
        assert.ok(!crossing, `${a.from} to ${a.to} meets ${b.from} to ${b.to}`);
      }
    }
  });

  it('puts no label under a state or an edge of a normal life', () => {
    const CHAR = 0.155;
    const LINE = 0.32;
    for (const edge of EDGES.filter((e) => e.usual)) {
      const { on, send, x, y, anchor } = edge.label;
      const width = Math.max(on.length, send.length) * CHAR;
      const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
      const half = ((send === '' ? 1 : 2) * LINE) / 2;
      assert.ok(left >= 0 && left + width <= WIDTH, `label of ${edge.from} to ${edge.to} leaves the picture`);
      for (const n of NODES) {
        const apart =
          left > n.x + n.width / 2 || left + width < n.x - n.width / 2 || Math.abs(y - n.y) > n.height / 2 + half;
        assert.ok(apart, `label ${on} (${edge.from} to ${edge.to}) lies on ${n.state}`);
      }
      for (const other of EDGES.filter((e) => e.usual)) {
        for (const [[ax, ay], [bx, by]] of segments(other)) {
          const apart =
            Math.max(ax, bx) <= left ||
            Math.min(ax, bx) >= left + width ||
            Math.max(ay, by) <= y - half ||
            Math.min(ay, by) >= y + half;
          assert.ok(apart, `label ${on} (${edge.from} to ${edge.to}) lies on ${other.from} to ${other.to}`);
        }
      }
    }
  });
});
