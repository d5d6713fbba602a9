/**
 * A script's system calls as the simulator's: `...` filled in, descriptors translated, results compared. What the
 * simulator has no call, option or flag for is refused by name and never passed over.
 */
import { utf8 } from '../sim/base/bytes.ts';
import type { Answer } from '../sim/syscall/call-log.ts';
import { CONSTANTS as C, type CallName } from '../sim/syscall/signatures.ts';
import { type Ip4, ip4Text } from '../sim/wire/ipv4.ts';
import type { Config } from './config.ts';
import type { Machine } from './machine.ts';
import { type Compared, Unsupported } from './outcome.ts';
import type { Expression, SyscallAction } from './script.ts';
import { type Defines, expressionText, nameOf, numberOf } from './values.ts';

/** What to do for a call of the script. */
export interface Plan {
  name: CallName;
  args: readonly unknown[];
}

/** MSG_ flags that the simulator obeys. */
export const FLAGS = C.MSG_PEEK | C.MSG_DONTWAIT | C.MSG_WAITALL | C.MSG_NOSIGNAL;
/** Bytes that one call may pass: beyond it a script is a slip of the pen. */
const MAX_BUFFER = 2 ** 27;
const F_GETFL = 3;
const F_SETFL = 4;
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;

type Planner = (calls: Calls, action: SyscallAction) => Plan;

const plan = (name: CallName, ...args: readonly unknown[]): Plan => ({ name, args });

/* biome-ignore format: a table */
const PLANNERS: Readonly<Record<string, Planner>> = {
  socket:      (calls, a) => calls.socket(a),
  bind:        (calls, a) => plan('bind', calls.fd(a, 0), calls.address(a, 1, calls.config.localAddr, calls.config.bindPort)),
  listen:      (calls, a) => plan('listen', calls.fd(a, 0), calls.number(a, 1)),
  accept:      (calls, a) => plan('accept', calls.fd(a, 0)),
  connect:     (calls, a) => plan('connect', calls.fd(a, 0), calls.address(a, 1, calls.config.remoteAddr, calls.config.connectPort)),
  read:        (calls, a) => plan('read', calls.fd(a, 0), calls.room(a, 1, 2)),
  recv:        (calls, a) => plan('recv', calls.fd(a, 0), calls.room(a, 1, 2), calls.flags(a, 3)),
  recvfrom:    (calls, a) => plan('recv', calls.fd(a, 0), calls.room(a, 1, 2), calls.flags(a, 3)),
  write:       (calls, a) => plan('write', calls.fd(a, 0), calls.data(a, 1, 2)),
  send:        (calls, a) => plan('send', calls.fd(a, 0), calls.data(a, 1, 2), calls.flags(a, 3)),
  sendto:      (calls, a) => plan('send', calls.fd(a, 0), calls.data(a, 1, 2), calls.flags(a, 3)),
  shutdown:    (calls, a) => plan('shutdown', calls.fd(a, 0), calls.number(a, 1)),
  close:       (calls, a) => plan('close', calls.fd(a, 0)),
  dup:         (calls, a) => plan('dup', calls.fd(a, 0)),
  setsockopt:  (calls, a) => plan('setsockopt', calls.fd(a, 0), ...calls.option(a), calls.number(a, 3)),
  getsockopt:  (calls, a) => plan('getsockopt', calls.fd(a, 0), ...calls.option(a)),
};

/** Whether a call of this name can be made. */
export const hasCall = (name: string): boolean => Object.hasOwn(PLANNERS, name) || name === 'fcntl';

/** The script's descriptors that a call opens: its result is one. */
const OPENS: readonly string[] = ['socket', 'accept', 'dup'];

export class Calls {
  readonly config: Config;
  readonly #machine: Machine;
  readonly #defines: Defines;
  /** The script's descriptor to the simulator's. */
  readonly #fds = new Map<number, number>();

  constructor(machine: Machine, config: Config, defines: Defines) {
    this.#machine = machine;
    this.config = config;
    this.#defines = defines;
  }

  /** The simulator's call for the script's. @throws Unsupported */
  plan(action: SyscallAction): Plan {
    const planner = Object.hasOwn(PLANNERS, action.name) ? PLANNERS[action.name] : undefined;
    if (!planner) throw new Unsupported(`${action.name}()`, action);
    return planner(this, action);
  }

  /**
   * fcntl(2), which the simulator has no call for: it changes the open file, as the call would.
   * @throws Unsupported for commands other than F_GETFL and F_SETFL
   */
  fcntl(action: SyscallAction): Answer {
    const command = this.number(action, 1);
    const file = this.#machine.process.fds.get(this.fd(action, 0));
    if (!file) return { errno: 'EBADF' };
    if (command === F_GETFL) return { result: O_RDWR | (file.nonblocking ? O_NONBLOCK : 0) };
    if (command !== F_SETFL) throw new Unsupported(`fcntl ${expressionText(action.args[1] as Expression)}`, action);
    file.nonblocking = (this.number(action, 2) & O_NONBLOCK) !== 0;
    return { result: 0 };
  }

  /** What came back beside what the script says. Learns the descriptor that the call opened. */
  compare(action: SyscallAction, answer: Answer): Compared[] {
    const { result, errno, name } = action;
    if ('errno' in answer && answer.errno === 'ENOPROTOOPT' && errno !== 'ENOPROTOOPT') {
      throw new Unsupported(`${name} ${expressionText(action.args[2] as Expression)}`, action);
    }
    const actual = 'errno' in answer ? `-1 ${answer.errno}` : String(answer.result);
    const out: Compared[] = [];
    if (result.is !== 'any') {
      const number = numberOf(result, this.#defines, action);
      const opened = OPENS.includes(name) && !('errno' in answer) && errno === undefined && number >= 0;
      if (opened) this.#fds.set(number, answer.result);
      const expected = errno === undefined ? String(number) : `${number} ${errno}`;
      out.push({ field: 'result', expected, actual: opened ? expected : actual, same: opened || expected === actual });
    }
    const value = action.args[3];
    if (name === 'getsockopt' && !('errno' in answer) && value?.is === 'list') {
      const expected = expressionText(value);
      const given = `[${String(answer.out?.[3])}]`;
      const same = value.items[0]?.is === 'any' || numberOf(value, this.#defines, action) === answer.out?.[3];
      out.push({ field: 'value', expected, actual: given, same });
    }
    return out;
  }

  #arg(action: SyscallAction, index: number): Expression {
    const arg = action.args[index];
    if (!arg) throw new Unsupported(`${action.name}() with ${action.args.length} arguments`, action);
    return arg;
  }

  number(action: SyscallAction, index: number): number {
    return numberOf(this.#arg(action, index), this.#defines, action);
  }

  fd(action: SyscallAction, index: number): number {
    const fd = this.number(action, index);
    return this.#fds.get(fd) ?? fd;
  }

  socket(action: SyscallAction): Plan {
    const [domain] = action.args;
    const family = domain?.is === 'any' ? C.AF_INET : this.number(action, 0);
    const type = this.number(action, 1);
    if (family !== C.AF_INET) throw new Unsupported('IPv6', action);
    if ((type & 0xf) !== C.SOCK_STREAM) throw new Unsupported('sockets other than TCP', action);
    return plan('socket', family, type, this.number(action, 2));
  }

  /** A socket address: `...`, or a structure. */
  address(action: SyscallAction, index: number, addr: Ip4, port: number): { addr: string; port: number } {
    const given = this.#arg(action, index);
    if (given.is === 'any') return { addr: ip4Text(addr), port };
    if (given.is !== 'struct') throw new Unsupported(`${expressionText(given)} as an address`, action);
    const field = (name: string) => given.fields.find((one) => one.name === name)?.value;
    const family = field('sa_family');
    if (family?.is === 'word' && nameOf(family.name, this.#defines) !== 'AF_INET') {
      throw new Unsupported(`the address family ${family.name}`, action);
    }
    const text = field('sin_addr');
    const [host] = text?.is === 'call' && text.name === 'inet_addr' ? text.args : [];
    return {
      addr: host?.is === 'string' ? host.value : ip4Text(addr),
      port: numberOf(field('sin_port') ?? { is: 'number', value: port }, this.#defines, action),
    };
  }

  /** A buffer to be filled. */
  room(action: SyscallAction, buffer: number, count: number): Uint8Array {
    this.#checkBuffer(action, buffer);
    return new Uint8Array(this.#size(action, count));
  }

  /** How many bytes; what no program can hold is refused. */
  #size(action: SyscallAction, index: number): number {
    const size = this.number(action, index);
    if (size < 0 || size > MAX_BUFFER) throw new Unsupported(`a buffer of ${size} bytes`, action);
    return size;
  }

  /** A buffer with what is to be written: zeros unless the script gives a text. */
  data(action: SyscallAction, buffer: number, count: number): Uint8Array {
    this.#checkBuffer(action, buffer);
    const data = new Uint8Array(this.#size(action, count));
    const text = this.#arg(action, buffer);
    if (text.is === 'string') data.set(utf8(text.value).subarray(0, data.length));
    return data;
  }

  #checkBuffer(action: SyscallAction, index: number): void {
    const buffer = this.#arg(action, index);
    if (buffer.is !== 'any' && buffer.is !== 'string') {
      throw new Unsupported(`${expressionText(buffer)} as a buffer`, action);
    }
  }

  flags(action: SyscallAction, index: number): number {
    for (const word of wordsOf(this.#arg(action, index))) {
      const value = numberOf(word, this.#defines, action);
      if (value & ~FLAGS) throw new Unsupported(expressionText(word), action);
    }
    return this.number(action, index);
  }

  /** Level and name of a socket option. */
  option(action: SyscallAction): [level: number, name: number] {
    const name = expressionText(this.#arg(action, 2));
    try {
      return [this.number(action, 1), this.number(action, 2)];
    } catch (error) {
      if (error instanceof Unsupported) throw new Unsupported(name, action);
      throw error;
    }
  }
}

/** What is or-ed together. */
export const wordsOf = (expression: Expression): Expression[] =>
  expression.is === 'or' ? [...wordsOf(expression.left), ...wordsOf(expression.right)] : [expression];
