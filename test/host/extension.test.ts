/** The extension in a real VS Code: what a reader does with a notebook, and what becomes of the file. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, type Host, onDisk, openHost, screenshot, until } from './host.ts';
import { Notebook } from './notebook.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const fixture = (name: string) => readFileSync(join(fixtures, name), 'utf8');

describe('the extension in VS Code', () => {
  let host: Host;
  let notebook: Notebook;
  before(async () => {
    host = await openHost({
      copy: [fixtures],
      open: 'steps.socknb',
      settings: { 'files.autoSave': 'off', 'remote.autoForwardPorts': false },
      viewport: { width: 1280, height: 1000 },
    });
    notebook = new Notebook(host);
  });
  after(() => host?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(host.page, `failed ${this.currentTest.title}`);
  });

  it('opens with a kernel chosen, although the window was opened with the file', async () => {
    await notebook.ready();
    assert.equal(await notebook.order(1), '[ ]');
    assert.equal(await notebook.clock.count(), 0);
  });

  it('runs cells in order, stops at the first failure and says where it is', async () => {
    await notebook.button('Run All').click();
    await notebook.reaches(2, 'failed');
    await notebook.reaches(1, 'ok');
    assert.deepEqual(
      [await notebook.order(1), await notebook.order(2), await notebook.order(3)],
      ['[1]', '[2]', '[ ]'],
    );
    await notebook.outputs.getByText('kept is 41').waitFor();
    await notebook.outputs.getByText('ECONNREFUSED').first().waitFor();
    await notebook.outputs
      .getByText(/refused:2:14|line 2/)
      .first()
      .waitFor();
    await notebook.cell(2).locator('.squiggly-error').waitFor();
    assert.equal(await notebook.cell(1).locator('.squiggly-error').count(), 0);
  });

  it('goes on with the state that was kept; nothing of it makes the file dirty', async () => {
    await notebook.run(3);
    await notebook.reaches(3, 'ok');
    await notebook.outputs.getByText('42', { exact: true }).waitFor();
    assert.match(await notebook.clock.innerText(), /0\.020000 s · Simulator · seed 11/);
    assert.equal(await notebook.dirty(), false);
  });

  it('begins a fresh world at a restart', async () => {
    await notebook.button('Restart').click();
    await until('the clock is back at zero', async () => /^\s*0\.000000 s/.test(await notebook.clock.innerText()));
    await until('the numbers are gone', async () => (await notebook.order(1)) === '[ ]');
    await notebook.run(3);
    await notebook.reaches(3, 'failed');
    await notebook.outputs
      .getByText(/kept is not defined/)
      .first()
      .waitFor();
    assert.equal(await notebook.dirty(), false);
  });

  it('begins a fresh world when the front matter changes on disk', async () => {
    writeFileSync(join(host.folder, 'steps.socknb'), fixture('steps.socknb').replace('seed: 11', 'seed: 12'));
    await until('the clock knows the new seed', async () => /seed 12/.test(await notebook.clock.innerText()));
    assert.match(await notebook.clock.innerText(), /0\.000000 s/);
  });

  it('interrupts a runaway cell and keeps the state', async () => {
    await notebook.open('runaway.socknb');
    await notebook.ready();
    await notebook.button('Run All').click();
    await notebook.reaches(2, 'running');
    assert.equal(await notebook.state(3), 'waiting');
    await notebook.button('Stop Execution').click();
    await notebook.reaches(2, 'failed');
    await notebook.reaches(3, 'idle');
    await notebook.run(3);
    await notebook.reaches(3, 'ok');
    await notebook.outputs.getByText('kept is 42').waitFor();
  });

  it('restarts in the middle of a runaway cell', async () => {
    await notebook.run(2);
    await notebook.reaches(2, 'running');
    await notebook.button('Restart').click();
    await notebook.reaches(2, 'idle');
    assert.deepEqual([await notebook.order(1), await notebook.order(2)], ['[ ]', '[ ]']);
    await notebook.run(3);
    await notebook.reaches(3, 'failed');
    assert.equal(await notebook.order(3), '[1]');
  });

  it('changes the edited line of the file and no other byte', async () => {
    const before = fixture('odd.socknb');
    await notebook.open('odd.socknb');
    await notebook.ready();
    await notebook.button('Run All').click();
    await notebook.reaches(3, 'ok');
    assert.equal(await notebook.dirty(), false);
    await notebook.edit(1, 'const here');
    await host.page.keyboard.type(' // edited');
    await notebook.save();
    await until('the file is saved', async () => onDisk(host, 'odd.socknb') !== before && !(await notebook.dirty()));
    const line = 'const here = "the line that is edited";';
    assert.equal(onDisk(host, 'odd.socknb'), before.replace(line, `${line} // edited`));
    for (const _ of ' // edited') await host.page.keyboard.press('Backspace');
    await until('the edit is taken back', () => notebook.dirty());
    await notebook.save();
    await until('the file is saved again', async () => !(await notebook.dirty()));
    assert.equal(onDisk(host, 'odd.socknb'), before);
  });

  it('shows where a file does not parse, leaves it alone, and opens it as text', async () => {
    const before = fixture('broken.socknb');
    await notebook.open('broken.socknb');
    const message = notebook.notifications.filter({ hasText: 'broken.socknb:3:16: Unknown cell language `cobol`' });
    await message.waitFor();
    await notebook.save();
    await message.getByRole('button', { name: 'Open as Text' }).click();
    await host.page.locator('.editor-container .monaco-editor .squiggly-error').waitFor();
    await screenshot(host.page, 'broken');
    assert.equal(onDisk(host, 'broken.socknb'), before);
  });

  it('does not save over a file that was broken on disk after it was opened', async () => {
    await notebook.open('runaway.socknb');
    await notebook.ready();
    const broken = fixture('runaway.socknb').replace(/```\n$/, '');
    writeFileSync(join(host.folder, 'runaway.socknb'), broken);
    await host.page.waitForTimeout(1_500); // the time in which VS Code looks at files that changed
    await notebook.edit(1, 'let kept');
    await host.page.keyboard.type(' // edited');
    await notebook.save();
    await notebook.notifications.filter({ hasText: 'runaway.socknb' }).first().waitFor();
    await screenshot(host.page, 'refused');
    assert.equal(onDisk(host, 'runaway.socknb'), broken);

    writeFileSync(join(host.folder, 'runaway.socknb'), fixture('runaway.socknb'));
    await command(host.page, 'File: Revert File');
    await until('the notebook is the file again', async () => !(await notebook.dirty()));
  });

  it('opens an empty file as an empty notebook, and keeps it empty', async () => {
    writeFileSync(join(host.folder, 'empty.socknb'), '');
    await notebook.open('empty.socknb');
    await notebook.button('Run All').waitFor();
    assert.equal(await notebook.cell(0).count(), 0);
    await notebook.save();
    assert.equal(onDisk(host, 'empty.socknb'), '');
  });

  it('offers both kernels, and runs the same cells on real sockets', async () => {
    await notebook.open('talk.socknb');
    await notebook.ready();
    await notebook.kernel.click();
    const offered = (name: string) => host.page.getByRole('option', { name });
    await offered('Select Another Kernel').click();
    await offered('Socket Notebooks').click();
    await offered('Simulator').waitFor();
    await offered('Real loopback sockets').click();
    await notebook.ready('Real loopback sockets');
    await notebook.button('Run All').click();
    await notebook.reaches(1, 'ok');
    await notebook.outputs.getByText("'hello'", { exact: true }).first().waitFor();
    assert.match(await notebook.clock.innerText(), /Real loopback sockets/);
    const lab = notebook.outputs.locator('socknb-lab');
    await lab
      .getByText(/write\(\d+, "hello", 5\)/)
      .first()
      .waitFor();
    assert.match(await lab.locator('.absent').innerText(), /kernel/);
    await screenshot(host.page, 'loopback');
  });

  it('makes a new notebook that runs', async () => {
    await notebook.closeAll();
    await command(host.page, 'Socket Notebooks: New Socket Notebook');
    await notebook.ready();
    await notebook.button('Run All').click();
    await notebook.reaches(1, 'ok');
    await notebook.outputs.locator('socknb-states g.here[data-state="ESTABLISHED"]').first().waitFor();
    await host.show('talk.socknb'); // leaves the notebook that has no file
  });
});
