/**
 * What happens in a random world, as plain data: hosts and links, connections, and what the program at each end of each
 * connection does. fast-check makes plans and shrinks them; `play.ts` acts them out.
 *
 * A plan never asks for a deadlock: programs that would wait for each other for ever without TCP being at fault are bent
 * until one of them goes on (see `unlocked`). So a world that comes to a standstill shows a bug.
 */
import fc from 'fast-check';
import type { KernelVersion } from '../../src/sim/base/kernels.ts';
import { us } from '../../src/sim/base/time.ts';
import type { Topology } from '../../src/sim/syscall/kernel.ts';
import { MOST } from './pattern.ts';

/** Socket options that an end may set: `[level, name, value]`. */
/* biome-ignore format: a table */
export const OPTIONS = {
  noDelay:      ['SOL_TCP', 'TCP_NODELAY', 1],
  noQuickAck:   ['SOL_TCP', 'TCP_QUICKACK', 0],
  quickAck:     ['SOL_TCP', 'TCP_QUICKACK', 1],
  cork:         ['SOL_TCP', 'TCP_CORK', 1],
  notSentLowat: ['SOL_TCP', 'TCP_NOTSENT_LOWAT', 4096],
  clamp:        ['SOL_TCP', 'TCP_WINDOW_CLAMP', 5000],
  reno:         ['SOL_TCP', 'TCP_CONGESTION', 'reno'],
  cubic:        ['SOL_TCP', 'TCP_CONGESTION', 'cubic'],
  bbr:          ['SOL_TCP', 'TCP_CONGESTION', 'bbr'],
  keepAlive:    ['SOL_SOCKET', 'SO_KEEPALIVE', 1],
  keepIdle:     ['SOL_TCP', 'TCP_KEEPIDLE', 1000],
  lowat:        ['SOL_SOCKET', 'SO_RCVLOWAT', 3000],
  pacing:       ['SOL_SOCKET', 'SO_MAX_PACING_RATE', 2_000_000],
} as const;
export type OptionName = keyof typeof OPTIONS;

/** Settings of a host that change how TCP works. */
/* biome-ignore format: a table */
export const SYSCTLS = {
  noTimestamps:  ['net.ipv4.tcp_timestamps', 0],
  noSack:        ['net.ipv4.tcp_sack', 0],
  noScaling:     ['net.ipv4.tcp_window_scaling', 0],
  noDsack:       ['net.ipv4.tcp_dsack', 0],
  ecn:           ['net.ipv4.tcp_ecn', 1],
  noProbe:       ['net.ipv4.tcp_early_retrans', 0],
  noFrto:        ['net.ipv4.tcp_frto', 0],
  noGrowth:      ['net.ipv4.tcp_moderate_rcvbuf', 0],
  keepCwnd:      ['net.ipv4.tcp_slow_start_after_idle', 0],
  refuse:        ['net.ipv4.tcp_abort_on_overflow', 1],
  noCompression: ['net.ipv4.tcp_comp_sack_nr', 0],
  reno:          ['net.ipv4.tcp_congestion_control', 'reno'],
  shrink:        ['net.ipv4.tcp_shrink_window', 1],
} as const;
export type SysctlName = keyof typeof SYSCTLS;

export interface Write {
  bytes: number;
  /** Milliseconds before it. */
  pause: number;
  more: boolean;
}

/** The program at one end: a thread that writes, a thread that reads, and an end. */
export interface End {
  options: OptionName[];
  /** SO_SNDBUF and SO_RCVBUF; 0: not set. */
  sendBuffer: number;
  receiveBuffer: number;
  writes: Write[];
  /** Bytes per read. */
  size: number;
  /** Milliseconds before the first read, and between reads. */
  late: number;
  pause: number;
  flags: 'none' | 'peek' | 'all' | 'poll';
  /** How many bytes it reads, then no more; undefined: to the end of the stream. */
  stop: number | undefined;
  /** After its last write: nothing until reading is over too, or shutdown(SHUT_WR), or shutdown(SHUT_RDWR). Then close(). */
  finish: 'close' | 'shutdown' | 'shutdown both';
  /** SO_LINGER before close(): seconds; 0 resets the connection. */
  linger: number | undefined;
}

export interface Talk {
  /** From the port of the talk before it, once that is over: what is left of it may be in TIME-WAIT. */
  again: boolean;
  open: 'connect' | 'bound' | 'simultaneous';
  /** When it begins, in milliseconds. */
  at: number;
  /** Who connects, who accepts. */
  ends: [End, End];
}

/** A path between client and server, as `Topology` has it, in smaller units. */
export interface Path {
  /** Microseconds. */
  delay: number;
  /** Kilobits per second; 0: no limit. */
  rate: number;
  queue: number;
  loss: number;
  mtu: number;
  duplicate: number;
  corrupt: number;
  reorder: number;
  /** Microseconds. */
  jitter: number;
}

export interface Plan {
  /** The world's seed. */
  seed: number;
  /** Two hosts and a link; a server with several clients; one host that talks to itself. */
  shape: 'pair' | 'star' | 'loopback';
  family: 4 | 6;
  kernel: KernelVersion;
  /** What differs from the defaults of the clients, and of the server. */
  sysctls: [SysctlName[], SysctlName[]];
  path: Path;
  /** How far below 2^32 sequence numbers begin; undefined: anywhere. */
  wrap: number | undefined;
  backlog: number;
  /** Milliseconds between the server's accepts. */
  acceptPause: number;
  talks: Talk[];
}

const KILO = 1000;
/** All but a few values are small; the large ones come now and then. */
const often = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>, weight = 9): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: seldom });
const between = (min: number, max: number) => fc.integer({ min, max });

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds of doing nothing: mostly none, sometimes about a delayed ACK, a timeout, keepalive. */
const delay = often(fc.constant(0), fc.oneof(between(1, 50), between(150, 3000), fc.constantFrom(HOUR, 3 * HOUR)), 11);
/** Days without a word, too: about as long as timestamps take to wrap. */
const pause = often(delay, fc.constant(20 * DAY), 99);

const write: fc.Arbitrary<Write> = fc.record({
  bytes: fc.oneof(
    between(1, 100),
    between(1, 3000),
    between(1400, 1500),
    often(between(1, 20 * KILO), between(1, MOST)),
  ),
  pause,
  more: often(fc.constant(false), fc.constant(true)),
});

const buffer = often(fc.constant(0), fc.oneof(between(1, 6 * KILO), between(1, 100 * KILO)), 2);

const end: fc.Arbitrary<End> = fc.record({
  options: often<OptionName[]>(fc.constant([]), fc.subarray(Object.keys(OPTIONS) as OptionName[], { maxLength: 3 }), 1),
  sendBuffer: buffer,
  receiveBuffer: buffer,
  writes: fc.array(write, { maxLength: 6 }),
  size: often(fc.constantFrom(1460, 4096, 65_536), between(200, 3000), 3),
  late: delay,
  pause: often(fc.constant(0), between(1, 300)),
  flags: fc.constantFrom('none', 'none', 'none', 'peek', 'all', 'poll'),
  stop: often(fc.constant(undefined), fc.constantFrom(0, 1, 1000, 20 * KILO), 6),
  finish: fc.constantFrom('shutdown', 'close', 'shutdown', 'close', 'shutdown both'),
  linger: often(fc.constant(undefined), fc.constantFrom(0, 1, 10)),
});

const talk: fc.Arbitrary<Talk> = fc.record({
  again: fc.boolean(),
  open: fc.constantFrom('connect', 'bound', 'connect', 'bound', 'connect', 'simultaneous'),
  at: often(fc.constant(0), between(0, 500), 2),
  ends: fc.tuple(end, end),
});

/** A probability: mostly 0. */
const never = (...others: number[]) => often(fc.constant(0), fc.constantFrom(...others), 4);

const path: fc.Arbitrary<Path> = fc.record({
  delay: fc.oneof(fc.constantFrom(1, 50, 10_000), between(1, 300_000)),
  rate: fc.constantFrom(0, 0, 1_000_000, 10_000, 300),
  queue: fc.oneof(fc.constant(1000), between(2, 40)),
  loss: fc.constantFrom(0, 0, 0, 0.01, 0.05, 0.2),
  mtu: fc.oneof(fc.constant(1500), between(296, 9000)),
  duplicate: never(0.01, 0.2),
  corrupt: never(0.01, 0.1),
  reorder: never(0.02, 0.3),
  jitter: often(fc.constant(0), between(1, 50_000), 4),
});

const sysctls = often<SysctlName[]>(
  fc.constant([]),
  fc.subarray(Object.keys(SYSCTLS) as SysctlName[], { maxLength: 3 }),
  2,
);

/** A random world. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    seed: fc.nat(0xffff_ffff),
    shape: fc.constantFrom('pair', 'pair', 'pair', 'star', 'loopback'),
    family: fc.constantFrom(4, 4, 6),
    kernel: often(fc.constant<KernelVersion>('6.18'), fc.constantFrom<KernelVersion[]>('5.15', '6.1'), 4),
    sysctls: fc.tuple(sysctls, sysctls),
    path,
    wrap: often(fc.constant(undefined), fc.oneof(between(0, 3), between(0, 60 * KILO)), 1),
    backlog: often(fc.constant(10), between(0, 2)),
    acceptPause: often(fc.constant(0), between(1, 4000)),
    talks: fc.oneof(
      { weight: 4, arbitrary: fc.array(talk, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(talk, { minLength: 1, maxLength: 4 }) },
    ),
  })
  .map((plan) => ({ ...plan, talks: plan.talks.map((one, i) => possible(unlocked(one), i, plan)) }));

const total = ({ writes }: End): number => writes.reduce((sum, { bytes }) => sum + bytes, 0);
/** Reads until the other end says that nothing more comes. */
const readsOn = ({ stop, flags, size, options }: End, other: End): boolean => {
  if (stop === undefined) return true;
  const waits = flags === 'all' || options.includes('lowat'); // for more than the stream may have
  return stop + (waits ? size : 0) > total(other);
};

/** Bends programs that would wait for each other for ever: each for the other to close, or each for room to write. */
function unlocked(one: Talk): Talk {
  const [a, b] = one.ends;
  let { finish, stop } = b;
  if (a.stop !== undefined) stop = undefined;
  if (a.finish === 'close' && finish === 'close' && readsOn(a, b) && readsOn({ ...b, stop }, a)) finish = 'shutdown';
  return { ...one, ends: [a, { ...b, finish, stop }] };
}

/**
 * SYNs cross only when they take time: not inside one host. Nobody looks, with MSG_PEEK, for more than the buffer may ever
 * hold: on Linux too that waits for ever. A port is used again only when sequence numbers go on, as the kernel lets them.
 */
function possible(one: Talk, index: number, { shape, wrap, talks }: Pick<Plan, 'shape' | 'wrap' | 'talks'>): Talk {
  const again = one.again && wrap === undefined && index > 0 && talks[index - 1]?.open !== 'simultaneous';
  const bound =
    again ||
    (talks[index + 1]?.again && one.open === 'connect') ||
    (one.open === 'simultaneous' && shape === 'loopback');
  const patient = (end: End): End =>
    end.flags === 'peek' && end.options.includes('lowat') ? { ...end, flags: 'none' } : end;
  return { ...one, again, open: bound ? 'bound' : one.open, ends: [patient(one.ends[0]), patient(one.ends[1])] };
}

/** Whether an end may make the other see an error: it resets, closes while something is unread, or stops reading. */
export const abrupt = ({ stop, finish, linger }: End): boolean =>
  stop !== undefined || finish === 'shutdown both' || linger === 0;

/** Whether a host may take a window back that it has offered (net.ipv4.tcp_shrink_window). */
export const mayShrink = ({ sysctls }: Plan): boolean => sysctls.some((names) => names.includes('shrink'));

export const SERVER = 'server';
/** The talk whose port this one uses: itself, or the first of those that use it again. */
export const firstOf = ({ talks }: Plan, index: number): number => {
  let first = index;
  while (talks[first]?.again) first--;
  return first;
};

/** The name of the host that opens a connection. */
export const clientOf = (plan: Plan, index: number): string =>
  plan.shape === 'loopback' ? SERVER : plan.shape === 'star' ? `client${firstOf(plan, index)}` : 'client0';

/** RFC 8200 section 5. */
const LEAST_MTU = { 4: 68, 6: 1280 };

/** The hosts and links of a plan. */
export function topologyOf({ shape, family, kernel, sysctls, path, talks }: Plan): Topology {
  const clients = shape === 'loopback' ? 0 : shape === 'star' ? talks.length : 1;
  const { delay, rate, jitter, mtu, ...rest } = path;
  const link = {
    ...rest,
    delay: us(delay),
    jitter: us(jitter),
    mtu: Math.max(mtu, LEAST_MTU[family]),
    rate: rate === 0 ? Number.POSITIVE_INFINITY : rate * 1e3,
  };
  const host = (name: string, number: number, settings: SysctlName[]) => ({
    name,
    ...(family === 4 ? { address: `10.0.0.${number}` } : { address6: `fd00::${number}` }),
    kernel,
    sysctl: Object.fromEntries(
      settings
        .filter((one) => one !== 'shrink' || kernel === '6.18')
        .map((one) => SYSCTLS[one] as [string, string | number]),
    ),
  });
  return {
    hosts: [
      host(SERVER, 100, sysctls[1]),
      ...Array.from({ length: clients }, (_, i) => host(`client${i}`, i + 1, sysctls[0])),
    ],
    links: Array.from({ length: clients }, (_, i) => ({ between: [`client${i}`, SERVER] as const, ...link })),
  };
}
