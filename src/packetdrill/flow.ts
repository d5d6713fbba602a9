/**
 * The connection under test: which ports and sequence numbers on the wire stand for the script's. As tcpdump does, a script
 * gives absolute sequence numbers in segments with SYN and counts from the initial ones in all others; and it names
 * timestamps as it likes. The host under test chooses its own.
 */
import type { Address } from '../sim/wire/address.ts';
import { ACK, SYN } from '../sim/wire/tcp.ts';
import type { WirePacket } from './packet.ts';
import type { TcpAction } from './script.ts';
import type { SeenOption } from './tcp-options.ts';

/** How a connection begins. */
export interface Ends {
  localAddr: Address;
  localPort: number;
  remoteAddr: Address;
  remotePort: number;
}

export class Flow {
  readonly ends: Ends;
  readonly #active: boolean;
  /** The host's initial sequence number on the wire and in the script; undefined until it has chosen. */
  #local: { wire: number; script: number } | undefined;
  /** The peer's: the same on both. */
  #remote: number | undefined;
  /** Script's TSval of the host to the wire's. */
  readonly #stamps = new Map<number, number>();
  /** Flow labels on the wire to the script's. */
  readonly #labels = new Map<number, number>();
  #firstStamp: { script: number; wire: number } | undefined;

  /** @param active the host opens it */
  constructor(ends: Ends, active: boolean) {
    this.ends = ends;
    this.#active = active;
  }

  /** Whether a packet on the wire comes from the local end of this connection. */
  sends(packet: WirePacket): boolean {
    const { localAddr, localPort, remoteAddr, remotePort } = this.ends;
    return (
      packet.src === localAddr &&
      packet.dst === remoteAddr &&
      packet.dstPort === remotePort &&
      (packet.srcPort === localPort || (localPort === 0 && (packet.flags & (SYN | ACK)) === SYN))
    );
  }

  /** A packet that the script expects next to what was sent: learns from it what stands for what. */
  learn(expected: TcpAction, packet: WirePacket): void {
    if (this.ends.localPort === 0) this.ends.localPort = packet.srcPort;
    if (packet.flags & SYN) this.#local ??= { wire: packet.seq, script: expected.seq };
    this.#learnLabel(expected.ip.flowLabel, packet.flowLabel);
    const wire = stampOf(packet.options);
    const script = expected.options === 'any' ? undefined : stampOf(expected.options);
    if (wire === undefined || script === undefined) return;
    this.#stamps.set(script, wire);
    this.#firstStamp ??= { script, wire };
  }

  /** A label that no packet had before stands for one that the script has not used: the host chooses them at random. */
  #learnLabel(script: number | undefined, wire: number): void {
    if (!script || wire === 0 || this.#labels.has(wire) || [...this.#labels.values()].includes(script)) return;
    this.#labels.set(wire, script);
  }

  /** A packet on the wire in the script's numbers. */
  toScript(packet: WirePacket): WirePacket {
    const syn = (packet.flags & SYN) !== 0;
    const remote = syn ? 0 : (this.#remote ?? 0);
    const less = (n: number): number => (n - remote) >>> 0;
    return {
      ...packet,
      seq: (packet.seq - this.#offset(syn)) >>> 0,
      ack: packet.flags & ACK ? less(packet.ack) : packet.ack,
      flowLabel: this.#labels.get(packet.flowLabel) ?? packet.flowLabel,
      options: packet.options.map((option) => {
        if (option.kind === 'sack')
          return {
            ...option,
            blocks: option.blocks.map(({ left, right }) => ({ left: less(left), right: less(right) })),
          };
        if (option.kind !== 'TS' || !this.#firstStamp) return option;
        return { ...option, val: (option.val - this.#firstStamp.wire + this.#firstStamp.script) >>> 0 };
      }),
    };
  }

  /** What the wire's local sequence numbers are ahead of the script's, in segments with SYN and in others. */
  #offset(syn: boolean): number {
    if (!this.#local) return 0;
    return syn ? this.#local.wire - this.#local.script : this.#local.wire;
  }

  /** The peer sends this next: its first SYN, or the SYN,ACK that answers ours, gives its initial sequence number. */
  hears({ seq, flags, ack }: TcpAction): void {
    if (this.#remote === undefined && flags.includes('S') && (!this.#active || ack !== undefined)) this.#remote = seq;
  }

  /** A sequence number of the peer on the wire. */
  seqToWire = (seq: number, syn: boolean): number => (seq + (syn ? 0 : (this.#remote ?? 0))) >>> 0;

  /** The acknowledgement of a script on the wire. */
  ackToWire = (ack: number, syn: boolean): number => (ack + this.#offset(syn)) >>> 0;

  /** The timestamp that the host sent when the script says `ecr`; undefined when it sent none such. */
  echoToWire(ecr: number, scaled: boolean): number | undefined {
    const exact = this.#stamps.get(ecr);
    if (exact !== undefined || !scaled || !this.#firstStamp) return exact;
    return (ecr - this.#firstStamp.script + this.#firstStamp.wire) >>> 0;
  }
}

const stampOf = (options: readonly SeenOption[]): number | undefined =>
  options.find((option) => option.kind === 'TS')?.val;
