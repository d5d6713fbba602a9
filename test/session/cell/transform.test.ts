// biome-ignore-all lint/suspicious/noTemplateCurlyInString: cells are text
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import fc from 'fast-check';
import { transform } from '../../../src/session/cell/transform.ts';

/** What is wrong, the cell, and its error as `line:column+length message`. */
type Row = readonly [what: string, source: string, error: string];

const SYNTAX: readonly Row[] = [
  ['a stray bracket', 'const a = 1\nfoo(]', '2:5+1 Unexpected "]"'],
  ['two words', 'foo bar', '1:5+3 Unexpected "bar"'],
  ['an open call', 'f(1,', '1:5+0 Unexpected end of the cell'],
  ['an open block', 'if (a) {\n  b\n', '3:1+0 Unexpected end of the cell'],
  ['an open string', 'const s = "abc', '1:11+1 Unterminated string constant'],
  ['an open template', '`a', '1:2+1 Unterminated template'],
  ['an open regular expression', 'let r = /a', '1:10+1 Unterminated regular expression'],
  ['an open comment', 'a /* b', '1:3+1 Unterminated comment'],
  ['a name declared twice', 'let a = 1\nlet a = 2', "2:5+1 Identifier 'a' has already been declared"],
  [
    'await in a plain function',
    'function f() {\n  await g()\n}',
    "2:3+5 Cannot use keyword 'await' outside an async function",
  ],
  ['return at the top', 'return 3', "1:1+6 'return' outside of function"],
  ['break at the top', 'break', '1:1+5 Unsyntactic break'],
  ['an octal number', 'let y = 08', '1:9+2 Invalid number'],
  ['with', 'with (a) {}', "1:1+4 'with' in strict mode"],
  ['delete of a variable', 'let a; delete (a as any)', '1:8+17 A variable can not be deleted'],
  ['a type without end', 'type A = {\n  b: string', '2:12+0 Unexpected end of the cell'],
  ['a bad annotation', 'let a: = 3', '1:8+1 Unexpected "="'],
  ['an error behind CRLF', 'a\r\nb\r\n  c d', '3:5+1 Unexpected "d"'],
  ['an error behind wide characters', '"😀"; a b', '1:9+1 Unexpected "b"'],
];

const NO_IMPORT = "A cell can't import modules. What it may use is there without an import: client, server";
const NO_EXPORT = 'Leave `export` out: what a cell declares is known in every later cell';

const REFUSED: readonly Row[] = [
  ['import', 'import fs from "fs"', `1:1+19 ${NO_IMPORT}`],
  ['import for effect', 'let a\nimport "x"', `2:1+10 ${NO_IMPORT}`],
  ['import with a type in it', 'import { type A } from "x"', `1:1+26 ${NO_IMPORT}`],
  ['dynamic import', 'const m = await import("x")', `1:17+11 ${NO_IMPORT}`],
  ['import by assignment', 'import a = require("a")', `1:1+23 ${NO_IMPORT}`],
  ['import.meta', 'import.meta.url', '1:1+11 A cell is no module: it has no import.meta'],
  ['export of a declaration', 'export const a = 1', `1:1+18 ${NO_EXPORT}`],
  ['export of names', 'const a = 1; export { a }', `1:14+12 ${NO_EXPORT}`],
  ['default export', 'export default 1', `1:1+16 ${NO_EXPORT}`],
  ['export of everything', 'export * from "x"', `1:1+17 ${NO_EXPORT}`],
  [
    'enum',
    'enum A { B }',
    '1:1+12 An enum is code as well as a type. Write `const Color = { Red: 0, Green: 1 } as const` instead',
  ],
  [
    'const enum',
    'const enum A { B }',
    '1:1+18 An enum is code as well as a type. Write `const Color = { Red: 0, Green: 1 } as const` instead',
  ],
  [
    'namespace',
    'namespace N { export const a = 1 }',
    '1:1+34 A namespace is code as well as a type. Write `const shapes = { ... }` instead',
  ],
  [
    'parameter property',
    'class A { constructor(private x: number) {} }',
    '1:23+17 A parameter property is code as well as a type. Declare the field and assign it in the constructor',
  ],
  ['decorator', '@d class A {}', '1:1+2 Decorators do not run here'],
  ['decorator of a member', 'class A { @d m() {} }', '1:11+2 Decorators do not run here'],
  ['accessor', 'class A { accessor x = 1 }', '1:11+14 `accessor` does not run here. Write a getter and a setter'],
  ['a reserved variable', 'let $nb_x = 1', '1:5+5 Names that begin with $nb are kept for the notebook itself'],
  [
    'a reserved name in a pattern',
    'const { a: [$nb] } = b',
    '1:13+3 Names that begin with $nb are kept for the notebook itself',
  ],
  ['a reserved parameter', 'const f = ($nb) => 1', '1:12+3 Names that begin with $nb are kept for the notebook itself'],
  ['a reserved function', 'function $nb() {}', '1:10+3 Names that begin with $nb are kept for the notebook itself'],
  ['a reserved class', 'class $nb {}', '1:7+3 Names that begin with $nb are kept for the notebook itself'],
  [
    'a reserved error',
    'try {} catch ($nb_error) {}',
    '1:15+9 Names that begin with $nb are kept for the notebook itself',
  ],
  ['a reserved reference', 'log($nb)', '1:5+3 Names that begin with $nb are kept for the notebook itself'],
  ['using', 'using a = b', '1:7+1 Unexpected "a"'],
];

describe('transform', () => {
  for (const [what, source, expected] of [...SYNTAX, ...REFUSED]) {
    it(`points at ${what}`, () => {
      const result = transform(source, { globals: ['client', 'server'] });
      assert.ok(!result.ok, 'should not be accepted');
      const { line, column, length, message } = result.error;
      assert.equal(`${line}:${column}+${length} ${message}`, expected);
    });
  }

  it('lists what a cell declares', () => {
    const source =
      'const a = 1; let { b, c: [d] } = x; function f() { var no } class C {} if (a) { var v; let no2 } type T = 1; declare const no3: 1; interface I {}';
    const result = transform(source);
    assert.ok(result.ok);
    assert.deepEqual(
      result.cell.declares.map(({ kind, name }) => `${kind} ${name}`),
      ['const a', 'let b', 'let d', 'function f', 'class C', 'var v'],
    );
  });

  it('keeps property names that look reserved', () => {
    assert.ok(transform('x.$nb; ({ $nb: 1 }); class A { $nb() {} }').ok);
  });

  it('never throws, and points into the cell', () => {
    const scraps = fc.constantFrom(
      ...' \n;(){}[]<>=.,:?!@#$\'"`\\/*+-&|',
      '=>',
      '...',
      '${',
      '//',
      'let ',
      'const ',
      'async ',
      'await ',
      'function ',
      'class ',
      'type ',
      'as ',
      'enum ',
      'import ',
      'for',
      'of ',
      'x',
      '1',
      '\u2028',
      '\r\n',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 25 }), (pieces) => {
        const source = pieces.join('');
        const result = transform(source);
        if (result.ok) return;
        const { line, column, length } = result.error;
        const text = source.split(/\r\n|[\n\r]/)[line - 1];
        assert.ok(text !== undefined && column >= 1 && column - 1 <= text.length + 1 && length >= 0);
      }),
      { numRuns: 5_000 },
    );
  });

  it('bundles for a browser: nothing of Node is imported', async () => {
    const bundle = await build({
      entryPoints: [new URL('../../../src/session/cell/scope.ts', import.meta.url).pathname],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'esm',
      minify: true,
      logLevel: 'silent',
    });
    const kilobytes = bundle.outputFiles[0]!.contents.length / 1000;
    assert.ok(kilobytes < 350, `${kilobytes} KB`);
  });
});
