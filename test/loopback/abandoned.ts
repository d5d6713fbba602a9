/** A worker that opens real sockets and never ends by itself: its thread is busy when it is terminated. */
import { parentPort } from 'node:worker_threads';
import { createLoopback } from '../../src/loopback/kernel.ts';
import { ms, s } from '../../src/sim/base/time.ts';
import type { Process } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';

const kernel = await createLoopback({
  topology: { hosts: [{ name: 'server', address: '10.0.0.1' }], links: [] },
  hooks: {
    position: () => undefined,
    drain: () => new Promise((resolve) => setImmediate(resolve)),
    interrupted: () => false,
  },
});
const server = kernel.processes.get('server') as Process;
await kernel.run(
  'cell',
  async () => {
    const listener = await server.socket(CONSTANTS.AF_INET, CONSTANTS.SOCK_STREAM);
    await server.listen(listener, 1);
    server.spawn('accepting', (me) => me.accept(listener));
    await kernel.pause(ms(30));
    const fd = await server.socket(CONSTANTS.AF_INET, CONSTANTS.SOCK_STREAM);
    await server.close(fd);
    parentPort?.postMessage((await server.getsockname(listener)).port);
    for (;;);
  },
  { time: s(60), events: 1000 },
);
