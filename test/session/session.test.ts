/** Cells against a session in this very thread: values, errors and their places, bounds, exercises, output. */
import assert from 'node:assert/strict';
import { DEFAULT_TOPOLOGY } from '../../src/format/topology.ts';
import { sessionConfig } from '../../src/session/notebook.ts';
import type { Platform } from '../../src/session/platform.ts';
import { type CellRequest, PRINT_LIMIT, type RunResult, type SessionConfig } from '../../src/session/protocol.ts';
import { Session } from '../../src/session/session.ts';
import { ms, s } from '../../src/sim/base/time.ts';
import { decode } from '../../src/sim/trace/codec.ts';
import { decodePayload } from '../../src/views/payload.ts';

const PLATFORM: Platform = {
  drain: () => new Promise((resolve) => setImmediate(resolve)),
  exhausted: () => undefined,
  createLoopback: () => Promise.reject(new Error('not here')),
};

const LISTENING = `const door = await server.socket(AF_INET, SOCK_STREAM);
await server.bind(door, { addr: INADDR_ANY, port: 80 });
await server.listen(door, 5);`;

class Bench {
  readonly session: Session;
  printed: [stream: string, text: string][] = [];
  clocks: number[] = [];
  #cells = 0;

  constructor(session: Session) {
    this.session = session;
  }

  static async open(config: Partial<SessionConfig> = {}, platform: Partial<Platform> = {}): Promise<Bench> {
    const whole = { ...sessionConfig({ seed: 1, topology: DEFAULT_TOPOLOGY }, 'simulator'), ...config };
    return new Bench(await Session.create(whole, { ...PLATFORM, ...platform }));
  }

  /** Runs a cell named c1, c2, ... */
  run(source: string, more: Partial<CellRequest> = {}, replay = false): Promise<RunResult> {
    const cell = { label: `c${++this.#cells}`, language: 'typescript' as const, source, views: [], ...more };
    const control = {
      stopped: () => false,
      print: (stream: string, text: string) => this.printed.push([stream, text]),
      clock: (now: number) => this.clocks.push(now),
    };
    return this.session.run(cell, control, replay);
  }

  get output(): string {
    return this.printed.map(([, text]) => text).join('');
  }
}

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});

/** The error's name and place, as one text. */
const at = ({ error }: RunResult): string => `${error?.name} ${error?.line}:${error?.column}`;

describe('a cell', () => {
  it('connects over IPv6 by the names that C has for it', async () => {
    const listening = LISTENING.replace('AF_INET,', 'AF_INET6,').replace('INADDR_ANY', 'in6addr_any');
    const result = await bench.run(`${listening}
const fd = await client.socket(AF_INET6, SOCK_STREAM);
await client.connect(fd, { addr: server.ip6, port: 80 });
const peer = { addr: '', port: 0 };
await server.accept(door, peer);
console.log(peer.addr === client.ip6, (await client.getpeername(fd)).addr, client.ip);`);
    assert.ok(result.ok, JSON.stringify(result.error));
    assert.equal(bench.output, 'true 2001:db8::2 10.0.0.1\n');
  });
});

describe('values and output of a cell', () => {
  const VALUES: [source: string, value: string | undefined][] = [
    ['1 + 1', '2'],
    ['undefined', undefined],
    ['const x = 5', undefined],
    ['"text"', "'text'"],
    ['await client.socket(AF_INET, SOCK_STREAM)', '3'],
    ['client', 'Process client (pid 100, 10.0.0.1)'],
    ['client.spawn("helper", async () => 1)', 'Spawned helper'],
    ['let seen; client.spawn("helper", async (me) => { seen = me }); await sleep(1); seen', 'Thread helper of client'],
    ['[now(), ms(20), us(1), s(1), ns(7)]', '[ 0, 20000000, 1000, 1000000000, 7 ]'],
    ['await sleep(ms(20)); now()', '20000000'],
    ['text(bytes("héllo"), 3)', "'hé'"],
    ['buffer(3)', 'Uint8Array(3) all zero'],
    ['[AF_INET, SOCK_STREAM, SHUT_WR, INADDR_ANY]', "[ 2, 1, 1, '0.0.0.0' ]"],
    [
      'try { await client.close(9) } catch (e) { [e instanceof SysError, e.code, e.errno, e.syscall].join() }',
      undefined,
    ],
  ];
  for (const [source, value] of VALUES) {
    it(`shows ${value} for ${source}`, async () => assert.equal((await bench.run(source)).value, value));
  }

  it('passes on what is printed, by stream', async () => {
    await bench.run('console.log("a", 1); console.error("b"); console.log("c")');
    assert.deepEqual(bench.printed, [
      ['stdout', 'a 1\n'],
      ['stderr', 'b\n'],
      ['stdout', 'c\n'],
    ]);
  });

  it('prints nothing and draws nothing in a replay, but runs', async () => {
    const result = await bench.run('let n = 1; console.log("x"); n', { views: ['strace'] }, true);
    assert.deepEqual([bench.output, result.value, result.payload, result.text], ['', undefined, undefined, '']);
    assert.equal((await bench.run('n')).value, '1');
  });

  it('cuts what is printed without end, and says so', async () => {
    await bench.run('for (let i = 0; i < 3000; i++) console.log("x".repeat(999))');
    const last = bench.printed.pop();
    assert.equal(bench.output.length, PRINT_LIMIT);
    assert.deepEqual(last, ['stderr', '\n[output truncated: 2000000 more characters were printed]\n']);
  });

  it('tells the clock and the number of events', async () => {
    const result = await bench.run('await client.sleep(s(2))');
    assert.equal(result.now, s(2));
    const decoded = decode(bench.session.encodedLog());
    assert.equal(result.events, decoded.ok && decoded.log.length);
  });
});

describe('errors of a cell', () => {
  const PLACES: [source: string, at: string][] = [
    ['1 +', 'SyntaxError 1:4'],
    ['const a = 1;\nconst b = a.b.c;', 'TypeError 2:15'],
    ['\n  throw new RangeError("x")', 'RangeError 2:9'],
    [
      'const fd = await client.socket(AF_INET, SOCK_STREAM);\nawait client.connect(fd, { addr: server.ip, port: 81 });',
      'SysError 2:14',
    ],
    ['await client.sleep(ms(5));\nawait\n  client.close(9)', 'SysError 3:10'],
    ['await Promise.all([\n  client.close(9),\n])', 'SysError 2:10'],
    ['missing()', 'ReferenceError 1:1'],
    ['process.exit(1)', 'ReferenceError 1:1'],
    ['sleep(-1)', 'TypeError 1:1'],
    ['buffer(1.5)', 'RangeError 1:1'],
    ['client.bind(3, 80)', 'TypeError 1:8'],
    ['client.spawn(async () => 1)', 'TypeError 1:8'],
  ];
  for (const [source, place] of PLACES) {
    it(`${place} for ${JSON.stringify(source)}`, async () => {
      const result = await bench.run(source);
      assert.equal(at(result), place, result.error?.stack);
      assert.equal(result.value, undefined);
    });
  }

  it('leads through the functions of earlier cells', async () => {
    await bench.run('async function fail(fd: number) {\n  await client.close(fd);\n}');
    const result = await bench.run('const fd = 7;\nawait fail(fd)');
    const frames = result.error?.frames.map(({ cell, line, name }) => `${cell}:${line} ${name}`);
    assert.deepEqual(frames, ['c1:2 fail', 'c2:2 ']);
    assert.equal(result.error?.line, 2);
  });

  it('names who waits for what in a deadlock, and frees the thread', async () => {
    const result = await bench.run(`${LISTENING}\nawait server.accept(door)`);
    assert.equal(at(result), 'Deadlock 4:14');
    assert.match(result.error?.message ?? '', /server: server is in accept\(\), waiting for a connection/);
    assert.equal((await bench.run('(await server.getsockname(door)).port')).value, '80');
  });

  it('calls it a deadlock, too, when a cell awaits what never comes', async () => {
    assert.equal(at(await bench.run('await new Promise(() => {})')).split(' ')[0], 'Deadlock');
  });

  it('ends a cell that uses too much virtual time', async () => {
    const short = await Bench.open({ limits: { time: s(3600), events: 1000 } });
    const result = await short.run('for (;;) await sleep(s(60))');
    assert.equal(result.error?.name, 'LimitExceeded');
    assert.match(result.error?.message ?? '', /3600 s of virtual time/);
    assert.equal((await short.run('1')).value, '1');
  });

  it('ends a cell that leaves too many events', async () => {
    const short = await Bench.open({ limits: { time: s(3600), events: 1000 } });
    const result = await short.run('for (;;) await client.sleep(ns(1))');
    assert.match(result.error?.message ?? '', /1000 events/);
    assert.equal(result.error?.name, 'LimitExceeded');
  });

  it('ends a cell when the platform runs out', async () => {
    const poor = await Bench.open({}, { exhausted: () => 'No more paper.' });
    const result = await poor.run('for (;;) {}');
    assert.equal(result.error?.name, 'OutOfMemory');
    assert.equal(result.error?.message, 'No more paper.');
    assert.equal(result.error?.line, 1);
  });

  it('fails by an error that nobody awaited', async () => {
    const listener = (error: unknown) => bench.session.stray(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', listener);
    try {
      const result = await bench.run('client.close(9);\nawait sleep(ms(1));');
      assert.equal(at(result), 'SysError 1:8');
      assert.match(result.error?.message ?? '', /EBADF.*nobody awaited/);
      assert.equal((await bench.run('1')).ok, true);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
  });

  it('reports what a thread threw, by its name and place', async () => {
    const result = await bench.run(
      'server.spawn("broken", async (me) => {\n  await me.close(9);\n});\nawait sleep(ms(1));',
    );
    assert.equal(at(result), 'SysError 2:12');
    assert.match(result.error?.message ?? '', /EBADF.*in thread 'broken'/);
  });

  it('leaves what a thread threw to the one who joins it', async () => {
    const spawn = 'const t = server.spawn("t", async () => { throw new Error("bang") });';
    const caught = await bench.run(`${spawn}\ntry { await t.join() } catch (error) { console.log(error.message) }`);
    assert.deepEqual([caught.ok, bench.output], [true, 'bang\n']);
    const thrown = await bench.run(`${spawn}\nawait t.join()`);
    assert.equal(thrown.error?.message, 'bang');
    assert.equal((await bench.run('1')).value, '1');
  });

  it('lets a thread of an earlier cell go on, and reports its error where it surfaces', async () => {
    const first = await bench.run(
      'server.spawn("later", async (me) => {\n  await me.sleep(ms(5));\n  throw new Error("bang");\n});',
    );
    assert.equal(first.ok, true);
    const second = await bench.run('await sleep(ms(10));');
    assert.match(second.error?.message ?? '', /bang.*thread 'later'/);
    assert.deepEqual(second.error?.frames[0], { cell: 'c1', line: 3, column: 9, name: '' });
    assert.equal(second.error?.line, undefined);
    assert.equal((await bench.run('now()')).ok, true);
  });

  it('says that shellscript cells do not run yet', async () => {
    const { error, ok } = await bench.run('ss -t', { language: 'shellscript' });
    assert.equal(ok, false);
    assert.match(`${error?.name}: ${error?.message}`, /NotAvailable: .*'shellscript'/);
  });

  it('has nothing to run in a markdown cell', async () => {
    const before = await bench.run('');
    const result = await bench.run('# hint', { language: 'markdown' });
    assert.deepEqual(result, { ok: true, text: '', checks: [], now: before.now, events: before.events });
  });
});

describe('views of a cell', () => {
  it('come as bytes for the renderer and as text', async () => {
    const result = await bench.run(LISTENING, { views: ['strace', 'sequence'] });
    const decoded = decodePayload(result.payload as Uint8Array);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.header, { views: ['strace', 'sequence'], cell: 'c1', kernel: 'simulator', absent: [] });
    assert.match(result.text, /listen\(3, 5\)/);
    assert.match(result.text, /── Sequence/m);
  });

  it('show this run, and of earlier ones only what still stands', async () => {
    await bench.run(LISTENING);
    const result = await bench.run('const one = await client.socket(AF_INET, SOCK_STREAM)', { views: ['strace'] });
    assert.match(result.text, /socket\(/);
    assert.doesNotMatch(result.text, /listen/);
  });

  it('say that they do not know a view', async () => {
    assert.match((await bench.run('1', { views: ['horoscope'] })).text, /no view called 'horoscope'/);
  });

  it('tell of the end of a very long run, and say so', async () => {
    const source = 'for (let i = 0; i < 2000; i++) await client.sleep(ns(1))';
    const result = await bench.run(source, { views: ['strace'] });
    assert.match(result.text, /^This text tells of the last 5000 of the \d{4} events of this cell\.\n/);
    const lines = result.text.split('\n').filter((line) => line.includes('clock_nanosleep'));
    assert.ok(lines.length > 1000 && lines.length < 2000, `${lines.length} lines`);
    const decoded = decodePayload(result.payload as Uint8Array);
    assert.equal(decoded.ok && [...decoded.log.of('call.enter')].length, 2000);
  });

  it('are there after a failure, too', async () => {
    const result = await bench.run('await client.close(9)', { views: ['strace'] });
    assert.equal(result.ok, false);
    assert.match(result.text, /close\(9\) .*EBADF/);
    assert.ok(result.payload);
  });
});

describe('an exercise', () => {
  const part = (name: 'starter' | 'solution' | 'check') => ({ exercise: { name: 'e', part: name } });
  const CHECK =
    'check("gives 4", attempt.value === 4, `it gave ${attempt.value}`); check("runs", attempt.ok, attempt.error)';

  it('passes when every check of the last run holds', async () => {
    await bench.run('3', part('starter'));
    await bench.run('4', part('solution'));
    const result = await bench.run(CHECK, part('check'));
    assert.equal(result.ok, true);
    assert.deepEqual(
      result.checks.map(({ ok }) => ok),
      [true, true],
    );
  });

  it('fails with the list of what does not hold', async () => {
    await bench.run('4', part('solution'));
    await bench.run('3', part('starter'));
    const result = await bench.run(CHECK, part('check'));
    assert.equal(result.error?.name, 'CheckFailed');
    assert.equal(result.error?.message, '1 of 2 checks failed.\n✗ gives 4: it gave 3');
    assert.deepEqual(
      result.checks.map(({ ok }) => ok),
      [false, true],
    );
  });

  it('judges a run that failed', async () => {
    await bench.run('console.log("so far"); await client.close(9)', part('starter'));
    const result = await bench.run(`${CHECK}; attempt.printed`, part('check'));
    assert.match(result.error?.message ?? '', /runs: SysError: close: -1 EBADF/);
  });

  it('sees only the events of the run that it judges', async () => {
    await bench.run('await client.close(8).catch(() => {})');
    await bench.run('await client.close(9).catch(() => {})', part('starter'));
    await bench.run('await client.close(10).catch(() => {})');
    const source =
      'check("one", attempt.calls().length === 1 && attempt.calls()[0].fd === 9 && world.calls().length === 3)';
    assert.equal((await bench.run(source, part('check'))).ok, true);
  });

  it('judges with its own words, whatever the student has declared', async () => {
    await bench.run('const check = () => true; let attempt = { value: 4, ok: true }, world = {}; 3', part('starter'));
    assert.deepEqual(
      (await bench.run(CHECK, part('check'))).checks.map(({ ok }) => ok),
      [false, true],
    );
  });

  const MISUSES: [what: string, source: string, isCheck: boolean, says: RegExp][] = [
    ['a check that checks nothing', '1', true, /made no check/],
    ['a check of nothing', 'attempt.value', true, /Run the starter cell of exercise 'e' first/],
    ['check() in another cell', 'check("x", true)', false, /belongs in the check cell/],
    ['attempt in another cell', 'attempt.ok', false, /check cell of an exercise only/],
    ['a check without a name', 'check(true)', true, /needs a name/],
    ['a check of a promise', 'check("x", Promise.resolve(false))', true, /await it/],
  ];
  for (const [what, source, isCheck, says] of MISUSES) {
    it(`refuses ${what}`, async () => {
      const result = await bench.run(source, isCheck ? part('check') : {});
      assert.equal(result.ok, false);
      assert.match(result.error?.message ?? '', says);
    });
  }
});

describe('the same seed and the same cells', () => {
  const CELLS = [
    LISTENING,
    `const echo = server.spawn('echo', async (me) => {
      const fd = await me.accept(door), page = buffer(4096);
      for (let n; (n = await me.read(fd, page)) > 0; ) await me.write(fd, page.subarray(0, n));
      await me.close(fd);
    });`,
    `const fd = await client.socket(AF_INET, SOCK_STREAM);
    await client.connect(fd, { addr: server.ip, port: 80 });
    for (let i = 0; i < 50; i++) await client.write(fd, 'x'.repeat(Math.floor(Math.random() * 5000)));
    await client.shutdown(fd, SHUT_WR);
    for (const page = buffer(65536); (await client.read(fd, page)) > 0; );
    await client.close(fd);`,
    'await Promise.reject(new Error(String(Date.now() + Math.random())))',
  ];
  const LOSSY = { between: ['client', 'server'], delay: ms(10), rate: 1e7, queue: 100, loss: 0.05, mtu: 1500 } as const;
  const logOf = async (seed: number): Promise<Uint8Array> => {
    const { topology, ...config } = sessionConfig({ seed, topology: DEFAULT_TOPOLOGY }, 'simulator');
    const run = await Bench.open({ ...config, topology: { ...topology, links: [LOSSY] } });
    for (const source of CELLS) await run.run(source);
    return run.session.encodedLog();
  };

  it('leave the same log, byte for byte', async () => assert.deepEqual(await logOf(7), await logOf(7)));
  it('leave another log with another seed', async () => assert.notDeepEqual(await logOf(7), await logOf(8)));
});

describe('a packetdrill cell', () => {
  const language = 'packetdrill' as const;
  const SCRIPT = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4`;

  it('passes, says how long it took in virtual time, and is drawn', async () => {
    const { ok, error, text } = await bench.run(SCRIPT, { language, views: ['strace', 'sequence'] });
    assert.deepEqual([ok, error], [true, undefined]);
    assert.match(bench.output, /^passed in 100(\.\d+)? ms of virtual time\n$/);
    assert.match(text, /listen\(3, 1\)/);
    assert.match(text, /SYN/);
  });

  it('fails at the line whose segment differs, with both side by side', async () => {
    const result = await bench.run(SCRIPT.replace('ack 1 <mss 1460>', 'ack 2 <mss 1460>'), { language });
    assert.deepEqual([result.ok, at(result)], [false, 'ScriptFailed 5:1']);
    assert.match(result.error?.message ?? '', /\* ack +2 +1$/m);
    assert.equal(bench.output, '');
  });

  it('says where a text is no script', async () => {
    const result = await bench.run('0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 < Q 0:0(0) win 1', { language });
    assert.match(at(result), /^NoScript 2:\d+$/);
  });

  it('leaves nothing behind for later cells, and is silent when it is replayed', async () => {
    const without = await (await Bench.open()).run('1');
    await bench.run(SCRIPT, { language });
    assert.deepEqual(await bench.run('1'), without);
    bench.printed = [];
    assert.equal((await bench.run(SCRIPT, { language }, true)).ok, true);
    assert.equal(bench.output, '');
  });
});
