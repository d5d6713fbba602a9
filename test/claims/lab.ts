/**
 * The laboratory of the claims: host A (client, 10.0.0.1) and host B (server, 10.0.0.2), one link, round trip 20 ms, MTU
 * 1500; virtual time that starts at 0; and the questions that the claims ask.
 */
import { type Packet, Recording } from '../../src/session/recording.ts';
import { World } from '../../src/session/world.ts';
import { ms, type Time } from '../../src/sim/base/time.ts';
import type { Kernel, Thread } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { parseTcpIp } from '../../src/sim/wire/packet.ts';
import type { Segment } from '../../src/sim/wire/tcp.ts';
import { ss } from '../../src/views/ss.ts';
import type { SsRow } from '../../src/views/view.ts';
import { type Kit, type KitOptions, kit } from '../sim/world-kit.ts';
import { Wire } from './wire.ts';

export const C = CONSTANTS;
export const BLACK_HOLE = '10.0.0.99';

/** What happened since it was begun; times count from there, in milliseconds. */
export class Part extends Recording {
  readonly #kernel: Kernel;
  readonly zero: Time;

  constructor(kernel: Kernel) {
    super(kernel.log, kernel.log.length);
    this.#kernel = kernel;
    this.zero = kernel.now();
  }

  /** Milliseconds from the beginning to `time`, or to now. */
  ms(time: Time | undefined = this.#kernel.now()): number {
    return (time - this.zero) / 1e6;
  }

  /** The segments with payload that a host sent. */
  data(from: 'client' | 'server'): Packet[] {
    return this.packets({ from }).filter(({ length }) => length > 0);
  }

  /** When they were sent. */
  times(packets: readonly Packet[]): number[] {
    return packets.map(({ sent }) => this.ms(sent));
  }
}

export interface Lab extends Kit {
  A: Kit['client'];
  B: Kit['server'];
  world: World;
  wire: Wire;
  pause(milliseconds: number): Promise<void>;
  /** Lets time pass up to an instant of virtual time. */
  until(milliseconds: number): Promise<void>;
  /** A record of what happens from now on. */
  begin(): Part;
  /** What ss lists on a host now. */
  rows(host: 'client' | 'server', state?: string): SsRow[];
}

export interface LabOptions extends KitOptions {
  /** Round trip, in milliseconds. */
  rtt?: number;
}

/** Runs a program in a fresh laboratory; fails when it does not return. */
export function experiment<T>(
  body: (lab: Lab) => Promise<T>,
  { rtt = 20, link, ...options }: LabOptions = {},
): Promise<T> {
  const k = kit({ ...options, link: { delay: ms(rtt / 2), ...link } });
  const { log } = k.kernel;
  const lab: Lab = {
    ...k,
    A: k.client,
    B: k.server,
    world: new World(k.kernel),
    wire: new Wire(log),
    pause: (time) => k.kernel.pause(ms(time)),
    until: (time) => k.kernel.pause(ms(time - k.milliseconds())),
    begin: () => new Part(k.kernel),
    rows: (host, state) =>
      ss
        .model(log, log.length, { from: 0, host: host === 'client' ? 0 : 1 })
        .rows.filter((row) => state === undefined || row.state === state),
  };
  return k.value(() => body(lab));
}

export const socket = (on: Thread, flags = 0): Promise<number> => on.socket(C.AF_INET, C.SOCK_STREAM | flags);

/** A listener on B. `receive`: SO_RCVBUF. */
export async function listener(
  { B }: Lab,
  { port = 80, backlog = 5, receive = 0 }: { port?: number; backlog?: number; receive?: number } = {},
): Promise<number> {
  const fd = await socket(B);
  if (receive > 0) await B.setsockopt(fd, C.SOL_SOCKET, C.SO_RCVBUF, receive);
  await B.bind(fd, { addr: C.INADDR_ANY, port });
  await B.listen(fd, backlog);
  return fd;
}

/** A connects to B. */
export async function dial({ A, B }: Lab, port = 80): Promise<number> {
  const fd = await socket(A);
  await A.connect(fd, { addr: B.ip, port });
  return fd;
}

/** A connected pair: A's descriptor, the one that B accepted, B's listener. */
export async function connection(
  lab: Lab,
  options: { port?: number; receive?: number } = {},
): Promise<{ fd: number; child: number; listening: number }> {
  const listening = await listener(lab, options);
  const fd = await dial(lab, options.port);
  return { fd, child: await lab.B.accept(listening), listening };
}

/** A conversation: A asks, B answers; from here on both ends hope that data will carry their ACKs. */
export async function converse(lab: Lab, { fd, child }: { fd: number; child: number }): Promise<void> {
  await lab.A.write(fd, '?');
  await read(lab.B, child);
  await lab.B.write(child, '!');
  await read(lab.A, fd);
  await lab.pause(100);
}

/** A connection in conversation whose congestion window has grown far beyond 20 segments. */
export async function warm(lab: Lab): Promise<{ fd: number; child: number }> {
  const pair = await connection(lab);
  await Promise.all([lab.A.write(pair.fd, pattern(60_000)), readAll(lab.B, pair.child, 60_000)]);
  await lab.pause(200);
  await converse(lab, pair);
  return pair;
}

/** What one read() gives, as text. */
export async function read(on: Thread, fd: number, size = 65_536): Promise<string> {
  const buffer = new Uint8Array(size);
  const length = await on.read(fd, buffer);
  return text(buffer.subarray(0, length));
}

/** Reads until `size` bytes have come or the stream has ended; gives what came. */
export async function readAll(on: Thread, fd: number, size: number): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  let have = 0;
  while (have < size) {
    const length = await on.read(fd, whole.subarray(have));
    if (length === 0) break;
    have += length;
  }
  return whole.subarray(0, have);
}

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Bytes that tell where they stand. */
export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** The segments that were sent, as they are on the wire. */
export function onWire({ world }: Lab): Segment[] {
  return world.log.of('packet.sent').flatMap(({ bytes }) => {
    const parsed = parseTcpIp(bytes);
    return isMalformed(parsed) ? [] : [parsed.segment];
  });
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
