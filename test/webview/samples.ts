/**
 * Recorded runs for the tests of the drawings, made by the simulator: a whole life of a connection, a loss repaired by
 * the retransmission timer, a full receive buffer, a refused connection, and a log with nothing in it.
 */
import { ms, s, type Time } from '../../src/sim/base/time.ts';
import type { Kernel, Process, Topology } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { encode } from '../../src/sim/trace/codec.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { Log as EmptyLog } from '../../src/sim/trace/log.ts';
import { Keeper } from '../../src/sim/trace/slice.ts';
import { createSimulator } from '../../src/sim/world.ts';
import { encodePayload, type PayloadHeader } from '../../src/views/payload.ts';

const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVBUF, SO_SNDBUF } = CONSTANTS;

type Link = Partial<Topology['links'][number]>;
type Cell = (client: Process, server: Process, kept: Record<string, number>) => Promise<unknown>;

export interface Sample {
  header: PayloadHeader;
  log: Log;
  payload: Uint8Array;
}

const VIEWS = ['sequence', 'states', 'buffers'];

/** Runs the cells one after another and records the last one. */
async function record(title: string, link: Link, cells: readonly Cell[], seed = 4, views = VIEWS): Promise<Sample> {
  const kernel: Kernel = createSimulator({
    seed,
    topology: {
      hosts: [
        { name: 'client', address: '10.0.0.1' },
        { name: 'server', address: '10.0.0.2' },
      ],
      links: [{ between: ['client', 'server'], delay: ms(10), rate: 1e8, queue: 100, loss: 0, mtu: 1500, ...link }],
    },
    hooks: {
      position: () => ({ cell: 'sample', line: 1, column: 1 }),
      drain: () => new Promise((resolve) => setImmediate(resolve)),
      interrupted: () => false,
    },
  });
  const [client, server] = [...kernel.processes.values()] as [Process, Process];
  const kept: Record<string, number> = {};
  const keeper = new Keeper(kernel.log);
  let log = kernel.log;
  for (const [i, cell] of cells.entries()) {
    const from = kernel.log.length;
    const outcome = await kernel.run(
      i === cells.length - 1 ? 'sample' : `before-${i}`,
      () => cell(client, server, kept),
      { time: s(600), events: 500_000 },
    );
    if (outcome.end === 'threw') throw outcome.error;
    log = keeper.window(from);
  }
  await kernel.dispose();
  const header: PayloadHeader = { views, cell: 'sample', title, kernel: 'simulator', absent: [] };
  return { header, log, payload: encodePayload(header, encode(log)) };
}

const address = (server: Process) => ({ addr: server.ip, port: 8080 });

const open: Cell = async (client, server, kept) => {
  const door = await server.socket(AF_INET, SOCK_STREAM);
  await server.bind(door, address(server));
  await server.listen(door, 5);
  kept.talk = await client.socket(AF_INET, SOCK_STREAM);
  await client.connect(kept.talk, address(server));
  kept.child = await server.accept(door);
};

/** Connect, ask, answer, close from both sides, TIME-WAIT to its end. */
export const wholeLife = (): Promise<Sample> =>
  record('The whole life of a connection', {}, [
    async (client, server, kept) => {
      await open(client, server, kept);
      const { talk, child } = kept as { talk: number; child: number };
      await client.write(talk, 'GET / HTTP/1.1\r\n\r\n');
      const buf = new Uint8Array(64);
      await server.read(child, buf);
      await server.write(child, 'HTTP/1.1 200 OK\r\n\r\nhello');
      await client.read(talk, buf);
      await client.sleep(ms(30));
      await client.close(talk);
      await server.read(child, buf);
      await server.close(child);
      await client.sleep(s(61));
    },
  ]);

/** Only the close, of a connection that an earlier cell opened. */
export const laterClose = (): Promise<Sample> =>
  record('Closing is done twice', {}, [
    open,
    async (client, server, { talk, child }) => {
      await client.close(talk as number);
      await server.read(child as number, new Uint8Array(10));
      await server.sleep(s(1));
      await server.close(child as number);
      await server.sleep(ms(25));
    },
  ]);

/** A bulk transfer over a narrow link with a short queue: drops, holes, retransmissions. */
export const losses = (): Promise<Sample> =>
  record('A queue that overflows', { rate: 5e6, queue: 4 }, [
    open,
    async (client, server, { talk, child }) => {
      const data = 'abcdefghij'.repeat(2400);
      const writer = client.spawn('writer', (me) => me.write(talk as number, data));
      let left = data.length;
      const buf = new Uint8Array(4096);
      while (left > 0) left -= await server.read(child as number, buf);
      await writer.join();
      await server.sleep(ms(50));
    },
  ]);

/** A reader that sleeps while its small buffer fills: the window closes and opens again. */
export const fullBuffer = (): Promise<Sample> =>
  record('A reader that sleeps', {}, [
    async (client, server, kept) => {
      const door = await server.socket(AF_INET, SOCK_STREAM);
      await server.setsockopt(door, SOL_SOCKET, SO_RCVBUF, 4096);
      await server.bind(door, address(server));
      await server.listen(door, 5);
      kept.talk = await client.socket(AF_INET, SOCK_STREAM);
      await client.setsockopt(kept.talk, SOL_SOCKET, SO_SNDBUF, 8192);
      await client.connect(kept.talk, address(server));
      kept.child = await server.accept(door);
    },
    async (client, server, { talk, child }) => {
      const data = 'x'.repeat(20_000);
      const writer = client.spawn('writer', (me) => me.write(talk as number, data));
      await server.sleep(s(1));
      let left = data.length;
      const buf = new Uint8Array(2000);
      while (left > 0) left -= await server.read(child as number, buf);
      await writer.join();
      await server.sleep(ms(50));
    },
  ]);

/** Two writes of a few bytes, small enough that each byte can be seen. */
export const fewBytes = (): Promise<Sample> =>
  record(
    'A stream has no messages',
    {},
    [
      open,
      async (client, server, { talk, child }) => {
        for (let i = 0; i < 5; i++) await client.write(talk as number, `msg${i}`);
        await client.sleep(ms(60));
        await server.read(child as number, new Uint8Array(4096));
        await client.write(talk as number, 'HELLO');
        const small = new Uint8Array(3);
        for (let left = 5; left > 0; ) left -= await server.read(child as number, small);
        await client.sleep(ms(50));
      },
    ],
    4,
    ['sequence', 'buffers', 'strace', 'tcpdump', 'ss'],
  );

/** Nobody listens. */
export const refused = (): Promise<Sample> =>
  record('Nobody is listening', {}, [
    async (client, server) => {
      const fd = await client.socket(AF_INET, SOCK_STREAM);
      await client.connect(fd, address(server)).catch(() => undefined);
      await client.close(fd);
    },
  ]);

/** What the real kernel can tell: calls and nothing else, and one view that this version does not know. */
export function barely(): Sample {
  const log = new EmptyLog();
  log.add('host.up', { host: 0 }, { name: 'client', address: '127.0.0.1', address6: '', kernel: '6.18' });
  log.add('cell.begin', {}, { cell: 'bare', index: 0 });
  log.now = 5000 as Time;
  log.add('cell.end', {}, { cell: 'bare', ok: 1 });
  const header: PayloadHeader = {
    views: ['sequence', 'states', 'buffers', 'strace', 'hologram'],
    cell: 'bare',
    kernel: 'loopback',
    absent: [{ view: 'buffers', reason: 'The real kernel does not tell what its buffers hold.' }],
  };
  return { header, log, payload: encodePayload(header, encode(log)) };
}

export const SAMPLES: Record<string, () => Promise<Sample> | Sample> = {
  wholeLife,
  laterClose,
  losses,
  fullBuffer,
  fewBytes,
  refused,
  barely,
};
