/** The client against real workers: order, interrupts, death, replay, the end. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import { SessionClient } from '../../src/session/client.ts';
import type { RunResult } from '../../src/session/protocol.ts';
import { nodeWorker } from '../../src/session/worker-host-node.ts';
import { ms } from '../../src/sim/base/time.ts';
import { Bench, benchEach, CONFIG, cell } from './bundle.ts';

const failed = (result: RunResult, name: string): string => {
  assert.equal(result.ok, false, `expected ${name}, got the value ${result.value}`);
  assert.equal(result.error?.name, name, result.error?.stack);
  return result.error?.message ?? '';
};

/** Runs a cell that prints when it is under way, and interrupts it then. */
async function interrupted({ client }: Bench, source: string): Promise<RunResult> {
  return await client.run(cell('runaway', source), { print: () => client.interrupt() });
}

describe('session client', () => {
  const bench = benchEach();

  it('runs cells one at a time, in the order asked for', async () => {
    const order: string[] = [];
    const run = (label: string, source: string) =>
      bench.now.client.run(cell(label, source), { print: (text) => order.push(text.trim()) });
    await Promise.all([
      run('a', 'await sleep(ms(5)); console.log("a", now())'),
      run('b', 'console.log("b", now())'),
      run('c', 'console.log("c", now())'),
    ]);
    assert.deepEqual(order, ['a 5000000', 'b 5000000', 'c 5000000']);
  });

  it('goes on after a cell that failed', async () => {
    failed(await bench.now.run('throw new TypeError("no")'), 'TypeError');
    assert.equal((await bench.now.run('1 + 1')).value, '2');
  });

  it('leads an error through the cells that it passed', async () => {
    const { error } = await bench.now.run(
      'async function fail(fd: number) {\n  await client.close(fd);\n}',
      'await fail(7)',
    );
    assert.deepEqual(
      error?.frames.map(({ cell, line, name }) => `${cell}:${line} ${name}`),
      ['c1:2 fail', 'c2:1 '],
    );
  });

  it('reports print and clock only to the run that they belong to', async () => {
    const heard: string[] = [];
    await bench.now.client.run(cell('a', 'console.log("a")'), { print: (text) => heard.push(`a hears ${text}`) });
    await bench.now.client.run(cell('b', 'console.log("b")'), { print: (text) => heard.push(`b hears ${text}`) });
    assert.deepEqual(heard, ['a hears a\n', 'b hears b\n']);
  });

  /** Cells that never end, each with the line to blame when the session can tell. */
  const RUNAWAYS: [what: string, source: string, line: number | undefined][] = [
    ['an empty loop', 'console.log("on");\nwhile (true) {}', 2],
    ['a loop of awaits', 'console.log("on");\nfor (;;) await null;', 2],
    ['a loop of sleeps', 'console.log("on");\nfor (;;) await sleep(ns(1));', 2],
    ['a loop of system calls', 'console.log("on");\nfor (;;) await client.close(await client.socket(2, 1));', 2],
    [
      'endless recursion of promises',
      'const f = async () => { await null; return f(); };\nconsole.log("on");\nawait f();',
      1,
    ],
    ['a loop that catches everything', 'console.log("on");\nfor (;;) { try { for (;;) {} } catch {} }', 2],
    ['a loop with a finally', 'console.log("on");\nfor (;;) { try { for (;;) {} } finally { console.log("x"); } }', 2],
    ['a do loop in a nested function', 'const f = () => { do { } while (true) };\nconsole.log("on");\n[1].map(f);', 1],
    ['a generator that is drained', 'function* g() { for (;;) yield 1 }\nconsole.log("on");\n[...g()];', 1],
    [
      'a thread',
      'const t = client.spawn("t", async (me) => { console.log("on"); for (;;) await me.sleep(ns(1)); });\nawait t.join();',
      undefined,
    ],
  ];
  for (const [what, source, line] of RUNAWAYS) {
    it(`interrupts ${what} and keeps the state`, async () => {
      await bench.now.run('let kept = 41');
      const result = await interrupted(bench.now, source);
      failed(result, 'Interrupted');
      assert.equal(result.recovery, undefined, 'the worker was replaced');
      if (line !== undefined) assert.equal(result.error?.line, line);
      assert.equal((await bench.now.run('kept + 1')).value, '42');
    });
  }

  it('lets nothing of an interrupted cell go on in the next one', async () => {
    await interrupted(bench.now, 'let i = 0; console.log("on"); for (;;) { await sleep(ns(1)); i++ }');
    const { value } = await bench.now.run('const before = i; await sleep(s(1)); i - before');
    assert.equal(value, '0');
  });

  it('frees the threads that an interrupted cell left in a call', async () => {
    await bench.now.run(
      'const l = await server.socket(AF_INET, SOCK_STREAM); await server.bind(l, { addr: INADDR_ANY, port: 80 }); await server.listen(l, 1)',
    );
    failed(await interrupted(bench.now, 'const p = server.accept(l); console.log("on"); for (;;) {}'), 'Interrupted');
    assert.equal((await bench.now.run('(await server.getsockname(l)).port')).value, '80');
  });

  it('leaves out the cells that waited behind an interrupted one', async () => {
    const { client } = bench.now;
    const running = interrupted(bench.now, 'console.log("on"); for (;;) {}');
    const waiting = client.run(cell('waiting', 'globalThing = 1'));
    failed(await running, 'Interrupted');
    assert.match(failed(await waiting, 'Interrupted'), /not run/i);
  });

  it('ignores an interrupt when nothing runs', async () => {
    bench.now.client.interrupt();
    assert.equal((await bench.now.run('6 * 7')).value, '42');
    bench.now.client.interrupt();
    assert.equal((await bench.now.run('6 * 7')).value, '42');
  });

  it('ends a worker that cannot hear, and brings the state back by running the cells again', async function () {
    this.timeout(30_000);
    await bench.now.run(
      'let count = 1; await sleep(ms(5))',
      'count++; console.log("printed once")',
      'throw new Error("part of the past")',
    );
    const printed: string[] = [];
    const result = await bench.now.client.run(cell('deaf', 'console.log("on"); /(a+)+$/.test("a".repeat(50) + "b")'), {
      print: (text) => {
        printed.push(text);
        bench.now.client.interrupt();
      },
    });
    failed(result, 'Interrupted');
    assert.match(result.recovery ?? '', /3 earlier cells were run again/);
    assert.deepEqual(printed, ['on\n']);
    const after = await bench.now.run('[count, now()]');
    assert.equal(after.value, '[ 2, 5000000 ]');
  });

  it('says which cell a replay could not repeat', async function () {
    this.timeout(30_000);
    await interrupted(bench.now, 'let lost = 7; console.log("on"); for (;;) {}');
    assert.equal((await bench.now.run('lost')).value, '7');
    const result = await interrupted(bench.now, 'console.log("on"); /(a+)+$/.test("a".repeat(50) + "b")');
    assert.match(result.recovery ?? '', /'c1' again went differently \(ReferenceError: lost/);
  });

  it('fails the cell that used up the memory, and goes on with the state', async function () {
    this.timeout(60_000);
    await bench.now.run('const kept = "here"');
    const result = await bench.now.run('const hog = []; for (;;) hog.push(new Array(1000).fill(hog.length));');
    assert.match(failed(result, 'SessionDied'), /memory.*64 MB/);
    assert.match(result.recovery ?? '', /state is back/);
    assert.equal((await bench.now.run('kept')).value, "'here'");
  });

  it('fails a cell that ends its own worker, and goes on', async () => {
    const exit = 'const real = (() => {}).constructor("return process")(); real.exit(3);';
    const result = await bench.now.run(exit);
    assert.match(failed(result, 'SessionDied'), /exit code 3/);
    assert.equal((await bench.now.run('1')).value, '1');
  });

  it('answers every request when the worker dies', async () => {
    const exit = '(() => {}).constructor("return process")().exit(3);';
    const results = await Promise.all(['1', exit, '2', '3'].map((source) => bench.now.run(source)));
    assert.deepEqual(
      results.map(({ value, error }) => value ?? error?.name),
      ['1', 'SessionDied', '2', '3'],
    );
  });

  it('tells when a worker ended without being asked to', async () => {
    const exits: string[] = [];
    bench.now.client.onExit((exit) => exits.push(exit.reason));
    await bench.now.run('(() => {}).constructor("return process")().exit(3);');
    assert.deepEqual(exits, ['crashed']);
  });

  it('starts anew with the same seed after a restart', async () => {
    const probe = 'const fd = await client.socket(AF_INET, SOCK_STREAM); [fd, now(), Math.random()]';
    const first = await bench.now.run(probe);
    await bench.now.run('await sleep(s(1))');
    await bench.now.client.restart();
    assert.equal((await bench.now.run(probe)).value, first.value);
    failed(await bench.now.run('first'), 'ReferenceError');
  });

  it('stops the running cell at a restart', async () => {
    const { client } = bench.now;
    let restarted: Promise<void> | undefined;
    const result = await client.run(cell('busy', 'console.log("on"); for (;;) {}'), {
      print: () => {
        restarted ??= client.restart();
      },
    });
    failed(result, 'Interrupted');
    await restarted;
    assert.equal((await bench.now.run('now()')).value, '0');
  });

  it('settles everything when it is disposed', async () => {
    const bench = await Bench.open();
    const under = new Promise<void>((resolve) => {
      void bench.client.run(cell('first', 'console.log("on")'), { print: () => resolve() });
    });
    await under;
    const running = bench.client.run(cell('running', 'for (;;) {}'));
    const waiting = bench.client.run(cell('waiting', '1'));
    await later(20);
    await bench.client.dispose();
    assert.ok(['Interrupted', 'SessionClosed'].includes((await running).error?.name ?? ''));
    assert.equal((await waiting).ok, false);
    failed(await bench.client.run(cell('late', '1')), 'SessionClosed');
    await bench.client.dispose();
  });

  it('gives the log of its run', async () => {
    await bench.now.run('await sleep(ms(1))');
    const bytes = await bench.now.client.log();
    assert.ok(bytes.length > 0);
  });
});

describe('session client over real sockets', () => {
  if (process.platform !== 'linux') return;
  const bench = benchEach({ kernel: 'loopback' });
  const LISTENING =
    'const l = await server.socket(AF_INET, SOCK_STREAM); await server.bind(l, { addr: server.ip, port: 0 }); await server.listen(l, 1)';
  const open = () => readdirSync('/proc/self/fd').length;

  it('runs cells, keeps their state, and says which views are absent', async () => {
    await bench.now.run(LISTENING);
    const result = await bench.now.client.run(
      cell('ask', '(await server.getsockname(l)).addr', { views: ['strace', 'states'] }),
    );
    assert.equal(result.value, "'127.0.0.2'", result.error?.stack);
    assert.match(result.text, /getsockname\(3/);
    assert.match(result.text, /No states view: /);
  });

  it('interrupts a cell that waits for the real kernel, and keeps the state', async () => {
    await bench.now.run(LISTENING);
    const result = await interrupted(bench.now, 'console.log("on"); await server.accept(l)');
    failed(result, 'Interrupted');
    assert.equal(result.recovery, undefined);
    assert.equal((await bench.now.run('l')).value, '3');
  });

  it('closes every descriptor, also when its worker had to be ended', async function () {
    this.timeout(30_000);
    const before = open();
    await bench.now.run('for (let i = 0; i < 50; i++) await client.socket(AF_INET, SOCK_STREAM)');
    assert.ok(open() >= before + 50);
    const result = await interrupted(bench.now, 'console.log("on"); /(a+)+$/.test("a".repeat(60) + "b")');
    assert.match(result.recovery ?? '', /state is back/);
    assert.ok(open() <= before + 60, 'the descriptors of the ended worker are gone');
    await bench.now.client.dispose();
    assert.ok(open() <= before, `${open()} descriptors, ${before} before`);
  });
});

describe('starting a session', () => {
  it('fails with a reason when the worker is not there', async () => {
    await assert.rejects(
      SessionClient.start(CONFIG, nodeWorker('/nowhere/session-worker.cjs')),
      /could not be started.*nowhere/,
    );
  });

  it('fails with a reason when the notebook describes no world', async () => {
    const topology = { hosts: [{ name: 'sleep', address: '10.0.0.1' }], links: [] };
    await assert.rejects(Bench.open({ topology }), /can't be called 'sleep'/);
    const link = { between: ['client', 'nobody'] as const, delay: ms(1), rate: 1, queue: 1, loss: 0, mtu: 1500 };
    await assert.rejects(Bench.open({ topology: { ...CONFIG.topology, links: [link] } }), /nobody/);
  });
});
