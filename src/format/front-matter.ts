/**
 * The front matter: a YAML mapping between two `---` lines at the very start of the text.
 *
 * Reading never changes the block: its raw text is kept and written back, comments and unknown keys included. Every
 * fault names the line and column of the value at fault.
 */
import { type Document, isMap, parseDocument } from 'yaml';
import { LineReader, trimBlank } from './lines.ts';
import { FORMAT_VERSION, type FormatError, type FrontMatter, KERNELS } from './notebook.ts';
import { isSlug } from './options.ts';
import { DEFAULT_TOPOLOGY, readTopology } from './topology.ts';
import { type Value, YamlReader } from './yaml-reader.ts';

/**
 * Longest front matter, in UTF-16 units. A real one has hundreds; the YAML lexer needs memory in proportion to nesting
 * and ends the whole process at about 40,000 open brackets.
 */
export const MAX_FRONT_MATTER = 16_384;

/** The front matter of a text that has none. */
export const NO_FRONT_MATTER: FrontMatter = {
  raw: '',
  format: FORMAT_VERSION,
  seed: 1,
  topology: DEFAULT_TOPOLOGY,
  claims: [],
  extra: {},
};

/** Whether a first line opens a front matter. */
export const opensFrontMatter = (line: string): boolean => /^---[ \t]*$/.test(line);

/** What was read, how far, and what is wrong with it. `fatal`: the rest of the file cannot be judged. */
export interface FrontMatterResult {
  readonly frontMatter: FrontMatter;
  readonly errors: readonly FormatError[];
  readonly fatal: boolean;
}

/** The front matter at the reader's line, which is moved behind it; {@link NO_FRONT_MATTER} when there is none. */
export function readFrontMatter(lines: LineReader): FrontMatterResult {
  if (lines.done || !opensFrontMatter(lines.line)) {
    return { frontMatter: NO_FRONT_MATTER, errors: [], fatal: false };
  }
  const { at: start, number: firstLine } = lines;
  lines.advance();
  const from = lines.at;
  while (!lines.done && !opensFrontMatter(lines.line)) lines.advance();
  const to = lines.at;
  const fail = (message: string): FrontMatterResult => ({
    frontMatter: NO_FRONT_MATTER,
    errors: [{ line: firstLine, column: 1, length: 3, message }],
    fatal: true,
  });
  if (lines.done) return fail('The front matter is never closed: no second `---` line follows.');
  if (to - from > MAX_FRONT_MATTER) return fail(`The front matter is longer than ${MAX_FRONT_MATTER} characters.`);
  lines.advance();
  return interpret(lines.text.slice(start, lines.at), lines.text.slice(from, to), firstLine + 1);
}

/** The front matter of a raw block on its own, both `---` lines included, as {@link FrontMatter.raw} holds it. */
export function parseFrontMatter(raw: string): FrontMatterResult {
  return readFrontMatter(new LineReader(raw));
}

function interpret(raw: string, block: string, line: number): FrontMatterResult {
  const errors: FormatError[] = [];
  const report = (from: number, to: number, message: string): void => {
    errors.push(errorAt(block, line, from, to, message));
  };
  // YAML knows the lone CR as a line break, the parser does not; the lengths stay equal, so positions hold.
  const yamlText = block.replace(/\r(?!\n)/g, '\n');
  const document = parseDocument(yamlText, { prettyErrors: false, logLevel: 'error' });
  const [fault] = document.errors;
  if (fault) report(fault.pos[0], fault.pos[1], `Bad YAML: ${fault.message}.`);
  else if (document.contents !== null && !isMap(document.contents)) {
    report(0, trimBlank(yamlText).length, 'The front matter must be a mapping of keys to values.');
  }
  if (errors.length > 0) return { frontMatter: { ...NO_FRONT_MATTER, raw }, errors, fatal: false };
  const yaml = new YamlReader(document, report);
  const entries = isMap(document.contents) ? yaml.entries(document.contents, '') : new Map<string, Value>();
  const format = entries.get('format');
  if (format && (document.get('format') as unknown) !== FORMAT_VERSION) {
    const message = `Unknown format version: this program reads \`format: ${FORMAT_VERSION}\`.`;
    yaml.fault(format, message);
    return { frontMatter: { ...NO_FRONT_MATTER, raw }, errors, fatal: true };
  }
  return { frontMatter: { ...NO_FRONT_MATTER, ...fields(yaml, entries, document, report), raw }, errors, fatal: false };
}

type Fields = { -readonly [K in keyof FrontMatter]?: FrontMatter[K] };

/** How each known key is read into the result. */
const READERS: Readonly<Record<string, (yaml: YamlReader, value: Value, into: Fields) => void>> = {
  format: () => {},
  title: (yaml, value, into) => set(into, 'title', yaml.text(value)),
  level: (yaml, value, into) => set(into, 'level', yaml.text(value)),
  minutes: (yaml, value, into) => set(into, 'minutes', yaml.number(value, { min: 0, max: 10_000 })),
  seed: (yaml, value, into) => set(into, 'seed', yaml.number(value, { min: 0, max: 0xffffffff, integer: true })),
  kernel: (yaml, value, into) => set(into, 'kernel', yaml.choice(value, KERNELS)),
  topology: (yaml, value, into) => set(into, 'topology', readTopology(yaml, value)),
  claims: (yaml, value, into) => set(into, 'claims', readClaims(yaml, value)),
};

function set<K extends keyof Fields>(into: Fields, key: K, value: Fields[K] | undefined): void {
  if (value !== undefined) into[key] = value as NonNullable<Fields[K]>;
}

function fields(
  yaml: YamlReader,
  entries: Map<string, Value>,
  document: Document,
  report: (from: number, to: number, message: string) => void,
): Fields {
  const into: Fields = {};
  const extra: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    const read = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (read) read(yaml, value, into);
    else {
      try {
        const plain: unknown = value.node?.toJS(document) ?? null;
        Object.defineProperty(extra, key, { value: plain, enumerable: true, configurable: true, writable: true });
      } catch (error) {
        report(value.from, value.to, `Bad YAML: ${error instanceof Error ? error.message : String(error)}.`);
      }
    }
  }
  return { ...into, extra };
}

function readClaims(yaml: YamlReader, value: Value): string[] | undefined {
  const claims: string[] = [];
  for (const item of yaml.list(value, 'claims') ?? []) {
    const claim = yaml.text(item);
    if (claim === undefined) continue;
    if (!isSlug(claim)) yaml.fault(item, `Claim \`${claim}\` must be a slug: lower-case words joined by hyphens.`);
    else if (claims.includes(claim)) yaml.fault(item, `Claim \`${claim}\` is listed twice.`);
    else claims.push(claim);
  }
  return claims;
}

/** An error at the offsets `[from, to)` of a block that starts in `line`, cut at the end of its first line. */
function errorAt(block: string, line: number, from: number, to: number, message: string): FormatError {
  const lines = new LineReader(block);
  // A fault behind the last line is shown at the end of the last line, where the reader can see it.
  const at = Math.min(from, Math.max(0, block.length - 1));
  while (lines.next <= at) lines.advance();
  const start = Math.min(at, lines.end);
  const length = Math.max(1, Math.min(to, lines.end) - start);
  return {
    line: line + lines.number - 1,
    column: start - lines.at + 1,
    length,
    message: message.replace(/\.\.$/, '.'),
  };
}
