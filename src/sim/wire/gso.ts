/**
 * Generic segmentation offload: one large packet from TCP, cut where the device wants it (Linux net/ipv4/tcp_offload.c
 * tcp_gso_segment). Sequence numbers advance, FIN and PSH are the last part's, CWR is the first one's, all else is the
 * same. Payloads are views of the large one's, not copies.
 */
import { type Seq, seqAdd } from '../base/seq.ts';
import { CWR, FIN, PSH, type Segment } from './tcp.ts';

/** How many parts of at most `size` bytes of payload a segment has; one without payload has one. */
export const partCount = ({ payload }: Segment, size: number): number => Math.max(1, Math.ceil(payload.length / size));

/** Bytes of payload of a part. */
export const partLength = ({ payload }: Segment, index: number, size: number): number =>
  Math.min(size, payload.length - index * size);

export const partSeq = ({ seq }: Segment, index: number, size: number): Seq => seqAdd(seq, index * size);

export function partFlags({ flags, payload }: Segment, index: number, size: number): number {
  const last = (index + 1) * size >= payload.length;
  return flags & ~((index === 0 ? 0 : CWR) | (last ? 0 : FIN | PSH));
}

/** One part of a segment that is cut into parts of at most `size` bytes of payload. */
export const cutPart = (segment: Segment, index: number, size: number): Segment => ({
  srcPort: segment.srcPort,
  dstPort: segment.dstPort,
  seq: partSeq(segment, index, size),
  ack: segment.ack,
  flags: partFlags(segment, index, size),
  window: segment.window,
  urgent: segment.urgent,
  options: segment.options,
  payload: segment.payload.subarray(index * size, Math.min((index + 1) * size, segment.payload.length)),
});

/** All parts. */
export const cutSegment = (segment: Segment, size: number): Segment[] =>
  Array.from({ length: partCount(segment, size) }, (_, index) => cutPart(segment, index, size));
