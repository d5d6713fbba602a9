/**
 * A log written by hand, one line per event: what happened is known to the last byte, whatever the simulator does.
 * Two hosts, a client (host 0, socket 2) and a server (host 1, listener 1, child 3), addresses and numbers that are
 * easy to follow.
 */
import { utf8 } from '../../src/sim/base/bytes.ts';
import { seq } from '../../src/sim/base/seq.ts';
import { ms, type Time } from '../../src/sim/base/time.ts';
import { STATES, type State, TRANSITIONS } from '../../src/sim/tcp/states.ts';
import { Log } from '../../src/sim/trace/log.ts';
import type { Fields } from '../../src/sim/trace/schema.ts';
import { address } from '../../src/sim/wire/address.ts';
import { emitTcpIp } from '../../src/sim/wire/packet.ts';
import { ACK, FIN, PSH, RST, SYN } from '../../src/sim/wire/tcp.ts';
import type { TcpOptions } from '../../src/sim/wire/tcp-options.ts';

export const CLIENT = { host: 0, sock: 2, task: 1 };
export const SERVER = { host: 1, sock: 3, task: 2 };
export const LISTENER = { host: 1, sock: 1, task: 2 };
type Who = typeof CLIENT;

const ISS = [1000, 5000] as const;
const ADDRESS = ['10.0.0.1', '10.0.0.2'] as const;
const PORT = [49152, 8080] as const;
export const NAMES = ['10.0.0.1:49152', '10.0.0.2:8080'] as const;
const FLAGS: Record<string, number> = { S: SYN, F: FIN, R: RST, P: PSH, '.': ACK };

export class Script {
  readonly log = new Log();
  #line = 0;

  constructor() {
    this.log.add('host.up', { host: 0 }, { name: 'client', address: ADDRESS[0], address6: '', kernel: 'script' });
    this.log.add('host.up', { host: 1 }, { name: 'server', address: ADDRESS[1], address6: '', kernel: 'script' });
    this.log.add('task.start', { host: 0, task: 1 }, { pid: 100, name: 'client' });
    this.log.add('task.start', { host: 1, task: 2 }, { pid: 200, name: 'server' });
    this.log.add('cell.begin', {}, { cell: 'one', index: 0 });
  }

  /** Lets time pass until `at` milliseconds. */
  at(at: number): this {
    this.log.now = ms(at);
    return this;
  }

  cause(n: number): this {
    this.log.cause = n;
    return this;
  }

  /** A call is entered: args as JSON values. Returns its number, which becomes the cause of what follows. */
  enter(who: Who, call: string, args: readonly unknown[], data = ''): number {
    const fd = typeof args[0] === 'number' && call !== 'socket' && call !== 'nanosleep' ? args[0] : -1;
    const fields = { pid: who.host === 0 ? 100 : 200, call, fd, args: JSON.stringify(args), data: utf8(data) };
    this.log.cause = this.log.add(
      'call.enter',
      { ...who, cause: -1 },
      { ...fields, cell: 'one', line: ++this.#line, column: 1 },
    );
    return this.log.cause;
  }

  exit(
    who: Who,
    enter: number,
    result: number,
    more: { errno?: number; out?: readonly unknown[]; data?: string } = {},
  ): this {
    const { errno = 0, out = [], data = '' } = more;
    const event = this.log.at(this.log.indexOf(enter));
    const call = event.kind === 'call.enter' ? event.call : '';
    this.log.add('call.exit', who, { enter, call, result, errno, out: JSON.stringify(out), data: utf8(data) });
    return this;
  }

  block(who: Who, enter: number, on: string): this {
    this.log.add('call.block', who, { enter, on });
    return this;
  }

  state(who: Who, from: State, on: string, to: State): this {
    const row = TRANSITIONS.findIndex((r) => r.from === from && r.on === on && r.to === to);
    this.log.add('tcp.state', who, { from: STATES.indexOf(from), to: STATES.indexOf(to), row });
    return this;
  }

  send(who: Who, fields: Partial<Fields<'tcp.send'>>): this {
    const whole = { una: 1, nxt: 1, end: 1, edge: 65536, limit: 16384, cwnd: 10, ssthresh: 0x7fffffff };
    this.log.add('tcp.send', who, { ...whole, ...fields });
    return this;
  }

  receive(who: Who, fields: Partial<Fields<'tcp.recv'>>): this {
    this.log.add('tcp.recv', who, { read: 1, nxt: 1, edge: 65536, limit: 131072, ooo: [], ...fields });
    return this;
  }

  /** A packet leaves `who`; relative numbers; flags as tcpdump writes them. Returns its number. */
  packet(who: Who, flags: string, at: number, ack: number, text = '', options: TcpOptions = {}, window = 512): number {
    const [me, you] = who.host === 0 ? ([0, 1] as const) : ([1, 0] as const);
    const bits = [...flags].reduce((all, letter) => all | (FLAGS[letter] ?? 0), 0);
    const segment = {
      srcPort: PORT[me],
      dstPort: PORT[you],
      seq: seq(ISS[me] + at),
      ack: seq(bits & ACK ? ISS[you] + ack : 0),
      flags: bits,
      window: bits & SYN ? 64240 : window,
      urgent: 0,
      options,
      payload: utf8(text),
    };
    const bytes = emitTcpIp(segment, { src: address(ADDRESS[me]), dst: address(ADDRESS[you]) });
    return this.log.add('packet.sent', who, { to: you, link: 0, bytes });
  }

  /** A packet arrives at `who`, and is the cause of what follows. */
  arrive(who: Who, packet: number): this {
    this.log.cause = this.log.add('packet.arrived', { ...who, cause: packet }, { packet });
    return this;
  }

  drop(who: Who, packet: number, reason: string): this {
    this.log.add('packet.dropped', { ...who, cause: packet }, { packet, reason });
    return this;
  }
}

const MSS = { mss: 1460, sackPermitted: true, windowScale: 7 };
const SERVER_ADDRESS = { addr: ADDRESS[1], port: PORT[1] };

/** What the story below notes down: numbers of events that tests ask for. */
export interface Story {
  log: Log;
  /** The first transmission of bytes 7 to 12, its drop, and its retransmission. */
  lost: number;
  drop: number;
  again: number;
}

/**
 * A connection's life: handshake at 0 to 20 ms, 'hello ' and 'world!' written, the second lost on the link and sent
 * again when its timer fires at 240 ms, both read at once, then closed by both.
 */
export function story(): Story {
  const s = new Script();
  const { log } = s;
  log.add('sock.new', LISTENER, { family: 'AF_INET', type: 'SOCK_STREAM', listener: 0 });
  log.add('sock.name', LISTENER, { local: '0.0.0.0:8080', peer: '' });
  s.state(LISTENER, 'CLOSED', 'passive OPEN', 'LISTEN');
  log.add('queue.accept', LISTENER, { child: 0, change: 'new', length: 0, limit: 5 });
  const accept = s.enter(LISTENER, 'accept', [3, null, null]);
  s.block(LISTENER, accept, 'a connection in the accept queue of port 8080');

  const socket = s.enter({ ...CLIENT, sock: 0 }, 'socket', [2, 1, 0]);
  log.add('sock.new', CLIENT, { family: 'AF_INET', type: 'SOCK_STREAM', listener: 0 });
  s.exit(CLIENT, socket, 3);
  const connect = s.enter(CLIENT, 'connect', [3, SERVER_ADDRESS, 16]);
  log.add('sock.name', CLIENT, { local: NAMES[0], peer: NAMES[1] });
  log.add('tcp.isn', CLIENT, { iss: 1000, irs: 0 });
  s.send(CLIENT, { una: 0, nxt: 1, edge: 0 });
  s.state(CLIENT, 'CLOSED', 'active OPEN', 'SYN-SENT');
  const syn = s.packet(CLIENT, 'S', 0, 0, '', MSS);
  s.block(CLIENT, connect, 'the handshake with 10.0.0.2:8080');

  s.at(10).arrive(LISTENER, syn);
  log.add('sock.new', SERVER, { family: 'AF_INET', type: 'SOCK_STREAM', listener: 1 });
  log.add('sock.name', SERVER, { local: NAMES[1], peer: NAMES[0] });
  log.add('tcp.isn', SERVER, { iss: 5000, irs: 1000 });
  s.state(SERVER, 'LISTEN', 'rcv SYN', 'SYN-RECEIVED');
  s.send(SERVER, { una: 0, nxt: 1, edge: 64240 }).receive(SERVER, { edge: 65161 });
  const synAck = s.packet(SERVER, 'S.', 0, 1, '', MSS);

  s.at(20).arrive(CLIENT, synAck);
  log.add('tcp.isn', CLIENT, { iss: 1000, irs: 5000 });
  s.send(CLIENT, { edge: 64241 }).receive(CLIENT, {}).state(CLIENT, 'SYN-SENT', 'rcv SYN,ACK', 'ESTABLISHED');
  const ack = s.packet(CLIENT, '.', 1, 1);
  s.exit(CLIENT, connect, 0);
  const first = s.enter(CLIENT, 'write', [3, null, 6], 'hello ');
  log.add('copy.in', CLIENT, { enter: first, from: 0, length: 6 });
  s.send(CLIENT, { end: 7, edge: 64241 }).send(CLIENT, { nxt: 7, end: 7, edge: 64241 });
  const hello = s.packet(CLIENT, 'P.', 1, 1, 'hello ');
  s.exit(CLIENT, first, 6);
  const second = s.enter(CLIENT, 'write', [3, null, 6], 'world!');
  log.add('copy.in', CLIENT, { enter: second, from: 0, length: 6 });
  s.send(CLIENT, { nxt: 7, end: 13, edge: 64241 }).send(CLIENT, { nxt: 13, end: 13, edge: 64241 });
  const lost = s.packet(CLIENT, 'P.', 7, 1, 'world!');
  const timer = log.add('timer.set', CLIENT, { timer: 'retransmit', at: ms(240) });
  s.exit(CLIENT, second, 6);
  s.at(25).cause(-1).drop(CLIENT, lost, 'lost on the link');
  const drop = log.next - 1;

  s.at(30).arrive(SERVER, ack).state(SERVER, 'SYN-RECEIVED', 'rcv ACK of SYN', 'ESTABLISHED').send(SERVER, {});
  log.add('queue.accept', LISTENER, { child: 3, change: 'add', length: 1, limit: 5 });
  s.arrive(SERVER, hello).receive(SERVER, { nxt: 7 });
  const ackHello = s.packet(SERVER, '.', 1, 7);
  s.at(40).arrive(CLIENT, ackHello).send(CLIENT, { una: 7, nxt: 13, end: 13 });

  s.at(240).cause(-1);
  log.cause = log.add('timer.fire', { ...CLIENT, cause: timer }, { timer: 'retransmit' });
  log.cause = log.add('tcp.note', CLIENT, {
    rule: 'not acknowledged in time: sent again',
    rfc: '6298 5.4',
    linux: 'tcp_timer.c',
  });
  s.send(CLIENT, { una: 7, nxt: 13, end: 13, cwnd: 1, ssthresh: 5 });
  const again = s.packet(CLIENT, 'P.', 7, 1, 'world!');

  s.at(250).arrive(SERVER, again).receive(SERVER, { nxt: 13 });
  const ackAll = s.packet(SERVER, '.', 1, 13);
  log.add('queue.accept', LISTENER, { child: 3, change: 'remove', length: 0, limit: 5 });
  s.exit(LISTENER, accept, 4, { out: [null, { addr: ADDRESS[0], port: PORT[0] }, 16] });
  const read = s.enter(SERVER, 'read', [4, null, 100]);
  log.add('copy.out', SERVER, { enter: read, from: 0, length: 12 });
  s.receive(SERVER, { read: 13, nxt: 13 }).exit(SERVER, read, 12, { data: 'hello world!' });
  const eof = s.enter(SERVER, 'read', [4, null, 100]);
  s.block(SERVER, eof, 'data on descriptor 4');
  s.at(260).arrive(CLIENT, ackAll).send(CLIENT, { una: 13, nxt: 13, end: 13 });

  const close = s.enter(CLIENT, 'close', [3]);
  s.send(CLIENT, { una: 13, nxt: 14, end: 13 }).state(CLIENT, 'ESTABLISHED', 'CLOSE', 'FIN-WAIT-1');
  const fin = s.packet(CLIENT, 'F.', 13, 1);
  s.exit(CLIENT, close, 0);
  s.at(270)
    .arrive(SERVER, fin)
    .receive(SERVER, { read: 13, nxt: 14 })
    .state(SERVER, 'ESTABLISHED', 'rcv FIN', 'CLOSE-WAIT');
  const ackFin = s.packet(SERVER, '.', 1, 14);
  s.exit(SERVER, eof, 0);
  const close2 = s.enter(SERVER, 'close', [4]);
  s.send(SERVER, { nxt: 2 }).state(SERVER, 'CLOSE-WAIT', 'CLOSE', 'LAST-ACK');
  const fin2 = s.packet(SERVER, 'F.', 1, 14);
  s.exit(SERVER, close2, 0);
  s.at(280).arrive(CLIENT, ackFin).send(CLIENT, { una: 14, nxt: 14, end: 13 });
  s.state(CLIENT, 'FIN-WAIT-1', 'rcv ACK of FIN', 'FIN-WAIT-2');
  s.arrive(CLIENT, fin2).receive(CLIENT, { nxt: 2 }).state(CLIENT, 'FIN-WAIT-2', 'rcv FIN', 'TIME-WAIT');
  log.add('timer.set', CLIENT, { timer: 'TIME-WAIT', at: ms(60_280) });
  const last = s.packet(CLIENT, '.', 14, 2);
  s.at(290).arrive(SERVER, last).state(SERVER, 'LAST-ACK', 'rcv ACK of FIN', 'CLOSED');
  log.add('sock.free', SERVER, {});
  return { log, lost, drop, again };
}

/** The cursor after the last event at or before an instant in milliseconds. */
export const until = (log: Log, milliseconds: number): number => log.countUntil(ms(milliseconds) as Time);
