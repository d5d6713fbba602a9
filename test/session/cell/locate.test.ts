// biome-ignore-all lint/suspicious/noTemplateCurlyInString: cells are text
import assert from 'node:assert/strict';
import { TestSession } from './session.ts';

/** What fails, the cells, and the text of the last one's error: name, message, places from the innermost outwards. */
type Row = readonly [what: string, cells: readonly string[], error: string];

const ROWS: readonly Row[] = [
  ['a name nobody declared', ['1;\n  zork'], 'ReferenceError: zork is not defined | c1:2:3'],
  ['a call of a name nobody declared', ['let a = zork(1)'], 'ReferenceError: zork is not defined | c1:1:9'],
  ['assignment to a name nobody declared', ['  zork = 1'], 'ReferenceError: zork is not defined | c1:1:3'],
  ['a constant of this cell', ['const a = 1\na = 2'], "TypeError: Assignment to constant variable 'a' | c1:2:1"],
  [
    'a constant of an earlier cell',
    ['const a = 1', 'if (a)\n  a += 2'],
    "TypeError: Assignment to constant variable 'a' | c2:2:3",
  ],
  ['a constant counted up', ['const a = 1', '[a, a++]'], "TypeError: Assignment to constant variable 'a' | c2:1:5"],
  [
    'a constant in a pattern',
    ['const a = 1, o = { a }', '({ a } = o)'],
    "TypeError: Assignment to constant variable 'a' | c2:1:4",
  ],
  [
    'a constant in a loop head',
    ['const a = 1', 'for (a of [2]);'],
    "TypeError: Assignment to constant variable 'a' | c2:1:6",
  ],
  ['a global', ['host = 1'], "TypeError: Assignment to constant variable 'host' | c1:1:1"],
  [
    'use before declaration',
    ['const a = b\nconst b = 1'],
    "ReferenceError: Cannot access 'b' before initialization | c1:1:11",
  ],
  ['use of oneself', ['const a = a'], "ReferenceError: Cannot access 'a' before initialization | c1:1:11"],
  [
    'assignment before declaration',
    ['a = 1; let a'],
    "ReferenceError: Cannot access 'a' before initialization | c1:1:1",
  ],
  [
    'a class before its declaration',
    ['new A(); class A {}'],
    "ReferenceError: Cannot access 'A' before initialization | c1:1:5",
  ],
  [
    'a property of undefined',
    ['const a = {}', 'a.b.c'],
    "TypeError: Cannot read properties of undefined (reading 'c') | c2:1:5",
  ],
  [
    'behind a type',
    ['const a: { b?: { c: number } } = {}', '(a as any).b!.c'],
    "TypeError: Cannot read properties of undefined (reading 'c') | c2:1:15",
  ],
  [
    'behind a removed line',
    ['interface A {\n  b: string\n}\nnull!.x'],
    "TypeError: Cannot read properties of null (reading 'x') | c1:4:7",
  ],
  [
    'behind a removed generic',
    ['const f = <T extends object>(x: T): T => zork', 'f({})'],
    'ReferenceError: zork is not defined | f, c1:1:42 | c2:1:1',
  ],
  ['no function', ['const a = 1', 'a()'], 'TypeError: a is not a function | c2:1:1'],
  ['no method', ['host.go(1)'], 'TypeError: host.go is not a function | c1:1:6'],
  ['no method of a result', ['const f = () => ({})', 'f(1).g()'], 'TypeError: f(...).g is not a function | c2:1:6'],
  ['no tag', ['const a = 1', 'a`x${a}`'], 'TypeError: a is not a function | c2:1:2'],
  ['no constructor', ['const a = {}', 'new a.b(1)'], 'TypeError: a.b is not a constructor | c2:1:1'],
  [
    'no class to extend',
    ['const a = 1', 'class B extends a {}'],
    'TypeError: Class extends value 1 is not a constructor or null | c2:1:17',
  ],
  ['nothing to iterate', ['const a = {}', 'for (const x of a);'], 'TypeError: a is not iterable | c2:1:17'],
  [
    'nothing to take apart',
    ['let o', 'const { a } = o'],
    "TypeError: Cannot read properties of undefined (reading 'a') | c2:1:9",
  ],
  ['thrown at the top', ['const a = 1\nthrow new Error("boo")'], 'Error: boo | c1:2:7'],
  [
    'thrown in a function',
    ['function f() {\n  throw new RangeError("r")\n}\nf()'],
    'RangeError: r | f, c1:2:9 | c1:4:1',
  ],
  [
    'thrown in a function of an earlier cell',
    ['function f(n) {\n  if (n) g(n)\n}', 'function g(n) { throw new Error("n" + n) }', '\n\n  f(3)'],
    'Error: n3 | g, c2:1:23 | f, c1:2:10 | c3:3:3',
  ],
  [
    'thrown in a method',
    ['class A { m() { throw new Error("m") } }', 'new A().m()'],
    'Error: m | A.m, c1:1:23 | c2:1:9',
  ],
  [
    'thrown in a getter',
    ['const o = { get x() { return zork } }', 'o.x'],
    'ReferenceError: zork is not defined | get x, c1:1:30 | c2:1:3',
  ],
  [
    'thrown in a constructor',
    ['class A { constructor() { zork } }', 'new A()'],
    'ReferenceError: zork is not defined | new A, c1:1:27 | c2:1:1',
  ],
  [
    'thrown in a field',
    ['class A { x = zork }', 'new A'],
    'ReferenceError: zork is not defined | c1:1:15 | new A, c1:1:1 | c2:1:1',
  ],
  [
    'thrown in a callback',
    ['[1].map((x) => {\n  return x.y.z\n})'],
    "TypeError: Cannot read properties of undefined (reading 'z') | c1:2:14 | c1:1:5",
  ],
  ['thrown by the language', ['const text = "%"', 'decodeURI(text).x'], 'URIError: URI malformed | c2:1:1'],
  [
    'thrown after an await',
    ['async function f() {\n  await 0\n  throw new Error("late")\n}', 'const x = 1\nawait f()'],
    'Error: late | f, c1:3:9 | c2:2:1',
  ],
  ['a rejection at the end', ['async function f() { throw new Error("r") }', 'f()'], 'Error: r | f, c1:1:28 | c2:1:1'],
  [
    'thrown in a generator',
    ['function* g() { yield 1; zork }', '[...g()]'],
    'ReferenceError: zork is not defined | g, c1:1:26 | c2:1:5',
  ],
  [
    'thrown by a default',
    ['const f = (x = zork) => x', 'f()'],
    'ReferenceError: zork is not defined | f, c1:1:16 | c2:1:1',
  ],
  ['thrown in a template', ['`a\n${zork}`'], 'ReferenceError: zork is not defined | c1:2:3'],
  ['a string', ['const a = 1\n  throw "boo"'], "Uncaught: 'boo' | c1:2:3"],
  ['an object', ['throw { code: 5 }'], 'Uncaught: { code: 5 } | c1:1:1'],
  [
    'an error with a cause',
    ['throw new Error("a", { cause: new Error("b") })'],
    'Error: a | c1:1:7 | Caused by: Error: b',
  ],
  [
    'an error of an own class',
    ['class Mine extends Error { name = "Mine" }', 'throw new Mine("m")'],
    'Mine: m | c2:1:7',
  ],
  [
    'endless recursion',
    ['let n = 0\nfunction f() { return f() }', 'try { f() } catch (e) { throw new Error(e.message) }'],
    'Error: Maximum call stack size exceeded | c2:1:31',
  ],
  ['columns count UTF-16 units', ['const 𝒶 = "😀"; zork'], 'ReferenceError: zork is not defined | c1:1:18'],
  ['lines end with CR LF', ['const a = 1\r\n\r\nzork'], 'ReferenceError: zork is not defined | c1:3:1'],
  ['lines do not end with U+2028', ['"\u2028"; zork'], 'ReferenceError: zork is not defined | c1:1:6'],
];

const flat = (stack: string) => stack.replace(/\n(?: {4}at )?/g, ' | ');

describe('where an error stands', () => {
  for (const [what, cells, expected] of ROWS) {
    it(what, async () => {
      const session = new TestSession();
      for (const [i, cell] of cells.slice(0, -1).entries()) await session.value(cell, `c${i + 1}`);
      assert.equal(flat(await session.failure(cells.at(-1)!, `c${cells.length}`)), expected);
    });
  }

  it('is the innermost place of the failing cell, and all places with their cells', async () => {
    const session = new TestSession();
    await session.value('function f() {\n  zork\n}', 'earlier');
    const outcome = await session.run('\n  f()', 'later');
    assert.ok(!outcome.ok);
    const { line, column, frames } = outcome.error;
    assert.deepEqual({ line, column }, { line: 2, column: 3 });
    assert.deepEqual(frames, [
      { cell: 'earlier', line: 2, column: 3, name: 'f' },
      { cell: 'later', line: 2, column: 3, name: '' },
    ]);
  });

  it('is told of errors that a cell kept', async () => {
    const session = new TestSession();
    const error = await session.value('let kept; try { null.x } catch (e) { kept = e }; kept', 'a');
    assert.deepEqual(session.scope.locate(error), [{ cell: 'a', line: 1, column: 22, name: '' }]);
    assert.equal(
      await session.value('const n = 1; let m; try { n() } catch (e) { m = e.message }; m'),
      'n is not a function',
    );
  });

  it('is told of rejections that nobody awaited', async () => {
    const session = new TestSession();
    const reasons: unknown[] = [];
    const collect = (reason: unknown) => reasons.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', collect);
    try {
      await session.value('const task = async () => {\n  await 0\n  throw new Error("lost")\n}; void task()', 'a');
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeListener('unhandledRejection', collect);
      for (const listener of others) process.on('unhandledRejection', listener);
    }
    assert.equal(reasons.length, 1);
    const { name, message, line, column } = session.scope.describe(reasons[0]);
    assert.deepEqual({ name, message, line, column }, { name: 'Error', message: 'lost', line: 3, column: 9 });
  });

  it('is the call that an error was blamed on', async () => {
    const scopes: TestSession[] = [];
    const connect = async () => {
      const session = scopes[0]!;
      const place = session.scope.position();
      await new Promise((resolve) => setImmediate(resolve));
      const error = new Error('refused');
      session.scope.blame(error, place);
      throw error;
    };
    const session = new TestSession({ connect });
    scopes.push(session);
    assert.equal(flat(await session.failure('const p = connect()\n\nawait p', 'a')), 'Error: refused | a:1:11 | a:3:1');
    assert.equal(flat(await session.failure('await connect()', 'b')), 'Error: refused | b:1:7');
    const indirect = 'async function go() {\n  await connect()\n}\nawait go()';
    assert.equal(flat(await session.failure(indirect, 'c')), 'Error: refused | go, c:2:9 | c:4:1');
  });

  it('is nowhere when an error refuses to be looked at', async () => {
    const session = new TestSession();
    const hostile = 'throw new Proxy(new Error("x"), { get() { throw 1 } })';
    assert.equal(await session.failure(hostile), "Uncaught: an error that can't be shown");
  });

  it('names cells whose labels hold anything', async () => {
    const session = new TestSession();
    const cell = 'a b#3:(x) 😀/é';
    const outcome = await session.run('zork', cell);
    assert.ok(!outcome.ok);
    assert.deepEqual(outcome.error.frames, [{ cell, line: 1, column: 1, name: '' }]);
  });
});
