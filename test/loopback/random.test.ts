/**
 * Random programs of system calls, each run on both kernels step by step: whatever the calls give must be the same. Nothing
 * blocks, and between two steps there is time for everything to settle, so that only the calls' own rules can differ.
 */
import assert from 'node:assert/strict';
import { Rng } from '../../src/sim/base/rng.ts';
import { ms } from '../../src/sim/base/time.ts';
import type { EpollEvent, MsgHdr, Process } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../src/sim/syscall/signatures.ts';
import { closeAll, errno, type Kit, real, simulated, TOPOLOGY } from './kit.ts';

/** How many programs; more by RANDOM_PROGRAMS, from seed RANDOM_SEED on. */
const PROGRAMS = Number(process.env.RANDOM_PROGRAMS ?? 4);
const FIRST = Number(process.env.RANDOM_SEED ?? 1);
const STEPS = 25;
/** Segments of the real loopback device are larger than any write here. */
const LOOPBACK = { ...TOPOLOGY, links: TOPOLOGY.links.map((link) => ({ ...link, mtu: 65_536 })) };
/** Longer than an ACK is delayed. */
const SETTLED = ms(55);

/** One end of the connection, with what its process has opened. */
interface End {
  me: Process;
  fd: number;
  /** Watches `fd`: level-triggered, edge-triggered, one-shot. */
  level: number;
  edge: number;
  once: number;
  pipe: readonly [read: number, write: number];
  file: number;
  /** A socket that was never connected. */
  fresh: number;
}

const ALL = C.EPOLLIN | C.EPOLLOUT | C.EPOLLRDHUP | C.EPOLLPRI;

async function newEnd(me: Process, fd: number): Promise<End> {
  await me.fcntl(fd, C.F_SETFL, C.O_RDWR | C.O_NONBLOCK);
  const watch = async (mode: number) => {
    const epfd = await me.epoll_create1();
    await me.epoll_ctl(epfd, C.EPOLL_CTL_ADD, fd, { events: (ALL | mode) >>> 0, data: 1 });
    return epfd;
  };
  const [level, edge, once] = [await watch(0), await watch(C.EPOLLET), await watch(C.EPOLLONESHOT)];
  const pipe = await me.pipe2(C.O_NONBLOCK);
  const file = await me.open('/file', C.O_RDWR | C.O_CREAT);
  await me.write(file, new Uint8Array(2000).fill(7));
  const fresh = await me.socket(C.AF_INET, C.SOCK_STREAM | C.SOCK_NONBLOCK);
  return { me, fd, level, edge, once, pipe, file, fresh };
}

async function waitOn(me: Process, epfd: number) {
  const events: EpollEvent[] = [];
  return [await me.epoll_wait(epfd, events, 4, 0), events.map((event) => event.events.toString(16))];
}

async function look(me: Process, fd: number) {
  const list = [{ fd, events: ALL | C.POLLRDNORM | C.POLLWRNORM, revents: 0 }];
  return [await me.poll(list, 0), list[0]?.revents.toString(16)];
}

const FLAGS = [
  0,
  C.MSG_PEEK,
  C.MSG_TRUNC,
  C.MSG_WAITALL,
  C.MSG_PEEK | C.MSG_TRUNC,
  C.MSG_WAITALL | C.MSG_PEEK,
] as const;

/** What a step may be: `size` is a number of bytes, `pick` any small number. */
/* biome-ignore format: a table */
const STEP: Readonly<Record<string, (end: End, size: number, pick: number) => Promise<unknown>>> = {
  write:    ({ me, fd }, size) => me.write(fd, new Uint8Array(size)),
  again:    ({ me, fd }, size) => me.write(fd, new Uint8Array(size)),
  writev:   ({ me, fd }, size, pick) => me.writev(fd, [new Uint8Array(pick), new Uint8Array(0), new Uint8Array(size)]),
  urgent:   ({ me, fd }, size, pick) => me.send(fd, new Uint8Array(size % 5).fill(pick), C.MSG_OOB),
  read:     ({ me, fd }, size) => me.read(fd, new Uint8Array(size)),
  readv:    ({ me, fd }, size, pick) => me.readv(fd, [new Uint8Array(pick), new Uint8Array(size)]),
  recv:     ({ me, fd }, size, pick) => me.recv(fd, new Uint8Array(size), FLAGS[pick % FLAGS.length]),
  recvfrom: ({ me, fd }, size, pick) => me.recvfrom(fd, new Uint8Array(size), FLAGS[pick % FLAGS.length]),
  recvOob:  async ({ me, fd }, _, pick) => {
    const byte = new Uint8Array(1);
    return [await errno(me.recv(fd, byte, C.MSG_OOB | (pick % 2 ? C.MSG_PEEK : 0))), byte[0]];
  },
  recvmsg:  async ({ me, fd }, size, pick) => {
    await errno(me.setsockopt(fd, C.SOL_TCP, C.TCP_INQ, 1));
    const message: MsgHdr = { iov: [new Uint8Array(size >> 1), new Uint8Array(pick)] };
    return [await errno(me.recvmsg(fd, message, pick % 5 === 0 ? C.MSG_PEEK : 0)), message.control, message.flags];
  },
  poll:     ({ me, fd }) => look(me, fd),
  select:   async ({ me, fd }) => {
    const [read, write, except] = [new Set([fd]), new Set([fd]), new Set([fd])];
    return [await me.select(fd + 1, read, write, except, ms(0)), read.size, write.size, except.size];
  },
  level:    ({ me, level }) => waitOn(me, level),
  edge:     ({ me, edge }) => waitOn(me, edge),
  once:     ({ me, once }) => waitOn(me, once),
  rearm:    ({ me, once, fd }) => me.epoll_ctl(once, C.EPOLL_CTL_MOD, fd, { events: ALL | C.EPOLLONESHOT, data: 1 }),
  queued:   ({ me, fd }) => me.ioctl(fd, C.SIOCINQ),
  mark:     ({ me, fd }) => me.ioctl(fd, C.SIOCATMARK),
  lowat:    ({ me, fd }, _, pick) => me.setsockopt(fd, C.SOL_SOCKET, C.SO_RCVLOWAT, pick % 3 === 0 ? 1 : pick * 20),
  inline:   ({ me, fd }, _, pick) => me.setsockopt(fd, C.SOL_SOCKET, C.SO_OOBINLINE, pick % 2),
  error:    ({ me, fd }) => me.getsockopt(fd, C.SOL_SOCKET, C.SO_ERROR),
  named:    async ({ me, fd }) => (await me.getpeername(fd)).port > 0,
  shutdown: async ({ me, fd }, _, pick) => pick % 4 === 0 && (await errno(me.shutdown(fd, pick % 3))),
  close:    async ({ me, fd }, _, pick) => pick < 4 && (await errno(me.close(fd))),
  splice:   ({ me, fd, pipe }, size) => me.splice(fd, undefined, pipe[1], undefined, size, 0),
  unsplice: ({ me, fd, pipe }, size) => me.splice(pipe[0], undefined, fd, undefined, size, C.SPLICE_F_NONBLOCK),
  fill:     ({ me, pipe }, size) => me.write(pipe[1], new Uint8Array(size)),
  drain:    ({ me, pipe }, size) => me.read(pipe[0], new Uint8Array(size)),
  piped:    async ({ me, pipe }) => [await look(me, pipe[0]), await look(me, pipe[1])],
  sendfile: async ({ me, fd, file }, size, pick) => {
    const offset = { value: pick };
    return [await errno(me.sendfile(fd, file, offset, size)), offset.value];
  },
  freshIo:  async ({ me, fresh }, size) => [
    await errno(me.write(fresh, new Uint8Array(size))), await errno(me.read(fresh, new Uint8Array(size))), await look(me, fresh),
  ],
  freshEnd: ({ me, fresh }, _, pick) => me.shutdown(fresh, pick % 3),
};
const NAMES = Object.keys(STEP);

interface Chosen {
  side: number;
  name: string;
  size: number;
  pick: number;
}

function program(seed: number): Chosen[] {
  const rng = new Rng(seed, 'program');
  return Array.from({ length: STEPS }, () => ({
    side: rng.below(2),
    name: NAMES[rng.below(NAMES.length)] as string,
    size: rng.below(6) === 0 ? 0 : rng.below(3000),
    pick: rng.below(64),
  }));
}

/** Runs a program; what each step gave, in words. */
async function story(k: Kit, steps: readonly Chosen[]): Promise<string[]> {
  const listener = await k.server.socket(C.AF_INET, C.SOCK_STREAM);
  await k.server.bind(listener, { addr: '0.0.0.0', port: 0 });
  await k.server.listen(listener, 5);
  const { port } = await k.server.getsockname(listener);
  const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
  await k.client.connect(fd, { addr: k.server.ip, port });
  const ends = [await newEnd(k.client, fd), await newEnd(k.server, await k.server.accept(listener))];
  const told: string[] = [];
  for (const { side, name, size, pick } of steps) {
    const step = STEP[name] as (typeof STEP)[string];
    const result = await errno(step(ends[side] as End, size, pick));
    told.push(`${side ? 'server' : 'client'} ${name} ${size} ${pick}: ${JSON.stringify(result ?? 0)}`);
    await k.kernel.pause(SETTLED);
  }
  return told;
}

(process.platform === 'linux' ? describe : describe.skip)('random programs are the same on both kernels', () => {
  afterEach(closeAll);

  for (let seed = FIRST; seed < FIRST + PROGRAMS; seed++)
    it(`seed ${seed}`, async () => {
      const steps = program(seed);
      const [here, there] = [simulated(LOOPBACK), await real()];
      assert.deepEqual(await here.value(() => story(here, steps)), await there.value(() => story(there, steps)));
    });
});
