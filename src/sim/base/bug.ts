/** A broken promise inside the simulator: never the learner's fault, never an errno. */
export class SimBug extends Error {
  override readonly name = 'SimBug';
}

/** Throws a {@link SimBug} unless the condition holds. */
export function must(condition: unknown, what: string): asserts condition {
  if (!condition) throw new SimBug(what);
}
