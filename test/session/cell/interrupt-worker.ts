/** The other thread of interrupt.test.ts: a cell that blocks it until the shared word says stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { CellScope } from '../../../src/session/cell/scope.ts';

const flag = workerData as Int32Array;
const post = (message: string) => parentPort?.postMessage(message);
const scope = new CellScope({
  globals: { post },
  now: () => 0,
  random: () => 0,
  interrupted: () => Atomics.load(flag, 0) !== 0,
});
const stopped = await scope.evaluate('let n = 0; post("running"); while (true) n++', 'endless');
post(stopped.ok ? 'ended' : stopped.error.name);
Atomics.store(flag, 0, 0);
const after = await scope.evaluate('Number.isInteger(n)', 'after');
post(after.ok && after.value === true ? 'kept' : 'lost');
