/**
 * A script's system calls as the simulator's, and what came of them beside what the script says. What the simulator has no
 * call, option or flag for is refused by name and never passed over.
 */
import { type Time, ZERO } from '../sim/base/time.ts';
import type { Answer } from '../sim/syscall/call-log.ts';
import { CONSTANTS as C, type CallName } from '../sim/syscall/signatures.ts';
import { compareFilled } from './answers.ts';
import { Arguments } from './arguments.ts';
import { bindName, type Config, connectName, domainOf } from './config.ts';
import { type Compared, Unsupported } from './outcome.ts';
import type { Expression, SyscallAction } from './script.ts';
import { type Defines, expressionText, numberOf } from './values.ts';

/** What to do for a call of the script. */
export interface Plan {
  name: CallName;
  args: readonly unknown[];
}

/** MSG_ flags that the simulator obeys, when bytes come and when they go. */
const RECEIVE_FLAGS =
  C.MSG_OOB |
  C.MSG_PEEK |
  C.MSG_TRUNC |
  C.MSG_DONTWAIT |
  C.MSG_WAITALL |
  C.MSG_ERRQUEUE |
  C.MSG_NOSIGNAL |
  C.MSG_CMSG_CLOEXEC;
const SEND_FLAGS =
  C.MSG_DONTWAIT | C.MSG_NOSIGNAL | C.MSG_MORE | C.MSG_EOR | C.MSG_OOB | C.MSG_ZEROCOPY | C.MSG_FASTOPEN;

type Planner = (given: Arguments, config: Config) => Plan;

const plan = (name: CallName, ...args: readonly unknown[]): Plan => ({ name, args });
const remote = (given: Arguments, index: number, config: Config) => given.address(index, connectName(config));

/* biome-ignore format: a table */
const PLANNERS: Readonly<Record<string, Planner>> = {
  socket,
  bind:         (a, config) => plan('bind', a.fd(0), a.address(1, bindName(config))),
  listen:       (a) => plan('listen', a.fd(0), a.number(1)),
  accept:       (a) => plan('accept', a.fd(0)),
  accept4:      (a) => plan('accept4', a.fd(0), a.number(3)),
  connect:      (a, config) => plan('connect', a.fd(0), remote(a, 1, config)),
  read:         (a) => plan('read', a.fd(0), a.buffer(1, 2)),
  readv:        (a) => plan('readv', a.fd(0), a.iov(a.at(1))),
  recv:         (a) => plan('recv', a.fd(0), a.buffer(1, 2), flags(a, 3, RECEIVE_FLAGS)),
  recvfrom:     (a) => plan('recvfrom', a.fd(0), a.buffer(1, 2), flags(a, 3, RECEIVE_FLAGS)),
  recvmsg:      (a, config) => plan('recvmsg', a.fd(0), a.message(1, connectName(config)), flags(a, 2, RECEIVE_FLAGS)),
  write:        (a) => plan('write', a.fd(0), a.buffer(1, 2)),
  writev:       (a) => plan('writev', a.fd(0), a.iov(a.at(1))),
  send:         (a) => plan('send', a.fd(0), a.buffer(1, 2), flags(a, 3, SEND_FLAGS)),
  sendto:       (a, config) => plan('sendto', a.fd(0), a.buffer(1, 2), flags(a, 3, SEND_FLAGS), a.isNull(4) ? undefined : remote(a, 4, config)),
  sendmsg:      (a, config) => plan('sendmsg', a.fd(0), a.sentMessage(1, connectName(config)), flags(a, 2, SEND_FLAGS)),
  shutdown:     (a) => plan('shutdown', a.fd(0), a.number(1)),
  close:        (a) => plan('close', a.fd(0)),
  dup:          (a) => plan('dup', a.fd(0)),
  fcntl:        (a) => plan('fcntl', a.fd(0), a.number(1), a.count > 2 ? a.number(2) : 0),
  ioctl:        (a) => plan('ioctl', a.fd(0), a.number(1), a.count > 2 ? a.number(2) : 0),
  setsockopt:   (a) => plan('setsockopt', a.fd(0), ...a.option(), a.optionValue(3)),
  getsockopt:   (a) => plan('getsockopt', a.fd(0), ...a.option()),
  poll:         (a) => plan('poll', a.pollFds(0), a.number(2)),
  epoll_create: (a) => plan('epoll_create', a.number(0)),
  epoll_ctl:    (a) => plan('epoll_ctl', a.fd(0), a.number(1), a.fd(2), a.isNull(3) ? undefined : a.epollEvent(a.at(3))),
  epoll_wait:   (a) => plan('epoll_wait', a.fd(0), a.number(2), a.number(3)),
  pipe:         () => plan('pipe2', 0),
  open:         (a) => plan('open', a.text(0), a.number(1), a.count > 2 ? a.number(2) : 0),
  sendfile:     (a) => plan('sendfile', a.fd(0), a.fd(1), offset(a, 2), a.number(3)),
  splice:       (a) => plan('splice', a.fd(0), offset(a, 1), a.fd(2), offset(a, 3), a.number(4), a.number(5)),
};

function socket(given: Arguments, config: Config): Plan {
  const family = given.at(0).is === 'any' ? C[domainOf(config)] : given.number(0);
  const type = given.number(1);
  if ((type & 0xf) !== C.SOCK_STREAM) given.refuse('sockets other than TCP');
  return plan('socket', family, type, given.number(2));
}
const offset = (given: Arguments, index: number): number | undefined =>
  given.isNull(index) ? undefined : given.number(index);

function flags(given: Arguments, index: number, obeyed: number): number {
  for (const word of wordsOf(given.at(index))) if (given.value(word) & ~obeyed) given.refuse(expressionText(word));
  return given.number(index);
}

/** Whether a call of this name can be made. */
export const hasCall = (name: string): boolean => Object.hasOwn(PLANNERS, name);

/** MSG_ flags that the simulator obeys in a call of this name. */
export const flagsOf = (name: string): number => (name.startsWith('send') ? SEND_FLAGS : RECEIVE_FLAGS);

/** Calls whose result is a new descriptor. */
const OPENS: readonly string[] = ['socket', 'accept', 'accept4', 'dup', 'open', 'epoll_create'];

export class Calls {
  /** The script's time at which the simulated clock began. */
  epoch: Time = ZERO;
  readonly #config: Config;
  readonly #defines: Defines;
  /** The script's descriptor to the simulator's. */
  readonly #fds = new Map<number, number>();

  constructor(config: Config, defines: Defines) {
    this.#config = config;
    this.#defines = defines;
  }

  #given(action: SyscallAction): Arguments {
    return new Arguments(action, this.#defines, this.#fds);
  }

  /** The simulator's call for the script's. @throws Unsupported */
  plan(action: SyscallAction): Plan {
    const planner = Object.hasOwn(PLANNERS, action.name) ? PLANNERS[action.name] : undefined;
    if (!planner) throw new Unsupported(`${action.name}()`, action);
    return planner(this.#given(action), this.#config);
  }

  /** What came back beside what the script says. Learns the descriptors that the call opened. */
  compare(action: SyscallAction, answer: Answer): Compared[] {
    const { errno, name } = action;
    if ('errno' in answer && answer.errno === 'ENOPROTOOPT' && errno !== 'ENOPROTOOPT') {
      throw new Unsupported(`${name} ${expressionText(action.args[2] as Expression)}`, action);
    }
    const given = this.#given(action);
    const out = [...this.#result(action, answer)];
    if ('errno' in answer) return out;
    if (name === 'close') this.#fds.delete(given.number(0));
    if (name === 'pipe') this.#learnPipe(given, answer.out?.[0] as readonly number[]);
    return [...out, ...compareFilled(given, answer, { epoch: this.epoch, tolerance: this.#config.tolerance })];
  }

  #result(action: SyscallAction, answer: Answer): Compared[] {
    const { result, errno, name } = action;
    if (result.is === 'any') return [];
    const number = numberOf(result, this.#defines, action);
    const opened = OPENS.includes(name) && !('errno' in answer) && errno === undefined && number >= 0;
    if (opened) this.#fds.set(number, answer.result);
    // an error that the script does not name may be any
    const failed = errno === undefined ? '-1' : '';
    const actual = !('errno' in answer) ? String(answer.result) : failed || `-1 ${answer.errno}`;
    const expected = errno === undefined ? String(number) : `${number} ${errno}`;
    const same = opened || expected === actual;
    const told = 'errno' in answer ? `-1 ${answer.errno}` : actual;
    return [{ field: 'result', expected, actual: opened ? expected : same ? actual : told, same }];
  }

  #learnPipe(given: Arguments, ends: readonly number[]): void {
    for (const [i, fd] of given.list(given.at(0)).entries()) this.#fds.set(given.value(fd), ends[i] as number);
  }
}

/** What is or-ed together. */
export const wordsOf = (expression: Expression): Expression[] =>
  expression.is === 'or' ? [...wordsOf(expression.left), ...wordsOf(expression.right)] : [expression];
