import assert from 'node:assert/strict';
import { seq } from '../../../src/sim/base/seq.ts';
import { ZERO } from '../../../src/sim/base/time.ts';
import { Host } from '../../../src/sim/kernel/host.ts';
import { RunQueue } from '../../../src/sim/kernel/task.ts';
import { Link } from '../../../src/sim/net/link.ts';
import { Scheduler } from '../../../src/sim/net/scheduler.ts';
import { Log } from '../../../src/sim/trace/log.ts';
import { address } from '../../../src/sim/wire/address.ts';
import { isMalformed } from '../../../src/sim/wire/malformed.ts';
import { parseTcpIp } from '../../../src/sim/wire/packet.ts';
import { ACK, PSH } from '../../../src/sim/wire/tcp.ts';

/** The packets that leave a host that is given one segment of 3000 bytes to send in packets of 1448. */
function sendLarge(offload: 'cut' | 'whole', to = '10.0.0.2') {
  const log = new Log();
  const scheduler = new Scheduler();
  const machine = { log, scheduler, runQueue: new RunQueue(), seed: 1, nextSocket: () => 1 };
  const [a, b] = ['10.0.0.1', '10.0.0.2'].map((own, i) => new Host(i, `host${i}`, [address(own)], machine)) as [
    Host,
    Host,
  ];
  const path = { delay: ZERO, rate: Number.POSITIVE_INFINITY, queue: 10, loss: 0, mtu: 1500, offload };
  const link = new Link(0, [a, b], path, 1, scheduler, log);
  a.links.push(link);
  const segment = {
    srcPort: 1,
    dstPort: 2,
    seq: seq(100),
    ack: seq(7),
    flags: ACK | PSH,
    window: 5,
    urgent: 0,
    options: {},
    payload: new Uint8Array(3000),
  };
  a.send(segment, { id: 0, localAddr: address('10.0.0.1'), remoteAddr: address(to) }, -1, 1448);
  return [...log.of('packet.sent')].map(({ bytes }) => {
    const parsed = parseTcpIp(bytes);
    assert.ok(!isMalformed(parsed));
    return parsed;
  });
}

describe('a segment larger than a packet of the path', () => {
  it('is cut by a device that sends packets on a wire, each packet with an identification of its own', () => {
    const packets = sendLarge('cut');
    assert.deepEqual(
      packets.map(({ segment }) => [segment.seq, segment.payload.length, segment.flags]),
      [
        [100, 1448, ACK],
        [1548, 1448, ACK],
        [2996, 104, ACK | PSH],
      ],
    );
    const first = packets[0]?.ip.id as number;
    assert.deepEqual(
      packets.map(({ ip }) => ip.id),
      [0, 1, 2].map((i) => (first + i) & 0xffff),
    );
  });

  it('stays whole on a link that carries it whole, and on the loopback device', () => {
    for (const packets of [sendLarge('whole'), sendLarge('cut', '10.0.0.1')]) {
      assert.deepEqual(
        packets.map(({ segment }) => [segment.payload.length, segment.flags]),
        [[3000, ACK | PSH]],
      );
    }
  });
});
