/**
 * From what the editor holds to what a session is asked: a notebook's front matter to the world's configuration, a cell
 * and its options to a request. Metadata is read with distrust, as other extensions may write it. No editor in here.
 */
import { fromEditor, type Metadata } from '../format/editor.ts';
import type { CellOptions, FrontMatter, Kernel } from '../format/notebook.ts';
import type { CellLanguage, CellRequest, ExercisePart, SessionConfig } from '../session/protocol.ts';

/** What is read from a cell of an editor. */
export interface RequestCell {
  readonly languageId: string;
  readonly text: string;
  readonly metadata: Metadata;
}

const PARTS: readonly string[] = ['starter', 'solution', 'check', 'hint'] satisfies ExercisePart[];
const isPart = (part: string | undefined): part is ExercisePart => part !== undefined && PARTS.includes(part);

/** The front matter of a notebook. @throws FormatFailure when the metadata holds one that is no longer valid. */
export const frontMatterOf = (metadata: Metadata): FrontMatter => fromEditor({ cells: [], metadata }).frontMatter;

/** The options of a cell; none when its metadata holds no record of them. */
export function optionsOf({ options }: Metadata): CellOptions {
  return typeof options === 'object' && options !== null ? (options as CellOptions) : {};
}

/** The world that a notebook describes. */
export function sessionConfig({ seed, topology }: FrontMatter, kernel: Kernel): SessionConfig {
  const hosts = Object.entries(topology.hosts).map(([name, address]) => ({ name, address }));
  const links = topology.links.map((link) => ({ rate: Number.POSITIVE_INFINITY, ...link }));
  return { kernel, seed, topology: { hosts, links } };
}

/** Whether two configurations make the same world. */
export function sameWorld(a: SessionConfig, b: SessionConfig): boolean {
  const text = ({ kernel, seed, topology }: SessionConfig) =>
    JSON.stringify([kernel, seed, topology], (_, value) => (value === Number.POSITIVE_INFINITY ? 'none' : value));
  return text(a) === text(b);
}

/**
 * The name of each cell, unique in the notebook: its label, or `cell-3` for the third; a name that an earlier cell has
 * (a copied cell keeps its label until it is saved) gets `-2`, `-3`, ...
 */
export function cellNames(cells: readonly { readonly metadata: Metadata }[]): string[] {
  const wanted = cells.map(({ metadata }, i) => optionsOf(metadata).label ?? `cell-${i + 1}`);
  const taken = new Set(wanted);
  const used = new Set<string>();
  return wanted.map((name) => {
    let free = name;
    for (let n = 2; used.has(free) || (free !== name && taken.has(free)); n++) free = `${name}-${n}`;
    used.add(free);
    return free;
  });
}

/** The request that runs a cell under the name `label`. */
export function cellRequest({ languageId, text, metadata }: RequestCell, label: string): CellRequest {
  const { views = [], exercise, part } = optionsOf(metadata);
  return {
    label,
    language: languageId as CellLanguage,
    source: text,
    views,
    ...(exercise !== undefined && isPart(part) && { exercise: { name: exercise, part } }),
  };
}

/** The kernel that a cell needs when it is not `kernel`; undefined when the cell may run. */
export function otherKernelNeeded({ metadata }: RequestCell, kernel: Kernel): Kernel | undefined {
  const only = optionsOf(metadata).kernel;
  return only === undefined || only === kernel ? undefined : only;
}
