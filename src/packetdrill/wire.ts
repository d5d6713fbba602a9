/**
 * The peer that the script plays: sends its packets, hands over those that the connection under test sent. One connection at
 * a time is under test: the one that connect() opens, or the one that the first packet to a listener (or to nobody) opens.
 */
import type { Time } from '../sim/base/time.ts';
import type { Socket } from '../sim/kernel/socket.ts';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import { tcpInfo } from '../sim/tcp/info.ts';
import { memoryInfo } from '../sim/tcp/memory-info.ts';
import { isAny, parseAddress, unmapped } from '../sim/wire/address.ts';
import { CWR, FIN, PSH, SYN } from '../sim/wire/tcp.ts';
import type { Config } from './config.ts';
import { Flow } from './flow.ts';
import { emitIcmpError } from './icmp.ts';
import type { Captured, Machine } from './machine.ts';
import { Mismatch, Unsupported } from './outcome.ts';
import { emitPacket, flagBits, readPacket, type WirePacket } from './packet.ts';
import type { IcmpAction, PacketAction, TcpAction, TcpOption } from './script.ts';
import { type Defines, nameOf } from './values.ts';

/** The peer's first port; each connection that it opens takes the next. */
const FIRST_PORT = 40_000;

/** A packet as it was seen, and in the script's numbers. */
interface Seen {
  at: Time;
  packet: WirePacket;
  raw: Captured;
}

/** What a socket without connection tells: CLOSED, and zeros. */
const NO_CONNECTION = { tcpi_state: 7, tcpi_options: 0 };

/** Whether a packet goes on where another ends, in the same words. */
const continues = (a: WirePacket, b: WirePacket): boolean =>
  b.seq === (a.seq + a.length) >>> 0 && b.ack === a.ack && ((a.flags ^ b.flags) & ~(FIN | PSH | CWR)) === 0;

export class Wire {
  readonly #machine: Machine;
  readonly #config: Config;
  readonly #defines: Defines;
  #flow: Flow | undefined;
  /** The program listens, and no packet has come since. */
  #listening = false;
  #port = FIRST_PORT;
  /** The socket of the connection under test, kept when the connection is over. */
  #underTest: Socket | undefined;
  #id = 0;

  constructor(machine: Machine, config: Config, defines: Defines) {
    this.#machine = machine;
    this.#defines = defines;
    this.#config = config;
  }

  /** A packet that can be expected. @throws Unsupported */
  tcpOnly(action: PacketAction): TcpAction {
    if (action.tunnels.length > 0) throw new Unsupported(`${action.tunnels[0]?.kind} around packets`, action);
    if (action.protocol !== 'tcp') throw new Unsupported(action.protocol.toUpperCase(), action);
    return action;
  }

  /** The program listens: the next packet of the peer opens a connection. */
  listens(): void {
    this.#listening = true;
  }

  /** The program is about to connect a socket: a new connection is under test, unless this one already is. */
  connects(fd: number, remote: SockAddr): void {
    const socket = this.#machine.process.fds.get(fd)?.socket;
    if (!socket || (socket.tcb && socket.tcb.state !== 'CLOSED')) return;
    this.#listening = false;
    this.#underTest = socket;
    this.#flow = new Flow(
      {
        localAddr: isAny(socket.localAddr) ? this.#config.localAddr : socket.localAddr,
        localPort: socket.localPort,
        remoteAddr: unmapped(parseAddress(remote.addr) ?? this.#config.remoteAddr),
        remotePort: remote.port,
      },
      true,
    );
  }

  /** Sends what the script's peer sends. @throws Unsupported */
  send(action: PacketAction): void {
    if (action.protocol === 'icmp' && action.tunnels.length === 0) this.#sendIcmp(action);
    else this.#sendTcp(this.tcpOnly(action));
  }

  /** An ICMP error is about a segment of the connection under test; without a quote, about its SYN. */
  #sendIcmp(action: IcmpAction): void {
    const flow = this.#flow;
    if (!flow) throw new Mismatch('no connection is there that an ICMP message could be about', action);
    const seq = action.quotes?.kind === 'tcp' ? action.quotes.seq : 0;
    const code = action.code === undefined ? undefined : nameOf(action.code, this.#defines);
    this.#machine.inject(emitIcmpError({ ...action, code }, flow.ends, flow.ackToWire(seq, true)));
  }

  #sendTcp(action: TcpAction): void {
    if (!this.#flow || this.#listening) {
      const { localAddr, remoteAddr, bindPort } = this.#config;
      this.#flow = new Flow({ localAddr, localPort: bindPort, remoteAddr, remotePort: this.#port++ }, false);
      this.#underTest = undefined;
      this.#listening = false;
    }
    const { ends } = this.#flow;
    const flags = flagBits(action.flags);
    const syn = (flags & SYN) !== 0;
    this.#flow.hears(action);
    const packet = {
      src: ends.remoteAddr,
      dst: ends.localAddr,
      srcPort: action.ports?.src ?? ends.remotePort,
      dstPort: action.ports?.dst ?? ends.localPort,
      seq: this.#flow.seqToWire(action.seq, syn),
      ack: action.ack === undefined ? 0 : this.#flow.ackToWire(action.ack, syn),
      flags,
      window: action.window ?? 0,
      urgent: action.urgent ?? 0,
      length: action.length,
      options: this.#optionsToWire(action, this.#flow, syn),
    };
    this.#machine.inject(emitPacket(packet, action.ip, ++this.#id & 0xffff));
    this.#track(this.#flow);
  }

  #optionsToWire(action: TcpAction, flow: Flow, syn: boolean): TcpOption[] {
    if (action.options === 'any') return [];
    return action.options.map((option) => {
      if (option.kind === 'sack') {
        const blocks = option.blocks.map(({ left, right }) => ({
          left: flow.ackToWire(left, syn),
          right: flow.ackToWire(right, syn),
        }));
        return { ...option, blocks };
      }
      if (option.kind !== 'TS' || action.ack === undefined) return option;
      const ecr = flow.echoToWire(option.ecr, this.#config.scaledEchoes);
      if (ecr === undefined) {
        throw new Mismatch(`the peer echoes the timestamp ${option.ecr}, which was never sent`, action);
      }
      return { ...option, ecr };
    });
  }

  /**
   * What the connection sends next by `limit`, in the script's numbers; undefined when there is nothing. A script may show
   * as one packet what the kernel sends in several: those are joined until they are as long as the one expected.
   */
  next(expected: TcpAction, limit: Time): { at: Time; packet: WirePacket } | undefined {
    let all = this.#one(expected, limit);
    if (this.#config.strictSegments) return all;
    for (let size = all?.packet.length ?? 0; all && all.packet.length > 0 && all.packet.length < expected.length; ) {
      const more = this.#one(expected, limit);
      if (!more) return all;
      const left = expected.length - all.packet.length;
      if (!continues(all.packet, more.packet) || (more.packet.length < left && more.packet.length !== size)) {
        this.#machine.captured.unshift(more.raw);
        return all;
      }
      size = more.packet.length;
      const { seq, length } = all.packet;
      const flags = more.packet.flags | (all.packet.flags & CWR);
      all = { ...more, packet: { ...more.packet, seq, flags, length: length + more.packet.length } };
    }
    return all;
  }

  #one(expected: TcpAction, limit: Time): Seen | undefined {
    const { captured } = this.#machine;
    const flow = this.#flow;
    if (!flow) throw new Mismatch('no connection is there to send this packet', expected);
    // connect() has chosen a port since: what an older socket still sends is not meant
    if (flow.ends.localPort === 0 && this.#underTest) flow.ends.localPort = this.#underTest.localPort;
    for (;;) {
      if (!this.#machine.advanceUntil(() => captured.length > 0, limit)) return undefined;
      const raw = captured.shift() as Captured;
      const packet = readPacket(raw.bytes);
      if (!packet || !flow.sends(packet)) continue;
      flow.learn(expected, packet);
      return { at: raw.at, packet: flow.toScript(packet), raw };
    }
  }

  #track({ ends }: Flow): void {
    const { localAddr, localPort, remoteAddr, remotePort } = ends;
    const { demux } = this.#machine.host;
    this.#underTest = demux.connection(localAddr, localPort, remoteAddr, remotePort) ?? this.#underTest;
  }

  /** TCP_INFO of the connection under test; undefined when it is not there. */
  info(): Readonly<Record<string, number>> | undefined {
    if (!this.#flow) return undefined;
    this.#track(this.#flow);
    const { now } = this.#machine;
    const tcb = this.#underTest?.tcb;
    return tcb ? { ...tcpInfo(tcb, now), ...memoryInfo(tcb) } : this.#underTest && NO_CONNECTION;
  }
}
