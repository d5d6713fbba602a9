/**
 * Acts a plan out: makes its world, runs its programs to their ends, lets the network fall silent, and tells what the
 * programs saw. It judges nothing; `judge.ts` does.
 */
import { ms, s, type Time } from '../../src/sim/base/time.ts';
import { type Outcome, type Process, SysError, type Thread } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { createSimulator } from '../../src/sim/world.ts';
import { matches, stretch } from './pattern.ts';
import { clientOf, type End, firstOf, OPTIONS, type Plan, SERVER, type Talk, topologyOf } from './plan.ts';

const {
  AF_INET,
  AF_INET6,
  SOCK_STREAM,
  SOL_SOCKET,
  SO_SNDBUF,
  SO_RCVBUF,
  SO_LINGER,
  SO_REUSEADDR,
  SHUT_WR,
  SHUT_RDWR,
} = CONSTANTS;
const { MSG_PEEK, MSG_WAITALL, MSG_MORE, MSG_DONTWAIT, POLLIN } = CONSTANTS;

/** Where the server listens; talk `i` has ports of its own when it needs them. */
const SERVICE = 80;
const CLIENT_PORT = 20_000;
const SERVER_PORT = 10_000;

/** What the program at one end saw. */
export interface Seen {
  /** Bytes that send() took. */
  sent: number;
  /** Bytes that recv() gave, all of them right. */
  received: number;
  /** recv() gave 0. */
  ended: boolean;
  /** Calls that failed: 'connect ETIMEDOUT'. */
  errors: string[];
  /** What was read and should not have been. */
  wrong: string;
}

export interface Played {
  plan: Plan;
  log: Log;
  /** By talk, then by end. */
  seen: [Seen, Seen][];
  names: Names;
  /** How the programs ended, and how the silence after them did: it must be 'stuck', with nothing left to happen. */
  programs: Outcome;
  /** What programs threw that is no error of a system call. */
  broken: unknown[];
  silence: Outcome;
  /** When the last thing happened. */
  end: Time;
}

/** The talks that used a name, '10.0.0.1:20000', each with the number of the event from which on. */
export type Names = Map<string, { since: number; talk: number }[]>;

/** More than any plan needs: a world that goes beyond never ends. */
const LIMITS = { time: s(86_400 * 1000), events: 400_000 };

/** Nothing is sent again for longer than this: net.ipv4.tcp_retries2 allows 924.6 s. */
const LONGEST_RETRY = s(2000);

const nothingSeen = (): Seen => ({ sent: 0, received: 0, ended: false, errors: [], wrong: '' });

export async function play(plan: Plan): Promise<Played> {
  const kernel = createSimulator({
    seed: plan.seed,
    topology: topologyOf(plan),
    hooks: {
      position: () => undefined,
      drain: () => new Promise((resolve) => setImmediate(resolve)),
      interrupted: () => false,
    },
    ...(plan.wrap === undefined ? {} : { initialSequence: 2 ** 32 - 1 - plan.wrap }),
  });
  const seen = plan.talks.map((): [Seen, Seen] => [nothingSeen(), nothingSeen()]);
  const stage: Stage = {
    plan,
    seen,
    names: new Map(),
    served: new Map(),
    broken: [],
    process: (host) => kernel.processes.get(host) as Process,
    next: () => kernel.log.next,
  };
  const programs = await kernel.run('programs', () => act(stage), LIMITS);
  if (programs.end !== 'returned') await kernel.run('rescue', () => shutAll(stage), LIMITS);
  const silence = await kernel.run('silence', () => new Promise(() => {}), LIMITS);
  return {
    plan,
    log: kernel.log,
    seen,
    names: stage.names,
    broken: stage.broken,
    programs,
    silence,
    end: kernel.now(),
  };
}

interface Stage {
  plan: Plan;
  seen: Played['seen'];
  names: Names;
  /** What the server does for each talk that it has accepted. */
  served: Map<number, Promise<void>>;
  broken: unknown[];
  process(host: string): Process;
  /** The number of the next event. */
  next(): number;
}

function register({ names, next }: Stage, name: string, talk: number, since = next()): void {
  names.set(name, [...(names.get(name) ?? []), { since, talk }]);
}

const familyOf = ({ family }: Plan): number => (family === 4 ? AF_INET : AF_INET6);
const anyOf = ({ family }: Plan): string => (family === 4 ? '0.0.0.0' : '::');
const addressOf = ({ family }: Plan, { ip, ip6 }: Process): string => (family === 4 ? ip : ip6);
/** As wire/address.ts prints it: '10.0.0.1:80', '[fd00::1]:80'. */
const nameOf = ({ addr, port }: { addr: string; port: number }): string =>
  addr.includes(':') ? `[${addr}]:${port}` : `${addr}:${port}`;

/** All talks, and a server that accepts those that come through its listener. */
async function act(stage: Stage): Promise<void> {
  const { plan, served } = stage;
  const server = stage.process(SERVER);
  const listener = await server.socket(familyOf(plan), SOCK_STREAM);
  // buffers of the listener are those of its children: the window scale is agreed in the handshake
  const accepting = plan.talks.filter(({ open }) => open !== 'simultaneous');
  if (accepting[0]) await setBuffers(server, listener, accepting[0].ends[1]);
  await server.bind(listener, { addr: anyOf(plan), port: SERVICE });
  await server.listen(listener, plan.backlog);

  const service = server.spawn('service', async (me) => {
    for (;;) {
      const peer = { addr: '', port: 0 };
      const fd = await me.accept(listener, peer).catch(() => -1);
      if (fd < 0) return;
      const talk = stage.names.get(nameOf(peer))?.at(-1)?.talk as number;
      // old copies of a SYN and its ACK can make a connection of their own when sequence numbers begin alike
      if (served.has(talk)) await me.close(fd);
      else
        served.set(
          talk,
          converse(stage, server, fd, talk, 1).catch((error) => void stage.broken.push(error)),
        );
      if (plan.acceptPause > 0) await me.sleep(ms(plan.acceptPause));
    }
  });
  const opened: Promise<void>[] = [];
  for (const [i, talk] of plan.talks.entries()) opened.push(open(stage, talk, i, opened[i - 1]));
  await Promise.all(opened);
  if (served.size < accepting.length) await server.sleep(LONGEST_RETRY);
  await Promise.all(served.values());
  await server.shutdown(listener, CONSTANTS.SHUT_RD).catch(() => {}); // the rescue may have done it
  await service.join();
  await Promise.all(served.values());
  await server.close(listener);
}

/** Opens a connection and plays the end that opens it; in a simultaneous open, both. */
async function open(stage: Stage, talk: Talk, index: number, before?: Promise<void>): Promise<void> {
  const { plan } = stage;
  if (talk.again) {
    await before;
    const served = stage.served.get(index - 1);
    if (!served) return; // it never came about
    await served;
  }
  const client = stage.process(clientOf(plan, index));
  const server = stage.process(SERVER);
  const connecting = (process: Process, side: 0 | 1) =>
    process
      .spawn(`opens ${index}`, async (me) => {
        if (talk.at > 0) await me.sleep(ms(talk.at));
        const fd = await me.socket(familyOf(plan), SOCK_STREAM);
        await setBuffers(me, fd, talk.ends[side]);
        const crossed = talk.open === 'simultaneous';
        const port = side === 0 ? CLIENT_PORT + firstOf(plan, index) : SERVER_PORT + index;
        const to = side === 1 ? CLIENT_PORT + index : crossed ? SERVER_PORT + index : SERVICE;
        try {
          if (talk.open !== 'connect') {
            await me.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
            await me.bind(fd, { addr: anyOf(plan), port });
            if (side === 0) register(stage, nameOf({ addr: addressOf(plan, client), port }), index);
          }
          await me.connect(fd, { addr: addressOf(plan, side === 0 ? server : client), port: to });
        } catch (error) {
          failed(stage.seen[index]?.[side] as Seen, error);
          await me.close(fd);
          return;
        }
        if (talk.open === 'connect') register(stage, nameOf(await me.getsockname(fd)), index, 0);
        await converse(stage, process, fd, index, side);
      })
      .join();
  await Promise.all([connecting(client, 0), ...(talk.open === 'simultaneous' ? [connecting(server, 1)] : [])]);
}

async function setBuffers(me: Thread, fd: number, { sendBuffer, receiveBuffer }: End): Promise<void> {
  if (sendBuffer > 0) await me.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, sendBuffer);
  if (receiveBuffer > 0) await me.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
}

/** The program of one end, once the connection is there. */
async function converse(stage: Stage, process: Process, fd: number, index: number, side: 0 | 1): Promise<void> {
  const end = stage.plan.talks[index]?.ends[side] as End;
  const seen = stage.seen[index]?.[side] as Seen;
  const [mine, theirs] = [2 * index + side, 2 * index + 1 - side];
  const writer = process.spawn(`writes ${index}`, async (me) => {
    for (const option of end.options) {
      const [level, name, value] = OPTIONS[option];
      await me.setsockopt(fd, CONSTANTS[level], CONSTANTS[name], value);
    }
    try {
      for (const { bytes, pause, more } of end.writes) {
        if (pause > 0) await me.sleep(ms(pause));
        const taken = await me.send(fd, stretch(mine, seen.sent, bytes), more ? MSG_MORE : 0);
        seen.sent += taken;
      }
      if (end.finish !== 'close') await me.shutdown(fd, end.finish === 'shutdown' ? SHUT_WR : SHUT_RDWR);
    } catch (error) {
      failed(seen, error);
    }
  });
  const reader = process.spawn(`reads ${index}`, async (me) => {
    if (end.late > 0) await me.sleep(ms(end.late));
    try {
      await readAll(me, fd, end, theirs, seen);
    } catch (error) {
      failed(seen, error);
    }
  });
  await Promise.all([writer.join(), reader.join()]);
  await process
    .spawn(`closes ${index}`, async (me) => {
      const { linger } = end;
      if (linger !== undefined) await me.setsockopt(fd, SOL_SOCKET, SO_LINGER, { onoff: 1, linger });
      await me.close(fd);
    })
    .join();
}

async function readAll(me: Thread, fd: number, end: End, stream: number, seen: Seen): Promise<void> {
  const buf = new Uint8Array(end.size);
  const take = (length: number) => {
    if (!matches(stream, seen.received, buf.subarray(0, length)))
      seen.wrong ||= `${length} bytes read at ${seen.received} of stream ${stream} are not those that were written`;
  };
  while (seen.received < (end.stop ?? Number.POSITIVE_INFINITY)) {
    if (end.flags === 'peek') take(await me.recv(fd, buf, MSG_PEEK));
    if (end.flags === 'poll') await me.poll([{ fd, events: POLLIN, revents: 0 }], -1);
    const length = await me.recv(fd, buf, end.flags === 'all' ? MSG_WAITALL : end.flags === 'poll' ? MSG_DONTWAIT : 0);
    if (length === 0) {
      seen.ended = true;
      return;
    }
    take(length);
    seen.received += length;
    if (end.pause > 0) await me.sleep(ms(end.pause));
  }
}

/** Only a system call may fail here; anything else is a bug of the simulator or of this program. */
function failed(seen: Seen, error: unknown): void {
  if (!(error instanceof SysError)) throw error;
  seen.errors.push(`${error.syscall} ${error.code}`);
}

/** Ends what waits for ever: shuts every descriptor down, so that whoever waits on it goes on. */
async function shutAll(stage: Stage): Promise<void> {
  const hosts = new Set([SERVER, ...stage.plan.talks.map((_, i) => clientOf(stage.plan, i))]);
  for (const host of hosts) {
    await stage
      .process(host)
      .spawn('rescue', async (me) => {
        for (let fd = 3; fd < 30; fd++) await me.shutdown(fd, SHUT_RDWR).catch(() => {});
      })
      .join();
  }
}
