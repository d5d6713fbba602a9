/** The program from a command line to an exit code: what it prints, what it refuses, what it writes. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socknb } from '../../src/cli/socknb.ts';
import { VERSION } from '../../src/cli/version.ts';
import type { SpawnWorker } from '../../src/session/protocol.ts';
import { readPcapng, texts } from '../captures/reader.ts';
import { ROOT, spawner } from '../session/bundle.ts';

let folder: string;
let spawn: SpawnWorker;

before(async function () {
  this.timeout(60_000);
  spawn = await spawner();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socknb-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file and gives its path. */
function file(content: string | Uint8Array, name = 'lesson.socknb'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** @param onOut sees each printed text, and a way to press Ctrl-C */
async function run(args: string[], onOut?: (text: string, press: () => void) => void): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: '' };
  let press = () => {};
  ran.code = await socknb(args, {
    out: (text) => {
      ran.out += text;
      onOut?.(text, () => press());
    },
    err: (text) => {
      ran.err += text;
    },
    spawn,
    onInterrupt: (listener) => {
      press = listener;
      return () => {};
    },
  });
  // paths of a temporary folder differ from run to run
  ran.out = ran.out.replaceAll(`${folder}/`, '');
  ran.err = ran.err.replaceAll(`${folder}/`, '');
  return ran;
}

/** A notebook of TypeScript cells. */
const notebook = (...cells: string[]): string =>
  cells.map((source) => `\`\`\`{code-cell} typescript\n${source}\n\`\`\`\n`).join('\n');

describe('socknb', () => {
  const USAGE: [args: string[], says: RegExp][] = [
    [[], /no command given/],
    [['dance'], /no command 'dance'/],
    [['run'], /no file given/],
    [['run', 'a', 'b'], /'b' is a second/],
    [['run', 'a', '--colour'], /--colour/],
    [['run', 'a', '--kernel', 'bsd'], /--kernel is simulator or loopback, not 'bsd'/],
    [['run', 'a', '--timeout', 'soon'], /--timeout is a number of seconds, not 'soon'/],
    [['run', 'a', '--timeout', '-1'], /--timeout/],
    [['verify'], /no file given/],
    [['student', 'a'], /needs -o OUT/],
    [['capture'], /no file given/],
  ];
  for (const [args, says] of USAGE) {
    it(`refuses: socknb ${args.join(' ')}`, async () => {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, says);
      assert.match(err, /socknb run FILE/);
    });
  }

  it('prints its help and its version', async () => {
    assert.match((await run(['--help'])).out, /socknb verify FILE/);
    assert.deepEqual(await run(['--version']), { code: 0, out: `${VERSION}\n`, err: '' });
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.equal(VERSION, manifest.version);
  });

  const BAD_FILES: [what: string, content: string | Uint8Array, says: RegExp][] = [
    ['binary', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0), /^lesson\.socknb:1:\d+: .*UTF-8/],
    ['of another version', '---\nformat: 99\n---\n', /^lesson\.socknb:2:9: /],
    ['bad YAML', '---\ntitle: [\n---\n', /^lesson\.socknb:\d+:\d+: /],
    ['an unclosed fence', '```{code-cell} typescript\n1\n', /^lesson\.socknb:1:1: /],
    ['an unknown language', '```{code-cell} cobol\n1\n```\n', /^lesson\.socknb:1:16: .*cobol/],
    ['a label twice', notebook(':label: a\n\n1', ':label: a\n\n2'), /^lesson\.socknb:7:\d+: .*`a`/],
    ['a host that is no host', '---\ntopology:\n  hosts:\n    a: 300.1.1.1\n---\n', /^lesson\.socknb:4:8: /],
  ];
  for (const command of ['run', 'verify', 'student', 'capture'] as const) {
    for (const [what, content, says] of BAD_FILES) {
      it(`${command} refuses a file: ${what}`, async () => {
        const more = command === 'student' ? ['-o', join(folder, 'out.socknb')] : [];
        const { code, out, err } = await run([command, file(content), ...more]);
        assert.deepEqual([code, out], [2, '']);
        assert.match(err, says);
      });
    }
    it(`${command} refuses a file that is not there, and a folder`, async () => {
      const more = command === 'student' ? ['-o', join(folder, 'out.socknb')] : [];
      mkdirSync(join(folder, 'd'));
      assert.deepEqual(await run([command, join(folder, 'none'), ...more]), {
        code: 2,
        out: '',
        err: 'none: no such file\n',
      });
      assert.deepEqual(await run([command, join(folder, 'd'), ...more]), {
        code: 2,
        out: '',
        err: 'd: this is a folder\n',
      });
    });
  }
});

describe('socknb run', () => {
  it('prints titles, what was printed, values and views', async () => {
    const text = `---\ntitle: A lesson\nseed: 9\n---\n${notebook(
      ':label: first\n:title: The first cell\n:views: strace\n\nconsole.log("printed");\nawait client.socket(AF_INET, SOCK_STREAM)',
      '"two\\nlines"',
    )}`;
    const { code, out } = await run(['run', file(text)]);
    assert.equal(code, 0);
    const lines = out.split('\n').map((line) => line.replace(/[═─]+$/, '').trimEnd());
    assert.deepEqual(lines.slice(0, 7), [
      'A lesson',
      'client 10.0.0.1, server 10.0.0.2; simulator, seed 9',
      '',
      '══ first: The first cell',
      'printed',
      '=> 3',
      '',
    ]);
    assert.match(out, /socket\(AF_INET, SOCK_STREAM, IPPROTO_IP\) += 3/);
    assert.match(out, /══ cell-2 ═+\n=> 'two\\nlines'/);
    assert.match(out, /══ 2 cells: 2 ok; 0 of virtual time, \d+ events/);
  });

  it('runs an empty file', async () => assert.equal((await run(['run', file('')])).code, 0));

  it('points at the place of an error in the file, and stops there', async () => {
    const { code, out } = await run([
      'run',
      file(`# Prose\n\n${notebook('const x = 1;\n\tawait client.close(x + 8);', '2')}`),
    ]);
    assert.equal(code, 1);
    assert.match(
      out,
      /lesson\.socknb:5:15: SysError: close: -1 EBADF \(Bad file descriptor\)\n +5 \| \tawait client\.close\(x \+ 8\);\n +\| \t {13}\^\n/,
    );
    assert.match(out, /2 cells: 1 failed, 1 not run/);
    assert.doesNotMatch(out, /cell-3/);
  });

  it('underlines what does not parse', async () => {
    const { code, out } = await run(['run', file(notebook('import fs from "fs"'))]);
    assert.equal(code, 1);
    assert.match(out, /lesson\.socknb:2:1: SyntaxError: .*import/);
    assert.match(out, /\| \^{19}\n/);
  });

  it('names the earlier cell that an error came through', async () => {
    const { out } = await run([
      'run',
      file(notebook(':label: lib\n\nconst f = () => { throw new Error("x") }', 'f()')),
    ]);
    assert.match(out, /lesson\.socknb:8:1: Error: x/);
    assert.match(out, /at f, lib:1:\d+/);
  });

  it('runs up to a label', async () => {
    const path = file(notebook(':label: a\n\n1', ':label: b\n\n2', ':label: c\n\nthrow new Error()'));
    const { code, out } = await run(['run', path, '--until', 'b']);
    assert.equal(code, 0);
    assert.match(out, /=> 2/);
    const missing = await run(['run', path, '--until', 'z']);
    assert.deepEqual([missing.code, missing.out], [2, '']);
    assert.match(missing.err, /no cell is labelled 'z'/);
  });

  it('gives the log as JSON', async () => {
    const path = file(notebook('console.log("hi"); await client.close(9)'));
    const { code, out } = await run(['run', path, '--json']);
    const { cells, log, seed, kernel } = JSON.parse(out);
    assert.deepEqual([code, seed, kernel], [1, 1, 'simulator']);
    assert.deepEqual([cells[0].ok, cells[0].printed, cells[0].error.name], [false, 'hi\n', 'SysError']);
    const exit = log.events.find((event: { kind: string }) => event.kind === 'call.exit');
    assert.deepEqual([exit.call, exit.errno], ['close', 9]);
  });

  it('stops a runaway cell at the timeout', async () => {
    const { code, out } = await run(['run', file(notebook('while (true) {}')), '--timeout', '0.2']);
    assert.equal(code, 1);
    assert.match(out, /lesson\.socknb:2:\d+: Interrupted/);
  });

  it('stops a runaway cell at Ctrl-C', async () => {
    const path = file(notebook('console.log("on"); while (true) {}', '2'));
    const { code, out } = await run(['run', path], (text, press) => text.includes('on\n') && press());
    assert.equal(code, 1);
    assert.match(out, /Interrupted/);
    assert.match(out, /1 not run/);
  });

  it('leaves out cells that need the other kernel', async () => {
    const { code, out } = await run(['run', file(notebook(':kernel: loopback\n\n1', '2'))]);
    assert.equal(code, 0);
    assert.match(out, /Not run: this cell needs the loopback/);
    assert.match(out, /2 cells: 1 ok, 1 not run/);
  });

  it('runs an exercise in order: the check judges the solution, which ran last', async () => {
    const { code, out } = await run(['run', file(exercise({}))]);
    assert.equal(code, 0, out);
    assert.match(out, /✓ gives 4/);
  });
});

/** A notebook with one exercise. */
function exercise({
  starter = '3',
  solution = '4',
  check = 'check("gives 4", attempt.value === 4, "it does not")',
  before = '',
}): string {
  const part = (name: string, source: string) => notebook(`:exercise: four\n:part: ${name}\n\n${source}`);
  return [before, part('starter', starter), part('solution', solution), part('check', check)].join('\n');
}

describe('socknb verify', () => {
  it('shows that the solution passes and the starter fails', async () => {
    const { code, out } = await run(['verify', file(exercise({}))]);
    assert.equal(code, 0, out);
    assert.match(out, /^lesson\.socknb: 1 exercise\n/);
    assert.match(out, /four +fails 0\/1 +passes 1\/1 +ok\n$/);
  });

  const FAULTY: [what: string, parts: Parameters<typeof exercise>[0], says: RegExp][] = [
    ['a solution that fails its check', { solution: '5' }, /The solution does not pass "gives 4": it does not/],
    ['a solution that throws', { solution: 'throw new Error("broken")' }, /The solution fails: Error: broken/],
    ['a starter that passes', { starter: '4' }, /The starter passes already/],
    ['a check that checks nothing', { check: '1' }, /made no check/],
    [
      'a check that throws',
      { check: 'check("gives 4", true); throw new Error("oops")' },
      /The solution fails: Error: oops/,
    ],
    [
      'a setup that fails',
      { before: notebook(':tags: setup\n\nthrow new Error("no")') },
      /setup cell fails: Error: no/,
    ],
  ];
  for (const [what, parts, says] of FAULTY) {
    it(`finds ${what}`, async () => {
      const { code, out } = await run(['verify', file(exercise(parts))]);
      assert.equal(code, 1, out);
      assert.match(out, says);
      assert.match(out, /FAULTY/);
    });
  }

  it('runs setup cells before, and no other cell of the lesson', async () => {
    const before = notebook(':tags: setup\n\nconst four = 4', 'throw new Error("not for exercises")');
    const { code, out } = await run(['verify', file(exercise({ before, solution: 'four' }))]);
    assert.equal(code, 0, out);
  });

  it('runs starter and solution in worlds of their own', async () => {
    const program = 'await client.socket(AF_INET, SOCK_STREAM)';
    const check = 'check("first socket", attempt.value === 3 && attempt.calls().length === 1)';
    const { out } = await run(['verify', file(exercise({ starter: `${program}; 0`, solution: program, check }))]);
    assert.match(out, /fails 0\/1 +passes 1\/1/);
  });

  it('takes a starter that never ends for one that fails', async () => {
    const starter = 'for (;;) await sleep(s(3600))';
    const { code, out } = await run(['verify', file(exercise({ starter }))]);
    assert.equal(code, 0, out);
  });

  it('judges several files, and says when one has no exercise', async () => {
    const { code, out } = await run(['verify', file(exercise({}), 'a.socknb'), file('', 'b.socknb')]);
    assert.equal(code, 0);
    assert.match(out, /a\.socknb: 1 exercise[\s\S]*b\.socknb: no exercise/);
  });

  it('refuses an exercise that lacks a part, with its line', async () => {
    const text = notebook('1', ':exercise: four\n:part: starter\n\n1');
    const { code, err } = await run(['verify', file(text)]);
    assert.equal(code, 2);
    assert.match(err, /^lesson\.socknb:5:1: .*no solution/m);
  });
});

describe('socknb student', () => {
  const out = () => join(folder, 'student.socknb');

  it('writes a copy without the solutions', async () => {
    const { code, out: said } = await run(['student', file(exercise({ solution: 'the answer' })), '-o', out()]);
    assert.deepEqual([code, said], [0, 'student.socknb: without four\n']);
    const text = readFileSync(out(), 'utf8');
    assert.doesNotMatch(text, /the answer|part: solution/);
    assert.match(text, /part: starter[\s\S]*part: check/);
  });

  it('never overwrites the notebook itself, by whatever name', async () => {
    const path = file(exercise({}));
    symlinkSync(path, join(folder, 'link.socknb'));
    for (const same of [path, join(folder, 'link.socknb'), `${folder}/./lesson.socknb`]) {
      const { code, err } = await run(['student', path, '-o', same]);
      assert.equal(code, 2);
      assert.match(err, /the notebook itself/);
    }
    assert.equal(readFileSync(path, 'utf8'), exercise({}));
  });

  it('writes nothing when the exercises have a fault', async () => {
    const { code, err } = await run(['student', file(notebook(':exercise: four\n:part: slution\n\n4')), '-o', out()]);
    assert.equal(code, 2);
    assert.match(err, /slution/);
    assert.throws(() => readFileSync(out()));
  });

  it('says when the copy cannot be written', async () => {
    const { code, err } = await run(['student', file(exercise({})), '-o', join(folder, 'none/x.socknb')]);
    assert.deepEqual([code, err], [2, 'none/x.socknb: no such file\n']);
  });
});

describe('socknb capture', () => {
  const TALK = notebook(
    `const l = await server.socket(AF_INET, SOCK_STREAM);
await server.bind(l, { addr: '0.0.0.0', port: 80 });
await server.listen(l, 5);
const c = await client.socket(AF_INET, SOCK_STREAM);
await client.connect(c, { addr: server.ip, port: 80 });`,
    ':label: second\n\nawait client.write(c, bytes("hi"))',
  );
  const packets = (name: string) => readPcapng(readFileSync(join(folder, name)));

  it('writes what one host saw beside the notebook, or all hosts where it is told', async () => {
    const path = file(`---\nseed: 5\n---\n${TALK}`);
    assert.deepEqual(await run(['capture', path, '--until', 'second']), { code: 0, out: '', err: '' });
    const { section, interfaces, packets: client } = packets('lesson.pcapng');
    assert.match(texts(section, 1).join(), /^seed 5;/);
    assert.match(texts(section, 4).join(), new RegExp(`^socknb ${VERSION}$`));
    assert.deepEqual(
      interfaces.map(({ options }) => texts(options, 2)[0]),
      ['client:lo', 'client:eth0'],
    );
    assert.equal((await run(['capture', path, '--host', 'server', '-o', join(folder, 's.pcapng')])).code, 0);
    assert.equal((await run(['capture', path, '--both', '-o', join(folder, 'b.pcapng')])).code, 0);
    assert.equal(packets('b.pcapng').packets.length, client.length + packets('s.pcapng').packets.length);
  });

  it('refuses hosts that are not there, and to overwrite the notebook', async () => {
    const path = file(TALK);
    assert.match((await run(['capture', path, '--host', 'nobody'])).err, /--host is client or server, not 'nobody'/);
    assert.match((await run(['capture', path, '--host', 'client', '--both'])).err, /exclude each other/);
    const { code, err } = await run(['capture', path, '-o', path]);
    assert.deepEqual([code, err], [2, 'lesson.socknb: this is the notebook itself\n']);
  });

  it('keeps what was sent before a cell failed', async () => {
    const path = file(`${TALK}\n${notebook(':label: last\n\nthrow new Error("no")')}`);
    const { code, err } = await run(['capture', path]);
    assert.deepEqual([code, err], [1, "lesson.socknb: cell last failed; see 'socknb run'\n"]);
    assert.ok(packets('lesson.pcapng').packets.length >= 4);
  });
});
