/** A workspace that nobody trusts, in a real VS Code: notebooks can be read, and no cell runs. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Host, openHost, screenshot } from './host.ts';
import { Notebook } from './notebook.ts';

describe('an untrusted workspace', () => {
  let host: Host;
  let notebook: Notebook;
  before(async () => {
    host = await openHost({
      copy: [join(import.meta.dirname, 'fixtures/steps.socknb')],
      settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' },
      viewport: { width: 1280, height: 1000 },
    });
    notebook = new Notebook(host);
  });
  after(() => host?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(host.page, `failed ${this.currentTest.title}`);
  });

  const asked = () => host.page.getByRole('dialog').filter({ hasText: 'Do you trust' });

  it('shows a notebook, and runs no cell when trust is refused', async () => {
    await notebook.pick('steps.socknb');
    await notebook.ready();
    await notebook.outputs.getByRole('heading', { name: 'Steps' }).waitFor();
    assert.equal(await host.page.getByRole('button', { name: 'Restart' }).count(), 0);
    await notebook.button('Run All').click();
    await asked().getByRole('button', { name: 'Cancel' }).click();
    await asked().waitFor({ state: 'hidden' });
    await host.page.waitForTimeout(1_000); // in which a cell would have begun
    assert.deepEqual([await notebook.order(1), await notebook.state(1)], ['[ ]', 'idle']);
    assert.equal(await notebook.clock.count(), 0);
    await screenshot(host.page, 'untrusted');
  });

  it('runs cells once trust is given', async () => {
    await notebook.button('Run All').click();
    await asked()
      .getByRole('button', { name: /^Trust/ })
      .click();
    await notebook.reaches(1, 'ok');
    await notebook.outputs.getByText('kept is 41').waitFor();
  });
});
