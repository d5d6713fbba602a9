/**
 * An ICMP error about a TCP segment finds its connection (Linux tcp_ipv4.c tcp_v4_err, tcp_req_err; tcp_ipv6.c tcp_v6_err):
 * which errors count, for whom, and what the host learns of the path. What TCP does with them stands in tcp/icmp.ts.
 */
import { type Errno, errnoNumber } from '../../base/errno.ts';
import { seq } from '../../base/seq.ts';
import { ERRQUEUE } from '../../base/uapi.ts';
import { errorArrives, isOutstanding, mtuReduced, type PathError, requestRefused } from '../../tcp/icmp.ts';
import type { Tcb } from '../../tcp/tcb.ts';
import {
  FRAGMENTATION_NEEDED,
  ICMP4,
  ICMP6,
  type Icmp,
  nextHopMtu,
  type Quote,
  UNREACHABLE4,
  UNREACHABLE6,
} from '../../wire/icmp.ts';
import type { IcmpPacket } from '../../wire/icmp-packet.ts';
import { errorEntry } from '../error-queue.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../socket.ts';
import { apply } from './bridge.ts';
import { queueError } from './reports.ts';

/** What an error means to TCP. */
interface Meaning extends PathError {
  /** The next link takes no more: not an error but news of the path. */
  mtu?: number;
  /** A connection that is only asked for is dropped. */
  abort: boolean;
}

const NET_UNREACHABLE = 0;
const HOST_UNREACHABLE = 1;
const NO_ROUTE = 0;

/** undefined: TCP does not care. */
function meaningOf({ type, code, info }: Icmp, family: 4 | 6): Meaning | undefined {
  return family === 6 ? meaning6(type, code, info) : meaning4(type, code, info);
}

const plain = (about: string, errno: Errno): Meaning => ({ about, errno, unreachable: false, abort: true });

function meaning4(type: number, code: number, info: number): Meaning | undefined {
  switch (type) {
    case ICMP4.parameterProblem:
      return plain('parameter problem', 'EPROTO');
    case ICMP4.timeExceeded:
      return plain('time exceeded', 'EHOSTUNREACH');
    case ICMP4.unreachable: {
      const row = UNREACHABLE4[code];
      if (!row) return undefined;
      const unreachable = code === NET_UNREACHABLE || code === HOST_UNREACHABLE;
      const meaning = { about: row.about, errno: row.errno, unreachable, abort: unreachable };
      return code === FRAGMENTATION_NEEDED ? { ...meaning, mtu: nextHopMtu(info) } : meaning;
    }
    default:
      return undefined;
  }
}

function meaning6(type: number, code: number, info: number): Meaning | undefined {
  switch (type) {
    case ICMP6.packetTooBig:
      return { about: 'packet too big', errno: 'EMSGSIZE', unreachable: false, abort: false, mtu: info };
    case ICMP6.parameterProblem:
      return plain('parameter problem', 'EPROTO');
    case ICMP6.timeExceeded:
      return { ...plain('time exceeded', 'EHOSTUNREACH'), abort: false };
    case ICMP6.unreachable: {
      const row = UNREACHABLE6[code];
      return row && { about: row.about, errno: row.errno, unreachable: code === NO_ROUTE, abort: row.fatal };
    }
    default:
      return undefined;
  }
}

/** An error has come that quotes a segment of ours; `packet` is the number of its `packet.sent`. */
export function tcpError(host: Host, message: IcmpPacket, quote: Quote, packet: number): void {
  const { log } = host.machine;
  const socket = host.demux.connection(quote.src, quote.srcPort, quote.dst, quote.dstPort);
  log.cause = log.add('packet.arrived', { host: host.index, sock: socket?.id ?? 0, cause: packet }, { packet });
  const meaning = meaningOf(message.icmp, quote.src.family);
  if (socket?.tcb && meaning) judge(host, socket, socket.tcb, meaning, message, quote);
  log.cause = -1;
}

function judge(host: Host, socket: Socket, tcb: Tcb, meaning: Meaning, message: IcmpPacket, quote: Quote): void {
  const quoted = seq(quote.seq);
  if (tcb.state === 'TIME-WAIT' || tcb.state === 'CLOSED') return;
  if (tcb.state === 'SYN-RECEIVED' && !tcb.active && !tcb.fastOpen.pending) {
    // the program knows nothing of it yet: it is dropped without a word, or nothing happens
    if (meaning.abort && quoted === tcb.iss) apply(host, socket, requestRefused(tcb, meaning, host.now));
    return;
  }
  if (!isOutstanding(tcb, quoted)) {
    const rule = `${meaning.about}, about a segment that is not on its way: ignored`;
    log(host, socket, rule, '5927 4.1');
    host.count('TcpExtOutOfWindowIcmps');
    return;
  }
  if (meaning.mtu !== undefined) {
    learnMtu(host, socket, tcb, meaning.mtu);
    return;
  }
  const early = tcb.state === 'SYN-SENT' || tcb.state === 'SYN-RECEIVED';
  const six = quote.src.family === 6;
  const report = six ? socket.receiveErrors6 : socket.receiveErrors;
  // IPv4 queues the error of an attempt to connect whether the program asked or not (so that anyone can trace a route)
  if (early && (report || !six)) tell(host, socket, meaning, message, quote);
  apply(host, socket, errorArrives(tcb, meaning, quoted, { report, accepted: !socket.parent }, host.now));
}

function log(host: Host, socket: Socket, rule: string, rfc: string): void {
  const linux = 'tcp_ipv4.c tcp_v4_err';
  host.machine.log.add('tcp.note', { host: host.index, sock: socket.id }, { rule, rfc, linux });
}

/** IP_PMTUDISC_INTERFACE and IP_PMTUDISC_OMIT: what routers say of the path is not believed (ip_sk_accept_pmtu). */
const DISTRUSTS = 4;

/** A router takes no packet as large as that: the host remembers for all, and this connection obeys at once. */
function learnMtu(host: Host, socket: Socket, tcb: Tcb, mtu: number): void {
  const { remoteAddr: peer, opts } = socket;
  const route = host.route(peer);
  if (!route) return;
  const six = peer.family === 6;
  const mode = six ? opts.pathMtuDiscovery6 : opts.pathMtuDiscovery;
  if (six && mode >= DISTRUSTS) return;
  const known = tcb.settings.pathMtu;
  const rules = {
    least: host.sysctl['net.ipv4.route.min_pmtu'],
    expires: host.sysctl['net.ipv4.route.mtu_expires'],
  };
  const locked = host.routes.get(peer.text)?.mtuLocked === true;
  if (!locked && host.pathMtus.learn(peer, mtu, known, rules, host.now)) host.changed();
  const obeys = mode !== 0 && mode < DISTRUSTS;
  apply(host, socket, mtuReduced(tcb, mtu, tcb.settings.pathMtu, six || obeys, host.now));
}

/** The error queue gets the whole story (ip_sockglue.c ip_icmp_error). */
function tell(host: Host, socket: Socket, { errno }: Meaning, { src, icmp }: IcmpPacket, quote: Quote): void {
  const origin = src.family === 6 ? ERRQUEUE.SO_EE_ORIGIN_ICMP6 : ERRQUEUE.SO_EE_ORIGIN_ICMP;
  const { type, code, info } = icmp;
  const offender = { addr: src.text, port: 0 };
  queueError(
    host,
    socket,
    errorEntry(origin, { errno: errnoNumber(errno), type, code, info, offender, payload: quote.segment }),
  );
}
