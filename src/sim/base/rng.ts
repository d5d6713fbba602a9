/**
 * Seeded random numbers: one stream per consumer, derived from the world's seed and the consumer's name, so that one
 * more draw somewhere moves nothing elsewhere. Statistical quality matters here (xoshiro128**), secrecy does not.
 */

/** FNV-1a over the characters of a name: spreads stream names over 32 bits. */
export function hashName(name: string, seed = 0x811c9dc5): number {
  let h = seed >>> 0;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}

/** A stream of random numbers. */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed the world's seed. @param name the consumer, for example `loss client>server`. */
  constructor(seed: number, name: string) {
    let x = hashName(name, (seed ^ 0x811c9dc5) >>> 0);
    const next = () => {
      // splitmix32: turns one word into four that are never all zero in practice
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** An unsigned 32-bit integer. */
  u32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
}
