/**
 * What a reader of a notebook waits for: a session that starts, and the round trip of a cell that has nothing to do, with
 * the worker as it ships.
 */
import { DEFAULT_TOPOLOGY } from '../../src/format/topology.ts';
import { SessionClient } from '../../src/session/client.ts';
import { sessionConfig } from '../../src/session/notebook.ts';
import { nodeWorker } from '../../src/session/worker-host-node.ts';
import { timed } from './world.ts';

const STARTS = 7;
const WARM = 50;
const CELLS = 200;

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

/** @param worker the bundle session-worker.cjs, as it ships */
export async function session(worker: string): Promise<Record<string, number>> {
  const config = sessionConfig({ seed: 1, topology: DEFAULT_TOPOLOGY }, 'simulator');
  const starts: number[] = [];
  const trips: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    let client: SessionClient | undefined;
    starts.push(
      await timed(async () => {
        client = await SessionClient.start(config, nodeWorker(worker));
      }),
    );
    await client?.dispose();
  }
  const client = await SessionClient.start(config, nodeWorker(worker));
  for (let i = 0; i < WARM + CELLS; i++) {
    const trip = await timed(() => client.run({ label: `c${i}`, language: 'typescript', source: '1 + 1', views: [] }));
    if (i >= WARM) trips.push(trip);
  }
  await client.dispose();
  return { 'start ms': median(starts) * 1e3, 'warm cell ms': median(trips) * 1e3 };
}
