/**
 * A host: addresses, links, settings, sockets. Packets come in at `arrive` and go out at `send`; the rest of the kernel
 * hangs here. It knows nothing of processes' code.
 */
import { DEFAULT_KERNEL, type KernelVersion } from '../base/kernels.ts';
import { hashName, Rng } from '../base/rng.ts';
import type { Time } from '../base/time.ts';
import { DROPS } from '../net/drops.ts';
import type { Link, Port } from '../net/link.ts';
import type { Scheduler } from '../net/scheduler.ts';
import type { Settings, Totals } from '../tcp/tcb.ts';
import type { Log } from '../trace/log.ts';
import { cutSegment } from '../wire/gso.ts';
import { type Ip4, ip4Text } from '../wire/ipv4.ts';
import { isMalformed } from '../wire/malformed.ts';
import { type Packet, parseTcpIpv4, TcpPacket } from '../wire/packet.ts';
import type { Segment } from '../wire/tcp.ts';
import { newDevice, type RouteMetrics } from './device.ts';
import type { Files } from './inode.ts';
import { type Profile, profileOf, sysctlOf } from './profiles.ts';
import { Socket } from './socket.ts';
import { type Refusal, type Sysctl, type SysctlName, writeSysctl } from './sysctl.ts';
import type { RunQueue } from './task.ts';
import { type Path, refreshSettings } from './tcp/bridge.ts';
import { Demux } from './tcp/demux.ts';
import { segmentFor } from './tcp/input.ts';

/** What all hosts of a world share. */
export interface Machine {
  readonly log: Log;
  readonly scheduler: Scheduler;
  readonly runQueue: RunQueue;
  readonly seed: number;
  /** The initial sequence number of every connection; undefined: each gets its own. */
  readonly initialSequence?: number | undefined;
  nextSocket(): number;
}

/** What a topology says of a host beside its name and address. */
export interface HostSetup {
  readonly kernel?: KernelVersion;
  /** Settings that differ from the kernel's defaults, under their Linux names. */
  readonly sysctl?: Readonly<Record<string, number | string>>;
}

const LOOPBACK_MTU = 65536;
/** 127.0.0.0/8. */
const isLoopback = (addr: Ip4): boolean => addr >>> 24 === 127;

/** How a packet to an address leaves. */
export interface Route {
  /** undefined: the loopback device. */
  link: Link | undefined;
  /** The address that a socket without one gets. */
  source: Ip4;
  mtu: number;
}

export class Host implements Port {
  readonly index: number;
  readonly name: string;
  readonly address: Ip4;
  readonly machine: Machine;
  readonly profile: Profile;
  readonly sysctl: Readonly<Sysctl>;
  /** What `sysctl`, `device` and `routes` mean to connections, by their path. */
  readonly settings = new Map<string, { path: Path; settings: Settings }>();
  readonly device = newDevice();
  /** What is known of the routes to single addresses, by the address as text. */
  readonly routes = new Map<string, RouteMetrics>();
  readonly totals: Totals = { orphans: 0, timeWaits: 0 };
  readonly demux = new Demux();
  readonly links: Link[] = [];
  /** Regular files, by path. */
  readonly files: Files = new Map();
  /** Kernel secret of this host: initial sequence numbers, ports and timestamps are hashed with it. */
  readonly secret: number;
  readonly ports: Rng;
  /** How far connect() has stepped through the ports, by destination. */
  readonly portSteps = new Map<string, number>();
  #ipId: number;

  /** @throws Error when the setup asks for a setting that the kernel does not have, or not with this value */
  constructor(index: number, name: string, address: Ip4, machine: Machine, setup: HostSetup = {}) {
    const { kernel = DEFAULT_KERNEL, sysctl = {} } = setup;
    this.profile = profileOf(kernel);
    this.sysctl = sysctlOf(kernel);
    for (const [setting, value] of Object.entries(sysctl)) {
      const refusal = this.writeSysctl(setting, String(value));
      if (refusal) throw new Error(`host ${name}: sysctl ${setting}=${value}: ${refusal}`);
    }
    this.index = index;
    this.name = name;
    this.address = address;
    this.machine = machine;
    this.secret = hashName(`secret ${name}`, machine.seed);
    this.ports = new Rng(machine.seed, `ports ${name}`);
    this.#ipId = new Rng(machine.seed, `ipid ${name}`).below(65536);
    machine.log.add(
      'host.up',
      { host: index, cause: -1 },
      { name, address: ip4Text(address), kernel: `simulator ${kernel}` },
    );
  }

  get now(): Time {
    return this.machine.scheduler.now;
  }

  /** Writes a setting as sysctl(8) does: connections that exist obey it too. @returns why not, or undefined: it is done */
  writeSysctl(name: string, value: string): Refusal | undefined {
    if (this.profile.absent.has(name as SysctlName)) return 'ENOENT';
    const refusal = writeSysctl(this.sysctl, name, value);
    if (!refusal) this.changed();
    return refusal;
  }

  /** A setting, the device or a route was changed: connections go by it from now on. */
  changed(): void {
    refreshSettings(this);
  }

  /** A socket with this host's default buffers. */
  newSocket(domain: number, type: number, listener = 0): Socket {
    const send = this.sysctl['net.ipv4.tcp_wmem'][1];
    const receive = this.sysctl['net.ipv4.tcp_rmem'][1];
    const socket = new Socket(this.machine.nextSocket(), domain, type, send, receive);
    this.machine.log.add(
      'sock.new',
      { host: this.index, sock: socket.id },
      { family: 'AF_INET', type: 'SOCK_STREAM', listener },
    );
    return socket;
  }

  /** Whether an address is this host's own. */
  owns(addr: Ip4): boolean {
    return addr === this.address || isLoopback(addr);
  }

  /** The way to an address; undefined: no route. Networks are /24. */
  route(addr: Ip4): Route | undefined {
    if (this.owns(addr)) return { link: undefined, source: addr, mtu: LOOPBACK_MTU };
    const direct = this.links.find((link) => (link.peerOf(this) as Host).address === addr);
    const near = direct ?? (addr >>> 8 === this.address >>> 8 ? this.links[0] : undefined);
    return near && { link: near, source: this.address, mtu: near.mtu };
  }

  /**
   * Puts a segment into a packet and sends it.
   * @param size what a packet of the path holds (Linux gso_size): a longer segment is cut by a device that cannot carry it
   * whole.
   */
  send(segment: Segment, src: Ip4, dst: Ip4, sock: number, cause: number, size?: number): void {
    const link = this.route(dst)?.link;
    if (size !== undefined && segment.payload.length > size && (link?.offload === 'cut' || !this.device.tso)) {
      for (const part of cutSegment(segment, size)) this.#transmit(link, part, src, dst, sock, cause);
    } else this.#transmit(link, segment, src, dst, sock, cause);
  }

  #transmit(link: Link | undefined, segment: Segment, src: Ip4, dst: Ip4, sock: number, cause: number): void {
    this.#ipId = (this.#ipId + 1) & 0xffff;
    const ttl = this.sysctl['net.ipv4.ip_default_ttl'];
    const packet = new TcpPacket(segment, { src, dst, id: this.#ipId, ttl });
    if (link) {
      link.send(this, packet, sock, cause);
      return;
    }
    const { log, scheduler } = this.machine;
    const number = log.packetSent(this.index, sock, cause, this.index, -1, packet);
    scheduler.at(this.now, () => this.arrive(packet, number));
  }

  /** A packet has come; `number` is that of its `packet.sent`. */
  arrive(packet: Packet, number: number): void {
    if (packet instanceof TcpPacket) {
      this.#deliver(packet.segment, packet.src, packet.dst, number);
      return;
    }
    const parsed = parseTcpIpv4(packet.payload);
    if (isMalformed(parsed))
      this.#drop(number, parsed.malformed.endsWith('checksum') ? DROPS.checksum : DROPS.malformed);
    else this.#deliver(parsed.segment, parsed.ip.src, parsed.ip.dst, number);
  }

  #deliver(segment: Segment, src: Ip4, dst: Ip4, number: number): void {
    if (!this.owns(dst)) {
      this.#drop(number, DROPS.notOurs);
      return;
    }
    const { log } = this.machine;
    log.cause = number;
    segmentFor(this, segment, src, dst, number);
    log.cause = -1;
  }

  #drop(packet: number, reason: string): void {
    this.machine.log.add('packet.dropped', { host: this.index, cause: packet }, { packet, reason });
  }
}
