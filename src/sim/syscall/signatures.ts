/**
 * The system calls, as data: names, arguments, and how strace(1) prints them.
 *
 * Shared by the dispatcher of the simulator, by the real kernel's binding, and by the views. `args` lists the C
 * arguments in order; each has a form that tells a view how to print its value from the event's JSON:
 * - `fd`, `int`: a number.            - `in`: bytes going in (the event's data).
 * - `out`: bytes coming back (the exit event's data).   - `addr`: a socket address going in, `{addr, port}`.
 * - `addr-out`: a socket address coming back.           - `flags`, `level`, `option`: named constants, by `names`.
 * - `timespec`: nanoseconds.          - `count`: the number of bytes asked for.   - `optval`, `optval-out`: an int.
 */
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
  | 'null';

export interface Signature {
  args: readonly (readonly [name: string, form: ArgForm])[];
  /** What a returned number is. */
  returns: 'zero' | 'fd' | 'bytes';
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
  AF_INET: 2, AF_INET6: 10,
  SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000,
  IPPROTO_IP: 0, IPPROTO_TCP: 6, IPPROTO_UDP: 17,
  INADDR_ANY: '0.0.0.0',
  SHUT_RD: 0, SHUT_WR: 1, SHUT_RDWR: 2,
  MSG_PEEK: 0x2, MSG_DONTWAIT: 0x40, MSG_WAITALL: 0x100, MSG_NOSIGNAL: 0x4000, MSG_MORE: 0x8000,
  SOL_SOCKET: 1, SOL_TCP: 6,
  SO_REUSEADDR: 2, SO_TYPE: 3, SO_ERROR: 4, SO_SNDBUF: 7, SO_RCVBUF: 8, SO_KEEPALIVE: 9, SO_LINGER: 13,
  SO_ACCEPTCONN: 30, SO_PROTOCOL: 38, SO_DOMAIN: 39,
  TCP_NODELAY: 1, TCP_MAXSEG: 2, TCP_QUICKACK: 12,
} as const;

/** Which constants belong to an argument form, in the order in which strace looks them up. */
/* biome-ignore format: a table */
export const NAMES: Partial<Record<ArgForm, readonly (keyof typeof CONSTANTS)[]>> = {
  domain: ['AF_INET', 'AF_INET6'],
  type: ['SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_NONBLOCK', 'SOCK_CLOEXEC'],
  protocol: ['IPPROTO_IP', 'IPPROTO_TCP', 'IPPROTO_UDP'],
  how: ['SHUT_RD', 'SHUT_WR', 'SHUT_RDWR'],
  flags: ['MSG_PEEK', 'MSG_DONTWAIT', 'MSG_WAITALL', 'MSG_NOSIGNAL', 'MSG_MORE'],
};
/** Socket options by level: what `level` and `option` print as. */
/* biome-ignore format: a table */
export const OPTIONS = {
  SOL_SOCKET: ['SO_REUSEADDR', 'SO_TYPE', 'SO_ERROR', 'SO_SNDBUF', 'SO_RCVBUF', 'SO_KEEPALIVE', 'SO_LINGER', 'SO_ACCEPTCONN', 'SO_PROTOCOL', 'SO_DOMAIN'],
  SOL_TCP: ['TCP_NODELAY', 'TCP_MAXSEG', 'TCP_QUICKACK'],
} as const;
