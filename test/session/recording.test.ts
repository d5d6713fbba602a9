/** `world` and `attempt` as cells use them: each row is an expression after one exchange, and its value. */
import assert from 'node:assert/strict';
import { DEFAULT_TOPOLOGY } from '../../src/format/topology.ts';
import { sessionConfig } from '../../src/session/notebook.ts';
import type { RunResult } from '../../src/session/protocol.ts';
import { Session } from '../../src/session/session.ts';

const EXCHANGE = `const door = await server.socket(AF_INET, SOCK_STREAM);
await server.bind(door, { addr: INADDR_ANY, port: 80 });
await server.listen(door, 5);
const fd = await client.socket(AF_INET, SOCK_STREAM);
await client.connect(fd, { addr: server.ip, port: 80 });
await client.write(fd, 'hello');
const child = await server.accept(door);
await server.read(child, buffer(3));
await client.close(9).catch(() => {});
const waiting = client.spawn('reader', async (me) => { await me.read(fd, buffer(10)) });
await sleep(ms(100));`;

/* biome-ignore format: a table */
const ROWS: [expression: string, value: string][] = [
  ["world.calls({ host: 'server' }).map((c) => c.call).join()", "'socket,bind,listen,accept,read'"],
  ["world.calls({ call: 'write' })[0].data.length", '5'],
  ["text(world.calls({ call: 'read' })[0].data)", "'hel'"],
  ["world.calls({ call: 'read' })[0].result", '3'],
  ["world.calls({ call: 'close' })[0].error", "'EBADF'"],
  ["world.calls({ call: 'close' })[0].result", '-1'],
  ["world.calls({ call: 'connect' }).map((c) => [c.returned - c.entered, c.waited, c.line, c.cell])", "[ [ 20000000, true, 5, 'exchange' ] ]"],
  ["world.calls({ thread: 'reader' }).map((c) => [c.result, c.returned, c.fd])", '[ [ undefined, undefined, 3 ] ]'],
  ["world.packets().slice(0, 4).map((p) => p.flags).join(' ')", "'SYN SYN,ACK ACK PSH,ACK'"],
  ["world.packets({ from: 'client', length: 5 }).map((p) => [text(p.payload), p.seq, p.ack, p.retransmission])", "[ [ 'hello', 1, 1, false ] ]"],
  ["world.packets({ flags: 'SYN' }).map((p) => [p.to, p.target, p.arrived - p.sent, p.ack, p.dropped])", "[ [ 'server', '10.0.0.2:80', 10000000, undefined, '' ] ]"],
  ["world.states({ host: 'client' }).map((c) => c.from + ' ' + c.on + ' ' + c.to)", "[ 'CLOSED active OPEN SYN-SENT', 'SYN-SENT rcv SYN,ACK ESTABLISHED' ]"],
  ["world.states({ to: 'ESTABLISHED' }).map((c) => c.time)", '[ 20000000, 30000000 ]'],
  ["world.log.of('fd.open').map((e) => e.fd)", '[ 3, 3, 4 ]'],
  ["world.log.of('fd.open', { fd: 4 }).length", '1'],
  ['world.log.at(0).kind', "'host.up'"],
  ["[world.log.at(-1).kind, world.log.at(1e9), world.log.length === [...world.log].length]", "[ 'cell.begin', undefined, true ]"],
  ["world.log.filter((e) => e.kind === 'packet.dropped').length", '0'],
  ['world.now === now()', 'true'],
  ["world.strace('server').split('\\n').length", '5'],
  ["/listen\\(3, 5\\)/.test(world.strace())", 'true'],
  ["/Flags \\[S\\.\\]/.test(world.tcpdump('client'))", 'true'],
  ["/LISTEN/.test(world.ss('server')) && !/LISTEN/.test(world.ss('client'))", 'true'],
];

describe('world', () => {
  let run: (source: string, label?: string) => Promise<RunResult>;
  before(async () => {
    const config = sessionConfig({ seed: 1, topology: DEFAULT_TOPOLOGY }, 'simulator');
    const session = await Session.create(config, {
      drain: () => new Promise((resolve) => setImmediate(resolve)),
      exhausted: () => undefined,
      createLoopback: () => Promise.reject(new Error('not here')),
    });
    const control = { stopped: () => false, print: () => {}, clock: () => {} };
    run = (source, label = 'ask') => session.run({ label, language: 'typescript', source, views: [] }, control);
    const result = await run(EXCHANGE, 'exchange');
    assert.equal(result.error, undefined, result.error?.stack);
  });

  for (const [expression, value] of ROWS) {
    it(expression, async () => {
      const result = await run(expression);
      assert.equal(result.value, value, result.error?.stack);
    });
  }

  it('knows no other hosts', async () => {
    assert.match((await run("world.ss('nobody')")).error?.message ?? '', /no host is called 'nobody'/);
  });

  it('cannot be changed by what is done to its answers', async () => {
    await run('for (const call of world.calls()) call.call = "forged"; world.calls().length = 0;');
    await run("for (const { data } of world.calls({ call: 'write' })) data.fill(0)");
    await run('for (const { payload } of world.packets()) payload.fill(0)');
    await run("for (const { bytes } of world.log.of('packet.sent')) bytes.fill(0)");
    assert.equal((await run('world.packets({ length: 5 }).map((p) => text(p.payload))')).value, "[ 'hello' ]");
    assert.equal((await run("world.calls({ call: 'listen' }).length")).value, '1');
  });
});
