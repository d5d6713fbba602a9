import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, type Host, onDisk, openHost, screenshot, until } from './host.ts';

describe('the served VS Code', () => {
  let host: Host;
  before(async () => {
    host = await openHost({ vsix: false });
    writeFileSync(join(host.folder, 'plain.txt'), 'one line\n');
  });
  after(() => host?.close());

  it('opens a file of the scratch folder and saves an edit', async () => {
    await host.show('plain.txt');
    const editor = host.page.locator('.monaco-editor .view-lines');
    await editor.getByText('one line').waitFor();
    await editor.click();
    await host.page.keyboard.press('Control+Home');
    await host.page.keyboard.type('no ');
    await host.page.keyboard.press('Control+S');
    await until('the edit is on disk', () => onDisk(host, 'plain.txt') === 'no one line\n');
  });

  it('runs a command of the palette', async () => {
    await command(host.page, 'View: Toggle Zen Mode');
    await host.page.locator('.part.statusbar').waitFor({ state: 'hidden' });
    await command(host.page, 'View: Toggle Zen Mode');
    await host.page.locator('.part.statusbar').waitFor();
  });

  it('keeps a picture of what it shows', async () => {
    assert.ok(existsSync(await screenshot(host.page, 'workbench')));
  });
});
