/** The end of an open file description: its last descriptor is closed, and no call is left in it (Linux __fput). */
import { s, type Time } from '../base/time.ts';
import { disown, hangUp } from '../tcp/calls.ts';
import type { OpenFile } from './file.ts';
import type { Host } from './host.ts';
import type { Socket } from './socket.ts';
import { apply, freeSocket } from './tcp/bridge.ts';
import { stopListening } from './tcp/listener.ts';

/** A connection that close() waits for (SO_LINGER), until an instant. */
export interface Lingering {
  readonly socket: Socket;
  readonly until: Time;
}

/** @returns what close() must wait for before it calls {@link letGo}; undefined: nothing */
export function releaseFile(host: Host, file: OpenFile): Lingering | undefined {
  for (const epoll of [...(file.epolls ?? [])]) epoll.forget(file);
  file.epoll?.close();
  file.pipe?.closeEnd(file.access, host.machine.log.cause);
  return file.socket && releaseSocket(host, file.socket);
}

/** inet_release, first half: connections that nobody accepted are reset, a connection is closed in order. */
function releaseSocket(host: Host, socket: Socket): Lingering | undefined {
  const { tcb, linger } = socket;
  stopListening(host, socket);
  if (!tcb || tcb.state === 'CLOSED') {
    socket.released = true;
    freeSocket(host, socket);
    return undefined;
  }
  apply(host, socket, hangUp(tcb, linger?.seconds === 0, host.now));
  const lingering = { socket, until: (host.now + s(linger?.seconds ?? 0)) as Time };
  if (lingers(host, lingering)) return lingering;
  letGo(host, socket);
  return undefined;
}

/** Whether the peer has still not acknowledged all, and there is time left (sk_stream_wait_close). */
export function lingers(host: Host, { socket, until }: Lingering): boolean {
  const state = socket.tcb?.state;
  return host.now < until && (state === 'FIN-WAIT-1' || state === 'CLOSING' || state === 'LAST-ACK');
}

/** inet_release, second half: nobody holds the connection any more. */
export function letGo(host: Host, socket: Socket): void {
  socket.released = true;
  if (!socket.tcb || socket.tcb.state === 'CLOSED') freeSocket(host, socket);
  else apply(host, socket, disown(socket.tcb, host.now));
}
