/**
 * ICMP messages that come to a host (Linux net/ipv4/icmp.c icmp_rcv, net/ipv6/icmp.c icmpv6_rcv): echo requests are
 * answered, errors go to the connection whose segment they quote. Everything else is taken and left at that.
 */

import { ICMP4, ICMP6, quotedSegment } from '../wire/icmp.ts';
import type { IcmpPacket } from '../wire/icmp-packet.ts';
import type { Host } from './host.ts';
import { tcpError } from './tcp/errors.ts';

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
