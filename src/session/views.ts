/** The views by the ids that cells name them with. */
import { sequence } from '../views/sequence.ts';
import { strace } from '../views/strace.ts';
import type { View, ViewId } from '../views/view.ts';

const VIEWS: Readonly<Partial<Record<ViewId, View<unknown>>>> = { sequence, strace } as Record<string, View<unknown>>;

/** The view of that id, or undefined. */
export const viewById = (id: string): View<unknown> | undefined =>
  Object.hasOwn(VIEWS, id) ? VIEWS[id as ViewId] : undefined;
