/** Claims about the layers around a socket. */
import assert from 'node:assert/strict';
import { seqAdd } from '../../src/sim/base/seq.ts';
import { address } from '../../src/sim/wire/address.ts';
import { emitTcpIp } from '../../src/sim/wire/packet.ts';
import { failure } from '../sim/world-kit.ts';
import { C, connection, dial, experiment, listener, onWire, pattern, read, socket, text } from './lab.ts';

/** Bytes of the IP header and of the TCP header of a packet. */
const headers = (bytes: Uint8Array): [ip: number, tcp: number] => {
  const ip = ((bytes[0] as number) & 15) * 4;
  return [ip, ((bytes[ip + 12] as number) >> 4) * 4];
};

describe('claims: layers', () => {
  // The simulator's packets begin with the IP header: three of the four groups, and the fourth is Ethernet.
  it('osi-is-a-reference-model', () =>
    experiment(async (lab) => {
      const { A, B, world } = lab;
      const { fd, child } = await connection(lab);
      const request = 'GET / HTTP/1.1\r\nHost: server\r\n\r\n';
      await A.write(fd, request);
      assert.equal(await read(B, child), request);
      const frame = world.log
        .of('packet.sent')
        .map(({ bytes }) => bytes)
        .find(({ length }) => length > 60)!;
      const [ip, tcp] = headers(frame);
      const groups = {
        network: frame.subarray(0, ip),
        transport: frame.subarray(ip, ip + tcp),
        application: frame.subarray(ip + tcp),
      };
      assert.deepEqual([groups.network[0], groups.network[9]], [0x45, 6]);
      assert.equal((groups.transport[2]! << 8) | groups.transport[3]!, 80);
      assert.equal(text(groups.application), request, 'neither session nor presentation has a header');
    }));

  it('osi-session-layer-owns-connections', () =>
    experiment(async (lab) => {
      const { A, B, world, pause } = lab;
      const { fd, child } = await connection(lab);
      await A.write(fd, 'payload');
      assert.equal(await read(B, child), 'payload');
      await A.close(fd);
      await B.close(child);
      await pause(100);
      const packets = world.log.of('packet.sent');
      for (const [i, segment] of onWire(lab).entries()) {
        const [ip, tcp] = headers(packets[i]!.bytes);
        assert.ok(tcp >= 20 && tcp <= 60);
        assert.equal(
          packets[i]!.bytes.length - ip - tcp,
          segment.payload.length,
          'nothing between TCP and the payload',
        );
      }
      const flags = world.packets().map((packet) => packet.flags);
      assert.ok(flags.some((f) => f.includes('SYN')) && flags.some((f) => f.includes('FIN')));
    }));

  it('application-layer-handles-requests', () =>
    experiment(async (lab) => {
      const { A, B, pause } = lab;
      const { fd, child } = await connection(lab);
      const request = `GET /${'x'.repeat(28)} HTTP/1.1\r\nHost: server\r\n\r\n`;
      assert.equal(request.length, 60);
      const complete = (text: string) => text.endsWith('\r\n\r\n');
      const serving = B.spawn('server', async (me) => {
        const reads: [number, boolean][] = [];
        for (let have = ''; !complete(have); ) {
          const more = await read(me, child);
          have += more;
          reads.push([more.length, complete(have)]);
        }
        return reads;
      });
      await A.write(fd, request.slice(0, 25));
      await pause(50);
      await A.write(fd, request.slice(25));
      assert.deepEqual(await serving.join(), [
        [25, false],
        [35, true],
      ]);
    }));

  for (const [rate, mtu, sizes] of [
    [1e6, 1500, [1448, 1448, 1448, 656]],
    [1e9, 1500, [1448, 1448, 1448, 656]],
    [1e9, 1400, [1348, 1348, 1348, 956]],
  ] as const) {
    it(`segmentation-follows-bandwidth: ${rate / 1e6} Mbit/s, MTU ${mtu}`, () =>
      experiment(
        async (lab) => {
          const { fd } = await connection(lab);
          await lab.A.write(fd, pattern(5000));
          await lab.pause(500);
          assert.deepEqual(
            lab.world.packets({ retransmission: false, from: 'client' }).flatMap(({ length }) => length || []),
            [...sizes],
          );
        },
        { link: { rate, mtu } },
      ));
  }

  // There are no routers: the header, the path that is down for a second, and the host that has no route.
  it('ip-layer-addresses-and-routes', () =>
    experiment(async (lab) => {
      const { A, world } = lab;
      await connection(lab);
      for (const { bytes, host } of world.log.of('packet.sent')) {
        assert.equal(headers(bytes)[0], 20);
        assert.deepEqual([bytes[8], bytes[9]], [64, 6]);
        const [src, dst] = [bytes.subarray(12, 16).join('.'), bytes.subarray(16, 20).join('.')];
        assert.deepEqual([src, dst], host === 0 ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.1']);
      }
      assert.equal(await failure(A.connect(await socket(A), { addr: '192.0.2.1', port: 80 })), 'ENETUNREACH');
    }));

  it('ip-layer-addresses-and-routes: packets are lost on the way, the connection is not', () =>
    experiment(async (lab) => {
      const { A, B, wire, rows, pause } = lab;
      const { fd, child } = await connection(lab);
      wire.cut();
      await A.write(fd, 'HELLO');
      await pause(1000);
      wire.mend();
      assert.equal(await read(B, child), 'HELLO');
      const { tcpi_total_retrans: again = 0 } = await A.getsockopt(fd, C.SOL_TCP, C.TCP_INFO);
      assert.ok(again >= 1);
      assert.equal(rows('client')[0]?.state, 'ESTAB');
    }));

  // From IP upwards; why packets end is in the log instead of in counters.
  it('encapsulation-and-decapsulation', () =>
    experiment(async (lab) => {
      const { A, rows, wire, world, begin, pause } = lab;
      const { fd } = await connection(lab);
      let packet = new Uint8Array();
      wire.rule = ({ bytes, segment }) => {
        if (segment.payload.length > 0) packet = bytes.slice();
        return undefined;
      };
      await A.write(fd, pattern(100));
      await pause(50);
      assert.deepEqual([packet.length, headers(packet)], [20 + 32 + 100, [20, 32]]);
      const part = begin();
      const wrong = packet.slice();
      wrong[wrong.length - 1]! ^= 1;
      wire.deliver('server', wrong);
      const data = onWire(lab).find(({ payload }) => payload.length > 0)!;
      wire.deliver('server', emitTcpIp(data, { src: address('10.0.0.1'), dst: address('10.0.0.3') }));
      await pause(50);
      assert.deepEqual(
        part.log.of('packet.dropped').map(({ reason }) => reason),
        ['bad checksum', 'no host has this address'],
      );
      assert.equal(rows('server', 'ESTAB')[0]?.recvQ, 100);
      assert.equal(world.packets({ from: 'server', length: 0 }).at(-1)?.ack, 101);
    }));

  it('tcp-header-size-and-fields', () =>
    experiment(async (lab) => {
      const { A, wire, world, begin, pause, rows } = lab;
      const { fd } = await connection(lab);
      await A.write(fd, pattern(100));
      await pause(50);
      const offsets = world.log.of('packet.sent').map(({ bytes }) => headers(bytes)[1] / 4);
      assert.deepEqual(offsets, [10, 10, 8, 8, 8]);
      const part = begin();
      const data = onWire(lab).find(({ payload }) => payload.length > 0)!;
      wire.inject('server', A.ip, { ...data, seq: seqAdd(data.seq, 65_160 + 1_000_000) });
      await pause(50);
      assert.deepEqual(
        part.packets({ from: 'server' }).map(({ flags, ack }) => [flags, ack]),
        [['ACK', 101]],
      );
      assert.equal(rows('server', 'ESTAB')[0]?.recvQ, 100);
    }));

  it('tcp-header-size-and-fields: no timestamps', () =>
    experiment(
      async (lab) => {
        const { fd } = await connection(lab);
        await lab.A.write(fd, pattern(100));
        await lab.pause(50);
        const offsets = lab.world.log.of('packet.sent').map(({ bytes }) => headers(bytes)[1] / 4);
        assert.deepEqual(offsets.slice(2), [5, 5, 5]);
      },
      { client: { sysctl: { 'net.ipv4.tcp_timestamps': 0 } } },
    ));

  // TCP alone.
  it('transport-layer-tcp-udp-ports', () =>
    experiment(async (lab) => {
      await listener(lab, { port: 53 });
      await dial(lab, 53);
      assert.equal(await failure(dial(lab, 54)), 'ECONNREFUSED');
      assert.equal(lab.world.packets({ from: 'server' }).at(-1)?.flags, 'RST,ACK');
    }));
});
