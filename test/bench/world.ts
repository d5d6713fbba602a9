/** The worlds that are measured: two hosts and a path, or many clients of one server; and a few words for their programs. */
import { s, us } from '../../src/sim/base/time.ts';
import type { Kernel, Process, Topology } from '../../src/sim/syscall/kernel.ts';
import { createSimulator } from '../../src/sim/world.ts';

export interface WorldSetup {
  clients?: number;
  path?: Partial<Topology['links'][number]>;
  sysctl?: Record<string, number | string>;
  log?: boolean;
}

export interface BenchWorld {
  kernel: Kernel;
  server: Process;
  clients: Process[];
  /** Runs programs to their end. @throws what they throw, or that they do not end */
  run(body: () => Promise<unknown>): Promise<void>;
}

const LIMITS = { time: s(1_000_000), events: 1e9 };

export function benchWorld({ clients = 1, path = {}, sysctl = {}, log = true }: WorldSetup = {}): BenchWorld {
  const client = (i: number) => `client${i}`;
  const kernel = createSimulator({
    seed: 1,
    topology: {
      hosts: [
        { name: 'server', address: '10.0.0.200', sysctl },
        ...Array.from({ length: clients }, (_, i) => ({ name: client(i), address: `10.0.0.${i + 1}`, sysctl })),
      ],
      links: Array.from({ length: clients }, (_, i) => ({
        between: [client(i), 'server'] as const,
        delay: us(50),
        rate: Number.POSITIVE_INFINITY,
        queue: 1000,
        loss: 0,
        mtu: 1500,
        ...path,
      })),
    },
    hooks: {
      position: () => undefined,
      drain: () => new Promise((resolve) => setImmediate(resolve)),
      interrupted: () => false,
    },
    log,
    openFiles: 1e6,
  });
  const process = (name: string) => kernel.processes.get(name) as Process;
  return {
    kernel,
    server: process('server'),
    clients: Array.from({ length: clients }, (_, i) => process(client(i))),
    async run(body) {
      const outcome = await kernel.run('bench', body, LIMITS);
      if (outcome.end === 'threw') throw outcome.error;
      if (outcome.end !== 'returned') throw new Error(`the programs do not end: ${JSON.stringify(outcome)}`);
    },
  };
}

/** Wall seconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
