/** A pcapng file read back, by the draft's text alone: for tests of the writer. Throws at whatever the draft forbids. */
import assert from 'node:assert/strict';
import { addressAt } from '../../src/sim/wire/address.ts';

export interface Interface {
  linkType: number;
  options: Map<number, Buffer[]>;
}

export interface Packet {
  interface: number;
  /** In the interface's units since 1970. */
  time: bigint;
  bytes: Buffer;
  options: Map<number, Buffer[]>;
}

export interface Capture {
  section: Map<number, Buffer[]>;
  interfaces: Interface[];
  /** Names by address, '10.0.0.1'. */
  names: Map<string, string>;
  packets: Packet[];
}

const padded = (length: number): number => (length + 3) & ~3;

function* records(bytes: Buffer): Generator<[code: number, value: Buffer]> {
  let at = 0;
  while (at < bytes.length) {
    const code = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    if (code === 0) {
      assert.equal(length, 0, 'the end of options has no value');
      assert.equal(at + 4, bytes.length, 'nothing follows the end of options');
      return;
    }
    const value = bytes.subarray(at + 4, at + 4 + length);
    assert.equal(value.length, length, 'an option lies inside its block');
    const filler = bytes.subarray(at + 4 + length, at + 4 + padded(length));
    assert.ok(filler.every((byte) => byte === 0) && filler.length === padded(length) - length);
    yield [code, value];
    at += 4 + padded(length);
  }
  assert.equal(at, 0, 'options end with their end');
}

function optionsOf(bytes: Buffer): Map<number, Buffer[]> {
  const options = new Map<number, Buffer[]>();
  for (const [code, value] of records(bytes)) options.set(code, [...(options.get(code) ?? []), value]);
  return options;
}

/** What the file holds; `bytes` of packets are views of it. */
export function readPcapng(file: Uint8Array): Capture {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  assert.equal(bytes.readUInt32BE(8), 0x1a2b3c4d, 'big-endian');
  const capture: Capture = { section: new Map(), interfaces: [], names: new Map(), packets: [] };
  for (let at = 0; at < bytes.length; ) {
    const type = bytes.readUInt32BE(at);
    const length = bytes.readUInt32BE(at + 4);
    assert.equal(length % 4, 0);
    assert.equal(bytes.readUInt32BE(at + length - 4), length, 'both lengths of a block agree');
    const body = bytes.subarray(at + 8, at + length - 4);
    switch (type) {
      case 0x0a0d0d0a:
        assert.equal(at, 0, 'one section');
        assert.deepEqual([body.readUInt16BE(4), body.readUInt16BE(6)], [1, 0], 'version');
        capture.section = optionsOf(body.subarray(16));
        break;
      case 1:
        capture.interfaces.push({ linkType: body.readUInt16BE(0), options: optionsOf(body.subarray(8)) });
        break;
      case 4:
        for (const [code, value] of records(body)) {
          assert.ok(code === 1 || code === 2);
          const size = code === 1 ? 4 : 16;
          capture.names.set(addressAt(value, 0, code === 1 ? 4 : 6).text, value.subarray(size, -1).toString());
        }
        break;
      case 6: {
        const captured = body.readUInt32BE(12);
        assert.equal(captured, body.readUInt32BE(16), 'packets are whole');
        const number = body.readUInt32BE(0);
        assert.ok(number < capture.interfaces.length, 'the interface is described before its packets');
        capture.packets.push({
          interface: number,
          time: body.readBigUInt64BE(4),
          bytes: body.subarray(20, 20 + captured),
          options: optionsOf(body.subarray(20 + padded(captured))),
        });
        break;
      }
      default:
        assert.fail(`block type ${type}`);
    }
    at += length;
  }
  return capture;
}

/** The texts of an option, by its code. */
export const texts = (options: Map<number, Buffer[]>, code: number): string[] =>
  (options.get(code) ?? []).map((value) => value.toString());
