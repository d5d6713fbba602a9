/**
 * Runs a script against a simulated host. The script is the peer and the program: it sends the inbound packets, makes the
 * system calls, and expects outbound packets and results, each at its time.
 *
 * The clock moves to an event's time before the script acts; for an expected packet it moves to the next packet that the
 * connection sends. Relative times count from when the event before happened. A script that needs what the simulator does
 * not have ends as `unsupported`, never as passed or failed.
 */
import { after, type Time, ZERO } from '../sim/base/time.ts';
import type { Task } from '../sim/kernel/task.ts';
import type { Answer } from '../sim/syscall/call-log.ts';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import type { Message } from '../sim/syscall/memory.ts';
import { CONSTANTS } from '../sim/syscall/signatures.ts';
import type { Log } from '../sim/trace/log.ts';
import { Calls, type Plan } from './calls.ts';
import { checkCode } from './code.ts';
import { type ReadFile, runCommand } from './commands.ts';
import { type Config, configOf } from './config.ts';
import { comparePacket, compareTime, type Due, within } from './expect.ts';
import { Machine, type Started } from './machine.ts';
import { MODES, type Mode, wordsOf } from './modes.ts';
import { type Compared, Mismatch, type Outcome, Unsupported } from './outcome.ts';
import { parse } from './parse.ts';
import {
  type Action,
  type Position,
  type Script,
  ScriptError,
  type ScriptEvent,
  type SyscallAction,
  type TcpAction,
} from './script.ts';
import { Wire } from './wire.ts';

export interface RunOptions {
  /** All randomness of the host follows from it. */
  seed?: number;
  /** What words in the script stand for, beside those that it defines. */
  defines?: ReadonlyMap<string, string>;
  /** Over which version of IP, whatever the script says; unless given as it says, else over IPv4. */
  mode?: Mode;
  /**
   * How long each event keeps the machine; 0 unless given. A real one needs some microseconds for each, so that what is
   * answered "at once" was asked a little earlier: a few scripts rest on that.
   */
  pace?: Time;
  /** Files that commands name. */
  read?: ReadFile;
}

export interface RunResult {
  outcome: Outcome;
  /** Everything that happened; undefined when nothing was run. */
  log: Log | undefined;
}

/** A call that blocks in the script's second thread. */
interface Blocked {
  action: SyscallAction;
  started: Started;
  end: Due;
}

const { MSG_FASTOPEN } = CONSTANTS;

/** How long a packet that may come at any time is waited for, and a call that does not come back. */
const PATIENCE = (24 * 3600 * 1e9) as Time;
/** A packet that comes too late is waited for so much longer, to be able to say when it came. */
const LATE = 2e9;

/** Reads a script and runs it. */
export function run(text: string, options: RunOptions = {}): RunResult {
  let machine: Machine | undefined;
  let running: Run | undefined;
  try {
    const script = parse(text, wordsOf(options.mode ?? MODES.ipv4, options.defines));
    const config = configOf(script, options.mode);
    const { localAddr, remoteAddr, mtu } = config;
    machine = new Machine({ local: localAddr, remote: remoteAddr, mtu, seed: options.seed ?? 1 });
    running = new Run(script, config, machine, options.read ?? (() => undefined), options.pace ?? ZERO);
    running.all();
    return { outcome: { end: 'passed' }, log: machine.log };
  } catch (error) {
    return { outcome: outcomeOf(error, running?.line ?? 1), log: machine?.log };
  }
}

/** @param line of the event under way */
function outcomeOf(error: unknown, line: number): Outcome {
  if (error instanceof ScriptError) {
    return { end: 'invalid', line: error.line, column: error.column, what: error.message };
  }
  if (error instanceof Unsupported) return { end: 'unsupported', line: error.line, what: error.message };
  if (error instanceof Mismatch) {
    return { end: 'failed', line: error.line, what: error.message, compared: error.compared };
  }
  // whatever else is thrown is a fault of the simulator that this script found: the other scripts shall run all the same
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { end: 'failed', line, what: `the simulator broke: ${what}`, compared: [] };
}

/** The address to which a call would connect its socket. */
function targetOf({ name, args }: Plan): SockAddr | undefined {
  if (name === 'connect') return args[1] as SockAddr;
  if (name === 'sendto') return (args[2] as number) & MSG_FASTOPEN ? (args[3] as SockAddr | undefined) : undefined;
  if (name === 'sendmsg') return (args[2] as number) & MSG_FASTOPEN ? (args[1] as Message).name : undefined;
  return undefined;
}

class Run {
  /** Of the event under way. */
  line = 1;
  readonly #script: Script;
  readonly #config: Config;
  readonly #machine: Machine;
  readonly #read: ReadFile;
  readonly #pace: Time;
  readonly #calls: Calls;
  readonly #wire: Wire;
  readonly #main: Task;
  readonly #names = new Map<string, number>();
  #second: Task | undefined;
  #blocked: Blocked | undefined;
  /** The script's time at which the simulated clock began. */
  #epoch: Time = ZERO;
  /** When the event before this one was due. */
  #before: Time = ZERO;

  constructor(script: Script, config: Config, machine: Machine, read: ReadFile, pace: Time) {
    this.#pace = pace;
    this.#script = script;
    this.#config = config;
    this.#machine = machine;
    this.#read = read;
    this.#calls = new Calls(config, script.defines);
    this.#wire = new Wire(machine, config, script.defines);
    this.#main = machine.newTask('script');
  }

  all(): void {
    const { init, events, cleanup } = this.#script;
    if (init) runCommand(this.#machine.host, init, this.#read);
    const [first] = events;
    if (first?.when.kind === 'absolute') this.#epoch = this.#calls.epoch = first.when.at;
    for (const event of events) this.#event(event);
    this.#awaitBlocked();
    if (cleanup) runCommand(this.#machine.host, cleanup, this.#read);
  }

  #event({ when, action, line }: ScriptEvent): void {
    this.line = line;
    const base = when.kind === 'absolute' ? ((0 - this.#epoch) as Time) : this.#machine.now;
    const from = when.kind === 'any' ? base : after(base, when.at);
    if (action.do === 'packet' && action.direction === 'out') {
      const to = when.kind === 'any' || when.until === undefined ? from : after(base, when.until);
      const due = when.kind === 'any' ? undefined : { from, to, since: this.#before };
      this.#expectPacket(this.#wire.tcpOnly(action), due);
    } else {
      this.#machine.advance(from);
      this.#act(action, from, base);
    }
    if (this.#pace > 0) this.#machine.advance(after(this.#machine.now, this.#pace));
    this.#checkBlocked();
    this.#before = when.kind === 'any' ? this.#machine.now : from;
  }

  #act(action: Action, from: Time, base: Time): void {
    switch (action.do) {
      case 'packet':
        this.#wire.send(action);
        break;
      case 'syscall':
        if (action.blocksUntil === undefined) this.#call(action, from);
        else this.#callBlocking(action, { from, to: after(base, action.blocksUntil), since: from });
        break;
      case 'command':
        runCommand(this.#machine.host, action, this.#read);
        break;
      case 'code':
        checkCode(action, this.#wire.info(), this.#names);
    }
  }

  #expectPacket(expected: TcpAction, due: Due | undefined): void {
    const { now } = this.#machine;
    const limit = due ? Math.max(now, within(due, this.#config).last + LATE) : now + PATIENCE;
    const seen = this.#wire.next(expected, limit as Time);
    if (!seen) throw new Mismatch('the script expects a packet here, and none is sent', expected);
    const compared = comparePacket(expected, seen.packet, this.#config);
    if (due) compared.unshift(compareTime(due, seen.at, this.#config));
    this.#demand(compared, 'another packet was sent than the script expects', expected);
  }

  #start(action: SyscallAction, task: Task): Started {
    const { name, args } = this.#calls.plan(action);
    const target = targetOf({ name, args });
    if (target) this.#wire.connects(args[0] as number, target);
    const started = this.#machine.call(task, name, args, action.line);
    if (name === 'listen' && started.answer && 'result' in started.answer) this.#wire.listens();
    return started;
  }

  /** A call that must come back at once. */
  #call(action: SyscallAction, from: Time): void {
    const started = this.#start(action, this.#main);
    const limit = after(this.#machine.now, PATIENCE);
    this.#machine.advanceUntil(() => started.answer !== undefined, limit);
    if (!started.answer) {
      throw new Mismatch(`${action.name}() does not come back: it waits for ${this.#main.call?.on}`, action);
    }
    const time = compareTime({ from, to: from, since: this.#before }, started.end, this.#config);
    this.#judge(action, started.answer, time.same ? [] : [time]);
  }

  /** A call in the second thread: the script goes on while it blocks. */
  #callBlocking(action: SyscallAction, { from, to }: Due): void {
    this.#awaitBlocked();
    this.#second ??= this.#machine.newTask('blocking');
    const started = this.#start(action, this.#second);
    this.#blocked = { action, started, end: { from: to, to, since: from } };
  }

  /** If the blocking call has come back: judges it. */
  #checkBlocked(): void {
    if (!this.#blocked?.started.answer) return;
    const { action, started, end } = this.#blocked;
    this.#blocked = undefined;
    this.#judge(action, started.answer as Answer, [compareTime(end, started.end, this.#config)]);
  }

  /** Waits for the blocking call, somewhat longer than the script says. */
  #awaitBlocked(): void {
    const { action, started, end } = this.#blocked ?? {};
    if (!action) return;
    const limit = (within(end as Due, this.#config).last + LATE) as Time;
    this.#machine.advanceUntil(() => started?.answer !== undefined, limit);
    if (!started?.answer)
      throw new Mismatch(`${action.name}() does not come back: it waits for ${this.#second?.call?.on}`, action);
    this.#checkBlocked();
  }

  #judge(action: SyscallAction, answer: Answer, times: readonly Compared[] = []): void {
    this.#demand([...times, ...this.#calls.compare(action, answer)], `${action.name}() gave something else`, action);
  }

  #demand(compared: readonly Compared[], what: string, at: Position): void {
    if (compared.some(({ same }) => !same)) throw new Mismatch(what, at, compared);
  }
}
