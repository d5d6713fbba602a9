/**
 * What routers have told a host of the paths to single addresses: the MTU, for ten minutes (Linux net/ipv4/route.c
 * __ip_rt_update_pmtu, fib_nh_exception; RFC 1191 section 6.3). Nothing here knows connections.
 */
import { s, type Time } from '../base/time.ts';
import type { Address } from '../wire/address.ts';
import { IPV6_MIN_MTU } from '../wire/ipv6.ts';

interface Entry {
  mtu: number;
  /** It was below what is believed: packets of this size may be fragmented on the way. */
  locked: boolean;
  until: Time;
}

/** The settings that it goes by. */
export interface PathMtuRules {
  /** net.ipv4.route.min_pmtu: routers that say less are not believed. */
  least: number;
  /** net.ipv4.route.mtu_expires, in seconds. */
  expires: number;
}

export class PathMtus {
  readonly #entries = new Map<Address, Entry>();

  /** The MTU of the path to `peer`, where the first link takes `link`. */
  of(peer: Address, link: number, now: Time): number {
    const entry = this.#entries.get(peer);
    if (!entry || now >= entry.until) return link;
    return Math.min(entry.mtu, link);
  }

  /** Whether packets to `peer` may be fragmented on their way, since the path's MTU is too small to believe. */
  mayFragment(peer: Address, now: Time): boolean {
    const entry = this.#entries.get(peer);
    return entry?.locked === true && now < entry.until;
  }

  /** Whether something known of the path to `peer` has just become too old: it is forgotten. */
  expire(peer: Address, now: Time): boolean {
    const entry = this.#entries.get(peer);
    return entry !== undefined && now >= entry.until && this.#entries.delete(peer);
  }

  /** A router said that the path to `peer`, of which `known` was believed, takes `mtu`. @returns whether that is news */
  learn(peer: Address, mtu: number, known: number, { least, expires }: PathMtuRules, now: Time): boolean {
    const until = (now + s(expires)) as Time;
    if (peer.family === 6) {
      if (mtu < IPV6_MIN_MTU || mtu >= known) return false; // no path of IPv6 takes less
      this.#entries.set(peer, { mtu, locked: false, until });
      return true;
    }
    if (known < mtu) return false;
    const locked = mtu < least;
    const entry = this.#entries.get(peer);
    const believed = locked ? Math.min(known, least) : mtu;
    // what is known already is refreshed in the second half of its time
    if (entry && entry.mtu === believed && !locked && now < entry.until - s(expires) / 2) return false;
    this.#entries.set(peer, { mtu: believed, locked, until });
    return true;
  }
}
