/**
 * Hands on the cable: a demo may lose a chosen segment, keep one back, or put a segment of its own on the wire.
 *
 * Stands between the links and the hosts of one world, at the moment of arrival; what it takes away is logged as lost on
 * the link. Worlds without a wire are not touched.
 */
import { must } from '../../src/sim/base/bug.ts';
import { EMPTY } from '../../src/sim/base/bytes.ts';
import { seq } from '../../src/sim/base/seq.ts';
import type { Time } from '../../src/sim/base/time.ts';
import { Host } from '../../src/sim/kernel/host.ts';
import { DROPS } from '../../src/sim/net/drops.ts';
import { memoryInfo } from '../../src/sim/tcp/memory-info.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { parseAddress } from '../../src/sim/wire/address.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { emitTcpIp, type Packet, parseTcpIp, RawPacket } from '../../src/sim/wire/packet.ts';
import type { Segment } from '../../src/sim/wire/tcp.ts';

/** What a rule is told of a segment that is about to arrive. */
export interface Passing {
  to: string;
  segment: Segment;
  bytes: Uint8Array;
}

/** What becomes of it: lost, late by a duration, or (undefined) nothing special. */
export type Rule = (passing: Passing) => 'lose' | Time | undefined;

const arrive = Host.prototype.arrive;
const wires = new WeakMap<Log, Wire>();

Host.prototype.arrive = function (packet, number) {
  const wire = wires.get(this.machine.log);
  if (wire) wire.pass(this, packet, number);
  else arrive.call(this, packet, number);
};

export class Wire {
  rule: Rule = () => undefined;
  readonly #hosts = new Map<string, Host>();

  /** The wire of the world that writes this log. */
  constructor(log: Log) {
    wires.set(log, this);
  }

  /** From now on nothing arrives. */
  cut(): void {
    this.rule = () => 'lose';
  }

  /** From now on everything arrives again. */
  mend(): void {
    this.rule = () => undefined;
  }

  /** From now on, the first segment that matches is lost. */
  loseFirst(test: (passing: Passing) => boolean): void {
    this.rule = (passing) => {
      if (!test(passing)) return undefined;
      this.mend();
      return 'lose';
    };
  }

  /** Puts a segment in front of a host, as if `from` had sent it. Once anything has arrived there before. */
  inject(to: string, from: string, segment: Partial<Segment>): void {
    const host = this.#host(to);
    const whole = { seq: seq(0), ack: seq(0), flags: 0, window: 1000, urgent: 0, options: {}, payload: EMPTY };
    const src = parseAddress(from);
    const dst = host.addresses.find(({ family }) => family === src?.family);
    must(src && dst, `no address: ${from}`);
    this.deliver(to, emitTcpIp({ srcPort: 0, dstPort: 0, ...whole, ...segment }, { src, dst }));
  }

  /** Puts a packet in front of a host, whatever it is. */
  deliver(to: string, bytes: Uint8Array): void {
    const host = this.#host(to);
    const { log, scheduler } = host.machine;
    const packet = log.add('packet.sent', { host: -1, cause: -1 }, { to: host.index, link: 0, bytes });
    scheduler.at(host.now, () => arrive.call(host, new RawPacket(bytes), packet));
  }

  /** What SO_MEMINFO says of each connection of a host; once anything has arrived there. */
  memory(name: string): Readonly<Record<string, number>>[] {
    return [...this.#host(name).demux.sockets()].flatMap(({ tcb, listener }) =>
      tcb && !listener ? [memoryInfo(tcb)] : [],
    );
  }

  pass(host: Host, packet: Packet, number: number): void {
    this.#hosts.set(host.name, host);
    const { log, scheduler } = host.machine;
    const bytes = packet.bytes();
    const parsed = parseTcpIp(bytes);
    const fate = isMalformed(parsed) ? undefined : this.rule({ to: host.name, segment: parsed.segment, bytes });
    if (fate === 'lose')
      log.add('packet.dropped', { host: host.index, cause: number }, { packet: number, reason: DROPS.lost });
    else if (fate === undefined) arrive.call(host, packet, number);
    else scheduler.at((host.now + fate) as Time, () => arrive.call(host, packet, number));
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name);
    must(host !== undefined, `nothing has arrived at ${name} yet`);
    return host;
  }
}
