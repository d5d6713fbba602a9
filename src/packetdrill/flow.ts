/**
 * The connection under test: which ports and sequence numbers on the wire stand for the script's. A script counts sequence
 * numbers from its own initial ones and names timestamps as it likes; the host under test chooses otherwise.
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
  /** What to add to the script's local sequence numbers; undefined until the host has chosen its own. */
  #local: number | undefined;
  /** Script's TSval of the host to the wire's. */
  readonly #stamps = new Map<number, number>();
  #firstStamp: { script: number; wire: number } | undefined;

  constructor(ends: Ends) {
    this.ends = ends;
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
    if (packet.flags & SYN) this.#local ??= (packet.seq - expected.seq) >>> 0;
    const wire = stampOf(packet.options);
    const script = expected.options === 'any' ? undefined : stampOf(expected.options);
    if (wire === undefined || script === undefined) return;
    this.#stamps.set(script, wire);
    this.#firstStamp ??= { script, wire };
  }

  /** A packet on the wire in the script's numbers. */
  toScript(packet: WirePacket): WirePacket {
    const local = this.#local ?? 0;
    return {
      ...packet,
      seq: (packet.seq - local) >>> 0,
      options: packet.options.map((option) => {
        if (option.kind !== 'TS' || !this.#firstStamp) return option;
        return { ...option, val: (option.val - this.#firstStamp.wire + this.#firstStamp.script) >>> 0 };
      }),
    };
  }

  /** The acknowledgement of a script on the wire. */
  ackToWire = (ack: number): number => (ack + (this.#local ?? 0)) >>> 0;

  /** The timestamp that the host sent when the script says `ecr`; undefined when it sent none such. */
  echoToWire(ecr: number, scaled: boolean): number | undefined {
    const exact = this.#stamps.get(ecr);
    if (exact !== undefined || !scaled || !this.#firstStamp) return exact;
    return (ecr - this.#firstStamp.script + this.#firstStamp.wire) >>> 0;
  }
}

const stampOf = (options: readonly SeenOption[]): number | undefined =>
  options.find((option) => option.kind === 'TS')?.val;
