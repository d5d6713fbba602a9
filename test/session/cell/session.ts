/** A scope with a small facade, for the tests of this folder. */
import assert from 'node:assert/strict';
import { CellScope, type Outcome } from '../../../src/session/cell/scope.ts';

export class TestSession {
  readonly logged: unknown[] = [];
  /** Questions whether to stop that are answered with no; then the answer is yes until someone changes it. */
  patience = 1_000_000;
  ticks = 0;
  readonly scope: CellScope;
  #runs = 0;

  constructor(globals: Record<string, unknown> = {}) {
    const here = () => {
      const place = this.scope.position();
      return place ? `${place.cell}:${place.line}:${place.column}` : 'nowhere';
    };
    this.scope = new CellScope({
      globals: {
        log: (...values: unknown[]) => void this.logged.push(...values),
        here,
        host: { name: 'client', here, self: this, read: async () => here() },
        ...globals,
      },
      now: () => 86_400_000,
      random: () => 0.25,
      interrupted: () => ++this.ticks > this.patience,
    });
  }

  /** Runs a cell; it is called `cell1`, `cell2`, ... in the order of the runs unless it has a name. */
  run(source: string, cell = `cell${++this.#runs}`): Promise<Outcome> {
    return this.scope.evaluate(source, cell);
  }

  /** Runs a cell that must succeed; its value. */
  async value(source: string, cell?: string): Promise<unknown> {
    const outcome = await this.run(source, cell);
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.error.stack);
    return outcome.value;
  }

  /** Runs a cell that must fail; name, message and frames as one text. */
  async failure(source: string, cell?: string): Promise<string> {
    const outcome = await this.run(source, cell);
    assert.ok(!outcome.ok, 'the cell should have failed');
    return outcome.error.stack;
  }
}
