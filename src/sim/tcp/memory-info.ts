/**
 * What getsockopt(SO_MEMINFO) of Linux would say of a connection, under the names of include/uapi/linux/sock_diag.h (sock.c
 * sk_get_meminfo). Absent: what the simulator does not keep.
 */
import type { Tcb } from './tcb.ts';

/* biome-ignore format: a table */
export const memoryInfo = ({ rcv, queue, sendLimit }: Tcb): Readonly<Record<string, number>> => ({
  SK_MEMINFO_RMEM_ALLOC: rcv.alloc, SK_MEMINFO_RCVBUF: rcv.limit, SK_MEMINFO_SNDBUF: sendLimit,
  SK_MEMINFO_WMEM_QUEUED: queue.memory,
  SK_MEMINFO_BACKLOG: 0, // a segment never finds the socket busy
});
