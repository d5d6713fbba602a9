/** `socknb run`: a notebook's cells in order, in a session of their own, told as text or as JSON. */
import type { Cell, Notebook } from '../format/notebook.ts';
import { lesson } from '../guide/lesson.ts';
import { standIn } from '../loopback/sockaddr.ts';
import { SessionClient } from '../session/client.ts';
import { cellRequest, sessionConfig } from '../session/notebook.ts';
import type { RunResult } from '../session/protocol.ts';
import { human } from '../sim/base/time.ts';
import { decode, toJson } from '../sim/trace/codec.ts';
import { type Command, UsageError } from './args.ts';
import type { Io } from './io.ts';
import { loadNotebook } from './load.ts';
import { heading, resultLines } from './transcript.ts';

type RunCommand = Extract<Command, { name: 'run' }>;
type Kernel = 'simulator' | 'loopback';

/** A code cell that was run, or left out because it needs the other kernel. */
interface Done {
  cell: Cell;
  label: string;
  printed: string;
  result: RunResult | undefined;
}

/** @returns the exit code */
export async function run(command: RunCommand, io: Io): Promise<number> {
  const notebook = loadNotebook(command.file);
  const kernel = command.kernel ?? notebook.frontMatter.kernel ?? 'simulator';
  const cells = wanted(notebook, command.until);
  const client = await SessionClient.start(sessionConfig(notebook.frontMatter, kernel), io.spawn);
  const stopListening = io.onInterrupt(() => client.interrupt());
  const timer = command.timeout === undefined ? undefined : setTimeout(() => client.interrupt(), command.timeout * 1e3);
  try {
    const tell = command.json ? () => {} : (text: string) => io.out(text);
    tell(`${title(notebook, command.file, kernel)}\n`);
    const done = await runCells(cells, client, kernel, command.file, tell);
    const failed = done.find(({ result }) => result && !result.ok);
    if (command.json) io.out(`${await json(command, kernel, notebook, done, client)}\n`);
    else tell(`${summary(cells.length, done, kernel)}\n`);
    return failed ? 1 : 0;
  } finally {
    clearTimeout(timer);
    stopListening();
    await client.dispose();
  }
}

/** The code cells up to a label, each with its place in the notebook. */
export function wanted({ cells }: Notebook, until: string | undefined): { cell: Cell; index: number }[] {
  const last = until === undefined ? cells.length : cells.findIndex((cell, i) => labelOf(cell, i) === until) + 1;
  if (last === 0 && until !== undefined) throw new UsageError(`no cell is labelled '${until}'`);
  return cells
    .slice(0, last)
    .map((cell, index) => ({ cell, index }))
    .filter(({ cell }) => cell.kind === 'code');
}

const labelOf = (cell: Cell, index: number): string => cellRequest(cell, index).label;

export async function runCells(
  cells: readonly { cell: Cell; index: number }[],
  client: SessionClient,
  kernel: Kernel,
  file: string,
  tell: (text: string) => void,
): Promise<Done[]> {
  const done: Done[] = [];
  for (const { cell, index } of cells) {
    const request = cellRequest(cell, index);
    const { title: name, kernel: only } = cell.options;
    tell(`\n${heading(name === undefined ? request.label : `${request.label}: ${name}`)}\n`);
    if (only !== undefined && only !== kernel) {
      tell(`Not run: this cell needs the ${only}.\n`);
      done.push({ cell, label: request.label, printed: '', result: undefined });
      continue;
    }
    let printed = '';
    const result = await client.run(request, {
      print: (text) => {
        printed += text;
        tell(text);
      },
    });
    const lines = resultLines(result, cell, file);
    if (printed !== '' && !printed.endsWith('\n')) tell('\n');
    if (lines.length > 0) tell(`${lines.join('\n').replace(/\n+$/, '')}\n`);
    done.push({ cell, label: request.label, printed, result });
    if (!result.ok) break;
  }
  return done;
}

function title(notebook: Notebook, file: string, kernel: Kernel): string {
  const { seed, topology } = notebook.frontMatter;
  const hosts = Object.entries(topology.hosts).map(
    ([name, { address, address6 }], i) => `${name} ${kernel === 'simulator' ? (address ?? address6) : standIn(i)}`,
  );
  return `${lesson(notebook).title || file}\n${hosts.join(', ')}; ${kernel}, seed ${seed}`;
}

function summary(all: number, done: readonly Done[], kernel: Kernel): string {
  const results = done.flatMap(({ result }) => result ?? []);
  const failed = results.filter(({ ok }) => !ok).length;
  const counts: [number, string][] = [
    [results.length - failed, 'ok'],
    [failed, 'failed'],
    [all - results.length, 'not run'],
  ];
  const cells = counts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  const last = results.at(-1);
  const end = last
    ? `; ${human(last.now)} of ${kernel === 'simulator' ? 'virtual' : 'real'} time, ${last.events} events`
    : '';
  return `\n${heading(`${all} ${all === 1 ? 'cell' : 'cells'}: ${cells.join(', ') || 'nothing to run'}${end}`)}`;
}

async function json(
  command: RunCommand,
  kernel: Kernel,
  { frontMatter }: Notebook,
  done: readonly Done[],
  client: SessionClient,
): Promise<string> {
  const decoded = decode(await client.log());
  if (!decoded.ok) throw new Error(decoded.reason);
  const cells = done.map(({ label, printed, result }) =>
    result
      ? {
          label,
          ok: result.ok,
          printed,
          value: result.value,
          checks: result.checks,
          error: result.error,
          now: result.now,
        }
      : { label, skipped: true },
  );
  return JSON.stringify({ file: command.file, kernel, seed: frontMatter.seed, cells, log: toJson(decoded.log) });
}
