/**
 * recvmsg(2): what came with control messages, and the error queue (Linux scm.c put_cmsg, ip_sockglue.c ip_recv_error,
 * tcp.c tcp_recvmsg).
 */
import { EMPTY } from '../base/bytes.ts';
import { type Time, ZERO } from '../base/time.ts';
import type { ErrorEntry } from '../kernel/error-queue.ts';
import type { Socket } from '../kernel/socket.ts';
import type { Reply } from '../kernel/task.ts';
import { errorReport } from '../kernel/tcp/readiness.ts';
import { inputHint } from '../tcp/receive/read.ts';
import { type Call, type Handler, withSocket } from './call.ts';
import type { ControlMessage } from './kernel.ts';
import { isNowhere, type Message, room, scatter } from './memory.ts';
import { CONSTANTS as C } from './signatures.ts';
import { receiveInto, scattered } from './transfer.ts';

/** sizeof(struct cmsghdr), and what it is rounded up to. */
const HEADER = 16;
const ALIGN = 8;

/** struct msghdr as recvmsg() leaves it. */
interface Filled {
  name: null;
  control: readonly ControlMessage[];
  controllen: number;
  flags: number;
}

/** Puts control messages where the program has room for them; what does not fit is cut off, and MSG_CTRUNC says so. */
function fill(
  message: Message,
  control: readonly (readonly [message: ControlMessage, size: number])[],
  flags: number,
): Filled {
  let used = 0;
  let truncated = 0;
  const kept: ControlMessage[] = [];
  for (const [one, size] of control) {
    if (used + HEADER + size > message.controllen) {
      truncated = C.MSG_CTRUNC;
      continue;
    }
    kept.push(one);
    used += Math.ceil((HEADER + size) / ALIGN) * ALIGN;
  }
  return { name: null, control: kept, controllen: used, flags: flags | truncated };
}

/** recvmsg(2) */
export const recvmsg: Handler<[fd: number, message: Message, flags?: number]> = (call, [fd, message, flags = 0]) => {
  const kept = flags & C.MSG_CMSG_CLOEXEC;
  if (flags & C.MSG_ERRQUEUE) return withSocket(call, fd, (socket) => receiveError(call, socket, message, kept));
  const buf = room(message.iov);
  const attempt = receiveInto(call, buf, flags, (socket, result, data) => {
    const queued: ControlMessage = {
      level: C.SOL_TCP,
      type: C.TCP_CM_INQ,
      data: socket.tcb ? inputHint(socket.tcb) : 0,
    };
    return { result, data, out: [null, fill(message, socket.opts.inq ? [[queued, 4]] : [], kept)] };
  });
  return () => scattered(message.iov, attempt());
};

/** The first entry of the error queue: the times, the reason, and the packet as far as it fits (ip_recv_error). */
function receiveError(call: Call, socket: Socket, message: Message, kept: number): Reply {
  const entry = socket.errors?.take();
  if (!entry) return { errno: 'EAGAIN' };
  const size = message.iov.reduce((sum, { length }) => sum + length, 0);
  const data = entry.payload.subarray(0, size);
  if (data.length > 0 && message.iov.some(isNowhere)) return { errno: 'EFAULT' };
  scatter(message.iov, data);
  const flags = kept | C.MSG_ERRQUEUE | (entry.payload.length > size ? C.MSG_TRUNC : 0);
  if (socket.errors?.first) errorReport(call.host, socket);
  return {
    result: data.length,
    data: data.length === 0 ? EMPTY : data,
    out: [null, fill(message, reasons(socket, entry), flags)],
  };
}

/** sizeof(struct scm_timestamping), struct sock_extended_err with an offender of either family. */
const TIMES = 48;
const REASON = { [C.AF_INET]: 32, [C.AF_INET6]: 44 };

function reasons(socket: Socket, { payload: _, time, ...reason }: ErrorEntry): (readonly [ControlMessage, number])[] {
  const six = socket.domain === C.AF_INET6;
  const out: (readonly [ControlMessage, number])[] = [];
  if (time !== undefined && (socket.timestamping & C.SOF_TIMESTAMPING_SOFTWARE) !== 0) {
    const data: readonly [Time, Time, Time] = [time, ZERO, ZERO];
    out.push([{ level: C.SOL_SOCKET, type: C.SCM_TIMESTAMPING, data }, TIMES]);
  }
  const level = six ? C.SOL_IPV6 : C.SOL_IP;
  const type = six ? C.IPV6_RECVERR : C.IP_RECVERR;
  out.push([{ level, type, data: reason }, REASON[six ? C.AF_INET6 : C.AF_INET]]);
  return out;
}
