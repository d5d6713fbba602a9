/**
 * Bulk flows as in the peer program: 200 MB from one host to another over 1 Gbit/s, 5 ms and a queue of 1000 packets, in
 * segments of 1448 bytes with timestamps; buffers of 4 and 6 MB. Programs write and read 1 MiB at a time, so that TCP is
 * measured and not the number of system calls. Segments per second count the bytes read, as the peer counts them.
 */
import { Rng } from '../../src/sim/base/rng.ts';
import { ms } from '../../src/sim/base/time.ts';
import type { Process } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { decode, encode } from '../../src/sim/trace/codec.ts';
import { type BenchWorld, benchWorld, timed } from './world.ts';

const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_SNDBUF, SO_RCVBUF, SO_RCVLOWAT } = CONSTANTS;
const SEGMENT = 1448;
const SEND_BUFFER = 4 << 20;
const RECEIVE_BUFFER = 6 << 20;
const CHUNK = 1 << 20;
const PORT = 9000;

const rng = new Rng(1, 'bulk');
const SOURCE = Uint8Array.from({ length: CHUNK }, () => rng.below(256));

export interface BulkSetup {
  bytes: number;
  loss?: number;
  flows?: number;
  log?: boolean;
}

/** One flow: the server writes, the client reads to the end. @returns how many bytes were read */
async function flow({ clients: [client], server }: BenchWorld, port: number, bytes: number): Promise<number> {
  const source = SOURCE.slice();
  const target = new Uint8Array(CHUNK);
  let received = 0;
  const reader = server.spawn(`sink ${port}`, async (me) => {
    const listener = await me.socket(AF_INET, SOCK_STREAM);
    await me.setsockopt(listener, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
    await me.bind(listener, { addr: '0.0.0.0', port });
    await me.listen(listener, 1);
    const fd = await me.accept(listener);
    await me.setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, CHUNK / 2); // woken for that much, not for each segment
    for (;;) {
      const length = await me.recv(fd, target, 0);
      received += length;
      if (length === 0) break;
    }
    await me.close(fd);
  });
  const writer = (client as Process).spawn(`source ${port}`, async (me) => {
    const fd = await me.socket(AF_INET, SOCK_STREAM);
    await me.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    await me.connect(fd, { addr: server.ip, port });
    for (let left = bytes; left > 0; left -= CHUNK) {
      new DataView(source.buffer).setUint32(0, left); // no two writes are alike: the log must keep them all
      await me.write(fd, source.subarray(0, Math.min(left, CHUNK)));
    }
    await me.close(fd);
  });
  await Promise.all([writer.join(), reader.join()]);
  return received;
}

/** Plays the flows. @returns the world, how many bytes were read, and the seconds that it took */
async function play({ bytes, loss = 0, flows = 1, log = true }: BulkSetup) {
  const world = benchWorld({
    path: { delay: ms(5), rate: 1e9, queue: 1000, loss, mtu: 1500 },
    sysctl: { 'net.core.wmem_max': SEND_BUFFER, 'net.core.rmem_max': RECEIVE_BUFFER },
    log,
  });
  const each = Math.floor(bytes / flows);
  let received = 0;
  const began = process.cpuUsage();
  const wall = await timed(() =>
    world.run(async () => {
      const read = await Promise.all(Array.from({ length: flows }, (_, i) => flow(world, PORT + i, each)));
      received = read.reduce((sum, one) => sum + one, 0);
    }),
  );
  if (received !== each * flows) throw new Error(`${received} of ${each * flows} bytes were read`);
  const { user, system } = process.cpuUsage(began);
  return { world, received, wall, cpu: (user + system) / 1e6 };
}

/** Data segments and events per wall second, and the memory that the process has ever taken. */
export async function bulk(setup: BulkSetup): Promise<Record<string, number>> {
  const { world, received, wall, cpu } = await play(setup);
  const events = world.kernel.log.next;
  return {
    'data segments/s': received / SEGMENT / wall,
    'events/s': events / wall,
    'wall s': wall,
    'CPU s': cpu,
    'virtual s': world.kernel.now() / 1e9,
    events,
    'peak RSS MB': process.resourceUsage().maxRSS / 1000,
  };
}

/** The log of a bulk flow as bytes: how many per event beside the programs' own data, and how fast they are made. */
export async function codec(setup: BulkSetup): Promise<Record<string, number>> {
  const { world, received } = await play(setup);
  const { log } = world.kernel;
  let bytes: Uint8Array = new Uint8Array(0);
  const encoding = await timed(() => {
    bytes = encode(log);
  });
  const decoding = await timed(() => {
    const decoded = decode(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
  });
  return {
    'bytes/event': (bytes.length - received) / log.length,
    'encode MB/s': bytes.length / 1e6 / encoding,
    'decode MB/s': bytes.length / 1e6 / decoding,
    'encode events/s': log.length / encoding,
  };
}
