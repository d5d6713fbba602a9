/**
 * The two queues of a listening socket (Linux inet_connection_sock.c, tcp_minisocks.c): connections whose handshake is
 * under way, and finished ones that wait for accept().
 *
 * The RFC has one block in LISTEN that becomes the connection. Linux keeps the listener and makes a child for each SYN;
 * so does this file: the child starts as a fresh block in LISTEN and TCP takes it from there.
 */
import { DROPS } from '../../net/drops.ts';
import { abort, listenerGone, passiveOpen } from '../../tcp/calls.ts';
import { segmentArrives } from '../../tcp/segment-arrives.ts';
import { resetFor } from '../../tcp/transmit.ts';
import type { Address } from '../../wire/address.ts';
import { ACK, RST, type Segment, SYN } from '../../wire/tcp.ts';
import type { Host, Route } from '../host.ts';
import { DATA_READY } from '../poll.ts';
import { inheritOptions, type Listener, type Socket } from '../socket.ts';
import { apply, attachTcb, freeSocket, logNames, type Predecessor, queueEvent } from './bridge.ts';
import { judgeSyn } from './fast-open.ts';

/** Both queues are full when they hold more than the backlog (sk_acceptq_is_full, inet_csk_reqsk_queue_is_full). */
const full = (length: number, listener: Listener): boolean => length > listener.backlog;

/** Without SYN cookies the last quarter of tcp_max_syn_backlog is for peers that are known, and none is (tcp_conn_request). */
function lastQuarter({ sysctl }: Host, { syn }: Listener): boolean {
  const most = sysctl['net.ipv4.tcp_max_syn_backlog'];
  return sysctl['net.ipv4.tcp_syncookies'] === 0 && most - syn.size < most >> 2;
}

/** How a segment came: addresses, the number of its `packet.sent`. */
export interface Delivery {
  src: Address;
  dst: Address;
  packet: number;
  /** It ended a connection in TIME-WAIT: its arrival is logged already. */
  after: Predecessor | undefined;
}

/** A segment for a listener: a SYN starts a child (tcp_conn_request); anything else gets a reset. */
export function listenerSegment(host: Host, socket: Socket, segment: Segment, delivery: Delivery): void {
  const listener = socket.listener as Listener;
  const { log } = host.machine;
  const { src, dst, packet } = delivery;
  const here = { host: host.index, sock: socket.id, cause: packet };
  const arrive = () => {
    if (!delivery.after) log.cause = log.add('packet.arrived', here, { packet });
  };
  const drop = (reason: string) => {
    if (!delivery.after) log.add('packet.dropped', here, { packet, reason });
  };
  if (segment.flags & RST) {
    arrive();
    return;
  }
  if ((segment.flags & (SYN | ACK)) !== SYN) {
    arrive();
    const reset = resetFor(segment);
    if (reset) host.send(reset, { id: 0, localAddr: dst, remoteAddr: src }, log.cause);
    return;
  }
  if (full(listener.accept.length, listener)) {
    drop(DROPS.acceptQueueFull);
    return;
  }
  if (full(listener.syn.size, listener) || lastQuarter(host, listener)) {
    drop(DROPS.synQueueFull);
    return;
  }

  arrive();
  const child = host.newSocket(socket.domain, socket.type, socket.id);
  child.localAddr = dst;
  child.localPort = socket.localPort;
  child.remoteAddr = src;
  child.remotePort = segment.srcPort;
  child.v6only = socket.v6only;
  child.parent = socket;
  child.phase = 'connected';
  child.onEstablished = () => established(host, child);
  child.reuseAddr = socket.reuseAddr;
  child.noDelay = socket.noDelay;
  inheritOptions(child, socket);
  child.sendBuffer = socket.sendBuffer;
  child.receiveBuffer = socket.receiveBuffer;
  child.sendBufferLocked = socket.sendBufferLocked;
  child.receiveBufferLocked = socket.receiveBufferLocked;
  logNames(host, child);
  const tcb = attachTcb(host, child, (host.route(src) as Route).mtu, delivery.after);
  host.demux.addConnection(child);
  host.demux.hold(child);
  const { serve, answer } = judgeSyn(host, socket, segment, src, dst);
  tcb.fastOpen.option = answer;
  tcb.fastOpen.pending = serve;
  apply(host, child, passiveOpen(tcb, host.now));
  if (!serve) {
    listener.syn.add(child);
    queueEvent(host, socket, 'queue.syn', child, 'add');
    apply(host, child, segmentArrives(tcb, segment, host.now).effects);
    return;
  }
  listener.fastOpenPending++;
  child.onEstablished = () => fastOpenDone(socket, child);
  apply(host, child, segmentArrives(tcb, segment, host.now).effects);
  toAcceptQueue(host, socket, child);
}

/** The handshake of a connection that was served before it is done, or never will be (reqsk_fastopen_remove). */
export function fastOpenDone(socket: Socket, child: Socket): void {
  child.onEstablished = undefined;
  if (socket.listener) socket.listener.fastOpenPending--;
}

/**
 * Whether the last ACK of a handshake must be ignored because the accept queue is full (tcp_v4_syn_recv_sock): the
 * client believes that it is connected, the SYN,ACK will be sent again.
 */
export function ignoresFinalAck(host: Host, child: Socket, segment: Segment, packet: number): boolean {
  const listener = child.parent?.listener;
  if (!listener || child.tcb?.state !== 'SYN-RECEIVED' || child.tcb.fastOpen.pending) return false;
  if (segment.flags & RST || !(segment.flags & ACK) || !full(listener.accept.length, listener)) return false;
  const about = { host: host.index, sock: child.id, cause: packet };
  host.machine.log.add('packet.dropped', about, { packet, reason: DROPS.acceptQueueFull });
  if (host.sysctl['net.ipv4.tcp_abort_on_overflow']) apply(host, child, abort(child.tcb, host.now));
  return true;
}

/** The handshake of a child is done: it moves to the accept queue, and one thread in accept() is woken. */
function established(host: Host, child: Socket): void {
  const { parent } = child;
  if (!parent?.listener?.syn.delete(child)) return;
  queueEvent(host, parent, 'queue.syn', child, 'remove');
  toAcceptQueue(host, parent, child);
}

function toAcceptQueue(host: Host, parent: Socket, child: Socket): void {
  parent.listener?.accept.push(child);
  queueEvent(host, parent, 'queue.accept', child, 'add');
  const { runQueue, log } = host.machine;
  runQueue.wake(parent.readers, log.cause, true);
  parent.watchers.notify(DATA_READY, log.cause);
}

/** Takes the first finished connection, for accept(). */
export function takeAccepted(host: Host, socket: Socket): Socket | undefined {
  const child = socket.listener?.accept.shift();
  if (!child) return undefined;
  queueEvent(host, socket, 'queue.accept', child, 'remove');
  child.parent = undefined;
  return child;
}

/** A listener is closed: finished connections are reset, unfinished ones forgotten (inet_csk_listen_stop). */
export function stopListening(host: Host, socket: Socket): void {
  const { listener } = socket;
  if (!listener) return;
  host.demux.stopListening(socket);
  for (let child = takeAccepted(host, socket); child; child = takeAccepted(host, socket)) {
    child.released = true;
    if (child.tcb && child.tcb.state !== 'CLOSED') apply(host, child, abort(child.tcb, host.now));
    else freeSocket(host, child);
  }
  for (const child of [...listener.syn]) if (child.tcb) apply(host, child, listenerGone(child.tcb, host.now));
  socket.listener = undefined;
}
