/**
 * Exercises of a notebook: cells that share an `:exercise:` id, each with a role given by `:part:`.
 *
 * An exercise has one starter (what the student edits), one solution, one check (judges the run before it) and any
 * number of hints (markdown cells, in order). Reading finds faults and names their lines; it runs nothing. Unknown
 * options of a cell stay readable in `cell.options.extra`, so that new ones need no change here.
 */
import type { Cell, FormatError, Notebook } from '../format/notebook.ts';

/** The roles of a cell in an exercise, and what each may be. */
export const PARTS = {
  starter: { many: false, markdown: false },
  solution: { many: false, markdown: false },
  check: { many: false, markdown: false },
  hint: { many: true, markdown: true },
} as const satisfies Readonly<Record<string, { readonly many: boolean; readonly markdown: boolean }>>;
export type Part = keyof typeof PARTS;
const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name);

/** A cell in its role. */
export interface ExerciseCell {
  readonly cell: Cell;
  /** Index of the cell in the notebook. */
  readonly index: number;
}

export interface Exercise {
  readonly id: string;
  /** The `:title:` of its first cell that has one, otherwise the id. */
  readonly title: string;
  readonly starter: ExerciseCell;
  /** Absent in a student's copy only. */
  readonly solution?: ExerciseCell;
  readonly check: ExerciseCell;
  readonly hints: readonly ExerciseCell[];
}

export interface Exercises {
  /** The exercises without a fault, in the order of their first cells. */
  readonly exercises: readonly Exercise[];
  readonly problems: readonly FormatError[];
}

/** Whose notebook is read: a student's copy has no solutions. */
export type Reader = 'author' | 'student';

/**
 * The exercises of a notebook, and what is wrong with them: an unknown or missing part, two cells for one part, a part
 * without an exercise or the reverse, a part in the wrong kind of cell.
 */
export function exercises(notebook: Notebook, reader: Reader = 'author'): Exercises {
  const drafts = new Map<string, Draft>();
  const problems: FormatError[] = [];
  for (const [index, cell] of notebook.cells.entries()) {
    const { exercise: id, part } = cell.options;
    const problem = (message: string): void => void problems.push(at(cell, message));
    if (id === undefined) {
      if (part !== undefined) problem(`Part \`${part}\` needs an \`:exercise:\` that it belongs to.`);
      continue;
    }
    const draft = drafts.get(id) ?? new Draft(id, cell);
    drafts.set(id, draft);
    const fault = draft.add(part, { cell, index });
    if (fault !== undefined) problem(fault);
  }
  const complete = [...drafts.values()].flatMap((draft) => draft.finish(reader, problems) ?? []);
  return { exercises: complete, problems: problems.sort((a, b) => a.line - b.line) };
}

/** A fault shown at a cell's first line; line 1 for a cell that was never in a file. */
const at = (cell: Cell, message: string): FormatError => ({ line: cell.place?.line ?? 1, column: 1, message });

class Draft {
  readonly #id: string;
  readonly #first: Cell;
  readonly #cells: Record<Part, ExerciseCell[]> = { starter: [], solution: [], check: [], hint: [] };
  #title: string | undefined;
  #sound = true;

  constructor(id: string, first: Cell) {
    this.#id = id;
    this.#first = first;
  }

  /** Adds a cell; returns what is wrong with it, if anything. */
  add(part: string | undefined, found: ExerciseCell): string | undefined {
    const fault = this.#fault(part, found);
    this.#title ??= found.cell.options.title;
    if (fault !== undefined) this.#sound = false;
    else this.#cells[part as Part].push(found);
    return fault;
  }

  #fault(part: string | undefined, { cell }: ExerciseCell): string | undefined {
    const names = Object.keys(PARTS).join(', ');
    if (part === undefined) return `A cell of exercise \`${this.#id}\` needs a \`:part:\`: one of ${names}.`;
    if (!isPart(part)) return `Unknown part \`${part}\` of exercise \`${this.#id}\`: the parts are ${names}.`;
    const { many, markdown } = PARTS[part];
    if (markdown !== (cell.kind === 'prose')) {
      return `The ${part} of exercise \`${this.#id}\` must be a ${markdown ? 'markdown' : 'code'} cell.`;
    }
    const first = this.#cells[part][0];
    if (!many && first) return `Exercise \`${this.#id}\` has a second ${part}; the first is in line ${lineOf(first)}.`;
    return undefined;
  }

  /** The exercise, when nothing is wrong; missing parts are added to the problems. */
  finish(reader: Reader, problems: FormatError[]): Exercise | undefined {
    const [starter] = this.#cells.starter;
    const [solution] = this.#cells.solution;
    const [check] = this.#cells.check;
    if (!this.#sound) return undefined;
    const missing = (['starter', 'solution', 'check'] as const).filter(
      (part) => this.#cells[part].length === 0 && !(part === 'solution' && reader === 'student'),
    );
    for (const part of missing) problems.push(at(this.#first, `Exercise \`${this.#id}\` has no ${part}.`));
    if (solution && starter && solution.cell.language !== starter.cell.language) {
      problems.push(at(solution.cell, `The solution of exercise \`${this.#id}\` is not in its starter's language.`));
      return undefined;
    }
    if (missing.length > 0 || !starter || !check) return undefined;
    const rest = { starter, check, hints: this.#cells.hint };
    return { id: this.#id, title: this.#title ?? this.#id, ...rest, ...(solution ? { solution } : {}) };
  }
}

const lineOf = ({ cell }: ExerciseCell): number => cell.place?.line ?? 1;
