// biome-ignore-all lint/suspicious/noTemplateCurlyInString: cells are text
import assert from 'node:assert/strict';
import { TestSession } from './session.ts';

/** What happens, the cells that are run one after the other, and the value of the last one. */
type Row = readonly [what: string, cells: readonly string[], value: unknown];

const DECLARATIONS: readonly Row[] = [
  ['a const lives on', ['const a = 1', 'a'], 1],
  ['a let lives on and can be assigned', ['let a = 1', 'a = 2', 'a'], 2],
  ['a let without a value is undefined', ['let a', 'a'], undefined],
  ['a var lives on', ['var a = 1', 'a'], 1],
  ["a var in a block is the cell's", ['if (true) { var a = 1 }', 'a'], 1],
  ["a var in a loop head is the cell's", ['for (var i = 0, n = 3; i < n; i++);', '[i, n]'], [3, 3]],
  ["a var over a list is the cell's", ['for (var [k, v] of [[1, 2], [3, 4]]);', '[k, v]'], [3, 4]],
  ["a var over keys is the cell's", ['for (var k in { x: 1, y: 2 });', 'k'], 'y'],
  ['a var without a value hoists', ['const early = a; var a = 1', 'early'], undefined],
  ["a var in a function is the function's", ['const a = 1; function f() { var a = 2; return a }', 'f() + a'], 3],
  [
    'a var named like a caught error means that error',
    ['try { throw 1 } catch (e) { var e = 2; log(e) }', 'e'],
    undefined,
  ],
  ['a let in a block stays there', ['{ let a = 1 } typeof a'], 'undefined'],
  ['a function in a block stays there', ['{ function f() {} } typeof f'], 'undefined'],
  ['a loop variable stays in its loop', ['for (let i = 0; i < 3; i++); typeof i'], 'undefined'],
  ['a function lives on', ['function f(x) { return x * 2 }', 'f(4)'], 8],
  [
    'a function hoists inside its cell',
    ['const r = f(); function f() { return g() } function g() { return 7 }', 'r'],
    7,
  ],
  [
    'an async generator lives on',
    ['async function* g() { yield 1; yield 2 }', 'const r = []; for await (const x of g()) r.push(x); r'],
    [1, 2],
  ],
  ['a class lives on', ['class A { x = 1; static make() { return new A() } }', 'A.make().x'], 1],
  [
    'a class extends one of an earlier cell',
    ['class A { f() { return 1 } }', 'class B extends A { f() { return super.f() + 1 } }', 'new B().f()'],
    2,
  ],
  [
    'an object pattern declares',
    ['const { a, b: { c: [d] }, ...rest } = { a: 1, b: { c: [2] }, e: 3 }', '[a, d, rest]'],
    [1, 2, { e: 3 }],
  ],
  [
    'an array pattern declares, with holes and a rest',
    ['let [a, , b = 5, ...c] = [1, 2, undefined, 4, 5]', '[a, b, c]'],
    [1, 5, [4, 5]],
  ],
  ['a default sees what stands before it', ['const { a, b = a + 1 } = { a: 1 }', 'b'], 2],
  ['a closure in a default sees later assignments', ['let { a, f = () => a } = { a: 1 }; a = 2', 'f()'], 2],
  ['a computed key in a pattern', ['const key = "x"; const { [key]: a } = { x: 9 }', 'a'], 9],
  ['a const may be declared anew', ['const a = 1', 'const a = 2', 'a'], 2],
  ['a const may become a function', ['const a = 1', 'function a() { return 3 }', 'a()'], 3],
  [
    'a cell may be run again',
    ['let n = 0; const add = () => ++n; add()', 'let n = 0; const add = () => ++n; add()'],
    1,
  ],
  ['a declaration starts afresh', ['let a = 1', 'let a; a'], undefined],
  ['a global may be declared anew', ['const host = { name: "mine" }', 'host.name'], 'mine'],
  ['a built-in may be declared anew', ['const Map = 3', 'Map'], 3],
  [
    'unusual names',
    ['const ünïcode = 1, $ = 2, _ = 3, of = 4, async = 5, get = 6', 'ünïcode + $ + _ + of + async + get'],
    21,
  ],
  ['two declarations in one statement see each other', ['const a = 1, b = a + 1', '[a, b]'], [1, 2]],
];

const CLOSURES: readonly Row[] = [
  ['a closure sees later assignments', ['let n = 1; const get = () => n', 'n = 5', 'get()'], 5],
  ['a closure assigns for later cells', ['let n = 1; function inc() { n++ }', 'inc(); inc()', 'n'], 3],
  ['a closure sees a later declaration of its name', ['let n = 1; const get = () => n', 'let n = 9', 'get()'], 9],
  [
    'a function may use what a later cell declares',
    ['function f() { return later * 2 }', 'const later = 21', 'f()'],
    42,
  ],
  ['a parameter shadows', ['const x = 1; const f = (x) => x', 'f(2)'], 2],
  ['a parameter default sees the session', ['const x = 1; const f = (y = x) => y', 'f()'], 1],
  ['a parameter default does not see the body', ['const x = 1; function f(y = x) { var x = 2; return y }', 'f()'], 1],
  [
    'a var in a body shadows before its line',
    ['const x = 1; function f() { const early = x; var x = 2; return early }', 'f()'],
    undefined,
  ],
  ['a local function shadows', ['const x = 1; function f() { return x(); function x() { return 2 } }', 'f()'], 2],
  ['a caught error shadows', ['const e = 1; let r; try { throw 2 } catch (e) { r = e }', '[e, r]'], [1, 2]],
  [
    'a caught pattern shadows',
    ['const message = 1; let r; try { throw new Error("boo") } catch ({ message }) { r = message }', '[message, r]'],
    [1, 'boo'],
  ],
  [
    'the name of a function expression shadows',
    ['const f = 1; const g = function f(n) { return n ? f(n - 1) : "end" }', '[f, g(3)]'],
    [1, 'end'],
  ],
  [
    'the name of a class expression shadows',
    ['const A = 1; const B = class A { static self = A }', 'B.self === B && A'],
    1,
  ],
  ['a case declares for its switch', ['const x = 1; switch (x) { case 1: let x = 2; log(x) }', 'x'], 1],
  [
    'every turn of a loop has its own variable',
    ['const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i)', 'fs.map((f) => f())'],
    [0, 1, 2],
  ],
  [
    'a static block is a scope',
    ['const x = 1; class A { static y; static { var x = 2; this.y = x } }', '[x, A.y]'],
    [1, 2],
  ],
];

const EXPRESSIONS: readonly Row[] = [
  ['no expression, no value', ['let a = 1'], undefined],
  ['the last expression is the value', ['1; 2; 3'], 3],
  ['an expression before types is the last one', ['5\ntype T = number; interface I {}'], 5],
  ['an assignment is an expression', ['let a; a = 4'], 4],
  ['a block has no value', ['1; { 2 }'], undefined],
  ['a promise at the end is awaited', ['Promise.resolve(6)'], 6],
  ['await works at the top', ['const a = await Promise.resolve(1); a + (await 2)'], 3],
  ['an object literal in parentheses', ['({ a: 1 })'], { a: 1 }],
  ['an empty cell', [''], undefined],
  ['a cell of comments', ['// nothing\n/* to do */'], undefined],
  ['shorthand properties', ['const a = 1, b = 2', '({ a, b, c: a })'], { a: 1, b: 2, c: 1 }],
  ['a key is no variable', ['const a = 1', '({ a: 2 }).a'], 2],
  ['a computed key is one', ['const a = "k"', '({ [a]: 2 }).k'], 2],
  ['assignment to a pattern', ['let a = 1, b = 2', '[a, b] = [b, a]; ({ a, b })'], { a: 2, b: 1 }],
  ['assignment to a pattern with shorthand and default', ['let a, b', '({ a, b = 5 } = { a: 1 }); [a, b]'], [1, 5]],
  ['assignment to members in a pattern', ['const o = {}; [o.x, o["y"]] = [1, 2]; o'], { x: 1, y: 2 }],
  [
    'a loop assigns to a session variable',
    ['let x; const seen = []; for (x of [1, 2]) seen.push(x)', '[x, seen]'],
    [2, [1, 2]],
  ],
  ['a loop assigns to a pattern', ['let a, b; for ([a, { b }] of [[1, { b: 2 }]]);', '[a, b]'], [1, 2]],
  ['compound and logical assignment', ['let a = 2, b = null, c = 1; a **= 3; b ??= 4; c &&= 5; [a, b, c]'], [8, 4, 5]],
  ['increment and decrement', ['let a = 1; [a++, ++a, a--, --a, a]'], [1, 3, 3, 1, 1]],
  ['typeof of what nobody declared', ['typeof nobody'], 'undefined'],
  ['typeof of a session variable', ['const a = 1', 'typeof a + typeof (a)'], 'numbernumber'],
  ['typeof of a name that is absent here', ['typeof setTimeout + typeof process'], 'undefinedundefined'],
  ['a function gets no this', ['function f() { return this }', 'f() === undefined && (f)() === undefined'], true],
  ['a tag gets no this', ['function f() { return this }', 'f`x` === undefined'], true],
  [
    'a method keeps its this',
    ['const o = { n: 1, f() { return this.n } }', '[o.f(), (o.f)(), o["f"](), o?.f(), o.f?.()]'],
    [1, 1, 1, 1, 1],
  ],
  [
    'a method of a chain keeps its this',
    ['const o = { a: { n: 2, f(x) { return this.n + x } } }', '[o?.a.f(1), o.a?.f?.(2), o.b?.f(3).g]'],
    [3, 4, undefined],
  ],
  [
    'optional calls of nothing',
    ['let f; const o = {}', '[f?.(), f?.(1), o.g?.(), o.g?.(1).h]'],
    [undefined, undefined, undefined, undefined],
  ],
  ['an optional call does not evaluate its arguments', ['let n = 0; const o = {}; o.f?.(n++); n'], 0],
  [
    'new with and without arguments',
    [
      'class A { constructor(...a) { this.a = a } }',
      '[new A, new A(), new A(1, 2), new (class extends A {})(...[3])].map((x) => x.a)',
    ],
    [[], [], [1, 2], [3]],
  ],
  [
    'super calls',
    [
      'class A { constructor(x) { this.x = x } } class B extends A { constructor() { super(5) } } class C extends A { constructor() { super() } }',
      '[new B().x, new C().x]',
    ],
    [5, undefined],
  ],
  ['spread arguments', ['const f = (...a) => a; f(1, ...[2, 3], 4, ...[5])'], [1, 2, 3, 4, 5]],
  ['tagged templates', ['const tag = (s, ...v) => s.raw.join("|") + v; tag`a${1}b${(2, 3)}\\n`'], 'a|b|\\n1,3'],
  ['a template takes session names', ['const a = 1', '`${a}${`<${a}>`}`'], '1<1>'],
  [
    'private names',
    ['class A { #n = 1; has(o) { return #n in o } get n() { return this.#n } }', '[new A().n, new A().has({})]'],
    [1, false],
  ],
  [
    'new.target',
    [
      'function F() { return new.target === F }',
      'const direct = F(); class G { static t = 1; constructor() { this.t = new.target.t } }; [direct, new G().t]',
    ],
    [false, 1],
  ],
  ['arguments inside a function', ['function f() { return arguments.length + (() => arguments[0])() }', 'f(5, 6)'], 7],
  [
    'generators',
    ['function* g() { const x = yield 1; yield x * 2 }', 'const i = g(); [i.next().value, i.next(4).value]'],
    [1, 8],
  ],
  [
    'getters and setters',
    ['let v = 1; const o = { get x() { return v }, set x(n) { v = n } }; o.x = 5; [o.x, v]'],
    [5, 5],
  ],
  [
    'labels',
    ['let n = 0; outer: for (const i of [1, 2, 3]) { for (;;) { if (i === 2) continue outer; n += i; break } } n'],
    4,
  ],
  ['a label may be named like a variable', ['let a = 0; a: while (true) { a++; break a } a'], 1],
  ['do without a block', ['let i = 0; do i++\nwhile (i < 5)\ni'], 5],
  ['else after a statement without semicolon', ['let r\nif (false) r = 1\nelse r = 2\nr'], 2],
  ['a var between if and else', ['if (true) var a = 1, b = 2; else var a = 3;\n[a, b]'], [1, 2]],
  [
    'names of functions',
    [
      'const f = () => {}, g = function () {}, h = class {}; let { i = () => {} } = {}; let j; j = () => {}',
      '[f, g, h, i, j].map((x) => x.name)',
    ],
    ['f', 'g', 'h', 'i', 'j'],
  ],
  [
    'a name of the language is no variable',
    ['[undefined, NaN, Infinity].map(String)'],
    ['undefined', 'NaN', 'Infinity'],
  ],
  ['a sequence', ['let a = 0; (a = 1, a + 1)'], 2],
  ['in inside the head of a for', ['let r = 0; for (let a = ("x" in { x: 1 }) ? 3 : 0; a > 0; a--) r++; r'], 3],
  ['CRLF line ends', ['const a = 1\r\nconst b = 2\r\na + b'], 3],
];

const TYPES: readonly Row[] = [
  [
    'annotations',
    [
      'const a: number = 1; let b!: string; function f(x?: number, ...r: string[]): x is 3 { return x === 3 }',
      '[a, f(3)]',
    ],
    [1, true],
  ],
  [
    'generics',
    [
      'const id = <T,>(x: T): T => x; function two<A, B extends A = A>(a: A, b: B): [A, B] { return [a, b] }',
      'two<number>(id<number>(1), 2)',
    ],
    [1, 2],
  ],
  ['as, satisfies, non-null', ['const o = { a: [1] } as const satisfies object; (o as any).a![0]!'], 1],
  ['an assertion in angle brackets', ['const a = <number>(<unknown>"5"); a'], '5'],
  ['as keeps what it held together', ['const a = 1, b = 2, c = 3; a + b as number * c'], 9],
  ['as on the left of an assignment', ['let a: unknown; (a as number) = 4; a'], 4],
  [
    'a call through as gets no this',
    ['function f() { return this }', '[(f as any)(), f!(), (f satisfies unknown)()]'],
    [undefined, undefined, undefined],
  ],
  ['a type between two lines', ['const a = 1 as number\n;[1].forEach(() => {})\nconst b = a as number\n(2)\nb'], 1],
  [
    'types and interfaces are gone',
    [
      'type A = { b: string }; interface A2 { b: string } declare const c: number; declare function d(): void',
      'typeof A + typeof A2 + typeof c + typeof d',
    ],
    'undefinedundefinedundefinedundefined',
  ],
  ['a type and a value of one name', ['interface P { x: number } const P = { x: 1 }', 'P.x'], 1],
  [
    'overloads',
    ['function f(x: string): string; function f(x: number): number; function f(x: any) { return x }', 'f(3)'],
    3,
  ],
  [
    'a typed class',
    [
      'abstract class A<T> { protected readonly x?: T; declare y: number; abstract m(): void; [k: string]: unknown; constructor(private_: T) { this.x = private_ } }\nclass B extends A<number> implements Object { override m(this: B): number { return this.x! } static create<T>(x: number) { return new B(x) } n?(): void }',
      'B.create<string>(8).m()',
    ],
    8,
  ],
  [
    'a declared field is not made',
    ['class A { declare x: number; y; z!: number }', 'Object.keys(new A())'],
    ['y', 'z'],
  ],
  [
    'a this parameter is gone',
    ['function f(this: { n: number }, a: number) { return this.n + a }', '[f.call({ n: 1 }, 2), f.length]'],
    [3, 1],
  ],
  ['a return type before an arrow on its own line', ['const f = (x: number)\n: number => x + 1\nf(1)'], 2],
  ['return before a generic arrow', ['function f() { return <\nT>(x: T) => x }', 'f()(3)'], 3],
  [
    'optional and non-null in a chain',
    ['const o: any = { a: null }', '[o?.a!?.b, o!.a?.b!.c]'],
    [undefined, undefined],
  ],
  ['a typed catch', ['let r; try { null!.x } catch (e: unknown) { r = (e as Error).name }', 'r'], 'TypeError'],
  [
    'a typed pattern',
    ['const { a, b = 2 }: { a: number; b?: number } = { a: 1 }; const [c]: number[] = [3]', '[a, b, c]'],
    [1, 2, 3],
  ],
  ['an instantiated generic', ['function id<T>(x: T) { return x } const f = id<number>', 'f(2)'], 2],
  ['import type is gone', ['import type { A } from "a"; export type { B } from "b"; 3'], 3],
  [
    'object methods with types',
    [
      'const o = { async *m<T>(x: T): AsyncGenerator<T> { yield x }, get v(): number { return 4 }, set v(x: number) {} }',
      '[o.v, (await o.m<number>(1).next()).value]',
    ],
    [4, 1],
  ],
];

describe('cells of one session', () => {
  for (const [group, rows] of Object.entries({ DECLARATIONS, CLOSURES, EXPRESSIONS, TYPES })) {
    describe(group.toLowerCase(), () => {
      for (const [what, cells, expected] of rows) {
        it(what, async () => {
          const session = new TestSession();
          let value: unknown;
          for (const cell of cells) value = await session.value(cell);
          assert.deepEqual(value, expected);
        });
      }
    });
  }

  it('keeps what a failing cell did before it failed', async () => {
    const session = new TestSession();
    await session.failure('const a = 1; let b = 2; throw new Error("x"); const c = 3');
    assert.deepEqual(await session.value('[a, b]'), [1, 2]);
    assert.match(
      await session.failure('c'),
      /^ReferenceError: c has no value: the cell that declares it stopped before/,
    );
    assert.match(await session.failure('typeof c'), /^ReferenceError: c has no value/);
    assert.equal(await session.value('const c = 4; c'), 4);
  });

  it('lets the next cell run while one that was given up still waits', async () => {
    const session = new TestSession();
    const givenUp = session.run(
      'let open; const gate = new Promise((resolve) => { open = resolve }); await gate; log("late")',
    );
    assert.equal(await session.value('const a = 1; open(); await 0; await 0; await 0; a'), 1);
    assert.equal((await givenUp).ok, true);
    assert.deepEqual(session.logged, ['late']);
  });

  it('keeps everything when a cell does not parse', async () => {
    const session = new TestSession();
    await session.value('const a = 1');
    assert.match(await session.failure('const a = 2; ]'), /^SyntaxError/);
    assert.equal(await session.value('a'), 1);
  });

  it('knows where a call was made, after its arguments and their calls', async () => {
    const session = new TestSession();
    const source = [
      'const one = here()', // 1
      'const two = host.here(await host.read(0))', // 2
      'const three = [here(), [1].map(() => here())[0], new (class { at = here() })().at]', // 3
      'const four = host', // 4
      '  .here(', // 5
      '    here(),', // 6
      '  )', // 7
      'const five = host?.here?.(...[here()])', // 8
      'const six = host.here`${here()}`', // 9
      'await 0',
      'const seven = await (async () => { await host.read(); return here() })();', // 11
      '[one, two, ...three, four, five, six, seven]',
    ].join('\n');
    assert.deepEqual(await session.value(source, 'c'), [
      'c:1:13',
      'c:2:18',
      'c:3:16',
      'c:3:38',
      'c:3:68',
      'c:5:4',
      'c:8:20',
      'c:9:18',
      'c:11:62',
    ]);
  });

  it('knows the cell of a call in a function of an earlier cell', async () => {
    const session = new TestSession();
    await session.value('\nconst f = () => here()', 'first');
    assert.equal(await session.value('f()', 'second'), 'first:2:17');
    assert.equal(session.scope.position()?.cell, 'first');
  });

  it('reads positions of interleaved tasks in their own calls', async () => {
    const session = new TestSession();
    const source =
      'const task = async (n: number) => { const seen = []; for (let i = 0; i < n; i++) { await 0; seen.push(here()) } return seen }\nconst other = async () => { await 0;\nawait 0; return here() }\nawait Promise.all([task(2), other()])';
    assert.deepEqual(await session.value(source, 'c'), [['c:1:103', 'c:1:103'], 'c:3:17']);
  });
});
