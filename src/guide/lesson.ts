/**
 * What a notebook is as a lesson: title, level, length, and which cells prove or correct which claims. The front matter
 * lists the claims of the lesson, the cells name them; both must agree, or a claim would be promised and never shown.
 */
import { LineReader } from '../format/lines.ts';
import type { FormatError, FrontMatter, Notebook } from '../format/notebook.ts';

/** A claim and the cells that prove or correct it. */
export interface ClaimUse {
  readonly id: string;
  /** Indices of the cells that name it, in order. */
  readonly cells: readonly number[];
}

export interface Lesson {
  /** From the front matter, otherwise the first heading of the prose, otherwise ''. */
  readonly title: string;
  readonly level?: string;
  /** How long the lesson takes, in minutes. */
  readonly minutes?: number;
  /** Every claim that the front matter lists, in its order, then those that only cells name. */
  readonly claims: readonly ClaimUse[];
  readonly problems: readonly FormatError[];
}

/** The lesson that a notebook holds. */
export function lesson({ frontMatter, cells }: Notebook): Lesson {
  const uses = new Map<string, number[]>(frontMatter.claims.map((id) => [id, []]));
  const problems: FormatError[] = [];
  for (const [index, cell] of cells.entries()) {
    for (const id of cell.options.claims ?? []) {
      const use = uses.get(id);
      if (use) use.push(index);
      else uses.set(id, [index]);
      if (!frontMatter.claims.includes(id)) {
        const message = `Claim \`${id}\` is missing in the \`claims:\` of the front matter.`;
        problems.push({ line: cell.place?.line ?? 1, column: 1, message });
      }
    }
  }
  for (const id of frontMatter.claims) {
    if (uses.get(id)?.length) continue;
    problems.push({ line: claimLine(frontMatter, id), column: 1, message: `No cell names the claim \`${id}\`.` });
  }
  const { level, minutes } = frontMatter;
  return {
    title: frontMatter.title ?? firstHeading(cells) ?? '',
    ...(level === undefined ? {} : { level }),
    ...(minutes === undefined ? {} : { minutes }),
    claims: [...uses].map(([id, cells]) => ({ id, cells })),
    problems: problems.sort((a, b) => a.line - b.line),
  };
}

function firstHeading(cells: Notebook['cells']): string | undefined {
  for (const { kind, source } of cells) {
    if (kind !== 'prose') continue;
    for (const line of source.split('\n')) {
      const heading = /^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/.exec(line)?.[1];
      if (heading) return heading;
    }
  }
  return undefined;
}

/** The line of the file on which the front matter lists a claim. */
function claimLine({ raw }: FrontMatter, id: string): number {
  const word = new RegExp(`(?<![a-z0-9-])${id}(?![a-z0-9-])`);
  let inClaims = false;
  for (const lines = new LineReader(raw); !lines.done; lines.advance()) {
    if (/^[^\s#-]/.test(lines.line)) inClaims = /^["']?claims["']?[ \t]*:/.test(lines.line);
    if (inClaims && word.test(lines.line)) return lines.number;
  }
  return 1;
}
