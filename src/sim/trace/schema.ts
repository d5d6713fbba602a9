/**
 * The kinds of event that a run leaves behind, as one table.
 *
 * The log is the only witness: every picture and every text is a fold of these events, so whoever wants to show
 * something new adds a kind or a field here. The table gives the `Event` union its types, the log its packing and the
 * codec its version; nothing else describes events.
 *
 * Sequence numbers in events are relative: SND side to ISS, RCV side to IRS, so that the SYN is 0 and the first byte
 * of the stream is 1, as tcpdump prints them. `tcp.isn` carries the absolute values.
 */
import type { Time } from '../base/time.ts';

/** How a field is packed, and what it is when read. */
export interface FieldTypes {
  /** Signed 32 bits. */
  i32: number;
  /** Unsigned 32 bits. */
  u32: number;
  /** A float of 64 bits: rates, probabilities. */
  f64: number;
  /** Nanoseconds. */
  time: Time;
  /** Interned: equal texts are stored once. */
  text: string;
  /** In the log's store of bytes: copied there, unless they come from there. */
  bytes: Uint8Array;
  /** Like bytes, which may lie in several pieces: they are put together when they are read. */
  pieces: Uint8Array;
  /** A packet: headers and a reference to its payload; its bytes are put together when it is read (see frame.ts). */
  packet: Uint8Array;
  /** Pairs `from, to` (to exclusive), flattened. */
  ranges: readonly number[];
}
export type FieldType = keyof FieldTypes;

/* biome-ignore format: a table */
export const EVENTS = {
  // the run
  'cell.begin':     { cell: 'text', index: 'i32' },
  'cell.end':       { cell: 'text', ok: 'i32' },
  'host.up':        { name: 'text', address: 'text', address6: 'text', kernel: 'text' },
  'link.up':        { link: 'i32', a: 'i32', b: 'i32', delay: 'time', rate: 'f64', queue: 'i32', mtu: 'i32',
                      loss: 'f64', duplicate: 'f64', corrupt: 'f64', jitter: 'time', reorder: 'f64', gap: 'i32', pathMtu: 'i32' },
  'process.start':  { pid: 'i32', name: 'text' },
  'process.exit':   { pid: 'i32', status: 'i32' },
  'task.start':     { pid: 'i32', name: 'text' },
  'task.end':       { error: 'text' },                                       // '' when it returned

  // system calls. `args` and `out` are JSON arrays in the order of the signature; data are the bytes that crossed
  'call.enter':     { pid: 'i32', call: 'text', fd: 'i32', args: 'text', data: 'bytes', cell: 'text', line: 'i32', column: 'i32' },
  'call.block':     { enter: 'u32', on: 'text' },
  'call.wake':      { enter: 'u32' },
  'call.exit':      { enter: 'u32', call: 'text', result: 'i32', errno: 'i32', out: 'text', data: 'pieces' },
  'copy.in':        { enter: 'u32', from: 'u32', length: 'u32' },            // user -> send buffer; from: offset in the call's data
  'copy.out':       { enter: 'u32', from: 'u32', length: 'u32' },            // receive buffer -> user

  // descriptors and sockets
  'fd.open':        { pid: 'i32', fd: 'i32' },
  'fd.close':       { pid: 'i32', fd: 'i32' },
  'sock.new':       { family: 'text', type: 'text', listener: 'u32' },       // listener: the socket it was born of, or 0
  'sock.name':      { local: 'text', peer: 'text' },                         // '10.0.0.2:80', '' when not set
  'sock.error':     { errno: 'i32' },                                        // sk_err is set; the next call reports it
  'sock.free':      {},
  'queue.syn':      { child: 'u32', change: 'text', length: 'u32', limit: 'u32' },   // change: add, remove, drop
  'queue.accept':   { child: 'u32', change: 'text', length: 'u32', limit: 'u32' },
  'queue.error':    { origin: 'u32', info: 'u32', data: 'u32', length: 'u32' },      // sk_error_queue has an entry: ee_origin, ee_info, ee_data

  // TCP
  'tcp.isn':        { iss: 'u32', irs: 'u32' },
  'tcp.state':      { from: 'i32', to: 'i32', row: 'i32' },                  // indices of STATES and TRANSITIONS (tcp/states.ts)
  'tcp.send':       { una: 'u32', nxt: 'u32', end: 'u32', edge: 'u32', limit: 'u32', cwnd: 'u32', ssthresh: 'u32' },
  'tcp.recv':       { read: 'u32', nxt: 'u32', edge: 'u32', limit: 'u32', ooo: 'ranges' },
  'tcp.rtt':        { sample: 'time', srtt: 'time', rttvar: 'time', rto: 'time' },
  'tcp.note':       { rule: 'text', rfc: 'text', linux: 'text' },            // a decision, and which rule said so
  'timer.set':      { timer: 'text', at: 'time' },
  'timer.off':      { timer: 'text' },
  'timer.fire':     { timer: 'text' },

  // packets: the number of the `packet.sent` event is the packet's identity
  'packet.sent':    { to: 'i32', link: 'i32', bytes: 'packet' },             // link -1: loopback; host -1: a copy that the link made of the packet that caused it
  'packet.queued':  { packet: 'u32', length: 'u32' },                        // waits behind `length` others
  'packet.damaged': { packet: 'u32', bit: 'u32' },                           // the link flipped this bit; 0 is the first of the packet
  'packet.arrived': { packet: 'u32' },
  'packet.dropped': { packet: 'u32', reason: 'text' },                       // see net/drops.ts
} as const satisfies Record<string, Record<string, FieldType>>;

export type Kind = keyof typeof EVENTS;
export const KINDS = Object.keys(EVENTS) as readonly Kind[];

/** The fields of kind `K`. */
export type Fields<K extends Kind> = {
  -readonly [F in keyof (typeof EVENTS)[K]]: (typeof EVENTS)[K][F] extends FieldType
    ? FieldTypes[(typeof EVENTS)[K][F]]
    : never;
};

/** The fields of kind `K` as they are written: pieces may come as a list. */
export type Written<K extends Kind> = {
  [F in keyof Fields<K>]: (typeof EVENTS)[K][F & keyof (typeof EVENTS)[K]] extends 'pieces'
    ? Uint8Array | readonly Uint8Array[]
    : Fields<K>[F];
};

/** What every event has. */
export interface Head {
  /** Its number: 0 is the world's first event. Causes and packets are named by it. */
  n: number;
  t: Time;
  /** Index of the host (in order of `host.up`), or -1: the world. */
  host: number;
  /** The socket's number, unique in the world; 0: none. */
  sock: number;
  /** The task's number, unique in the world; 0: none. */
  task: number;
  /** The number of the event that made this one happen, or -1: a root. */
  cause: number;
}

/** An event of kind `K`. */
export type EventOf<K extends Kind> = Head & { kind: K } & Fields<K>;
/** Any event; `kind` tells which. */
export type Event = { [K in Kind]: EventOf<K> }[Kind];

/** Where an event happened and why, as its writer knows it. */
export type Context = Partial<Pick<Head, 'host' | 'sock' | 'task' | 'cause'>>;
