/**
 * ICMP messages that come to a host (Linux net/ipv4/icmp.c icmp_rcv, net/ipv6/icmp.c icmpv6_rcv): echo requests are
 * answered, errors go to the connection whose segment they quote. Everything else is taken and left at that.
 */

import { EMPTY } from '../base/bytes.ts';
import type { Address } from '../wire/address.ts';
import { emitIcmp, ICMP4, ICMP6, type Icmp, parseIcmp, quotedSegment } from '../wire/icmp.ts';
import { emitIpv4, PROTOCOL, parseIpv4 } from '../wire/ipv4.ts';
import { emitIpv6, parseIpv6, upperLayer } from '../wire/ipv6.ts';
import { isMalformed, type Malformed } from '../wire/malformed.ts';
import { RawPacket } from '../wire/packet.ts';
import type { Host } from './host.ts';
import { tcpError } from './tcp/errors.ts';

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

/** A message has come; `packet` is the number of its `packet.sent`. */
export function icmpArrives(host: Host, message: IcmpPacket, packet: number): void {
  const { log } = host.machine;
  const { icmp, src, dst } = message;
  const six = src.family === 6;
  const { echo, echoReply } = six ? ICMP6 : ICMP4;
  if (icmp.type === echo) {
    const cause = log.add('packet.arrived', { host: host.index, cause: packet }, { packet });
    host.reply({ src: dst, dst: src, icmp: { ...icmp, type: echoReply } }, cause);
    return;
  }
  const quote = quotedSegment(icmp);
  if (quote && host.owns(quote.src)) tcpError(host, message, quote, packet);
  else log.add('packet.arrived', { host: host.index, cause: packet }, { packet });
}
