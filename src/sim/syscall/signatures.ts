/**
 * The system calls, as data: names, arguments, and how strace(1) prints them.
 *
 * Shared by the dispatcher of the simulator, by the real kernel's binding, and by the views. `args` lists the C
 * arguments in order; each has a form that tells a view how to print its value from the event's JSON:
 * - `fd`, `int`: a number.            - `in`: bytes going in (the event's data).
 * - `out`: bytes coming back (the exit event's data).   - `addr`: a socket address going in, `{addr, port}`.
 * - `addr-out`: a socket address coming back.           - `flags`, `level`, `option`: named constants, by `names`.
 * - `timespec`: nanoseconds.          - `count`: the number of bytes asked for.
 * - `optval`, `optval-out`: what the option before has, by base/sockopt.ts.
 * - `iov`, `iov-out`: struct iovec, as a list of lengths; their bytes, one after another, are the event's data.
 * - `msg`, `msg-out`: struct msghdr (kernel.ts MsgHdr), whose iovecs are lengths too.   - `length`: of the list before.
 * - `pollfds`, `epoll-event`, `epoll-events`, `fd-set`, `fds-out`, `path`, `offset`: what their names say.
 * - `events`: bits of poll(2) or epoll(7).   - `command`, `command-arg`: of fcntl(2) and ioctl(2).
 */
import { SOCKET_OPTIONS, SOCKOPT, SOCKOPT_VALUES } from '../base/sockopt.ts';
import { EPOLL, ERRQUEUE, FILE, POLL, TIMESTAMPING } from '../base/uapi.ts';

export type ArgForm =
  | 'fd'
  | 'int'
  | 'count'
  | 'in'
  | 'out'
  | 'addr'
  | 'addr-out'
  | 'addrlen'
  | 'domain'
  | 'type'
  | 'protocol'
  | 'flags'
  | 'how'
  | 'level'
  | 'option'
  | 'optval'
  | 'optval-out'
  | 'optlen'
  | 'timespec'
  | 'iov'
  | 'iov-out'
  | 'msg'
  | 'msg-out'
  | 'length'
  | 'pollfds'
  | 'fd-set'
  | 'epoll-op'
  | 'epoll-flags'
  | 'epoll-event'
  | 'epoll-events'
  | 'fds-out'
  | 'sock-flags'
  | 'pipe-flags'
  | 'open-flags'
  | 'mode'
  | 'path'
  | 'offset'
  | 'whence'
  | 'splice-flags'
  | 'fcntl'
  | 'fcntl-arg'
  | 'ioctl'
  | 'ioctl-arg'
  | 'null';

export interface Signature {
  args: readonly (readonly [name: string, form: ArgForm])[];
  /** What a returned number is; `value`: it depends on the arguments. */
  returns: 'zero' | 'fd' | 'bytes' | 'files' | 'value';
  /** The manual page. */
  man: string;
}

/* biome-ignore format: a table */
export const SIGNATURES = {
  socket:      { args: [['domain', 'domain'], ['type', 'type'], ['protocol', 'protocol']], returns: 'fd', man: 'socket(2)' },
  bind:        { args: [['sockfd', 'fd'], ['addr', 'addr'], ['addrlen', 'addrlen']], returns: 'zero', man: 'bind(2)' },
  listen:      { args: [['sockfd', 'fd'], ['backlog', 'int']], returns: 'zero', man: 'listen(2)' },
  accept:      { args: [['sockfd', 'fd'], ['addr', 'addr-out'], ['addrlen', 'addrlen']], returns: 'fd', man: 'accept(2)' },
  connect:     { args: [['sockfd', 'fd'], ['addr', 'addr'], ['addrlen', 'addrlen']], returns: 'zero', man: 'connect(2)' },
  read:        { args: [['fd', 'fd'], ['buf', 'out'], ['count', 'count']], returns: 'bytes', man: 'read(2)' },
  write:       { args: [['fd', 'fd'], ['buf', 'in'], ['count', 'count']], returns: 'bytes', man: 'write(2)' },
  recv:        { args: [['sockfd', 'fd'], ['buf', 'out'], ['len', 'count'], ['flags', 'flags']], returns: 'bytes', man: 'recv(2)' },
  send:        { args: [['sockfd', 'fd'], ['buf', 'in'], ['len', 'count'], ['flags', 'flags']], returns: 'bytes', man: 'send(2)' },
  shutdown:    { args: [['sockfd', 'fd'], ['how', 'how']], returns: 'zero', man: 'shutdown(2)' },
  close:       { args: [['fd', 'fd']], returns: 'zero', man: 'close(2)' },
  accept4:     { args: [['sockfd', 'fd'], ['addr', 'addr-out'], ['addrlen', 'addrlen'], ['flags', 'sock-flags']], returns: 'fd', man: 'accept(2)' },
  recvfrom:    { args: [['sockfd', 'fd'], ['buf', 'out'], ['len', 'count'], ['flags', 'flags'], ['src_addr', 'addr-out'], ['addrlen', 'addrlen']], returns: 'bytes', man: 'recv(2)' },
  sendto:      { args: [['sockfd', 'fd'], ['buf', 'in'], ['len', 'count'], ['flags', 'flags'], ['dest_addr', 'addr'], ['addrlen', 'addrlen']], returns: 'bytes', man: 'send(2)' },
  recvmsg:     { args: [['sockfd', 'fd'], ['msg', 'msg-out'], ['flags', 'flags']], returns: 'bytes', man: 'recv(2)' },
  sendmsg:     { args: [['sockfd', 'fd'], ['msg', 'msg'], ['flags', 'flags']], returns: 'bytes', man: 'send(2)' },
  readv:       { args: [['fd', 'fd'], ['iov', 'iov-out'], ['iovcnt', 'length']], returns: 'bytes', man: 'readv(2)' },
  writev:      { args: [['fd', 'fd'], ['iov', 'iov'], ['iovcnt', 'length']], returns: 'bytes', man: 'readv(2)' },
  poll:        { args: [['fds', 'pollfds'], ['nfds', 'length'], ['timeout', 'int']], returns: 'files', man: 'poll(2)' },
  select:      { args: [['nfds', 'int'], ['readfds', 'fd-set'], ['writefds', 'fd-set'], ['exceptfds', 'fd-set'], ['timeout', 'timespec']], returns: 'files', man: 'select(2)' },
  epoll_create:  { args: [['size', 'int']], returns: 'fd', man: 'epoll_create(2)' },
  epoll_create1: { args: [['flags', 'epoll-flags']], returns: 'fd', man: 'epoll_create(2)' },
  epoll_ctl:   { args: [['epfd', 'fd'], ['op', 'epoll-op'], ['fd', 'int'], ['event', 'epoll-event']], returns: 'zero', man: 'epoll_ctl(2)' },
  epoll_wait:  { args: [['epfd', 'fd'], ['events', 'epoll-events'], ['maxevents', 'int'], ['timeout', 'int']], returns: 'files', man: 'epoll_wait(2)' },
  epoll_pwait: { args: [['epfd', 'fd'], ['events', 'epoll-events'], ['maxevents', 'int'], ['timeout', 'int']], returns: 'files', man: 'epoll_wait(2)' },
  fcntl:       { args: [['fd', 'fd'], ['op', 'fcntl'], ['arg', 'fcntl-arg']], returns: 'value', man: 'fcntl(2)' },
  ioctl:       { args: [['fd', 'fd'], ['op', 'ioctl'], ['argp', 'ioctl-arg']], returns: 'zero', man: 'ioctl(2)' },
  pipe2:       { args: [['pipefd', 'fds-out'], ['flags', 'pipe-flags']], returns: 'zero', man: 'pipe(2)' },
  open:        { args: [['pathname', 'path'], ['flags', 'open-flags'], ['mode', 'mode']], returns: 'fd', man: 'open(2)' },
  lseek:       { args: [['fd', 'fd'], ['offset', 'int'], ['whence', 'whence']], returns: 'value', man: 'lseek(2)' },
  sendfile:    { args: [['out_fd', 'fd'], ['in_fd', 'int'], ['offset', 'offset'], ['count', 'int']], returns: 'bytes', man: 'sendfile(2)' },
  splice:      { args: [['fd_in', 'fd'], ['off_in', 'offset'], ['fd_out', 'int'], ['off_out', 'offset'], ['len', 'int'], ['flags', 'splice-flags']], returns: 'bytes', man: 'splice(2)' },
  dup:         { args: [['oldfd', 'fd']], returns: 'fd', man: 'dup(2)' },
  setsockopt:  { args: [['sockfd', 'fd'], ['level', 'level'], ['optname', 'option'], ['optval', 'optval'], ['optlen', 'optlen']], returns: 'zero', man: 'setsockopt(2)' },
  getsockopt:  { args: [['sockfd', 'fd'], ['level', 'level'], ['optname', 'option'], ['optval', 'optval-out'], ['optlen', 'optlen']], returns: 'zero', man: 'getsockopt(2)' },
  getsockname: { args: [['sockfd', 'fd'], ['addr', 'addr-out'], ['addrlen', 'addrlen']], returns: 'zero', man: 'getsockname(2)' },
  getpeername: { args: [['sockfd', 'fd'], ['addr', 'addr-out'], ['addrlen', 'addrlen']], returns: 'zero', man: 'getpeername(2)' },
  nanosleep:   { args: [['req', 'timespec'], ['rem', 'null']], returns: 'zero', man: 'nanosleep(2)' },
} as const satisfies Record<string, Signature>;

export type CallName = keyof typeof SIGNATURES;

/** Constants of Linux on x86-64 (include/uapi), as cells see them. */
/* biome-ignore format: a table */
export const CONSTANTS = {
  ...POLL, ...EPOLL, ...FILE, ...ERRQUEUE, ...TIMESTAMPING,
  AF_UNSPEC: 0, AF_INET: 2, AF_INET6: 10,
  SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000,
  IPPROTO_IP: 0, IPPROTO_TCP: 6, IPPROTO_UDP: 17, IPPROTO_IPV6: 41,
  INADDR_ANY: '0.0.0.0', INADDR_LOOPBACK: '127.0.0.1', in6addr_any: '::', in6addr_loopback: '::1',
  SHUT_RD: 0, SHUT_WR: 1, SHUT_RDWR: 2,
  MSG_OOB: 0x1, MSG_PEEK: 0x2, MSG_CTRUNC: 0x8, MSG_TRUNC: 0x20, MSG_DONTWAIT: 0x40, MSG_EOR: 0x80, MSG_WAITALL: 0x100,
  MSG_ERRQUEUE: 0x2000, MSG_NOSIGNAL: 0x4000, MSG_MORE: 0x8000, MSG_ZEROCOPY: 0x4000000, MSG_FASTOPEN: 0x20000000,
  MSG_CMSG_CLOEXEC: 0x40000000,
  SOL_SOCKET: 1, SOL_IP: 0, SOL_TCP: 6, SOL_IPV6: 41, ...SOCKOPT, ...SOCKOPT_VALUES,
  SCM_TIMESTAMPING: 37, TCP_CM_INQ: 36,
  SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2,
} as const;

/** Which constants belong to an argument form, in the order in which strace looks them up. */
/* biome-ignore format: a table */
export const NAMES: Partial<Record<ArgForm, readonly (keyof typeof CONSTANTS)[]>> = {
  domain: ['AF_INET', 'AF_INET6'],
  type: ['SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_NONBLOCK', 'SOCK_CLOEXEC'],
  protocol: ['IPPROTO_IP', 'IPPROTO_TCP', 'IPPROTO_UDP'],
  how: ['SHUT_RD', 'SHUT_WR', 'SHUT_RDWR'],
  flags: [
    'MSG_OOB', 'MSG_PEEK', 'MSG_CTRUNC', 'MSG_TRUNC', 'MSG_DONTWAIT', 'MSG_EOR', 'MSG_WAITALL', 'MSG_ERRQUEUE', 'MSG_NOSIGNAL',
    'MSG_MORE', 'MSG_ZEROCOPY', 'MSG_FASTOPEN', 'MSG_CMSG_CLOEXEC',
  ],
  'sock-flags': ['SOCK_CLOEXEC', 'SOCK_NONBLOCK'],
  'pipe-flags': ['O_NONBLOCK', 'O_CLOEXEC'],
  'epoll-flags': ['EPOLL_CLOEXEC'],
  'epoll-op': ['EPOLL_CTL_ADD', 'EPOLL_CTL_DEL', 'EPOLL_CTL_MOD'],
  'epoll-event': [
    'EPOLLIN', 'EPOLLPRI', 'EPOLLOUT', 'EPOLLRDNORM', 'EPOLLRDBAND', 'EPOLLWRNORM', 'EPOLLWRBAND', 'EPOLLMSG', 'EPOLLERR',
    'EPOLLHUP', 'EPOLLRDHUP', 'EPOLLEXCLUSIVE', 'EPOLLWAKEUP', 'EPOLLONESHOT', 'EPOLLET',
  ],
  pollfds: [
    'POLLIN', 'POLLPRI', 'POLLOUT', 'POLLRDNORM', 'POLLRDBAND', 'POLLWRNORM', 'POLLWRBAND', 'POLLERR', 'POLLHUP', 'POLLNVAL',
    'POLLRDHUP',
  ],
  'open-flags': ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_APPEND', 'O_NONBLOCK', 'O_CREAT', 'O_EXCL', 'O_TRUNC', 'O_CLOEXEC'],
  'splice-flags': ['SPLICE_F_MOVE', 'SPLICE_F_NONBLOCK', 'SPLICE_F_MORE'],
  whence: ['SEEK_SET', 'SEEK_CUR', 'SEEK_END'],
  fcntl: ['F_DUPFD', 'F_GETFD', 'F_SETFD', 'F_GETFL', 'F_SETFL', 'F_DUPFD_CLOEXEC'],
  ioctl: ['FIONREAD', 'TIOCOUTQ', 'SIOCOUTQNSD', 'SIOCATMARK', 'FIONBIO'],
};
/** Socket options by level: what `level` and `option` print as. */
export const OPTIONS = {
  SOL_SOCKET: Object.keys(SOCKET_OPTIONS.SOL_SOCKET),
  SOL_IP: Object.keys(SOCKET_OPTIONS.SOL_IP),
  SOL_IPV6: Object.keys(SOCKET_OPTIONS.SOL_IPV6),
  SOL_TCP: Object.keys(SOCKET_OPTIONS.SOL_TCP),
} as { readonly [L in keyof typeof SOCKET_OPTIONS]: readonly (keyof (typeof SOCKET_OPTIONS)[L])[] };
