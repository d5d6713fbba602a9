/**
 * What a packetdrill script says, as data: options, then events in order, each with its time and the line where it stands.
 *
 * Numbers are those of the script: sequence numbers count from the script's own initial ones, descriptors are the
 * script's. What they stand for is known only when the script runs.
 */
import type { Time } from '../sim/base/time.ts';

/** Where something stands in the text; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

export interface Script {
  /** `--name=value` lines; the value is '' when there is none. */
  options: readonly ScriptOption[];
  /** What names stand for, as written: `--define=NAME=VALUE`, and what the caller defined. */
  defines: ReadonlyMap<string, string>;
  /** A command before the first event. */
  init: CommandAction | undefined;
  events: readonly ScriptEvent[];
  /** A command after the last event. */
  cleanup: CommandAction | undefined;
}

export interface ScriptOption extends Position {
  name: string;
  value: string;
}

/** When an event is to happen. Relative times count from the event before it. */
export type When =
  | { kind: 'absolute' | 'relative'; at: Time /** The end of a range, counted like `at`. */; until: Time | undefined }
  | { kind: 'any' };

export interface ScriptEvent extends Position {
  when: When;
  action: Action;
}

export type Action = PacketAction | SyscallAction | CommandAction | CodeAction;

/** Back-quoted: given to a shell. */
export interface CommandAction extends Position {
  do: 'command';
  text: string;
}

/** `%{ … }%`: assertions on the connection's TCP_INFO. */
export interface CodeAction extends Position {
  do: 'code';
  text: string;
}

/** A system call and what it must give. */
export interface SyscallAction extends Position {
  do: 'syscall';
  name: string;
  args: readonly Expression[];
  /** The call blocks until then, counted like the event's own time. */
  blocksUntil: Time | undefined;
  result: Expression;
  /** 'ECONNRESET' */
  errno: string | undefined;
}

export type Expression =
  /** `...`: whatever fits. */
  | { is: 'any' }
  | { is: 'number'; value: number }
  | { is: 'word'; name: string }
  /** `open`: `"text"...`, only the beginning is given. */
  | { is: 'string'; value: string; open: boolean }
  | { is: 'or'; left: Expression; right: Expression }
  /** `[a, b]` */
  | { is: 'list'; items: readonly Expression[] }
  /** `{a, b}` */
  | { is: 'tuple'; items: readonly Expression[] }
  /** `{name=a, other(2)=b}` */
  | { is: 'struct'; fields: readonly Field[] }
  /** `htons(8080)` */
  | { is: 'call'; name: string; args: readonly Expression[] }
  /** `name = value` as an argument */
  | { is: 'assign'; name: string; value: Expression }
  /** Header descriptions of tunnels (GRE, MPLS), as written. */
  | { is: 'raw'; text: string };

export interface Field {
  name: string;
  /** `msg_iov(2)`: what stands in parentheses. */
  size: Expression | undefined;
  value: Expression;
}

export type PacketAction = TcpAction | UdpAction | IcmpAction;

interface PacketBase extends Position {
  do: 'packet';
  direction: 'in' | 'out';
  ip: IpInfo;
  /** Headers around it, outermost first: `ipv4 a > b:`, `gre …:`, `mpls …:`. */
  tunnels: readonly { kind: 'ipv4' | 'ipv6' | 'gre' | 'mpls' | 'psp'; text: string }[];
  ports: { src: number; dst: number } | undefined;
}

/** What is given about the IP header. */
export interface IpInfo {
  ecn?: 'noecn' | 'ect0' | 'ect1' | 'ect01' | 'ce';
  tos?: number;
  ttl?: number;
  flowLabel?: number;
}

export interface TcpAction extends PacketBase {
  protocol: 'tcp';
  /** Letters of FSRPEWAU with `.` for ACK, as written; digits 0 to 7 are the ACE field (RFC 9768); '' for none. */
  flags: string;
  seq: number;
  length: number;
  ack: number | undefined;
  window: number | undefined;
  urgent: number | undefined;
  /** 'any': `<...>` */
  options: readonly TcpOption[] | 'any';
}

export type TcpOption =
  | { kind: 'nop' | 'eol' | 'sackOK' }
  | { kind: 'mss' | 'wscale'; value: number }
  | { kind: 'sack'; blocks: readonly { left: number; right: number }[] }
  | { kind: 'TS'; val: number; ecr: number }
  /** Hexadecimal digits. */
  | { kind: 'FO' | 'FOEXP' | 'md5'; hex: string }
  /** Counters in the order given (RFC 9768). */
  | { kind: 'ECN'; counters: readonly { name: string; value: number }[] };

export interface UdpAction extends PacketBase {
  protocol: 'udp';
  length: number;
}

export interface IcmpAction extends PacketBase {
  protocol: 'icmp';
  type: string;
  code: string | undefined;
  mtu: number | undefined;
  id: number | undefined;
  /** What it quotes. */
  quotes: { kind: 'tcp'; seq: number; length: number } | { kind: 'udp' | 'raw'; length: number } | undefined;
}

/** A script that cannot be read; `message` is for the reader and does not repeat the place. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, { line, column }: Position) {
    super(message);
    this.line = line;
    this.column = column;
  }
}
