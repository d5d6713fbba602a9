/**
 * Between TCP the function and the kernel: runs a turn of a connection, obeys its orders, logs its observations, and
 * keeps its one entry in the scheduler.
 */
import { errnoNumber } from '../../base/errno.ts';
import { hashName } from '../../base/rng.ts';
import { type Seq, seq } from '../../base/seq.ts';
import { Alarm } from '../../net/scheduler.ts';
import type { CongestionControl } from '../../tcp/congestion/control.ts';
import { INITIAL_CWND } from '../../tcp/congestion/control.ts';
import { DEFAULT, find } from '../../tcp/congestion/registry.ts';
import { trueSize } from '../../tcp/receive/memory.ts';
import { STATES } from '../../tcp/states.ts';
import { newTcb, type Tcb } from '../../tcp/tcb.ts';
import { timerExpires } from '../../tcp/timeouts.ts';
import type { Effect } from '../../tcp/turn.ts';
import { type Address, endpointText, isAny } from '../../wire/address.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';
import { learn } from './fast-open.ts';
import { logFired, logRoundTrip, logState, logTimers, logVariables } from './observe.ts';
import { dataReady, errorReport, stateChanged, writeSpace } from './readiness.ts';
import { stamped, zeroCopyDone } from './reports.ts';
import { settingsOf } from './settings.ts';

/** Both names of a connection. */
const flowText = ({ localAddr, localPort, remoteAddr, remotePort }: Socket): string =>
  `${endpointText(localAddr, localPort)}>${endpointText(remoteAddr, remotePort)}`;

/** A keyed hash of the names plus a clock that ticks every 64 ns (RFC 6528; Linux secure_tcp_seq). */
function initialSequence(host: Host, socket: Socket): Seq {
  const { initialSequence: chosen } = host.machine;
  if (chosen !== undefined) return seq(chosen);
  return seq(hashName(`isn ${flowText(socket)}`, host.secret) + Math.floor(host.now / 64));
}

/** The route's word, the socket's own, the host's, in this order (tcp_ca_dst_init, tcp_assign_congestion_control). */
function controlOf(host: Host, { opts, remoteAddr }: Socket): CongestionControl {
  const routed = host.routes.get(remoteAddr.text)?.congctl;
  const name = routed ?? opts.congestion ?? host.sysctl['net.ipv4.tcp_congestion_control'];
  return find(name) ?? DEFAULT;
}

/** What a connection takes over from the one in TIME-WAIT whose names it has. */
export interface Predecessor {
  readonly isn: Seq;
  /** What the peer's clock last said, for connect(). */
  readonly stamp?: Pick<Tcb['timestamps'], 'recent' | 'recentAt'>;
}

/** Gives a socket its connection block, in CLOSED. */
export function attachTcb(host: Host, socket: Socket, mtu: number, after?: Predecessor): Tcb {
  const tcb = newTcb({
    settings: settingsOf(host, { mtu, peer: socket.remoteAddr }),
    opts: socket.opts,
    local: { addr: socket.localAddr, port: socket.localPort },
    remote: { addr: socket.remoteAddr, port: socket.remotePort },
    iss: after?.isn ?? initialSequence(host, socket),
    timestampOffset: hashName(`ts ${socket.localAddr.text}>${socket.remoteAddr.text}`, host.secret),
    sendLimit: socket.sendBuffer,
    receiveLimit: socket.receiveBuffer,
    receiveLocked: socket.receiveBufferLocked,
    control: controlOf(host, socket),
  });
  tcb.noDelay = socket.noDelay;
  if (host.device.qdisc === 'fq') tcb.pacing.by = 'tcp'; // the same departures; Linux holds the packets in the qdisc
  if (after) Object.assign(tcb.timestamps, after.stamp);
  socket.tcb = tcb;
  socket.observed = undefined;
  rethinkHash(host, socket);
  return tcb;
}

/** A connection shall look like another flow to whoever spreads flows over paths (sk_set_txhash, sk_rethink_txhash). */
function rethinkHash(host: Host, socket: Socket): void {
  socket.txHash = hashName(`flow ${flowText(socket)} ${socket.txHash}`, host.secret) || 1;
}

/** "10.0.0.1:80", "[2001:db8::1]:80", "*:80" for both families at once (as ss prints it), or '' when not set. */
export function nameText(addr: Address, port: number, v6only = false): string {
  if (isAny(addr) && port === 0) return '';
  return addr.family === 6 && isAny(addr) && !v6only ? `*:${port}` : endpointText(addr, port);
}

export function logNames(host: Host, socket: Socket): void {
  host.machine.log.add(
    'sock.name',
    { host: host.index, sock: socket.id },
    {
      local: nameText(socket.localAddr, socket.localPort, socket.v6only),
      peer: nameText(socket.remoteAddr, socket.remotePort, socket.v6only),
    },
  );
}

/** Obeys and logs the effects of a turn. */
export function apply(host: Host, socket: Socket, effects: readonly Effect[]): void {
  const { log } = host.machine;
  logVariables(host, socket);
  let why = log.cause;
  let opened = false;
  let gone = false;
  for (const effect of effects) {
    switch (effect.do) {
      case 'note': {
        const { rule, rfc = '', linux = '' } = effect.note;
        why = log.note(host.index, socket.id, rule, rfc, linux);
        break;
      }
      case 'state':
        logState(host, socket, effect);
        if (STATES[effect.to] === 'ESTABLISHED') {
          opened = true;
          expandSendBuffer(host, socket);
          socket.onEstablished?.();
        }
        break;
      case 'transmit':
        host.send(effect.segment, socket, why, effect.size, effect.ect);
        break;
      case 'fast open':
        learn(host, socket.remoteAddr, effect.lesson);
        break;
      case 'rtt':
        logRoundTrip(host, socket, effect.sample);
        break;
      case 'wake':
        wake(host, socket, effect, opened);
        break;
      case 'fail':
        socket.error = effect.errno;
        log.add('sock.error', { host: host.index, sock: socket.id }, { errno: errnoNumber(effect.errno) });
        errorReport(host, socket);
        break;
      case 'zerocopy':
        zeroCopyDone(host, socket, effect);
        break;
      case 'timestamp':
        stamped(host, socket, effect);
        break;
      case 'gone':
        gone = true;
        break;
    }
  }
  logVariables(host, socket);
  syncTimers(host, socket);
  if (gone) connectionGone(host, socket);
}

/** Who is woken: by data, by room to write, or, when the connection's state changed, everyone. */
function wake(
  host: Host,
  socket: Socket,
  { readers, writers }: { readers: boolean; writers: boolean },
  opened: boolean,
) {
  const state = socket.tcb?.state;
  const flowing = !opened && (state === 'ESTABLISHED' || state === 'CLOSE-WAIT');
  if (readers && writers) stateChanged(host, socket);
  else if (readers) dataReady(host, socket);
  else if (!flowing) stateChanged(host, socket);
  else if (socket.tcb?.noSpace) {
    expandSendBuffer(host, socket); // tcp_new_space
    writeSpace(host, socket);
  }
}

/** The send buffer of a connection holds some congestion windows with their overhead (tcp_input.c tcp_sndbuf_expand). */
function expandSendBuffer(host: Host, socket: Socket): void {
  const { tcb } = socket;
  if (!tcb || socket.sendBufferLocked) return;
  const segments = Math.max(INITIAL_CWND, tcb.cc.cwnd);
  const windows = tcb.cc.control.bufferedWindows ?? 2;
  const wanted = Math.min(windows * segments * trueSize(tcb.settings.mss), host.sysctl['net.ipv4.tcp_wmem'][2]);
  socket.sendBuffer = tcb.sendLimit = Math.max(tcb.sendLimit, wanted);
}

/** The connection is over: no segment finds it any more. */
function connectionGone(host: Host, socket: Socket): void {
  host.demux.removeConnection(socket);
  socket.over = true;
  const queued = socket.parent;
  if (queued?.listener?.syn.delete(socket)) {
    queueEvent(host, queued, 'queue.syn', socket, 'remove');
    socket.released = true;
  }
  socket.onEstablished?.();
  if (!socket.boundByUser || socket.released) host.demux.release(socket);
  if (socket.released) freeSocket(host, socket);
}

/** Logs a change of a listener's queue. */
export function queueEvent(
  host: Host,
  listener: Socket,
  kind: 'queue.syn' | 'queue.accept',
  child: Socket,
  change: string,
): void {
  const queues = listener.listener;
  if (!queues) return;
  const length = kind === 'queue.syn' ? queues.syn.size : queues.accept.length;
  host.machine.log.add(
    kind,
    { host: host.index, sock: listener.id },
    { child: child.id, change, length, limit: queues.backlog },
  );
}

/** Nothing of the socket is left. */
export function freeSocket(host: Host, socket: Socket): void {
  host.demux.release(socket);
  host.machine.log.add('sock.free', { host: host.index, sock: socket.id }, {});
}

/** The one alarm of a connection: rings when the earliest of its timers is due. */
export class TimerAlarm extends Alarm {
  readonly #host: Host;
  readonly #socket: Socket;

  constructor(host: Host, socket: Socket) {
    super();
    this.#host = host;
    this.#socket = socket;
  }

  override ring(): void {
    expire(this.#host, this.#socket);
  }
}

/** Logs timers set and switched off, and keeps the alarm at the earliest. */
function syncTimers(host: Host, socket: Socket): void {
  const { tcb } = socket;
  if (!tcb) return;
  const { scheduler } = host.machine;
  const next = logTimers(host, socket, tcb);
  if (next === undefined) {
    if (socket.alarm) scheduler.cancel(socket.alarm);
    return;
  }
  socket.alarm ??= new TimerAlarm(host, socket);
  if (!socket.alarm.set || socket.alarm.at !== next) scheduler.set(socket.alarm, next);
}

function expire(host: Host, socket: Socket): void {
  const { fired, effects } = timerExpires(socket.tcb as Tcb, host.now);
  for (const timer of fired) logFired(host, socket, timer);
  if (fired.includes('retransmit')) rethinkHash(host, socket);
  apply(host, socket, effects);
  host.machine.log.cause = -1;
}
