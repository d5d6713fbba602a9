/** Random addresses, options, segments and packets for property tests of the codecs. */
import fc from 'fast-check';
import { type Seq, seq } from '../../../src/sim/base/seq.ts';
import { type Address, address4, addressAt } from '../../../src/sim/wire/address.ts';
import type { Ipv4Packet } from '../../../src/sim/wire/ipv4.ts';
import type { Ipv6Packet } from '../../../src/sim/wire/ipv6.ts';
import type { IpHeader } from '../../../src/sim/wire/packet.ts';
import type { Segment } from '../../../src/sim/wire/tcp.ts';
import { MAX_OPTIONS, type TcpOptions, tcpOptionsLength } from '../../../src/sim/wire/tcp-options.ts';

export const u8 = fc.nat(0xff);
export const u16 = fc.nat(0xffff);
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
export const anySeq: fc.Arbitrary<Seq> = u32.map(seq);
/** Plain objects, as the parsers make them. */
const plain = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });

const record = {
  mss: u16,
  windowScale: u8,
  sackPermitted: fc.constant(true),
  sack: fc.array(plain({ left: anySeq, right: anySeq }), { minLength: 1, maxLength: 4 }),
  timestamps: plain({ val: u32, ecr: u32 }),
  fastOpen: plain({ cookie: bytes(16), experimental: fc.boolean() }),
  md5: bytes(16, 16),
  other: fc.array(plain({ kind: fc.integer({ min: 60, max: 253 }), data: bytes(12) }), {
    minLength: 1,
    maxLength: 3,
  }),
};

/** Options that fit a header. */
export const anyOptions: fc.Arbitrary<TcpOptions> = fc
  .record(record, { requiredKeys: [], noNullPrototype: true })
  .map((options) => {
    // Drop options until the rest fits, so that full headers are common
    const kept: Partial<Record<keyof TcpOptions, unknown>> = { ...options };
    for (const name of Object.keys(kept) as (keyof TcpOptions)[]) {
      if (tcpOptionsLength(kept as TcpOptions) > MAX_OPTIONS) delete kept[name];
    }
    return kept as TcpOptions;
  });

export const anySegment: fc.Arbitrary<Segment> = plain<Segment>({
  srcPort: u16,
  dstPort: u16,
  seq: anySeq,
  ack: anySeq,
  flags: fc.nat(0x1ff),
  window: u16,
  urgent: u16,
  options: anyOptions,
  payload: fc.oneof(bytes(64), bytes(1460)),
});

/** Bytes of IPv6 addresses with runs of zeros, as real ones have. */
const words6 = fc.array(fc.oneof(fc.constant(0), u16, u8), { minLength: 8, maxLength: 8 });
export const anyAddress4: fc.Arbitrary<Address> = u32.map(address4);
export const anyAddress6: fc.Arbitrary<Address> = fc
  .oneof(
    words6,
    fc.tuple(u16, u16).map(([a, b]) => [0, 0, 0, 0, 0, 0xffff, a, b]),
  )
  .map((words) => addressAt(Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255])), 0, 6));
export const anyAddress: fc.Arbitrary<Address> = fc.oneof(anyAddress4, anyAddress6);

export const anyIpv6: fc.Arbitrary<Ipv6Packet> = plain<Ipv6Packet>({
  src: anyAddress6,
  dst: anyAddress6,
  nextHeader: fc.oneof(u8, fc.constantFrom(0, 6, 43, 44, 60)),
  hopLimit: u8,
  dscp: fc.nat(63),
  ecn: fc.nat(3),
  flowLabel: fc.nat(0xfffff),
  payload: bytes(200),
});

export const anyEnvelope4: fc.Arbitrary<IpHeader> = plain<IpHeader>({
  src: anyAddress4,
  dst: anyAddress4,
  id: u16,
  ttl: u8,
  dscp: fc.nat(63),
  ecn: fc.nat(3),
  df: fc.boolean(),
  flowLabel: fc.constant(0),
});
export const anyEnvelope6: fc.Arbitrary<IpHeader> = plain<IpHeader>({
  src: anyAddress6,
  dst: anyAddress6,
  id: fc.constant(0),
  ttl: u8,
  dscp: fc.nat(63),
  ecn: fc.nat(3),
  df: fc.constant(true),
  flowLabel: fc.nat(0xfffff),
});
export const anyEnvelope: fc.Arbitrary<IpHeader> = fc.oneof(anyEnvelope4, anyEnvelope6);

export const anyIpv4: fc.Arbitrary<Ipv4Packet> = plain<Ipv4Packet>({
  src: anyAddress4,
  dst: anyAddress4,
  protocol: u8,
  ttl: u8,
  id: u16,
  dscp: fc.nat(63),
  ecn: fc.nat(3),
  df: fc.boolean(),
  mf: fc.boolean(),
  fragmentOffset: fc.nat(0x1fff).map((n) => n * 8),
  options: fc.nat(10).chain((words) => bytes(words * 4, words * 4)),
  payload: bytes(200),
});
