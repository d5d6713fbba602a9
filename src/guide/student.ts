/**
 * The student's copy of a notebook: the author's text without the solutions.
 *
 * Only whole solution cells go, with the blank lines above them. Every other line stays as it is, character for
 * character; where a solution stood between two prose cells, a `+++` takes its place, so that they stay two. A notebook
 * with any fault in its exercises gives no copy: a misspelled `:part:` must not hand a solution out.
 */
import type { FormatError } from '../format/notebook.ts';
import { parse } from '../format/parse.ts';
import { serialize } from '../format/serialize.ts';
import { exercises } from './exercises.ts';

export type StudentCopy =
  | {
      readonly ok: true;
      readonly text: string /** Ids of the exercises whose solution was taken out. */;
      readonly removed: readonly string[];
    }
  | { readonly ok: false; readonly errors: readonly FormatError[] };

/** The text without its solutions. A copy of a copy is the same copy. */
export function studentCopy(text: string): StudentCopy {
  const result = parse(text);
  if (!result.ok) return result;
  const { notebook } = result;
  const { exercises: found, problems } = exercises(notebook, 'student');
  if (problems.length > 0) return { ok: false, errors: problems };
  const solutions = new Set(found.flatMap(({ solution }) => (solution ? [solution.index] : [])));
  const cells = notebook.cells.filter((_, i) => !solutions.has(i));
  const removed = found.filter(({ solution }) => solution).map(({ id }) => id);
  return { ok: true, text: serialize({ ...notebook, cells }), removed };
}
