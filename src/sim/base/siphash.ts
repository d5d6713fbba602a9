/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of 64 bits. Linux makes Fast Open cookies with it
 * (lib/siphash.c). Not for hot paths.
 */
const MASK = 0xffff_ffff_ffff_ffffn;
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;

function word(bytes: Uint8Array, at: number, count = 8): bigint {
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

/** The hash of `data` under a key of 16 bytes, as 8 bytes, the lowest first. */
export function siphash(key: Uint8Array, data: Uint8Array): Uint8Array {
  const [k0, k1] = [word(key, 0), word(key, 8)];
  const v: [bigint, bigint, bigint, bigint] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const round = () => {
    v[0] = (v[0] + v[1]) & MASK;
    v[1] = rotate(v[1], 13n) ^ v[0];
    v[0] = rotate(v[0], 32n);
    v[2] = (v[2] + v[3]) & MASK;
    v[3] = rotate(v[3], 16n) ^ v[2];
    v[0] = (v[0] + v[3]) & MASK;
    v[3] = rotate(v[3], 21n) ^ v[0];
    v[2] = (v[2] + v[1]) & MASK;
    v[1] = rotate(v[1], 17n) ^ v[2];
    v[2] = rotate(v[2], 32n);
  };
  const absorb = (m: bigint) => {
    v[3] ^= m;
    round();
    round();
    v[0] ^= m;
  };
  const whole = data.length - (data.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(word(data, at));
  absorb((BigInt(data.length & 0xff) << 56n) | word(data, whole, data.length - whole));
  v[2] ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  let hash = v[0] ^ v[1] ^ v[2] ^ v[3];
  const out = new Uint8Array(8);
  for (let i = 0; i < 8; i++, hash >>= 8n) out[i] = Number(hash & 0xffn);
  return out;
}
