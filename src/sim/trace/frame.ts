/**
 * What the log asks of a packet: headers that are written when they are wanted, and a payload that lies somewhere.
 *
 * A packet on its way is an object; its bytes exist when somebody reads them. The log keeps its headers, which are its
 * own, and refers to its payload, which it shares with the program's write and with every retransmission. As with
 * checksum offload (Linux CHECKSUM_PARTIAL), the checksum over the payload is left to whoever needs the bytes.
 */
import { completeChecksum } from '../base/sum.ts';

export interface Frame {
  /** Bytes before the payload, at most 255. 0: all of the packet is its payload. */
  readonly headerLength: number;
  /** Its bytes, or more of which they are a part. */
  readonly payload: Uint8Array;
  /** Where in `payload` they begin, and how many there are. */
  readonly payloadFrom: number;
  readonly payloadLength: number;
  /**
   * Where in the headers the checksum is that covers the payload, at most 127. The field holds the folded sum of all
   * that it covers before the payload. 0: there is none, or it is complete.
   */
  readonly checksumAt: number;
  /** Writes the headers to `out[at, at + headerLength)`, whatever is there. */
  writeHeaders(out: Uint8Array, at: number): void;
}

/** The bytes of a packet in a fresh array, its checksum complete. */
export function wholeFrame(headers: Uint8Array, payload: Uint8Array, checksumAt: number): Uint8Array {
  const out = new Uint8Array(headers.length + payload.length);
  out.set(headers);
  out.set(payload, headers.length);
  if (checksumAt > 0) completeChecksum(out, headers.length, checksumAt);
  return out;
}
