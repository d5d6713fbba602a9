import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EMPTY, utf8 } from '../../src/sim/base/bytes.ts';
import { CONSTANTS } from '../../src/sim/syscall/signatures.ts';
import {
  type CallData,
  preview,
  quote,
  shortCall,
  straceArgs,
  straceName,
  straceResult,
} from '../../src/views/calls.ts';
import { strace } from '../../src/views/strace.ts';
import { LISTENER, Script, SERVER } from './script.ts';

const {
  AF_INET,
  SOCK_STREAM,
  SOCK_CLOEXEC,
  MSG_NOSIGNAL,
  MSG_MORE,
  MSG_PEEK,
  SOL_SOCKET,
  SO_REUSEADDR,
  SO_ERROR,
  SOL_TCP,
} = CONSTANTS;
const { TCP_NODELAY, SHUT_WR } = CONSTANTS;
const C = CONSTANTS;
const PEER = { addr: '127.0.0.1', port: 18080 };
const SOCKADDR = '{sa_family=AF_INET, sin_port=htons(18080), sin_addr=inet_addr("127.0.0.1")}';

const call = (name: string, args: readonly unknown[], more: Partial<CallData> = {}): CallData => ({
  call: name,
  args,
  data: EMPTY,
  ...more,
});
const printed = (data: CallData): string => {
  const { entered, returned } = straceArgs(data);
  return `${straceName(data.call)}(${entered}${returned})`;
};

/** Each line was printed by strace 6.1 for a program that made the call. */
const SEEN: readonly (readonly [CallData, string])[] = [
  [call('socket', [AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0]), 'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP)'],
  [call('socket', [10, SOCK_STREAM, 6]), 'socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP)'],
  [call('setsockopt', [3, SOL_SOCKET, SO_REUSEADDR, 1, 4]), 'setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4)'],
  [call('setsockopt', [5, SOL_TCP, TCP_NODELAY, 1, 4]), 'setsockopt(5, SOL_TCP, TCP_NODELAY, [1], 4)'],
  [
    call('getsockopt', [5, SOL_SOCKET, SO_ERROR, null, 4], { out: [null, null, null, 0] }),
    'getsockopt(5, SOL_SOCKET, SO_ERROR, [0], [4])',
  ],
  [call('bind', [3, PEER, 16]), `bind(3, ${SOCKADDR}, 16)`],
  [call('connect', [5, PEER, 16]), `connect(5, ${SOCKADDR}, 16)`],
  [call('listen', [3, 5]), 'listen(3, 5)'],
  [call('accept', [3, null, null], { out: [null, PEER, 16] }), `accept(3, ${SOCKADDR}, [16])`],
  [call('getsockname', [5, null, null], { out: [null, PEER, 16] }), `getsockname(5, ${SOCKADDR}, [16])`],
  [call('write', [5, null, 6], { data: utf8('hello\n') }), 'write(5, "hello\\n", 6)'],
  [call('write', [4, null, 41], { data: utf8(`${'x'.repeat(40)}\n`) }), `write(4, "${'x'.repeat(32)}"..., 41)`],
  [call('read', [4, null, 100], { out: [], returned: utf8('hello\n') }), 'read(4, "hello\\n", 100)'],
  [
    call('recv', [5, null, 5, MSG_PEEK], { out: [], returned: utf8('xxxxx') }),
    'recvfrom(5, "xxxxx", 5, MSG_PEEK, NULL, NULL)',
  ],
  [call('recv', [4, null, 10, 0], { out: [], returned: EMPTY }), 'recvfrom(4, "", 10, 0, NULL, NULL)'],
  [
    call('send', [4, null, 12, MSG_NOSIGNAL | MSG_MORE], {
      data: Uint8Array.of(97, 0, 98, 1, 0, 50, 255, 34, 92, 9, 13, 10),
    }),
    'sendto(4, "a\\0b\\1\\0002\\377\\"\\\\\\t\\r\\n", 12, MSG_NOSIGNAL|MSG_MORE, NULL, 0)',
  ],
  [call('shutdown', [4, SHUT_WR]), 'shutdown(4, SHUT_WR)'],
  [call('close', [6]), 'close(6)'],
  [
    call('accept4', [3, null, null, C.SOCK_NONBLOCK | SOCK_CLOEXEC], { out: [null, PEER, 16] }),
    `accept4(3, ${SOCKADDR}, [16], SOCK_CLOEXEC|SOCK_NONBLOCK)`,
  ],
  [
    call('sendto', [4, null, 3, C.MSG_ZEROCOPY, null, 0], { data: utf8('abc') }),
    'sendto(4, "abc", 3, MSG_ZEROCOPY, NULL, 0)',
  ],
  [
    call('sendto', [4, null, 3, C.MSG_OOB, PEER, 16], { data: utf8('abc') }),
    `sendto(4, "abc", 3, MSG_OOB, ${SOCKADDR}, 16)`,
  ],
  [call('send', [4, 'NULL', 10, 0], { failed: true }), 'sendto(4, NULL, 10, 0, NULL, 0)'],
  [call('read', [5, 'NULL', 10], { failed: true }), 'read(5, NULL, 10)'],
  [
    call('writev', [4, [6, 5], 2], { data: utf8('hello world') }),
    'writev(4, [{iov_base="hello ", iov_len=6}, {iov_base="world", iov_len=5}], 2)',
  ],
  [
    call('readv', [5, [4, 100], 2], { out: [], returned: utf8('hello world') }),
    'readv(5, [{iov_base="hell", iov_len=4}, {iov_base="o world", iov_len=100}], 2)',
  ],
  [
    call('sendmsg', [4, { iov: [6, 5] }, MSG_NOSIGNAL], { data: utf8('hello world') }),
    'sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hello ", iov_len=6}, {iov_base="world", iov_len=5}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, MSG_NOSIGNAL)',
  ],
  [
    call('sendmsg', [3, { iov: [3], control: [{ level: 1, type: 37, data: 512 }] }, 0], { data: utf8('abc') }),
    'sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMPING_OLD, cmsg_data=???}], msg_controllen=24, msg_flags=0}, 0)',
  ],
  [
    call('recvmsg', [5, { iov: [4] }, 0], {
      out: [null, { name: null, control: [{ level: 6, type: 36, data: 7 }], controllen: 24, flags: 0 }],
      returned: utf8('hell'),
    }),
    'recvmsg(5, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hell", iov_len=4}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_TCP, cmsg_type=0x24}], msg_controllen=24, msg_flags=0}, 0)',
  ],
  [
    call('recvmsg', [5, { iov: [100] }, 0], {
      out: [null, { name: null, control: [], controllen: 0, flags: C.MSG_CTRUNC }],
      returned: utf8('o world'),
    }),
    'recvmsg(5, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="o world", iov_len=100}], msg_iovlen=1, msg_controllen=0, msg_flags=MSG_CTRUNC}, 0)',
  ],
  [call('recvmsg', [5, { iov: [100] }, 0], { failed: true }), 'recvmsg(5, {msg_namelen=0}, 0)'],
  [
    call('recvmsg', [4, { iov: [100] }, C.MSG_ERRQUEUE], {
      out: [
        null,
        {
          name: null,
          control: [
            { level: 1, type: 37, data: [20_000_000, 0, 0] },
            { level: 0, type: 11, data: { errno: 42, origin: 4, type: 0, code: 0, info: 2, data: 2 } },
          ],
          controllen: 112,
          flags: C.MSG_ERRQUEUE,
        },
      ],
      returned: utf8('abc'),
    }),
    'recvmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="abc", iov_len=100}], msg_iovlen=1, msg_control=[{cmsg_len=64, cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMPING_OLD, cmsg_data=[{tv_sec=0, tv_nsec=20000000}, {tv_sec=0, tv_nsec=0}, {tv_sec=0, tv_nsec=0}]}, {cmsg_len=48, cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=42, ee_origin=4, ee_type=0, ee_code=0, ee_info=2, ee_data=2, offender={sa_family=AF_UNSPEC, sa_data="\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"}}}], msg_controllen=112, msg_flags=MSG_ERRQUEUE}, MSG_ERRQUEUE)',
  ],
  [call('fcntl', [5, C.F_GETFL, 0]), 'fcntl(5, F_GETFL)'],
  [call('fcntl', [5, C.F_SETFL, C.O_RDWR | C.O_NONBLOCK]), 'fcntl(5, F_SETFL, O_RDWR|O_NONBLOCK)'],
  [call('fcntl', [5, C.F_SETFD, C.FD_CLOEXEC]), 'fcntl(5, F_SETFD, FD_CLOEXEC)'],
  [call('fcntl', [5, C.F_DUPFD, 10]), 'fcntl(5, F_DUPFD, 10)'],
  [call('ioctl', [5, C.FIONREAD, 0], { out: [null, null, 7] }), 'ioctl(5, FIONREAD, [7])'],
  [call('ioctl', [5, C.SIOCOUTQ, 0], { out: [null, null, 0] }), 'ioctl(5, TIOCOUTQ, [0])'],
  [call('ioctl', [5, C.FIONBIO, 1], { out: [null, null, 1] }), 'ioctl(5, FIONBIO, [1])'],
  [
    call('poll', [
      [
        { fd: 4, events: C.POLLIN | C.POLLOUT },
        { fd: 5, events: C.POLLIN },
      ],
      2,
      100,
    ]),
    'poll([{fd=4, events=POLLIN|POLLOUT}, {fd=5, events=POLLIN}], 2, 100)',
  ],
  [call('select', [5, [4], [4], null, 1_000_000_000]), 'pselect6(5, [4], [4], NULL, {tv_sec=1, tv_nsec=0}, NULL)'],
  [call('epoll_create', [1]), 'epoll_create(1)'],
  [call('epoll_create1', [C.EPOLL_CLOEXEC]), 'epoll_create1(EPOLL_CLOEXEC)'],
  [
    call('epoll_ctl', [6, C.EPOLL_CTL_ADD, 4, { events: (C.EPOLLIN | C.EPOLLOUT | C.EPOLLET) >>> 0, data: 4 }]),
    'epoll_ctl(6, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLOUT|EPOLLET, data={u32=4, u64=4}})',
  ],
  [call('epoll_ctl', [6, C.EPOLL_CTL_DEL, 4, null]), 'epoll_ctl(6, EPOLL_CTL_DEL, 4, NULL)'],
  [
    call('epoll_wait', [6, null, 4, 0], { out: [null, [{ events: C.EPOLLOUT, data: 4 }]] }),
    'epoll_wait(6, [{events=EPOLLOUT, data={u32=4, u64=4}}], 4, 0)',
  ],
  [call('epoll_wait', [6, null, 4, 0], { out: [null, []] }), 'epoll_wait(6, [], 4, 0)'],
  [call('epoll_pwait', [6, null, 4, 0], { out: [null, []] }), 'epoll_pwait(6, [], 4, 0, NULL, 8)'],
  [call('pipe2', [null, 0], { out: [[8, 9]] }), 'pipe2([8, 9], 0)'],
  [call('pipe2', [null, C.O_NONBLOCK | C.O_CLOEXEC], { out: [[12, 13]] }), 'pipe2([12, 13], O_NONBLOCK|O_CLOEXEC)'],
  [
    call('splice', [12, null, 4, null, 99, C.SPLICE_F_MOVE | C.SPLICE_F_NONBLOCK]),
    'splice(12, NULL, 4, NULL, 99, SPLICE_F_MOVE|SPLICE_F_NONBLOCK)',
  ],
  [
    call('open', ['/tmp/t', C.O_RDWR | C.O_CREAT | C.O_TRUNC, 0o644]),
    'openat(AT_FDCWD, "/tmp/t", O_RDWR|O_CREAT|O_TRUNC, 0644)',
  ],
  [call('open', ['/tmp/t', 0, 0]), 'openat(AT_FDCWD, "/tmp/t", O_RDONLY)'],
  [call('sendfile', [4, 14, 0, 5], { out: [null, null, 5] }), 'sendfile(4, 14, [0] => [5], 5)'],
  [call('sendfile', [4, 14, null, 5], { out: [null, null, null] }), 'sendfile(4, 14, NULL, 5)'],
  [call('lseek', [14, 0, C.SEEK_SET]), 'lseek(14, 0, SEEK_SET)'],
  [call('nanosleep', [20_000_000, null]), 'clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=20000000}, NULL)'],
];

describe('strace', () => {
  for (const [data, line] of SEEN) it(line, () => assert.equal(printed(data), line));

  it('tells what readiness and flags a number stands for', () => {
    const fds = [
      { fd: 4, events: C.POLLIN | C.POLLOUT },
      { fd: 5, events: C.POLLIN },
    ];
    const results: readonly (readonly [CallData, number, string])[] = [
      [call('fcntl', [5, C.F_GETFL, 0]), 0x802, '0x802 (flags O_RDWR|O_NONBLOCK)'],
      [call('fcntl', [5, C.F_GETFD, 0]), 1, '0x1 (flags FD_CLOEXEC)'],
      [call('fcntl', [5, C.F_GETFD, 0]), 0, '0'],
      [call('fcntl', [5, C.F_DUPFD, 10]), 11, '11'],
      [call('poll', [fds, 2, 100], { out: [[C.POLLOUT, 0]] }), 1, '1 ([{fd=4, revents=POLLOUT}])'],
      [call('poll', [fds, 2, 10], { out: [[0, 0]] }), 0, '0 (Timeout)'],
      [
        call('select', [5, [4], [4], null, 1e9], { out: [null, [], [4], null] }),
        1,
        '1 (out [4], left {tv_sec=0, tv_nsec=999998994})',
      ],
      [call('select', [5, [4], null, null, 1e6], { out: [null, [], null, null] }), 0, '0 (Timeout)'],
    ];
    for (const [data, result, text] of results) assert.equal(straceResult(data, result, 1006), text);
  });

  it('writes ... for what a failed call did not fill in', () => {
    assert.equal(printed(call('read', [99, null, 5], { failed: true })), 'read(99, ..., 5)');
    assert.equal(printed(call('getpeername', [4, null, null], { failed: true })), 'getpeername(4, ..., [16])');
  });

  it('writes numbers that have no name in hexadecimal', () => {
    assert.equal(printed(call('socket', [99, 3, 0])), 'socket(0x63, 0x3, IPPROTO_IP)');
    assert.equal(printed(call('setsockopt', [3, SOL_TCP, 99, 1, 4])), 'setsockopt(3, SOL_TCP, 0x63, [1], 4)');
  });

  it('splits a call at what the kernel fills in, when another thread comes between', () => {
    const parts = (data: CallData) => Object.values(straceArgs(data));
    assert.deepEqual(parts(call('accept', [3, null, null], { out: [null, PEER, 16] })), ['3, ', `${SOCKADDR}, [16]`]);
    assert.deepEqual(parts(call('write', [4, null, 2], { data: utf8('hi') })), ['4, "hi", 2', '']);
    assert.deepEqual(parts(call('recv', [4, null, 10, 0], { returned: EMPTY })), ['4, ', '"", 10, 0, NULL, NULL']);
  });

  it('prints unfinished and resumed lines as the real tool does, at the moment of each', () => {
    const s = new Script();
    const other = { ...SERVER, task: 3, sock: 1 };
    s.log.add('task.start', { host: 1, task: 3 }, { pid: 200, name: 'acceptor' });
    const accept = s.enter(other, 'accept', [3, null, null]);
    s.block(other, accept, 'a connection');
    const alone = s.log.length;
    const close = s.at(5).enter(LISTENER, 'close', [9]);
    s.exit(LISTENER, close, -1, { errno: 9 });
    s.at(20).exit(other, accept, 4, { out: [null, { addr: '10.0.0.1', port: 49152 }, 16] });
    const text = (at: number) => strace.text(strace.model(s.log, at, { host: 1 })).split('\n');
    assert.deepEqual(text(alone), ['[pid 201] 0.000000 accept(3,  <unfinished ...>']);
    assert.deepEqual(text(s.log.length), [
      '[pid 201] 0.000000 accept(3,  <unfinished ...>',
      '[pid 200] 0.005000 close(9)              = -1 EBADF (Bad file descriptor) <0.000000>',
      '[pid 201] 0.020000 <... accept resumed>{sa_family=AF_INET, sin_port=htons(49152), sin_addr=inet_addr("10.0.0.1")}, [16]) = 4 <0.020000>',
    ]);
  });

  it('marks calls that failed, and where in the cell each was made', () => {
    const s = new Script();
    s.exit(LISTENER, s.enter(LISTENER, 'close', [9]), -1, { errno: 9 });
    const [line] = strace.model(s.log, s.log.length).lines;
    assert.equal(line?.failed, true);
    assert.deepEqual([line?.cell, line?.line, line?.column], ['one', 1, 1]);
  });
});

describe('a damaged log', () => {
  it('has calls whose arguments nobody can read: they are shown without', () => {
    const s = new Script();
    const call = { pid: 100, call: 'close', fd: 3, args: '[3 ,, 1', data: EMPTY, cell: 'one', line: 1, column: 1 };
    s.log.add('call.enter', { host: 0, task: 1, cause: -1 }, call);
    assert.match(strace.text(strace.model(s.log, s.log.length)), /close\(/);
  });
});

describe('strings of strace', () => {
  it('can be read back by a C compiler, whatever the bytes', () => {
    const unquote = (text: string): number[] => {
      const out: number[] = [];
      const named: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };
      for (let i = 0; i < text.length; i++) {
        if (text[i] !== '\\') {
          out.push(text.charCodeAt(i));
          continue;
        }
        const octal = /^[0-7]{1,3}/.exec(text.slice(i + 1))?.[0];
        out.push(octal === undefined ? (named[text[i + 1] as string] as number) : Number.parseInt(octal, 8));
        i += octal?.length ?? 1;
      }
      return out;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32 }), (bytes) => {
        assert.deepEqual(unquote(quote(bytes).slice(1, -1)), [...bytes]);
      }),
    );
  });

  it('are cut at 32 bytes', () => {
    assert.equal(quote(utf8('y'.repeat(33))), `"${'y'.repeat(32)}"...`);
    assert.equal(quote(utf8('y'.repeat(32))), `"${'y'.repeat(32)}"`);
  });
});

describe('calls and bytes in a picture', () => {
  it('leave out what goes without saying', () => {
    assert.equal(shortCall(call('connect', [3, PEER, 16])), 'connect(3, 127.0.0.1:18080)');
    assert.equal(shortCall(call('socket', [2, 1, 0])), 'socket()');
    assert.equal(shortCall(call('accept', [3, null, null])), 'accept(3)');
    assert.equal(shortCall(call('read', [3, null, 100])), 'read(3, 100)');
    assert.equal(shortCall(call('write', [3, null, 2], { data: utf8('hi') })), 'write(3, "hi")');
    assert.equal(shortCall(call('write', [3, null, 999], { data: new Uint8Array(999) })), 'write(3, 999 bytes)');
    assert.equal(shortCall(call('nanosleep', [20_000_000, null])), 'sleep 20 ms');
    assert.equal(shortCall(call('shutdown', [3, 1])), 'shutdown(3, SHUT_WR)');
    assert.equal(shortCall(call('setsockopt', [3, 1, 2, 1, 4])), 'setsockopt(3, SO_REUSEADDR, 1)');
  });

  it('stay on one line', () => {
    assert.equal(preview(utf8('GET /\r\n\0\x7f')), 'GET /␍␊␀␡');
    assert.equal(preview(utf8('abcdef'), 3), 'abc…');
    const printable = (ch: string) => ch >= ' ' && ch !== '\x7f';
    fc.assert(fc.property(fc.uint8Array(), (bytes) => [...preview(bytes)].every(printable)));
  });
});
