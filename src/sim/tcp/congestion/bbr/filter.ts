/**
 * The largest of what was measured lately, in constant space: the best, and the second and third best since it
 * (Kathleen Nichols' algorithm; Linux lib/win_minmax.c).
 */
export interface MaxFilter {
  t0: number;
  v0: number;
  t1: number;
  v1: number;
  t2: number;
  v2: number;
}

export const newMaxFilter = (): MaxFilter => ({ t0: 0, v0: 0, t1: 0, v1: 0, t2: 0, v2: 0 });

/** Takes a measurement at time `t`, not before any other. The largest of the last `window` is `v0` then. */
export function updateMax(m: MaxFilter, window: number, t: number, v: number): void {
  if (v >= m.v0 || t - m.t2 > window) {
    m.t0 = m.t1 = m.t2 = t;
    m.v0 = m.v1 = m.v2 = v;
    return;
  }
  if (v >= m.v1) {
    m.t1 = m.t2 = t;
    m.v1 = m.v2 = v;
  } else if (v >= m.v2) {
    m.t2 = t;
    m.v2 = v;
  }
  const age = t - m.t0;
  if (age > window) {
    shift(m, t, v);
    if (t - m.t0 > window) shift(m, t, v);
  } else if (m.t1 === m.t0 && age > window >> 2) {
    // a quarter has passed without a second best: take one from here on
    m.t1 = m.t2 = t;
    m.v1 = m.v2 = v;
  } else if (m.t2 === m.t1 && age > window >> 1) {
    m.t2 = t;
    m.v2 = v;
  }
}

function shift(m: MaxFilter, t: number, v: number): void {
  m.t0 = m.t1;
  m.v0 = m.v1;
  m.t1 = m.t2;
  m.v1 = m.v2;
  m.t2 = t;
  m.v2 = v;
}
