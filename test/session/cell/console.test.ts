import assert from 'node:assert/strict';
import { type CellConsole, createConsole } from '../../../src/session/cell/console.ts';

/** What a program prints; a line of stderr begins with `!`. */
function printed(program: (console: CellConsole) => void): string {
  let all = '';
  program(
    createConsole((stream, text) => {
      assert.match(text, /\n$/);
      all += stream === 'stdout' ? text : `!${text}`;
    }),
  );
  return all;
}

const ROWS: readonly (readonly [what: string, program: (console: CellConsole) => void, text: string])[] = [
  ['log, info and debug', (c) => [c.log('a', 1), c.info('b'), c.debug('%d', 2)], 'a 1\nb\n2\n'],
  ['warn and error', (c) => [c.warn('a'), c.error('b')], '!a\n!b\n'],
  ['nothing', (c) => c.log(), '\n'],
  ['dir', (c) => c.dir('text'), "'text'\n"],
  [
    'assert',
    (c) => [c.assert(true, 'no'), c.assert(0, 'n is %d', 5), c.assert(0), c.assert(0, { a: 1 })],
    '!Assertion failed: n is 5\n!Assertion failed\n!Assertion failed: { a: 1 }\n',
  ],
  [
    'count',
    (c) => [c.count(), c.count('x'), c.count(), c.countReset(), c.count()],
    'default: 1\nx: 1\ndefault: 2\ndefault: 1\n',
  ],
  [
    'groups',
    (c) => [c.group('g'), c.log('a\nb'), c.group(), c.log('c'), c.groupEnd(), c.groupEnd(), c.groupEnd(), c.log('d')],
    'g\n  a\n  b\n    c\nd\n',
  ],
  [
    'a table of records',
    (c) =>
      c.table([
        { fd: 3, state: 'LISTEN' },
        { fd: 12, peer: 'x' },
      ]),
    '   fd  state   peer\n0  3   LISTEN\n1  12          x\n',
  ],
  ['a table of values', (c) => c.table({ a: 1, bb: 'two' }), '    value\na   1\nbb  two\n'],
  ['a table of nothing to tabulate', (c) => c.table(5), '5\n'],
];

describe('console', () => {
  for (const [what, program, text] of ROWS) it(`prints ${what}`, () => assert.equal(printed(program), text));

  it('returns nothing', () => {
    assert.equal(createConsole(() => 1).log('x'), undefined);
  });
});
