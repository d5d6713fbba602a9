/**
 * recvmsg(2) and sendmsg(2) on the real kernel: struct msghdr, struct iovec and control messages as C lays them out on
 * 64-bit Linux. Control messages that have no form here come back as numbers of their first four bytes.
 */
import { EMPTY } from '../sim/base/bytes.ts';
import type { ControlMessage, SockExtendedErr } from '../sim/base/structs.ts';
import type { Time } from '../sim/base/time.ts';
import { type ControlNumber, gather, type Message, room, scatter } from '../sim/syscall/memory.ts';
import { CONSTANTS as C } from '../sim/syscall/signatures.ts';
import { type Call, type Handler, lastError, POLLIN, POLLOUT, type Reply, waitFor, withDescriptor } from './call.ts';
import type { Libc } from './libc.ts';
import { unpack } from './sockaddr.ts';

/** sizeof(struct msghdr), sizeof(struct cmsghdr), and to what the latter is rounded up. */
const MSGHDR = 56;
const CMSGHDR = 16;
const ALIGN = 8;
/** What a control message with an int takes. */
const CMSG_INT = 24;
/** Room for control messages: enough for all that TCP sends, unless the program says how much it has. */
const CONTROL = 512;

/** A struct msghdr of one iovec. Whoever holds it keeps its bytes alive. */
class Header {
  readonly bytes = new Uint8Array(MSGHDR);
  readonly control: Uint8Array;
  readonly #view = new DataView(this.bytes.buffer);
  readonly #iovec = new Uint8Array(16);

  constructor(libc: Libc, payload: Uint8Array, controllen: number) {
    this.control = new Uint8Array(Math.min(controllen, CONTROL));
    const iovec = new DataView(this.#iovec.buffer);
    if (payload.length > 0) iovec.setBigUint64(0, libc.address(payload), true);
    iovec.setBigUint64(8, BigInt(payload.length), true);
    this.#view.setBigUint64(16, libc.address(this.#iovec), true);
    this.#view.setBigUint64(24, 1n, true);
    if (this.control.length > 0) this.#view.setBigUint64(32, libc.address(this.control), true);
    this.#view.setBigUint64(40, BigInt(this.control.length), true);
  }

  put(control: readonly ControlNumber[]): void {
    const view = new DataView(this.control.buffer);
    for (const [i, { level, type, data }] of control.entries()) {
      view.setBigUint64(CMSG_INT * i, 20n, true);
      view.setInt32(CMSG_INT * i + 8, level, true);
      view.setInt32(CMSG_INT * i + 12, type, true);
      view.setInt32(CMSG_INT * i + 16, data, true);
    }
  }

  get controllen(): number {
    return Number(this.#view.getBigUint64(40, true));
  }

  get flags(): number {
    return this.#view.getInt32(48, true);
  }
}

function* controlMessages({ control, controllen }: Header): Generator<ControlMessage> {
  const view = new DataView(control.buffer);
  for (let at = 0; at + CMSGHDR <= controllen; ) {
    const length = Number(view.getBigUint64(at, true));
    if (length < CMSGHDR) return;
    const [level, type] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
    yield controlMessage(level, type, new DataView(control.buffer, at + CMSGHDR, length - CMSGHDR));
    at += Math.ceil(length / ALIGN) * ALIGN;
  }
}

function controlMessage(level: number, type: number, view: DataView): ControlMessage {
  if (level === C.SOL_SOCKET && type === C.SCM_TIMESTAMPING) {
    const time = (i: number) =>
      Number(view.getBigInt64(16 * i, true) * 1_000_000_000n + view.getBigInt64(16 * i + 8, true));
    return { level, type, data: [time(0), time(1), time(2)] as [Time, Time, Time] };
  }
  const reports = (level === C.SOL_IP && type === C.IP_RECVERR) || (level === C.SOL_IPV6 && type === C.IPV6_RECVERR);
  return reports ? { level, type, data: extendedError(view) } : { level, type, data: view.getInt32(0, true) };
}

function extendedError(view: DataView): SockExtendedErr {
  const reason = {
    errno: view.getUint32(0, true),
    origin: view.getUint8(4),
    type: view.getUint8(5),
    code: view.getUint8(6),
    info: view.getUint32(8, true),
    data: view.getUint32(12, true),
  };
  const offender = new Uint8Array(view.buffer, view.byteOffset + 16, view.byteLength - 16);
  return offender.some((byte) => byte !== 0) ? { ...reason, offender: unpack(offender) } : reason;
}

export const recvmsg: Handler<[fd: number, message: Message, flags?: number]> = (call, [fd, message, flags = 0]) =>
  withDescriptor(call, fd, (descriptor) => {
    const { libc } = call;
    const { real, file } = descriptor;
    const buf = room(message.iov);
    const header = new Header(libc, buf, message.controllen);
    const result = libc.recvmsg(real, header.bytes, flags);
    if (result < 0)
      return orWait(
        call,
        () => waitFor(call, descriptor, POLLIN, `data on descriptor ${fd}`),
        !file.nonblocking,
        flags,
      );
    const data = flags & C.MSG_TRUNC ? EMPTY : buf.slice(0, result);
    if (message.iov.length > 1) scatter(message.iov, data);
    const control = [...controlMessages(header)];
    return { result, data, out: [null, { name: null, control, controllen: header.controllen, flags: header.flags }] };
  });

export const sendmsg: Handler<[fd: number, message: Message, flags?: number]> = (call, [fd, message, flags = 0]) => {
  const data = gather(message.iov);
  let done = 0;
  return withDescriptor(call, fd, (descriptor) => {
    const { libc } = call;
    const { real, file } = descriptor;
    for (;;) {
      const header = new Header(libc, data.subarray(done), CMSG_INT * message.control.length);
      header.put(message.control);
      const sent = libc.sendmsg(real, header.bytes, flags | C.MSG_NOSIGNAL);
      if (sent >= 0) {
        done += sent;
        if (done >= data.length) return { result: done };
        continue;
      }
      const reply = orWait(
        call,
        () => waitFor(call, descriptor, POLLOUT, `room in the send buffer of descriptor ${fd}`),
        !file.nonblocking,
        flags,
      );
      return 'errno' in reply && done > 0 ? { result: done } : reply;
    }
  });
};

/** What a failed call comes to: its error, or that it waits. */
function orWait(call: Call, wait: () => Reply, blocking: boolean, flags: number): Reply {
  const errno = lastError(call);
  const waits = errno === 'EAGAIN' && blocking && !(flags & (C.MSG_DONTWAIT | C.MSG_ERRQUEUE));
  return waits ? wait() : { errno };
}
