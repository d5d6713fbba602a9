/**
 * Captures of many worlds for one run of tshark. All worlds use the same addresses, and tshark would take their connections
 * for one: so each capture gets addresses of its own. Checksums are adjusted by the difference (RFC 1624), never computed:
 * a right one stays right, a wrong one stays wrong.
 */
import { readPcapng } from './reader.ts';

const IPV4_CHECKSUM = 10;
const TCP_CHECKSUM = 16;

/** The capture with the addresses of world `world` (0 to 65535), in place. */
export function moved(file: Uint8Array, world: number): Uint8Array {
  const known = new Map<number, number>();
  for (const { bytes } of readPcapng(file).packets) {
    const header = ((bytes[0] as number) & 15) * 4;
    for (const at of [12, 16]) {
      const address = bytes.readUInt32BE(at);
      if (!known.has(address)) known.set(address, known.size + 1);
      const host = known.get(address) as number;
      const fresh = (10 << 24) | (world << 8) | host;
      for (const [place, word] of [
        [at, fresh >>> 16],
        [at + 2, fresh & 0xffff],
      ] as const) {
        const old = bytes.readUInt16BE(place);
        bytes.writeUInt16BE(word, place);
        adjust(bytes, IPV4_CHECKSUM, old, word);
        adjust(bytes, header + TCP_CHECKSUM, old, word);
      }
    }
  }
  return file;
}

/** A checksum over words of which one was `old` and is `word` now. */
function adjust(bytes: Buffer, at: number, old: number, word: number): void {
  let sum = (~bytes.readUInt16BE(at) & 0xffff) + (~old & 0xffff) + word;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(~sum & 0xffff, at);
}
