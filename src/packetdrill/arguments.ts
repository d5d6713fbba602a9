/**
 * The arguments of a script's system call as the simulator's: `...` filled in, descriptors translated, structures taken
 * apart. What no program could hand over is refused by name and never passed over.
 */
import type { EpollEvent, PollFd, SockAddr } from '../sim/syscall/kernel.ts';
import { type ControlNumber, type Message, nowhere } from '../sim/syscall/memory.ts';
import { CONSTANTS } from '../sim/syscall/signatures.ts';
import { Unsupported } from './outcome.ts';
import type { Expression, Field, SyscallAction } from './script.ts';
import { type Defines, expressionText, nameOf, numberOf } from './values.ts';

/** Bytes that one call may pass: beyond it a script is a slip of the pen. */
const MAX_BUFFER = 2 ** 27;

/** Options whose value is a string of bytes, not a name. */
const BYTES: ReadonlySet<string> = new Set(['TCP_FASTOPEN_KEY']);

export type Struct = Extract<Expression, { is: 'struct' }>;

export class Arguments {
  readonly action: SyscallAction;
  readonly #defines: Defines;
  /** The script's descriptor to the simulator's. */
  readonly #fds: ReadonlyMap<number, number>;

  constructor(action: SyscallAction, defines: Defines, fds: ReadonlyMap<number, number>) {
    this.action = action;
    this.#defines = defines;
    this.#fds = fds;
  }

  refuse(what: string): never {
    throw new Unsupported(what, this.action);
  }

  /** How many there are. */
  get count(): number {
    return this.action.args.length;
  }

  at(index: number): Expression {
    return this.action.args[index] ?? this.refuse(`${this.action.name}() with ${this.count} arguments`);
  }

  /** The value of an expression. */
  value(expression: Expression): number {
    return numberOf(expression, this.#defines, this.action);
  }

  number(index: number): number {
    return this.value(this.at(index));
  }

  text(index: number): string {
    const given = this.at(index);
    return given.is === 'string' ? given.value : this.refuse(`${expressionText(given)} as a text`);
  }

  /** What a word stands for, or undefined. */
  word(expression: Expression | undefined): string | undefined {
    return expression?.is === 'word' ? nameOf(expression.name, this.#defines) : undefined;
  }

  isNull(index: number): boolean {
    return this.word(this.action.args[index]) === 'NULL';
  }

  fd(index: number): number {
    return this.descriptor(this.at(index));
  }

  descriptor(expression: Expression): number {
    const fd = this.value(expression);
    return this.#fds.get(fd) ?? fd;
  }

  struct(expression: Expression): Struct {
    return expression.is === 'struct' ? expression : this.refuse(`${expressionText(expression)} as a structure`);
  }

  list(expression: Expression): readonly Expression[] {
    return expression.is === 'list' ? expression.items : this.refuse(`${expressionText(expression)} as a list`);
  }

  /** A socket address: a structure, or `...` for `otherwise`. */
  address(index: number, otherwise: SockAddr): SockAddr {
    const given = this.at(index);
    if (given.is === 'any') return otherwise;
    if (this.word(given) === 'AF_UNSPEC') return { ...otherwise, family: CONSTANTS.AF_UNSPEC };
    if (given.is !== 'struct') return this.refuse(`${expressionText(given)} as an address`);
    const name = this.word(field(given, 'sa_family')) ?? 'AF_INET';
    if (name !== 'AF_INET' && name !== 'AF_INET6') return this.refuse(`the address family ${name}`);
    const text = field(given, 'sin_addr');
    const [host] = text?.is === 'call' && text.name === 'inet_addr' ? text.args : [];
    return {
      family: CONSTANTS[name],
      addr: host?.is === 'string' ? host.value : otherwise.addr,
      port: this.value(field(given, 'sin_port') ?? { is: 'number', value: otherwise.port }),
    };
  }

  /** A buffer to be filled, or with what is to be written: zeros unless the script gives a text. */
  buffer(buffer: number, count: number): Uint8Array {
    const size = this.#size(this.at(count));
    return this.#buffer(this.at(buffer), size);
  }

  /** How many bytes; what no program can hold is refused. */
  #size(expression: Expression): number {
    const size = this.value(expression);
    return size < 0 || size > MAX_BUFFER ? this.refuse(`a buffer of ${size} bytes`) : size;
  }

  #buffer(given: Expression, size: number): Uint8Array {
    if (this.word(given) === 'NULL') return nowhere(size);
    if (given.is !== 'any' && given.is !== 'string') this.refuse(`${expressionText(given)} as a buffer`);
    const bytes = new Uint8Array(size);
    if (given.is === 'string') bytes.set(bytesOf(given.value).subarray(0, size));
    return bytes;
  }

  /** `[{..., 10}, {"text", 4}]` */
  iov(expression: Expression): Uint8Array[] {
    return this.list(expression).map((one) => {
      const [buffer, size] = one.is === 'tuple' ? one.items : [];
      if (!buffer || !size) return this.refuse(`${expressionText(one)} as an iovec`);
      return this.#buffer(buffer, this.#size(size));
    });
  }

  /** A struct msghdr; a program has room for control messages where the script speaks of them. */
  message(index: number, name: SockAddr): Message {
    const given = this.struct(this.at(index));
    const iov = field(given, 'msg_iov');
    return {
      name: field(given, 'msg_name') ? name : undefined,
      iov: iov ? this.iov(iov) : [],
      controllen: field(given, 'msg_control') ? Number.MAX_SAFE_INTEGER : 0,
      control: [],
    };
  }

  /** A struct msghdr that is sent, with its control messages. */
  sentMessage(index: number, name: SockAddr): Message {
    const list = field(this.struct(this.at(index)), 'msg_control');
    const control = list ? this.list(list).map((one) => this.#controlNumber(this.struct(one))) : [];
    return { ...this.message(index, name), control };
  }

  #controlNumber(given: Struct): ControlNumber {
    const data = this.#need(given, 'cmsg_data');
    if (data.is === 'struct') this.refuse(`${expressionText(data)} as data of a control message`);
    const [level, type] = [this.#need(given, 'cmsg_level'), this.#need(given, 'cmsg_type')];
    return { level: this.value(level), type: this.value(type), data: this.value(data) };
  }

  pollFds(index: number): PollFd[] {
    return this.list(this.at(index)).map((one) => {
      const given = this.struct(one);
      return { fd: this.descriptor(this.#need(given, 'fd')), events: this.value(this.#need(given, 'events')) };
    });
  }

  epollEvent(expression: Expression): EpollEvent {
    const given = this.struct(expression);
    return { events: this.value(this.#need(given, 'events')) >>> 0, data: this.epollData(given) };
  }

  /** `fd` is a descriptor; `ptr`, `u32` and `u64` are numbers. */
  epollData(given: Struct): number {
    const fd = field(given, 'fd');
    if (fd) return this.descriptor(fd);
    return this.value(field(given, 'ptr') ?? field(given, 'u32') ?? this.#need(given, 'u64'));
  }

  #need(given: Struct, name: string): Expression {
    return field(given, name) ?? this.refuse(`${expressionText(given)} without ${name}`);
  }

  /** The value of a socket option: `[1]`, a text, struct linger or struct timeval. */
  optionValue(index: number): unknown {
    const given = this.at(index);
    if (given.is === 'string') {
      return BYTES.has(expressionText(this.at(2))) ? [...bytesOf(given.value)].slice(0, this.number(4)) : given.value;
    }
    if (given.is !== 'struct') return this.value(given);
    const part = (name: string) => this.value(this.#need(given, name));
    if (field(given, 'tv_sec')) return part('tv_sec') * 1e9 + part('tv_usec') * 1e3;
    return { onoff: part('onoff'), linger: part('linger') };
  }

  /** Level and name of a socket option. */
  option(): [level: number, name: number] {
    const name = expressionText(this.at(2));
    try {
      return [this.number(1), this.number(2)];
    } catch (error) {
      if (error instanceof Unsupported) return this.refuse(name);
      throw error;
    }
  }
}

/** The characters of a C string. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A field of a structure, or undefined. */
export const field = (struct: Struct, name: string): Expression | undefined =>
  struct.fields.find((one: Field) => one.name === name)?.value;
