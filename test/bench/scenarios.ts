/** Runs one scenario and prints what it measured as a line of JSON: a process of its own for each, so that none warms another. */
import { bulk, codec } from './bulk.ts';
import { curve, handshakes, idle } from './connections.ts';
import { session } from './session.ts';

const MB = 1_000_000;

/** By name: the work before the clock starts, for the compiler to see what is hot, and the work that is measured. */
const SCENARIOS: Record<string, (scale: number, extra: string) => Promise<Record<string, number>>> = {
  bulk: (scale) =>
    warm(
      () => bulk({ bytes: 20 * MB }),
      () => bulk({ bytes: 200 * MB * scale }),
    ),
  'bulk-loss': (scale) =>
    warm(
      () => bulk({ bytes: 20 * MB, loss: 0.001 }),
      () => bulk({ bytes: 200 * MB * scale, loss: 0.001 }),
    ),
  'bulk-flows': (scale) =>
    warm(
      () => bulk({ bytes: 20 * MB, flows: 100 }),
      () => bulk({ bytes: 200 * MB * scale, flows: 100 }),
    ),
  'bulk-no-log': (scale) =>
    warm(
      () => bulk({ bytes: 20 * MB, log: false }),
      () => bulk({ bytes: 200 * MB * scale, log: false }),
    ),
  codec: (scale) =>
    warm(
      () => codec({ bytes: 5 * MB }),
      () => codec({ bytes: 50 * MB * scale }),
    ),
  idle: (scale) =>
    warm(
      () => idle(1000),
      () => idle(100_000 * scale),
    ),
  handshakes: (scale) =>
    warm(
      () => handshakes(2000),
      () => handshakes(50_000 * scale),
    ),
  session: (_, worker) => session(worker),
  ...Object.fromEntries(
    [10, 100, 1000, 10_000, 100_000].map((connections) => [
      `curve-${connections}`,
      (scale: number) => curve(connections, Math.ceil(50_000 * scale)),
    ]),
  ),
};

async function warm<T>(before: () => Promise<unknown>, measured: () => Promise<T>): Promise<T> {
  await before();
  globalThis.gc?.();
  return measured();
}

const [name = '', scale = '1', extra = ''] = process.argv.slice(2);
const scenario = SCENARIOS[name];
if (!scenario) throw new Error(`no scenario ${name}: ${Object.keys(SCENARIOS).join(', ')}`);
console.log(JSON.stringify(await scenario(Number(scale), extra)));
