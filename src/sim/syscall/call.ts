/**
 * What every system call handler is given, and the checks that most of them begin with.
 */
import type { OpenFile } from '../kernel/file.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import type { ProcessState, Reply, Task } from '../kernel/task.ts';
import type { Log } from '../trace/log.ts';
import type { Context } from '../trace/schema.ts';
import { ip4Text } from '../wire/ipv4.ts';
import type { SockAddr } from './kernel.ts';

/** A system call being made. */
export interface Call {
  readonly host: Host;
  readonly process: ProcessState;
  readonly task: Task;
  readonly log: Log;
  /** Host and thread, for events. */
  readonly here: Context;
  /** The number of its `call.enter`. */
  readonly enter: number;
}

/** Makes, from a call and its arguments, the function that is tried until it has a result. */
export type Handler<A extends readonly unknown[]> = (call: Call, args: A) => () => Reply;

/** Looks the descriptor up at each try: EBADF when it is none, ENOTSOCK when it is no socket. */
export function withSocket(call: Call, fd: number, body: (socket: Socket, file: OpenFile) => Reply): () => Reply {
  return () => {
    const file = call.process.fds.get(fd);
    if (!file) return { errno: 'EBADF' };
    if (!file.socket) return { errno: 'ENOTSOCK' };
    return body(file.socket, file);
  };
}

export const fromIp4 = (addr: number, port: number): SockAddr => ({ addr: ip4Text(addr), port });
