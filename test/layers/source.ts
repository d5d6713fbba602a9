/**
 * Reads TypeScript source as text, enough to know what is code and what is not.
 *
 * `mask` blanks comments and the insides of string, template and regular expression literals and keeps every offset, so
 * that a search in the masked text finds code only. `importsOf` finds every static and dynamic import and re-export.
 * It must not know any rule; those are in rules.ts.
 */

/** One import of a file: the specifier as written, its 1-based line, and whether only types come through it. */
export type Import = { readonly from: string; readonly line: number; readonly typeOnly: boolean };

/** What may stand before a `/` that opens a regular expression rather than divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};<>+\-*%~^]|\b(?:return|typeof|case|in|of|void|yield|await|else|do))\s*$/;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** The same text with comments and the insides of literals turned into spaces; line breaks stay. */
export function mask(source: string): string {
  let out = '';
  let at = 0;
  /** For each `${` being read, how many braces are open inside it. */
  const holes: number[] = [];
  const keep = (n: number) => {
    out += source.slice(at, at + n);
    at += n;
  };
  const hide = (to: number) => {
    out += blank(source.slice(at, to));
    at = to;
  };
  /** Reads template text up to its closing backtick or its next `${`. */
  const template = () => {
    let end = at;
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end))
      end += source[end] === '\\' ? 2 : 1;
    hide(Math.min(end, source.length));
    if (source[at] === '`') keep(1);
    else if (at < source.length) {
      keep(2);
      holes.push(0);
    }
  };
  while (at < source.length) {
    const here = source[at] as string;
    if (source.startsWith('//', at)) hide(endOf(source, '\n', at));
    else if (source.startsWith('/*', at)) hide(Math.min(source.length, endOf(source, '*/', at + 2) + 2));
    else if (here === "'" || here === '"') {
      let end = at + 1;
      while (end < source.length && source[end] !== here && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
      keep(1);
      hide(Math.min(end, source.length));
      if (at < source.length) keep(1);
    } else if (here === '`') {
      keep(1);
      template();
    } else if (here === '/' && BEFORE_REGEX.test(out.slice(-80))) {
      const body = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//.exec(source.slice(at))?.[0];
      if (body === undefined) keep(1);
      else {
        keep(1);
        hide(at + body.length - 2);
        keep(1);
      }
    } else {
      const open = holes.length - 1;
      if (open >= 0 && here === '{') holes[open] = (holes[open] as number) + 1;
      if (open >= 0 && here === '}') {
        if (holes[open] === 0) {
          holes.pop();
          keep(1);
          template();
          continue;
        }
        holes[open] = (holes[open] as number) - 1;
      }
      keep(1);
    }
  }
  return out;
}

const endOf = (text: string, mark: string, from: number): number => {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found;
};

/** The 1-based line of an offset. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** `import`/`export ... from ''`, `import ''`, `import('')`; group 1 is what stands before the opening quote. */
const IMPORT = /\b((?:import|export)\b(?:[^;'"`()]*?\bfrom)?\s*|import\s*\(\s*)(['"`])/g;

/** Every import of a source file. */
export function importsOf(source: string): Import[] {
  const code = mask(source);
  const found: Import[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const [all, before, quote] = match as unknown as [string, string, string];
    if (/^export\s*$/.test(before)) continue; // `export 'x'` is no import
    const start = match.index + all.length;
    found.push({
      from: source.slice(start, code.indexOf(quote, start)),
      line: lineAt(source, match.index),
      typeOnly: /^(?:import|export)\s+type\b/.test(before),
    });
  }
  return found;
}
