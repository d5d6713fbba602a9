import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PATIENCE, until } from './host.ts';
import { ROOT } from './install.mjs';
import { freePort } from './serve.mjs';

/** Runs `npm start` with these arguments; `text` is all that it has printed so far. */
function start(...args: string[]): { child: ChildProcess; text: () => string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [join(ROOT, 'test/host/start.mjs'), ...args], { cwd: ROOT });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  return { child, text: () => text, ended: once(child, 'close').then(([code]) => code) };
}

describe('npm start', () => {
  it('serves a lesson on the asked port until it is interrupted, then leaves nothing behind', async () => {
    const port = await freePort();
    const { child, text, ended } = start('--served', '--port', String(port));
    try {
      const url = await until(`an address is printed: ${text()}`, () => {
        assert.equal(child.exitCode, null, text());
        return /Open (\S+)/.exec(text())?.[1];
      });
      assert.ok(url.startsWith(`http://127.0.0.1:${port}/?folder=`) && url.includes('04-lifecycle.socknb'), url);
      const page = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
      assert.equal(page.status, 200);
      assert.match(await page.text(), /workbench/);
      child.kill('SIGINT');
      assert.equal(await ended, 0, text());
      await assert.rejects(fetch(url));
    } finally {
      child.kill('SIGKILL');
    }
  });

  const refusals: [args: string[], says: RegExp][] = [
    [['--port', '99999'], /from 1 to 65535/],
    [['no-such-lesson.socknb'], /there is no lesson/],
    [['--unknown'], /Unknown option/],
  ];
  for (const [args, says] of refusals)
    it(`refuses ${args.join(' ')}`, async () => {
      const { text, ended } = start(...args);
      assert.equal(await ended, 1);
      assert.match(text(), says);
    });
});
