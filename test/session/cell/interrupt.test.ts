import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { TestSession } from './session.ts';

/** Cells that never end by themselves, and the place where the stop finds them. */
const ENDLESS: readonly (readonly [what: string, source: string, place: string])[] = [
  ['while', 'while (true) {}', '1:14'],
  ['while without a block', 'let n = 0\nwhile (true) n++', '2:14'],
  ['while over an empty statement', 'while (true);', '1:13'],
  ['do', 'do { } while (true)', '1:4'],
  ['for', 'for (;;) {\n}', '1:10'],
  ['for over an endless generator', 'function* g() { while (true) yield 1 }\nfor (const x of g()) {}', '2:22'],
  [
    'for over an endless iterator',
    'const it = { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }\nfor (const x of it);',
    '2:20',
  ],
  ['spread of an endless generator', 'function* g() { for (;;) yield* [] }\n[...g()]', '1:26'],
  ['await in a loop', 'for (;;) await 0', '1:10'],
  ['for await', 'async function* g() { while (true) yield 1 }\nfor await (const x of g());', '2:27'],
  ['labelled continue', 'a: while (true) { for (const x of [1]) { continue a } }', '1:17'],
  ['recursion that takes forever', 'const f = (n: number): number => n < 2 ? 1 : f(n - 1) + f(n - 2)\nf(80)', '1:34'],
  ['recursion through await', 'async function f(): Promise<void> { await 0; return f() }\nawait f()', '1:35'],
  ['recursion through then', 'const f = (): unknown => Promise.resolve().then(f)\nawait f()', '1:26'],
  [
    'a callback that is called for ever',
    'const xs = [0]\nxs.forEach((x) => { xs.push(x); xs.length > 5 && (xs.length = 0); while (true) ; })',
    '2:80',
  ],
  ['catch in the loop', 'while (true) { try { null!.x } catch {} }', '1:14'],
  ['catch around a loop in a loop', 'while (true) { try { while (true) {} } catch {} }', '1:35'],
  ['catch with a name', 'for (;;) { try { for (;;) {} } catch (e) { e; } }', '1:27'],
  ['catch with a pattern', 'for (;;) { try { for (;;) {} } catch ({ message }) { message } }', '1:27'],
  [
    'catch around an await',
    'const f = async () => { for (;;) {} }\nfor (;;) { try { await f() } catch (e) {} }',
    '1:34',
  ],
  ['catch of a promise', 'const f = async () => { for (;;) {} }\nfor (;;) await f().catch(() => 0)', '2:32'],
  ['finally that goes on', 'for (;;) { try { for (;;) {} } finally { continue } }', '1:10'],
  ['finally that loops', 'try { for (;;) {} } finally { for (;;) {} }', '1:40'],
  [
    'finally that returns',
    'const f = () => { for (;;) { try { for (;;) {} } finally { return 1 } } }\nwhile (true) f()',
    '2:14',
  ],
  ['a static block', 'class A { static { while (true); } }', '1:32'],
  [
    'a getter',
    'const o = { get x(): number { return this.x && 1 + this.y }, get y(): number { while (true) ; } }; o.y',
    '1:93',
  ],
  ['a for with var', 'for (var i = 0; ; i++);', '1:23'],
  ['for in', 'const o = { a: 1 }\nfor (;;) for (const k in o);', '2:10'],
];

describe('stopping a cell', () => {
  for (const [what, source, place] of ENDLESS) {
    it(`ends ${what}`, async () => {
      const session = new TestSession();
      await session.value('let kept = 1');
      session.patience = session.ticks + 1_000;
      const outcome = await session.run(source, 'endless');
      assert.ok(!outcome.ok);
      const { name, line, column } = outcome.error;
      assert.deepEqual({ name, place: `${line}:${column}` }, { name: 'Interrupted', place });
      session.patience = Number.POSITIVE_INFINITY;
      assert.equal(await session.value('kept += 1'), 2);
    });
  }

  it('runs finally blocks on the way out', async () => {
    const session = new TestSession();
    session.patience = 100;
    await session.failure('let closed = false; try { for (;;) {} } finally { closed = true }');
    session.patience = Number.POSITIVE_INFINITY;
    assert.equal(await session.value('closed'), true);
  });

  it('ends a task of an interrupted cell that is still about when the next one runs', async () => {
    const session = new TestSession();
    await session.value(
      'let turns = 0; const task = async () => { for (;;) { try { await 0; turns++ } catch {} } }; void task().catch(() => 0)',
    );
    session.patience = session.ticks;
    for (let i = 0; i < 10; i++) await null;
    session.patience = Number.POSITIVE_INFINITY;
    const turns = await session.value('turns');
    for (let i = 0; i < 10; i++) await null;
    assert.equal(await session.value('turns'), turns);
  });

  it('leaves other errors to the cell', async () => {
    const session = new TestSession();
    assert.equal(await session.value('let r; try { null.x } catch { r = 1 } finally { r++ }; r'), 2);
  });

  it('works from another thread, through shared memory', async () => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const path = fileURLToPath(new URL('interrupt-worker.ts', import.meta.url));
    const worker = new Worker(
      `import('tsx/esm/api').then((tsx) => tsx.tsImport(${JSON.stringify(path)}, ${JSON.stringify(import.meta.url)}))`,
      { eval: true, workerData: flag },
    );
    try {
      const seen: unknown[] = [];
      await new Promise<void>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('message', (message) => {
          seen.push(message);
          if (message === 'running') Atomics.store(flag, 0, 1);
          if (seen.length === 3) resolve();
        });
      });
      assert.deepEqual(seen, ['running', 'Interrupted', 'kept']);
    } finally {
      await worker.terminate();
    }
  });
});
