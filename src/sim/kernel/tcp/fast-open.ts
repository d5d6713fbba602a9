/**
 * What a host knows for Fast Open (RFC 7413; Linux tcp_fastopen.c, tcp_metrics.c): as a server its keys, from which it makes
 * cookies and knows its own again; as a client the cookies of its peers.
 */
import { siphash } from '../../base/siphash.ts';
import { type Cookie, cookieOf, type EarlyData, type Lesson } from '../../tcp/fast-open.ts';
import type { Address } from '../../wire/address.ts';
import type { Segment } from '../../wire/tcp.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';

/** Bits of net.ipv4.tcp_fastopen (Documentation/networking/ip-sysctl.rst). */
const CLIENT = 0x1;
const SERVER = 0x2;
const CLIENT_NO_COOKIE = 0x4;
const SERVER_NO_COOKIE = 0x200;
const SERVER_ALWAYS = 0x400;

/** What is remembered of a peer (struct tcp_fastopen_metrics). */
export interface PeerMemory {
  mss: number;
  cookie: Uint8Array;
  experimental: boolean;
  tryExperimental: number;
}

export const clientEnabled = (host: Host): boolean => (host.sysctl['net.ipv4.tcp_fastopen'] & CLIENT) !== 0;

/** How many connections a fresh listener lets begin with data; 0: none (inet_listen). */
export function queueOfListener(host: Host, opts: Socket['opts'], backlog: number): number {
  const always = SERVER | SERVER_ALWAYS;
  const on = (host.sysctl['net.ipv4.tcp_fastopen'] & always) === always;
  return opts.fastOpenQueue || (on ? backlog : 0);
}

/** Whether data may go without a cookie (tcp_fastopen_no_cookie). */
const needsNone = (host: Host, socket: Socket, bit: number): boolean =>
  (host.sysctl['net.ipv4.tcp_fastopen'] & bit) !== 0 || socket.opts.fastOpenNoCookie;

/** What this connection may send with its SYN: the cookie of the peer, or the request for one (tcp_fastopen_cookie_check). */
export function earlyOption(
  host: Host,
  socket: Socket,
): { option: Cookie | undefined; ready: boolean; mss: number | undefined } {
  const known = host.fastOpenPeers.get(socket.remoteAddr.text);
  const mss = known?.mss;
  if (needsNone(host, socket, CLIENT_NO_COOKIE)) return { option: undefined, ready: true, mss };
  const cookie = known?.cookie ?? NO_COOKIE;
  const experimental = cookie.length > 0 ? (known?.experimental ?? false) : known?.tryExperimental === 1;
  return { option: { cookie, experimental }, ready: cookie.length > 0, mss };
}
const NO_COOKIE = new Uint8Array(0);

/** Whether connect() waits for the first write: the peer will take its data (tcp_fastopen_defer_connect). */
export const defersConnect = (host: Host, socket: Socket): boolean =>
  socket.opts.fastOpenConnect && clientEnabled(host) && earlyOption(host, socket).ready;

/** What goes with the SYN: data as far as it may; undefined: this connection does not use Fast Open. */
export function earlyFor(
  host: Host,
  socket: Socket,
  data: Uint8Array | undefined,
  zerocopy?: number,
): EarlyData | undefined {
  if (data === undefined && !(socket.opts.fastOpenConnect && clientEnabled(host))) return undefined;
  const { option, ready, mss } = earlyOption(host, socket);
  return { option, data: ready && data ? data : NO_COOKIE, mss, zerocopy };
}

/** A SYN,ACK told something about its sender (tcp_fastopen_cache_set). */
export function learn(host: Host, peer: Address, { mss, cookie, tryExperimental }: Lesson): void {
  const known = host.fastOpenPeers.get(peer.text) ?? {
    mss,
    cookie: NO_COOKIE,
    experimental: false,
    tryExperimental: 0,
  };
  known.mss = mss;
  if (cookie && cookie.cookie.length > 0) {
    known.cookie = cookie.cookie;
    known.experimental = cookie.experimental;
  } else if (tryExperimental > known.tryExperimental && known.cookie.length === 0) {
    known.tryExperimental = tryExperimental;
  }
  host.fastOpenPeers.set(peer.text, known);
}

/** The keys of a listener, 16 bytes each: its own, or the host's. */
function keysOf(host: Host, { opts }: Socket): Uint8Array[] {
  const bytes = opts.fastOpenKey ?? hostKeys(host);
  const keys: Uint8Array[] = [];
  for (let at = 0; at + 16 <= bytes.length; at += 16) keys.push(bytes.subarray(at, at + 16));
  return keys;
}

/** net.ipv4.tcp_fastopen_key: four words of 32 bits, the lowest byte first; zeros: one is made up. */
function hostKeys(host: Host): Uint8Array {
  const words = host.sysctl['net.ipv4.tcp_fastopen_key'].split(/[-,]/).map((word) => Number.parseInt(word, 16));
  const out = new Uint8Array(4 * words.length);
  const view = new DataView(out.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, words.some((w) => w !== 0) ? word : host.secret, true);
  return out;
}

function cookieFor(key: Uint8Array, client: Address, server: Address): Uint8Array {
  const names = new Uint8Array(client.bytes.length + server.bytes.length);
  names.set(client.bytes);
  names.set(server.bytes, client.bytes.length);
  return siphash(key, names);
}

/** What a listener makes of a SYN: whether it serves it at once, and the cookie for its SYN,ACK (tcp_try_fastopen). */
export function judgeSyn(
  host: Host,
  socket: Socket,
  segment: Segment,
  client: Address,
  server: Address,
): { serve: boolean; answer: Cookie | undefined } {
  const refused = { serve: false, answer: undefined };
  const { listener } = socket;
  const shown = cookieOf(segment);
  const enabled = (host.sysctl['net.ipv4.tcp_fastopen'] & SERVER) !== 0;
  if (!enabled || !listener || (segment.payload.length === 0 && !shown)) return refused;
  if (listener.fastOpenPending >= listener.fastOpenLimit) return refused;
  if (needsNone(host, socket, SERVER_NO_COOKIE)) return { serve: true, answer: undefined };
  if (!shown) return refused;
  const valid = keysOf(host, socket).map((key) => cookieFor(key, client, server));
  const [first] = valid;
  if (!first) return refused;
  const answer: Cookie = { cookie: first, experimental: shown.experimental };
  if (shown.cookie.length === 0) return { serve: false, answer };
  const match = valid.findIndex(
    (own) => own.length === shown.cookie.length && own.every((b, i) => b === shown.cookie[i]),
  );
  if (match < 0) return { serve: false, answer };
  return { serve: true, answer: match > 0 ? answer : undefined };
}
