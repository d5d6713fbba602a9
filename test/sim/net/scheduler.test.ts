import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SimBug } from '../../../src/sim/base/bug.ts';
import type { Time } from '../../../src/sim/base/time.ts';
import { Alarm, Scheduler } from '../../../src/sim/net/scheduler.ts';

class Bell extends Alarm {
  readonly name: number;
  readonly #rung: (name: number) => void;

  constructor(name: number, rung: (name: number) => void) {
    super();
    this.name = name;
    this.#rung = rung;
  }

  override ring(): void {
    this.#rung(this.name);
  }
}

/** What the scheduler promises, in the simplest way: a list, sorted by instant and by order of asking. */
class Reference {
  now = 0;
  order = 0;
  readonly set = new Map<number, { at: number; order: number }>();

  step(): number | undefined {
    const [first] = [...this.set].sort(([, a], [, b]) => a.at - b.at || a.order - b.order);
    if (!first) return undefined;
    this.set.delete(first[0]);
    this.now = first[1].at;
    return first[0];
  }
}

const BELLS = 6;
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), bell: fc.nat(BELLS - 1), wait: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), bell: fc.nat(BELLS - 1), wait: fc.constant(0) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const), bell: fc.constant(0), wait: fc.constant(0) }) },
);

describe('the scheduler', () => {
  it('rings alarms by instant, then in the order in which they were asked for, however often they are put off', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
        const scheduler = new Scheduler();
        const reference = new Reference();
        let rung: number | undefined;
        const bells = Array.from({ length: BELLS }, (_, i) => new Bell(i, (name) => (rung = name)));
        const step = () => {
          rung = undefined;
          const expected = reference.step();
          assert.equal(scheduler.step(), expected !== undefined);
          assert.equal(rung, expected);
          assert.equal(scheduler.now, reference.now);
        };
        for (const { do: what, bell, wait } of steps) {
          if (what === 'step') step();
          else if (what === 'cancel') {
            scheduler.cancel(bells[bell] as Bell);
            reference.set.delete(bell);
          } else {
            scheduler.set(bells[bell] as Bell, (scheduler.now + wait) as Time);
            reference.set.set(bell, { at: reference.now + wait, order: reference.order++ });
          }
          assert.equal(scheduler.pending, reference.set.size);
          const next = [...reference.set.values()].map(({ at }) => at);
          assert.equal(scheduler.peek(), next.length > 0 ? Math.min(...next) : undefined);
        }
        for (let i = 0; i <= BELLS; i++) step();
      }),
    );
  });

  it('takes a rank beforehand for an alarm that is set later', () => {
    const scheduler = new Scheduler();
    const rung: number[] = [];
    const early = scheduler.ticket();
    scheduler.at(5 as Time, () => rung.push(2));
    scheduler.set(new Bell(1, (name) => rung.push(name)), 5 as Time, early);
    while (scheduler.step());
    assert.deepEqual(rung, [1, 2]);
  });

  it('does not go back in time', () => {
    const scheduler = new Scheduler();
    scheduler.at(5 as Time, () => {});
    scheduler.step();
    assert.throws(() => scheduler.at(4 as Time, () => {}), SimBug);
  });
});
