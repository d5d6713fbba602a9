/** The `console` of a cell: what a program prints goes to a sink of the session's, a line or more at a time. */
import { format, inspect } from './inspect.ts';

/** Takes text that ends with a line break. */
export type Print = (stream: 'stdout' | 'stderr', text: string) => void;

/** Console functions that need no real clock and no debugger. */
export interface CellConsole {
  log(...args: unknown[]): void;
  info(...args: unknown[]): void;
  debug(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
  /** Prints only when the condition does not hold. */
  assert(condition: unknown, ...args: unknown[]): void;
  dir(value: unknown): void;
  /** A list of records, a column for each of their keys. */
  table(rows: unknown): void;
  count(label?: string): void;
  countReset(label?: string): void;
  /** Indents what follows until `groupEnd`. */
  group(...args: unknown[]): void;
  groupEnd(): void;
}

export function createConsole(print: Print): CellConsole {
  const counts = new Map<string, number>();
  let indent = '';
  const write = (stream: 'stdout' | 'stderr', text: string): void => {
    print(stream, `${text.replace(/^/gm, indent)}\n`);
  };
  const out = (...args: unknown[]) => write('stdout', format(...args));
  const err = (...args: unknown[]) => write('stderr', format(...args));
  return {
    log: out,
    info: out,
    debug: out,
    warn: err,
    error: err,
    assert(condition, ...args) {
      if (condition) return;
      if (args.length === 0) err('Assertion failed');
      else
        err(
          typeof args[0] === 'string' ? `Assertion failed: ${args[0]}` : 'Assertion failed:',
          ...(typeof args[0] === 'string' ? args.slice(1) : args),
        );
    },
    dir: (value) => write('stdout', inspect(value)),
    table: (rows) => write('stdout', table(rows) ?? inspect(rows)),
    count(label = 'default') {
      const n = (counts.get(label) ?? 0) + 1;
      counts.set(label, n);
      write('stdout', `${label}: ${n}`);
    },
    countReset: (label = 'default') => void counts.delete(label),
    group(...args) {
      if (args.length > 0) out(...args);
      indent += '  ';
    },
    groupEnd() {
      indent = indent.slice(2);
    },
  };
}

/** Rows of plain text under the names of their columns; `undefined` for what is no list of records. */
function table(rows: unknown): string | undefined {
  if (typeof rows !== 'object' || rows === null) return undefined;
  const entries = Object.entries(rows);
  const columns = [...new Set(entries.flatMap(([, row]) => (isRecord(row) ? Object.keys(row) : ['value'])))];
  const cells = entries.map(([index, row]) => {
    const value = (column: string) => (isRecord(row) ? row[column] : column === 'value' ? row : undefined);
    return [index, ...columns.map((column) => (value(column) === undefined ? '' : format(value(column))))];
  });
  const lines = [['', ...columns], ...cells];
  const widths = ['', ...columns].map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
