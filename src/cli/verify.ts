/** `socknb verify`: does each exercise's solution pass its check, and its starter not? Each in a fresh session. */
import type { Cell, Notebook } from '../format/notebook.ts';
import { type Attempt, verify as faultsOf, score } from '../guide/checks.ts';
import { type Exercise, type ExerciseCell, exercises } from '../guide/exercises.ts';
import { SessionClient } from '../session/client.ts';
import { cellRequest, sessionConfig } from '../session/notebook.ts';
import type { RunResult } from '../session/protocol.ts';
import type { Io } from './io.ts';
import { formatFault, loadNotebook } from './load.ts';

/** Cells with this tag run before an exercise; everything else in a lesson is left out, so that exercises stand alone. */
export const SETUP_TAG = 'setup';

interface Row {
  id: string;
  starter: string;
  solution: string;
  faults: readonly string[];
}

/** @returns the exit code */
export async function verify(files: readonly string[], io: Io): Promise<number> {
  const notebooks = files.map((file) => {
    const notebook = loadNotebook(file);
    const found = exercises(notebook);
    if (found.problems.length > 0) throw formatFault(file, found.problems);
    return { file, notebook, exercises: found.exercises };
  });
  let failed = false;
  for (const { file, notebook, exercises: all } of notebooks) {
    io.out(
      `${file}: ${all.length === 0 ? 'no exercise' : `${all.length} ${all.length === 1 ? 'exercise' : 'exercises'}`}\n`,
    );
    const rows: Row[] = [];
    for (const exercise of all) rows.push(await judge(notebook, exercise, io));
    io.out(table(rows));
    failed ||= rows.some(({ faults }) => faults.length > 0);
  }
  return failed ? 1 : 0;
}

async function judge(notebook: Notebook, exercise: Exercise, io: Io): Promise<Row> {
  const { id, starter, solution, check } = exercise;
  const started = await attempt(notebook, starter, check, io);
  const solved = solution ? await attempt(notebook, solution, check, io) : { failure: 'there is none', results: [] };
  return { id, starter: told(started), solution: told(solved), faults: faultsOf(started, solved) };
}

/** Runs the setup cells, a program and the check in a session of their own. */
async function attempt(notebook: Notebook, program: ExerciseCell, check: ExerciseCell, io: Io): Promise<Attempt> {
  const isSetup = (cell: Cell): boolean =>
    cell.kind === 'code' && cell.options.exercise === undefined && (cell.options.tags ?? []).includes(SETUP_TAG);
  const setup = notebook.cells.map((cell, index) => ({ cell, index })).filter(({ cell }) => isSetup(cell));
  const client = await SessionClient.start(sessionConfig(notebook.frontMatter, 'simulator'), io.spawn);
  const stopListening = io.onInterrupt(() => client.interrupt());
  const run = ({ cell, index }: ExerciseCell): Promise<RunResult> =>
    client.run({ ...cellRequest(cell, index), views: [] });
  try {
    for (const before of setup.filter(({ index }) => index < program.index)) {
      const { error } = await run(before);
      if (error) return { failure: `the setup cell fails: ${error.name}: ${error.message}`, results: [] };
    }
    const { error } = await run(program);
    const judged = await run(check);
    const broken = error ?? (judged.error?.name === 'CheckFailed' ? undefined : judged.error);
    return { ...(broken && { failure: `${broken.name}: ${broken.message}` }), results: judged.checks };
  } finally {
    stopListening();
    await client.dispose();
  }
}

function told(attempt: Attempt): string {
  const { points, of, passed } = score(attempt);
  const counts = of > 0 ? ` ${points}/${of}` : '';
  return passed ? `passes${counts}` : `fails${counts}`;
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const head = ['exercise', 'starter', 'solution', ''];
  const body = rows.map(({ id, starter, solution, faults }) => [
    id,
    starter,
    solution,
    faults.length === 0 ? 'ok' : 'FAULTY',
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => (row[i] as string).length)));
  const line = (row: readonly string[]) =>
    `  ${row
      .map((text, i) => text.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd()}\n`;
  const faults = rows.flatMap(({ id, faults: of }) => of.map((fault) => `  ${id}: ${fault}\n`));
  return [head, ...body].map(line).join('') + faults.join('');
}
