/**
 * Constants of Linux on x86-64 (include/uapi) that both the kernel and programs use: files, readiness, the error queue,
 * timestamps. Those that only programs use stand beside the signatures of the system calls.
 */

/** Bits of poll(2): asm-generic/poll.h. */
/* biome-ignore format: a table */
export const POLL = {
  POLLIN: 0x001, POLLPRI: 0x002, POLLOUT: 0x004, POLLERR: 0x008, POLLHUP: 0x010, POLLNVAL: 0x020,
  POLLRDNORM: 0x040, POLLRDBAND: 0x080, POLLWRNORM: 0x100, POLLWRBAND: 0x200, POLLRDHUP: 0x2000,
} as const;

/** linux/eventpoll.h */
/* biome-ignore format: a table */
export const EPOLL = {
  EPOLL_CLOEXEC: 0o2000000, EPOLL_CTL_ADD: 1, EPOLL_CTL_DEL: 2, EPOLL_CTL_MOD: 3,
  EPOLLIN: 0x001, EPOLLPRI: 0x002, EPOLLOUT: 0x004, EPOLLERR: 0x008, EPOLLHUP: 0x010,
  EPOLLRDNORM: 0x040, EPOLLRDBAND: 0x080, EPOLLWRNORM: 0x100, EPOLLWRBAND: 0x200, EPOLLMSG: 0x400, EPOLLRDHUP: 0x2000,
  EPOLLEXCLUSIVE: 2 ** 28, EPOLLWAKEUP: 2 ** 29, EPOLLONESHOT: 2 ** 30, EPOLLET: 2 ** 31,
} as const;

/** asm-generic/fcntl.h, asm-generic/ioctls.h, linux/sockios.h */
/* biome-ignore format: a table */
export const FILE = {
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_EXCL: 0o200, O_TRUNC: 0o1000, O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000, O_CLOEXEC: 0o2000000,
  F_DUPFD: 0, F_GETFD: 1, F_SETFD: 2, F_GETFL: 3, F_SETFL: 4, F_DUPFD_CLOEXEC: 1030, FD_CLOEXEC: 1,
  FIONREAD: 0x541b, SIOCINQ: 0x541b, TIOCOUTQ: 0x5411, SIOCOUTQ: 0x5411, SIOCOUTQNSD: 0x894b, SIOCATMARK: 0x8905,
  FIONBIO: 0x5421,
  SPLICE_F_MOVE: 1, SPLICE_F_NONBLOCK: 2, SPLICE_F_MORE: 4,
} as const;

/** linux/errqueue.h: ee_origin, ee_code, ee_info. */
/* biome-ignore format: a table */
export const ERRQUEUE = {
  SO_EE_ORIGIN_NONE: 0, SO_EE_ORIGIN_LOCAL: 1, SO_EE_ORIGIN_ICMP: 2, SO_EE_ORIGIN_ICMP6: 3, SO_EE_ORIGIN_TIMESTAMPING: 4,
  SO_EE_ORIGIN_ZEROCOPY: 5, SO_EE_CODE_ZEROCOPY_COPIED: 1,
  SCM_TSTAMP_SND: 0, SCM_TSTAMP_SCHED: 1, SCM_TSTAMP_ACK: 2,
} as const;

/** linux/net_tstamp.h: flags of SO_TIMESTAMPING. */
/* biome-ignore format: a table */
export const TIMESTAMPING = {
  SOF_TIMESTAMPING_TX_HARDWARE: 1 << 0, SOF_TIMESTAMPING_TX_SOFTWARE: 1 << 1, SOF_TIMESTAMPING_RX_HARDWARE: 1 << 2,
  SOF_TIMESTAMPING_RX_SOFTWARE: 1 << 3, SOF_TIMESTAMPING_SOFTWARE: 1 << 4, SOF_TIMESTAMPING_SYS_HARDWARE: 1 << 5,
  SOF_TIMESTAMPING_RAW_HARDWARE: 1 << 6, SOF_TIMESTAMPING_OPT_ID: 1 << 7, SOF_TIMESTAMPING_TX_SCHED: 1 << 8,
  SOF_TIMESTAMPING_TX_ACK: 1 << 9, SOF_TIMESTAMPING_OPT_CMSG: 1 << 10, SOF_TIMESTAMPING_OPT_TSONLY: 1 << 11,
  SOF_TIMESTAMPING_OPT_STATS: 1 << 12, SOF_TIMESTAMPING_OPT_PKTINFO: 1 << 13, SOF_TIMESTAMPING_OPT_TX_SWHW: 1 << 14,
  SOF_TIMESTAMPING_BIND_PHC: 1 << 15, SOF_TIMESTAMPING_OPT_ID_TCP: 1 << 16, SOF_TIMESTAMPING_OPT_RX_FILTER: 1 << 17,
} as const;
