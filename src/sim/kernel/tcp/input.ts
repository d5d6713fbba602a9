/**
 * A TCP segment that came in (Linux tcp_ipv4.c tcp_v4_rcv): finds whose it is. No connection and no listener: a reset.
 */
import { hashName } from '../../base/rng.ts';
import { DROPS } from '../../net/drops.ts';
import { segmentArrives } from '../../tcp/segment-arrives.ts';
import { answerSyn, isnAfter, makeWay } from '../../tcp/time-wait.ts';
import { resetFor } from '../../tcp/transmit.ts';
import { type Address, endpointText } from '../../wire/address.ts';
import type { Segment } from '../../wire/tcp.ts';
import type { Host } from '../host.ts';
import { apply } from './bridge.ts';
import { ignoresFinalAck, listenerSegment } from './listener.ts';

/** Hands a segment from `src` to `dst` to its socket; `packet` is the number of its `packet.sent`. */
export function segmentFor(host: Host, segment: Segment, src: Address, dst: Address, packet: number): void {
  const { log } = host.machine;
  if (segment.options.md5) {
    // no socket here has a key (tcp.c tcp_inbound_md5_hash)
    log.add('packet.dropped', { host: host.index, cause: packet }, { packet, reason: DROPS.unexpectedMd5 });
    return;
  }
  const socket = host.demux.connection(dst, segment.dstPort, src, segment.srcPort);
  if (socket?.tcb) {
    if (ignoresFinalAck(host, socket, segment, packet)) return;
    log.cause = log.packetArrived(host.index, socket.id, packet);
    const { effects, forListener } = segmentArrives(socket.tcb, segment, host.now);
    apply(host, socket, effects);
    if (!forListener) return;
  }
  const old = socket?.tcb;
  const names = () =>
    hashName(`reuseport ${endpointText(src, segment.srcPort)}>${endpointText(dst, segment.dstPort)}`, host.secret);
  const listener = host.demux.listener(dst, segment.dstPort, names);
  if (listener) {
    const after = old && { isn: isnAfter(old) };
    if (old) apply(host, socket, makeWay(old, 'rcv SYN', host.now));
    listenerSegment(host, listener, segment, { src, dst, packet, after });
    return;
  }
  if (old) {
    apply(host, socket, answerSyn(old, segment, host.now));
    return;
  }
  log.cause = log.packetArrived(host.index, 0, packet);
  const reset = resetFor(segment);
  if (!reset) return;
  const why = log.add(
    'tcp.note',
    { host: host.index },
    { rule: `no socket for port ${segment.dstPort}: reset`, rfc: '9293 3.10.7.1', linux: 'tcp_ipv4.c tcp_v4_rcv' },
  );
  host.send(reset, { id: 0, localAddr: dst, remoteAddr: src }, why);
}
