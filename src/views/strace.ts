/**
 * The system calls as `strace -f -ttt -T` prints them: one line per call, or two with `<unfinished ...>` and `resumed`
 * when another thread of the same host made a call in between.
 */
import { errnoName, errnoText } from '../sim/base/errno.ts';
import { seconds, type Time } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { type CallData, straceArgs, straceName, straceResult } from './calls.ts';
import { type CallFacts, cursorAt, factsOf, perWindow } from './facts.ts';
import type { StraceLine, StraceModel, View } from './view.ts';

/** Column of the result, as strace aligns it unless told otherwise (-a). */
const RESULT_COLUMN = 40;

/** The call's events as data for words. */
export function callData(log: Log, call: CallFacts): CallData & { enter: EventOf<'call.enter'> } {
  const enter = log.at(call.enter) as EventOf<'call.enter'>;
  const data = { enter, call: enter.call, args: list(enter.args), data: enter.data };
  if (call.exit < 0) return data;
  const exit = log.at(call.exit) as EventOf<'call.exit'>;
  return { ...data, out: list(exit.out), returned: exit.data, failed: exit.errno !== 0 };
}

/** What a list says; nothing where a damaged log says what is none. */
function list(json: string): unknown[] {
  try {
    const value: unknown = json === '' ? [] : JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/**
 * '0', '-1 ECONNREFUSED (Connection refused)'
 * @param whole as strace prints it, given what it printed for a call that did not fail
 */
export function resultText(exit: EventOf<'call.exit'>, long: boolean, whole = String(exit.result)): string {
  if (exit.errno === 0) return whole;
  const code = errnoName(exit.errno);
  if (code === undefined) return `-1 (errno ${exit.errno})`;
  return long ? `-1 ${code} (${errnoText(code)})` : `-1 ${code}`;
}

const linesOf = perWindow((log, from): readonly StraceLine[] => {
  const facts = factsOf(log);
  const lines: StraceLine[] = [];
  /** The call whose line is not closed yet, by host. */
  const open = new Map<number, { call: CallFacts; line: StraceLine; prefix: string }>();
  const steps = facts.calls
    .filter((call) => call.exit < 0 || call.exit >= from)
    .flatMap((call) => [{ call, at: call.enter }, ...(call.exit < 0 ? [] : [{ call, at: call.exit }])])
    .sort((a, b) => a.at - b.at);

  for (const { call, at } of steps) {
    const data = callData(log, call);
    const { entered, returned } = straceArgs(data);
    const task = facts.tasks.get(call.task);
    const who = `[pid ${String(task?.tid ?? data.enter.pid).padStart(2)}]`;
    const last = open.get(call.host);
    const mine = last?.call === call ? last : undefined;
    if (last && !mine) {
      last.line.text = last.line.head;
      last.line.done = last.line.n;
      open.delete(call.host);
    }
    const { cell, line, column } = data.enter;
    const place = { time: log.timeAt(at), host: call.host, sock: call.sock, who, cell, line, column };
    if (at === call.enter) {
      const prefix = `${straceName(data.call)}(${entered}`;
      const head = `${prefix} <unfinished ...>`;
      const whole: StraceLine = { ...place, n: call.n, done: -1, head, text: head, failed: false };
      lines.push(whole);
      open.set(call.host, { call, line: whole, prefix });
      continue;
    }
    const exit = log.at(call.exit) as EventOf<'call.exit'>;
    const duration = (log.timeAt(call.exit) - log.timeAt(call.enter)) as Time;
    const result = resultText(exit, true, straceResult(data, exit.result, duration));
    const finish = (body: string) => {
      const width = RESULT_COLUMN - who.length - seconds(place.time).length - 2;
      return `${`${body})`.padEnd(width)} = ${result} <${seconds(duration)}>`;
    };
    if (mine) {
      mine.line.text = finish(mine.prefix + returned);
      mine.line.done = exit.n;
      mine.line.failed = exit.errno !== 0;
      open.delete(call.host);
    } else {
      const text = finish(`<... ${straceName(data.call)} resumed>${returned}`);
      lines.push({ ...place, n: exit.n, done: exit.n, head: text, text, failed: exit.errno !== 0 });
    }
  }
  return lines;
});

export const strace: View<StraceModel> = {
  id: 'strace',
  title: 'System calls',
  model(log, at, options) {
    const lines = linesOf(log, options);
    const { hosts } = factsOf(log);
    const host = options?.host;
    return {
      now: cursorAt(log, at),
      hosts: hosts.filter((line) => host === undefined || line.host === host),
      lines: host === undefined ? lines : lines.filter((line) => line.host === host),
    };
  },
  text({ now, hosts, lines }) {
    const width = Math.max(0, ...hosts.map(({ name }) => name.length));
    const name = (host: number) => (hosts.find((line) => line.host === host)?.name ?? '').padEnd(width);
    const past = lines.filter((line) => line.n <= now.n);
    if (past.length === 0) return 'no system call yet';
    return past
      .map((line) => {
        const body = line.done >= 0 && line.done <= now.n ? line.text : line.head;
        return `${hosts.length > 1 ? `${name(line.host)}  ` : ''}${line.who} ${seconds(line.time)} ${body}`;
      })
      .join('\n');
  },
};
