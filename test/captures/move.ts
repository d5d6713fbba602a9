/**
 * Captures of many worlds for one run of tshark. All worlds use the same addresses, and tshark would take their connections
 * for one: so each capture gets addresses of its own. Checksums are adjusted by the difference (RFC 1624), never computed:
 * a right one stays right, a wrong one stays wrong.
 */
import { readPcapng } from './reader.ts';

const IPV4_CHECKSUM = 10;
const IPV6_HEADER = 40;
/** Where the checksum stands of what counts the addresses in it, by protocol: ICMP for IPv4 does not. */
const CHECKSUM = new Map([
  [6, 16],
  [58, 2],
]);

/** The capture with the addresses of world `world` (0 to 65535), in place. */
export function moved(file: Uint8Array, world: number): Uint8Array {
  const hosts = new Map<number, number>();
  for (const { bytes } of readPcapng(file).packets) {
    if ((bytes[0] as number) >> 4 === 6) move6(bytes, world);
    else move4(bytes, world, hosts);
  }
  return file;
}

/** 10, world, and a number of the host's own. */
function move4(bytes: Buffer, world: number, hosts: Map<number, number>): void {
  const header = ((bytes[0] as number) & 15) * 4;
  const checksum = CHECKSUM.get(bytes[9] as number);
  for (const at of [12, 16]) {
    const address = bytes.readUInt32BE(at);
    if (!hosts.has(address)) hosts.set(address, hosts.size + 1);
    const moved = (10 << 24) | (world << 8) | (hosts.get(address) as number);
    replace(bytes, at, moved >>> 16, [IPV4_CHECKSUM, checksum && header + checksum]);
    replace(bytes, at + 2, moved & 0xffff, [IPV4_CHECKSUM, checksum && header + checksum]);
  }
}

/** The second word of an address becomes the world's. */
function move6(bytes: Buffer, world: number): void {
  const checksum = CHECKSUM.get(bytes[6] as number);
  for (const at of [8, 24]) replace(bytes, at + 2, world, [checksum && IPV6_HEADER + checksum]);
}

/** Writes a word, and adjusts the checksums over it. */
function replace(bytes: Buffer, at: number, word: number, checksums: readonly (number | undefined)[]): void {
  const old = bytes.readUInt16BE(at);
  bytes.writeUInt16BE(word, at);
  for (const checksum of checksums) {
    if (checksum === undefined) continue;
    let sum = (~bytes.readUInt16BE(checksum) & 0xffff) + (~old & 0xffff) + word;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    bytes.writeUInt16BE(~sum & 0xffff, checksum);
  }
}
