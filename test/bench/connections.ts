/**
 * Many connections: what one costs while it is idle, how many can be opened and closed in a second, and whether the cost
 * of an event grows with how many there are. The log is off. A client host opens no more than connect() finds ports for at
once: it tries the even ones first, 14,116 by default, and then looks at all of them each time.
 */
import type { Process } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { type BenchWorld, benchWorld, timed } from './world.ts';

const { AF_INET, SOCK_STREAM } = CONSTANTS;
const PORT = 80;
const PER_CLIENT = 14_000;
/** What the client and the server hold of each connection. */
interface Pair {
  client: Process;
  fd: number;
  child: number;
}

const worldOf = (connections: number): BenchWorld =>
  benchWorld({ clients: Math.ceil(connections / PER_CLIENT), log: false });

async function listen(server: Process): Promise<number> {
  const listener = await server.socket(AF_INET, SOCK_STREAM);
  await server.bind(listener, { addr: '0.0.0.0', port: PORT });
  await server.listen(listener, 128);
  return listener;
}

async function connect(client: Process, server: Process, listener: number): Promise<Pair> {
  const fd = await client.socket(AF_INET, SOCK_STREAM);
  await client.connect(fd, { addr: server.ip, port: PORT });
  return { client, fd, child: await server.accept(listener) };
}

async function establish({ clients, server, run }: BenchWorld, connections: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  await run(async () => {
    const listener = await listen(server);
    for (let i = 0; i < connections; i++)
      pairs.push(await connect(clients[Math.floor(i / PER_CLIENT)] as Process, server, listener));
  });
  return pairs;
}

/** Bytes of the whole process, after all that nobody holds is gone. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage(); // array buffers are part of what is external
  return heapUsed + external;
}

/** Bytes of an established connection, both ends, and how fast they come. */
export async function idle(connections: number): Promise<Record<string, number>> {
  if (!globalThis.gc) throw new Error('memory is measured with --expose-gc');
  const world = worldOf(connections);
  const before = memory();
  let pairs: Pair[] = [];
  const wall = await timed(async () => {
    pairs = await establish(world, connections);
  });
  const bytes = (memory() - before) / pairs.length;
  return { connections, 'bytes each': bytes, 'connections/s': connections / wall };
}

/** Connections opened, accepted and closed at both ends, one after the other, per wall second. */
export async function handshakes(count: number): Promise<Record<string, number>> {
  const world = worldOf(count);
  const { clients, server, run } = world;
  const wall = await timed(() =>
    run(async () => {
      const listener = await listen(server);
      for (let i = 0; i < count; i++) {
        const { client, fd, child } = await connect(clients[Math.floor(i / PER_CLIENT)] as Process, server, listener);
        await client.close(fd);
        await server.close(child);
      }
    }),
  );
  return { 'handshakes/s': count / wall, 'events each': world.kernel.log.next / count };
}

const REQUEST = new Uint8Array(100);
const RESPONSE = new Uint8Array(1000);

/** Requests and answers, each on the next of `connections` connections: wall nanoseconds per event. */
export async function curve(connections: number, exchanges: number): Promise<Record<string, number>> {
  const world = worldOf(connections);
  const pairs = await establish(world, connections);
  const { kernel, server, run } = world;
  const buf = new Uint8Array(2000);
  const rounds = (count: number) =>
    run(async () => {
      for (let i = 0; i < count; i++) {
        const { client, fd, child } = pairs[(i * 7919) % pairs.length] as Pair;
        await client.write(fd, REQUEST);
        await server.read(child, buf);
        await server.write(child, RESPONSE);
        await client.read(fd, buf);
      }
    });
  await rounds(exchanges / 5);
  globalThis.gc?.();
  const from = kernel.log.next;
  const wall = await timed(() => rounds(exchanges));
  const events = kernel.log.next - from;
  return { connections, 'ns/event': (wall * 1e9) / events, 'exchanges/s': exchanges / wall };
}
