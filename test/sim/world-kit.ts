/** A world of two hosts, as most tests want it, and questions to its log. */
import { ms, s, type Time } from '../../src/sim/base/time.ts';
import type { LinkOptions } from '../../src/sim/net/link.ts';
import type { Hooks, Kernel, Limits, Outcome, Process, Topology } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { STATES } from '../../src/sim/tcp/states.ts';
import type { EventOf, Kind } from '../../src/sim/trace/schema.ts';
import { createSimulator, type WorldOptions } from '../../src/sim/world.ts';

export const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SOL_TCP } = CONSTANTS;

export interface KitOptions {
  seed?: number;
  link?: Partial<Topology['links'][number] & Pick<LinkOptions, 'offload'>>;
  hooks?: Partial<Hooks>;
  /** As WorldOptions has them. */
  world?: Pick<WorldOptions, 'initialSequence' | 'openFiles'>;
  /** What is special about the hosts: kernel, settings. */
  client?: Omit<Topology['hosts'][number], 'name' | 'address'>;
  server?: Omit<Topology['hosts'][number], 'name' | 'address'>;
}

export interface Kit {
  kernel: Kernel;
  client: Process;
  server: Process;
  run(body: () => Promise<unknown>, limits?: Partial<Limits>): Promise<Outcome>;
  /** Runs a body that must return, and gives its value. */
  value<T>(body: () => Promise<T>): Promise<T>;
  events<K extends Kind>(kind: K): EventOf<K>[];
  /** The states that the sockets of a host entered. */
  states(host: 'client' | 'server'): string[];
  milliseconds(): number;
}

export function kit({
  seed = 1,
  link = {},
  hooks = {},
  world = {},
  client: one = {},
  server: two = {},
}: KitOptions = {}): Kit {
  const kernel = createSimulator({
    ...world,
    seed,
    topology: {
      hosts: [
        { name: 'client', address: '10.0.0.1', ...one },
        { name: 'server', address: '10.0.0.2', ...two },
      ],
      links: [
        {
          between: ['client', 'server'],
          delay: ms(10),
          rate: Number.POSITIVE_INFINITY,
          queue: 1000,
          loss: 0,
          mtu: 1500,
          ...link,
        },
      ],
    },
    hooks: {
      position: () => undefined,
      drain: () => new Promise((resolve) => setImmediate(resolve)),
      interrupted: () => false,
      ...hooks,
    },
  });
  const client = kernel.processes.get('client') as Process;
  const server = kernel.processes.get('server') as Process;
  const run = (body: () => Promise<unknown>, limits: Partial<Limits> = {}) =>
    kernel.run('cell', body, { time: s(86_400), events: 1_000_000, ...limits });
  return {
    kernel,
    client,
    server,
    run,
    async value<T>(body: () => Promise<T>): Promise<T> {
      const outcome = await run(body);
      if (outcome.end === 'threw') throw outcome.error;
      if (outcome.end !== 'returned') throw new Error(`ended as ${JSON.stringify(outcome)}`);
      return outcome.value as T;
    },
    events: (kind) => [...kernel.log.of(kind)],
    states: (host) =>
      [...kernel.log.of('tcp.state')]
        .filter((e) => e.host === (host === 'client' ? 0 : 1))
        .map((e) => STATES[e.to] ?? '?'),
    milliseconds: () => kernel.now() / 1e6,
  };
}

/** A listener on `server` port 80, and a connected pair: the client's descriptor and the accepted one. */
export async function connected(k: Kit, port = 80): Promise<{ fd: number; child: number; listener: number }> {
  const listener = await k.server.socket(AF_INET, SOCK_STREAM);
  await k.server.bind(listener, { addr: '0.0.0.0', port });
  await k.server.listen(listener, 5);
  const fd = await k.client.socket(AF_INET, SOCK_STREAM);
  await k.client.connect(fd, { addr: k.server.ip, port });
  const child = await k.server.accept(listener);
  return { fd, child, listener };
}

/** The name of the errno that a call fails with; '' when it does not fail. */
export const failure = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return '';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

export const at = (t: Time): number => t / 1e6;
