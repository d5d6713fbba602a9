/** IP packets that carry an ICMP message, of both families, to and from bytes. */
import { EMPTY } from '../base/bytes.ts';
import type { Address } from './address.ts';
import { emitIcmp, type Icmp, parseIcmp } from './icmp.ts';
import { emitIpv4, PROTOCOL, parseIpv4 } from './ipv4.ts';
import { emitIpv6, parseIpv6, upperLayer } from './ipv6.ts';
import { isMalformed, type Malformed } from './malformed.ts';
import { RawPacket } from './packet.ts';

/** A message with the addresses of the packet that brought it. */
export interface IcmpPacket {
  src: Address;
  dst: Address;
  icmp: Icmp;
}

/** The ICMP message in an IP packet; undefined when it carries something else. */
export function readIcmp(bytes: Uint8Array): IcmpPacket | Malformed | undefined {
  if ((bytes[0] ?? 0) >> 4 === 6) {
    const ip = parseIpv6(bytes);
    if (isMalformed(ip)) return ip;
    const upper = upperLayer(bytes);
    if (isMalformed(upper) || upper.protocol !== PROTOCOL.icmp6) return undefined;
    return read(bytes.subarray(upper.at), ip.src, ip.dst);
  }
  const ip = parseIpv4(bytes);
  if (isMalformed(ip)) return ip;
  if (ip.protocol !== PROTOCOL.icmp || ip.mf || ip.fragmentOffset > 0) return undefined;
  return read(ip.payload, ip.src, ip.dst);
}

function read(message: Uint8Array, src: Address, dst: Address): IcmpPacket | Malformed {
  const icmp = parseIcmp(message, src, dst);
  return isMalformed(icmp) ? icmp : { src, dst, icmp };
}

/** What may be said of the packet around a message. */
interface Around {
  ttl: number;
  id?: number;
}

/** A packet that carries a message. */
export function icmpPacket({ src, dst, icmp }: IcmpPacket, { ttl, id = 0 }: Around): RawPacket {
  const payload = emitIcmp(icmp, src, dst);
  const common = { src, dst, dscp: 0, ecn: 0, payload };
  if (src.family === 6)
    return new RawPacket(emitIpv6({ ...common, nextHeader: PROTOCOL.icmp6, hopLimit: ttl, flowLabel: 0 }));
  const whole = { df: false, mf: false, fragmentOffset: 0, options: EMPTY };
  return new RawPacket(emitIpv4({ ...common, ...whole, protocol: PROTOCOL.icmp, ttl, id }));
}
