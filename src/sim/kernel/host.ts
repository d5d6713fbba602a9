/**
 * A host: addresses, links, settings, sockets. Packets come in at `arrive` and go out at `send`; the rest of the kernel
 * hangs here. It knows nothing of processes' code.
 */
import { DEFAULT_KERNEL, type KernelVersion } from '../base/kernels.ts';
import { hashName, Rng } from '../base/rng.ts';
import type { Time } from '../base/time.ts';
import { DROPS } from '../net/drops.ts';
import type { Link, Port } from '../net/link.ts';
import { Pipe } from '../net/pipe.ts';
import type { Scheduler } from '../net/scheduler.ts';
import type { Settings, Totals } from '../tcp/settings.ts';
import type { SockOpts } from '../tcp/sockopts.ts';
import type { Log } from '../trace/log.ts';
import { type Address, commonPrefix, isLoopback, LOOPBACK4 } from '../wire/address.ts';
import { cutSegment, partCount } from '../wire/gso.ts';
import { type IcmpPacket, icmpPacket, readIcmp } from '../wire/icmp-packet.ts';
import { IPV6_MIN_MTU } from '../wire/ipv6.ts';
import { isMalformed } from '../wire/malformed.ts';
import { type Envelope, type Packet, parseTcpIp, TcpPacket } from '../wire/packet.ts';
import type { Segment } from '../wire/tcp.ts';
import { newDevice, type RouteMetrics } from './device.ts';
import { icmpArrives } from './icmp.ts';
import type { Files } from './inode.ts';
import { PathMtus } from './path-mtu.ts';
import { type Profile, profileOf, sysctlOf } from './profiles.ts';
import { AF_INET6, Socket } from './socket.ts';
import { type Refusal, type Sysctl, type SysctlName, writeSysctl } from './sysctl.ts';
import type { RunQueue } from './task.ts';
import { Demux } from './tcp/demux.ts';
import type { PeerMemory } from './tcp/fast-open.ts';
import { segmentFor } from './tcp/input.ts';
import { type Path, refreshSettings } from './tcp/settings.ts';

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

/** IP_PMTUDISC_WANT and IP_PMTUDISC_DO. */
const PMTUDISC_WANT = 1;
const PMTUDISC_DO = 2;
const LOOPBACK_MTU = 65536;
/**
 * The most that a packet on the loopback device carries whole, whatever its headers: an IP packet's length has 16 bits.
 * Linux sends larger ones there too, with a length of 0 (net/ipv4/ip_output.c __ip_local_out).
 */
const LOOPBACK_PAYLOAD = 65_535 - 120;
/** Bits that an address shares with its neighbours'. */
const PREFIX = { 4: 24, 6: 64 } as const;
/** Linux net.ipv6.conf.all.hop_limit. */
const HOP_LIMIT = 64;
/** ECT(0) (RFC 3168 section 5). */
const ECT0 = 2;

/** How a packet to an address leaves. */
export interface Route {
  /** undefined: the loopback device. */
  link: Link | undefined;
  /** The address that a socket without one gets. */
  source: Address;
  mtu: number;
}

/** Whose a packet is, as far as its IP header tells: a socket, or nobody's answer to a segment. */
export interface Sender {
  /** The socket's; 0: none. */
  readonly id: number;
  readonly localAddr: Address;
  readonly remoteAddr: Address;
  readonly opts?: Pick<SockOpts, 'pathMtuDiscovery' | 'tos' | 'ttl' | 'trafficClass' | 'hopLimit' | 'autoFlowLabel'>;
  readonly txHash?: number;
}

export class Host implements Port {
  readonly index: number;
  readonly name: string;
  /** One of a family at most, IPv4 first; at least one. */
  readonly addresses: readonly Address[];
  readonly machine: Machine;
  readonly profile: Profile;
  readonly sysctl: Readonly<Sysctl>;
  /** What `sysctl`, `device` and `routes` mean to connections, by their path. */
  readonly settings = new Map<string, { path: Path; settings: Settings }>();
  /** What is known of peers for Fast Open, by address (tcp_metrics.c). */
  readonly fastOpenPeers = new Map<string, PeerMemory>();
  readonly device = newDevice();
  /** What is known of the routes to single addresses, by the address as text. */
  readonly routes = new Map<string, RouteMetrics>();
  /** What routers have said of the paths to single addresses. */
  readonly pathMtus = new PathMtus();
  /** Counters under the names that nstat(8) prints: 'TcpExtOutOfWindowIcmps'. */
  readonly counters = new Map<string, number>();
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
  /** The packet that left last, perhaps in parts. */
  #last: TcpPacket | undefined;
  /** Ways that were asked for, as long as there are so many links. */
  readonly #ways = new Map<Address, Route | undefined>();
  #linksThen = 0;
  #ipId: number;
  /** The loopback device. */
  #loopback: Pipe | undefined;

  /** @throws Error when the setup asks for a setting that the kernel does not have, or not with this value */
  constructor(index: number, name: string, addresses: readonly Address[], machine: Machine, setup: HostSetup = {}) {
    const { kernel = DEFAULT_KERNEL, sysctl = {} } = setup;
    this.profile = profileOf(kernel);
    this.sysctl = sysctlOf(kernel);
    for (const [setting, value] of Object.entries(sysctl)) {
      const refusal = this.writeSysctl(setting, String(value));
      if (refusal) throw new Error(`host ${name}: sysctl ${setting}=${value}: ${refusal}`);
    }
    this.index = index;
    this.name = name;
    this.addresses = addresses;
    this.machine = machine;
    this.secret = hashName(`secret ${name}`, machine.seed);
    this.ports = new Rng(machine.seed, `ports ${name}`);
    this.#ipId = new Rng(machine.seed, `ipid ${name}`).below(65536);
    machine.log.add(
      'host.up',
      { host: index, cause: -1 },
      {
        name,
        address: addresses[0]?.text ?? '',
        address6: addresses.find(({ family }) => family === 6)?.text ?? '',
        kernel: `simulator ${kernel}`,
      },
    );
  }

  /** The packet that left last. */
  get lastSent(): TcpPacket | undefined {
    const packet = this.#last;
    return packet && packet.cutTo > 0 ? packet.part(partCount(packet.segment, packet.cutTo) - 1) : packet;
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

  /** Something happened that the kernel counts. */
  count(counter: string): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + 1);
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
      { family: domain === AF_INET6 ? 'AF_INET6' : 'AF_INET', type: 'SOCK_STREAM', listener },
    );
    return socket;
  }

  /** Whether an address is this host's own. */
  owns(addr: Address): boolean {
    return this.addresses.includes(addr) || isLoopback(addr);
  }

  /** The way to an address; undefined: no route. Networks are /24 and /64. */
  route(addr: Address): Route | undefined {
    if (this.#linksThen !== this.links.length) {
      this.#linksThen = this.links.length;
      this.#ways.clear();
    }
    let way = this.#ways.get(addr);
    if (way === undefined && !this.#ways.has(addr)) this.#ways.set(addr, (way = this.#findRoute(addr)));
    return way;
  }

  #findRoute(addr: Address): Route | undefined {
    const { family } = addr;
    if (this.owns(addr)) {
      return { link: undefined, source: family === 4 && isLoopback(addr) ? LOOPBACK4 : addr, mtu: LOOPBACK_MTU };
    }
    const source = this.addresses.find((own) => own.family === family);
    if (!source) return undefined;
    const direct = this.links.find((link) => (link.peerOf(this) as Host).addresses.includes(addr));
    const near = direct ?? (commonPrefix(addr, source) >= PREFIX[family] ? this.links[0] : undefined);
    if (!near || (family === 6 && near.mtu < IPV6_MIN_MTU)) return undefined; // such a device has no IPv6 (addrconf.c)
    return { link: near, source, mtu: near.mtu };
  }

  /**
   * Puts a segment into a packet and sends it.
   * @param size what a packet of the path holds (Linux gso_size): a longer segment is cut by a device that cannot carry it
   * whole.
   * @param ect the packet is ECN-capable
   */
  send(segment: Segment, from: Sender, cause: number, size?: number, ect = false): void {
    const link = this.route(from.remoteAddr)?.link;
    if (this.pathMtus.expire(from.remoteAddr, this.now)) this.changed();
    const cut = link ? link.offload === 'cut' || !this.device.tso : segment.payload.length > LOOPBACK_PAYLOAD;
    if (cut && size !== undefined && segment.payload.length > size) this.#cut(link, segment, from, cause, size, ect);
    else this.#transmit(link, segment, from, cause, ect);
  }

  /** Has the device cut a segment into parts of `size` bytes. */
  #cut(link: Link | undefined, whole: Segment, from: Sender, cause: number, size: number, ect: boolean): void {
    if (!link) {
      for (const part of cutSegment(whole, size)) this.#transmit(link, part, from, cause, ect);
      return;
    }
    const last = partCount(whole, size) - 1;
    const { log } = this.machine;
    const segment = log.keeps ? { ...whole, payload: log.store(whole.payload) } : whole;
    const packet = new TcpPacket(segment, this.#envelope(from, ect), size);
    if (packet.src.family === 4) this.#ipId = packet.partId(last);
    this.#last = packet;
    link.send(this, packet, from.id, cause);
  }

  /** Sends an ICMP message. */
  reply(message: IcmpPacket, cause: number): void {
    const route = this.route(message.dst);
    if (!route) return;
    this.#ipId = (this.#ipId + 1) & 0xffff;
    const ttl = message.src.family === 6 ? HOP_LIMIT : this.sysctl['net.ipv4.ip_default_ttl'];
    this.#put(route.link, icmpPacket(message, { ttl, id: this.#ipId }), 0, cause);
  }

  #transmit(link: Link | undefined, segment: Segment, from: Sender, cause: number, ect: boolean): void {
    const packet = new TcpPacket(segment, this.#envelope(from, ect));
    this.#last = packet;
    this.#put(link, packet, from.id, cause);
  }

  #put(link: Link | undefined, packet: Packet, sock: number, cause: number): void {
    if (link) {
      link.send(this, packet, sock, cause);
      return;
    }
    const number = this.machine.log.packetSent(this.index, sock, cause, this.index, -1, packet);
    this.#loopback ??= new Pipe(this, this.machine.scheduler);
    this.#loopback.push(this.now, packet, number);
  }

  #envelope({ localAddr: src, remoteAddr: dst, opts, txHash = 0 }: Sender, ect: boolean): Envelope {
    const ecn = ect ? ECT0 : 0;
    if (src.family === 6) {
      const dscp = opts ? opts.trafficClass >> 2 : 0;
      const ttl = opts && opts.hopLimit >= 0 ? opts.hopLimit : HOP_LIMIT;
      return { src, dst, ttl, dscp, ecn, flowLabel: opts?.autoFlowLabel === false ? 0 : txHash & 0xfffff };
    }
    this.#ipId = (this.#ipId + 1) & 0xffff;
    const ttl = opts?.ttl || this.sysctl['net.ipv4.ip_default_ttl'];
    const df = opts === undefined || this.#mustNotFragment(dst, opts.pathMtuDiscovery);
    return { src, dst, id: this.#ipId, ttl, dscp: opts ? opts.tos >> 2 : 0, ecn, df };
  }

  /** Whether a packet says DF, so that routers tell when it is too large (ip_dont_fragment; IP_MTU_DISCOVER). */
  #mustNotFragment(dst: Address, discovery: number): boolean {
    if (discovery !== PMTUDISC_WANT) return discovery === PMTUDISC_DO;
    return !this.routes.get(dst.text)?.mtuLocked && !this.pathMtus.mayFragment(dst, this.now);
  }

  /** A packet has come; `number` is that of its `packet.sent`. */
  arrive(packet: Packet, number: number): void {
    if (packet instanceof TcpPacket) {
      const { segment, ecn } = packet;
      this.#deliver(ecn === 0 ? segment : { ...segment, ecn }, packet.src, packet.dst, number);
      return;
    }
    const message = readIcmp(packet.payload);
    if (message && !isMalformed(message)) {
      if (this.owns(message.dst)) icmpArrives(this, message, number);
      else this.#drop(number, DROPS.notOurs);
      return;
    }
    const parsed = message ?? parseTcpIp(packet.payload);
    if (isMalformed(parsed))
      this.#drop(number, parsed.malformed.endsWith('checksum') ? DROPS.checksum : DROPS.malformed);
    else this.#deliver(parsed.segment, parsed.ip.src, parsed.ip.dst, number);
  }

  #deliver(segment: Segment, src: Address, dst: Address, number: number): void {
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
