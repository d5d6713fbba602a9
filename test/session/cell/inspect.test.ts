import assert from 'node:assert/strict';
import { format, inspect } from '../../../src/session/cell/inspect.ts';

const bytes = (text: string, padding = 0) =>
  new Uint8Array([...new TextEncoder().encode(text), ...new Uint8Array(padding)]);
class SysError extends Error {
  override name = 'SysError';
  errno = 111;
  code = 'ECONNREFUSED';
}
const circular: Record<string, unknown> = { n: 1 };
circular.self = circular;

const VALUES: readonly (readonly [what: string, value: unknown, text: string])[] = [
  ['a string', "it's", `"it's"`],
  ['a number', -0, '-0'],
  ['a big number', 5n, '5n'],
  ['nothing', undefined, 'undefined'],
  ['a list', [1, 'a', [null]], "[ 1, 'a', [ null ] ]"],
  ['a record', { addr: '10.0.0.2', port: 80 }, "{ addr: '10.0.0.2', port: 80 }"],
  ['a map', new Map([['a', { b: 1 }]]), "Map(1) { 'a' => { b: 1 } }"],
  ['a set', new Set([1, 2]), 'Set(2) { 1, 2 }'],
  [
    'an instance',
    new (class Pair {
      a = 1;
      #b = 2;
      get c() {
        return this.#b;
      }
    })(),
    'Pair { a: 1 }',
  ],
  ['a function', function read() {}, '[Function: read]'],
  ['a class', class A extends Map {}, '[class A extends Map]'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['a circle', circular, '<ref *1> { n: 1, self: [Circular *1] }'],
  [
    'a deep value',
    { a: { b: { c: { d: { e: { f: 1 } } } } } },
    '{\n  a: {\n    b: { c: { d: { e: [Object] } } }\n  }\n}',
  ],
  ['text in bytes', bytes('hello'), 'Uint8Array(5) "hello"'],
  ['lines in bytes', bytes('GET / HTTP/1.1\r\n\r\n'), 'Uint8Array(18) "GET / HTTP/1.1\\r\\n\\r\\n"'],
  ['letters beyond ASCII in bytes', bytes('né😀'), 'Uint8Array(7) "né😀"'],
  ['a buffer larger than its text', bytes('hi', 62), 'Uint8Array(64) "hi" and 62 zero bytes'],
  ['an empty buffer', new Uint8Array(16), 'Uint8Array(16) all zero'],
  ['no bytes', new Uint8Array(), 'Uint8Array(0) ""'],
  ['binary bytes', new Uint8Array([0xde, 0xad, 0, 1]), 'Uint8Array(4) <de ad 00 01>'],
  ['one trailing zero', bytes('a', 1), 'Uint8Array(2) <61 00>'],
  ['many binary bytes', new Uint8Array(100).fill(255), `Uint8Array(100) <${'ff '.repeat(64)}... 36 more>`],
  ['long text in bytes', bytes('x'.repeat(500)), `Uint8Array(500) "${'x'.repeat(400)}"... 100 more characters`],
  ['bytes inside', { data: [bytes('ok')] }, '{ data: [ Uint8Array(2) "ok" ] }'],
  ['other numbers', new Uint16Array([1, 2]), 'Uint16Array(2) [ 1, 2 ]'],
  ['an error', new TypeError('bad'), 'TypeError: bad'],
  ['an error without a message', new RangeError(), 'RangeError'],
  [
    'an error with fields',
    new SysError('connect: refused'),
    "SysError: connect: refused { errno: 111, code: 'ECONNREFUSED' }",
  ],
  ['an error with a cause', new Error('a', { cause: new Error('b') }), "Error: a { '[cause]': Error: b }"],
  ['several errors', new AggregateError([new Error('a')], 'all'), "AggregateError: all { '[errors]': [ Error: a ] }"],
  ['an error inside', [new Error('x')], '[ Error: x ]'],
  ['rewritten names in a message', new TypeError('(0 , $nb.f) is not a function'), 'TypeError: f is not a function'],
  [
    'a trap',
    new Proxy(
      {},
      {
        get() {
          throw new Error('trap');
        },
      },
    ),
    "[a value that can't be shown: trap]",
  ],
];

const FORMATS: readonly (readonly [args: readonly unknown[], text: string])[] = [
  [['plain'], 'plain'],
  [['a', 1, 'b', { c: 2 }], 'a 1 b { c: 2 }'],
  [['%s is %d and %i', 'x', 1.5, 1.5], 'x is 1.5 and 1'],
  [['%o|%O', [1], { a: 1 }], '[ 1, [length]: 1 ]|{ a: 1 }'],
  [['%j %%', { a: 1 }], '{"a":1} %'],
  [['%s'], '%s'],
  [['%d', '7', 'more'], '7 more'],
  [[], ''],
];

describe('inspect', () => {
  for (const [what, value, text] of VALUES) it(`shows ${what}`, () => assert.equal(inspect(value), text));

  it('leaves the prototypes as they were', () => {
    inspect(new Uint8Array(1));
    const form = Symbol.for('nodejs.util.inspect.custom');
    assert.equal(form in Uint8Array.prototype || form in Error.prototype, false);
  });
});

describe('format', () => {
  for (const [args, text] of FORMATS) it(JSON.stringify(args), () => assert.equal(format(...args), text));
});
