/** Who may have which port: bind() beside sockets of every kind. Read off Linux 6.18, case by case. */
import assert from 'node:assert/strict';
import { SOCKOPT as O } from '../../../src/sim/base/sockopt.ts';
import { AF_INET, failure, type Kit, kit, SOCK_STREAM, SOL_SOCKET } from '../world-kit.ts';

type Holder = 'bound' | 'listening' | 'accepted' | 'TIME-WAIT';
const A = [O.SO_REUSEADDR];
const P = [O.SO_REUSEPORT];

const PORT = 8080;
async function open(me: Kit['client'], options: readonly number[]): Promise<number> {
  const fd = await me.socket(AF_INET, SOCK_STREAM);
  for (const option of options) await me.setsockopt(fd, SOL_SOCKET, option, 1);
  return fd;
}

/** Somebody holds port 8080 of 127.0.0.1. */
async function hold(me: Kit['client'], holder: Holder, options: readonly number[]): Promise<void> {
  const fd = await open(me, options);
  await me.bind(fd, { addr: '127.0.0.1', port: PORT });
  if (holder === 'bound') return;
  await me.listen(fd, 5);
  if (holder === 'listening') return;
  const client = await me.socket(AF_INET, SOCK_STREAM);
  await me.connect(client, { addr: '127.0.0.1', port: PORT });
  const child = await me.accept(fd);
  if (holder === 'TIME-WAIT') {
    await me.close(child);
    await me.close(client);
  }
  await me.close(fd);
}

/* biome-ignore format: a table */
const CASES: readonly (readonly [holder: Holder, has: readonly number[], wants: readonly number[], addr: string, bind: string, listen: string])[] = [
  ['bound',     [], [], '127.0.0.1', 'EADDRINUSE', ''],
  ['bound',     [], [], '0.0.0.0',   'EADDRINUSE', ''],
  ['bound',     [], [], '127.0.0.2', '', ''],
  ['bound',     A, A, '127.0.0.1', '', ''],
  ['bound',     A, [], '127.0.0.1', 'EADDRINUSE', ''],
  ['bound',     P, P, '127.0.0.1', '', ''],
  ['bound',     A, P, '127.0.0.1', 'EADDRINUSE', ''],
  ['listening', A, A, '127.0.0.1', 'EADDRINUSE', ''],
  ['listening', P, P, '127.0.0.1', '', ''],
  ['accepted',  [], A, '127.0.0.1', 'EADDRINUSE', ''],
  ['accepted',  A, A, '127.0.0.1', '', ''],
  ['TIME-WAIT', [], [], '127.0.0.1', 'EADDRINUSE', ''],
  ['TIME-WAIT', [], A, '127.0.0.1', 'EADDRINUSE', ''],
  ['TIME-WAIT', A, A, '127.0.0.1', '', ''],
  ['TIME-WAIT', A, A, '0.0.0.0',   '', ''],
  ['TIME-WAIT', P, P, '127.0.0.1', '', ''],
  ['TIME-WAIT', A, P, '127.0.0.1', 'EADDRINUSE', ''],
];

describe('bind() to a port that somebody holds', () => {
  for (const [holder, has, wants, addr, bind, listen] of CASES) {
    const options = (list: readonly number[]) =>
      list === A ? 'SO_REUSEADDR' : list === P ? 'SO_REUSEPORT' : 'nothing';
    it(`${holder} with ${options(has)}: ${addr} with ${options(wants)} gives ${bind || 'success'}`, async () => {
      const k = kit();
      await k.value(async () => {
        await hold(k.client, holder, has);
        const fd = await open(k.client, wants);
        assert.equal(await failure(k.client.bind(fd, { addr, port: PORT })), bind);
        if (bind === '') assert.equal(await failure(k.client.listen(fd, 5)), listen);
      });
    });
  }

  it('gives every one of several listeners its share of connections', async () => {
    const k = kit();
    await k.value(async () => {
      const listeners: number[] = [];
      for (let i = 0; i < 3; i++) {
        const fd = await open(k.server, P);
        await k.server.bind(fd, { addr: '0.0.0.0', port: PORT });
        await k.server.listen(fd, 50);
        listeners.push(fd);
      }
      for (let i = 0; i < 60; i++) {
        const fd = await k.client.socket(AF_INET, SOCK_STREAM);
        await k.client.connect(fd, { addr: k.server.ip, port: PORT });
      }
    });
    const shares = new Map<number, number>();
    for (const { sock, change } of k.events('queue.accept')) {
      if (change === 'add') shares.set(sock, (shares.get(sock) ?? 0) + 1);
    }
    assert.equal(shares.size, 3);
    for (const share of shares.values()) assert.ok(share >= 10, `${[...shares.values()]}`);
  });

  it('lets an address that is not the host’s own be bound with IP_FREEBIND', async () => {
    const k = kit();
    await k.value(async () => {
      const fd = await k.client.socket(AF_INET, SOCK_STREAM);
      const foreign = { addr: '192.0.2.9', port: PORT };
      assert.equal(await failure(k.client.bind(fd, foreign)), 'EADDRNOTAVAIL');
      await k.client.setsockopt(fd, 0, O.IP_FREEBIND, 1);
      assert.equal(await failure(k.client.bind(fd, foreign)), '');
    });
  });
});
