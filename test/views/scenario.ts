/** Real runs of the simulator for the tests of the views: two hosts, 10 ms apart, and what their programs do. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { ms, s } from '../../src/sim/base/time.ts';
import type { Process, Topology } from '../../src/sim/syscall/kernel.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { createSimulator } from '../../src/sim/world.ts';

export interface Programs {
  client: Process;
  server: Process;
}

export type Cell = (programs: Programs) => Promise<unknown>;

export const LINK: Topology['links'][number] = {
  between: ['client', 'server'],
  delay: ms(10),
  rate: 1e9,
  queue: 100,
  loss: 0,
  mtu: 1500,
};

/** Runs the cells one after the other; each must return. */
export async function run(cells: readonly Cell[], link: Partial<typeof LINK> = {}, seed = 1): Promise<Log> {
  let line = 0;
  const kernel = createSimulator({
    seed,
    topology: {
      hosts: [
        { name: 'client', address: '10.0.0.1' },
        { name: 'server', address: '10.0.0.2' },
      ],
      links: [{ ...LINK, ...link }],
    },
    hooks: {
      position: () => ({ cell: 'cell', line: ++line, column: 1 }),
      drain: () => setImmediate(),
      interrupted: () => false,
    },
  });
  const client = kernel.processes.get('client') as Process;
  const server = kernel.processes.get('server') as Process;
  for (const [k, cell] of cells.entries()) {
    const outcome = await kernel.run(`cell ${k + 1}`, () => cell({ client, server }), {
      time: s(600),
      events: 100_000,
    });
    assert.equal(outcome.end, 'returned', JSON.stringify(outcome));
  }
  return kernel.log;
}

/** A server that answers each connection once with what it read. */
export const listening: Cell = async ({ server }) => {
  const fd = await server.socket(2, 1);
  await server.bind(fd, { addr: '0.0.0.0', port: 8080 });
  await server.listen(fd, 5);
  server.spawn('echo', async (me) => {
    for (;;) {
      const peer = { addr: '', port: 0 };
      const connection = await me.accept(fd, peer);
      const buf = new Uint8Array(100);
      for (let n: number; (n = await me.read(connection, buf)) > 0; ) await me.write(connection, buf.slice(0, n));
      await me.close(connection);
    }
  });
};

/** Connects, says hello, reads the answer, closes. */
export const conversation: Cell = async ({ client }) => {
  const fd = await client.socket(2, 1);
  await client.connect(fd, { addr: '10.0.0.2', port: 8080 });
  await client.write(fd, 'hello\n');
  await client.read(fd, new Uint8Array(100));
  await client.close(fd);
  await client.sleep(s(61));
};
