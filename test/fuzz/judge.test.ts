import assert from 'node:assert/strict';
import { equalBytes } from '../../src/sim/base/bytes.ts';
import { ZERO } from '../../src/sim/base/time.ts';
import { encode } from '../../src/sim/trace/codec.ts';
import type { Event, EventOf, Kind } from '../../src/sim/trace/schema.ts';
import { address4 } from '../../src/sim/wire/address.ts';
import { checksum, pseudoHeaderSum } from '../../src/sim/wire/checksum.ts';
import { judge } from './judge.ts';
import { matches, stretch } from './pattern.ts';
import type { End, Plan } from './plan.ts';
import { type Played, play, type Seen } from './play.ts';

const END: End = {
  options: [],
  sendBuffer: 0,
  receiveBuffer: 0,
  writes: [{ bytes: 5000, pause: 0, more: false }],
  size: 4096,
  late: 0,
  pause: 0,
  flags: 'none',
  stop: undefined,
  finish: 'shutdown',
  linger: undefined,
};
const PLAN: Plan = {
  seed: 1,
  shape: 'pair',
  family: 4,
  kernel: '6.18',
  sysctls: [[], []],
  path: { delay: 1000, rate: 0, queue: 100, loss: 0, mtu: 1500, duplicate: 0, corrupt: 0, reorder: 0, jitter: 0 },
  wrap: 2000,
  backlog: 1,
  acceptPause: 0,
  talks: [{ again: false, open: 'bound', at: 0, ends: [END, { ...END, writes: [], finish: 'close' }] }],
};

type Events = Event[];

/** The event of a kind that a test spoils: the `nth`, from the end when negative. */
function one<K extends Kind>(events: Events, kind: K, nth = 0): EventOf<K> {
  const found = events.filter((event) => event.kind === kind).at(nth);
  return (found ?? assert.fail(`no ${kind} number ${nth}`)) as EventOf<K>;
}

/** Takes an event out. */
const without = (events: Events, event: Event): void => void events.splice(events.indexOf(event), 1);

/** Changes the TCP header or the data of the first full packet and mends its checksum, so that nothing else is wrong. */
function inPacket(events: Events, change: (tcp: DataView) => void): void {
  const event = events.find((e) => e.kind === 'packet.sent' && e.bytes.length > 1000);
  if (event?.kind !== 'packet.sent') assert.fail('no full packet');
  event.bytes = event.bytes.slice();
  const { buffer, byteLength } = event.bytes;
  const ip = new DataView(buffer, 0, 20);
  const tcp = new DataView(buffer, 20);
  change(tcp);
  tcp.setUint16(16, 0);
  const pseudo = pseudoHeaderSum(address4(ip.getUint32(12)), address4(ip.getUint32(16)), 6, tcp.byteLength);
  tcp.setUint16(16, checksum(event.bytes, 20, byteLength, pseudo));
}

/** A world made wrong in one way, and what the judge must say of it. */
const WRONGS: [name: string, spoil: (events: Events, played: Played) => void, says: RegExp][] = [
  [
    'a bit of a packet',
    (events) => {
      const event = one(events, 'packet.sent', 5);
      event.bytes = event.bytes.map((byte, i) => (i === 30 ? byte ^ 4 : byte));
    },
    /malformed: tcp checksum/,
  ],
  ['a byte of data', (events) => inPacket(events, (tcp) => tcp.setUint8(100, 1 ^ tcp.getUint8(100))), /are not those/],
  [
    'a sequence number',
    (events) => inPacket(events, (tcp) => tcp.setUint32(4, tcp.getUint32(4) + 2e5)),
    /has room up to/,
  ],
  ['an acknowledgment', (events) => inPacket(events, (tcp) => tcp.setUint32(8, tcp.getUint32(8) + 5)), /ges 6, only 1/],
  ['a window taken back', (events) => inPacket(events, (tcp) => tcp.setUint16(14, 1)), /its window goes back/],
  ['a packet too long', (events) => void (one(events, 'link.up').mtu = 1400), /1500 bytes on a path of 1400/],
  ['a cause that comes later', (events) => void (one(events, 'tcp.send').cause = 1e6), /later event 1000000/],
  ['an event out of nothing', (events) => void (one(events, 'packet.sent').cause = -1), /has no cause/],
  ['a time', (events) => void (one(events, 'tcp.rtt').t = ZERO), /earlier than the one before/],
  ['an arc', (events) => void (one(events, 'tcp.state', 3).row = 30), /row 30 is not this move/],
  ['a move left out', (events) => without(events, one(events, 'tcp.state', 4)), /it was in .*, not in/],
  ['SND.UNA', (events) => void (one(events, 'tcp.send', 2).una = 1e6), /SND.UNA 1000000 is beyond SND.NXT/],
  [
    'SND.NXT going back',
    (events) => void Object.assign(one(events, 'tcp.send', -1), { una: 0, nxt: 0 }),
    /NXT goes back/,
  ],
  [
    'RCV.NXT going back',
    (events) => void Object.assign(one(events, 'tcp.recv', -1), { read: 0, nxt: 0 }),
    /NXT goes back/,
  ],
  ['the window of the log', (events) => void (one(events, 'tcp.recv', 2).edge = 2e5), /edge goes back from 200000/],
  ['a timer left running', (events) => without(events, one(events, 'timer.fire', -1)), /its TIME-WAIT timer running/],
  ['a timer that was never set', (events) => without(events, one(events, 'timer.set')), /timer did not run/],
  ['a socket left', (events) => without(events, one(events, 'sock.free', -1)), /is not freed/],
  ['an arrival left out', (events) => without(events, one(events, 'packet.arrived', -1)), /neither arrived nor/],
  ['a queue left', (events) => without(events, one(events, 'queue.accept', -1)), /ends with 1 in it/],
  ['a byte too few', (_, { seen }) => void ((seen[0] as [Seen, Seen])[1].received -= 1), /ends after 4999 of 5000/],
  ['a byte too many', (_, { seen }) => void ((seen[0] as [Seen, Seen])[1].received += 1), /has read 5001 bytes, 5000/],
  ['an error', (_, { seen }) => void seen[0]?.[0].errors.push('recv ECONNRESET'), /without a reason: recv ECONNRESET/],
  ['a standstill', (_, played) => void (played.programs = { end: 'stuck', waiting: ['me'] }), /standstill: me/],
  ['no end', (_, played) => void (played.silence = { end: 'limit', what: '1 s' }), /there is no end/],
];

describe('the judge of random worlds', () => {
  it('finds nothing wrong with a world that is right', async () => {
    const played = await play(PLAN);
    assert.deepEqual(judge(played), []);
    assert.equal(played.seen[0]?.[1].received, 5000);
    assert.ok(equalBytes(encode(played.log), encode((await play(PLAN)).log)));
  });
  for (const [name, spoil, says] of WRONGS)
    it(`sees what is wrong: ${name}`, async () => {
      const played = await play(PLAN);
      const events = [...played.log];
      spoil(events, played);
      assert.match(judge(played, events).join('\n'), says);
    });
});

describe('the bytes of a stream', () => {
  it('are the same wherever they are looked at, and no others', () => {
    const whole = stretch(3, 65_000, 2000);
    assert.ok(matches(3, 65_500, whole.subarray(500, 900)));
    assert.ok(!matches(3, 65_501, whole.subarray(500, 900)));
    assert.ok(!matches(2, 65_500, whole.subarray(500, 900)));
  });
});
