/**
 * The form in which a cell without trivia is written. The parser compares with it to find what trivia a cell needs, and
 * the serializer falls back on it: both must ask the same functions, or a file would change when it is saved.
 */
import type { Eol } from './lines.ts';
import type { Language } from './notebook.ts';

/** The fence of a new code cell. */
export const DEFAULT_RUN = '```';

/** Blank lines before a cell. @param top whether the cell would begin at the first character of the file */
export const defaultLead = (top: boolean, eol: Eol): string => (top ? '' : eol);

/** The `+++` line of a prose cell. */
export const defaultMark = (afterProse: boolean, empty: boolean, eol: Eol): string =>
  afterProse || empty ? `+++${eol}` : '';

export const defaultGap = (eol: Eol): string => eol;

export const defaultOpen = (run: string, language: Language, eol: Eol): string => `${run}{code-cell} ${language}${eol}`;

export const defaultBlank = (hasOptions: boolean, eol: Eol): string => (hasOptions ? eol : '');

export const defaultClose = (run: string, eol: Eol): string => run + eol;
