/**
 * From what the editor holds to what a session is asked. Metadata is read with distrust, as other extensions may write
 * it. No editor in here.
 */
import { type EditorCell, fromEditor, type Metadata } from '../format/editor.ts';
import type { CellOptions, FrontMatter, Kernel } from '../format/notebook.ts';
import { cellRequest } from '../session/notebook.ts';
import type { CellRequest, SessionConfig } from '../session/protocol.ts';

/** The front matter of a notebook. @throws FormatFailure when the metadata holds one that is no longer valid. */
export const frontMatterOf = (metadata: Metadata): FrontMatter => fromEditor({ cells: [], metadata }).frontMatter;

/** The options of a cell; none when its metadata holds no record of them. */
export function optionsOf({ options }: Metadata): CellOptions {
  return typeof options === 'object' && options !== null ? (options as CellOptions) : {};
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

/** The request that runs a cell under the name `label`. @throws UnwritableCell when it is of no language of a cell. */
export function requestOf(cell: EditorCell, label: string): CellRequest {
  const [found] = fromEditor({ cells: [cell] }).cells;
  return { ...cellRequest(found as NonNullable<typeof found>, 0), label };
}

/** The kernel that a cell needs when it is not `kernel`; undefined when the cell may run. */
export function otherKernelNeeded({ metadata = {} }: EditorCell, kernel: Kernel): Kernel | undefined {
  const only = optionsOf(metadata).kernel;
  return only === undefined || only === kernel ? undefined : only;
}
