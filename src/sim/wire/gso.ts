/**
 * Generic segmentation offload: one large packet from TCP, cut where the device wants it (Linux net/ipv4/tcp_offload.c
 * tcp_gso_segment). Payloads are views of the large one's, not copies.
 */
import { seqAdd } from '../base/seq.ts';
import { CWR, FIN, PSH, type Segment } from './tcp.ts';

/**
 * The segments of at most `size` bytes of payload that a large one stands for: sequence numbers advance, FIN and PSH are
 * the last one's, CWR is the first one's, all else is the same.
 */
export function cutSegment(segment: Segment, size: number): Segment[] {
  const { payload, flags, seq } = segment;
  const cut: Segment[] = [];
  for (let from = 0; from < payload.length; from += size) {
    const to = Math.min(from + size, payload.length);
    cut.push({
      srcPort: segment.srcPort,
      dstPort: segment.dstPort,
      seq: seqAdd(seq, from),
      ack: segment.ack,
      flags: flags & ~((from === 0 ? 0 : CWR) | (to === payload.length ? 0 : FIN | PSH)),
      window: segment.window,
      urgent: segment.urgent,
      options: segment.options,
      payload: payload.subarray(from, to),
    });
  }
  return cut;
}
