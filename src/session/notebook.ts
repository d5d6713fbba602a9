/** From a parsed notebook to what a session is asked: the world that it describes, and a request for each of its cells. */
import type { Cell, FrontMatter, Kernel } from '../format/notebook.ts';
import type { CellRequest, ExercisePart, SessionConfig } from './protocol.ts';

const PARTS: readonly string[] = ['starter', 'solution', 'check', 'hint'] satisfies ExercisePart[];
const isPart = (part: string | undefined): part is ExercisePart => part !== undefined && PARTS.includes(part);

/** The world that a front matter describes. A link without a rate sends at once. */
export function sessionConfig(
  { seed, topology }: Pick<FrontMatter, 'seed' | 'topology'>,
  kernel: Kernel,
): SessionConfig {
  const hosts = Object.entries(topology.hosts).map(([name, setup]) => ({ name, ...setup }));
  const links = topology.links.map((link) => ({ rate: Number.POSITIVE_INFINITY, ...link }));
  return { kernel, seed, topology: { hosts, links } };
}

/** A cell as a request under the name that it has in its notebook: its label, or its number among the cells. */
export function cellRequest({ language, source, options }: Cell, index: number): CellRequest {
  const { label = `cell-${index + 1}`, views = [], exercise, part } = options;
  return {
    label,
    language,
    source,
    views,
    ...(exercise !== undefined && isPart(part) && { exercise: { name: exercise, part } }),
  };
}
