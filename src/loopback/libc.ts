/**
 * The C library, called through koffi: prototypes as the manual pages give them, and nothing else.
 *
 * koffi is loaded when the first loopback kernel is made, never before, so that whoever only simulates needs no native
 * module. The symbols are those of the C library that Node itself runs on. Bytes are passed by their address: nothing is
 * copied on the way. Knows no descriptors but real ones.
 */

/* biome-ignore format: a table */
const PROTOTYPES = {
  socket:      'int socket(int domain, int type, int protocol)',
  bind:        'int bind(int sockfd, const void *addr, uint32_t addrlen)',
  listen:      'int listen(int sockfd, int backlog)',
  accept4:     'int accept4(int sockfd, void *addr, void *addrlen, int flags)',
  connect:     'int connect(int sockfd, const void *addr, uint32_t addrlen)',
  read:        'long read(int fd, void *buf, size_t count)',
  write:       'long write(int fd, const void *buf, size_t count)',
  recv:        'long recv(int sockfd, void *buf, size_t len, int flags)',
  send:        'long send(int sockfd, const void *buf, size_t len, int flags)',
  sendto:      'long sendto(int sockfd, const void *buf, size_t len, int flags, const void *dest_addr, uint32_t addrlen)',
  recvmsg:     'long recvmsg(int sockfd, void *msg, int flags)',
  sendmsg:     'long sendmsg(int sockfd, const void *msg, int flags)',
  epoll_create1: 'int epoll_create1(int flags)',
  epoll_ctl:   'int epoll_ctl(int epfd, int op, int fd, void *event)',
  epoll_wait:  'int epoll_wait(int epfd, void *events, int maxevents, int timeout)',
  fcntl:       'int fcntl(int fd, int op, int arg)',
  ioctl:       'int ioctl(int fd, unsigned long op, void *argp)',
  pipe2:       'int pipe2(void *pipefd, int flags)',
  memfd_create: 'int memfd_create(const char *name, unsigned int flags)',
  open:        'int open(const char *pathname, int flags, int mode)',
  lseek:       'long lseek(int fd, long offset, int whence)',
  sendfile:    'long sendfile(int out_fd, int in_fd, void *offset, size_t count)',
  splice:      'long splice(int fd_in, void *off_in, int fd_out, void *off_out, size_t len, unsigned int flags)',
  shutdown:    'int shutdown(int sockfd, int how)',
  close:       'int close(int fd)',
  dup:         'int dup(int oldfd)',
  dup3:        'int dup3(int oldfd, int newfd, int flags)',
  setsockopt:  'int setsockopt(int sockfd, int level, int optname, const void *optval, uint32_t optlen)',
  getsockopt:  'int getsockopt(int sockfd, int level, int optname, void *optval, void *optlen)',
  getsockname: 'int getsockname(int sockfd, void *addr, void *addrlen)',
  getpeername: 'int getpeername(int sockfd, void *addr, void *addrlen)',
} as const;

type Name = keyof typeof PROTOTYPES;

type Argument = number | bigint | string | null | Uint8Array | Int32Array | Uint32Array | BigInt64Array;

/** Each function gives what the C function gives: -1 for a failure, whose number `errno()` then tells. */
export type Libc = Readonly<Record<Name, (...args: Argument[]) => number>> & {
  /** The number of the last failure, to be asked for at once. */
  errno(): number;
  /** Where these bytes lie: for structures that point to others. They must be kept alive until the call is over. */
  address(bytes: Uint8Array): bigint;
  /** poll(2) that only looks. @param fds `count` times struct pollfd, filled in */
  look(fds: Uint8Array, count: number): number;
  /**
   * poll(2), on a thread of its own: resolves when one of the descriptors is ready or the timeout has passed.
   * @param fds `count` times struct pollfd, filled in. Must not be touched meanwhile
   * @param timeout in milliseconds
   */
  poll(fds: Uint8Array, count: number, timeout: number): Promise<number>;
};

let loaded: Promise<Libc> | undefined;

/** The C library of this process. @throws Error when there is none to call; its message is for the reader */
export function libc(): Promise<Libc> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Libc> {
  if (process.platform !== 'linux') {
    throw new Error(`Real loopback sockets need Linux; this is ${process.platform}. Choose the simulator.`);
  }
  const { default: koffi } = await import('koffi').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Real loopback sockets need the native module koffi, which cannot be loaded here: ${why}`);
  });
  const library = koffi.load(null);
  const poll = library.func('int poll(void *fds, unsigned long nfds, int timeout)');
  const functions = {} as Record<Name, Libc[Name]>;
  for (const name of Object.keys(PROTOTYPES) as Name[]) functions[name] = library.func(PROTOTYPES[name]);
  return {
    ...functions,
    errno: () => koffi.errno(),
    address: (bytes) => koffi.address(bytes),
    look: (fds, count) => poll(fds, count, 0),
    poll: (fds, count, timeout) =>
      new Promise((resolve, reject) => {
        poll.async(fds, count, timeout, (error: unknown, ready: number) => (error ? reject(error) : resolve(ready)));
      }),
  };
}
