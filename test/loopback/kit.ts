/** A world of two hosts on the real kernel, and the same program run on both kernels. */
import { readdirSync, readlinkSync } from 'node:fs';
import { createLoopback } from '../../src/loopback/kernel.ts';
import { errnoName } from '../../src/sim/base/errno.ts';
import { ms, s } from '../../src/sim/base/time.ts';
import type { Hooks, Kernel, Limits, Outcome, Process, Topology } from '../../src/sim/syscall/kernel.ts';
import type { EventOf, Kind } from '../../src/sim/trace/schema.ts';
import { createSimulator } from '../../src/sim/world.ts';

export const TOPOLOGY: Topology = {
  hosts: [
    { name: 'client', address: '10.0.0.1' },
    { name: 'server', address: '10.0.0.2' },
  ],
  links: [
    {
      between: ['client', 'server'],
      delay: ms(1),
      rate: Number.POSITIVE_INFINITY,
      queue: 1000,
      loss: 0,
      mtu: 1500,
    },
  ],
};

const HOOKS: Hooks = {
  position: () => undefined,
  drain: () => new Promise((resolve) => setImmediate(resolve)),
  interrupted: () => false,
};

/** A kernel, and short ways to use it. */
export interface Kit {
  kernel: Kernel;
  client: Process;
  server: Process;
  run(body: () => Promise<unknown>, limits?: Partial<Limits>): Promise<Outcome>;
  /** Runs a body that must return, and gives its value. */
  value<T>(body: () => Promise<T>): Promise<T>;
  events<K extends Kind>(kind: K): EventOf<K>[];
  /** What each thread called, in its order: 'read(3) = 5', 'connect(3) = ECONNREFUSED'. */
  calls(): Record<string, string[]>;
}

function kit(kernel: Kernel): Kit {
  const run = (body: () => Promise<unknown>, limits: Partial<Limits> = {}) =>
    kernel.run('cell', body, { time: s(60), events: 1_000_000, ...limits });
  return {
    kernel,
    client: kernel.processes.get('client') as Process,
    server: kernel.processes.get('server') as Process,
    run,
    async value<T>(body: () => Promise<T>): Promise<T> {
      const outcome = await run(body);
      if (outcome.end === 'threw') throw outcome.error;
      if (outcome.end !== 'returned') throw new Error(`ended as ${JSON.stringify(outcome)}`);
      return outcome.value as T;
    },
    events: (kind) => [...kernel.log.of(kind)],
    calls() {
      const names = new Map([...kernel.log.of('task.start')].map(({ task, name }) => [task, name]));
      const entered = new Map([...kernel.log.of('call.enter')].map((event) => [event.n, event]));
      const lines: Record<string, string[]> = {};
      for (const { task, enter, call, result, errno } of kernel.log.of('call.exit')) {
        const fd = entered.get(enter)?.fd ?? -1;
        const thread = names.get(task) ?? '?';
        lines[thread] ??= [];
        lines[thread].push(`${call}(${fd < 0 ? '' : fd}) = ${errno === 0 ? result : errnoName(errno)}`);
      }
      return lines;
    },
  };
}

export const simulated = (topology = TOPOLOGY): Kit => kit(createSimulator({ seed: 1, topology, hooks: HOOKS }));

const open = new Set<Kernel>();

/** A world on the real kernel; {@link closeAll} closes it. */
export async function real(hooks: Partial<Hooks> = {}, silence = s(10)): Promise<Kit> {
  const kernel = await createLoopback({ topology: TOPOLOGY, hooks: { ...HOOKS, ...hooks }, silence });
  open.add(kernel);
  return kit(kernel);
}

export async function closeAll(): Promise<void> {
  for (const kernel of open) await kernel.dispose();
  open.clear();
}

/** How a program ended on one kernel, and what it called. */
export interface Story {
  value: unknown;
  calls: Record<string, string[]>;
}

/** Runs a program on the simulator and on the real kernel. */
export async function onBoth(program: (k: Kit) => Promise<unknown>): Promise<{ simulator: Story; loopback: Story }> {
  const told = async (k: Kit): Promise<Story> => ({ value: await k.value(() => program(k)), calls: k.calls() });
  return { simulator: await told(simulated()), loopback: await told(await real()) };
}

/** What the descriptors of this process stand for, sorted; the ones of the runtime itself among them. */
export const openFiles = (): string[] =>
  readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // the one that listed the folder
      }
    })
    .sort();

/** The errno that a call fails with, or what it gave. */
export const errno = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: { code?: string; message: string }) => error.code ?? error.message);
