/** The shipped program in a process of its own: exit codes, signals, pipes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { VERSION } from '../../src/cli/version.ts';
import { bundle } from '../session/bundle.ts';

describe('the program socknb', () => {
  let program: string;
  let folder: string;

  before(async function () {
    this.timeout(60_000);
    await bundle('session-worker.cjs');
    program = await bundle('socknb.mjs');
    folder = mkdtempSync(join(tmpdir(), 'socknb-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const start = (...args: string[]): ChildProcess => spawn(process.execPath, [program, ...args], { stdio: 'pipe' });
  const notebook = (source: string): string => {
    const path = join(folder, 'lesson.socknb');
    writeFileSync(path, `\`\`\`{code-cell} typescript\n${source}\n\`\`\`\n`);
    return path;
  };
  /** Resolves when the program has printed this. */
  const printed = (child: ChildProcess, words: string): Promise<void> =>
    new Promise((resolve) => {
      let all = '';
      child.stdout?.on('data', (chunk) => {
        all += chunk;
        if (all.includes(words)) resolve();
      });
    });
  const exitCode = async (child: ChildProcess): Promise<unknown> => child.exitCode ?? (await once(child, 'exit'))[0];

  it('prints its version', async () => {
    const child = start('--version');
    const [out, code] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), exitCode(child)]);
    assert.deepEqual([out, code], [`${VERSION}\n`, 0]);
  });

  it('tells success from failure from misuse by its exit code', async () => {
    assert.equal(await exitCode(start('run', notebook('1'))), 0);
    assert.equal(await exitCode(start('run', notebook('throw new Error()'))), 1);
    assert.equal(await exitCode(start('run', join(folder, 'none.socknb'))), 2);
    assert.equal(await exitCode(start('verify')), 2);
  });

  it('interrupts the cell at Ctrl-C, and ends at the second', async () => {
    const polite = start('run', notebook('console.log("under way"); while (true) {}'));
    await printed(polite, 'under way');
    polite.kill('SIGINT');
    assert.equal(await exitCode(polite), 1);

    const deaf = start('run', notebook('console.log("under way"); /(a+)+$/.test("a".repeat(60) + "b")'));
    await printed(deaf, 'under way');
    deaf.kill('SIGINT');
    const again = setInterval(() => deaf.kill('SIGINT'), 50);
    assert.equal(await exitCode(deaf), 130);
    clearInterval(again);
  });

  it('is content when its reader has seen enough', async () => {
    const child = start('run', notebook('for (let i = 0; i < 20_000; i++) console.log("line", i)'));
    let complaint = '';
    child.stderr?.on('data', (chunk) => {
      complaint += chunk;
    });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.stdout?.destroy();
    assert.equal(await exitCode(child), 0);
    assert.equal(complaint, '');
  });
});
