/** Messages, readiness, pipes and files: programs whose results and calls must be the same on both kernels. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import type { EpollEvent, MsgHdr } from '../../src/sim/syscall/kernel.ts';
import { CONSTANTS as C } from '../../src/sim/syscall/signatures.ts';
import { closeAll, errno, type Kit, onBoth } from './kit.ts';

const text = (bytes: Uint8Array, n = bytes.length): string => Buffer.from(bytes.subarray(0, n)).toString();

/** A connected pair: the client's descriptor and the accepted one. */
async function connected(k: Kit): Promise<{ fd: number; child: number; listener: number; port: number }> {
  const listener = await k.server.socket(C.AF_INET, C.SOCK_STREAM);
  await k.server.bind(listener, { addr: '0.0.0.0', port: 0 });
  await k.server.listen(listener, 5);
  const { port } = await k.server.getsockname(listener);
  const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
  await k.client.connect(fd, { addr: k.server.ip, port });
  const child = await k.server.accept4(listener, undefined, C.SOCK_NONBLOCK);
  return { fd, child, listener, port };
}

/** Long enough for a delayed ACK. */
const settle = (k: Kit) => k.kernel.pause(ms(60));

/** Which descriptors epoll_wait() reports, and for what. */
async function reported(k: Kit, epfd: number, timeout = 0): Promise<EpollEvent[]> {
  const events: EpollEvent[] = [];
  await k.server.epoll_wait(epfd, events, 8, timeout);
  return events;
}

const PROGRAMS: Record<string, (k: Kit) => Promise<unknown>> = {
  'pieces go as one stream and come back in pieces': async (k) => {
    const { fd, child } = await connected(k);
    const sent = [
      await k.client.writev(fd, ['head ', 'and ', '', 'body']),
      await k.client.sendmsg(fd, { iov: ['!', '?'] }),
    ];
    await settle(k);
    const iov = [new Uint8Array(4), new Uint8Array(3), new Uint8Array(100)];
    const got = await k.server.readv(child, iov);
    return [sent, got, iov.map((one) => text(one)).map((one) => one.replaceAll('\0', ''))];
  },

  'recvmsg() fills buffers and tells what is left': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.setsockopt(child, C.SOL_TCP, C.TCP_INQ, 1);
    await k.client.write(fd, 'ten bytes!');
    await k.client.shutdown(fd, C.SHUT_WR);
    await settle(k);
    const told: unknown[] = [];
    for (const [size, flags, controllen] of [
      [4, 0, undefined],
      [3, C.MSG_PEEK, 24],
      [3, 0, 0],
      [10, 0, undefined],
      [10, 0, undefined],
    ] as const) {
      const message: MsgHdr = { iov: [new Uint8Array(size)], ...(controllen === undefined ? {} : { controllen }) };
      told.push([await k.server.recvmsg(child, message, flags), message.control, message.flags]);
    }
    return told;
  },

  'what came can be thrown away, looked at, and asked for all at once': async (k) => {
    const { fd, child } = await connected(k);
    await k.client.write(fd, 'abcdefghij');
    await settle(k);
    const buf = new Uint8Array(4);
    const results = [
      await k.server.recv(child, buf, C.MSG_PEEK | C.MSG_TRUNC),
      await k.server.recv(child, buf, C.MSG_TRUNC),
    ];
    results.push(await k.server.recv(child, buf, C.MSG_WAITALL));
    const seen = text(buf);
    const rest = new Uint8Array(9);
    return [results, seen, await k.server.recvfrom(child, rest, C.MSG_WAITALL | C.MSG_DONTWAIT), text(rest, 2)];
  },

  'read() of nothing is nothing, recv() of nothing waits for something': async (k) => {
    const { fd, child } = await connected(k);
    const none = new Uint8Array(0);
    const before = [await errno(k.server.read(child, none)), await errno(k.server.recv(child, none))];
    await k.client.write(fd, 'x');
    await settle(k);
    return [before, await k.server.recv(child, none), await k.client.write(fd, ''), await k.client.send(fd, '')];
  },

  'what lies in the buffers': async (k) => {
    const { fd, child, listener } = await connected(k);
    await k.client.write(fd, 'five!');
    await settle(k);
    const one = await k.server.ioctl(child, C.FIONREAD);
    await k.server.read(child, new Uint8Array(2));
    const two = await k.server.ioctl(child, C.SIOCINQ);
    await k.client.shutdown(fd, C.SHUT_WR);
    await settle(k);
    return [
      one,
      two,
      await k.server.ioctl(child, C.SIOCINQ),
      await k.client.ioctl(fd, C.SIOCOUTQ),
      await k.client.ioctl(fd, C.SIOCOUTQNSD),
      await k.server.ioctl(child, C.SIOCATMARK),
      await errno(k.server.ioctl(listener, C.SIOCINQ)),
      await errno(k.server.ioctl(99, C.SIOCINQ)),
    ];
  },

  'flags of descriptors and of what they stand for': async (k) => {
    const { child } = await connected(k);
    const copy = await k.server.fcntl(child, C.F_DUPFD_CLOEXEC, 20);
    const before = [await k.server.fcntl(child, C.F_GETFL), await k.server.fcntl(copy, C.F_GETFD)];
    await k.server.fcntl(copy, C.F_SETFL, C.O_RDWR);
    await k.server.fcntl(child, C.F_SETFD, C.FD_CLOEXEC);
    await k.server.ioctl(child, C.FIONBIO, 1);
    return [
      copy,
      before,
      await k.server.fcntl(copy, C.F_GETFL),
      await k.server.fcntl(child, C.F_GETFD),
      await k.server.fcntl(await k.server.dup(child), C.F_GETFD),
      await errno(k.server.fcntl(99, C.F_GETFL)),
      await errno(k.server.fcntl(child, C.F_DUPFD, 5000)),
    ];
  },

  'poll() tells what is ready, what is broken and what is closed': async (k) => {
    const { fd, child, listener } = await connected(k);
    const fresh = await k.server.socket(C.AF_INET, C.SOCK_STREAM);
    const all = C.POLLIN | C.POLLOUT | C.POLLRDHUP | C.POLLPRI;
    const look = async (...fds: number[]) => {
      const list = fds.map((one) => ({ fd: one, events: all, revents: -1 }));
      const count = await k.server.poll(list, 0);
      return [count, ...list.map(({ revents }) => revents)];
    };
    const told = [await look(child, listener, fresh, 99, -1)];
    await k.client.write(fd, 'x');
    await settle(k);
    told.push(await look(child));
    await k.client.shutdown(fd, C.SHUT_WR);
    await settle(k);
    told.push(await look(child));
    await k.server.shutdown(child, C.SHUT_WR);
    await settle(k);
    told.push(await look(child));
    await k.server.read(child, new Uint8Array(8));
    told.push(await look(child));
    return told;
  },

  'a reset is an error that poll() tells until it is taken': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.write(child, 'unread');
    await settle(k);
    await k.client.close(fd);
    await settle(k);
    const list = [{ fd: child, events: C.POLLIN | C.POLLRDHUP | C.POLLOUT, revents: 0 }];
    await k.server.poll(list, 0);
    const first = list[0]?.revents;
    const taken = await k.server.getsockopt(child, C.SOL_SOCKET, C.SO_ERROR);
    await k.server.poll(list, 0);
    return [
      first,
      taken,
      list[0]?.revents,
      await k.server.read(child, new Uint8Array(1)),
      await errno(k.server.write(child, 'x')),
    ];
  },

  'poll() and select() wait as long as they are told': async (k) => {
    const { fd, child } = await connected(k);
    const late = k.client.spawn('late', async (me) => {
      await me.sleep(ms(40));
      await me.write(fd, 'x');
    });
    const [read, write] = [new Set([child]), new Set([child])];
    return [
      await k.server.poll([{ fd: child, events: C.POLLIN }], 5),
      await k.server.poll([{ fd: child, events: C.POLLIN }], 5000),
      await late.join(),
      await k.server.select(child + 1, read, write, undefined, ms(100)),
      [...read, ...write],
      await k.server.select(child, read, undefined, undefined, ms(1)),
      [...read],
      await errno(k.server.select(100, new Set([99]))),
      await errno(k.server.select(-1)),
    ];
  },

  'a level-triggered epoll tells again, an edge-triggered one tells news': async (k) => {
    const { fd, child } = await connected(k);
    const level = await k.server.epoll_create(1);
    const edge = await k.server.epoll_create1(C.EPOLL_CLOEXEC);
    await k.server.epoll_ctl(level, C.EPOLL_CTL_ADD, child, { events: C.EPOLLIN, data: 7 });
    await k.server.epoll_ctl(edge, C.EPOLL_CTL_ADD, child, { events: C.EPOLLIN | C.EPOLLOUT | C.EPOLLET, data: 8 });
    const told: unknown[] = [];
    const look = async () => told.push([await reported(k, level), await reported(k, edge)]);
    await look();
    await k.client.write(fd, 'xy');
    await settle(k);
    await look();
    await look();
    await k.server.read(child, new Uint8Array(1));
    await look();
    await k.client.write(fd, 'z');
    await settle(k);
    await look();
    await k.client.shutdown(fd, C.SHUT_WR);
    await settle(k);
    await look();
    return told;
  },

  'a one-shot entry sleeps until it is set again': async (k) => {
    const { fd, child } = await connected(k);
    const epfd = await k.server.epoll_create1();
    await k.server.epoll_ctl(epfd, C.EPOLL_CTL_ADD, child, { events: C.EPOLLIN | C.EPOLLONESHOT, data: 1 });
    await k.client.write(fd, 'x');
    await settle(k);
    const told = [await reported(k, epfd), await reported(k, epfd)];
    await k.server.epoll_ctl(epfd, C.EPOLL_CTL_MOD, child, { events: C.EPOLLIN | C.EPOLLRDHUP, data: 2 });
    told.push(await reported(k, epfd));
    await k.server.epoll_ctl(epfd, C.EPOLL_CTL_DEL, child);
    told.push(await reported(k, epfd));
    return told;
  },

  'epoll refuses what it cannot do': async (k) => {
    const { child } = await connected(k);
    const epfd = await k.server.epoll_create1();
    const other = await k.server.epoll_create1();
    const file = await k.server.open('/f', C.O_CREAT | C.O_RDWR);
    const event = { events: C.EPOLLIN, data: 0 };
    const ctl = (ep: number, op: number, fd: number, given: EpollEvent | undefined = event) =>
      errno(k.server.epoll_ctl(ep, op, fd, given));
    return [
      await ctl(epfd, C.EPOLL_CTL_ADD, child),
      await ctl(epfd, C.EPOLL_CTL_ADD, child),
      await ctl(epfd, C.EPOLL_CTL_DEL, other),
      await ctl(epfd, C.EPOLL_CTL_MOD, other),
      await ctl(epfd, C.EPOLL_CTL_ADD, epfd),
      await ctl(epfd, C.EPOLL_CTL_ADD, 99),
      await ctl(99, C.EPOLL_CTL_ADD, child),
      await ctl(child, C.EPOLL_CTL_ADD, epfd),
      await ctl(epfd, C.EPOLL_CTL_ADD, file),
      await ctl(epfd, 9, child),
      await ctl(epfd, C.EPOLL_CTL_MOD, child, { events: C.EPOLLIN | C.EPOLLEXCLUSIVE, data: 0 }),
      await ctl(epfd, C.EPOLL_CTL_ADD, other),
      await ctl(other, C.EPOLL_CTL_ADD, epfd),
      await errno(k.server.epoll_create(0)),
      await errno(k.server.epoll_create1(4)),
      await errno(k.server.epoll_wait(epfd, [], 0, 0)),
      await errno(k.server.epoll_wait(child, [], 1, 0)),
      await errno(k.server.read(epfd, new Uint8Array(8))),
    ];
  },

  'a closed descriptor leaves the epoll, a copy of it does not': async (k) => {
    const { fd, child } = await connected(k);
    const epfd = await k.server.epoll_create1();
    const copy = await k.server.dup(child);
    await k.server.epoll_ctl(epfd, C.EPOLL_CTL_ADD, child, { events: C.EPOLLIN, data: 5 });
    await k.client.write(fd, 'x');
    await settle(k);
    await k.server.close(child);
    const kept = await reported(k, epfd);
    await k.server.close(copy);
    return [kept, await reported(k, epfd)];
  },

  'a thread in epoll_wait() is woken': async (k) => {
    const { fd, child } = await connected(k);
    const epfd = await k.server.epoll_create1();
    await k.server.epoll_ctl(epfd, C.EPOLL_CTL_ADD, child, { events: C.EPOLLIN, data: 3 });
    const waiting = k.server.spawn('waiting', async (me) => {
      const events: EpollEvent[] = [];
      return [await me.epoll_wait(epfd, events, 4, 10), await me.epoll_wait(epfd, events, 4, -1), events];
    });
    await k.client.sleep(ms(40));
    await k.client.write(fd, 'x');
    return waiting.join();
  },

  'a pipe has two ends': async (k) => {
    const [r, w] = await k.client.pipe();
    const buf = new Uint8Array(8);
    const results = [
      [r, w],
      await k.client.write(w, 'hello'),
      await k.client.ioctl(r, C.FIONREAD),
      await errno(k.client.write(r, 'x')),
      await errno(k.client.read(w, buf)),
      await k.client.read(r, buf),
      text(buf, 5),
      await errno(k.client.lseek(r, 0, C.SEEK_SET)),
      await errno(k.client.send(w, 'x')),
    ];
    await k.client.close(w);
    const end = await k.client.read(r, buf);
    const [r2, w2] = await k.client.pipe2(C.O_NONBLOCK);
    const empty = await errno(k.client.read(r2, buf));
    const filled = [await k.client.write(w2, new Uint8Array(70_000)), await errno(k.client.write(w2, 'x'))];
    await k.client.close(r2);
    return [...results, end, empty, filled, await errno(k.client.write(w2, 'x')), await errno(k.client.pipe2(1))];
  },

  'a file goes out by sendfile(), and through a pipe by splice()': async (k) => {
    const { fd, child } = await connected(k);
    const missing = await errno(k.client.open('/data', C.O_RDONLY));
    const file = await k.client.open('/data', C.O_RDWR | C.O_CREAT);
    await k.client.write(file, '0123456789');
    const offset = { value: 2 };
    const sent = [await k.client.sendfile(fd, file, offset, 4), offset.value];
    await k.client.lseek(file, -3, C.SEEK_END);
    sent.push(await k.client.sendfile(fd, file, undefined, 100), await k.client.lseek(file, 0, C.SEEK_CUR));
    const again = await k.client.open('/data', C.O_RDONLY);
    const head = new Uint8Array(3);
    await k.client.read(again, head);
    await settle(k);
    const [r, w] = await k.server.pipe();
    const moved = [
      await k.server.splice(child, undefined, w, undefined, 99, 0),
      await errno(k.server.splice(child, undefined, w, undefined, 99, C.SPLICE_F_NONBLOCK)),
      await k.server.splice(r, undefined, child, undefined, 3, 0),
    ];
    await settle(k);
    const back = new Uint8Array(9);
    const n = await k.client.read(fd, back);
    await k.client.close(fd);
    await settle(k);
    const end = await k.server.splice(child, undefined, w, undefined, 99, 0);
    const refused = [
      await errno(k.client.write(again, 'x')),
      await errno(k.client.open('/data', C.O_CREAT | C.O_EXCL)),
      await errno(k.server.splice(r, { value: 0 }, child, undefined, 3, 0)),
    ];
    return [missing, sent, text(head), moved, text(back, n), end, refused];
  },

  'what the error queue tells of sent data': async (k) => {
    const listener = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    await k.client.bind(listener, { addr: k.client.ip, port: 0 });
    await k.client.listen(listener, 1);
    const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM);
    await k.client.connect(fd, { addr: k.client.ip, port: (await k.client.getsockname(listener)).port });
    const told: unknown[] = [];
    const reports = async () => {
      for (;;) {
        const message: MsgHdr = { iov: [new Uint8Array(0)] };
        const result = await errno(k.client.recvmsg(fd, message, C.MSG_ERRQUEUE));
        const control = message.control?.map(({ level, type, data }) => [level, type, Array.isArray(data) || data]);
        told.push([result, message.flags, control]);
        if (result !== 0) return;
      }
    };
    await reports();
    await k.client.setsockopt(fd, C.SOL_SOCKET, C.SO_ZEROCOPY, 1);
    await k.client.send(fd, 'one', C.MSG_ZEROCOPY);
    await settle(k);
    await k.client.send(fd, 'two', C.MSG_ZEROCOPY);
    await k.client.send(fd, 'copied');
    await settle(k);
    await reports();
    const stamps =
      C.SOF_TIMESTAMPING_TX_SCHED |
      C.SOF_TIMESTAMPING_TX_SOFTWARE |
      C.SOF_TIMESTAMPING_TX_ACK |
      C.SOF_TIMESTAMPING_SOFTWARE |
      C.SOF_TIMESTAMPING_OPT_ID |
      C.SOF_TIMESTAMPING_OPT_TSONLY;
    await k.client.setsockopt(fd, C.SOL_SOCKET, C.SO_TIMESTAMPING, stamps);
    await k.client.send(fd, 'stamped');
    await settle(k);
    await reports();
    const only = { level: C.SOL_SOCKET, type: C.SO_TIMESTAMPING, data: C.SOF_TIMESTAMPING_TX_ACK };
    await k.client.sendmsg(fd, { iov: ['one point'], control: [only] });
    told.push(await errno(k.client.sendmsg(fd, { iov: ['?'], control: [{ ...only, data: stamps }] })));
    told.push(await errno(k.client.sendmsg(fd, { iov: ['?'], control: [{ ...only, type: 9999 }] })));
    await settle(k);
    await reports();
    await k.client.send(fd, 'again', C.MSG_ZEROCOPY);
    await settle(k);
    await reports();
    return told;
  },

  'a blocking call ends at its timeout': async (k) => {
    const { fd, listener } = await connected(k);
    await k.client.setsockopt(fd, C.SOL_SOCKET, C.SO_RCVTIMEO, ms(20));
    await k.server.setsockopt(listener, C.SOL_SOCKET, C.SO_RCVTIMEO, ms(20));
    return [
      await errno(k.client.read(fd, new Uint8Array(4))),
      await errno(k.client.recv(fd, new Uint8Array(4), C.MSG_WAITALL)),
      await errno(k.server.accept(listener)),
    ];
  },

  'a descriptor that is closed meanwhile does not end the call that waits on it': async (k) => {
    const { fd, child } = await connected(k);
    await k.server.ioctl(child, C.FIONBIO, 0);
    const reading = k.server.spawn(
      'reading',
      async (me) => text(new Uint8Array(4), await me.read(child, new Uint8Array(4))).length,
    );
    await k.server.sleep(ms(10));
    await k.server.close(child);
    await k.client.write(fd, 'abc');
    return reading.join();
  },

  'not blocking: connect() under way, done, and refused': async (k) => {
    const { listener, port } = await connected(k);
    const target = { addr: k.server.ip, port };
    const fd = await k.client.socket(C.AF_INET, C.SOCK_STREAM | C.SOCK_NONBLOCK);
    const first = await errno(k.client.connect(fd, target));
    await settle(k);
    const done = [await errno(k.client.connect(fd, target)), await errno(k.client.connect(fd, target))];
    await k.server.close(listener);
    const other = await k.client.socket(C.AF_INET, C.SOCK_STREAM | C.SOCK_NONBLOCK);
    const refused = [await errno(k.client.connect(other, target))];
    await settle(k);
    const list = [{ fd: other, events: C.POLLIN | C.POLLOUT | C.POLLRDHUP, revents: 0 }];
    await k.client.poll(list, 0);
    refused.push(list[0]?.revents, await errno(k.client.connect(other, target)));
    await k.client.poll(list, 0);
    return [first, done, refused, list[0]?.revents];
  },
};

(process.platform === 'linux' ? describe : describe.skip)(
  'messages, readiness, pipes and files: the same on both kernels',
  () => {
    afterEach(closeAll);

    for (const [name, program] of Object.entries(PROGRAMS))
      it(name, async () => {
        const { simulator, loopback } = await onBoth(program);
        assert.deepEqual(simulator.value, loopback.value);
        assert.deepEqual(simulator.calls, loopback.calls);
      });
  },
);
