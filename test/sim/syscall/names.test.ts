/**
 * Names of sockets in both families. What is expected was read off Linux 6.18, by the same calls made in a network namespace
 * of their own.
 */
import assert from 'node:assert/strict';
import { SOCKOPT as O } from '../../../src/sim/base/sockopt.ts';
import type { PollFd, Process, SockAddr } from '../../../src/sim/syscall/kernel.ts';
import { CONSTANTS } from '../../../src/sim/syscall/signatures.ts';
import { failure, type Kit, kit } from '../world-kit.ts';

const { AF_UNSPEC, AF_INET, AF_INET6, SOCK_STREAM, SOL_SOCKET, SOL_IPV6 } = CONSTANTS;
const BOTH = { client: { address6: '2001:db8::1' }, server: { address6: '2001:db8::2' } };
const dual = (): Kit => kit(BOTH);

async function socket(me: Process, family: 4 | 6, v6only = false): Promise<number> {
  const fd = await me.socket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM);
  if (v6only) await me.setsockopt(fd, SOL_IPV6, O.IPV6_V6ONLY, 1);
  return fd;
}

/** What was bound first, down, and what is bound then to the same port, across. */
const NAMES: readonly (readonly [what: string, family: 4 | 6, v6only: boolean, addr: string])[] = [
  ['4 any', 4, false, '0.0.0.0'],
  ['4 lo', 4, false, '127.0.0.1'],
  ['6 any', 6, false, '::'],
  ['6 any only', 6, true, '::'],
  ['6 lo', 6, false, '::1'],
  ['6 lo only', 6, true, '::1'],
  ['mapped any', 6, false, '::ffff:0.0.0.0'],
  ['mapped lo', 6, false, '::ffff:127.0.0.1'],
  ['4 lo 2', 4, false, '127.0.0.2'],
  ['mapped lo 2', 6, false, '::ffff:127.0.0.2'],
];

/** x: EADDRINUSE. With SO_REUSEADDR on both none is refused, unless the first listens: then it is the same table. */
/* biome-ignore format: a table */
const REFUSED = [
  /* 4 any       */ 'xxx...xxxx',
  /* 4 lo        */ 'xxx...xx..',
  /* 6 any       */ 'xxxxxxxxxx',
  /* 6 any only  */ '..xxxx....',
  /* 6 lo        */ '..xxxx....',
  /* 6 lo only   */ '..xxxx....',
  /* mapped any  */ 'xxx...xxxx',
  /* mapped lo   */ 'xxx...xx..',
  /* 4 lo 2      */ 'x.x...x.xx',
  /* mapped lo 2 */ 'x.x...x.xx',
];

describe('one port, bound twice', () => {
  const SETTINGS: [what: string, reuse: number, listen: boolean, refused: readonly string[]][] = [
    ['', 0, false, REFUSED],
    ['while the first listens', 0, true, REFUSED],
    ['with SO_REUSEADDR', 1, false, REFUSED.map((row) => row.replaceAll('x', '.'))],
    ['with SO_REUSEADDR while the first listens', 1, true, REFUSED],
  ];
  for (const [what, reuse, listen, refused] of SETTINGS) {
    it(`is refused where the names overlap, as Linux does${what && `, ${what}`}`, async () => {
      const { client: me, value } = dual();
      const seen = await value(async () => {
        const rows: string[] = [];
        let port = 20_000;
        for (const [, ...first] of NAMES) {
          let row = '';
          for (const [, ...second] of NAMES) {
            port++;
            const [a, b] = [await socket(me, first[0], first[1]), await socket(me, second[0], second[1])];
            for (const fd of [a, b]) await me.setsockopt(fd, SOL_SOCKET, O.SO_REUSEADDR, reuse);
            await me.bind(a, { addr: first[2], port });
            if (listen) await me.listen(a, 1);
            const failed = await failure(me.bind(b, { addr: second[2], port }));
            assert.ok(failed === '' || failed === 'EADDRINUSE', failed);
            row += failed ? 'x' : '.';
            await me.close(a);
            await me.close(b);
          }
          rows.push(row);
        }
        return rows;
      });
      assert.deepEqual(seen, refused);
    });
  }

  it('a specific IPv6 address means IPv6 alone', async () => {
    const { client: me, value } = dual();
    await value(async () => {
      for (const [addr, only] of [
        ['::1', 1],
        ['::', 0],
        ['::ffff:127.0.0.1', 0],
      ] as const) {
        const fd = await socket(me, 6);
        await me.bind(fd, { addr, port: 0 });
        assert.equal(await me.getsockopt(fd, SOL_IPV6, O.IPV6_V6ONLY), only, addr);
      }
    });
  });
});

/* biome-ignore format: a table */
const BINDS: readonly (readonly [family: 4 | 6, v6only: boolean, name: Omit<SockAddr, 'port'>, result: string, name?: string])[] = [
  [4, false, { addr: '::1' }, 'EAFNOSUPPORT'],
  [4, false, { addr: '::' }, 'EAFNOSUPPORT'],
  [6, false, { addr: '127.0.0.1' }, 'EINVAL'],
  [6, false, { addr: '0.0.0.0' }, 'EINVAL'],
  [6, true,  { addr: '::ffff:127.0.0.1' }, 'EINVAL'],
  [6, false, { addr: '::ffff:10.9.9.9' }, 'EADDRNOTAVAIL'],
  [6, false, { addr: '2001:db8::9' }, 'EADDRNOTAVAIL'],
  [6, false, { addr: 'fe80::1' }, 'EINVAL'],
  [6, false, { addr: 'fe80::1', scope: 1 }, 'EADDRNOTAVAIL'],
  [6, false, { addr: 'ff02::1' }, 'EINVAL'],
  [6, false, { addr: '2001:db8::g' }, 'EINVAL'],
  [6, false, { addr: '2001:db8::1' }, '', '2001:db8::1'],
  [6, false, { addr: '::ffff:10.0.0.1' }, '', '::ffff:10.0.0.1'],
  [6, false, { addr: '::FFFF:127.0.0.2' }, '', '::ffff:127.0.0.2'],
  [4, false, { addr: '224.0.0.1' }, '', '224.0.0.1'],
  [4, false, { addr: '255.255.255.255' }, '', '255.255.255.255'],
  [4, false, { addr: '0.0.0.0', family: AF_UNSPEC }, '', '0.0.0.0'],
  [4, false, { addr: '127.0.0.1', family: AF_UNSPEC }, 'EAFNOSUPPORT'],
  [6, false, { addr: '::', family: 100 }, 'EAFNOSUPPORT'],
  [6, false, { addr: '::', family: AF_INET6 }, '', '::'],
];

describe('bind()', () => {
  for (const [family, v6only, name, result, bound] of BINDS) {
    const about = `a socket of ${family === 4 ? 'AF_INET' : 'AF_INET6'}${v6only ? ', IPV6_V6ONLY,' : ''} to ${JSON.stringify(name)}`;
    it(`${about}: ${result || 'done'}`, async () => {
      const { client: me, value } = dual();
      await value(async () => {
        const fd = await socket(me, family, v6only);
        assert.equal(await failure(me.bind(fd, { ...name, port: 5001 })), result);
        const unbound = { addr: family === 4 ? '0.0.0.0' : '::', port: 0 };
        assert.deepEqual(await me.getsockname(fd), bound === undefined ? unbound : { addr: bound, port: 5001 });
      });
    });
  }
});

/** `bound`: the name that the socket was given before; `to`: what getpeername() says. */
/* biome-ignore format: a table */
const CONNECTS: readonly (readonly [family: 4 | 6, v6only: boolean, bound: string, name: Omit<SockAddr, 'port'>, result: string, to?: string])[] = [
  [4, false, '', { addr: '::1' }, 'EAFNOSUPPORT'],
  [4, false, '', { addr: '0.0.0.0' }, '', '127.0.0.1'],
  [4, false, '', { addr: '127.0.0.2' }, '', '127.0.0.2'],
  [4, false, '', { addr: '224.0.0.1' }, 'ENETUNREACH'],
  [4, false, '', { addr: '255.255.255.255' }, 'ENETUNREACH'],
  [4, false, '', { addr: '8.8.8.8' }, 'ENETUNREACH'],
  [6, false, '', { addr: '127.0.0.1' }, 'EINVAL'],
  [6, false, '', { addr: '::1', family: AF_INET }, 'EINVAL'],
  [6, true,  '', { addr: '::ffff:127.0.0.1' }, 'ENETUNREACH'],
  [6, false, '', { addr: '::ffff:127.0.0.1' }, '', '::ffff:127.0.0.1'],
  [6, false, '', { addr: '::ffff:0.0.0.0' }, '', '::ffff:127.0.0.1'],
  [6, false, '', { addr: '::' }, '', '::1'],
  [6, false, '', { addr: 'fe80::1' }, 'EINVAL'],
  [6, false, '', { addr: 'fe80::1', scope: 1 }, 'ENETUNREACH'],
  [6, false, '', { addr: 'ff02::1' }, 'ENETUNREACH'],
  [6, false, '', { addr: 'fd00::9' }, 'ENETUNREACH'],
  [6, false, '::ffff:127.0.0.1', { addr: '::1' }, 'EAFNOSUPPORT'],
  [6, false, '::ffff:127.0.0.1', { addr: '::' }, '', '::ffff:127.0.0.1'],
  [6, false, '::1', { addr: '::ffff:127.0.0.1' }, 'ENETUNREACH'],
  [6, false, '::', { addr: '::ffff:127.0.0.1' }, '', '::ffff:127.0.0.1'],
];

describe('connect()', () => {
  for (const [family, v6only, bound, name, result, to] of CONNECTS) {
    const about = `a socket of ${family === 4 ? 'AF_INET' : 'AF_INET6'}${v6only ? ', IPV6_V6ONLY,' : ''}${bound && ` bound to ${bound}`}`;
    it(`${about} to ${JSON.stringify(name)}: ${result || to}`, async () => {
      const { client: me, value } = dual();
      await value(async () => {
        for (const [of, addr] of [
          [4, '0.0.0.0'],
          [6, '::'],
        ] as const) {
          const listener = await socket(me, of, of === 6);
          await me.bind(listener, { addr, port: 5000 });
          await me.listen(listener, 5);
        }
        const fd = await socket(me, family, v6only);
        if (bound) await me.bind(fd, { addr: bound, port: 0 });
        assert.equal(await failure(me.connect(fd, { ...name, port: 5000 })), result);
        if (to !== undefined) assert.deepEqual(await me.getpeername(fd), { addr: to, port: 5000 });
      });
    });
  }

  it('is told the name in the form of the family', async () => {
    const { client, server, value } = dual();
    await value(async () => {
      const listener = await socket(server, 6);
      await server.bind(listener, { addr: '::', port: 80 });
      await server.listen(listener, 5);
      for (const [family, to, from, seen] of [
        [4, '10.0.0.2', '10.0.0.1', '::ffff:10.0.0.'],
        [6, '::ffff:10.0.0.2', '::ffff:10.0.0.1', '::ffff:10.0.0.'],
        [6, '2001:db8::2', '2001:db8::1', '2001:db8::'],
      ] as const) {
        const fd = await socket(client, family);
        await client.connect(fd, { addr: to, port: 80 });
        const { addr, port } = await client.getsockname(fd);
        assert.equal(addr, from);
        const peer: SockAddr = { addr: '', port: 0 };
        const child = await server.accept(listener, peer);
        assert.deepEqual(peer, { addr: `${seen}1`, port });
        assert.deepEqual(await server.getpeername(child), peer);
        assert.deepEqual(await server.getsockname(child), { addr: `${seen}2`, port: 80 });
        assert.equal(await server.getsockopt(child, SOL_SOCKET, O.SO_DOMAIN), AF_INET6);
      }
    });
  });
});

describe('a listener', () => {
  /** The results of connecting over IPv4 and over IPv6. */
  async function reached(...listeners: readonly (readonly [family: 4 | 6, v6only: boolean, addr: string])[]) {
    const { client, server, value } = dual();
    return value(async () => {
      const fds: number[] = [];
      for (const [family, v6only, addr] of listeners) {
        const fd = await socket(server, family, v6only);
        await server.bind(fd, { addr, port: 80 });
        await server.listen(fd, 5);
        fds.push(fd);
      }
      const results: string[] = [];
      for (const [family, addr] of [
        [4, '10.0.0.2'],
        [6, '2001:db8::2'],
      ] as const) {
        const failed = await failure(client.connect(await socket(client, family), { addr, port: 80 }));
        const ready: PollFd[] = fds.map((fd) => ({ fd, events: CONSTANTS.POLLIN }));
        if (failed === '') await server.poll(ready, 1000);
        const by = ready.findIndex(({ revents }) => revents);
        results.push(failed || String(by));
        if (by >= 0) await server.close(await server.accept(fds[by] as number));
      }
      return results;
    });
  }

  it('of AF_INET6 takes connections of both families', async () => {
    assert.deepEqual(await reached([6, false, '::']), ['0', '0']);
  });
  it('with IPV6_V6ONLY does not', async () => {
    assert.deepEqual(await reached([6, true, '::']), ['ECONNREFUSED', '0']);
  });
  it('of AF_INET takes IPv4 alone', async () => {
    assert.deepEqual(await reached([4, false, '0.0.0.0']), ['0', 'ECONNREFUSED']);
  });
  it('of its own family shares a port with one that is for IPv6 alone', async () => {
    assert.deepEqual(await reached([6, true, '::'], [4, false, '0.0.0.0']), ['1', '0']);
  });
  it('on a mapped address takes IPv4 alone', async () => {
    assert.deepEqual(await reached([6, false, '::ffff:10.0.0.2']), ['0', 'ECONNREFUSED']);
  });
});

/* biome-ignore format: a table */
const OPTIONS: readonly (readonly [name: keyof typeof O, given: number, got: number | string])[] = [
  ['IPV6_V6ONLY', 5, 1],          ['IPV6_V6ONLY', 0, 0],
  ['IPV6_TCLASS', 37, 36],        ['IPV6_TCLASS', 255, 252],      ['IPV6_TCLASS', -1, 0],
  ['IPV6_TCLASS', 256, 'EINVAL'], ['IPV6_TCLASS', -2, 'EINVAL'],
  ['IPV6_UNICAST_HOPS', 0, 0],    ['IPV6_UNICAST_HOPS', 255, 255], ['IPV6_UNICAST_HOPS', -1, 64],
  ['IPV6_UNICAST_HOPS', 256, 'EINVAL'],
  ['IPV6_MTU_DISCOVER', 5, 5],    ['IPV6_MTU_DISCOVER', 6, 'EINVAL'],
  ['IPV6_MTU', 1280, 'ENOTCONN'], ['IPV6_MTU', 1279, 'EINVAL'],
  ['IPV6_RECVERR', 7, 1],         ['IPV6_AUTOFLOWLABEL', 0, 0],
  ['IPV6_MINHOPCOUNT', 255, 255], ['IPV6_MINHOPCOUNT', 256, 'EINVAL'],
];

describe('options of SOL_IPV6', () => {
  for (const [name, given, got] of OPTIONS) {
    it(`${name} ${given}: ${got}`, async () => {
      const { client: me, value } = dual();
      await value(async () => {
        const fd = await socket(me, 6);
        const failed = await failure(me.setsockopt(fd, SOL_IPV6, O[name], given));
        const read = failed || (await me.getsockopt(fd, SOL_IPV6, O[name]).catch((error) => error.code));
        assert.equal(read, got);
      });
    });
  }

  it('are none for a socket of AF_INET', async () => {
    const { client: me, value } = dual();
    await value(async () => {
      const fd = await socket(me, 4);
      assert.equal(await failure(me.setsockopt(fd, SOL_IPV6, O.IPV6_V6ONLY, 1)), 'ENOPROTOOPT');
      assert.equal(await failure(me.getsockopt(fd, SOL_IPV6, O.IPV6_V6ONLY)), 'EOPNOTSUPP');
    });
  });

  it('IPV6_V6ONLY cannot be changed once the socket has a name', async () => {
    const { client: me, value } = dual();
    await value(async () => {
      const fd = await socket(me, 6);
      await me.bind(fd, { addr: '::', port: 0 });
      assert.equal(await failure(me.setsockopt(fd, SOL_IPV6, O.IPV6_V6ONLY, 1)), 'EINVAL');
    });
  });
});
