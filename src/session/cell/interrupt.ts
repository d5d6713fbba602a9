/** Thrown inside a cell that should stop. The cell can't catch it for good: see `tick` and `caught` in scope.ts. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('The cell was stopped');
  }
}
