/**
 * Option lines of a code cell: `:key: value`, one per line, right under the opening fence.
 *
 * One table says which keys exist and how their values are read and written. A key that is not in the table is kept as
 * it stands, so that a file of a newer version survives; a line that is no option line, a key that comes twice and a bad
 * value are errors. Writing starts from the raw lines and touches only those whose value changed.
 */
import { type Eol, LineReader, RawWriter, trimBlank } from './lines.ts';
import { type CellOptions, KERNELS, type Kernel } from './notebook.ts';

type Known = Omit<CellOptions, 'extra'>;
type Key = keyof Known;

/** How one kind of value is written in an option line. */
interface ValueType<T> {
  /** The value of a non-empty text; `fault` says what is wrong with it. */
  read(text: string): { readonly value: T } | { readonly fault: string };
  /** The text of a value; undefined when it is not of this type. */
  write(value: unknown): string | undefined;
}

const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const SLUG_RULE = 'must be a slug: lower-case letters and digits, joined by single hyphens';

/** Whether a text is a slug: groups of lower-case letters and digits, joined by single hyphens. */
export const isSlug = (text: string): boolean => SLUG.test(text);

const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const text: ValueType<string> = { read: (value) => ({ value }), write: string };

const slug: ValueType<string> = {
  read: (value) => (isSlug(value) ? { value } : { fault: SLUG_RULE }),
  write: string,
};

const kernel: ValueType<Kernel> = {
  read(value) {
    const found = KERNELS.find((name) => name === value);
    return found ? { value: found } : { fault: `must be one of: ${KERNELS.join(', ')}` };
  },
  write: string,
};

const flag: ValueType<true> = {
  read: (value) => (value === 'true' ? { value: true } : { fault: 'can only be true' }),
  write: (value) => (value === true ? 'true' : undefined),
};

const list = (isItem: (item: string) => boolean, rule: string): ValueType<readonly string[]> => ({
  read(value) {
    const items = value
      .replace(/^\[(.*)\]$/s, '$1')
      .split(/[ \t,]+/)
      .filter((item) => item !== '');
    const bad = items.find((item) => !isItem(item));
    if (bad !== undefined) return { fault: `item \`${bad}\` ${rule}` };
    const twice = items.find((item, i) => items.indexOf(item) !== i);
    if (twice !== undefined) return { fault: `names \`${twice}\` twice` };
    return items.length ? { value: items } : { fault: 'needs at least one item' };
  },
  write: (value) => (Array.isArray(value) ? value.join(', ') : undefined),
});
const words = list((item) => /^[^\s,[\]"']+$/.test(item), 'must be a word without quotes or brackets');
const slugs = list(isSlug, SLUG_RULE);

/** Every known option, in the order in which a new cell gets them. */
const OPTIONS: { readonly [K in Key]-?: ValueType<NonNullable<Known[K]>> } = {
  label: slug,
  title: text,
  exercise: slug,
  part: slug,
  kernel,
  views: words,
  tags: words,
  claims: slugs,
  verbatim: flag,
};
const KEYS = Object.keys(OPTIONS) as Key[];
const isKey = (name: string): name is Key => Object.hasOwn(OPTIONS, name);

const LINE = /^:([A-Za-z][A-Za-z0-9_-]*):(?:[ \t](.*))?$/s;

/** Whether a line under the opening fence belongs to the options: a source that starts so needs a blank line above it. */
export const isOptionLine = (line: string): boolean => line.startsWith(':');

/** An option line, taken apart; `column` is the value's, from 1. */
interface RawOption {
  readonly key: string;
  readonly value: string;
  readonly column: number;
}

function rawOption(line: string): RawOption | undefined {
  const [, key, rest = ''] = LINE.exec(line) ?? [];
  if (key === undefined) return undefined;
  const value = trimBlank(rest);
  return { key, value, column: value === '' ? 1 : line.lastIndexOf(value, line.length) + 1 };
}

/** A fault in an option line: 1-based column and length on that line. */
export interface OptionFault {
  readonly column: number;
  readonly length: number;
  readonly message: string;
}

/** Collects the options of one cell, line by line. */
export class OptionReader {
  readonly #known: Partial<Record<Key, unknown>> = {};
  readonly #extra: Record<string, string> = {};

  /** Reads one option line; returns what is wrong with it, if anything. */
  read(line: string): OptionFault | undefined {
    const option = rawOption(line);
    if (!option) {
      const message = 'Bad option line: write `:key: value`, or put a blank line above a source that starts with `:`.';
      return { column: 1, length: line.length, message };
    }
    const { key, value, column } = option;
    if (Object.hasOwn(this.#known, key) || Object.hasOwn(this.#extra, key)) {
      return { column: 2, length: key.length, message: `Option \`${key}\` is given twice.` };
    }
    if (!isKey(key)) {
      this.#extra[key] = value;
      return undefined;
    }
    if (value === '') return { column: 2, length: key.length, message: `Option \`${key}\` needs a value.` };
    const result = OPTIONS[key].read(value);
    if ('fault' in result) return { column, length: value.length, message: `Option \`${key}\`: ${result.fault}.` };
    this.#known[key] = result.value;
    return undefined;
  }

  /** The options read so far; a line with a fault adds none. */
  options(): CellOptions {
    const known = { ...this.#known } as Known;
    return Object.keys(this.#extra).length > 0 ? { ...known, extra: this.#extra } : known;
  }
}

/** A value that no option line can hold. */
export class BadOption extends Error {
  constructor(key: string) {
    super(`option \`${key}\` has a value that cannot be written`);
  }
}

/** Key and text of every option that is set, known ones first. Throws {@link BadOption}. */
function texts(options: CellOptions): Map<string, string> {
  const out = new Map<string, string>();
  for (const key of KEYS) {
    const value = options[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const written = OPTIONS[key].write(value);
    const read = written === undefined ? undefined : reread(key, written);
    if (written === undefined || read !== written) throw new BadOption(key);
    out.set(key, written);
  }
  for (const [key, value] of Object.entries(options.extra ?? {})) {
    if (isKey(key) || reread(key, value) !== value) throw new BadOption(key);
    out.set(key, value);
  }
  return out;
}

/** What a reader of the written line would take for the value's text; undefined when it would object. */
function reread(key: string, value: string): string | undefined {
  const option = /[\r\n\0]/.test(value) ? undefined : rawOption(optionLine(key, value));
  if (option?.key !== key) return undefined;
  if (!isKey(key)) return option.value;
  if (option.value === '') return undefined;
  const result = OPTIONS[key].read(option.value);
  return 'fault' in result ? undefined : OPTIONS[key].write(result.value);
}

const optionLine = (key: string, value: string): string => (value === '' ? `:${key}:` : `:${key}: ${value}`);

/** Whether a cell has any option line. */
export const hasOptions = (options: CellOptions): boolean => texts(options).size > 0;

/**
 * The option lines of a cell. Lines of `raw` whose value still holds stay as they are; a changed value is written anew
 * in its place, a removed one goes, and new ones follow at the end. Throws {@link BadOption}.
 * @param raw option lines as the file had them, '' for a new cell
 */
export function writeOptions(options: CellOptions, raw: string, eol: Eol): string {
  const wanted = texts(options);
  const out = new RawWriter();
  for (const r = new LineReader(raw); !r.done; r.advance()) {
    const option = rawOption(r.line);
    const value = option && wanted.get(option.key);
    if (!option || value === undefined) continue;
    const same = reread(option.key, option.value) === value;
    out.put(same ? raw.slice(r.at, r.next) : optionLine(option.key, value) + (raw.slice(r.end, r.next) || eol));
    wanted.delete(option.key);
  }
  for (const [key, value] of wanted) out.put(optionLine(key, value) + eol);
  return out.text();
}
