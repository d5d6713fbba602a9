import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fieldDump, hexdump } from '../../../src/sim/wire/hexdump.ts';
import { CAPTURED, CAPTURED_6, fromHex } from './captured.ts';

const packet = (about: string): Uint8Array => fromHex(CAPTURED.find((one) => one.about === about)?.hex ?? '');

describe('a hexdump', () => {
  it('is that of tcpdump -X', () => {
    assert.equal(
      hexdump(packet('data with timestamps')),
      [
        "\t0x0000:  4500 0038 275b 4000 4006 ff62 0a00 0001  E..8'[@.@..b....",
        '\t0x0010:  0a00 0002 9c40 1f90 29a5 c277 2444 9e0b  .....@..)..w$D..',
        '\t0x0020:  8018 003f 92bf 0000 0101 080a cd54 4391  ...?.........TC.',
        '\t0x0030:  a401 d1ba 7069 6e67                      ....ping',
      ].join('\n'),
    );
  });

  it('ends in half a group when the length is odd', () => {
    assert.equal(hexdump(fromHex('7a2041')), '\t0x0000:  7a20 41                                  z.A');
    assert.equal(hexdump(fromHex('')), '');
  });
});

describe('a dump of fields', () => {
  it('names each field beside its bytes', () => {
    assert.equal(
      fieldDump(packet('data with timestamps')),
      `IPv4
  0x0000:  45                                       version 4, IHL 5
  0x0001:  00                                       DSCP 0, ECN 0
  0x0002:  0038                                     total length 56
  0x0004:  275b                                     identification 10075
  0x0006:  4000                                     DF, fragment offset 0
  0x0008:  40                                       TTL 64
  0x0009:  06                                       protocol 6
  0x000a:  ff62                                     header checksum 0xff62
  0x000c:  0a00 0001                                source 10.0.0.1
  0x0010:  0a00 0002                                destination 10.0.0.2
TCP
  0x0014:  9c40                                     source port 40000
  0x0016:  1f90                                     destination port 8080
  0x0018:  29a5 c277                                sequence number 698729079
  0x001c:  2444 9e0b                                acknowledgement 608476683
  0x0020:  80                                       data offset 8, reserved 0
  0x0021:  18                                       ACK, PSH
  0x0022:  003f                                     window 63
  0x0024:  92bf                                     checksum 0x92bf
  0x0026:  0000                                     urgent pointer 0
  0x0028:  01                                       nop
  0x0029:  01                                       nop
  0x002a:  080a cd54 4391 a401 d1ba                 TS val 3444851601 ecr 2751582650
data
  0x0034:  7069 6e67                                ping`,
    );
  });

  it('names the fields of IPv6, extension headers too', () => {
    const packet = fromHex(CAPTURED_6.find(({ about }) => about === 'data with DSCP 46')?.hex ?? '');
    const extended = Uint8Array.from([
      ...packet.subarray(0, 40),
      ...fromHex('0600010400000000'),
      ...packet.subarray(40, 76),
    ]);
    extended[6] = 0;
    extended[5] = (extended[5] as number) + 8;
    assert.equal(
      fieldDump(extended).split('\nTCP')[0],
      `IPv6
  0x0000:  6b8a e5f5                                version 6, DSCP 46, ECN 0, flow label 0xae5f5
  0x0004:  0029                                     payload length 41
  0x0006:  00                                       next header 0
  0x0007:  40                                       hop limit 64
  0x0008:  2001 0db8 0000 0000 0000 0000 0000 0002  source 2001:db8::2
  0x0018:  2001 0db8 0000 0000 0000 0000 0000 0001  destination 2001:db8::1
  0x0028:  0600 0104 0000 0000                      8 bytes`,
    );
  });

  it('shows every byte once and in order, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const shown = [...fieldDump(bytes).matchAll(/^ {2}0x([0-9a-f]{4}): {2}(.{0,39})/gm)].map(([, at, hex]) => {
          return [Number.parseInt(at as string, 16), (hex as string).replaceAll(' ', '')] as const;
        });
        for (const [at, hex] of shown)
          assert.equal(hex, Buffer.from(bytes.subarray(at, at + hex.length / 2)).toString('hex'));
        assert.equal(shown.map(([, hex]) => hex).join(''), Buffer.from(bytes).toString('hex'));
      }),
      { numRuns: 500 },
    );
  });
});
