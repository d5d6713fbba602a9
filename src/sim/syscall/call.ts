/**
 * What every system call handler is given, and the checks that most of them begin with.
 */
import { after, type Time } from '../base/time.ts';
import type { OpenFile } from '../kernel/file.ts';
import type { Host } from '../kernel/host.ts';
import type { Socket } from '../kernel/socket.ts';
import type { ProcessState, Reply, Task } from '../kernel/task.ts';
import type { Log } from '../trace/log.ts';
import type { Context } from '../trace/schema.ts';

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
  /** When it was entered. */
  readonly at: Time;
  /** Its first argument, if that is a descriptor; else -1. */
  readonly fd: number;
  /** The description behind its first argument, if that is an open descriptor: the call keeps it, whatever is closed meanwhile. */
  readonly file: OpenFile | undefined;
}

/** Makes, from a call and its arguments, the function that is tried until it has a result. */
export type Handler<A extends readonly unknown[]> = (call: Call, args: A) => () => Reply;

/** A call on a socket: EBADF when the descriptor is none, ENOTSOCK when it is no socket. */
export function withSocket(call: Call, _fd: number, body: (socket: Socket, file: OpenFile) => Reply): () => Reply {
  return () => {
    const { file } = call;
    if (!file) return { errno: 'EBADF' };
    if (!file.socket) return { errno: 'ENOTSOCK' };
    return body(file.socket, file);
  };
}

/** Puts a description into the process and logs its descriptor; the caller has asked whether the table is full. */
export function installFile(call: Call, file: OpenFile, closeOnExec: boolean, from = 0): number {
  const { fds, pid } = call.process;
  const fd = fds.install(file, closeOnExec, from);
  call.log.add('fd.open', { ...call.here, sock: file.socket?.id ?? 0 }, { pid, fd });
  return fd;
}

/** Whether a call that must wait may, and until when: SO_RCVTIMEO and SO_SNDTIMEO count from where it was entered. */
export interface Patience {
  readonly waits: boolean;
  readonly until: Time | undefined;
}

/** @param never O_NONBLOCK or MSG_DONTWAIT. @param timeout undefined: without end */
export function patience(call: Call, never: boolean, timeout: Time | undefined): Patience {
  const until = timeout === undefined ? undefined : after(call.at, timeout);
  return { waits: !never && (until === undefined || call.host.now < until), until };
}
