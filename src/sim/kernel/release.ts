/** The end of an open file description: its last descriptor is closed, and no call is left in it (Linux __fput). */
import { close } from '../tcp/calls.ts';
import type { OpenFile } from './file.ts';
import type { Host } from './host.ts';
import type { Socket } from './socket.ts';
import { apply, freeSocket } from './tcp/bridge.ts';
import { stopListening } from './tcp/listener.ts';

export function releaseFile(host: Host, file: OpenFile): void {
  for (const epoll of [...file.epolls]) epoll.forget(file);
  file.epoll?.close();
  file.pipe?.closeEnd(file.access, host.machine.log.cause);
  if (file.socket) releaseSocket(host, file.socket);
}

/** inet_release: connections that nobody accepted are reset, a connection is closed in order. */
function releaseSocket(host: Host, socket: Socket): void {
  socket.released = true;
  stopListening(host, socket);
  if (!socket.tcb || socket.tcb.state === 'CLOSED') freeSocket(host, socket);
  else apply(host, socket, close(socket.tcb, host.now));
}
